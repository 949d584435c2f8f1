"""The long conversation and its tools as objects of LangChain and LlamaIndex."""

from __future__ import annotations

from typing import Any

from benchmarks.conversation import (
    TOOL_NAMES,
    TURNS,
    answer,
    arguments,
    question,
    result,
    summary,
)

__all__ = ["langchain_messages", "langchain_tools", "llamaindex_messages", "llamaindex_tools"]


def _functions() -> list[Any]:
    def look_up(query: str, limit: int = 10, exact: bool = False) -> str:
        return query

    # Evaluated annotations: both frameworks read them to build a schema.
    look_up.__annotations__ = {"query": str, "limit": int, "exact": bool, "return": str}
    return [look_up] * len(TOOL_NAMES)


def langchain_messages() -> list[Any]:
    """200 LangChain messages."""
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

    messages: list[Any] = []
    for turn in range(TURNS):
        call_id, name = f"call_{turn:04d}", TOOL_NAMES[turn % 20]
        call = {"name": name, "args": arguments(turn), "id": call_id, "type": "tool_call"}
        messages += [
            HumanMessage(question(turn)),
            AIMessage("", tool_calls=[call]),
            ToolMessage(result(turn), tool_call_id=call_id),
            AIMessage(answer(turn)),
        ]
    return messages


def langchain_tools() -> list[Any]:
    """20 LangChain tools."""
    from langchain_core.tools import StructuredTool

    return [
        StructuredTool.from_function(function, name=name, description=summary(name))
        for name, function in zip(TOOL_NAMES, _functions(), strict=True)
    ]


def llamaindex_messages() -> list[Any]:
    """200 LlamaIndex messages."""
    from llama_index.core.base.llms.types import ChatMessage, ToolCallBlock

    messages: list[Any] = []
    for turn in range(TURNS):
        call_id, name = f"call_{turn:04d}", TOOL_NAMES[turn % 20]
        call = ToolCallBlock(tool_call_id=call_id, tool_name=name, tool_kwargs=arguments(turn))
        messages += [
            ChatMessage(role="user", content=question(turn)),
            ChatMessage(role="assistant", blocks=[call]),
            ChatMessage(
                role="tool", content=result(turn), additional_kwargs={"tool_call_id": call_id}
            ),
            ChatMessage(role="assistant", content=answer(turn)),
        ]
    return messages


def llamaindex_tools() -> list[Any]:
    """20 LlamaIndex tools."""
    from llama_index.core.tools import FunctionTool

    return [
        FunctionTool.from_defaults(function, name=name, description=summary(name))
        for name, function in zip(TOOL_NAMES, _functions(), strict=True)
    ]
