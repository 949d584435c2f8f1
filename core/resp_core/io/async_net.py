"""Performs the effects of a call, awaited: the twin of `net`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, Protocol

from resp_core.drive import afinish
from resp_core.effects import (
    All,
    Ask,
    Close,
    Counters,
    Load,
    Open,
    Opened,
    Read,
    Save,
    Sleep,
    Token,
)
from resp_core.errors import RespError
from resp_core.io.failures import bare, closed_error, connection_error, deadline_error
from resp_core.io.identity import async_token
from resp_core.io.inflate import inflater
from resp_core.io.net import keep_or_tell
from resp_core.io.sessions import ask_in_loop
from resp_core.io.state import counters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from resp_core.auth.source import Secret
    from resp_core.effects import Answer, Effect, HttpCall, Limits
    from resp_core.io.body import AsyncBody
    from resp_core.io.inflate import Inflater
    from resp_core.io.state import StateStore
    from resp_core.observe.hooks import Hook

__all__ = ["AsyncNet", "AsyncTransport"]

_DRAIN = 0.5  # seconds to wait for the end of a body whose content is already complete
_RELEASE = 1.0  # seconds for what is owed when a call is walked away from


class AsyncTransport(Protocol):
    """Sends a complete request; raises its library's exceptions."""

    async def open(self, call: HttpCall, monotonic: Callable[[], float]) -> AsyncBody: ...

    async def close(self) -> None: ...


class AsyncNet:
    """What the awaited exchanges of one client share."""

    def __init__(
        self,
        transport_for: Callable[[str], AsyncTransport],
        state: StateStore,
        hooks: Sequence[Hook],
    ) -> None:
        self.transport_for = transport_for
        self.state = state
        self.counters = counters_of(state)
        self.hooks = hooks
        self.monotonic = time.monotonic
        self.sleep: Callable[[float], Any] = asyncio.sleep

    def exchange(self) -> _AsyncExchange:
        """The I/O of one call."""
        return _AsyncExchange(self)


class _AsyncExchange:
    __slots__ = ("_body", "_call", "_inflate", "_is_cut", "_net")

    def __init__(self, net: AsyncNet) -> None:
        self._net = net
        self._body: AsyncBody | None = None
        self._call: HttpCall | None = None
        self._inflate: Inflater | Any = None
        self._is_cut = False

    async def perform(self, effect: Effect) -> Answer:
        """Do it; raise what the flow should see."""
        match effect:
            case Read():
                return await self._read()
            case Open(call):
                return await self._open(call)
            case Close():
                await self._drain()
            case Sleep(seconds):
                await self._net.sleep(seconds)
            case Token():
                return await self._token(effect)
            case All(flows):
                return await self._side_by_side(flows)
            case Ask():
                return await ask_in_loop(effect)
            case Load() | Save() if self._net.state.blocks:
                return await asyncio.to_thread(keep_or_tell, effect, self._net)
            case Counters() if self._net.counters.blocks:
                return await asyncio.to_thread(keep_or_tell, effect, self._net)
            case _:
                return keep_or_tell(effect, self._net)
        return None

    async def _side_by_side(self, flows: Sequence[Any]) -> list[Any]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(afinish(flow, self._net.exchange())) for flow in flows]
        except ExceptionGroup as failed:  # the others were cancelled: the first says why
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def release(self, pending: Mapping[str, Effect]) -> None:
        """Close what is open and perform what is owed, shielded; never raises."""
        if self._body is None and not pending:
            return
        task = asyncio.ensure_future(self._finish(pending))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RELEASE):
                await asyncio.shield(task)

    async def interrupt(self) -> None:
        """End the connection under a read that another task is waiting in; that read fails."""
        self._is_cut = True
        await self.abort()

    async def abort(self) -> None:
        """End the connection at once."""
        body, self._body = self._body, None
        if body is not None:
            with contextlib.suppress(Exception):
                await body.close()

    async def _finish(self, pending: Mapping[str, Effect]) -> None:
        await self.abort()
        for effect in pending.values():
            with contextlib.suppress(Exception):
                await self.perform(effect)

    async def _token(self, request: Token) -> Secret:
        try:
            async with asyncio.timeout_at(self._when(request.limits)):
                return await async_token(request)
        except TimeoutError as error:
            raise deadline_error(request.limits) from error

    async def _open(self, call: HttpCall) -> Opened:
        await self.abort()
        net = self._net
        self._call = call
        try:
            async with asyncio.timeout_at(self._when(call.limits)):
                body = await net.transport_for(call.url).open(call, net.monotonic)
        except RespError:
            raise
        except Exception as error:
            raise self._failure(error, call) from bare(error)
        self._body = body
        self._inflate = inflater(body.headers.get("content-encoding", ""), call.limits.body_bytes)
        return Opened(body.status, body.headers)

    async def _read(self) -> bytes:
        body, call = self._body, self._call
        if body is None or call is None:
            return b""
        try:
            while True:
                async with asyncio.timeout_at(self._when(call.limits)):
                    piece = await anext(body.pieces, None)
                if piece is None:
                    if self._is_cut:
                        raise closed_error()
                    self._inflate.close()
                    await self.abort()
                    return b""
                data = self._inflate.feed(piece)
                if data:
                    return data
        except RespError:
            await self.abort()
            raise
        except Exception as error:
            await self.abort()
            raise self._failure(error, call) from bare(error)

    async def _drain(self) -> None:
        body = self._body
        if body is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_DRAIN):
                    while await anext(body.pieces, None) is not None:
                        pass
        await self.abort()

    def _when(self, limits: Limits) -> float:
        """The instant of the loop's clock at which waiting ends."""
        if self._is_cut:
            raise closed_error()
        left = limits.deadline - self._net.monotonic()
        if left <= 0:
            raise deadline_error(limits)
        idle = limits.idle
        return asyncio.get_running_loop().time() + (left if idle is None else min(left, idle))

    def _failure(self, error: Exception, call: HttpCall) -> Exception:
        if self._is_cut:
            return closed_error()
        left = call.limits.deadline - self._net.monotonic()
        return connection_error(error, call.url, call.limits, left=left - 0.002)
