"""langchain-openai: `ChatOpenAI` over both APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import MODEL
from benchmarks.systems.langchain_driver import LangChainDriver

if TYPE_CHECKING:
    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "Chat", "Responses"]


class Responses(LangChainDriver):
    """`ChatOpenAI(use_responses_api=True)`."""

    name = "langchain-openai"
    environment = "openai3"
    imports = "from langchain_openai import ChatOpenAI"
    responses = True

    def build(self, endpoint: Endpoint) -> Any:
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(
            model=MODEL,
            base_url=endpoint.url,
            api_key="k",
            use_responses_api=self.responses,
            stream_usage=True,
        )


class Chat(Responses):
    """`ChatOpenAI(use_responses_api=False)`."""

    name = "langchain-openai chat"
    responses = False


SYSTEMS = (Responses, Chat)
