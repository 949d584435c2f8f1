"""Prices and rules that genai-prices does not have or has wrong, each reviewed: data, no code.

Dollars per million tokens unless said otherwise. `REVIEWED` is the day when every entry was last
compared with its source: the providers' price pages as carried by litellm 1.106.2, and
prices.azure.com for Azure.
"""

from __future__ import annotations

import re

__all__ = [
    "AZURE_LISTED",
    "AZURE_ZONES",
    "CONTAINERS",
    "EXTRA",
    "FEES",
    "GEO_US",
    "IMAGES",
    "NOT_CONTENT",
    "OPENAI_REGIONS",
    "OPENAI_UPLIFT",
    "PERPLEXITY_REQUESTS",
    "REASONING",
    "REVIEWED",
    "SEARCH_BLOCK",
    "SEARCH_MODELS",
    "SELF_HOSTED",
    "VERTEX_UPLIFT",
]

REVIEWED = "2026-11-20"

#: Servers of one's own: what a token costs there, only their owner knows.
SELF_HOSTED = frozenset(
    "custom hosted_vllm llamacpp lm_studio lmstudio local ollama other vllm".split()
)

_ZONED = """codex-mini computer-use-preview gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-4o gpt-4o-mini
gpt-4o-mini-realtime-preview gpt-4o-realtime-preview gpt-5 gpt-5-codex gpt-5-mini gpt-5-nano
gpt-5-pro gpt-5.1 gpt-5.1-chat gpt-5.1-codex gpt-5.1-codex-max gpt-5.1-codex-mini gpt-5.2
gpt-5.2-chat gpt-5.2-codex gpt-5.2-pro gpt-5.3-chat gpt-5.3-codex gpt-5.4 gpt-5.4-mini
gpt-5.4-nano gpt-5.4-pro gpt-5.5 gpt-5.6 gpt-5.6-luna gpt-5.6-sol gpt-5.6-terra o1 o1-mini
o1-preview o3 o3-deep-research o3-mini o4-mini""".split()
_EMBEDDINGS = "text-embedding-3-large text-embedding-3-small text-embedding-ada-002".split()
_SIX = "gpt-6-astra gpt-6-luna gpt-6-sol gpt-6.1-sol".split()

#: Data zone -> model without its date -> factor on every token price. Others are not listed.
AZURE_ZONES: dict[str, dict[str, str]] = {
    "us": {
        **dict.fromkeys([*_ZONED, *_SIX, "gpt-chat-latest"], "1.1"),
        **dict.fromkeys(_EMBEDDINGS, "1"),
    },
    "eu": {
        **dict.fromkeys(_ZONED, "1.1"),
        **dict.fromkeys(_SIX, "1.2"),
        **dict.fromkeys(_EMBEDDINGS, "1"),
    },
    "apac": {"gpt-6.1-sol": "1.2"},
}

#: Prices as Azure lists them in its data zones, where the factor would give a finer number:
#: model, tier and class of tokens.
AZURE_LISTED: dict[tuple[str, str, str], str] = {
    ("gpt-4o-mini", "default", "cached"): "0.083",
    ("gpt-4o-mini", "batch", "input"): "0.083",
    ("gpt-4.1", "priority", "cached"): "0.963",
    ("gpt-4.1-mini", "priority", "cached"): "0.193",
    ("gpt-4.1-nano", "default", "cached"): "0.028",
    ("gpt-5-codex", "default", "cached"): "0.138",
    ("o4-mini", "default", "cached"): "0.303",
    ("codex-mini", "default", "cached"): "0.413",
}

#: OpenAI's regional hosts (us.api.openai.com, ...) cost 1.1 times on gpt-5.4 and later.
OPENAI_REGIONS = frozenset("us eu au ca gb in jp kr sg ae".split())
OPENAI_UPLIFT = re.compile(r"gpt-(5\.[4-9]|[6-9]|\d\d)(?!\d)|gpt-realtime-2\.1")

#: Anthropic's `inference_geo: "us"` costs 1.1 times on these.
GEO_US = re.compile(
    r"claude-(opus-(4-[6-9]|[5-9])|sonnet-(4-[6-9]|[5-9])|haiku-[5-9]|fable|mythos)"
)

#: Vertex's regional and multi-region endpoints cost 1.1 times on these.
VERTEX_UPLIFT = re.compile(
    r"claude-(haiku-(4-5|[5-9])|opus-(4-[5-9]|[5-9])|sonnet-(4-[5-9]|[5-9])|fable|mythos)"
    r"|gemini-3\.1-flash|gemini-3\.[5-9]|gemini-[4-9]"
)

#: Standard prices that genai-prices leaves out of a model it has.
EXTRA: dict[tuple[str, str], dict[str, str]] = {
    ("openai", "gpt-4o-audio-preview"): {"input_audio_mtok": "40", "output_audio_mtok": "80"},
    ("openai", "gpt-4o-mini-audio-preview"): {"input_audio_mtok": "10", "output_audio_mtok": "20"},
}

#: Dollars per call of a hosted tool; None: it is billed, but by nothing that an answer tells.
FEES: dict[str, dict[str, str | None]] = {
    "openai": {
        "web_search": "0.01",
        "web_search_preview": "0.025",
        "web_search_preview_reasoning": "0.01",
        "file_search": "0.0025",
    },
    "azure": {"file_search": "0", "web_search": None, "web_search_preview": None},
    "anthropic": {"web_search": "0.01", "web_fetch": "0", "code_execution": None},
    "google": {"web_search": "0.014", "web_search_2": "0.035", "maps": None},
    "x-ai": {
        "web_search": "0.005",
        "x_search": "0.005",
        "code_execution": "0.005",
        "attachment_search": "0.01",
        "collections_search": "0.0025",
    },
    "groq": {"web_search": "0.005", "code_execution": None},
    "perplexity": {"web_search": None},
}
#: Why a fee is None.
NOT_CONTENT: dict[tuple[str, str], str] = {
    ("azure", "web_search"): "Azure bills grounding with Bing apart from the model",
    ("azure", "web_search_preview"): "Azure bills grounding with Bing apart from the model",
    ("anthropic", "code_execution"): "billed by container hours beyond an account's free hours",
    ("groq", "code_execution"): "billed by the hour of execution",
    ("google", "maps"): "the price of grounding with Maps is not in the tables",
}

#: Dollars per container session, by memory.
CONTAINERS: dict[str, dict[str, str]] = {
    "openai": {"1g": "0.03", "4g": "0.12", "16g": "0.48", "64g": "1.92"},
    "azure": {"1g": "0.033"},
}

#: Models of the Chat API that search the web on every request: dollars per request.
SEARCH_MODELS = (("search-preview", "0.025"), ("search-api", "0.01"))
#: Models for which found web content is billed as a fixed block of tokens per search.
SEARCH_BLOCK = (re.compile(r"gpt-4o-mini|gpt-4\.1-mini"), 8000)
REASONING = re.compile(r"o\d|gpt-5(?!.*chat)|gpt-[6-9]|codex|computer-use")

#: Dollars per thousand requests by size of the search context: low, medium, high.
PERPLEXITY_REQUESTS: dict[str, dict[str, str]] = {
    "sonar": {"low": "5", "medium": "8", "high": "12"},
    "sonar-reasoning": {"low": "5", "medium": "8", "high": "12"},
    "sonar-pro": {"low": "6", "medium": "10", "high": "14"},
    "sonar-reasoning-pro": {"low": "6", "medium": "10", "high": "14"},
}

#: Dollars per image: provider, model -> "quality size" -> price.
_DALLE_2 = {"standard 256x256": "0.016", "standard 512x512": "0.018", "standard 1024x1024": "0.02"}
_GPT_IMAGE_1 = """low 1024x1024 0.011, low 1024x1536 0.016, low 1536x1024 0.016,
medium 1024x1024 0.042, medium 1024x1536 0.063, medium 1536x1024 0.063,
high 1024x1024 0.167, high 1024x1536 0.25, high 1536x1024 0.25"""
_GPT_IMAGE_15 = """low 1024x1024 0.009, low 1024x1536 0.013, low 1536x1024 0.013,
medium 1024x1024 0.034, medium 1024x1536 0.05, medium 1536x1024 0.05,
high 1024x1024 0.133, high 1024x1536 0.2, high 1536x1024 0.2"""
_GPT_IMAGE_1_MINI = """low 1024x1024 0.005, low 1024x1536 0.006, low 1536x1024 0.006,
medium 1024x1024 0.011, medium 1024x1536 0.015, medium 1536x1024 0.015"""


def _table(text: str) -> dict[str, str]:
    rows = (row.split() for row in text.split(","))
    return {f"{quality} {size}": price for quality, size, price in rows}


IMAGES: dict[tuple[str, str], dict[str, str]] = {
    ("openai", "dall-e-2"): _DALLE_2,
    ("openai", "dall-e-3"): _table(
        """standard 1024x1024 0.04, standard 1024x1792 0.08, standard 1792x1024 0.08,
        hd 1024x1024 0.08, hd 1024x1792 0.12, hd 1792x1024 0.12"""
    ),
    ("azure", "dall-e-3"): _table(
        """standard 1024x1024 0.044, standard 1024x1792 0.088, standard 1792x1024 0.088,
        hd 1024x1024 0.088, hd 1024x1792 0.132, hd 1792x1024 0.132"""
    ),
    ("openai", "gpt-image-1"): _table(_GPT_IMAGE_1),
    ("azure", "gpt-image-1"): _table(_GPT_IMAGE_1),
    ("openai", "gpt-image-1.5"): _table(_GPT_IMAGE_15),
    ("openai", "gpt-image-1-mini"): _table(_GPT_IMAGE_1_MINI),
    ("google", "imagen-3.0-generate-001"): {"": "0.04"},
    ("google", "imagen-3.0-fast-generate-001"): {"": "0.02"},
    ("google", "imagen-3.0-generate-002"): {"": "0.04"},
    ("google", "imagen-4.0-fast-generate-001"): {"": "0.02"},
    ("google", "imagen-4.0-generate-001"): {"": "0.04"},
    ("google", "imagen-4.0-ultra-generate-001"): {"": "0.06"},
}
