"""What a LlamaIndex user does with any LLM; a system names the LLM."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import PROMPT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from benchmarks.endpoint import Endpoint

__all__ = ["LlamaIndexDriver"]


class LlamaIndexDriver(ABC):
    """Chats with the LLM that `build` returns."""

    group = "llamaindex"
    environment = "main"
    targets: str | None = None

    def __init__(self, endpoint: Endpoint) -> None:
        from llama_index.core.base.llms.types import ChatMessage

        self._llm = self.build(endpoint)
        self._prompt = [ChatMessage(role="user", content=PROMPT)]
        self._tools: Any = None

    @abstractmethod
    def build(self, endpoint: Endpoint) -> Any:
        """The LLM under measurement."""

    def call(self) -> Any:
        return self._llm.chat(self._prompt)

    async def acall(self) -> Any:
        return await self._llm.achat(self._prompt)

    def stream(self) -> Iterator[str]:
        for answer in self._llm.stream_chat(self._prompt):
            if text := answer.delta:
                yield text

    async def astream(self) -> AsyncIterator[str]:
        async for answer in await self._llm.astream_chat(self._prompt):
            if text := answer.delta:
                yield text

    def long(self) -> Any:
        if self._tools is None:
            from benchmarks.frameworks import llamaindex_messages, llamaindex_tools

            self._messages = llamaindex_messages()
            self._tools = llamaindex_tools()
        return self._llm.chat_with_tools(self._tools, chat_history=self._messages)
