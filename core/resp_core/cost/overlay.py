"""Prices and rules that genai-prices does not have or has wrong, each reviewed: data, no code.

Dollars per million tokens unless said otherwise. `REVIEWED` is the day when every entry was last
compared with its source: the providers' price pages as carried by litellm 1.106.2, and
prices.azure.com for Azure.
"""

from __future__ import annotations

import re

__all__ = [
    "AZURE",
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
    "TIERS",
    "VERTEX_UPLIFT",
]

REVIEWED = "2026-11-20"

#: Servers of one's own: what a token costs there, only their owner knows.
SELF_HOSTED = frozenset(
    "custom hosted_vllm llamacpp lm_studio lmstudio local ollama other vllm".split()
)

#: name, input, cached, output. Models that Azure sells under prices of its own.
AZURE = """
gpt-4-turbo 11 - 33
gpt-4-turbo-2024-04-09 11 - 33
text-embedding-3-large 0.143 - -
text-embedding-3-small 0.022 - -
text-embedding-ada-002 0.11 - -
ada 0.11 - -
gpt-oss-120b 0.15 - 0.6
cohere-command-a 2.5 - 10
cohere-embed-v3-english 0.1 - -
cohere-embed-v3-multilingual 0.1 - -
embed-v-4-0 0.12 - -
codestral-2501 0.3 - 0.9
deepseek-r1 1.35 - 5.4
deepseek-v3 1.14 - 4.56
deepseek-v3-0324 1.14 - 4.56
deepseek-v3.1 1.23 - 4.94
deepseek-v3.2 0.58 - 1.68
deepseek-v4-pro 1.74 0.145 3.48
deepseek-v4-flash 0.19 0.028 0.51
deepseek-v4.1-flash 0.3 0.006 1.2
grok-3 3 - 15
grok-3-mini 0.25 - 1.27
grok-4 3 - 15
grok-4-fast-reasoning 0.2 - 0.5
grok-4-fast-non-reasoning 0.2 - 0.5
grok-4-1-fast-reasoning 0.2 - 0.5
grok-4-1-fast-non-reasoning 0.2 - 0.5
grok-code-fast-1 0.2 - 1.5
kimi-k2-thinking 0.6 - 2.5
kimi-k2.5 0.6 0.1 3
kimi-k2.6 0.95 0.16 4
llama-3.3-70b-instruct 0.71 - 0.71
llama-4-scout-17b-16e-instruct 0.2 - 0.78
llama-4-maverick-17b-128e-instruct-fp8 0.25 - 1
mai-ds-r1 1.35 - 5.4
ministral-3b 0.04 - 0.04
mistral-large-2407 2 - 6
mistral-large-3 0.5 - 1.5
mistral-medium-2505 0.4 - 2
mistral-nemo 0.15 - 0.15
mistral-small-2503 0.1 - 0.3
"""

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

#: Cached input as Azure lists it in its data zones, where the factor would give a finer number.
AZURE_LISTED = {
    "gpt-4o-mini": "0.083",
    "gpt-4.1-nano": "0.028",
    "gpt-5-codex": "0.138",
    "o4-mini": "0.303",
    "codex-mini": "0.413",
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

#: provider, model, tier -> price per key. A pair: up to and beyond the long-context threshold.
TIERS: dict[tuple[str, str, str], tuple[int, dict[str, str]]] = {
    ("openai", "gpt-6-astra", "ultrafast"): (
        272000,
        {
            "input_mtok": "60 120",
            "cache_read_mtok": "6 12",
            "cache_write_mtok": "75 150",
            "output_mtok": "300 450",
        },
    ),
    ("openai", "gpt-6.1-sol", "ultrafast"): (
        272000,
        {
            "input_mtok": "12 24",
            "cache_read_mtok": "0.6 1.2",
            "cache_write_mtok": "15 30",
            "output_mtok": "60 90",
        },
    ),
    ("openai", "text-embedding-3-small", "batch"): (0, {"input_mtok": "0.01"}),
    ("openai", "text-embedding-3-large", "batch"): (0, {"input_mtok": "0.065"}),
    ("openai", "text-embedding-ada-002", "batch"): (0, {"input_mtok": "0.05"}),
}

#: Gemini's tiers: model, tier, input, cached, output, audio input; beyond 200,000 after a slash.
_GOOGLE = """
gemini-2.5-flash flex 0.15 0.03 1.25 -
gemini-2.5-flash priority 0.54 0.054 4.5 1.8
gemini-2.5-flash-lite flex 0.05 0.01 0.2 -
gemini-2.5-flash-lite priority 0.18 0.018 0.72 0.54
gemini-2.5-pro flex 0.625 0.125 5 -
gemini-2.5-pro priority 2.25/4.5 0.225/0.45 18/27 -
gemini-3-flash-preview flex 0.25 0.05 1.5 -
gemini-3-flash-preview priority 0.9 0.09 5.4 1.8
gemini-3.1-flash-lite flex 0.125 0.0125 0.75 -
gemini-3.1-flash-lite priority 0.45 0.045 2.7 0.9
gemini-3.1-pro-preview flex 1 0.2 6 -
gemini-3.1-pro-preview priority 3.6/7.2 0.36/0.72 21.6/32.4 -
gemini-3.5-flash batch 0.75 0.075 4.5 -
gemini-3.5-flash flex 0.75 0.08 4.5 -
gemini-3.5-flash priority 2.7 0.27 16.2 2.7
gemini-3.5-flash-lite flex 0.15 0.02 1.25 -
gemini-3.5-flash-lite priority 0.54 0.05 4.5 -
gemini-3.6-flash flex 0.375 0.0375 1.875 -
gemini-3.6-flash priority 1.35 0.135 6.75 -
gemini-3.7-flash batch 0.375 0.0375 1.875 -
gemini-3.7-flash flex 0.375 0.0375 1.875 -
gemini-3.7-flash priority 1.35 0.135 6.75 -
gemini-3.8-flash flex 0.375 0.0375 1.875 -
gemini-3.8-flash priority 1.35 0.135 6.75 -
gemini-4-argon flex 1 0.05 5 -
gemini-4-argon priority 3.6 0.18 18 -
"""
_GOOGLE_KEYS = ("input_mtok", "cache_read_mtok", "output_mtok", "input_audio_mtok")
for _line in _GOOGLE.split("\n")[1:-1]:
    _model, _tier, *_prices = _line.split()
    TIERS["google", _model, _tier] = (
        200000,
        {
            key: price.replace("/", " ")
            for key, price in zip(_GOOGLE_KEYS, _prices, strict=True)
            if price != "-"
        },
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
