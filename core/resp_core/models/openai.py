"""OpenAI's model families: one row each, the first that matches a name wins.

Context windows, efforts and API limits are OpenAI's and Azure's published ones. A fact that is
not listed is not known, and nothing is refused because of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

__all__ = ["Facts", "facts", "family", "is_openai", "on_azure"]


@dataclass(frozen=True, slots=True)
class Facts:
    """One family: `pattern` matches the head of a name, `fields` are those of `Profile`."""

    family: str
    pattern: str
    fields: dict[str, Any] = field(default_factory=dict[str, Any])


_O200K: dict[str, Any] = {"tokenizer": "o200k_base"}
_CL100K: dict[str, Any] = {"tokenizer": "cl100k_base"}
_PLAIN: dict[str, Any] = {**_O200K, "reasoning": False}
_THINKS: dict[str, Any] = {
    **_O200K,
    "reasoning": True,
    "sampling": "never",
    "default_effort": "medium",
    "max_tokens_param": "max_completion_tokens",
    "vision": True,
    "structured_output": True,
    "idle_timeout": 600.0,
}
_O_SERIES: dict[str, Any] = {
    **_THINKS,
    "context_window": 200_000,
    "max_output": 100_000,
    "efforts": ("low", "medium", "high"),
}
_GPT5: dict[str, Any] = {
    **_THINKS,
    "context_window": 400_000,
    "max_output": 128_000,
    "efforts": ("minimal", "low", "medium", "high"),
    "serial_efforts": ("minimal",),
}
_NO_NONE: dict[str, Any] = {**_THINKS, "context_window": 400_000, "refused_efforts": ("none",)}
_CODEX: dict[str, Any] = {
    **_THINKS,
    "context_window": 400_000,
    "sampling": "when_effort_none",
    "chat": False,
}
_PRO: dict[str, Any] = {**_NO_NONE, "chat": False, "default_effort": None}
_OPT_IN: dict[str, Any] = {
    **_THINKS,
    "context_window": 400_000,
    "sampling": "when_effort_none",
    "default_effort": "none",
}
_OPT_OUT: dict[str, Any] = {
    **_THINKS,
    "context_window": 1_050_000,
    "sampling": "when_effort_none",
}
_ALWAYS_ON: dict[str, Any] = {
    **_THINKS,
    "context_window": 1_050_000,
    "efforts": ("low", "medium", "high", "xhigh", "max"),
}
_FIXED_CHAT: dict[str, Any] = {
    **_THINKS,
    "context_window": 128_000,
    "efforts": ("medium",),
}
_EMBEDS: dict[str, Any] = {
    **_CL100K,
    "embeds": True,
    "chat": False,
    "responses": False,
    "context_window": 8_192,
}

_FAMILIES: tuple[Facts, ...] = (
    Facts("text-embedding", r"text-embedding", _EMBEDS),
    Facts("computer-use", r"computer-use", {**_PLAIN, "context_window": 8_192, "chat": False}),
    Facts(
        "instruct",
        r"(gpt-3\.?5-turbo-instruct|babbage-002|davinci-002)",
        {**_CL100K, "responses": False, "completions": True},
    ),
    # Speech, images, transcription and realtime share the gpt- prefix and none of its rules.
    Facts(
        "audio",
        r"(gpt-audio|gpt-4o(-mini)?-audio)",
        {**_PLAIN, "context_window": 128_000, "responses": False},
    ),
    Facts(
        "media",
        r"gpt-([\w.]+-)*(image|realtime|tts|transcribe)|gpt-live",
        {},
    ),
    Facts("gpt-oss", r"gpt-oss", {"tokenizer": "o200k_harmony", "context_window": 131_072}),
    Facts("o1-pro", r"o1-pro", {**_O_SERIES, "chat": False}),
    Facts("o1-mini", r"o1-(mini|preview)", {**_O_SERIES, "context_window": 128_000, "efforts": ()}),
    Facts("o1", r"o1", _O_SERIES),
    Facts("deep-research", r"o[34](-mini)?-deep-research", {**_O_SERIES, "chat": False}),
    Facts("o3-pro", r"o3-pro", {**_O_SERIES, "chat": False}),
    Facts("o3-mini", r"o3-mini", {**_O_SERIES, "vision": False}),
    Facts("o3", r"o3", _O_SERIES),
    Facts("o4-mini", r"o4-mini", _O_SERIES),
    Facts("codex-mini", r"codex-mini", {**_O_SERIES, "chat": False}),
    # Not a reasoning model, but every gpt-5 name wants max_completion_tokens.
    Facts(
        "gpt-5-chat",
        r"gpt-5-chat",
        {
            **_PLAIN,
            "context_window": 128_000,
            "max_tokens_param": "max_completion_tokens",
            "vision": True,
        },
    ),
    Facts(
        "gpt-5-search",
        r"gpt-5-search",
        {**_O200K, "max_tokens_param": "max_completion_tokens"},
    ),
    Facts(
        "gpt-5-pro",
        r"gpt-5-pro",
        {
            **_GPT5,
            "chat": False,
            "streams": False,
            "parallel_tools": False,
            "efforts": ("high",),
            "serial_efforts": (),
            "default_effort": "high",
        },
    ),
    # The pages disagree on whether 5.1-codex takes the effort "none": the server decides.
    Facts("gpt-5-codex", r"gpt-5(\.\d+)?-codex", _CODEX),
    Facts("gpt-5-pro-line", r"gpt-\d+(\.\d+)?-pro", {**_PRO, "context_window": 1_050_000}),
    Facts("gpt-5-chat-fixed", r"gpt-5\.[123]-chat", _FIXED_CHAT),
    Facts("gpt-5", r"gpt-5(?![.\d])", _GPT5),
    Facts("gpt-5.4", r"gpt-5\.4(?!-(mini|nano))", {**_OPT_IN, "context_window": 1_050_000}),
    Facts("gpt-5.1", r"gpt-5\.[1-4]", _OPT_IN),
    Facts("gpt-5.5", r"gpt-5\.5", {**_OPT_OUT, "context_window": 1_000_000}),
    Facts("gpt-5.6", r"gpt-5\.6", _OPT_OUT),
    Facts("gpt-6-astra", r"gpt-6-astra", _ALWAYS_ON),
    Facts("gpt-6.1-sol", r"gpt-6\.1-sol", _ALWAYS_ON),
    Facts("gpt-6", r"gpt-6-(sol|luna)", _OPT_OUT),
    Facts(
        "gpt-4.1",
        r"gpt-4\.1",
        {
            **_PLAIN,
            "context_window": 1_000_000,
            "max_output": 32_768,
            "vision": True,
            "structured_output": True,
        },
    ),
    Facts(
        "gpt-4o-search",
        r"gpt-4o(-mini)?-search",
        {**_PLAIN, "context_window": 128_000, "responses": False},
    ),
    Facts(
        "gpt-4o",
        r"(gpt-4o|chatgpt-4o)",
        {**_PLAIN, "context_window": 128_000, "vision": True},
    ),
    Facts(
        "gpt-4-turbo",
        r"gpt-4-(turbo|vision|1106|0125)",
        {**_CL100K, "reasoning": False, "context_window": 128_000, "max_output": 4_096},
    ),
    Facts("gpt-4-32k", r"gpt-4-32k", {**_CL100K, "reasoning": False, "context_window": 32_768}),
    Facts("gpt-4", r"gpt-4(?!\.)", {**_CL100K, "reasoning": False, "context_window": 8_192}),
    Facts(
        "gpt-3.5",
        r"gpt-3\.?5",
        {**_CL100K, "reasoning": False, "context_window": 16_385, "max_output": 4_096},
    ),
)

#: What Azure serves otherwise than OpenAI does, by family.
_ON_AZURE: dict[str, dict[str, Any]] = {
    "o1": {"parallel_tools": False, "streams": False},
    "o1-pro": {"parallel_tools": False},
    "o1-mini": {"parallel_tools": False},
    "o3": {"parallel_tools": False},
    "o3-mini": {"parallel_tools": False},
    "o3-pro": {"parallel_tools": False, "streams": False},
    "o4-mini": {"parallel_tools": False},
    "o_series": {"parallel_tools": False},
}

#: Families that a caller names instead of a model, with what all their members share.
_SERIES: dict[str, Facts] = {
    "o_series": Facts("o_series", "", {**_THINKS, "efforts": ("low", "medium", "high")}),
    "gpt5_series": Facts("gpt5_series", "", {**_THINKS, "sampling": "when_effort_none"}),
}

_OPENAI_NAMES = re.compile(
    r"(ft:)?(gpt-|chatgpt-|o[1-9]\d*(-|$)|computer-use-preview|text-embedding-|codex-)"
)
#: Within a deployment's name a family must stand alone: "o3" is not in "video3" or "foo3".
_EDGE = r"(?<![a-z0-9.])"
_END = r"(?![a-z0-9])"


@lru_cache(maxsize=1024)
def facts(name: str, *, anywhere: bool = False) -> Facts | None:
    """The first family whose pattern begins `name`, or, `anywhere`, stands in it as a word.

    A fine-tuned name (`ft:gpt-4o-2024-08-06:org::id`) counts as its base.
    """
    text = name.lower().removeprefix("ft:").split(":", 1)[0]
    for row in _FAMILIES:
        pattern = f"(?:{row.pattern}){_END}"
        if re.search(_EDGE + pattern, text) if anywhere else re.match(pattern, text):
            return row
    return None


def family(series: str, name: str) -> Facts:
    """The facts of a named series; a member of it that `name` shows keeps its own.

    `series` is "o_series" or "gpt5_series".
    """
    shared = _SERIES[series]
    own = facts(name, anywhere=True)
    fits = r"o\d" if series == "o_series" else r"gpt-[56]"
    return own if own and re.match(fits, own.family) else shared


def on_azure(family_name: str) -> dict[str, Any]:
    """The fields in which Azure differs for a family."""
    return _ON_AZURE.get(family_name, {})


def is_openai(name: str) -> bool:
    """Whether a bare model name is one of OpenAI's."""
    return _OPENAI_NAMES.match(name.lower()) is not None
