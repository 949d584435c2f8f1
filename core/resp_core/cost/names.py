"""Under which name a model is priced: provider names, prefixes, data zones, regions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from resp_core.cost.overlay import SELF_HOSTED

__all__ = ["Named", "family", "named", "readings", "undated", "zone_of"]

#: Names of providers, ours and litellm's -> the name in the price tables.
_FAMILY = {
    "azure_ai": "azure",
    "azure_text": "azure",
    "azure_openai": "azure",
    "aws": "aws",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "bedrock_mantle": "aws",
    "amazon": "aws",
    "gemini": "google",
    "google_ai_studio": "google",
    "vertex": "google",
    "vertex_ai": "google",
    "vertexai": "google",
    "xai": "x-ai",
    "grok": "x-ai",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "voyage": "voyageai",
    "moonshot": "moonshotai",
    "mistralai": "mistral",
    "openai_like": "custom",
    "text-completion-openai": "openai",
    "litellm_proxy": "custom",
    "cohere_chat": "cohere",
    "hugging_face": "huggingface",
    "snowflake_cortex": "snowflake",
}
_KNOWN = frozenset(
    """anthropic aws azure cerebras cloudflare cohere databricks deepseek fireworks google groq
    huggingface mistral moonshotai novita offline openai openrouter perplexity together voyageai
    x-ai zai""".split()
)
#: They sell models of others, at prices of their own and under the others' names.
_RESELLERS = frozenset(
    "cloudflare databricks fireworks groq huggingface novita openrouter together".split()
)
_ROUTES = frozenset("responses o_series gpt5_series converse converse_like invoke chat".split())
_ZONES = {
    "us": "us",
    "usa": "us",
    "eu": "eu",
    "eur": "eu",
    "europe": "eu",
    "apac": "apac",
    "asia": "apac",
    "us-gov": "us-gov",
    "global": "global",
    "global-standard": "global",
    "": "global",
}
_EUROPE = re.compile(r"europe|france|germany|sweden|italy|spain|poland|austria|belgium|greece")
_AMERICA = re.compile(r"(east|west|central|northcentral|southcentral|westcentral)us\d?$|^us")
_DATE = re.compile(r"[-@](20\d\d-\d\d-\d\d|20\d{6})$")


@dataclass(frozen=True, slots=True)
class Named:
    """A model's name without what was only the way to it. `zone` was part of the name."""

    provider: str
    model: str
    zone: str | None = None


@lru_cache(maxsize=512)
def family(provider: str) -> str:
    """The name of a provider in the price tables."""
    name = provider.strip().lower()
    if name in SELF_HOSTED:
        return name
    return _FAMILY.get(name, name)


@lru_cache(maxsize=4096)
def named(provider: str, model: str) -> Named:
    """Take the provider's own prefixes off `azure/eu/gpt-5.6-sol`, `models/gemini-2.5-pro`."""
    at = family(provider)
    zone: str | None = None
    rest = model.strip()
    while "/" in rest:
        head, _, tail = rest.partition("/")
        head = head.lower()
        if family(head) == at or head in _ROUTES or head in ("models", "publishers"):
            rest = tail
        elif at == "azure" and head in _ZONES:
            zone, rest = _ZONES[head], tail
        else:
            break
    return Named(at, rest, zone)


@lru_cache(maxsize=4096)
def readings(provider: str, model: str, *, answered: bool, explicit: bool) -> tuple[Named, ...]:
    """What a name may mean, the likeliest first.

    An answered name is first taken as it stands. A prefix that names another provider is part of
    the name, or is to be left out, or (where `explicit`, and where the provider sells no models
    of others) means that provider.
    """
    plain = named(provider, model)
    found = [plain]
    if answered and plain.model != model:
        found.insert(0, Named(plain.provider, model))
    head, slash, tail = plain.model.partition("/")
    other = family(head)
    if slash and other in _KNOWN and other != plain.provider:
        found.append(Named(plain.provider, tail, plain.zone))
        if explicit or plain.provider not in _RESELLERS | SELF_HOSTED:
            inner = named(other, tail)
            found.append(Named(other, inner.model, plain.zone or inner.zone))
    return tuple(found)


@lru_cache(maxsize=4096)
def undated(model: str) -> str:
    """`gpt-4.1-2025-04-14` -> `gpt-4.1`."""
    return _DATE.sub("", model.lower())


def zone_of(text: str) -> str | None:
    """The data zone that a zone's name or an Azure region stands for; None if it is unknown."""
    name = text.strip().lower().replace("_", "-")
    if name in _ZONES:
        return _ZONES[name]
    if _EUROPE.search(name):
        return "eu"
    return "us" if _AMERICA.search(name) else None
