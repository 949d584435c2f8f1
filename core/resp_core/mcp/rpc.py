"""MCP's messages: JSON-RPC over streamable HTTP, as values. Pure.

Source: the Model Context Protocol, revisions 2024-11-05 to 2025-11-25 (those with a handshake).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from resp_core.types.json import dumps, loads
from resp_core.wire.shape import as_object, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.types.json import JsonObject

__all__ = [
    "PROTOCOL",
    "call_outcome",
    "message",
    "messages_of",
    "post_headers",
    "tools_of",
]

#: The newest revision reached by a handshake; a server may answer with an older one.
PROTOCOL = "2025-11-25"
CLIENT_INFO = {"name": "respkit", "version": "0.1"}


def message(method: str, params: JsonObject | None = None, *, id: int | None = None) -> JsonObject:
    """A request, or a notification where it has no `id`."""
    made: JsonObject = {"jsonrpc": "2.0", "method": method}
    if id is not None:
        made["id"] = id
    if params is not None:
        made["params"] = params
    return made


def initialize(id: int) -> JsonObject:
    """The first message of a session."""
    params = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": CLIENT_INFO}
    return message("initialize", params, id=id)


def encode(value: JsonObject) -> bytes:
    """The bytes of one message."""
    return dumps(value)


def post_headers(
    credentials: Mapping[str, str], session_id: str | None, protocol: str | None
) -> dict[str, str]:
    """Headers of a POST to the server."""
    headers = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        **credentials,
    }
    if session_id is not None:
        headers["mcp-session-id"] = session_id
    if protocol is not None:
        headers["mcp-protocol-version"] = protocol
    return headers


def messages_of(data: bytes) -> list[JsonObject]:
    """The messages in a JSON body or in the data of one event. Raises ValueError."""
    value: Any = loads(data)
    if isinstance(value, list):
        return objects(value)
    if isinstance(value, dict):
        return [cast("JsonObject", value)]
    raise ValueError("not a JSON-RPC message")


def tools_of(result: JsonObject) -> list[JsonObject]:
    """The tools of a `tools/list` result, in the form of an `mcp_list_tools` item."""
    return [
        {
            "name": str(tool.get("name")),
            "description": tool.get("description"),
            "input_schema": as_object(tool.get("inputSchema")) or {"type": "object"},
            "annotations": tool.get("annotations"),
        }
        for tool in objects(result.get("tools"))
        if tool.get("name")
    ]


def call_outcome(result: JsonObject, limit: int) -> tuple[str, JsonObject | None, list[JsonObject]]:
    """Text, error and raw content of a `tools/call` result.

    The text is that of its text parts, else the structured content, cut at `limit` characters;
    what is no text is named in it. A tool's own failure is an `mcp_tool_execution_error`.
    """
    content = objects(result.get("content"))
    texts = [_shown(part) for part in content]
    structured = result.get("structuredContent")
    if not any(part.get("type") == "text" for part in content) and structured is not None:
        texts.append(dumps(structured).decode())
    text = cut("\n".join(texts), limit)
    if result.get("isError"):
        return text, {"type": "mcp_tool_execution_error", "content": content}, content
    return text, None, content


def cut(text: str, limit: int) -> str:
    """`text`, shortened visibly to `limit` characters."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[cut here: {limit} of {len(text)} characters]"


def _shown(part: JsonObject) -> str:
    kind = part.get("type")
    if kind == "text":
        return str(part.get("text", ""))
    if kind in ("image", "audio"):
        return f"[{kind}: {part.get('mimeType', 'unknown type')}]"
    if kind == "resource":
        resource = as_object(part.get("resource"))
        return str(resource.get("text") or f"[resource: {resource.get('uri', '?')}]")
    if kind == "resource_link":
        return f"[resource: {part.get('uri', '?')}]"
    return f"[{kind}]"
