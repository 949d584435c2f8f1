"""A user's own client: httpx or httpx2, sync or async, with whatever transport it carries.

The client's proxies, TLS settings and transports are the user's; ours do not apply. Redirects
are not followed. Nothing is imported: both libraries have the same shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import ArgumentError
from resp_core.io.body import AsyncBody, Body

if TYPE_CHECKING:
    from collections.abc import Callable

    from resp_core.effects import HttpCall
    from resp_core.io.body import Line

__all__ = ["AsyncGuest", "Guest", "check_client"]


def check_client(client: Any, *, asynchronous: bool) -> None:
    """ArgumentError unless `client` is an httpx or httpx2 client of the right kind."""
    name = "http_async_client" if asynchronous else "http_client"
    kinds = {f"{cls.__module__.partition('.')[0]}.{cls.__name__}" for cls in type(client).__mro__}
    wanted, other = ("AsyncClient", "Client") if asynchronous else ("Client", "AsyncClient")
    if not kinds & {f"httpx.{wanted}", f"httpx2.{wanted}"}:
        is_other = kinds & {f"httpx.{other}", f"httpx2.{other}"}
        raise ArgumentError(
            f"{name} must be an httpx2.{wanted} or httpx.{wanted}, "
            f"not {'an ' + other if is_other else type(client).__name__}.",
            param=name,
        )


class Guest:
    """Sends through a user's sync client.

    Each read gets the time left at the start of the request, and the deadline is checked between
    reads of the body; but headers that drip can outlast it, as that loop is the client's own.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def open(self, call: HttpCall, monotonic: Callable[[], float], line: Line) -> Body:
        """Send `call`; raises the client's exceptions."""
        response = self._client.send(
            _request(self._client, call, monotonic), stream=True, follow_redirects=False
        )
        line.stream = response.extensions.get("network_stream")
        return Body(
            response.status_code,
            _headers(response),
            # A mock transport hands over answers that are read already; their stream is not.
            iter(response.stream) if response.is_stream_consumed else response.iter_raw(),
            response.close,
        )

    def close(self) -> None:
        """The client is the user's to close."""


class AsyncGuest:
    """Sends through a user's async client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def open(self, call: HttpCall, monotonic: Callable[[], float]) -> AsyncBody:
        """Send `call`; raises the client's exceptions."""
        response = await self._client.send(
            _request(self._client, call, monotonic), stream=True, follow_redirects=False
        )
        raw = aiter(response.stream) if response.is_stream_consumed else response.aiter_raw()
        return AsyncBody(response.status_code, _headers(response), raw, response.aclose)

    async def close(self) -> None:
        """The client is the user's to close."""


def _request(client: Any, call: HttpCall, monotonic: Callable[[], float]) -> Any:
    limits = call.limits
    left = max(limits.deadline - monotonic(), 0.001)
    idle = left if limits.idle is None else min(limits.idle, left)
    return client.build_request(
        call.method,
        call.url,
        headers=dict(call.headers),
        content=call.content or None,
        timeout=(min(limits.connect, left), idle, idle, left),
    )


def _headers(response: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
