"""The rules of strict schemas: every property required, nothing additional, at every level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from resp_core.offline.problem import Problem
from resp_core.wire.shape import as_object, items_of

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["broken_rule", "check_strict"]

_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS = ("$defs", "definitions", "properties")


def check_strict(schema: JsonObject, *, what: str, param: str, code: str) -> None:
    """Raise OpenAI's refusal of a strict schema that breaks a rule; `what` names its owner."""
    if schema.get("type") != "object" and "$ref" not in schema:
        kind = schema.get("type")
        raise Problem(
            f"Invalid schema for {what}: schema must be a JSON Schema of 'type: \"object\"', got "
            f"'type: \"{kind}\"'.",
            param=param,
            code=code,
        )
    rule = broken_rule(schema)
    if rule is not None:
        raise Problem(f"Invalid schema for {what}: {rule}", param=param, code=code)


def broken_rule(schema: JsonObject) -> str | None:
    """The first broken rule with its place, or None."""
    for place, part in _walk(schema, ()):
        rule = _broken(part)
        if rule is not None:
            context = ", ".join(f"'{step}'" for step in place)
            return f"In context=({context}{',' if len(place) == 1 else ''}), {rule}"
    return None


def _broken(part: JsonObject) -> str | None:
    kind = part.get("type")
    kinds = cast("list[Any]", kind) if isinstance(kind, list) else [kind]
    if "object" in kinds or "properties" in part:
        return _broken_object(part)
    if "array" in kinds and "items" not in part and "prefixItems" not in part:
        return "array schema missing items."
    if not kinds[0] and not any(key in part for key in ("$ref", "anyOf", "enum", "const", "allOf")):
        return "schema must have a 'type' key."
    return None


def _broken_object(part: JsonObject) -> str | None:
    if part.get("additionalProperties") is not False:
        return "'additionalProperties' is required to be supplied and to be false."
    properties = as_object(part.get("properties"))
    required = items_of(part.get("required"))
    absent = next((name for name in properties if name not in required), None)
    if absent is not None:
        return (
            "'required' is required to be supplied and to be an array including every key in "
            f"properties. Missing '{absent}'."
        )
    extra = next((name for name in required if name not in properties), None)
    if extra is not None:
        return f"'required' is required to be an array of keys in properties. Extra '{extra}'."
    return None


def _walk(part: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], JsonObject]]:
    if not isinstance(part, dict):
        return
    schema = cast("JsonObject", part)
    yield place, schema
    for key in _MAPS:
        for name, inner in as_object(schema.get(key)).items():
            yield from _walk(inner, (*place, key, name))
    for key in _LISTS:
        for at, inner in enumerate(items_of(schema.get(key))):
            yield from _walk(inner, (*place, key, str(at)))
    yield from _walk(schema.get("items"), (*place, "items"))
