"""Events that LlamaIndex has no class for."""

from __future__ import annotations

from typing import Any

from llama_index_instrumentation.base import BaseEvent

__all__ = ["EmbeddingCostEvent"]


class EmbeddingCostEvent(BaseEvent):
    """What a batch of embeddings cost, as `Cost.to_json` says it, and its reported usage."""

    model: str
    cost: dict[str, Any]
    usage: dict[str, Any] | None = None

    @classmethod
    def class_name(cls) -> str:
        """The name under which handlers know this event."""
        return "EmbeddingCostEvent"
