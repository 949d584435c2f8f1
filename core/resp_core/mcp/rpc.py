"""MCP's messages: JSON-RPC over streamable HTTP, as values. Pure.

Source: the Model Context Protocol, revisions 2024-11-05 to 2025-11-25 (those with a handshake)
and 2026-07-28 (without: each request carries what the handshake settled).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, cast

import orjson

from resp_core.types.json import dumps, loads
from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.types.json import JsonObject

__all__ = [
    "MODERN",
    "PROTOCOL",
    "answer_to",
    "call_outcome",
    "cut",
    "encode",
    "initialize",
    "is_modern_only",
    "message",
    "messages_of",
    "post_headers",
    "tools_of",
]

#: The newest revision reached by a handshake; a server may answer with an older one.
PROTOCOL = "2025-11-25"
#: The revision without a handshake; spoken to servers that refuse one.
MODERN = "2026-07-28"
_UNSUPPORTED_VERSION = -32022
_NO_SUCH_METHOD = -32601
_IMAGE_CHARS = 8 * 1024 * 1024  # of base64, over all images of one result
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


def modern(sent: JsonObject) -> JsonObject:
    """A request of the revision without a handshake: it says itself who asks, and how."""
    about = "io.modelcontextprotocol/"
    meta = {
        f"{about}protocolVersion": MODERN,
        f"{about}clientInfo": CLIENT_INFO,
        f"{about}clientCapabilities": {},
    }
    return {**sent, "params": {**as_object(sent.get("params")), "_meta": meta}}


def is_modern_only(error: Mapping[str, Any]) -> bool:
    """Whether a refused handshake says that the server speaks only the revision without one."""
    supported = items_of(as_object(error.get("data")).get("supported"))
    return error.get("code") == _UNSUPPORTED_VERSION and MODERN in supported


def answer_to(request: Mapping[str, Any]) -> JsonObject:
    """What a server's own request gets: a ping its answer, anything else a refusal."""
    made: JsonObject = {"jsonrpc": "2.0", "id": request.get("id")}
    if request.get("method") == "ping":
        return {**made, "result": {}}
    said = "this client answers pings only"
    return {**made, "error": {"code": _NO_SUCH_METHOD, "message": said}}


def post_headers(
    credentials: Mapping[str, str],
    session_id: str | None,
    protocol: str | None,
    sent: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Headers of a POST of `sent` to the server; None: of a GET or DELETE."""
    headers = {"accept": "application/json, text/event-stream", **credentials}
    if sent is not None:
        headers["content-type"] = "application/json"
    if session_id is not None:
        headers["mcp-session-id"] = session_id
    if protocol is not None:
        headers["mcp-protocol-version"] = protocol
    if protocol == MODERN and sent is not None:
        headers["mcp-method"] = as_text(sent.get("method"))
        name = as_object(sent.get("params")).get("name")
        if isinstance(name, str):
            headers["mcp-name"] = _in_header(name)
    return headers


def _in_header(text: str) -> str:
    """`text` as the protocol puts it in a header: plain, or marked as base64."""
    if text.isascii() and text.isprintable() and text == text.strip() and text[:2] != "=?":
        return text
    return f"=?base64?{base64.b64encode(text.encode('utf-8', 'replace')).decode()}?="


def messages_of(data: bytes) -> list[JsonObject]:
    """The messages in a JSON body or in the data of one event. Raises ValueError."""
    try:
        value = _mended(loads(data))
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    if isinstance(value, list):
        return objects(value)
    if isinstance(value, dict):
        return [cast("JsonObject", value)]
    raise ValueError("it is no JSON-RPC message")


def _mended(value: Any) -> Any:
    """`value` as it can be written again. RecursionError where it nests too deeply."""
    try:
        orjson.dumps(value)
    except TypeError:  # it nests deeply, or has half characters or very large numbers
        return _whole(value)
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in cast("JsonObject", value).items()}
    return value


def tools_of(result: JsonObject) -> list[JsonObject]:
    """The tools of a `tools/list` result, in the form of an `mcp_list_tools` item."""
    return [
        {
            "name": as_text(tool.get("name")),
            "description": as_text(tool.get("description")) or None,
            "input_schema": as_object(tool.get("inputSchema")) or {"type": "object"},
            "annotations": as_object(tool.get("annotations")) or None,
        }
        for tool in objects(result.get("tools"))
        if as_text(tool.get("name"))
    ]


def call_outcome(result: JsonObject, limit: int) -> tuple[str, JsonObject | None, list[JsonObject]]:
    """Text, error and images of a `tools/call` result.

    The text is that of its text parts, else the structured content, cut at `limit` characters;
    what is no text is named in it. A tool's own failure is an `mcp_tool_execution_error`.
    """
    content = objects(result.get("content"))
    texts = [_shown(part) for part in content]
    structured = result.get("structuredContent")
    if not any(part.get("type") == "text" for part in content) and structured is not None:
        texts.append(dumps(structured).decode())
    text = cut("\n".join(texts), limit)
    if result.get("resultType") == "input_required":
        said = "the tool asks its user for more input, which cannot be given here"
        return said, {"type": "mcp_protocol_error", "code": 0, "message": said}, []
    if result.get("isError"):
        shown: list[JsonObject] = [{"type": "text", "text": text}]
        return text, {"type": "mcp_tool_execution_error", "content": shown}, []
    return text, None, _images(content)


def _images(content: list[JsonObject]) -> list[JsonObject]:
    """The images that are small enough to be handed on."""
    kept: list[JsonObject] = []
    left = _IMAGE_CHARS
    for part in content:
        data = as_text(part.get("data"))
        if part.get("type") == "image" and data and len(data) <= left:
            left -= len(data)
            mime = as_text(part.get("mimeType")) or "image/png"
            kept.append({"type": "image", "data": data, "mimeType": mime})
    return kept


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
