"""A caller's Responses request that still speaks Chat in places, put right for the server.

Examples and older code write Chat content parts and Chat tools into Responses requests, which
the API refuses. What they mean is clear, so it is converted, in a copy, and noted.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

from resp_core.types.functions import Functions
from resp_core.wire.chat_server import input_part
from resp_core.wire.chat_tools import decode_tool
from resp_core.wire.shape import as_object, items_of

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject
    from resp_core.wire.losses import Losses

__all__ = ["normalize_input"]

_CHAT_PARTS = ("text", "image_url", "file")
_OUTPUTS = ("function_call_output", "custom_tool_call_output")


def normalize_input(body: JsonObject, losses: Losses, *, plain: bool = False) -> JsonObject:
    """`body` with Chat parts and Chat tools in the Responses form.

    Returns `body` itself where there was nothing to do, which is a scan of a few lookups per
    item; otherwise a copy, and a note on `losses`. The body given is never changed. `plain`: see
    `Request`.
    """
    given, tools = body.get("input"), body.get("tools")
    changed: JsonObject = {}
    if given.__class__ is list and not plain:
        items = _changed_items(items_of(given))
        if items is not None:
            changed["input"] = items
            losses.note("Chat content parts in input were converted to Responses parts")
    if tools and not isinstance(tools, Functions):
        flat = _changed(items_of(tools), _tool)
        if flat is not None:
            changed["tools"] = flat
            losses.note("Chat tools were converted to the flat Responses form")
    return {**body, **changed} if changed else body


def _changed_items(items: list[Any]) -> list[Any] | None:
    """As `_changed`; only items with a list of parts are looked into."""
    with_parts = [
        n
        for n, item in enumerate(items)
        if item.__class__ is dict
        and (item.get("content").__class__ is list or item.get("output").__class__ is list)
    ]
    converted = {n: _item(items[n]) for n in with_parts}
    if all(items[n] is item for n, item in converted.items()):
        return None
    return [converted.get(n, item) for n, item in enumerate(items)]


def _changed(entries: list[Any], convert: Any) -> list[Any] | None:
    """The entries converted, or None where every one stayed as it was."""
    converted = [convert(entry) for entry in entries]
    return None if all(map(is_, converted, entries)) else converted


def _item(item: JsonObject) -> JsonObject:
    field = "output" if item.get("type") in _OUTPUTS else "content"
    convert = _assistant_part if item.get("role") == "assistant" else _part
    converted = _changed(items_of(item.get(field)), convert)
    return item if converted is None else {**item, field: converted}


def _part(part: Any) -> Any:
    if part.__class__ is not dict or part.get("type") not in _CHAT_PARTS:
        return part
    return input_part(part) or part


def _assistant_part(part: Any) -> Any:
    if part.__class__ is not dict or part.get("type") != "text":
        return part
    return {**part, "type": "output_text"}


def _tool(tool: Any) -> Any:
    nested = tool.__class__ is dict and isinstance(as_object(tool).get("function"), dict)
    return decode_tool(tool, "tools") if nested else tool
