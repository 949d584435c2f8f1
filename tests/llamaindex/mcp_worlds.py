"""A model with one MCP server, wherever its calls are run: by the provider, or by us."""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponse
from llama_index.core.tools import FunctionTool

from llamaindex_resp import RespLLM
from tests.mcp.host import Host
from tests.mcp.talk import FORMS, WAYS, WORLDS

CELLS = [(world, way, form) for world in WORLDS for way in WAYS for form in FORMS]
DELETE = "delete the path 'b.txt'"
BOTH = "delete and archive the path 'b.txt'"
MIXED = "look, delete and archive the path 'b.txt', and get_weather in Paris"
FREE_LOOK = {"never": {"tool_names": ["look"]}}


def get_weather(city: str) -> str:
    """Get the weather in a city."""
    return f"sunny in {city}"


WEATHER = FunctionTool.from_defaults(get_weather)


def where(world: str, base_url: str) -> tuple[str, dict[str, Any]]:
    """The model's name and the options that lead there."""
    if world == "hosted":
        return "offline/demo", {}
    if world == "emulated-chat":
        return "offline/demo", {"api": "chat"}
    return "custom/demo", {"base_url": f"{base_url}/v1", "api": "responses", "api_key": "sk-test"}


def made(world: str, base_url: str, host: Host, tool: dict[str, Any], **options: Any) -> RespLLM:
    model, reached = where(world, base_url)
    return RespLLM(
        model,
        built_in_tools=[host.tool(**tool)],
        **{"max_retries": 0, "timeout": 20.0, **reached, **options},
    )


class Chat:
    """One way to call a model: sync or async, plain or streamed."""

    def __init__(self, llm: RespLLM, world: str, way: str, form: str) -> None:
        self.llm, self.world, self.way, self.form = llm, world, way, form
        self.chunks: list[ChatResponse] = []

    def __call__(self, *messages: ChatMessage, tools: Any = None) -> ChatResponse:
        """The answer; streamed, `chunks` holds all, checked to be cumulative."""
        kwargs: dict[str, Any] = {} if tools is None else {"tools": tools}
        if self.way == "async":
            return asyncio.run(self._awaited(list(messages), kwargs))
        if self.form == "plain":
            if tools is not None:
                return self.llm.chat_with_tools(chat_history=list(messages), **PARALLEL, **kwargs)
            return self.llm.chat(messages)
        if tools is not None:
            stream = self.llm.stream_chat_with_tools(
                chat_history=list(messages), **PARALLEL, **kwargs
            )
        else:
            stream = self.llm.stream_chat(messages)
        return self._last(list(stream))

    async def _awaited(self, messages: list[ChatMessage], kwargs: dict[str, Any]) -> ChatResponse:
        tools = {"chat_history": messages, **PARALLEL, **kwargs}
        if self.form == "plain":
            if kwargs:
                return await self.llm.achat_with_tools(**tools)
            return await self.llm.achat(messages)
        if kwargs:
            stream = await self.llm.astream_chat_with_tools(**tools)
        else:
            stream = await self.llm.astream_chat(messages)
        return self._last([chunk async for chunk in stream])

    def _last(self, chunks: list[ChatResponse]) -> ChatResponse:
        self.chunks = chunks
        so_far = ""
        for chunk in chunks:
            so_far += chunk.delta or ""
            assert (chunk.message.content or "") == so_far
        return chunks[-1]


PARALLEL = {"allow_parallel_tool_calls": True}


def user(text: str) -> ChatMessage:
    return ChatMessage(role="user", content=text)


def kinds(answer: ChatResponse) -> list[str]:
    return [item["type"] for item in answer.raw["output"]]
