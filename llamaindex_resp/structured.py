"""Answers as instances of a class: the pure parts. `llm` decides when they apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from llama_index.core.program.utils import FlexibleModel, create_flexible_model
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from llamaindex_resp.errors import StructuredOutputError
from resp_core.errors import RefusalError
from resp_core.wire.schema import format_of

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse

    from resp_core.types.json import JsonObject

__all__ = ["PartialObjects", "class_format", "parsed"]

Model = TypeVar("Model", bound=BaseModel)

_formats: WeakKeyDictionary[type, JsonObject] = WeakKeyDictionary()


def class_format(output_cls: type[BaseModel]) -> JsonObject:
    """`text.format` for a class, strict where its schema allows; made once per class."""
    found = _formats.get(output_cls)
    if found is None:
        found = _formats[output_cls] = format_of(output_cls)
    return found


def parsed(output_cls: type[Model], response: ChatResponse) -> Model:
    """The answer as an instance.

    Raises `RefusalError` where the model declined, `StructuredOutputError` where the answer was
    cut or is no such instance.
    """
    refusal = response.message.additional_kwargs.get("refusal")
    if refusal:
        raise RefusalError(f"The model declined: {refusal}", refusal=refusal)
    text = response.message.content or ""
    try:
        return output_cls.model_validate_json(text)
    except ValidationError as error:
        details = response.message.additional_kwargs.get("incomplete_details")
        why = f"it was cut ({details.get('reason')})" if details is not None else str(error)
        raise StructuredOutputError.of(output_cls.__name__, text, why) from None


class PartialObjects:
    """Instances of `output_cls` out of JSON that is still being written.

    Before an instance is whole it is a `FlexibleModel` with the fields that came so far.
    """

    def __init__(self, output_cls: type[BaseModel]) -> None:
        self._output_cls = output_cls
        self._flexible = create_flexible_model(output_cls)
        self._seen: Any = None

    def add(self, text: str) -> BaseModel | FlexibleModel | None:
        """The object as far as `text` tells it; None where nothing new can be read."""
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
