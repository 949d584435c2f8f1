"""`client.embeddings`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from resp_core.client import plan
from resp_core.client.raw import AsyncRawView, RawEmbeddings, RawView

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from resp_core.client.carrier import AsyncCarrier, Carrier
    from resp_core.client.obj import Result
    from resp_core.client.params import EmbeddingParams
    from resp_core.client.raw import RawAnswer

__all__ = ["AsyncEmbeddings", "Embeddings"]


class Embeddings:
    """Vectors for texts."""

    def __init__(self, client: Carrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawEmbeddings[RawAnswer]:
        """The same method, answering with status, headers and the parsed result."""
        return RawEmbeddings(Embeddings(RawView(self._client)))

    def create(self, **params: Unpack[EmbeddingParams]) -> Result:
        """`data`: one `embedding` per input, in order of `index`; and `usage`."""
        return self._client.answer(plan.embeddings(params))


class AsyncEmbeddings:
    """Vectors for texts."""

    def __init__(self, client: AsyncCarrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawEmbeddings[Awaitable[RawAnswer]]:
        """The same method, answering with status, headers and the parsed result."""
        return RawEmbeddings(AsyncEmbeddings(AsyncRawView(self._client)))

    async def create(self, **params: Unpack[EmbeddingParams]) -> Result:
        """`data`: one `embedding` per input, in order of `index`; and `usage`."""
        return await self._client.answer(plan.embeddings(params))
