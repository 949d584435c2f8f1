"""llama-index-llms-openai: `OpenAIResponses` and `OpenAI`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import MODEL
from benchmarks.systems.llamaindex_driver import LlamaIndexDriver

if TYPE_CHECKING:
    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "Chat", "Responses"]


class Responses(LlamaIndexDriver):
    """`OpenAIResponses`."""

    name = "li-openai"
    environment = "llamaindex-peer"
    imports = "from llama_index.llms.openai import OpenAIResponses"
    kind = "OpenAIResponses"

    def build(self, endpoint: Endpoint) -> Any:
        from llama_index.llms import openai

        return getattr(openai, self.kind)(model=MODEL, api_base=endpoint.url, api_key="k")


class Chat(Responses):
    """`OpenAI`."""

    name = "li-openai chat"
    imports = "from llama_index.llms.openai import OpenAI"
    kind = "OpenAI"


SYSTEMS = (Responses, Chat)
