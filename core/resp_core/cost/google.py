"""Usage as Google's APIs count it: generateContent, live sessions, Interactions, predict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from resp_core.cost.usage import by_modality
from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from resp_core.cost.usage import Usage
    from resp_core.types.json import JsonObject

__all__ = [
    "GENERATED",
    "INTERACTED",
    "SNAKE",
    "generated",
    "interacted",
    "predicted_images",
    "predicted_usage",
    "snake_case",
]

#: Fields that tell the forms apart.
GENERATED = ("promptTokenCount", "candidatesTokenCount", "trafficType", "totalTokenCount")
INTERACTED = ("total_input_tokens", "total_output_tokens")
SNAKE = ("candidates_token_count", "total_token_count")
_PICTURES = ("bytesBase64Encoded", "gcsUri")


def generated(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    """Thoughts are outside of the candidates' count, prompts of tools outside of the prompt's."""
    prompt = counts.number(usage, "promptTokenCount")
    thoughts = counts.number(usage, "thoughtsTokenCount") or 0
    answer = counts.number(usage, "candidatesTokenCount", "responseTokenCount") or 0
    tools = counts.number(usage, "toolUsePromptTokenCount") or 0
    cached = counts.number(usage, "cachedContentTokenCount") or 0
    if prompt is None:
        counts.problems.append("the usage has no number of input tokens")
        return
    into = by_modality(counts, usage.get("promptTokensDetails", usage.get("promptTokenDetails")))
    for modality, count in by_modality(counts, usage.get("toolUsePromptTokensDetails")).items():
        into[modality] = into.get(modality, 0) + count
    read = by_modality(counts, usage.get("cacheTokensDetails"))
    _input(counts, prompt + tools, cached, into, read)
    out = usage.get("candidatesTokensDetails", usage.get("responseTokensDetails"))
    counts.split("output", answer + thoughts, by_modality(counts, out))
    counts.reasoning = thoughts
    counts.tier = _tier(usage)


def _input(
    counts: Usage, total: int, cached: int, into: dict[str, int], read: dict[str, int]
) -> None:
    if cached > total:
        counts.problems.append(f"{cached} cached tokens are more than the {total} of the input")
        return
    for modality, count in read.items():
        into[modality] = max(into.get(modality, 0) - count, 0)
    counts.split("cached", cached, read)
    counts.split("input", total - cached, {name: n for name, n in into.items() if n})


def _tier(usage: JsonObject) -> str | None:
    traffic = as_text(usage.get("trafficType")).lower()
    if traffic.startswith("on_demand_"):
        return traffic.removeprefix("on_demand_")
    if traffic == "provisioned_throughput":
        return "provisioned"
    return as_text(usage.get("serviceTier")).lower() or None


def snake_case(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    """The same as Google's Python SDK writes it."""
    generated(counts, {_camel(name): _deep(value) for name, value in usage.items()}, body)


def _deep(value: Any) -> Any:
    if isinstance(value, list):
        return [{_camel(name): n for name, n in e.items()} for e in objects(items_of(value))]
    return value


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda m: m[1].upper(), name)


def interacted(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    """The Interactions API."""
    total = counts.number(usage, "total_input_tokens") or 0
    tools = counts.number(usage, "total_tool_use_tokens") or 0
    cached = counts.number(usage, "total_cached_tokens") or 0
    thoughts = counts.number(usage, "total_thought_tokens") or 0
    answer = counts.number(usage, "total_output_tokens") or 0
    into = by_modality(counts, usage.get("input_tokens_by_modality"), "tokens")
    read = by_modality(counts, usage.get("cached_tokens_by_modality"), "tokens")
    _input(counts, total + tools, cached, into, read)
    out = by_modality(counts, usage.get("output_tokens_by_modality"), "tokens")
    counts.split("output", answer + thoughts, out)
    counts.reasoning = thoughts
    for entry in objects(usage.get("grounding_tool_count")):
        if entry.get("type") == "google_search":
            counts.use("web_search", counts.number(entry, "count"))


def predicted_usage(body: JsonObject) -> JsonObject | None:
    """Vertex's `predict` of embeddings: each has its own count."""
    counts = [
        as_object(as_object(entry.get("embeddings")).get("statistics")).get("token_count")
        for entry in objects(body.get("predictions"))
    ]
    numbers = [count for count in counts if isinstance(count, int | float)]
    if not counts or len(numbers) != len(counts):
        return None
    found = {"prompt_tokens": sum(numbers), "completion_tokens": 0}
    characters = as_object(body.get("metadata")).get("billableCharacterCount")
    return found if characters is None else {**found, "characters": characters}


def predicted_images(body: JsonObject) -> int | None:
    """Vertex's and Gemini's `predict` of images: how many there are."""
    found = objects(body.get("predictions"))
    pictures = sum(1 for entry in found if any(name in entry for name in _PICTURES))
    return pictures or None
