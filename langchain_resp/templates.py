"""The chunks of a stream, each a copy of one that LangChain validated, with its own content.

A stream makes two pydantic objects for every delta, and checking them anew costs more than
reading the stream. Copies take the way of `pickle`: the state of the first, set on a new object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

__all__ = ["content_chunk", "generation_chunk"]


class _State:
    """What a validated object holds, as copies need it."""

    __slots__ = ("_extra", "_fields", "_made", "_set")

    def __init__(self, validated: BaseModel) -> None:
        state = validated.__getstate__()
        fields: dict[str, Any] = state["__dict__"]
        self._set: set[str] = state["__pydantic_fields_set__"]
        self._extra: dict[str, Any] | None = state["__pydantic_extra__"]
        # A list or dict of one copy is not that of another.
        self._made: list[tuple[str, Callable[[], Any]]] = [
            (name, value.__class__) for name, value in fields.items() if value in ([], {})
        ]
        self._fields = fields

    def of(self, **own: Any) -> dict[Any, Any]:
        """The state of a copy with these fields."""
        fields = self._fields.copy()
        for name, make in self._made:
            fields[name] = make()
        fields.update(own)
        return {
            "__dict__": fields,
            "__pydantic_extra__": None if self._extra is None else {},
            "__pydantic_fields_set__": self._set.copy(),
            "__pydantic_private__": None,
        }


_MESSAGE = _State(AIMessageChunk(content="", response_metadata={}))
_GENERATION = _State(ChatGenerationChunk(message=AIMessageChunk(content="")))


def content_chunk(content: str | list[Any], metadata: dict[str, Any]) -> AIMessageChunk:
    """`AIMessageChunk(content=content, response_metadata=metadata)`."""
    chunk = AIMessageChunk.__new__(AIMessageChunk)
    chunk.__setstate__(_MESSAGE.of(content=content, response_metadata=metadata))
    return chunk


def generation_chunk(message: AIMessageChunk) -> ChatGenerationChunk:
    """`ChatGenerationChunk(message=message)`."""
    content = message.content
    if not isinstance(content, str):  # LangChain reads the text of blocks
        return ChatGenerationChunk(message=message)
    chunk = ChatGenerationChunk.__new__(ChatGenerationChunk)
    chunk.__setstate__(_GENERATION.of(text=content, message=message))
    return chunk
