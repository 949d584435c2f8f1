"""What an MCP server's results hold: its tools, and what a call came to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resp_core.types.json import dumps
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["call_outcome", "tools_of"]

_IMAGE_CHARS = 8 * 1024 * 1024  # of base64, over all images of one result


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
    text = _cut("\n".join(texts), limit)
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


def _cut(text: str, limit: int) -> str:
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
