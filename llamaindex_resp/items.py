"""What a list of Responses items says, as plain values: the common ground of both directions.

`messages` compares it with the blocks of a message to see whether its stored items may be
replayed as they are; `responses` builds the blocks from it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import orjson
from pydantic_core import from_json

from resp_core.errors import ArgumentError
from resp_core.wire.shape import as_text, objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resp_core.types.json import JsonObject

__all__ = [
    "BrokenCall",
    "Call",
    "Part",
    "Schemas",
    "Text",
    "Thought",
    "as_json",
    "broken_calls",
    "item_text",
    "parse_arguments",
    "parts",
    "reasoning_text",
]

#: Parameter schemas of the functions on offer, by name: they decide whether "" means "{}".
Schemas: TypeAlias = "Mapping[str, JsonObject]"
#: Where the words of a content part are, unless in "text".
_TEXT_OF: dict[Any, str] = {"refusal": "refusal", "output_audio": "transcript"}


@dataclass(frozen=True, slots=True)
class Text:
    """Visible text of one message item: answer and refusal parts in order."""

    text: str
    annotations: list[JsonObject] = field(default_factory=list["JsonObject"], compare=False)


@dataclass(frozen=True, slots=True)
class Thought:
    """One reasoning item: its summary, or its raw text where the model shows that."""

    text: str
    id: str | None = None
    encrypted_content: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that came whole: `arguments` is the parsed object."""

    id: str
    name: str
    arguments: JsonObject
    raw: str = field(default="", compare=False)
    kind: Literal["function", "custom"] = field(default="function", compare=False)


@dataclass(frozen=True, slots=True)
class BrokenCall:
    """A tool call that was cut, or whose arguments are not a JSON object. Never run."""

    id: str
    name: str
    raw: str
    reason: str


Part: TypeAlias = Text | Thought | Call | BrokenCall


def parts(
    items: Iterable[JsonObject], schemas: Schemas | None = None, *, whole: bool = True
) -> list[Part]:
    """The messages, thoughts and tool calls among `items`, in order; other items are skipped.

    `whole` is False where the response ended early: then a call without arguments was cut.
    """
    found: list[Part] = []
    for item in items:
        kind = item.get("type", "message")
        if kind == "message":
            found.append(Text(item_text(item), _annotations(item)))
        elif kind == "reasoning":
            found.append(
                Thought(reasoning_text(item), item.get("id"), item.get("encrypted_content"))
            )
        elif kind == "function_call":
            found.append(_function_call(item, schemas, whole))
        elif kind == "custom_tool_call":
            text = str(item.get("input") or "")
            name = str(item.get("name") or "")
            found.append(Call(_call_id(item), name, {"input": text}, raw=text, kind="custom"))
    return found


def broken_calls(found: Iterable[Part]) -> list[BrokenCall]:
    """The calls among `found` that must not be run."""
    return [part for part in found if isinstance(part, BrokenCall)]


def item_text(item: JsonObject) -> str:
    """The text of a message item: texts, refusals and transcripts of its parts joined."""
    content = item.get("content")
    if isinstance(content, str):
        return content
    texts = [part.get(_TEXT_OF.get(part.get("type"), "text")) for part in objects(content)]
    return "".join(text for text in texts if isinstance(text, str))


def reasoning_text(item: JsonObject) -> str:
    """The summary of a reasoning item (paragraphs joined by blank lines), else its raw text."""
    shown = objects(item.get("summary")) or objects(item.get("content"))
    return "\n\n".join(as_text(part.get("text")) for part in shown)


def parse_arguments(raw: Any) -> JsonObject | None:
    """Tool arguments as an object, or None where they are anything else."""
    if isinstance(raw, dict):
        return cast("JsonObject", raw)
    try:
        value: Any = from_json(raw, allow_inf_nan=False)  # whole numbers of any size, exactly
    except (ValueError, TypeError):
        return None
    return cast("JsonObject", value) if isinstance(value, dict) else None


def as_json(arguments: Mapping[str, Any], name: str) -> str:
    """Tool arguments as JSON. Raises ArgumentError."""
    try:
        return orjson.dumps(arguments).decode()
    except TypeError:
        pass  # a number of more than 64 bits, or no JSON at all
    try:
        return json.dumps(arguments)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"The arguments of a call of {name} are no JSON: {error}.", param="messages"
        ) from None


def _function_call(item: JsonObject, schemas: Schemas | None, whole: bool) -> Call | BrokenCall:
    raw = item.get("arguments")
    text = raw if isinstance(raw, str) else orjson.dumps(raw or {}).decode()
    name, call_id = str(item.get("name") or ""), _call_id(item)
    if item.get("status") == "incomplete":
        return BrokenCall(call_id, name, text, "the answer ended inside this call")
    if not text.strip():
        if whole and _allows_nothing(name, schemas):
            return Call(call_id, name, {}, raw=text)
        return BrokenCall(call_id, name, text, "its arguments are missing")
    arguments = parse_arguments(text)
    if arguments is None:
        return BrokenCall(call_id, name, text, "its arguments are not a JSON object")
    return Call(call_id, name, arguments, raw=text)


def _allows_nothing(name: str, schemas: Schemas | None) -> bool:
    """Whether empty arguments are a legal call: unknown schemas give the benefit of the doubt."""
    if schemas is None or name not in schemas:
        return True
    return not schemas[name].get("required")


def _call_id(item: JsonObject) -> str:
    return str(item.get("call_id") or item.get("id") or "")


def _annotations(item: JsonObject) -> list[JsonObject]:
    return [
        annotation
        for part in objects(item.get("content"))
        for annotation in objects(part.get("annotations"))
    ]
