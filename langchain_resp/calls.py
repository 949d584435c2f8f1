"""Function calls of a model -> LangChain tool calls. Pure.

LangChain adds chunks up with a forgiving JSON parser that turns a cut call into a valid one.
So arguments are given out only when the call is whole, and those that are no JSON object get a
mark in front that no parser accepts: they always end in `invalid_tool_calls`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from langchain_core.messages import InvalidToolCall, ToolCall, ToolCallChunk

from langchain_resp.parts import as_json
from resp_core.wire.ids import is_ours

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resp_core.types.json import JsonObject

__all__ = [
    "CALLS",
    "CUSTOM_ARG",
    "UNREADABLE",
    "call_args",
    "custom_block",
    "raw_args",
    "tool_call_chunk",
    "tool_calls",
]

#: Item types that are calls of the caller's own tools.
CALLS = frozenset({"function_call", "custom_tool_call"})

#: LangChain's name for the one argument of a tool that takes free text.
CUSTOM_ARG = "__arg1"

#: Stands before arguments that are not a JSON object (cut, or malformed).
UNREADABLE = "<not a JSON object> "


def call_args(item: JsonObject) -> dict[str, Any] | None:
    """The arguments of a call, or None where they are cut or no JSON object."""
    if item.get("type") == "custom_tool_call":
        whole = item.get("status") != "incomplete"
        return {CUSTOM_ARG: item.get("input") or ""} if whole else None
    arguments = item.get("arguments")
    if isinstance(arguments, dict):
        return cast("dict[str, Any]", arguments)
    if not arguments:
        return None if item.get("status") == "incomplete" else {}
    return _json_object(str(arguments))


def _json_object(text: str) -> dict[str, Any] | None:
    import orjson

    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = _lenient(text)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _lenient(text: str) -> Any:
    """What JSON allows and orjson does not: large numbers, NaN, lone surrogates."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def raw_args(args: str | None) -> str:
    """Arguments as the model wrote them, without our mark."""
    return (args or "").removeprefix(UNREADABLE)


def _unreadable(item: JsonObject) -> str:
    return UNREADABLE + str(item.get("arguments") or item.get("input") or "")


def tool_calls(output: Iterable[JsonObject]) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """The finished calls of an answer, those that can be run and those that cannot.

    `args` of an invalid one: the mark, then what the model wrote.
    """
    calls: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for item in output:
        if item.get("type") not in CALLS:
            continue
        args, name, call_id = call_args(item), item.get("name"), item.get("call_id")
        if args is None:
            kind: Literal["invalid_tool_call"] = "invalid_tool_call"
            unread = _unreadable(item)
            invalid.append(
                InvalidToolCall(type=kind, name=name, args=unread, id=call_id, error=None)
            )
        else:
            calls.append(ToolCall(type="tool_call", name=name or "", args=args, id=call_id))
    return calls, invalid


def custom_block(item: JsonObject) -> JsonObject:
    """The content block of a custom tool's call, in LangChain's standard form.

    LangChain's translator knows functions only, and would hide the call from its v3 events.
    """
    args = call_args(item)
    block: JsonObject = {
        "type": "tool_call" if args is not None else "invalid_tool_call",
        "id": item.get("call_id"),
        "name": item.get("name"),
        "args": _unreadable(item) if args is None else args,
        "extras": {"type": "custom_tool_call"},
    }
    if args is None:
        block["error"] = None
    if item.get("id") and not is_ours(str(item["id"])):
        block["extras"]["item_id"] = item["id"]
    return block


def tool_call_chunk(item: JsonObject, index: int) -> ToolCallChunk:
    """A finished call as the one chunk that carries it."""
    args = call_args(item)
    text = item.get("arguments")
    if args is None:
        text = _unreadable(item)
    elif not isinstance(text, str) or not text:
        text = as_json(args)
    return ToolCallChunk(
        type="tool_call_chunk",
        name=item.get("name"),
        args=text,
        id=item.get("call_id"),
        index=index,
    )
