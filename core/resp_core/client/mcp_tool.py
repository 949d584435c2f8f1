"""The `mcp` tool for a session that is open already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["mcp_tool"]


def mcp_tool(session: Any, *, server_label: str, **fields: Any) -> JsonObject:
    """An `mcp` tool over an opened `ClientSession` of the `mcp` package (1.x or 2.x), or `Client`
    (2.x).

    For servers that HTTP does not reach, such as those over stdio. `fields` are those of any
    mcp tool (`require_approval`, `allowed_tools`, ...). Call it inside the event loop that
    opened the session; raises ArgumentError elsewhere.
    """
    from resp_core.io.sessions import OpenSession  # brings asyncio

    return {
        "type": "mcp",
        "server_label": server_label,
        "session": OpenSession(session),
        **fields,
    }
