"""LangChain's v1 blocks of hosted tools -> the items they were made of. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_resp.parts import as_json
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from resp_core.types.json import JsonObject

__all__ = ["server_item"]


def server_item(block: JsonObject, result: JsonObject | None) -> JsonObject | None:
    """The item of a `server_tool_call` (with its result) or of a generated image.

    None for a result, which is read together with its call, and for a tool of another provider.
    """
    if block.get("type") == "image":
        return _image(block)
    if block.get("type") != "server_tool_call":
        name = as_object(block.get("extras")).get("name")
        return _search_output(block) if name == "tool_search" else None
    build = _BY_NAME.get(str(block.get("name")))
    return build(block, result or {}) if build else None


def _status(result: JsonObject) -> str:
    if result.get("status") == "error":
        return "failed"
    return str(as_object(result.get("extras")).get("status") or "completed")


def _image(block: JsonObject) -> JsonObject | None:
    if not str(block.get("id")).startswith("ig_"):
        return None
    return {
        "type": "image_generation_call",
        "status": "completed",
        **as_object(block.get("extras")),
        "id": block["id"],
        "result": block.get("base64"),
    }


def _web_search(call: JsonObject, result: JsonObject) -> JsonObject:
    action = dict(as_object(call.get("args")))
    sources = as_object(result.get("output")).get("sources")
    if sources:
        action["sources"] = sources
    item: JsonObject = {"type": "web_search_call", "id": call["id"], "status": _status(result)}
    return {**item, "action": action} if action else item


def _file_search(call: JsonObject, result: JsonObject) -> JsonObject:
    return {
        "type": "file_search_call",
        "id": call["id"],
        "queries": as_object(call.get("args")).get("queries") or [],
        "results": result.get("output"),
        "status": _status(result),
    }


def _code(call: JsonObject, result: JsonObject) -> JsonObject:
    return {
        "type": "code_interpreter_call",
        **as_object(call.get("extras")),
        "id": call["id"],
        "code": as_object(call.get("args")).get("code"),
        "outputs": result.get("output"),
        "status": _status(result),
    }


def _mcp_call(call: JsonObject, result: JsonObject) -> JsonObject:
    extras = dict(as_object(call.get("extras")))
    arguments = extras.pop("arguments", None)
    return {
        "type": "mcp_call",
        "id": call["id"],
        "name": extras.pop("tool_name", ""),
        "server_label": extras.pop("server_label", ""),
        "arguments": arguments if arguments is not None else as_json(as_object(call.get("args"))),
        "output": result.get("output"),
        "error": as_object(result.get("extras")).get("error"),
        **extras,
    }


def _mcp_tools(call: JsonObject, result: JsonObject) -> JsonObject:
    item: JsonObject = {
        "type": "mcp_list_tools",
        **as_object(call.get("extras")),
        "id": call["id"],
        "tools": result.get("output") or [],
    }
    error = as_object(result.get("extras")).get("error")
    return {**item, "error": error} if error else item


def _search(call: JsonObject, _: JsonObject) -> JsonObject:
    return {
        "type": "tool_search_call",
        **as_object(call.get("extras")),
        "id": call["id"],
        "arguments": call.get("args") or {},
    }


def _search_output(result: JsonObject) -> JsonObject:
    extras: dict[str, Any] = dict(as_object(result.get("extras")))
    extras.pop("name", None)
    return {
        "type": "tool_search_output",
        **extras,
        "id": result.get("tool_call_id"),
        "tools": as_object(result.get("output")).get("tools") or [],
        "status": _status(result),
    }


_BY_NAME: dict[str, Callable[[JsonObject, JsonObject], JsonObject]] = {
    "web_search": _web_search,
    "file_search": _file_search,
    "code_interpreter": _code,
    "remote_mcp": _mcp_call,
    "mcp_list_tools": _mcp_tools,
    "tool_search": _search,
}
