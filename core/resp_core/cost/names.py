"""Under which name a model is priced: provider names, prefixes, data zones, regions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from resp_core.cost.overlay import SELF_HOSTED

__all__ = ["Named", "family", "named", "undated", "zone_of"]

#: Names of providers, ours and litellm's -> the name in the price tables.
_FAMILY = {
    "azure_ai": "azure",
    "azure_text": "azure",
    "aws": "aws",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "bedrock_mantle": "aws",
    "amazon": "aws",
    "gemini": "google",
    "google_ai_studio": "google",
    "vertex": "google",
    "vertex_ai": "google",
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
_ROUTES = frozenset("responses o_series gpt5_series converse converse_like invoke chat".split())
_ZONES = {
    "us": "us",
    "usa": "us",
    "eu": "eu",
    "eur": "eu",
    "europe": "eu",
    "apac": "apac",
    "asia": "apac",
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
    """Take the prefixes off `azure/eu/gpt-5.6-sol`, `openai/gpt-4.1`, `models/gemini-2.5-pro`.

    A prefix that names another provider wins over `provider`, except at OpenRouter and such
    servers, where it belongs to the model's name.
    """
    zone: str | None = None
    at = family(provider)
    rest = model.strip()
    while "/" in rest:
        head, _, tail = rest.partition("/")
        head = head.lower()
        other = family(head)
        if other == at or head in _ROUTES or head in ("models", "publishers"):
            rest = tail
        elif at == "azure" and head in _ZONES:
            zone, rest = _ZONES[head], tail
        elif other in _KNOWN and at not in ("openrouter", "groq", "together", "huggingface"):
            at, rest = other, tail
        else:
            break
    return Named(at, rest, zone)


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
