"""`client.models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from resp_core.client import plan
from resp_core.client.pages import AsyncPages, Page
from resp_core.client.params import CallOptions, ModelOptions
from resp_core.client.raw import AsyncRawView, RawModels, RawView

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from resp_core.client.carrier import AsyncCarrier, Carrier
    from resp_core.client.obj import Result
    from resp_core.client.raw import RawAnswer

__all__ = ["AsyncModels", "Models"]


class Models:
    """The models that a provider offers: the client's own, or `provider=`."""

    def __init__(self, client: Carrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawModels[RawAnswer]:
        """The same methods, answering with status, headers and the parsed result."""
        return RawModels(Models(RawView(self._client)))

    def list(self, **options: Unpack[ModelOptions]) -> Page:
        """`data`: the models, under the names that the provider has for them."""
        return self._client.answer(plan.page("models", options, ModelOptions))

    def retrieve(self, model: str, **options: Unpack[CallOptions]) -> Result:
        """One model, by the name that the provider has for it."""
        return self._client.answer(
            plan.operation("models.retrieve", options, CallOptions, ids=(model,))
        )


class AsyncModels:
    """The models that a provider offers: the client's own, or `provider=`."""

    def __init__(self, client: AsyncCarrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawModels[Awaitable[RawAnswer]]:
        """The same methods, answering with status, headers and the parsed result."""
        return RawModels(AsyncModels(AsyncRawView(self._client)))

    def list(self, **options: Unpack[ModelOptions]) -> AsyncPages:
        """`data`: the models, under the names that the provider has for them."""
        return AsyncPages(self._client, plan.page("models", options, ModelOptions))

    async def retrieve(self, model: str, **options: Unpack[CallOptions]) -> Result:
        """One model, by the name that the provider has for it."""
        return await self._client.answer(
            plan.operation("models.retrieve", options, CallOptions, ids=(model,))
        )
