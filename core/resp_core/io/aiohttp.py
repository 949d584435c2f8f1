"""`transport="aiohttp"`: httpx-aiohttp's transport for httpx2, one for each loop and proxy."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit
from weakref import WeakKeyDictionary

from resp_core.errors import ArgumentError
from resp_core.io.async_pool import end_with_loop
from resp_core.io.body import AsyncBody
from resp_core.io.tls import tls_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from resp_core.effects import HttpCall
    from resp_core.io.proxies import ProxyTable

__all__ = ["AiohttpPools"]

_KEEPALIVE = 30.0  # seconds that an idle connection is kept


class AiohttpPools:
    """Awaited connections by aiohttp. Raises httpx2's exceptions."""

    def __init__(self, proxies: ProxyTable, verify: Any, environ: Mapping[str, str]) -> None:
        try:
            from httpx_aiohttp.httpx2 import AiohttpTransport
        except ImportError as error:
            raise ArgumentError(
                'transport="aiohttp" needs httpx-aiohttp: pip install "respkit[aiohttp]".',
                param="transport",
            ) from error
        self._transport = AiohttpTransport
        self._proxies = proxies
        self._verify = verify
        self._environ = environ
        self._loops: WeakKeyDictionary[Any, dict[str | None, Any]] = WeakKeyDictionary()

    async def open(self, call: HttpCall, monotonic: Callable[[], float]) -> AsyncBody:
        """Send `call`. The deadline is the caller's to keep."""
        import httpx2

        transport = await self._route(self._proxies.proxy_for(call.url))
        connect = min(call.limits.connect, max(call.limits.deadline - monotonic(), 0.001))
        request = httpx2.Request(
            call.method,
            call.url,
            headers=dict(call.headers),
            content=call.content,
            extensions={"timeout": {"connect": connect, "read": None, "pool": None}},
        )
        try:
            response = await transport.handle_async_request(request)
        except httpx2.TimeoutException as error:
            # The bridge says so of refusals, resets and unknown hosts as well.
            if isinstance(error.__cause__, TimeoutError):
                raise
            raise httpx2.ConnectError(str(error)) from error.__cause__
        headers = {name.lower(): value for name, value in response.headers.items()}
        return AsyncBody(
            response.status_code, headers, _pieces(response.stream), response.stream.aclose
        )

    async def close(self) -> None:
        """Close the running loop's connections; the next call makes new ones."""
        await _close_all(self._loops.pop(asyncio.get_running_loop(), {}))

    async def _route(self, proxy: str | None) -> Any:
        loop = asyncio.get_running_loop()
        routes = self._loops.get(loop)
        if routes is None:
            made: dict[str | None, Any] = {}
            routes = self._loops[loop] = made
            await end_with_loop(lambda: _close_all(made))
        if proxy not in routes:
            routes[proxy] = self._make(proxy)
        return routes[proxy]

    def _make(self, proxy: str | None) -> Any:
        import aiohttp

        route = None if proxy is None else _proxy(proxy)
        context = tls_context(self._verify, self._environ)
        # Of our own, as the bridge's would keep cookies and allow 100 connections (0: no limit).
        connector = aiohttp.TCPConnector(ssl=context, limit=0, keepalive_timeout=_KEEPALIVE)
        session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )
        return self._transport(
            verify=context,
            trust_env=False,
            client=session,
            proxy=route,
        )


def _proxy(url: str) -> Any:
    """The proxy as httpx2 has it; its password as the header that aiohttp makes of one."""
    import httpx2

    parts = urlsplit(url)
    if parts.scheme.startswith("socks"):
        raise ArgumentError('transport="aiohttp" knows no SOCKS proxies.', param="proxy")
    if not parts.username:
        return httpx2.Proxy(url)
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    basic = base64.b64encode(user.encode()).decode()
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return httpx2.Proxy(bare, headers={"Authorization": f"Basic {basic}"})


async def _pieces(stream: Any) -> AsyncIterator[bytes]:
    import httpx2

    try:
        async for piece in stream:
            yield piece
    except httpx2.TimeoutException as error:
        if isinstance(error.__cause__, TimeoutError):
            raise
        raise httpx2.ReadError(str(error)) from error.__cause__


async def _close_all(routes: dict[str | None, Any]) -> None:
    for transport in routes.values():
        await transport.aclose()
    routes.clear()
