"""One MCP server, spoken to by effects: handshake, requests, goodbye.

Streamable HTTP: each message is a POST, answered by JSON or by a stream of events; a stream
that breaks off is taken up again where the server numbered its events. A server that refuses
the handshake is tried in the revision that has none.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resp_core.effects import All, Close, HttpCall, Limits, Open, Opened, Read, Sleep
from resp_core.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    McpConnectionError,
)
from resp_core.mcp import rpc
from resp_core.mcp.headers import post_headers
from resp_core.observe.redact import redact
from resp_core.wire.shape import as_object, as_text, items_of
from resp_core.wire.sse import SseDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from resp_core.effects import Answer, Effect
    from resp_core.mcp.headers import Mirrors
    from resp_core.mcp.server import McpServer
    from resp_core.types.json import JsonObject

__all__ = ["HttpFailure", "McpLimits", "McpPeer", "RpcFailure", "Session"]

_RESUMES = 3  # in a row that bring nothing new
_RESUME_AFTER = (0.1, 1.0)  # seconds: at least, and where the server does not say
_ANSWERS = 8  # to a server's own requests, while it answers one of ours
_ERROR_BYTES = 2000
_GOODBYE = 1.0  # seconds


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
class Session:
    """What the handshake settled; `id` None: the server keeps no session."""

    protocol: str
    id: str | None = None


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


@dataclass(slots=True)
class McpPeer:
    """One server as it is spoken to during one response: the handshake is made once.

    Calls may run side by side: request ids come from one counter, and a session that ends
    under them is replaced, never changed. `mirrors` are the arguments of tools that go into
    headers too, `notes` what the record of the call should tell.
    """

    server: McpServer
    limits: McpLimits
    session: Session | None = None
    mirrors: dict[str, Mirrors] = field(default_factory=dict[str, "Mirrors"])
    notes: list[str] = field(default_factory=list[str])
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _sessions: list[Session] = field(default_factory=list["Session"])
    _unanswered: dict[int, Session] = field(default_factory=dict[int, "Session"])

    def connect(self, until: float) -> Generator[Effect, Answer, Session]:
        """The handshake, where it has not been made yet."""
        if self.session is None:
            self.session = yield from self._handshake(until)
        return self.session

    def request(
        self,
        method: str,
        params: JsonObject,
        until: float,
        headers: Mapping[str, str] | None = None,
    ) -> Generator[Effect, Answer, JsonObject]:
        """One request and its result, after the handshake.

        A session that the server has forgotten is begun anew: it has not done anything then.
        """
        session = yield from self.connect(until)
        try:
            return (yield from self._ask(session, method, params, until, headers))
        except HttpFailure as failure:
            if failure.status != 404 or session.id is None:
                raise
        session = self.session = yield from self._handshake(until)
        return (yield from self._ask(session, method, params, until, headers))

    def owes_goodbye(self) -> bool:
        """Whether the server waits to hear that something is over."""
        return bool(self._sessions or self._unanswered)

    def goodbye(self) -> Generator[Effect, Answer, None]:
        """Tell the server what nobody waits for, and that its sessions are over.

        Whether it cares is its own business, so this takes a second at most.
        """
        until = self.limits.monotonic() + _GOODBYE
        for id in list(self._unanswered):
            yield from self._give_up(id, until)
        sessions, self._sessions = self._sessions, []
        for session in sessions:
            try:
                yield from self._open("DELETE", None, session, until)
                yield Close()
            except (APIError, HttpFailure, RpcFailure):
                continue

    # -- the handshake

    def _handshake(self, until: float) -> Generator[Effect, Answer, Session]:
        id = next(self._ids)
        try:
            opened, result = yield from self._exchange(rpc.initialize(id), id, None, until)
        except (RpcFailure, HttpFailure) as refusal:
            if not _may_be_modern(refusal):
                raise
            return (yield from self._without_handshake(refusal, until))
        protocol = as_text(result.get("protocolVersion")) or rpc.PROTOCOL
        if protocol not in rpc.HANDSHAKES:
            raise self._failed(f"speaks a revision of MCP unknown here: {self._clean(protocol)!r}")
        session = Session(protocol, opened.headers.get("mcp-session-id"))
        if session.id is not None:
            self._sessions.append(session)
        yield from self._open("POST", rpc.message("notifications/initialized"), session, until)
        yield Close()
        return session

    def _without_handshake(
        self, refusal: RpcFailure | HttpFailure, until: float
    ) -> Generator[Effect, Answer, Session]:
        """A session of the revision without a handshake; the refusal, if that is not spoken."""
        session = Session(rpc.MODERN)
        try:
            found = yield from self._ask(session, "server/discover", {}, until)
        except (RpcFailure, HttpFailure, APIError):
            raise refusal from None
        spoken = items_of(found.get("supportedVersions"))
        if spoken and rpc.MODERN not in spoken:
            raise refusal
        return session

    # -- messages

    def _ask(
        self,
        session: Session,
        method: str,
        params: JsonObject,
        until: float,
        headers: Mapping[str, str] | None = None,
    ) -> Generator[Effect, Answer, JsonObject]:
        id = next(self._ids)
        sent = rpc.message(method, params, id=id)
        if session.protocol == rpc.MODERN:
            sent = rpc.modern(sent)
        self._unanswered[id] = session
        try:
            _, result = yield from self._exchange(sent, id, session, until, headers)
        except APITimeoutError:
            now = self.limits.monotonic()
            if now < self.limits.deadline:  # else there is no time left but for the goodbye
                yield from self._give_up(id, now + _GOODBYE)
            raise
        except (RpcFailure, HttpFailure, McpConnectionError):
            del self._unanswered[id]
            raise
        del self._unanswered[id]
        return result

    def _exchange(
        self,
        sent: JsonObject,
        id: int,
        session: Session | None,
        until: float,
        headers: Mapping[str, str] | None = None,
    ) -> Generator[Effect, Answer, tuple[Opened, JsonObject]]:
        """A request, and the result that it gets."""
        opened = yield from self._open("POST", sent, session, until, headers)
        if opened.status == 202:
            raise self._failed("sent no answer to a request")
        reply = yield from self._reply(opened, id, session, until)
        yield Close()  # the connection can serve the next request
        if reply.get("error") is not None:
            raise RpcFailure(self._told(as_object(reply["error"])))
        return opened, as_object(reply.get("result"))

    def _give_up(self, id: int, until: float) -> Generator[Effect, Answer, None]:
        """Tell the server that nobody waits for request `id`, so that it can stop.

        In the revision without a handshake the closed connection says so.
        """
        session = self._unanswered.pop(id)
        if session.protocol != rpc.MODERN:
            yield from self._say(rpc.cancelled(id), session, until)

    def _say(
        self, sent: JsonObject, session: Session, until: float
    ) -> Generator[Effect, Answer, None]:
        """Something that the server may or may not hear."""
        try:
            yield from self._open("POST", sent, session, until)
            yield Close()
        except (APIError, HttpFailure, RpcFailure):
            return

    def _open(
        self,
        method: str,
        sent: JsonObject | None,
        session: Session | None,
        until: float,
        more: Mapping[str, str] | None = None,
    ) -> Generator[Effect, Answer, Opened]:
        id, protocol = (None, None) if session is None else (session.id, session.protocol)
        headers = post_headers(self.server.request_headers(), id, protocol, sent)
        headers.update(more or {})
        limits = self.limits
        http = Limits(until, limits.seconds, body_bytes=limits.body_bytes)
        content = b"" if sent is None else rpc.encode(sent)
        url = self.server.url or ""
        opened: Opened = yield Open(HttpCall(method, url, headers, content, http, stream=True))
        if opened.status >= 300:
            body = b""
            while len(body) < _ERROR_BYTES and (chunk := (yield Read())):
                body += chunk
            raise self._refusal(opened.status, body[:_ERROR_BYTES], forgets=id is not None)
        return opened

    def _refusal(self, status: int, body: bytes, *, forgets: bool) -> RpcFailure | HttpFailure:
        """A status that is no success: the JSON-RPC error that it carries, if it does.

        Where a session stands (`forgets`), a 404 says that the server has forgotten it.
        """
        try:
            errors = [as_object(each.get("error")) for each in rpc.messages_of(body)]
        except ValueError:
            errors = []
        if errors and errors[0].get("code") is not None and not (forgets and status == 404):
            return RpcFailure(self._told(errors[0]))
        return HttpFailure(status, self._clean(body.decode("utf-8", "replace"))[:300])

    # -- answers

    def _reply(
        self, opened: Opened, id: int, session: Session | None, until: float
    ) -> Generator[Effect, Answer, JsonObject]:
        if "text/event-stream" not in opened.headers.get("content-type", ""):
            body: list[bytes] = []
            while chunk := (yield Read()):
                body.append(chunk)
            found = _answer_in(self._messages(b"".join(body)), id)
        else:
            found = yield from self._streamed(id, session, until)
        if found is None:
            raise self._failed("ended its answer without a reply")
        return found

    def _streamed(
        self, id: int, session: Session | None, until: float
    ) -> Generator[Effect, Answer, JsonObject | None]:
        """The answer in a stream, which may end and go on; None where it does not come."""
        numbered = session is not None and session.protocol != rpc.MODERN
        reading = _Reading(id, self.limits.body_bytes, numbered)
        fruitless = 0
        while True:
            seen = reading.decoder.last_id
            try:
                found = yield from self._events(reading, session, until)
            except APITimeoutError:
                raise
            except APIConnectionError:
                if not reading.can_resume():
                    raise
                found = None
            if found is not None or not reading.can_resume():
                return found
            fruitless = fruitless + 1 if reading.decoder.last_id == seen else 0
            if fruitless > _RESUMES or not (yield from self._resume(reading, session, until)):
                return None

    def _resume(
        self, reading: _Reading, session: Session | None, until: float
    ) -> Generator[Effect, Answer, bool]:
        """Open the rest of a stream that broke off; False where the server has none."""
        wait = reading.wait()
        yield Sleep(min(wait, max(until - self.limits.monotonic(), 0.0)))
        last = reading.resumed()
        after = {"accept": "text/event-stream", "last-event-id": last.decode("latin-1")}
        try:
            yield from self._open("GET", None, session, until, after)
        except APITimeoutError:
            raise
        except APIConnectionError:
            return True  # nothing to read now; the next attempt may reach it
        except (HttpFailure, RpcFailure):
            return False
        return True

    def _events(
        self, reading: _Reading, session: Session | None, until: float
    ) -> Generator[Effect, Answer, JsonObject | None]:
        while chunk := (yield Read()):
            for _, data in reading.decoder.feed(chunk):
                messages = self._messages(data) if data else []
                found = _answer_in(messages, reading.id)
                if found is not None:
                    return found
                for each in messages:
                    if "method" in each and each.get("id") is not None and reading.answers:
                        reading.answers -= 1
                        yield from self._answer(each, session, until)
        return None

    def _answer(
        self, request: JsonObject, session: Session | None, until: float
    ) -> Generator[Effect, Answer, None]:
        """Answer a request of the server's own, beside the stream that it came in."""
        if session is not None and session.protocol != rpc.MODERN:
            yield All([self._say(rpc.answer_to(request), session, until)])

    def _messages(self, data: bytes) -> list[JsonObject]:
        try:
            return rpc.messages_of(data)
        except ValueError:
            raise self._failed("sent something that is no JSON-RPC message") from None

    # -- texts

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
    """How far the answer to one request has been read; `numbered`: its events may have ids."""

    id: int
    most_bytes: int
    numbered: bool
    answers: int = _ANSWERS
    decoder: SseDecoder = field(init=False)

    def __post_init__(self) -> None:
        self.decoder = SseDecoder(self.most_bytes)

    def can_resume(self) -> bool:
        """Whether the server can be asked for what came after the last event."""
        last = self.decoder.last_id.decode("latin-1")
        return self.numbered and bool(last) and last.isprintable()

    def wait(self) -> float:
        """Seconds to wait before the stream is taken up again: as the server asked."""
        least, usual = _RESUME_AFTER
        asked = self.decoder.retry
        return usual if asked is None else max(asked / 1000, least)

    def resumed(self) -> bytes:
        """Begin a new stream; the id of the last event that came."""
        last, asked = self.decoder.last_id, self.decoder.retry
        self.decoder = SseDecoder(self.most_bytes)
        self.decoder.last_id, self.decoder.retry = last, asked
        return last


def _answer_in(messages: list[JsonObject], id: int) -> JsonObject | None:
    """The answer to request `id`; a server's own request may have the same number."""
    return next((each for each in messages if each.get("id") == id and "method" not in each), None)


def _may_be_modern(refusal: RpcFailure | HttpFailure) -> bool:
    if isinstance(refusal, RpcFailure):
        return rpc.may_be_modern(refusal.error)
    return refusal.status == 400
