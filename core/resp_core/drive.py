"""Two drivers pump a flow: one waits, one awaits. Nothing else differs between sync and async.

A flow yields effects and is sent their answers. `Emit` goes to the caller; the rest is performed
by an exchange of `io`. When the flow has ended, however it ended, the driver performs what the
call has left to do (`call.pending`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from resp_core.effects import Emit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping

    from resp_core.effects import Answer, Effect, Opened
    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = [
    "AsyncExchange",
    "Exchange",
    "Flow",
    "acomplete",
    "adrive",
    "afinish",
    "complete",
    "drive",
    "finish",
]


class Flow(Protocol):
    """Something to drive: effects out, answers in, and what to do when it was cut short."""

    @property
    def pending(self) -> Mapping[str, Effect]:
        """Effects still owed when the flow was closed early."""
        ...

    @property
    def result(self) -> JsonObject | None:
        """The answer in the caller's wire; None until the end."""
        ...

    @property
    def record(self) -> CallRecord | None:
        """The record of the call; None until the end."""
        ...

    @property
    def opened(self) -> Opened | None:
        """Status and headers of the last answer."""
        ...

    def run(self) -> Generator[Effect, Answer, None]:
        """The flow itself; its outcome lies on the object, not in a return value."""
        ...


class Exchange(Protocol):
    """The I/O of one call, blocking."""

    def perform(self, effect: Effect) -> Answer:
        """Do it; raise what the flow should see."""
        ...

    def release(self, pending: Mapping[str, Effect]) -> None:
        """Close what is open and perform what is owed; never raises."""
        ...


class AsyncExchange(Protocol):
    """The I/O of one call, awaited."""

    async def perform(self, effect: Effect) -> Answer:
        """Do it; raise what the flow should see."""
        ...

    async def release(self, pending: Mapping[str, Effect]) -> None:
        """Close what is open and perform what is owed, shielded; never raises."""
        ...


def drive(call: Flow, exchange: Exchange) -> Generator[JsonObject, None, None]:
    """Run `call` to its end, yielding what it emits."""
    flow = call.run()
    try:
        effect = flow.send(None)
        while True:
            if type(effect) is Emit:
                yield from effect.events
                effect = flow.send(None)
                continue
            try:
                answer = exchange.perform(effect)
            except Exception as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration:
        return
    finally:
        flow.close()
        exchange.release(call.pending)


async def adrive(call: Flow, exchange: AsyncExchange) -> AsyncGenerator[JsonObject, None]:
    """Run `call` to its end, yielding what it emits."""
    flow = call.run()
    try:
        effect = flow.send(None)
        while True:
            if type(effect) is Emit:
                for event in effect.events:
                    yield event
                effect = flow.send(None)
                continue
            try:
                answer = await exchange.perform(effect)
            except Exception as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration:
        return
    finally:
        flow.close()
        await exchange.release(call.pending)


def complete(call: Flow, exchange: Exchange) -> None:
    """Run `call`, whose events nobody reads, to its end."""
    _pump(call.run(), exchange, call)


def finish(flow: Generator[Effect, Answer, Any], exchange: Exchange) -> Any:
    """Run a sub-flow, which emits nothing, and return its value."""
    return _pump(flow, exchange, None)


def _pump(flow: Generator[Effect, Answer, Any], exchange: Exchange, call: Flow | None) -> Any:
    try:
        effect = flow.send(None)
        while True:
            if type(effect) is Emit:
                effect = flow.send(None)
                continue
            try:
                answer = exchange.perform(effect)
            except Exception as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration as stop:
        return stop.value
    finally:
        flow.close()
        exchange.release({} if call is None else call.pending)


async def acomplete(call: Flow, exchange: AsyncExchange) -> None:
    """Run `call`, whose events nobody reads, to its end."""
    await _apump(call.run(), exchange, call)


async def afinish(flow: Generator[Effect, Answer, Any], exchange: AsyncExchange) -> Any:
    """Run a sub-flow, which emits nothing, and return its value."""
    return await _apump(flow, exchange, None)


async def _apump(
    flow: Generator[Effect, Answer, Any], exchange: AsyncExchange, call: Flow | None
) -> Any:
    try:
        effect = flow.send(None)
        while True:
            if type(effect) is Emit:
                effect = flow.send(None)
                continue
            try:
                answer = await exchange.perform(effect)
            except Exception as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration as stop:
        return stop.value
    finally:
        flow.close()
        await exchange.release({} if call is None else call.pending)
