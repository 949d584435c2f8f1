"""Output schemas: any kind LangChain takes -> a JSON schema that a server can enforce. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel

from resp_core.errors import ArgumentError, UnsupportedError
from resp_core.wire.schema import format_of, schema_of, to_strict_schema
from resp_core.wire.shape import as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from resp_core.types.json import JsonObject

__all__ = [
    "describes_a_function",
    "response_format",
    "strict_schema",
    "text_format",
    "whole_parameters",
]

#: Keys of dicts that describe a function and not a schema: those of OpenAI and Anthropic.
_OF_A_FUNCTION = frozenset({"function", "parameters", "input_schema"})


def response_format(schema: Any, strict: bool | None) -> JsonObject:
    """`text.format` of a Responses request for a schema of any kind.

    `strict=None` enforces the schema where that is possible, True raises UnsupportedError where
    it is not. A format of either API that is one already keeps what it says of itself.
    """
    try:
        return format_of(_readable(schema), strict=strict)
    except ArgumentError as error:
        if strict:
            raise _unenforceable(error) from None
        raise


def text_format(value: Any) -> JsonObject:
    """`response_format` in any form LangChain users write it, as `text.format`."""
    return response_format(value, None)


def strict_schema(schema: Mapping[str, Any]) -> JsonObject:
    """A schema as strict mode wants it: every property required, no others allowed.

    UnsupportedError, naming the place, where objects are open: their keys cannot be fixed.
    """
    try:
        return to_strict_schema(dict(schema))
    except ArgumentError as error:
        raise _unenforceable(error) from None


def _unenforceable(error: ArgumentError) -> UnsupportedError:
    return UnsupportedError(
        f"{error.message.rstrip('.')}. Name its properties, or pass strict=False.", param="strict"
    )


def describes_a_function(given: Mapping[str, Any]) -> bool:
    """Whether a dict is a function, in OpenAI's or Anthropic's form, and no schema."""
    return not _OF_A_FUNCTION.isdisjoint(given)


def _readable(schema: Any) -> Any:
    """`schema` as the core reads it; LangChain's own kinds become JSON schemas."""
    is_class = isinstance(schema, type) and issubclass(schema, BaseModel)
    is_dict = isinstance(schema, dict)
    given: Any = cast("object", schema)
    if is_class or (is_dict and not describes_a_function(given)):
        return given
    try:
        return convert_to_json_schema(given)
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"The output schema cannot be read: {error}", param="schema") from error


def whole_parameters(arguments: Any) -> JsonObject | None:
    """The parameters of a class that refers to itself, with its references; None for another.

    LangChain writes references out, and leaves a class inside itself out.
    """
    if not (isinstance(arguments, type) and issubclass(arguments, BaseModel)):
        return None
    schema = schema_of(arguments)
    definitions = as_object(schema.get("$defs"))
    if not any(_reaches(name, name, definitions) for name in definitions):
        return None
    return {key: value for key, value in schema.items() if key not in ("title", "description")}


def _reaches(start: str, goal: str, definitions: JsonObject) -> bool:
    """Whether the definition `start` refers to `goal`, at whatever distance."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        found = set(_references(definitions.get(waiting.pop())))
        if goal in found:
            return True
        waiting += found - seen
        seen |= found
    return False


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for entry in cast("list[Any]", node):
            yield from _references(entry)
    elif isinstance(node, dict):
        for key, value in cast("dict[str, Any]", node).items():
            if key == "$ref":
                yield as_text(value).removeprefix("#/$defs/")
            else:
                yield from _references(value)
