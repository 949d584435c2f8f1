"""Answers as instances of a class: the pure parts. `llm` decides when they apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from llama_index.core.instrumentation.events.llm import (
    LLMStructuredPredictEndEvent,
    LLMStructuredPredictInProgressEvent,
)
from llama_index.core.program.utils import FlexibleModel, create_flexible_model
from llama_index_instrumentation import get_dispatcher
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from llamaindex_resp.errors import StructuredOutputError
from llamaindex_resp.tools import selections
from resp_core.errors import ArgumentError, RefusalError
from resp_core.wire.schema import format_of

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse

    from resp_core.types.json import JsonObject

__all__ = ["GrowingObject", "check_prediction", "class_format", "parsed", "written"]

Model = TypeVar("Model", bound=BaseModel)

dispatcher = get_dispatcher(__name__)

_formats: WeakKeyDictionary[type, JsonObject] = WeakKeyDictionary()


def check_prediction(output_cls: Any, prompt: Any) -> None:
    """Raises ArgumentError for what can be no class of answers, or no prompt."""
    if not (isinstance(output_cls, type) and issubclass(output_cls, BaseModel)):
        raise ArgumentError(
            f"output_cls must be a pydantic model class, not {output_cls!r}: for several things, "
            "give it a field that is a list of them.",
            param="output_cls",
        )
    if not hasattr(prompt, "format_messages"):
        raise ArgumentError(
            f"prompt must be a PromptTemplate, not {type(prompt).__name__}.", param="prompt"
        )


def class_format(output_cls: type[BaseModel]) -> JsonObject:
    """`text.format` for a class, strict where its schema allows; made once per class."""
    found = _formats.get(output_cls)
    if found is None:
        found = _formats[output_cls] = format_of(output_cls)
    return found


def written(response: ChatResponse, by_tool: bool) -> str:
    """The JSON of an answer, or of a chunk as far as it came: its text, or a call's arguments."""
    if not by_tool:
        return response.message.content or ""
    calls: list[Any] = response.message.additional_kwargs.get("tool_calls") or []
    return str(calls[0].function.arguments) if calls else ""


def parsed(output_cls: type[Model], response: ChatResponse, by_tool: bool) -> Model:
    """The answer as an instance.

    Raises `RefusalError` where the model declined, `ToolCallError` where it was to call a tool
    and did not, `StructuredOutputError` where the answer was cut or is no such instance.
    """
    refusal = response.message.additional_kwargs.get("refusal")
    if refusal:
        raise RefusalError(f"The model declined: {refusal}", refusal=refusal)
    if by_tool:
        selections(response.message, demanded=True)
    text = written(response, by_tool)
    try:
        return output_cls.model_validate_json(text)
    except ValidationError as error:
        details = response.message.additional_kwargs.get("incomplete_details")
        why = f"it was cut ({details.get('reason')})" if details is not None else str(error)
        raise StructuredOutputError.of(output_cls.__name__, text, why) from None


class GrowingObject:
    """An instance of `output_cls` out of chunks, told to LlamaIndex as it grows.

    Before it is whole it is a `FlexibleModel` with the fields that came so far. `span_id` is that
    of the call: a generator runs outside its span.
    """

    def __init__(
        self, output_cls: type[BaseModel], by_tool: bool = False, span_id: str | None = None
    ) -> None:
        self._output_cls = output_cls
        self._by_tool = by_tool
        self._span_id = span_id
        self._flexible = create_flexible_model(output_cls)
        self._seen: Any = None
        self._last: ChatResponse | None = None

    def add(self, chunk: ChatResponse) -> BaseModel | FlexibleModel | None:
        """The object as far as a chunk tells it; None where nothing new can be read."""
        self._last = chunk
        found = self.read(written(chunk, self._by_tool))
        if found is not None:
            dispatcher.event(
                LLMStructuredPredictInProgressEvent(output=found, span_id=self._span_id)
            )
        return found

    def read(self, text: str) -> BaseModel | FlexibleModel | None:
        """The object as far as a text, which only ever grows, tells it."""
        try:
            value: Any = from_json(text, allow_partial="trailing-strings")
        except ValueError:
            return None
        if not isinstance(value, dict) or value == self._seen:
            return None
        self._seen = value
        try:
            return self._output_cls.model_validate(value)
        except ValidationError:
            return self._flexible.model_validate(value)

    def end(self) -> None:
        """All chunks came. Raises what `parsed` raises."""
        assert self._last is not None  # a stream that ends has a last chunk
        result = parsed(self._output_cls, self._last, self._by_tool)
        dispatcher.event(LLMStructuredPredictEndEvent(output=result, span_id=self._span_id))
