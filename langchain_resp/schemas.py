"""Output schemas: any kind LangChain takes -> a JSON schema that a server can enforce. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core.utils.function_calling import convert_to_json_schema

from resp_core.errors import ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.types.json import JsonObject

__all__ = ["response_format", "strict_schema", "text_format"]

_UNENFORCED = frozenset({"default", "title"})
_VALUES = frozenset({"enum", "const", "required", "type", "description"})
_MAX_NAME = 64


def response_format(schema: Any, strict: bool | None) -> JsonObject:
    """`text.format` of a Responses request for a schema of any kind.

    `strict=None` enforces the schema where that is possible, True raises UnsupportedError where
    it is not.
    """
    if isinstance(schema, dict):
        schema = cast("dict[str, Any]", schema)
        ready = _ready_made(schema)
        if ready is not None:
            return _checked(ready, strict)
        if "title" not in schema and "name" not in schema and "properties" in schema:
            schema = {"title": "output", **schema}
    try:
        plain = convert_to_json_schema(schema)
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"The output schema cannot be read: {error}", param="schema") from error
    name = plain.pop("title", "output")
    described: JsonObject = {"type": "json_schema", "name": _name(name), "schema": plain}
    if plain.get("description"):
        described["description"] = plain.pop("description")
    return _checked(described, strict)


def _ready_made(schema: JsonObject) -> JsonObject | None:
    """A format that is one already, of either API."""
    if schema.get("type") in ("json_object", "text"):
        return schema
    inner = schema.get("json_schema")
    if schema.get("type") == "json_schema" and isinstance(inner, dict):
        return {"type": "json_schema", **cast("dict[str, Any]", inner)}
    if isinstance(inner, dict) and "schema" in inner:
        return {"type": "json_schema", **cast("dict[str, Any]", inner)}
    if isinstance(schema.get("schema"), dict) and "name" in schema:
        return {"type": "json_schema", **schema}
    return None


def _name(title: str) -> str:
    name = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in title)
    return name[:_MAX_NAME] or "output"


def _checked(form: JsonObject, strict: bool | None) -> JsonObject:
    if form.get("type") != "json_schema":
        return form
    if strict is None:
        strict = form.get("strict")
    if strict is False:
        return {**form, "strict": False}
    try:
        enforced = strict_schema(form.get("schema") or {})
    except UnsupportedError:
        if strict:
            raise
        return {**form, "strict": False}
    return {**form, "schema": enforced, "strict": True}


def strict_schema(schema: Mapping[str, Any]) -> JsonObject:
    """A schema as strict mode wants it: every property required, no others allowed.

    UnsupportedError, naming the place, where objects are open: their keys cannot be fixed.
    """
    return _strict(schema, "schema")


def _strict(node: Any, where: str) -> Any:
    if isinstance(node, list):
        return [_strict(entry, where) for entry in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    node = cast("dict[str, Any]", node)
    made: JsonObject = {}
    for key, value in node.items():
        if key in ("properties", "$defs", "definitions") and isinstance(value, dict):
            named = cast("dict[str, Any]", value)
            made[key] = {name: _strict(entry, f"{where}.{name}") for name, entry in named.items()}
        elif key == "allOf" and isinstance(value, list) and len(cast("list[Any]", value)) == 1:
            made.update(_strict(value[0], where))
        elif key in _VALUES:
            made[key] = value
        elif key not in _UNENFORCED:
            made[key] = _strict(value, where)
    if _is_object(node):
        if "properties" not in node or node.get("additionalProperties") not in (None, False):
            raise UnsupportedError(
                f"{where} is an object with open keys, which strict mode cannot enforce. Name "
                "its properties, or pass strict=False.",
                param="strict",
            )
        made["additionalProperties"] = False
        made["required"] = list(made.get("properties") or {})
    return made


def _is_object(node: JsonObject) -> bool:
    kind = node.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def text_format(value: Any) -> JsonObject:
    """`response_format` in any form LangChain users write it, as `text.format`."""
    if isinstance(value, dict):
        ready = _ready_made(cast("dict[str, Any]", value))
        if ready is not None:
            return ready
    return response_format(value, None)
