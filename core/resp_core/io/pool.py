"""Connections of our own: httpcore2 pools, sharded, with deadlines that dripping bytes cannot
stretch.

httpcore2 is the connection layer of httpx2. Its client layer (URL merging, cookies, redirects,
response objects) costs as much as all the rest of a call and does nothing for a request that is
already complete, so calls go to the pool directly.

A pool's bookkeeping grows with its connections, so each pool serves at most `_SHARE` calls at
once and a further one is made when all are busy. The first pool with room is taken: few calls
at once keep using the same few connections.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary, WeakSet, finalize

import httpcore2

from resp_core.io.body import AsyncBody, Body
from resp_core.io.rechunk import Rechunker
from resp_core.io.tls import tls_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping

    from resp_core.effects import HttpCall, Limits
    from resp_core.io.body import Line
    from resp_core.io.proxies import ProxyTable

__all__ = ["AsyncPools", "Patience", "SyncPools", "end_with_loop"]

_SHARE = 12
_KEEPALIVE = 30.0  # seconds that an idle connection is kept
_WRITE_PIECE = 256 * 1024


class Patience(float):
    """A timeout that shrinks: every read gets the time left, at most `idle` seconds.

    httpcore2 hands a request's timeouts down to the network stream untouched, so one object
    per call reaches every read and write of that call. It tells `line` what is being read.
    """

    __slots__ = ("deadline", "idle", "line", "monotonic")

    deadline: float
    idle: float
    line: Line
    monotonic: Callable[[], float]

    @classmethod
    def of(cls, limits: Limits, monotonic: Callable[[], float], line: Line) -> Patience:
        """Patience to the deadline of `limits`, `idle` seconds at a time."""
        self = cls(max(limits.deadline - monotonic(), 0.001))
        self.deadline = limits.deadline
        self.idle = float("inf") if limits.idle is None else limits.idle
        self.monotonic = monotonic
        self.line = line
        return self

    def hurry(self, seconds: float) -> None:
        """Have no more patience than for `seconds`, counted from now."""
        self.deadline = min(self.deadline, self.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that the next read may take; never below a millisecond."""
        return max(min(self.deadline - self.monotonic(), self.idle), 0.001)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner
        self.read_inner = inner.read
        self._chunks = Rechunker()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            raw = self._read(max_bytes, timeout)
            data = self._chunks.feed(raw)
            if data or not raw:
                return data

    def _read(self, max_bytes: int, timeout: float | None) -> bytes:
        if type(timeout) is Patience:
            timeout.line.stream = self._inner
            if timeout.line.is_cut:
                raise httpcore2.ReadError("closed from another thread")
            if timeout.deadline <= timeout.monotonic():
                raise httpcore2.ReadTimeout("the time limit of the call has passed")
            timeout = timeout.left()
        return self.read_inner(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._chunks.begin()
        if len(buffer) <= _WRITE_PIECE:
            self._inner.write(buffer, _seconds(timeout))
            return
        for start in range(0, len(buffer), _WRITE_PIECE):
            self._inner.write(buffer[start : start + _WRITE_PIECE], _seconds(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _seconds(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        # The addresses of a name share the timeout; `socket` would give it to each of them.
        until = None if timeout is None else time.monotonic() + timeout
        failure: Exception | None = None
        for address in _addresses(host, port):
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                break
            try:
                return _Stream(
                    self._inner.connect_tcp(address, port, left, local_address, socket_options)
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectTimeout("timed out")


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore2.ConnectError(error) from error
    return [str(address[4][0]) for address in found]


class _AsyncStream(httpcore2.AsyncNetworkStream):
    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner = inner
        self._chunks = Rechunker()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        while True:
            raw = await self._inner.read(max_bytes, timeout)
            data = self._chunks.feed(raw)
            if data or not raw:
                return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
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
        return self._inner.get_extra_info(info)


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


def _seconds(timeout: float | None) -> float | None:
    return timeout.left() if type(timeout) is Patience else timeout


class _Shards:
    """Pools of one route (direct, or one proxy) and how many calls each serves now."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self.pools: list[Any] = []
        self._busy: list[int] = []

    def take(self) -> int:
        """The index of a pool with room; made if there is none."""
        for index, busy in enumerate(self._busy):
            if busy < _SHARE:
                self._busy[index] += 1
                return index
        self.pools.append(self._make())
        self._busy.append(1)
        return len(self.pools) - 1

    def give(self, index: int) -> None:
        """The call is over."""
        self._busy[index] -= 1


class SyncPools:
    """Blocking connections of one client. Thread-safe; after a fork the child makes its own."""

    def __init__(self, proxies: ProxyTable, verify: Any, environ: Mapping[str, str]) -> None:
        self._proxies = proxies
        self._verify = verify
        self._environ = environ
        self._lock = threading.Lock()
        self._routes: dict[str | None, _Shards] = {}
        _all_pools.add(self)
        # A client that nobody closed leaves no sockets behind. The routes know nothing of this
        # object, so they outlive it even where a collector frees a whole cycle at once.
        finalize(self, _close_routes, self._routes)

    def open(self, call: HttpCall, monotonic: Callable[[], float], line: Line) -> Body:
        """Send `call`; raises httpcore2's exceptions."""
        shards, index = self._take(self._proxies.proxy_for(call.url))
        patience = Patience.of(call.limits, monotonic, line)
        timeouts = {
            "connect": min(call.limits.connect, patience.left()),
            "read": patience,
            "write": patience,
            "pool": float(patience),
        }
        try:
            response = shards.pools[index].handle_request(_request(call, timeouts))
        except BaseException:
            self._give(shards, index)
            raise
        given = False

        def close() -> None:
            nonlocal given
            if not given:
                given = True
                try:
                    response.close()
                finally:
                    self._give(shards, index)

        return Body(
            response.status,
            _headers(response.headers),
            iter(response.stream),
            close,
            patience.hurry,
        )

    def close(self) -> None:
        """Close all connections; the next call makes new ones."""
        with self._lock:
            routes = dict(self._routes)
            self._routes.clear()
        _close_routes(routes)

    def after_fork(self) -> None:
        """In a child: let go of the parent's connections, and of a lock that may be held."""
        self._lock = threading.Lock()
        routes = dict(self._routes)
        self._routes.clear()
        for shards in routes.values():
            for pool in shards.pools:
                for connection in pool.connections:
                    connection.close()  # the descriptor here; the parent's stays open

    def _take(self, proxy: str | None) -> tuple[_Shards, int]:
        with self._lock:
            shards = self._routes.get(proxy)
            if shards is None:
                settings = _pool_settings(proxy, self._verify, self._environ)
                shards = self._routes[proxy] = _Shards(lambda: _sync_pool(settings))
            return shards, shards.take()

    def _give(self, shards: _Shards, index: int) -> None:
        with self._lock:
            shards.give(index)


def _sync_pool(settings: dict[str, Any]) -> httpcore2.ConnectionPool:
    return httpcore2.ConnectionPool(network_backend=_Backend(), **settings)


def _close_routes(routes: dict[str | None, _Shards]) -> None:
    for shards in routes.values():
        for pool in shards.pools:
            pool.close()


_all_pools: WeakSet[SyncPools] = WeakSet()


def _after_fork() -> None:
    for pools in list(_all_pools):
        pools.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class AsyncPools:
    """Awaited connections of one client: a set per event loop, closed when the loop ends."""

    def __init__(self, proxies: ProxyTable, verify: Any, environ: Mapping[str, str]) -> None:
        self._proxies = proxies
        self._verify = verify
        self._environ = environ
        self._loops: WeakKeyDictionary[Any, dict[str | None, _Shards]] = WeakKeyDictionary()

    async def open(self, call: HttpCall, monotonic: Callable[[], float]) -> AsyncBody:
        """Send `call`; raises httpcore2's exceptions. The deadline is the caller's to keep."""
        routes = self._loops.get(asyncio.get_running_loop())
        if routes is None:
            routes = await self._begin()
        proxy = self._proxies.proxy_for(call.url)
        shards = routes.get(proxy)
        if shards is None:
            shards = routes[proxy] = _Shards(lambda: self._pool(proxy))
        index = shards.take()
        connect = min(call.limits.connect, max(call.limits.deadline - monotonic(), 0.001))
        try:
            response = await shards.pools[index].handle_async_request(
                _request(call, {"connect": connect})
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

        return AsyncBody(response.status, _headers(response.headers), aiter(response.stream), close)

    async def close(self) -> None:
        """Close the running loop's connections; the next call makes new ones."""
        routes = self._loops.pop(asyncio.get_running_loop(), {})
        await _close_all(routes)

    async def _begin(self) -> dict[str | None, _Shards]:
        routes: dict[str | None, _Shards] = {}
        loop = asyncio.get_running_loop()
        self._loops[loop] = routes
        await end_with_loop(lambda: _close_all(routes))
        return routes

    def _pool(self, proxy: str | None) -> httpcore2.AsyncConnectionPool:
        return httpcore2.AsyncConnectionPool(
            network_backend=_AsyncBackend(), **_pool_settings(proxy, self._verify, self._environ)
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


async def _close_all(routes: dict[str | None, _Shards]) -> None:
    for shards in routes.values():
        for pool in shards.pools:
            await pool.aclose()
    routes.clear()


def _pool_settings(proxy: str | None, verify: Any, environ: Mapping[str, str]) -> dict[str, Any]:
    context = tls_context(verify, environ)
    settings: dict[str, Any] = {
        "ssl_context": context,
        "max_connections": None,
        "max_keepalive_connections": None,
        "keepalive_expiry": _KEEPALIVE,
    }
    if proxy is not None:
        settings["proxy"] = _proxy(proxy, context)
    return settings


def _proxy(url: str, context: ssl.SSLContext) -> httpcore2.Proxy:
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return httpcore2.Proxy(
        url=f"{parts.scheme}://{parts.hostname}{port}",
        auth=auth,
        ssl_context=context if parts.scheme == "https" else None,
    )


def _request(call: HttpCall, timeouts: Mapping[str, float]) -> httpcore2.Request:
    url, host = _target(call.url)
    headers = [] if "host" in call.headers else [(b"host", host)]
    headers += [(name.encode(), value.encode("latin-1")) for name, value in call.headers.items()]
    if call.content or call.method == "POST":
        headers.append((b"content-length", b"%d" % len(call.content)))
    return httpcore2.Request(
        call.method,
        url,
        headers=headers,
        content=call.content if call.content or call.method == "POST" else None,
        extensions={"timeout": timeouts},
    )


@lru_cache(maxsize=256)
def _target(url: str) -> tuple[httpcore2.URL, bytes]:
    """The parsed URL and the value of its Host header."""
    parsed = httpcore2.URL(url)
    host = b"[%b]" % parsed.host if b":" in parsed.host else parsed.host
    if parsed.port is None or parsed.port == {b"http": 80, b"https": 443}.get(parsed.scheme):
        return parsed, host
    return parsed, b"%b:%d" % (host, parsed.port)


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
