"""Reading JSON whose shape is hoped for, not known: answers leniently, requests strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson

from resp_core.errors import ArgumentError
from resp_core.types.json import dumps

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = [
    "as_object",
    "as_text",
    "is_json_object",
    "items_of",
    "json_text",
    "objects",
    "require_object",
    "require_objects",
]


# These are called dozens of times a call, and a `cast` would be half of what they cost.


def as_object(value: Any) -> JsonObject:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def as_text(value: Any) -> str:
    """`value` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def is_json_object(text: str) -> bool:
    """Whether `text` is one whole JSON object: what the arguments of a finished call are."""
    if not text.rstrip().endswith("}"):
        return False
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def items_of(value: Any) -> list[Any]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]


def objects(value: Any) -> list[JsonObject]:
    """The JSON objects in a list; anything else in it, or instead of it, is left out."""
    entries: list[Any] = items_of(value)
    return [e for e in entries if isinstance(e, dict)]  # pyright: ignore[reportUnknownVariableType]


def json_text(value: Any, param: str) -> str:
    """`value` of a request as JSON text, or an ArgumentError that names `param`."""
    try:
        return dumps(value).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"{param} cannot be sent as JSON: {error}.", param=param) from None


def require_object(value: Any, param: str) -> JsonObject:
    """`value` as a JSON object of a request, or an ArgumentError that names `param`."""
    if not isinstance(value, dict):
        raise ArgumentError(f"{param} must be an object, not {type(value).__name__}.", param=param)
    return cast("JsonObject", value)


def require_objects(value: Any, param: str) -> list[JsonObject]:
    """`value` as a list of JSON objects, or an ArgumentError that names `param`."""
    if not isinstance(value, (list, tuple)):
        raise ArgumentError(
            f"{param} must be a list of objects, not {type(value).__name__}.", param=param
        )
    entries = list(cast("list[Any]", value))
    for n, entry in enumerate(entries):
        if not isinstance(entry, dict):
            require_object(entry, f"{param}[{n}]")
    return entries
