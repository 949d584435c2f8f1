"""`client.embeddings`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from resp_core.client import plan

if TYPE_CHECKING:
    from resp_core.client.async_client import AsyncClient
    from resp_core.client.obj import Result
    from resp_core.client.params import EmbeddingParams
    from resp_core.client.sync_client import Client

__all__ = ["AsyncEmbeddings", "Embeddings"]


class Embeddings:
    """Vectors for texts."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, **params: Unpack[EmbeddingParams]) -> Result:
        """`data`: one `embedding` per input, in order of `index`; and `usage`."""
        return self._client.answer(plan.embeddings(params))


class AsyncEmbeddings:
    """Vectors for texts."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def create(self, **params: Unpack[EmbeddingParams]) -> Result:
        """`data`: one `embedding` per input, in order of `index`; and `usage`."""
        return await self._client.answer(plan.embeddings(params))
