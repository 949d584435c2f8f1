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
#: Parameters that a response repeats as they came; the last four only where they were given.
_ECHOED = frozenset(
    (
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "previous_response_id",
        "prompt_cache_key",
        "safety_identifier",
        "temperature",
        "tool_choice",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
        "prompt",
        "prompt_cache_options",
        "prompt_cache_retention",
        "include",
    )
)
#: A response in the order of the API's own, before anything is known of it.
_BLANK: JsonObject = {
    "id": None,
    "object": "response",
    "created_at": None,
    "completed_at": None,
    "status": "in_progress",
    "background": False,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "model": None,
    "output": None,
    "parallel_tool_calls": None,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": None,
    "safety_identifier": None,
    "service_tier": None,
    "store": None,
    "temperature": None,
    "text": None,
    "tool_choice": "auto",
    "tools": None,
    "top_logprobs": 0,
    "top_p": None,
    "truncation": "disabled",
    "usage": None,
    "user": None,
    "metadata": None,
}
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
    get = request.get
    response: JsonObject = {
        **_BLANK,
        "id": response_id,
        "created_at": created_at,
        "model": model or as_text(get("model")),
        "output": [],
        "parallel_tool_calls": get("parallel_tool_calls") is not False,
        "reasoning": {"effort": None, "summary": None, **as_object(get("reasoning"))},
        "store": bool(get("store")),
        "text": {"format": {"type": "text"}, **as_object(get("text"))},
        "tools": [_echoed_tool(tool) for tool in objects(get("tools"))],
        "metadata": as_object(get("metadata")),
    }
    for name, value in request.items():
        if value is not None and name in _ECHOED:
            response[name] = value
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
