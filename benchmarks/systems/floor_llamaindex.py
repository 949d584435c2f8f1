"""The least that any adapter on llama-index-core costs: an LLM that answers from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.systems.llamaindex_driver import LlamaIndexDriver

if TYPE_CHECKING:
    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "LlamaIndexFloor"]


class LlamaIndexFloor(LlamaIndexDriver):
    """A trivial FunctionCallingLLM without network."""

    name = "li-core-floor"
    imports = "from llama_index.core.llms.function_calling import FunctionCallingLLM"

    def build(self, endpoint: Endpoint) -> Any:
        from benchmarks.systems.llamaindex_floor_model import FloorLLM

        return FloorLLM(events=endpoint.events, delay=endpoint.delay / 1000)


SYSTEMS = (LlamaIndexFloor,)
