"""Models of LlamaIndex's made without pydantic's checks: their fields are ours, and right.

Streamed chunks are made by the thousand, and checking costs more than everything else in one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["made"]

_Model = TypeVar("_Model", bound=BaseModel)

# The slots of a pydantic model, set without a look-up by name.
_set_fields = vars(BaseModel)["__dict__"].__set__
_set_names = vars(BaseModel)["__pydantic_fields_set__"].__set__
_set_extra = vars(BaseModel)["__pydantic_extra__"].__set__
_set_private = vars(BaseModel)["__pydantic_private__"].__set__


_names: dict[type[BaseModel], set[str]] = {}


def made(cls: type[_Model], fields: JsonObject) -> _Model:
    """A model of all its fields, at a fraction of what `model_construct` costs."""
    names = _names.get(cls)
    if names is None:
        names = _names[cls] = set(cls.model_fields)
    model = object.__new__(cls)
    _set_fields(model, fields)
    _set_names(model, names)
    _set_extra(model, None)
    _set_private(model, None)
    return model
