"""langchain_resp: `ChatResp` over both APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import MODEL
from benchmarks.systems.langchain_driver import LangChainDriver

if TYPE_CHECKING:
    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "Chat", "Responses"]


class Responses(LangChainDriver):
    """`ChatResp(api="responses")`."""

    name = "resp-langchain"
    targets = "langchain"
    imports = "from langchain_resp import ChatResp"
    api = "responses"

    def build(self, endpoint: Endpoint) -> Any:
        from langchain_resp import ChatResp

        return ChatResp(model=f"openai/{MODEL}", api=self.api, base_url=endpoint.url, api_key="k")


class Chat(Responses):
    """`ChatResp(api="chat")`."""

    name = "resp-langchain chat"
    api = "chat"


SYSTEMS = (Responses, Chat)
