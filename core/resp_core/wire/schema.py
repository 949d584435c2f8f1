"""JSON schemas for structured output: from pydantic classes, other types, or dicts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from resp_core.errors import ArgumentError
from resp_core.wire.shape import as_object, as_text, items_of

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["format_of", "schema_of", "to_strict_schema"]

_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_MAPS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")


def schema_of(kind: Any, param: str = "text_format") -> JsonObject:
    """The JSON schema of a pydantic class, dataclass, TypedDict or annotation; a dict is one.

    Raises ArgumentError, naming `param`, for what pydantic cannot describe.
    """
    if isinstance(kind, dict):
        return cast("JsonObject", kind)
    from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter

    try:
        return _with_root(TypeAdapter(kind).json_schema())
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise ArgumentError(
            f"{param}: {kind!r} has no JSON schema; pass a pydantic class or a schema.",
            param=param,
        ) from error


def _with_root(schema: JsonObject) -> JsonObject:
    """`schema` with its root written out: a class that refers to itself comes as a reference."""
    reference = as_text(schema.get("$ref"))
    if not reference:
        return schema
    rest = {key: value for key, value in schema.items() if key != "$ref"}
    return {**_resolved(reference, schema, "schema"), **rest}


def to_strict_schema(kind: Any) -> JsonObject:
    """The schema that strict structured output takes; the one given is not changed.

    Every object lists all its properties as required and allows no others, defaults go, and a
    `$ref` stands alone. Raises ArgumentError naming the place where an object allows
    properties of any name: strict output cannot express that.
    """
    root = schema_of(kind)
    return _strict(root, root, "schema")


def _strict(schema: JsonObject, root: JsonObject, path: str) -> JsonObject:
    strict = {key: value for key, value in schema.items() if key != "default"}
    if "$ref" in strict and len(strict) > 1:
        target = _resolved(as_text(strict.pop("$ref")), root, path)
        return _strict({**target, **strict}, root, path)
    if _is_object(strict):
        if _is_open(strict, nested=schema is not root):
            raise ArgumentError(
                f"{path} allows properties of any name, which strict output cannot express.",
                param=path,
            )
        strict["additionalProperties"] = False
        strict["properties"] = as_object(strict.get("properties"))
        strict["required"] = list(strict["properties"])
    parts = items_of(strict.get("allOf"))
    if len(parts) == 1:  # pydantic wraps a reference that has a description
        del strict["allOf"]
        return _strict({**as_object(parts[0]), **strict}, root, path)
    for key in _MAPS:
        if key in strict:
            inner = as_object(strict[key])
            strict[key] = {n: _strict(as_object(v), root, f"{path}.{n}") for n, v in inner.items()}
    for key in _LISTS:
        if key in strict:
            variants = items_of(strict[key])
            strict[key] = [
                _strict(as_object(v), root, f"{path}.{key}[{n}]") for n, v in enumerate(variants)
            ]
    if isinstance(strict.get("items"), dict):
        strict["items"] = _strict(strict["items"], root, f"{path}.items")
    return strict


def _is_object(schema: JsonObject) -> bool:
    kind: object = schema.get("type")
    return kind == "object" or "object" in items_of(kind) or "properties" in schema


def _is_open(schema: JsonObject, *, nested: bool) -> bool:
    """Whether an object takes properties of any name. A root without any takes none."""
    further = schema.get("additionalProperties")
    return further not in (None, False) or (nested and further is None and _is_bare(schema))


def _is_bare(schema: JsonObject) -> bool:
    return not {"properties", "anyOf", "oneOf", "allOf"} & schema.keys()


def _resolved(reference: str, root: JsonObject, path: str) -> JsonObject:
    target: Any = root
    for step in reference.removeprefix("#/").split("/"):
        target = as_object(target).get(step)
    if not isinstance(target, dict):
        raise ArgumentError(f"{path} refers to {reference!r}, which is not there.", param=path)
    return cast("JsonObject", target)


def format_of(
    kind: Any,
    *,
    name: str | None = None,
    strict: bool | None = None,
    param: str = "text_format",
) -> JsonObject:
    """The `text.format` for a pydantic class, another type, a JSON schema, or a format.

    A Responses format, a Chat `response_format` and `{"name", "schema"}` are taken as they are
    meant, and made strict where they say so. A type or a bare schema becomes strict where it
    can; where an object in it allows properties of any name it is sent as given, with
    `strict: false`. `strict` says how it is to be, whatever is given; True raises ArgumentError
    where it cannot.
    """
    ready = _ready_format(cast("JsonObject", kind)) if isinstance(kind, dict) else None
    if ready is not None:
        return _as_meant(ready, strict)
    schema = schema_of(kind, param)
    title = as_text(schema.get("title")) or as_text(getattr(cast("object", kind), "__name__", ""))
    return {
        "type": "json_schema",
        "name": _NAME.sub("_", name or title or "response")[:64],
        **_enforced(schema, strict),
    }


def _as_meant(ready: JsonObject, strict: bool | None) -> JsonObject:
    """A format of the caller's own; where it says that it is strict its schema is made so."""
    if ready["type"] != "json_schema" or (strict is None and ready.get("strict") is not True):
        return ready
    enforced = _enforced(as_object(ready.get("schema")), strict)
    return {**ready, **enforced} if strict is not None or enforced["strict"] else ready


def _enforced(schema: JsonObject, strict: bool | None) -> JsonObject:
    """`schema` and `strict` as a format has them."""
    if strict is False:
        return {"schema": schema, "strict": False}
    try:
        return {"schema": to_strict_schema(schema), "strict": True}
    except ArgumentError:
        if strict:
            raise
        return {"schema": schema, "strict": False}


def _ready_format(given: JsonObject) -> JsonObject | None:
    """A format that the caller wrote out, in one of its three spellings; else None."""
    if given.get("type") in ("text", "json_object"):
        return given
    if isinstance(given.get("json_schema"), dict):
        return {"type": "json_schema", **given["json_schema"]}
    if "schema" in given and "name" in given:
        return {"type": "json_schema", **given}
    return None
