"""Streams: iterators over a driven call that can be closed, and that know how they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, cast

from resp_core.client.obj import Obj, Result

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from types import TracebackType
    from typing import Any, Self

    from resp_core.drive import Flow
    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["AsyncEventStream", "AsyncStream", "EventStream", "Stream"]

EventT = TypeVar("EventT")


class EventStream(Generic[EventT]):
    """Events (Responses) or chunks (Chat) of one call, in order.

    Close it when you stop early, by `with` or `close()`: the connection ends at once, also from
    another thread. After the end, `result` is the whole answer and `record` the record.
    """

    def __init__(
        self,
        call: Flow,
        driven: Generator[JsonObject, None, None],
        interrupt: Callable[[], None],
        wrap: Callable[[JsonObject], EventT] | None = None,
        read: Callable[[Result], Any] | None = None,
    ) -> None:
        self._call = call
        self._driven = driven
        self._interrupt = interrupt
        self._wrap = wrap
        self._read = read
        self._ahead: list[JsonObject] = []

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> EventT:
        event = self._ahead.pop() if self._ahead else next(self._driven)
        return cast("EventT", event) if self._wrap is None else self._wrap(event)

    def begin(self) -> Self:
        """Send the request and wait for the first event, so that a refusal is raised here."""
        if not self._ahead:
            self._ahead.extend([event for event in (next(self._driven, None),) if event])
        return self

    @property
    def result(self) -> JsonObject | None:
        """The whole answer in the caller's wire; None until the stream has ended."""
        return self._call.result

    @property
    def record(self) -> CallRecord | None:
        """The record of the call; None until it has ended."""
        return self._call.record

    def get_final_response(self) -> Any:
        """Read to the end and return the whole answer: a Result, or a ParsedResponse where a
        `text_format` was given."""
        for _ in self:
            pass
        return _final(self._call, self._read)

    get_final_completion = get_final_response

    def until_done(self) -> Self:
        """Read to the end."""
        self.get_final_response()
        return self

    def close(self) -> None:
        """Stop: the connection is closed and the call recorded as cancelled.

        Where another thread is reading, its connection ends under it, and that thread gets
        StreamInterrupted.
        """
        self._ahead.clear()
        try:
            self._driven.close()
        except ValueError:  # the generator is running, in another thread
            self._interrupt()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncEventStream(Generic[EventT]):
    """The same, awaited: close it by `async with` or `await aclose()` when you stop early."""

    def __init__(
        self,
        call: Flow,
        driven: AsyncGenerator[JsonObject, None],
        interrupt: Callable[[], Awaitable[None]],
        wrap: Callable[[JsonObject], EventT] | None = None,
        read: Callable[[Result], Any] | None = None,
    ) -> None:
        self._call = call
        self._driven = driven
        self._interrupt = interrupt
        self._wrap = wrap
        self._read = read
        self._ahead: list[JsonObject] = []

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> EventT:
        event = self._ahead.pop() if self._ahead else await anext(self._driven)
        return cast("EventT", event) if self._wrap is None else self._wrap(event)

    async def begin(self) -> Self:
        """Send the request and wait for the first event, so that a refusal is raised here."""
        if not self._ahead:
            first: Any = await anext(self._driven, None)
            self._ahead.extend([first] if first else [])
        return self

    @property
    def result(self) -> JsonObject | None:
        """The whole answer in the caller's wire; None until the stream has ended."""
        return self._call.result

    @property
    def record(self) -> CallRecord | None:
        """The record of the call; None until it has ended."""
        return self._call.record

    async def get_final_response(self) -> Result:
        """Read to the end and return the whole answer."""
        async for _ in self:
            pass
        return _final(self._call, self._read)

    get_final_completion = get_final_response

    async def until_done(self) -> Self:
        """Read to the end."""
        await self.get_final_response()
        return self

    async def aclose(self) -> None:
        """Stop: the connection is closed and the call recorded as cancelled.

        Where another task is reading, its connection ends under it, and that task gets
        StreamInterrupted.
        """
        self._ahead.clear()
        try:
            await self._driven.aclose()
        except RuntimeError:  # the generator is running, in another task
            await self._interrupt()

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _final(call: Flow, read: Callable[[Result], Any] | None) -> Any:
    result = Result(call.result or {}, call.record)
    return result if read is None else read(result)


Stream = EventStream[Obj]
AsyncStream = AsyncEventStream[Obj]
