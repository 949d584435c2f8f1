"""What a message says about its call: response_metadata and usage_metadata. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata

from langchain_resp.blocks import refusal_of
from langchain_resp.calls import CALLS
from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["PROVIDER", "finish_reason", "origin_of", "response_metadata", "usage_metadata"]

#: Names the format of content blocks, so that langchain-core translates them by itself.
PROVIDER = "openai"

_INPUT_DETAILS = {
    "cached_tokens": "cache_read",
    "cache_write_tokens": "cache_creation",
    "audio_tokens": "audio",
}
_OUTPUT_DETAILS = {"reasoning_tokens": "reasoning", "audio_tokens": "audio"}


def usage_metadata(usage: Any) -> UsageMetadata | None:
    """Token counts under LangChain's names, or None where the server reported none it can use."""
    if not isinstance(usage, dict):
        return None
    usage = cast("dict[str, Any]", usage)
    read, written = _count(usage.get("input_tokens")), _count(usage.get("output_tokens"))
    if read is None or written is None:
        return None
    total = _count(usage.get("total_tokens"))
    result = UsageMetadata(
        input_tokens=read,
        output_tokens=written,
        total_tokens=read + written if total is None else total,
    )
    inside = _details(usage.get("input_tokens_details"), _INPUT_DETAILS)
    if inside:
        result["input_token_details"] = cast("InputTokenDetails", inside)
    inside = _details(usage.get("output_tokens_details"), _OUTPUT_DETAILS)
    if inside:
        result["output_token_details"] = cast("OutputTokenDetails", inside)
    return result


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _details(details: Any, names: Mapping[str, str]) -> dict[str, int]:
    if not isinstance(details, dict):
        return {}
    details = cast("dict[str, Any]", details)
    found = {ours: _count(details.get(theirs)) for theirs, ours in names.items()}
    return {name: count for name, count in found.items() if count is not None}


def finish_reason(response: JsonObject) -> str | None:
    """Why the answer ended, in the words of the Chat API; None while it is not over."""
    status = response.get("status")
    if status == "incomplete":
        reason = as_text(as_object(response.get("incomplete_details")).get("reason"))
        return {"max_output_tokens": "length"}.get(reason, reason) or None
    if status in ("completed", None):
        output: list[JsonObject] = response.get("output") or []
        return "tool_calls" if any(item.get("type") in CALLS for item in output) else "stop"
    return None


@lru_cache(maxsize=256)
def origin_of(provider: str, url: str) -> str:
    """Where state lives that only its maker can read: provider and server."""
    return f"{provider}@{urlsplit(url).netloc}"


def response_metadata(
    response: JsonObject, record: CallRecord, dropped: Sequence[str] = ()
) -> dict[str, Any]:
    """The metadata of a finished answer: JSON only, each key once in a stream."""
    output: list[JsonObject] = response.get("output") or []
    of_chat = as_object(as_object(response.get("provider_data")).get("chat"))
    metadata: dict[str, Any] = {
        "model_provider": PROVIDER,
        "model_name": response.get("model") or record.model or record.requested_model,
        "requested_model": record.requested_model,
        "provider": record.provider,
        "deployment": record.deployment,
        "api": record.api,
        "finish_reason": finish_reason(response),
        "status": response.get("status"),
        "id": as_text(of_chat.get("id")) or response.get("id"),
        "attempts": len(record.attempts),
    }
    if record.attempts:
        metadata["origin"] = origin_of(record.provider, record.attempts[-1].url)
    for key in ("created_at", "service_tier", "incomplete_details", "store"):
        if response.get(key) is not None:
            metadata[key] = response[key]
    if of_chat.get("system_fingerprint"):
        metadata["system_fingerprint"] = of_chat["system_fingerprint"]
    if record.request_id:
        metadata["request_id"] = record.request_id
    limits = {key: value for key, value in record.headers.items() if key.startswith("x-ratelimit")}
    if limits:
        metadata["rate_limits"] = limits
    if record.dropped or dropped:
        metadata["dropped"] = list(dict.fromkeys([*record.dropped, *dropped]))
    metadata["cost"] = record.cost.to_json()
    refusal = refusal_of(output)
    if refusal:  # LangChain's v3 events drop the block that says so
        metadata["refusal"] = refusal
    logprobs = _logprobs(output)
    if logprobs:
        metadata["logprobs"] = {"content": logprobs}
    return metadata


def _logprobs(output: Sequence[JsonObject]) -> list[Any]:
    found: list[Any] = []
    for item in output:
        if item.get("type") == "message":
            for part in objects(item.get("content")):
                found += items_of(part.get("logprobs"))
    return found
