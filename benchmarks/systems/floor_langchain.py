"""The least that any adapter on langchain-core costs: a model that answers from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.systems.langchain_driver import LangChainDriver

if TYPE_CHECKING:
    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "LangChainFloor"]


class LangChainFloor(LangChainDriver):
    """A trivial BaseChatModel without network."""

    name = "lc-core-floor"
    imports = "from langchain_core.language_models.chat_models import BaseChatModel"

    def build(self, endpoint: Endpoint) -> Any:
        from benchmarks.systems.langchain_floor_model import FloorModel

        return FloorModel(events=endpoint.events, delay=endpoint.delay / 1000)


SYSTEMS = (LangChainFloor,)
