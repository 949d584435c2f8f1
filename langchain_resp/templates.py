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


class _Template:
    """A validated object, for copies of it."""

    __slots__ = ("_fields", "_made")

    def __init__(self, validated: BaseModel) -> None:
        self._fields: JsonObject = validated.__dict__.copy()
        # A list or dict of one copy is not that of another.
        self._made: list[tuple[str, Callable[[], Any]]] = [
            (name, value.__class__) for name, value in self._fields.items() if value in ([], {})
        ]

    def fields(self, own: JsonObject) -> JsonObject:
        """All fields of a copy that has these of its own."""
        fields = self._fields.copy()
        for name, make in self._made:
            fields[name] = make()
        fields.update(own)
        return fields


_CHUNK = _Template(AIMessageChunk(content=""))
_CHUNK_GENERATION = _Template(ChatGenerationChunk(message=AIMessageChunk(content="")))
_MESSAGE = _Template(AIMessage(content=""))
_GENERATION = _Template(ChatGeneration(message=AIMessage(content="")))
_RESULT = _Template(ChatResult(generations=[]))
_PROMPT = _Template(ChatPromptValue(messages=[]))


def content_chunk(content: str | list[Any], metadata: dict[str, Any]) -> AIMessageChunk:
    """`AIMessageChunk(content=content, response_metadata=metadata)`."""
    own = {"content": content, "response_metadata": metadata}
    return made(AIMessageChunk, _CHUNK.fields(own), {})


def generation_chunk(message: AIMessageChunk) -> ChatGenerationChunk:
    """`ChatGenerationChunk(message=message)`."""
    text = _text(message.content)
    if text is None:  # for LangChain to find
        return ChatGenerationChunk(message=message)
    own = {"text": text, "message": message}
    return made_flat(ChatGenerationChunk, _CHUNK_GENERATION.fields(own))


def text_message(text: str, metadata: dict[str, Any], usage: UsageMetadata | None) -> AIMessage:
    """`AIMessage(content=text, response_metadata=metadata, usage_metadata=usage)`."""
    own = {"content": text, "response_metadata": metadata, "usage_metadata": usage}
    return made(AIMessage, _MESSAGE.fields(own), {})


def chat_result(message: AIMessage) -> ChatResult:
    """`ChatResult(generations=[ChatGeneration(message=message)])`."""
    text = _text(message.content)
    if text is None:  # for LangChain to find
        return ChatResult(generations=[ChatGeneration(message=message)])
    generation = made_flat(ChatGeneration, _GENERATION.fields({"text": text, "message": message}))
    return made_flat(ChatResult, _RESULT.fields({"generations": [generation]}))


def prompt_value(given: object) -> ChatPromptValue | None:
    """`ChatPromptValue(messages=given)` for a list of messages; None for anything else."""
    if type(given) is not list:
        return None
    messages = cast("list[Any]", given)
    if not all(issubclass(kind, BaseMessage) for kind in set(map(type, messages))):
        return None
    return made(ChatPromptValue, _PROMPT.fields({"messages": messages.copy()}))


def _text(content: str | list[Any]) -> str | None:
    """The text of what most chunks hold: a string, or one block."""
    if isinstance(content, str):
        return content
    block = as_object(content[0]) if len(content) == 1 else {}
    if block.get("type") == "text":
        return block.get("text")
    return "" if block.get("type") == "reasoning" else None
