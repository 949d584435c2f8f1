"""`client.models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from resp_core.client import plan

if TYPE_CHECKING:
    from resp_core.client.async_client import AsyncClient
    from resp_core.client.obj import Result
    from resp_core.client.params import CallOptions
    from resp_core.client.sync_client import Client

__all__ = ["AsyncModels", "Models"]


class Models:
    """The models that a provider offers."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, **options: Unpack[CallOptions]) -> Result:
        """`data`: the models of the client's provider, or of `provider=`."""
        return self._client.answer(plan.operation("models", options))


class AsyncModels:
    """The models that a provider offers."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self, **options: Unpack[CallOptions]) -> Result:
        """`data`: the models of the client's provider, or of `provider=`."""
        return await self._client.answer(plan.operation("models", options))
