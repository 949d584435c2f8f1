"""What blocking and awaited connections share: httpcore2's pools, sharded, and its requests.

httpcore2 is the connection layer of httpx2. Its client layer (URL merging, cookies, redirects,
response objects) costs as much as all the rest of a call and does nothing for a request that is
already complete, so calls go to the pool directly.

A pool's bookkeeping grows with its connections, so each pool serves at most `_SHARE` calls at
once and a further one is made when all are busy. The first pool with room is taken: few calls
at once keep using the same few connections.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote, urlsplit

import httpcore2

from resp_core.errors import ArgumentError
from resp_core.io.tls import tls_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping

    from resp_core.effects import HttpCall
    from resp_core.io.proxies import ProxyTable

__all__ = ["Route", "Shards", "headers_of", "pool_settings", "request_of", "route_of"]

_SHARE = 12
_KEEPALIVE = 30.0  # seconds that an idle connection is kept


#: A proxy's URL (None: direct), and whether TLS may be spoken on the way.
Route: TypeAlias = tuple[str | None, bool]


def route_of(url: str, proxies: ProxyTable) -> Route:
    """How to get to `url`. A server on this machine needs no certificates: reading them is dear."""
    proxy = proxies.proxy_for(url)
    return proxy, proxy is not None or url.startswith("https:")


class Shards:
    """Pools of one route and how many calls each serves now."""

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


def pool_settings(route: Route, verify: Any, environ: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of a pool for one route."""
    proxy, tls = route
    context = tls_context(verify, environ) if tls or verify is not True else None
    settings: dict[str, Any] = {
        "ssl_context": context,
        "max_connections": None,
        "max_keepalive_connections": None,
        "keepalive_expiry": _KEEPALIVE,
    }
    if proxy is not None:
        settings["proxy"] = _proxy(proxy, context)
    return settings


def _proxy(url: str, context: ssl.SSLContext | None) -> httpcore2.Proxy:
    parts = urlsplit(url)
    if parts.scheme.startswith("socks") and find_spec("socksio") is None:
        raise ArgumentError(
            "A SOCKS proxy needs the package socksio: pip install socksio.", param="proxy"
        )
    port = f":{parts.port}" if parts.port else ""
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return httpcore2.Proxy(
        url=f"{parts.scheme}://{parts.hostname}{port}",
        auth=auth,
        ssl_context=context if parts.scheme == "https" else None,
    )


def request_of(call: HttpCall, timeouts: Mapping[str, float]) -> httpcore2.Request:
    """`call` as httpcore2 sends it."""
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


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers of an answer, their names in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
