"""RespEmbedding: the embedding models of any provider for LlamaIndex."""

from __future__ import annotations

import base64
from array import array
from typing import TYPE_CHECKING, Any, Literal, cast

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index_instrumentation import get_dispatcher
from pydantic import Field

from llamaindex_resp.connection import ModelConnection
from llamaindex_resp.endpoints import somebody_listens
from llamaindex_resp.events import EmbeddingCostEvent
from resp_core.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from llamaindex_resp.options import EmbeddingOptions
    from resp_core import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["RespEmbedding"]

dispatcher = get_dispatcher(__name__)


class RespEmbedding(ModelConnection, BaseEmbedding):
    """Text embeddings: `RespEmbedding("openai/text-embedding-3-small", dimensions=256)`.

    The options are those of `EmbeddingOptions`. Vectors keep the order of the texts; texts are
    sent as they are. Raises `resp_core` errors.
    """

    embed_batch_size: int = Field(default=100, gt=0, le=2048)
    dimensions: int | None = Field(default=None, gt=0)
    user: str | None = None
    encoding_format: Literal["base64", "float", "base64_int8"] = "base64"
    extra_body: dict[str, Any] = Field(default_factory=dict[str, Any])

    def __init__(self, model: str | None = None, **options: Unpack[EmbeddingOptions]) -> None:
        given = cast("dict[str, Any]", options)
        if "additional_kwargs" in given:
            given["extra_body"] = given.pop("additional_kwargs") or given.get("extra_body")
        super().__init__(model or given.pop("model_name", None), **given)
        self.model_name = self.model

    @classmethod
    def class_name(cls) -> str:
        """The name under which LlamaIndex serialises this class."""
        return "RespEmbedding"

    def _arguments(self, texts: list[str]) -> JsonObject:
        arguments: JsonObject = {"model": self.model, "input": texts}
        arguments["encoding_format"] = self.encoding_format
        if self.dimensions is not None:
            arguments["dimensions"] = self.dimensions
        if self.user is not None:
            arguments["user"] = self.user
        if self.extra_body:
            arguments["extra_body"] = self.extra_body
        return arguments

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        if not texts:
            return []
        return self._vectors(self.client.embeddings.create(**self._arguments(texts)), len(texts))

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        if not texts:
            return []
        answer = await self.async_client.embeddings.create(**self._arguments(texts))
        return self._vectors(answer, len(texts))

    def _vectors(self, answer: Mapping[str, Any], count: int) -> list[list[float]]:
        """The vectors; what they cost is told to whoever listens, as they cannot say it."""
        record: CallRecord | None = getattr(answer, "record", None)
        if record is not None and somebody_listens():
            dispatcher.event(
                EmbeddingCostEvent(
                    model=f"{record.provider}/{record.model or record.deployment}",
                    cost=record.cost.to_json(),
                    usage=record.usage,
                )
            )
        return vectors(answer, count, int8=self.encoding_format == "base64_int8")

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return (await self._aget_text_embeddings([text]))[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await self._aget_text_embedding(query)


def vectors(answer: Mapping[str, Any], count: int, *, int8: bool = False) -> list[list[float]]:
    """The vectors of an embeddings answer by their `index`; ProtocolError if one is missing."""
    found: dict[int, list[float]] = {}
    entries = cast("Sequence[Mapping[str, Any]]", answer["data"])
    for position, entry in enumerate(entries):
        found[entry.get("index", position)] = _floats(entry["embedding"], "b" if int8 else "f")
    if sorted(found) != list(range(count)):
        raise ProtocolError(f"{count} texts were sent and {len(found)} vectors came back.")
    return [found[index] for index in range(count)]


def _floats(value: Any, kind: str) -> list[float]:
    """A vector, also in base64: little-endian 32-bit floats ("f"), or bytes with a sign ("b")."""
    if not isinstance(value, str):
        return list(value)
    numbers: array[float] = array(kind)
    try:
        numbers.frombytes(base64.b64decode(value, validate=True))
    except ValueError as error:
        raise ProtocolError(f"A vector is not encoded as it was asked for: {error}.") from None
    return numbers.tolist() if kind == "f" else list(map(float, numbers))
