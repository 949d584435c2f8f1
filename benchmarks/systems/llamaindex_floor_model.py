"""An LLM that answers from memory. Imported only when it is built."""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    LLMMetadata,
)
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.function_calling import FunctionCallingLLM

__all__ = ["FloorLLM"]


def _answer(text: str, delta: str | None = None) -> ChatResponse:
    return ChatResponse(message=ChatMessage(role="assistant", content=text), delta=delta)


def _answers(events: int) -> Any:
    text = ""
    for index in range(events):
        delta = f" {index % 10000:04d}"
        text += delta
        yield _answer(text, delta)


class FloorLLM(FunctionCallingLLM):
    """Streams `events` answers; waits `delay` seconds in `achat`."""

    events: int
    delay: float = 0.0

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True, is_function_calling_model=True)

    @llm_chat_callback()
    def chat(self, messages: Any, **kwargs: Any) -> Any:
        return _answer("hello")

    @llm_chat_callback()
    def stream_chat(self, messages: Any, **kwargs: Any) -> Any:
        return _answers(self.events)

    @llm_chat_callback()
    async def achat(self, messages: Any, **kwargs: Any) -> Any:
        if self.delay:
            await asyncio.sleep(self.delay)
        return _answer("hello")

    @llm_chat_callback()
    async def astream_chat(self, messages: Any, **kwargs: Any) -> Any:
        async def produce() -> Any:
            for answer in _answers(self.events):
                yield answer

        return produce()

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        return CompletionResponse(text="hello")

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        return (CompletionResponse(text="hello", delta="hello") for _ in range(1))

    @llm_completion_callback()
    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        return CompletionResponse(text="hello")

    @llm_completion_callback()
    async def astream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        async def produce() -> Any:
            yield CompletionResponse(text="hello", delta="hello")

        return produce()

    def _prepare_chat_with_tools(
        self, tools: Any, user_msg: Any = None, chat_history: Any = None, **kwargs: Any
    ) -> Any:
        specs = [tool.metadata.to_openai_tool() for tool in tools]
        return {"messages": list(chat_history or ()), "tools": specs}
