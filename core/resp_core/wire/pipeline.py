"""From the payloads of one server to what one caller reads.

Four pairs of (caller's wire, server's wire), one `Reader` each. A reader is made anew for every
attempt, so that a failed attempt leaves nothing behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from resp_core.errors import ProtocolError
from resp_core.wire import chat, chat_server
from resp_core.wire.assemble import Assembler
from resp_core.wire.chat_fold import ChatFold
from resp_core.wire.chat_stream import ChatEvents
from resp_core.wire.shape import as_object
from resp_core.wire.stop import StopCut, cut_response
from resp_core.wire.unfold import unfold

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Wire
    from resp_core.wire.ids import NewId
    from resp_core.wire.losses import Losses

__all__ = ["ObjectReader", "Reader", "reader_for"]


class Reader(Protocol):
    """What a flow needs of a pipeline. `result` is in the caller's wire, None until the end."""

    result: JsonObject | None

    @property
    def committed(self) -> bool:
        """Whether the caller has been given content: nothing may be tried again after that."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the terminal event came: what follows it is of no interest."""
        ...

    def add(self, payload: JsonObject, /) -> list[JsonObject]:
        """One payload of a stream; the events or chunks that the caller gets for it."""
        ...

    def close(self, done: bool) -> list[JsonObject]:
        """The end of a stream (`done`: after `[DONE]`). StreamIncomplete if it was cut."""
        ...

    def whole(self, payload: JsonObject) -> JsonObject:
        """The body of a plain answer; sets and returns `result`."""
        ...

    def unfolded(self, payload: JsonObject) -> list[JsonObject]:
        """A plain answer as the stream that the caller asked for; sets `result`."""
        ...

    def partial(self) -> JsonObject | None:
        """What came so far, in the caller's wire; None if nothing did."""
        ...


def reader_for(
    caller: Wire,
    server: Wire,
    request: JsonObject,
    *,
    new_id: NewId,
    losses: Losses,
    stop: tuple[str, ...] = (),
) -> Reader:
    """The reader for a caller and a server; `request` is the caller's own body.

    `stop` are strings that end the text and that the server does not know of.
    """
    if server == "responses":
        if caller == "responses":
            return _Responses(stop)
        return _ChatFromResponses(request, new_id, stop)
    if caller == "chat":
        return _Chat(request)
    return _ResponsesFromChat(request, new_id, losses)


class _Responses:
    __slots__ = ("_assembler", "_stop", "add", "result")

    def __init__(self, stop: tuple[str, ...]) -> None:
        self.result: JsonObject | None = None
        self._assembler = Assembler()
        self._stop = stop
        self.add = StopCut(stop, self._assembler).add if stop else self._assembler.add

    @property
    def committed(self) -> bool:
        return self._assembler.committed

    @property
    def finished(self) -> bool:
        return self._assembler.terminal is not None

    def close(self, done: bool) -> list[JsonObject]:
        self._assembler.close()
        self.result = self._assembler.final
        return []

    def whole(self, payload: JsonObject) -> JsonObject:
        if not isinstance(payload.get("output", [] if "status" in payload else None), list):
            raise ProtocolError("The answer has no `output`: not a response.")
        self.result = cut_response(payload, self._stop) if self._stop else payload
        return self.result

    def unfolded(self, payload: JsonObject) -> list[JsonObject]:
        return _numbered(self._assembler, unfold(self.whole(payload)))

    def partial(self) -> JsonObject | None:
        return self._assembler.partial()


class _ResponsesFromChat:
    __slots__ = ("_assembler", "_events", "_losses", "_new_id", "_request", "result")

    def __init__(self, request: JsonObject, new_id: NewId, losses: Losses) -> None:
        self.result: JsonObject | None = None
        self._request = request
        self._new_id = new_id
        self._losses = losses
        self._assembler = Assembler()
        self._events = ChatEvents(request, new_id)

    @property
    def committed(self) -> bool:
        return self._assembler.committed

    @property
    def finished(self) -> bool:
        return False  # usage may follow the finish reason: only [DONE] ends a Chat stream

    def add(self, payload: JsonObject) -> list[JsonObject]:
        return _numbered(self._assembler, self._events.add(payload))

    def close(self, done: bool) -> list[JsonObject]:
        events = _numbered(self._assembler, self._events.close(done))
        self._assembler.close()
        self.result = self._assembler.final
        return events

    def whole(self, payload: JsonObject) -> JsonObject:
        _demand_choices(payload)
        self.result = chat.decode_response(
            payload, request=self._request, new_id=self._new_id, losses=self._losses
        )
        return self.result

    def unfolded(self, payload: JsonObject) -> list[JsonObject]:
        return _numbered(self._assembler, unfold(self.whole(payload)))

    def partial(self) -> JsonObject | None:
        return self._assembler.partial()


class _ChatFromResponses:
    __slots__ = ("_add", "_assembler", "_chunks", "_completion_id", "_stop", "result")

    def __init__(self, request: JsonObject, new_id: NewId, stop: tuple[str, ...]) -> None:
        self.result: JsonObject | None = None
        self._assembler = Assembler()
        self._stop = stop
        self._add = StopCut(stop, self._assembler).add if stop else self._assembler.add
        self._completion_id = new_id("chatcmpl-")
        options = as_object(request.get("stream_options"))
        self._chunks = chat_server.ChatChunks(
            self._completion_id, include_usage=bool(options.get("include_usage"))
        )

    @property
    def committed(self) -> bool:
        return self._assembler.committed

    @property
    def finished(self) -> bool:
        return self._assembler.terminal is not None

    def add(self, payload: JsonObject) -> list[JsonObject]:
        events = self._add(payload)
        return [chunk for event in events for chunk in self._chunks.add(event)]

    def close(self, done: bool) -> list[JsonObject]:
        self._assembler.close()
        if self._assembler.final is not None:
            self.result = self._encode(self._assembler.final)
        return []

    def whole(self, payload: JsonObject) -> JsonObject:
        self.result = self._encode(self._cut(payload))
        return self.result

    def unfolded(self, payload: JsonObject) -> list[JsonObject]:
        self.whole(payload)
        payload = self._cut(payload)
        return [chunk for event in unfold(payload) for chunk in self._chunks.add(event)]

    def partial(self) -> JsonObject | None:
        response = self._assembler.partial()
        return None if response is None else self._encode(response)

    def _cut(self, response: JsonObject) -> JsonObject:
        return cut_response(response, self._stop) if self._stop else response

    def _encode(self, response: JsonObject) -> JsonObject:
        return chat_server.encode_response(response, completion_id=self._completion_id)


class _Chat:
    __slots__ = ("_fold", "_include_usage", "committed", "result")

    def __init__(self, request: JsonObject) -> None:
        self.result: JsonObject | None = None
        self.committed = False
        self._fold = ChatFold()
        options = as_object(request.get("stream_options"))
        self._include_usage = bool(options.get("include_usage"))

    @property
    def finished(self) -> bool:
        return False  # usage may follow the finish reason: only [DONE] ends a Chat stream

    def add(self, payload: JsonObject) -> list[JsonObject]:
        self._fold.add(payload)
        self.committed = True
        return [payload]

    def close(self, done: bool) -> list[JsonObject]:
        self._fold.close(done)
        self.result = self._fold.result()
        return []

    def whole(self, payload: JsonObject) -> JsonObject:
        _demand_choices(payload)
        self.result = payload
        return payload

    def unfolded(self, payload: JsonObject) -> list[JsonObject]:
        self.whole(payload)
        return chat_server.chunks_of(payload, include_usage=self._include_usage)

    def partial(self) -> JsonObject | None:
        return self._fold.result() if self.committed else None


class ObjectReader:
    """A plain JSON object, whatever it is."""

    __slots__ = ("result",)

    committed = False
    finished = False

    def __init__(self) -> None:
        self.result: JsonObject | None = None

    def add(self, payload: JsonObject) -> list[JsonObject]:
        raise ProtocolError("The server streamed the answer to an operation that has no stream.")

    def close(self, done: bool) -> list[JsonObject]:
        return []

    def whole(self, payload: JsonObject) -> JsonObject:
        self.result = payload
        return payload

    def unfolded(self, payload: JsonObject) -> list[JsonObject]:
        return [self.whole(payload)]

    def partial(self) -> JsonObject | None:
        return None


def _numbered(assembler: Assembler, events: list[JsonObject]) -> list[JsonObject]:
    if len(events) == 1:
        return assembler.add(events[0])
    return [out for event in events for out in assembler.add(event)]


def _demand_choices(payload: JsonObject) -> None:
    if not isinstance(payload.get("choices"), list):
        raise ProtocolError("The answer has no `choices`: not a chat completion.")
