"""What a LangChain user does with any chat model; a system names the model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import PROMPT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from benchmarks.endpoint import Endpoint

__all__ = ["LangChainDriver"]


class LangChainDriver(ABC):
    """Invokes and streams the model that `build` returns."""

    group = "langchain"
    environment = "main"
    targets: str | None = None

    def __init__(self, endpoint: Endpoint) -> None:
        self._model = self.build(endpoint)
        self._bound: Any = None

    @abstractmethod
    def build(self, endpoint: Endpoint) -> Any:
        """The chat model under measurement."""

    def call(self) -> Any:
        return self._model.invoke(PROMPT)

    async def acall(self) -> Any:
        return await self._model.ainvoke(PROMPT)

    def stream(self) -> Iterator[str]:
        for chunk in self._model.stream(PROMPT):
            yield chunk.text

    async def astream(self) -> AsyncIterator[str]:
        async for chunk in self._model.astream(PROMPT):
            yield chunk.text

    def add_chunks(self) -> Iterator[str]:
        full: Any = None
        for chunk in self._model.stream(PROMPT):
            full = chunk if full is None else full + chunk
        yield full.text

    def _conversation(self) -> Any:
        if self._bound is None:
            from benchmarks.frameworks import langchain_messages, langchain_tools

            self._messages = langchain_messages()
            self._tools = langchain_tools()
            self._bound = self._model.bind_tools(self._tools)
        return self._bound

    def long(self) -> Any:
        return self._conversation().invoke(self._messages)

    def long_bind(self) -> Any:
        self._conversation()
        return self._model.bind_tools(self._tools).invoke(self._messages)
