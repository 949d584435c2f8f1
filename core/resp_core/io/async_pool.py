"""Awaited connections of our own: a set for each event loop, closed when the loop ends."""

from __future__ import annotations

import asyncio
import select
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import httpcore2

from resp_core.io.body import AsyncBody
from resp_core.io.rechunk import Joiner, Rechunker
from resp_core.io.shards import Shards, headers_of, pool_settings, request_of, route_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping

    from resp_core.effects import HttpCall
    from resp_core.io.proxies import ProxyTable
    from resp_core.io.shards import Route

__all__ = ["AsyncPools", "end_with_loop"]


class _AsyncStream(httpcore2.AsyncNetworkStream):
    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner = inner
        self._chunks = Rechunker()
        self._joined = Joiner()
        self._socket = inner.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        while True:
            raw = await self._inner.read(max_bytes, timeout)
            data = self._chunks.feed(raw)
            if data or not raw:
                return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        buffer = self._joined.feed(buffer)
        if not buffer:
            return
        self._chunks.begin()
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's name
    ) -> httpcore2.AsyncNetworkStream:
        return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # asked of every idle connection, for every call
            return _is_readable(self._socket)
        return self._inner.get_extra_info(info)


def _is_readable(sock: Any) -> bool:
    """Whether a socket has bytes to read, or its end: one that is idle should not."""
    descriptor = -1 if sock is None else sock.fileno()
    if descriptor < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class _AsyncBackend(httpcore2.AsyncNetworkBackend):
    def __init__(self) -> None:
        self._inner: httpcore2.AsyncNetworkBackend = cast("Any", httpcore2).AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's name
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        stream = await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return _AsyncStream(stream)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class AsyncPools:
    """Awaited connections of one client: a set per event loop, closed when the loop ends."""

    def __init__(self, proxies: ProxyTable, verify: Any, environ: Mapping[str, str]) -> None:
        self._proxies = proxies
        self._verify = verify
        self._environ = environ
        self._loops: WeakKeyDictionary[Any, dict[Route, Shards]] = WeakKeyDictionary()

    async def open(self, call: HttpCall, monotonic: Callable[[], float]) -> AsyncBody:
        """Send `call`; raises httpcore2's exceptions. The deadline is the caller's to keep."""
        routes = self._loops.get(asyncio.get_running_loop())
        if routes is None:
            routes = await self._begin()
        route = route_of(call.url, self._proxies)
        shards = routes.get(route)
        if shards is None:
            shards = routes[route] = Shards(lambda: self._pool(route))
        index = shards.take()
        connect = min(call.limits.connect, max(call.limits.deadline - monotonic(), 0.001))
        try:
            response = await shards.pools[index].handle_async_request(
                request_of(call, {"connect": connect})
            )
        except BaseException:
            shards.give(index)
            raise
        given = False

        async def close() -> None:
            nonlocal given
            if not given:
                given = True
                try:
                    await response.aclose()
                finally:
                    shards.give(index)

        return AsyncBody(
            response.status, headers_of(response.headers), aiter(response.stream), close
        )

    async def close(self) -> None:
        """Close the running loop's connections; the next call makes new ones."""
        routes = self._loops.pop(asyncio.get_running_loop(), {})
        await _close_all(routes)

    async def _begin(self) -> dict[Route, Shards]:
        routes: dict[Route, Shards] = {}
        loop = asyncio.get_running_loop()
        self._loops[loop] = routes
        await end_with_loop(lambda: _close_all(routes))
        return routes

    def _pool(self, route: Route) -> httpcore2.AsyncConnectionPool:
        return httpcore2.AsyncConnectionPool(
            network_backend=_AsyncBackend(), **pool_settings(route, self._verify, self._environ)
        )


#: Begun generators, one for each set of connections. They drop out when their loop ends.
_keepers: set[AsyncGenerator[None, None]] = set()


async def end_with_loop(close: Callable[[], Awaitable[None]]) -> None:
    """Have `close` awaited when the running loop ends, while it can still do I/O.

    `asyncio.run` closes the async generators that a loop has begun; this begins one.
    """

    async def keep() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            _keepers.discard(keeper)
            await close()

    keeper = keep()
    _keepers.add(keeper)
    await anext(keeper)


async def _close_all(routes: dict[Route, Shards]) -> None:
    for shards in routes.values():
        for pool in shards.pools:
            await pool.aclose()
    routes.clear()
