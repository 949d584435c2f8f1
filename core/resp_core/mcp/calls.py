"""The two things asked of an MCP server: its list of tools, and a call of one.

Over HTTP through a `McpPeer`, or through an opened client session of the `mcp` package.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from resp_core.effects import Ask
from resp_core.errors import (
    APIError,
    APITimeoutError,
    McpConnectionError,
    McpError,
    McpTimeout,
)
from resp_core.mcp import rpc
from resp_core.mcp.headers import argument_headers, mirrors_of
from resp_core.mcp.peer import HttpFailure, RpcFailure
from resp_core.mcp.results import call_outcome, tools_of
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Generator

    from resp_core.effects import Answer, Effect
    from resp_core.mcp.peer import McpPeer
    from resp_core.types.json import JsonObject

__all__ = ["Outcome", "call_tool", "list_tools"]

_PAGES = 100  # of a tool list; more is a server that never ends
_TOOLS = 2000
_FAILURES = (APIError, RpcFailure, HttpFailure)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: text, or an error in the form of `mcp_call.error`."""

    output: str | None
    error: JsonObject | None = None
    images: list[JsonObject] = field(default_factory=list["JsonObject"])


def list_tools(peer: McpPeer) -> Generator[Effect, Answer, list[JsonObject] | McpError]:
    """The server's tools, all pages; an McpError as a value where it cannot be had."""
    until = peer.limits.until()
    tools: list[JsonObject] = []
    seen: set[str | None] = set()
    cursor: str | None = None
    try:
        while cursor not in seen and len(seen) < _PAGES and len(tools) <= _TOOLS:
            seen.add(cursor)
            result = yield from _page(peer, cursor, until)
            tools += tools_of(result)
            cursor = result.get("nextCursor") or None
            if cursor is None:
                return _callable(tools, peer)
            cursor = str(cursor)
    except _FAILURES as error:
        return _server_error(peer, error)
    return McpConnectionError(
        f"The MCP server {peer.server.label!r} has a list of tools that does not end.",
        server_label=peer.server.label,
    )


def _page(peer: McpPeer, cursor: str | None, until: float) -> Generator[Effect, Answer, JsonObject]:
    server = peer.server
    if server.session is not None:
        seconds = max(until - peer.limits.monotonic(), 0.001)
        return (yield Ask(server.session, "list_tools", (cursor,), seconds))
    params: JsonObject = {} if cursor is None else {"cursor": cursor}
    return (yield from peer.request("tools/list", params, until))


def _callable(tools: list[JsonObject], peer: McpPeer) -> list[JsonObject]:
    """The tools that can be called as the server's revision wants it; notes say which cannot."""
    if peer.session is None or peer.session.protocol != rpc.MODERN:
        return tools
    kept: list[JsonObject] = []
    for tool in tools:
        try:
            mirrors = mirrors_of(tool["input_schema"])
        except ValueError as wrong:
            peer.notes.append(f"{tool['name']} of {peer.server.label} is not offered: {wrong}")
            continue
        kept.append(tool)
        if mirrors:
            peer.mirrors[tool["name"]] = mirrors
    return kept


def call_tool(
    peer: McpPeer, name: str, arguments: JsonObject
) -> Generator[Effect, Answer, Outcome]:
    """Call one tool, once. What goes wrong with the server is the outcome's error.

    Raises ArgumentError for an opened session that cannot be asked from here.
    """
    server, until = peer.server, peer.limits.until()
    try:
        if server.session is not None:
            seconds = max(until - peer.limits.monotonic(), 0.001)
            result = yield Ask(server.session, "call_tool", (name, arguments), seconds)
        else:
            params: JsonObject = {"name": name, "arguments": arguments}
            headers = argument_headers(peer.mirrors.get(name, {}), arguments)
            result = yield from peer.request("tools/call", params, until, headers)
        text, error, images = call_outcome(as_object(result), peer.limits.text_chars)
    except RpcFailure as failure:
        return Outcome(None, _protocol_error(failure.error))
    except HttpFailure as failure:
        return Outcome(None, _http_error(failure.status, failure.text))
    except APIError as failure:
        return Outcome(None, _http_error(0, _server_error(peer, failure).message))
    except RecursionError:
        return Outcome(None, _http_error(0, "the result nests too deeply"))
    return Outcome(_without(text, server.secrets()), error, images)


def _without(text: str, secrets: tuple[str, ...]) -> str:
    """A tool's output without our credentials, should the server repeat them."""
    for secret in secrets:
        if len(secret) >= 8:
            text = text.replace(secret, "***")
    return text


def _protocol_error(error: JsonObject) -> JsonObject:
    return {
        "type": "mcp_protocol_error",
        "code": error.get("code"),
        "message": str(error.get("message") or "the server reported an error"),
    }


def _http_error(code: int, text: str) -> JsonObject:
    return {"type": "http_error", "code": code, "message": text}


def _server_error(peer: McpPeer, error: Any) -> McpError:
    label = peer.server.label
    if isinstance(error, McpError):
        return error
    if isinstance(error, HttpFailure):
        what = f"answered {error.status}: {error.text or 'no body'}{_hint(error.status)}"
    elif isinstance(error, RpcFailure):
        what = f"reported an error: {error}"
    elif isinstance(error, APITimeoutError) and error.kind == "total":
        return McpTimeout(
            f"The MCP server {label!r} did not answer within {peer.limits.seconds:g} s "
            "(mcp_timeout=), or the call's own timeout= has passed.",
            server_label=label,
        )
    elif isinstance(error, APITimeoutError):
        return McpTimeout(f"The MCP server {label!r}: {error.message}", server_label=label)
    else:
        what = f"cannot be reached: {error.message}"
    return McpConnectionError(f"The MCP server {label!r} {what}", server_label=label)


def _hint(status: int) -> str:
    if status in (401, 403):
        return " (is its authorization right?)"
    if status in (404, 405):
        return " (is its server_url right? It must speak streamable HTTP, not HTTP+SSE.)"
    return ""
