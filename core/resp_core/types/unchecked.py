"""Pydantic objects past pydantic's checks, where the fields are ours and right.

Streamed chunks are made by the thousand, and checking costs more than everything else in one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["made", "made_flat", "private"]

_Model = TypeVar("_Model", bound=BaseModel)

# The slots of a pydantic model, set without a look-up by name.
_set_fields = vars(BaseModel)["__dict__"].__set__
_set_names = vars(BaseModel)["__pydantic_fields_set__"].__set__
_set_extra = vars(BaseModel)["__pydantic_extra__"].__set__
_set_private = vars(BaseModel)["__pydantic_private__"].__set__
_set_field = object.__setattr__


class _AllFields(set[str]):
    """The names of all fields of a class, for all its objects: what one adds is in no other.

    A copy of one, and what is read from a pickle, is a set like any other.
    """

    def add(self, name: str) -> None:
        """Nothing: the fields are all here, and further ones have a place of their own."""

    def __reduce__(self) -> tuple[type[set[str]], tuple[list[str]]]:
        return set, (list(self),)


_names: dict[type[BaseModel], _AllFields] = {}


def made(cls: type[_Model], fields: JsonObject, extra: JsonObject | None = None) -> _Model:
    """A model of all its fields, at a fraction of what `model_construct` costs.

    It keeps `fields` and `extra`. `extra` holds further fields, {} where a class that takes them
    has none.
    """
    model = object.__new__(cls)
    _set_fields(model, fields)
    return _whole(model, extra)


def made_flat(cls: type[_Model], fields: JsonObject) -> _Model:
    """The same; its fields lie in the object itself until somebody asks for its `__dict__`.

    That is one object for the garbage collector in the place of two.
    """
    model = object.__new__(cls)
    for name, value in fields.items():
        _set_field(model, name, value)
    return _whole(model, None)


def private(model: BaseModel) -> dict[str, Any]:
    """The private attributes of a model, which pydantic is slow to find by name."""
    return model.__pydantic_private__ or {}


def _whole(model: _Model, extra: JsonObject | None) -> _Model:
    cls = type(model)
    names = _names.get(cls)
    if names is None:
        names = _names[cls] = _AllFields(cls.model_fields)
    _set_names(model, names)
    _set_extra(model, extra)
    _set_private(model, None)
    return model
