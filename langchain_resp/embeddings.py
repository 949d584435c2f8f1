"""`RespEmbeddings`: LangChain embeddings over `resp_core`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from langchain_core.embeddings import Embeddings
from pydantic import Field

from langchain_resp.connected import Connected
from langchain_resp.errors import ProtocolError, langchain_errors
from langchain_resp.sealed import unsealed

__all__ = ["RespEmbeddings"]


class RespEmbeddings(Connected, Embeddings):
    """Embeddings of every provider that `resp_core` knows.

    The options for the connection are those of `ChatResp`. `dimensions` shortens the vectors,
    where the model can. Texts are sent in batches of at most `chunk_size` texts and
    `batch_chars` characters together; the order of the vectors is that of the texts.
    """

    dimensions: int | None = None
    chunk_size: int = Field(default=512, ge=1, le=2048)
    batch_chars: int = Field(default=400_000, ge=1)
    user: str | None = None
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    extra_body: dict[str, Any] | None = None

    _example: ClassVar[str] = "offline/embed"

    def _params(self) -> dict[str, Any]:
        params: dict[str, Any] = {**unsealed(self.model_kwargs), "encoding_format": "float"}
        for name in ("dimensions", "user", "extra_body"):
            if getattr(self, name) is not None:
                params[name] = unsealed(getattr(self, name))
        return params

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:  # type: ignore[override]
        """One vector for each text, in order."""
        vectors: list[list[float]] = []
        params = self._params()
        with langchain_errors():
            for batch in batches(texts, self.chunk_size, self.batch_chars):
                answer: Any = self.client.embeddings.create(input=batch, **params)
                vectors += in_order(answer["data"], len(batch))
        return vectors

    async def aembed_documents(self, texts: Sequence[str]) -> list[list[float]]:  # type: ignore[override]
        """One vector for each text, in order."""
        vectors: list[list[float]] = []
        params = self._params()
        with langchain_errors():
            for batch in batches(texts, self.chunk_size, self.batch_chars):
                answer: Any = await self.async_client.embeddings.create(input=batch, **params)
                vectors += in_order(answer["data"], len(batch))
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        return self.embed_documents([text])[0]

    async def aembed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        return (await self.aembed_documents([text]))[0]


def batches(texts: Sequence[str], count: int, chars: int) -> list[list[str]]:
    """`texts` in order, in lists of at most `count` texts and `chars` characters.

    A text longer than that makes a batch of its own.
    """
    made: list[list[str]] = []
    size = 0
    for text in texts:
        if not made or len(made[-1]) >= count or size + len(text) > chars:
            made.append([])
            size = 0
        made[-1].append(text)
        size += len(text)
    return made


def in_order(data: Sequence[Any], count: int) -> list[list[float]]:
    """The vectors of one answer by their `index`; ProtocolError where some are missing."""
    found = {entry.get("index", place): entry["embedding"] for place, entry in enumerate(data)}
    if sorted(found) != list(range(count)):
        raise ProtocolError(f"{count} texts were sent, {len(found)} vectors came back.")
    return [[float(value) for value in found[place]] for place in range(count)]
