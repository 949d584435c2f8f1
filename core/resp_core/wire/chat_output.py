"""What the parts of a Chat answer mean in a response: usage, finish reason, annotations, echo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = [
    "decode_usage",
    "encode_usage",
    "flat_annotation",
    "logprob_entries",
    "outcome",
    "skeleton",
]

_LENGTH = frozenset(("length", "model_length", "max_tokens"))
_BROKEN = frozenset(("error", "insufficient_system_resource", "abort"))
_ECHOED_IF_GIVEN = ("prompt", "prompt_cache_options", "prompt_cache_retention", "include")
_CACHE_READS = (
    "prompt_cache_hit_tokens",
    "cached_tokens",
    "num_cached_tokens",
    "cache_read_input_tokens",
)
_USAGE = frozenset(
    (
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
    )
)


def skeleton(request: JsonObject, *, response_id: str, created_at: float, model: str) -> JsonObject:
    """A response in progress that echoes its request as the Responses API does.

    What the caller left open and only the server knows (temperature, top_p) stays None.
    """
    text = {"format": {"type": "text"}, **as_object(request.get("text"))}
    response: JsonObject = {
        "id": response_id,
        "object": "response",
        "created_at": created_at,
        "completed_at": None,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": request.get("instructions"),
        "max_output_tokens": request.get("max_output_tokens"),
        "max_tool_calls": request.get("max_tool_calls"),
        "model": model or as_text(request.get("model")),
        "output": [],
        "parallel_tool_calls": request.get("parallel_tool_calls") is not False,
        "previous_response_id": request.get("previous_response_id"),
        "prompt_cache_key": request.get("prompt_cache_key"),
        "reasoning": {"effort": None, "summary": None, **as_object(request.get("reasoning"))},
        "safety_identifier": request.get("safety_identifier"),
        "service_tier": None,
        "store": bool(request.get("store")),
        "temperature": request.get("temperature"),
        "text": text,
        "tool_choice": request.get("tool_choice") or "auto",
        "tools": [_echoed_tool(tool) for tool in objects(request.get("tools"))],
        "top_logprobs": request.get("top_logprobs") or 0,
        "top_p": request.get("top_p"),
        "truncation": request.get("truncation") or "disabled",
        "usage": None,
        "user": request.get("user"),
        "metadata": as_object(request.get("metadata")),
    }
    for name in _ECHOED_IF_GIVEN:
        if request.get(name) is not None:
            response[name] = request[name]
    return response


def _echoed_tool(tool: JsonObject) -> JsonObject:
    if tool.get("type") != "mcp":
        return tool
    return {k: v for k, v in tool.items() if k not in ("authorization", "headers", "session")}


def outcome(finish_reason: str | None) -> tuple[str, JsonObject | None, JsonObject | None]:
    """Status, incomplete_details and error of a response for a Chat finish reason.

    Unknown reasons mean completed: servers have many words for an ordinary end.
    """
    if finish_reason in _LENGTH:
        return "incomplete", {"reason": "max_output_tokens"}, None
    if finish_reason == "content_filter":
        return "incomplete", {"reason": "content_filter"}, None
    if finish_reason in _BROKEN:
        text = f"the server ended its answer with finish_reason {finish_reason!r}."
        return "failed", None, {"code": "server_error", "message": text}
    return "completed", None, None


def flat_annotation(annotation: JsonObject) -> JsonObject:
    """A Chat annotation, `{"type": t, t: {...}}`, as Responses has it: `{"type": t, ...}`."""
    kind = as_text(annotation.get("type"))
    inner = annotation.get(kind)
    if not isinstance(inner, dict):
        return annotation
    rest = {k: v for k, v in annotation.items() if k != kind}
    return {**rest, **as_object(inner)}


def logprob_entries(logprobs: Any) -> list[JsonObject]:
    """The entries of `logprobs.content`; `bytes: null` becomes [], as Responses has it."""
    return [_entry(entry) for entry in objects(as_object(logprobs).get("content"))]


def _entry(entry: JsonObject) -> JsonObject:
    kept = {**entry, "bytes": items_of(entry.get("bytes"))}
    kept["top_logprobs"] = [
        {**top, "bytes": items_of(top.get("bytes"))} for top in objects(entry.get("top_logprobs"))
    ]
    return kept


def _count(value: Any) -> int | None:
    """A token count, or None for what is none: absent, negative, a bool, text, NaN."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value < 1 << 53 else None


def decode_usage(usage: Any) -> JsonObject | None:
    """Responses usage for Chat usage, in tokens; None where the counts are absent or no counts.

    Cached and cache-write tokens are parts of `input_tokens`, reasoning of `output_tokens`.
    Fields without a Responses name (costs, times, audio and image splits) keep their own.
    """
    given = as_object(usage)
    prompt, completion = _count(given.get("prompt_tokens")), _count(given.get("completion_tokens"))
    total = _count(given.get("total_tokens"))
    if completion is None and prompt is not None and total is not None and total >= prompt:
        completion = total - prompt
    if prompt is None or completion is None:
        return None
    into = _details(given.get("prompt_tokens_details"))
    out = _details(given.get("completion_tokens_details"))
    into["cached_tokens"] = _first(into.get("cached_tokens"), *(given.get(k) for k in _CACHE_READS))
    written = (into.get("cache_write_tokens"), given.get("cache_creation_input_tokens"))
    into["cache_write_tokens"] = _first(*written)
    thought = _first(out.get("reasoning_tokens"), given.get("reasoning_tokens"))
    out["reasoning_tokens"] = thought
    if thought and total == prompt + completion + thought:
        completion += thought  # counted beside the completion instead of inside it
    if total is None or total < prompt + completion:
        total = prompt + completion
    decoded: JsonObject = {
        "input_tokens": prompt,
        "input_tokens_details": into,
        "output_tokens": completion,
        "output_tokens_details": out,
        "total_tokens": total,
    }
    if not given.keys() <= _USAGE:
        decoded.update((k, v) for k, v in given.items() if k not in _USAGE and v is not None)
    return decoded


def _details(details: Any) -> JsonObject:
    return {k: v for k, v in as_object(details).items() if v is not None}


def _first(*values: Any) -> int:
    for value in values:
        if value and _count(value):
            return value
    return 0


def encode_usage(usage: JsonObject) -> JsonObject:
    """Chat usage for Responses usage; fields that Chat does not know keep their names."""
    encoded: JsonObject = {
        "prompt_tokens": usage.get("input_tokens", 0),
        "completion_tokens": usage.get("output_tokens", 0),
        "total_tokens": usage.get("total_tokens", 0),
    }
    if usage.get("input_tokens_details") is not None:
        encoded["prompt_tokens_details"] = usage["input_tokens_details"]
    if usage.get("output_tokens_details") is not None:
        encoded["completion_tokens_details"] = usage["output_tokens_details"]
    known = ("input_tokens", "output_tokens", "total_tokens")
    details = ("input_tokens_details", "output_tokens_details")
    encoded.update((k, v) for k, v in usage.items() if k not in known and k not in details)
    return encoded
