"""LangChain's objects, each a copy of one that LangChain validated, with its own content.

A stream makes two pydantic objects for every delta, and checking them anew costs more than
reading the stream. LangChain keeps all of them until the stream ends, and the garbage collector
walks them: so they are made of few parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompt_values import ChatPromptValue

from resp_core.types.unchecked import made, made_flat
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.messages.ai import UsageMetadata
    from pydantic import BaseModel

    from resp_core.types.json import JsonObject

__all__ = [
    "chat_result",
    "content_chunk",
    "generation_chunk",
    "prompt_value",
    "text_message",
]


class _Fields:
    """The fields of a validated object, for copies of it."""

    __slots__ = ("_fields", "_made")

    def __init__(self, validated: BaseModel) -> None:
        self._fields: JsonObject = validated.__dict__.copy()
        # A list or dict of one copy is not that of another.
        self._made: list[tuple[str, Callable[[], Any]]] = [
            (name, value.__class__) for name, value in self._fields.items() if value in ([], {})
        ]

    def copy(self) -> JsonObject:
        fields = self._fields.copy()
        for name, make in self._made:
            fields[name] = make()
        return fields


_CHUNK = _Fields(AIMessageChunk(content=""))
_CHUNK_GENERATION = _Fields(ChatGenerationChunk(message=AIMessageChunk(content="")))
_MESSAGE = _Fields(AIMessage(content=""))
_GENERATION = _Fields(ChatGeneration(message=AIMessage(content="")))
_RESULT = _Fields(ChatResult(generations=[]))
_PROMPT = _Fields(ChatPromptValue(messages=[]))


def content_chunk(content: str | list[Any], metadata: dict[str, Any]) -> AIMessageChunk:
    """`AIMessageChunk(content=content, response_metadata=metadata)`."""
    fields = _CHUNK.copy()
    fields["content"] = content
    fields["response_metadata"] = metadata
    return made(AIMessageChunk, fields, {})


def generation_chunk(message: AIMessageChunk) -> ChatGenerationChunk:
    """`ChatGenerationChunk(message=message)`."""
    text = _text(message.content)
    if text is None:  # for LangChain to find
        return ChatGenerationChunk(message=message)
    fields = _CHUNK_GENERATION.copy()
    fields["text"] = text
    fields["message"] = message
    return made_flat(ChatGenerationChunk, fields)


def text_message(text: str, metadata: dict[str, Any], usage: UsageMetadata | None) -> AIMessage:
    """`AIMessage(content=text, response_metadata=metadata, usage_metadata=usage)`."""
    fields = _MESSAGE.copy()
    fields["content"] = text
    fields["response_metadata"] = metadata
    fields["usage_metadata"] = usage
    return made(AIMessage, fields, {})


def chat_result(message: AIMessage) -> ChatResult:
    """`ChatResult(generations=[ChatGeneration(message=message)])`."""
    text = _text(message.content)
    if text is None:  # for LangChain to find
        return ChatResult(generations=[ChatGeneration(message=message)])
    fields = _GENERATION.copy()
    fields["text"] = text
    fields["message"] = message
    result = _RESULT.copy()
    result["generations"] = [made_flat(ChatGeneration, fields)]
    return made_flat(ChatResult, result)


def prompt_value(given: object) -> ChatPromptValue | None:
    """`ChatPromptValue(messages=given)` for a list of messages; None for anything else."""
    if type(given) is not list:
        return None
    messages = cast("list[Any]", given)
    if not all(issubclass(kind, BaseMessage) for kind in set(map(type, messages))):
        return None
    fields = _PROMPT.copy()
    fields["messages"] = messages.copy()
    return made(ChatPromptValue, fields)


def _text(content: str | list[Any]) -> str | None:
    """The text of what most chunks hold: a string, or one block."""
    if isinstance(content, str):
        return content
    block = as_object(content[0]) if len(content) == 1 else {}
    if block.get("type") == "text":
        return block.get("text")
    return "" if block.get("type") == "reasoning" else None
