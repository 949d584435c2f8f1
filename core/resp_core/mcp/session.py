"""One MCP server, spoken to by effects: handshake, tool list, calls.

Streamable HTTP: each message is a POST, answered by JSON or by a stream of events; a stream
that breaks off is taken up again where the server numbered its events.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from resp_core.effects import Ask, Close, HttpCall, Limits, Open, Opened, Read
from resp_core.errors import (
    APIConnectionError,
    APITimeoutError,
    McpConnectionError,
    McpError,
    McpTimeout,
    RespError,
)
from resp_core.mcp import rpc
from resp_core.observe.redact import redact
from resp_core.wire.shape import as_object
from resp_core.wire.sse import SseDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from resp_core.effects import Answer, Effect
    from resp_core.mcp.server import McpServer
    from resp_core.types.json import JsonObject

__all__ = ["McpLimits", "McpPeer", "Outcome", "call_tool", "list_tools"]

_PAGES = 100  # of a tool list; more is a server that never ends
_RESUMES = 3


@dataclass(frozen=True, slots=True)
class McpLimits:
    """`deadline` (an instant of `monotonic`), seconds per request, bytes and characters."""

    deadline: float
    monotonic: Callable[[], float]
    seconds: float = 60.0
    body_bytes: int = 32 * 1024 * 1024
    text_chars: int = 200_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: text, or an error in the form of `mcp_call.error`."""

    output: str | None
    error: JsonObject | None = None
    content: list[JsonObject] = field(default_factory=list["JsonObject"])


@dataclass(slots=True)
class McpPeer:
    """One server as it is spoken to during one response: the handshake is made once.

    Calls may run side by side: request ids come from one counter.
    """

    server: McpServer
    limits: McpLimits
    session_id: str | None = None
    protocol: str | None = None
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def connect(self) -> Generator[Effect, Answer, None]:
        """The handshake, where it has not been made yet."""
        if self.protocol is not None:
            return
        self.session_id = None
        result = yield from self.request("initialize")
        self.protocol = str(result.get("protocolVersion") or rpc.PROTOCOL)
        yield from self._post(rpc.message("notifications/initialized"))

    def end(self) -> Generator[Effect, Answer, None]:
        """Tell the server that the session is over; whether it cares is its own business."""
        if self.session_id is not None:
            try:
                yield from self._open("DELETE", b"", {})
                yield Close()
            except (RespError, HttpFailure):
                return

    def request(
        self, method: str, params: JsonObject | None = None
    ) -> Generator[Effect, Answer, JsonObject]:
        """One request and its result. Raises McpError; a JSON-RPC error is `RpcFailure`."""
        id = next(self.ids)
        sent = rpc.initialize(id) if method == "initialize" else rpc.message(method, params, id=id)
        reply = yield from self._post(sent, id)
        if reply is None:
            raise self._failed("sent no answer to its request")
        error = reply.get("error")
        if error is not None:
            raise RpcFailure(as_object(error))
        return as_object(reply.get("result"))

    def _post(
        self, sent: JsonObject, id: int | None = None
    ) -> Generator[Effect, Answer, JsonObject | None]:
        opened = yield from self._open("POST", rpc.encode(sent), {})
        session_id = opened.headers.get("mcp-session-id")
        if session_id:
            self.session_id = session_id
        reply = None
        if id is not None and opened.status != 202:
            reply = yield from self._reply(opened, id)
        yield Close()  # the connection can serve the next request
        return reply

    def _open(
        self, method: str, content: bytes, extra: dict[str, str]
    ) -> Generator[Effect, Answer, Opened]:
        credentials = self.server.request_headers()
        headers = {**rpc.post_headers(credentials, self.session_id, self.protocol), **extra}
        limits = self.limits
        deadline = min(limits.deadline, limits.monotonic() + limits.seconds)
        http = Limits(deadline, limits.seconds, body_bytes=limits.body_bytes)
        url = self.server.url or ""
        opened: Opened = yield Open(HttpCall(method, url, headers, content, http, stream=True))
        if opened.status >= 300:
            body = b""
            while len(body) < 2000 and (chunk := (yield Read())):
                body += chunk
            raise HttpFailure(opened.status, self._clean(body[:300].decode("utf-8", "replace")))
        return opened

    def _reply(self, opened: Opened, id: int) -> Generator[Effect, Answer, JsonObject]:
        if "text/event-stream" not in opened.headers.get("content-type", ""):
            body = b""
            while chunk := (yield Read()):
                body += chunk
            return self._find(body, id) or self._no_reply()
        decoder = SseDecoder()
        resumes = 0
        while True:
            try:
                found = yield from self._events(decoder, id)
            except APITimeoutError:
                raise
            except APIConnectionError:
                if not decoder.last_id or resumes >= _RESUMES:
                    raise
                found = None
            if found is not None:
                return found
            if not decoder.last_id or resumes >= _RESUMES:
                return self._no_reply()
            resumes += 1
            last = decoder.last_id
            decoder = SseDecoder()
            decoder.last_id = last
            yield from self._open(
                "GET", b"", {"last-event-id": last.decode(), "accept": "text/event-stream"}
            )

    def _events(self, decoder: SseDecoder, id: int) -> Generator[Effect, Answer, JsonObject | None]:
        while chunk := (yield Read()):
            for _, data in decoder.feed(chunk):
                found = self._find(data, id)
                if found is not None:
                    return found
        return None

    def _find(self, data: bytes, id: int) -> JsonObject | None:
        try:
            messages = rpc.messages_of(data)
        except ValueError:
            raise self._failed("sent something that is no JSON-RPC message") from None
        return next((each for each in messages if each.get("id") == id), None)

    def _no_reply(self) -> JsonObject:
        raise self._failed("ended its answer without a reply")

    def _failed(self, what: str) -> McpConnectionError:
        return McpConnectionError(
            f"The MCP server {self.server.label!r} {what}.", server_label=self.server.label
        )

    def _clean(self, text: str) -> str:
        server = self.server
        secrets = [value.removeprefix("Bearer ") for value in server.request_headers().values()]
        return redact(" ".join(text.split()), secrets)


class RpcFailure(Exception):
    """A JSON-RPC error answer."""

    def __init__(self, error: JsonObject) -> None:
        super().__init__(str(error.get("message")))
        self.error = error


class HttpFailure(Exception):
    """An HTTP status instead of an answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def list_tools(peer: McpPeer) -> Generator[Effect, Answer, list[JsonObject] | McpError]:
    """The server's tools, all pages; an McpError as a value where it cannot be had."""
    server = peer.server
    if server.session is not None:
        return (yield from _ask_tools(server, peer.limits))
    try:
        yield from peer.connect()
        tools: list[JsonObject] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            result = yield from peer.request(
                "tools/list", {} if cursor is None else {"cursor": cursor}
            )
            tools += rpc.tools_of(result)
            cursor = result.get("nextCursor")
            if not cursor:
                break
        return tools
    except (RespError, RpcFailure, HttpFailure) as error:
        return _server_error(server, error)


def call_tool(
    peer: McpPeer, name: str, arguments: JsonObject
) -> Generator[Effect, Answer, Outcome]:
    """Call one tool, once. Never raises: what goes wrong is the outcome's error."""
    server = peer.server
    if server.session is not None:
        return (yield from _ask_call(server, name, arguments, peer.limits))
    try:
        yield from peer.connect()
        result = yield from peer.request("tools/call", {"name": name, "arguments": arguments})
    except RpcFailure as failure:
        return Outcome(None, _protocol_error(failure.error))
    except HttpFailure as failure:
        return Outcome(None, _http_error(failure.status, failure.text))
    except RespError as error:
        return Outcome(None, _http_error(0, _server_error(server, error).message))
    return _outcome(result, peer.limits)


def _outcome(result: JsonObject, limits: McpLimits) -> Outcome:
    text, error, content = rpc.call_outcome(result, limits.text_chars)
    return Outcome(text, error, content)


def _ask_tools(
    server: McpServer, limits: McpLimits
) -> Generator[Effect, Answer, list[JsonObject] | McpError]:
    tools: list[JsonObject] = []
    cursor: str | None = None
    try:
        for _ in range(_PAGES):
            result: JsonObject = yield Ask(server.session, "list_tools", (cursor,), limits.seconds)
            tools += rpc.tools_of(result)
            cursor = result.get("nextCursor")
            if not cursor:
                break
    except RespError as error:
        return _server_error(server, error)
    return tools


def _ask_call(
    server: McpServer, name: str, arguments: JsonObject, limits: McpLimits
) -> Generator[Effect, Answer, Outcome]:
    try:
        result: JsonObject = yield Ask(
            server.session, "call_tool", (name, arguments), limits.seconds
        )
    except RespError as error:
        return Outcome(None, _http_error(0, _server_error(server, error).message))
    return _outcome(result, limits)


def _protocol_error(error: JsonObject) -> JsonObject:
    return {
        "type": "mcp_protocol_error",
        "code": error.get("code"),
        "message": str(error.get("message") or "the server reported an error"),
    }


def _http_error(code: int, text: str) -> JsonObject:
    return {"type": "http_error", "code": code, "message": text}


def _server_error(server: McpServer, error: Any) -> McpError:
    label = server.label
    if isinstance(error, McpError):
        return error
    if isinstance(error, HttpFailure):
        what = f"answered {error.status}: {error.text or 'no body'}"
        if error.status in (401, 403):
            what += " (is its authorization right?)"
    elif isinstance(error, RpcFailure):
        what = f"reported an error: {error}"
    elif isinstance(error, APITimeoutError):
        return McpTimeout(
            f"The MCP server {label!r} did not answer in time: {error.message}",
            server_label=label,
        )
    else:
        what = f"cannot be reached: {error}"
    return McpConnectionError(f"The MCP server {label!r} {what}", server_label=label)
