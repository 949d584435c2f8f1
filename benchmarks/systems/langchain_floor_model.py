"""A chat model that answers from memory. Imported only when it is built."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.utils.function_calling import convert_to_openai_tool

__all__ = ["FloorModel"]

_tools: dict[int, Any] = {}


def _result() -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=AIMessage(content="hello"))])


def _chunk(index: int) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=f" {index % 10000:04d}"))


def _convert(tool: Any) -> Any:
    key = id(tool)
    if key not in _tools:
        _tools[key] = convert_to_openai_tool(tool)
    return _tools[key]


class FloorModel(BaseChatModel):
    """Streams `events` chunks; waits `delay` seconds in `ainvoke`."""

    events: int
    delay: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "floor"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self.bind(tools=[_convert(tool) for tool in tools])

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        return _result()

    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
        if self.delay:
            await asyncio.sleep(self.delay)
        return _result()

    def _stream(self, *args: Any, **kwargs: Any) -> Any:
        for index in range(self.events):
            yield _chunk(index)

    async def _astream(self, *args: Any, **kwargs: Any) -> Any:
        for index in range(self.events):
            yield _chunk(index)
