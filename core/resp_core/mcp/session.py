"""One MCP server, spoken to by effects: handshake, tool list, calls.

Streamable HTTP: each message is a POST, answered by JSON or by a stream of events; a stream
that breaks off is taken up again where the server numbered its events. A server that refuses
the handshake because it speaks only the revision without one is spoken to in that.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from resp_core.effects import All, Ask, Close, HttpCall, Limits, Open, Opened, Read
from resp_core.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    McpConnectionError,
    McpError,
    McpTimeout,
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
_TOOLS = 2000
_RESUMES = 3
_ANSWERS = 8  # to a server's own requests, while it answers one of ours
_ERROR_BYTES = 2000


@dataclass(frozen=True, slots=True)
class McpLimits:
    """`deadline` (an instant of `monotonic`); `seconds` for listing all tools, and for a call.

    `body_bytes` caps one answer, `text_chars` what is kept of a tool's output.
    """

    deadline: float
    monotonic: Callable[[], float]
    seconds: float = 60.0
    body_bytes: int = 32 * 1024 * 1024
    text_chars: int = 200_000

    def until(self) -> float:
        """The instant at which something that begins now has to be done."""
        return min(self.deadline, self.monotonic() + self.seconds)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: text, or an error in the form of `mcp_call.error`."""

    output: str | None
    error: JsonObject | None = None
    images: list[JsonObject] = field(default_factory=list["JsonObject"])


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

    def connect(self, until: float) -> Generator[Effect, Answer, None]:
        """The handshake, where it has not been made yet."""
        if self.protocol is not None:
            return
        self.session_id = None
        id = next(self.ids)
        try:
            result = yield from self._request(rpc.initialize(id), id, until)
        except RpcFailure as failure:
            if not rpc.is_modern_only(failure.error):
                raise
            self.protocol = rpc.MODERN
            return
        self.protocol = str(result.get("protocolVersion") or rpc.PROTOCOL)
        yield from self._post(rpc.message("notifications/initialized"), None, until)

    def end(self) -> Generator[Effect, Answer, None]:
        """Tell the server that the session is over; whether it cares is its own business."""
        if self.session_id is not None:
            try:
                yield from self._open("DELETE", None, self.limits.until())
                yield Close()
            except (APIError, HttpFailure):
                return

    def request(
        self, method: str, params: JsonObject, until: float
    ) -> Generator[Effect, Answer, JsonObject]:
        """One request and its result, after the handshake.

        A session that the server has forgotten is begun anew: it has not done anything then.
        """
        yield from self.connect(until)
        try:
            return (yield from self._asked(method, params, until))
        except HttpFailure as failure:
            if failure.status != 404 or self.session_id is None:
                raise
        self.protocol = None
        yield from self.connect(until)
        return (yield from self._asked(method, params, until))

    def _asked(
        self, method: str, params: JsonObject, until: float
    ) -> Generator[Effect, Answer, JsonObject]:
        id = next(self.ids)
        sent = rpc.message(method, params, id=id)
        if self.protocol == rpc.MODERN:
            sent = rpc.modern(sent)
        return (yield from self._request(sent, id, until))

    def _request(
        self, sent: JsonObject, id: int, until: float
    ) -> Generator[Effect, Answer, JsonObject]:
        reply = yield from self._post(sent, id, until)
        if reply is None:
            raise self._failed("sent no answer to a request")
        if reply.get("error") is not None:
            raise RpcFailure(self._told(as_object(reply["error"])))
        return as_object(reply.get("result"))

    def _post(
        self, sent: JsonObject, id: int | None, until: float
    ) -> Generator[Effect, Answer, JsonObject | None]:
        opened = yield from self._open("POST", sent, until)
        self.session_id = opened.headers.get("mcp-session-id") or self.session_id
        reply = None
        if id is not None and opened.status != 202:
            reply = yield from self._reply(opened, id, until)
        yield Close()  # the connection can serve the next request
        return reply

    def _open(
        self, method: str, sent: JsonObject | None, until: float, after: bytes = b""
    ) -> Generator[Effect, Answer, Opened]:
        headers = rpc.post_headers(
            self.server.request_headers(), self.session_id, self.protocol, sent
        )
        if after:
            headers |= {"accept": "text/event-stream", "last-event-id": after.decode("latin-1")}
        limits = self.limits
        http = Limits(until, limits.seconds, body_bytes=limits.body_bytes)
        content = b"" if sent is None else rpc.encode(sent)
        url = self.server.url or ""
        opened: Opened = yield Open(HttpCall(method, url, headers, content, http, stream=True))
        if opened.status >= 300:
            body = b""
            while len(body) < _ERROR_BYTES and (chunk := (yield Read())):
                body += chunk
            raise self._refusal(opened.status, body[:_ERROR_BYTES])
        return opened

    def _refusal(self, status: int, body: bytes) -> Exception:
        """A status that is no success: the JSON-RPC error that it carries, if it does."""
        try:
            errors = [as_object(each.get("error")) for each in rpc.messages_of(body)]
        except ValueError:
            errors = []
        if errors and errors[0].get("code") is not None and status != 404:
            return RpcFailure(self._told(errors[0]))
        return HttpFailure(status, self._clean(body.decode("utf-8", "replace"))[:300])

    def _reply(
        self, opened: Opened, id: int, until: float
    ) -> Generator[Effect, Answer, JsonObject]:
        if "text/event-stream" not in opened.headers.get("content-type", ""):
            body: list[bytes] = []
            while chunk := (yield Read()):
                body.append(chunk)
            found = _answer_in(self._messages(b"".join(body)), id)
            return found if found is not None else self._no_reply()
        reading = _Reading(id, self.limits.body_bytes)
        for _ in range(_RESUMES + 1):
            try:
                found = yield from self._events(reading, until)
            except APITimeoutError:
                raise
            except APIConnectionError:
                if not reading.decoder.last_id:
                    raise
                found = None
            if found is not None:
                return found
            if not reading.decoder.last_id:
                break
            yield from self._open("GET", None, until, after=reading.resumed())
        return self._no_reply()

    def _events(
        self, reading: _Reading, until: float
    ) -> Generator[Effect, Answer, JsonObject | None]:
        while chunk := (yield Read()):
            for _, data in reading.decoder.feed(chunk):
                messages = self._messages(data)
                found = _answer_in(messages, reading.id)
                if found is not None:
                    return found
                for each in messages:
                    if "method" in each and each.get("id") is not None and reading.answers:
                        reading.answers -= 1
                        yield All([self._answer(each, until)])
        return None

    def _answer(self, request: JsonObject, until: float) -> Generator[Effect, Answer, None]:
        """Answer a request of the server's own, beside the stream that it came in."""
        try:
            yield from self._open("POST", rpc.answer_to(request), until)
            yield Close()
        except (APIError, HttpFailure, RpcFailure):
            return

    def _messages(self, data: bytes) -> list[JsonObject]:
        try:
            return rpc.messages_of(data)
        except ValueError:
            raise self._failed("sent something that is no JSON-RPC message") from None

    def _no_reply(self) -> JsonObject:
        raise self._failed("ended its answer without a reply")

    def _failed(self, what: str) -> McpConnectionError:
        return McpConnectionError(
            f"The MCP server {self.server.label!r} {what}.", server_label=self.server.label
        )

    def _told(self, error: JsonObject) -> JsonObject:
        """A server's error without our credentials."""
        return {**error, "message": self._clean(str(error.get("message") or ""))[:2000]}

    def _clean(self, text: str) -> str:
        return redact(" ".join(text.split()), self.server.secrets())


@dataclass(slots=True)
class _Reading:
    """How far the answer to one request has been read."""

    id: int
    most_bytes: int
    answers: int = _ANSWERS
    decoder: SseDecoder = field(init=False)

    def __post_init__(self) -> None:
        self.decoder = SseDecoder(self.most_bytes)

    def resumed(self) -> bytes:
        """Begin a new stream; the id of the last event that came."""
        last = self.decoder.last_id
        self.decoder = SseDecoder(self.most_bytes)
        self.decoder.last_id = last
        return last


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


_FAILURES = (APIError, RpcFailure, HttpFailure)


def list_tools(peer: McpPeer) -> Generator[Effect, Answer, list[JsonObject] | McpError]:
    """The server's tools, all pages; an McpError as a value where it cannot be had."""
    server, until = peer.server, peer.limits.until()
    tools: list[JsonObject] = []
    seen: set[str | None] = set()
    cursor: str | None = None
    try:
        while cursor not in seen and len(seen) < _PAGES and len(tools) <= _TOOLS:
            seen.add(cursor)
            result = yield from _page(peer, cursor, until)
            tools += rpc.tools_of(result)
            cursor = result.get("nextCursor") or None
            if cursor is None:
                return tools
            cursor = str(cursor)
    except _FAILURES as error:
        return _server_error(peer, error)
    return McpConnectionError(
        f"The MCP server {server.label!r} has a list of tools that does not end.",
        server_label=server.label,
    )


def _page(peer: McpPeer, cursor: str | None, until: float) -> Generator[Effect, Answer, JsonObject]:
    server = peer.server
    if server.session is not None:
        seconds = max(until - peer.limits.monotonic(), 0.001)
        return (yield Ask(server.session, "list_tools", (cursor,), seconds))
    params: JsonObject = {} if cursor is None else {"cursor": cursor}
    return (yield from peer.request("tools/list", params, until))


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
            result = yield from peer.request("tools/call", params, until)
        text, error, images = rpc.call_outcome(as_object(result), peer.limits.text_chars)
    except RpcFailure as failure:
        return Outcome(None, _protocol_error(failure.error))
    except HttpFailure as failure:
        return Outcome(None, _http_error(failure.status, failure.text))
    except APIError as failure:
        return Outcome(None, _http_error(0, _server_error(peer, failure).message))
    except RecursionError:
        return Outcome(None, _http_error(0, "the result nests too deeply"))
    return Outcome(_without(text, server.secrets()), error, images)


def _answer_in(messages: list[JsonObject], id: int) -> JsonObject | None:
    """The answer to request `id`; a server's own request may have the same number."""
    return next((each for each in messages if each.get("id") == id and "method" not in each), None)


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
        what = f"answered {error.status}: {error.text or 'no body'}"
        if error.status in (401, 403):
            what += " (is its authorization right?)"
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
