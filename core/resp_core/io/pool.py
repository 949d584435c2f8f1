"""Blocking connections of our own, with deadlines that dripping bytes cannot stretch."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, finalize

import httpcore2

from resp_core.io.body import Body
from resp_core.io.rechunk import Joiner, Rechunker
from resp_core.io.shards import Shards, headers_of, pool_settings, request_of, route_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping

    from resp_core.effects import HttpCall, Limits
    from resp_core.io.body import Line
    from resp_core.io.proxies import ProxyTable
    from resp_core.io.shards import Route

__all__ = ["Patience", "SyncPools"]

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
        self._joined = Joiner()

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
        buffer = self._joined.feed(buffer)
        if not buffer:
            return
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


def _seconds(timeout: float | None) -> float | None:
    return timeout.left() if type(timeout) is Patience else timeout


class SyncPools:
    """Blocking connections of one client. Thread-safe; after a fork the child makes its own."""

    def __init__(self, proxies: ProxyTable, verify: Any, environ: Mapping[str, str]) -> None:
        self._proxies = proxies
        self._verify = verify
        self._environ = environ
        self._lock = threading.Lock()
        self._routes: dict[Route, Shards] = {}
        _all_pools.add(self)
        # A client that nobody closed leaves no sockets behind. The routes know nothing of this
        # object, so they outlive it even where a collector frees a whole cycle at once.
        finalize(self, _close_routes, self._routes)

    def open(self, call: HttpCall, monotonic: Callable[[], float], line: Line) -> Body:
        """Send `call`; raises httpcore2's exceptions."""
        shards, index = self._take(route_of(call.url, self._proxies))
        patience = Patience.of(call.limits, monotonic, line)
        timeouts = {
            "connect": min(call.limits.connect, patience.left()),
            "read": patience,
            "write": patience,
            "pool": float(patience),
        }
        try:
            response = shards.pools[index].handle_request(request_of(call, timeouts))
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
            headers_of(response.headers),
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

    def _take(self, route: Route) -> tuple[Shards, int]:
        with self._lock:
            shards = self._routes.get(route)
            if shards is None:
                settings = pool_settings(route, self._verify, self._environ)
                shards = self._routes[route] = Shards(lambda: _sync_pool(settings))
            return shards, shards.take()

    def _give(self, shards: Shards, index: int) -> None:
        with self._lock:
            shards.give(index)


def _sync_pool(settings: dict[str, Any]) -> httpcore2.ConnectionPool:
    return httpcore2.ConnectionPool(network_backend=_Backend(), **settings)


def _close_routes(routes: dict[Route, Shards]) -> None:
    for shards in routes.values():
        for pool in shards.pools:
            pool.close()


_all_pools: WeakSet[SyncPools] = WeakSet()


def _after_fork() -> None:
    for pools in list(_all_pools):
        pools.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
