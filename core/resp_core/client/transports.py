"""Which transport serves a URL: the offline server, a user's own client, or our connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.credentials import environ
from resp_core.errors import ArgumentError
from resp_core.io.guest import AsyncGuest, Guest, check_client
from resp_core.io.proxies import ProxyTable

if TYPE_CHECKING:
    from resp_core.client.wiring import Settings
    from resp_core.io.async_net import AsyncTransport
    from resp_core.io.net import Transport

__all__ = ["AsyncTransports", "SyncTransports"]


class SyncTransports:
    """Made on first use, so that a client costs nothing until it calls."""

    def __init__(self, settings: Settings) -> None:
        if settings.transport == "aiohttp":
            raise ArgumentError(
                'transport="aiohttp" serves async clients only: use AsyncClient.',
                param="transport",
            )
        if settings.http_client is not None:
            check_client(settings.http_client, asynchronous=False)
        self._settings = settings
        self._network: Transport | None = None
        self._offline: Transport | None = None

    def choose(self, url: str) -> Transport:
        """The transport for `url`."""
        if url.startswith("offline:"):
            if self._offline is None:
                from resp_core.io.inprocess import InProcess

                self._offline = InProcess()
            return self._offline
        if self._network is None:
            self._network = self._connect()
        return self._network

    def close(self) -> None:
        """Close our connections; the next call makes new ones."""
        if self._network is not None:
            self._network.close()

    def _connect(self) -> Transport:
        settings = self._settings
        if settings.http_client is not None:
            return Guest(settings.http_client)
        _refuse_lonely(settings.http_async_client, "http_async_client", "http_client")
        from resp_core.io.pool import SyncPools

        env = environ()
        return SyncPools(ProxyTable(settings.proxy, env), settings.verify, env)


class AsyncTransports:
    """The same for async calls."""

    def __init__(self, settings: Settings) -> None:
        if settings.http_async_client is not None:
            check_client(settings.http_async_client, asynchronous=True)
        self._settings = settings
        self._network: AsyncTransport | None = None
        self._offline: AsyncTransport | None = None

    def choose(self, url: str) -> AsyncTransport:
        """The transport for `url`."""
        if url.startswith("offline:"):
            if self._offline is None:
                from resp_core.io.inprocess import AsyncInProcess

                self._offline = AsyncInProcess()
            return self._offline
        if self._network is None:
            self._network = self._connect()
        return self._network

    async def close(self) -> None:
        """Close the running loop's connections; the next call makes new ones."""
        if self._network is not None:
            await self._network.close()

    def _connect(self) -> AsyncTransport:
        settings = self._settings
        if settings.http_async_client is not None:
            return AsyncGuest(settings.http_async_client)
        _refuse_lonely(settings.http_client, "http_client", "http_async_client")
        env = environ()
        made: tuple[Any, Any, Any] = (ProxyTable(settings.proxy, env), settings.verify, env)
        if settings.transport == "aiohttp":
            from resp_core.io.aiohttp import AiohttpPools

            return AiohttpPools(*made)
        from resp_core.io.async_pool import AsyncPools

        return AsyncPools(*made)


def _refuse_lonely(given: Any, name: str, wanted: str) -> None:
    """One client cannot serve both worlds; going round it would surprise its owner."""
    if given is not None:
        kind = "asynchronous" if wanted == "http_async_client" else "synchronous"
        raise ArgumentError(
            f"{name} was given, but this call is {kind} and needs {wanted}: pass that too.",
            param=wanted,
        )
