"""llamaindex_resp: `RespLLM` over both APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import MODEL
from benchmarks.systems.llamaindex_driver import LlamaIndexDriver

if TYPE_CHECKING:
    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "Chat", "Responses"]


class Responses(LlamaIndexDriver):
    """`RespLLM(api="responses")`."""

    name = "resp-llamaindex"
    targets = "llamaindex"
    imports = "from llamaindex_resp import RespLLM"
    api = "responses"

    def build(self, endpoint: Endpoint) -> Any:
        from llamaindex_resp import RespLLM

        return RespLLM(model=f"openai/{MODEL}", api=self.api, base_url=endpoint.url, api_key="k")


class Chat(Responses):
    """`RespLLM(api="chat")`."""

    name = "resp-llamaindex chat"
    api = "chat"


SYSTEMS = (Responses, Chat)
