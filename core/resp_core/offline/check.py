"""Parameters against tables: kinds, closed lists and bounds, refused in OpenAI's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from resp_core.offline.problem import Problem, bad_type, bad_value, unknown_parameter

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["Param", "all_objects", "check_metadata", "check_params"]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "string or object": (str, dict),
    "string or array": (str, list),
    "any": (object,),
}
_SPOKEN = {
    "string": "a string",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
    "string or object": "one of a string or object",
    "string or array": "one of a string or array",
}


@dataclass(frozen=True, slots=True)
class Param:
    """What one parameter takes. `low` and `high` bound a number, `longest` a string or array."""

    kind: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    longest: int | None = None
    fields: Mapping[str, Param] | None = None


def check_params(body: JsonObject, table: Mapping[str, Param], prefix: str = "") -> None:
    """Raise the `Problem` of the first parameter that is unknown or wrong. Null means absent."""
    for name, value in body.items():
        param = table.get(name)
        path = f"{prefix}.{name}" if prefix else name
        if param is None:
            raise unknown_parameter(path)
        if value is not None:
            _check(path, value, param)


def _check(path: str, value: Any, param: Param) -> None:
    types = _TYPES[param.kind]
    if not isinstance(value, types) or (isinstance(value, bool) and param.kind in _NUMERIC):
        raise bad_type(path, _SPOKEN[param.kind], value)
    if param.values and isinstance(value, str) and value not in param.values:
        raise bad_value(path, value, param.values)
    if param.kind in _NUMERIC:
        _check_bounds(path, cast("float", value), param)
    if param.longest is not None and isinstance(value, (str, list)):
        _check_length(path, cast("str | list[Any]", value), param.longest)
    if param.fields is not None and isinstance(value, dict):
        check_params(cast("JsonObject", value), param.fields, path)


_NUMERIC = ("integer", "number")


def _check_bounds(path: str, value: float, param: Param) -> None:
    spoken = "decimal" if param.kind == "number" else "integer"
    if param.low is not None and value < param.low:
        raise Problem(
            f"Invalid '{path}': {spoken} below minimum value. Expected a value >= {param.low:g}, "
            f"but got {value} instead.",
            param=path,
            code=f"{spoken}_below_min_value",
        )
    if param.high is not None and value > param.high:
        raise Problem(
            f"Invalid '{path}': {spoken} above maximum value. Expected a value <= {param.high:g}, "
            f"but got {value} instead.",
            param=path,
            code=f"{spoken}_above_max_value",
        )


def _check_length(path: str, value: str | list[Any], longest: int) -> None:
    if len(value) <= longest:
        return
    kind = "string" if isinstance(value, str) else "array"
    raise Problem(
        f"Invalid '{path}': {kind} too long. Expected {'a' if kind == 'string' else 'an'} {kind} "
        f"with maximum length {longest}, but got {'a' if kind == 'string' else 'an'} {kind} with "
        f"length {len(value)} instead.",
        param=path,
        code=f"{kind}_above_max_length",
    )


def check_metadata(metadata: JsonObject | None) -> None:
    """At most 16 pairs, keys of up to 64 and values of up to 512 characters."""
    pairs = metadata or {}
    if len(pairs) > 16:
        raise Problem(
            "Invalid 'metadata': too many properties. Expected an object with at most 16 "
            f"properties, but got an object with {len(pairs)} properties instead.",
            param="metadata",
            code="object_above_max_properties",
        )
    for key, value in pairs.items():
        path = f"metadata.{key}"
        if not isinstance(value, str):
            raise bad_type(path, "a string", value)
        _check_length(path, value, 512)
        if len(key) > 64:
            raise Problem(
                f"Invalid '{path}': property name too long. Expected at most 64 characters.",
                param=path,
                code="invalid_property_name",
            )


def all_objects(values: list[Any], path: str) -> list[JsonObject]:
    """The members of an array that must all be objects."""
    for at, value in enumerate(values):
        if not isinstance(value, dict):
            raise bad_type(f"{path}[{at}]", "an object", value)
    return cast("list[JsonObject]", values)
