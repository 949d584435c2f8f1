"""A server that answers in this process: the host of the offline provider."""

from __future__ import annotations

import asyncio
import time
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from resp_core.errors import APIConnectionError
from resp_core.io.body import AsyncBody, Body
from resp_core.offline import OfflineRequest, OfflineState, handle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from resp_core.effects import HttpCall
    from resp_core.io.body import Line
    from resp_core.offline import OfflineReply

__all__ = ["AsyncInProcess", "InProcess", "shared_state"]


class InProcess:
    """Hands requests to the offline server and its chunks back."""

    def __init__(self, state: OfflineState | None = None) -> None:
        self._state = state if state is not None else shared_state()

    def open(self, call: HttpCall, monotonic: Callable[[], float], line: Line) -> Body:
        """Answer `call` without any network."""
        reply = handle(_request(call), self._state)

        def pause(seconds: float) -> None:
            left = call.limits.deadline - monotonic()
            idle = left if call.limits.idle is None else min(call.limits.idle, left)
            time.sleep(max(min(seconds, idle), 0))
            if seconds > idle:
                raise TimeoutError

        if reply.fault is not None:
            pause(reply.fault.first_pause)
        return Body(reply.status, _headers(reply), _pieces(reply, pause), lambda: None)

    def close(self) -> None:
        """Nothing is open."""


def _pieces(reply: OfflineReply, pause: Callable[[float], None]) -> Iterator[bytes]:
    fault = reply.fault
    for chunk in reply.chunks:
        if fault is not None and fault.pause:
            pause(fault.pause)
        yield chunk
    if fault is not None and fault.abort:
        raise APIConnectionError("The offline server broke off the connection.")


class AsyncInProcess:
    """The same, awaited."""

    def __init__(self, state: OfflineState | None = None) -> None:
        self._state = state if state is not None else shared_state()

    async def open(self, call: HttpCall, monotonic: Callable[[], float]) -> AsyncBody:
        """Answer `call` without any network."""
        request = _request(call)
        if b'"mcp' in request.body:  # servers are waited for, and may live on this very loop
            reply = await asyncio.to_thread(handle, request, self._state)
        else:
            reply = handle(request, self._state)
        if reply.fault is not None:
            await asyncio.sleep(reply.fault.first_pause)
        return AsyncBody(reply.status, _headers(reply), self._pieces(reply), self.close)

    async def close(self) -> None:
        """Nothing is open."""

    async def _pieces(self, reply: OfflineReply) -> AsyncIterator[bytes]:
        fault = reply.fault
        for chunk in reply.chunks:
            # Another task gets its turn, as between the reads of a socket.
            await asyncio.sleep(fault.pause if fault is not None else 0)
            yield chunk
        if fault is not None and fault.abort:
            raise APIConnectionError("The offline server broke off the connection.")


@cache
def shared_state() -> OfflineState:
    """The offline server of this process: every client sees the same stored responses."""
    return OfflineState()


def _request(call: HttpCall) -> OfflineRequest:
    parts = urlsplit(call.url)
    return OfflineRequest(
        method=call.method,
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in call.headers.items()},
        body=call.content,
    )


def _headers(reply: OfflineReply) -> dict[str, str]:
    return {name.lower(): value for name, value in reply.headers.items()}
