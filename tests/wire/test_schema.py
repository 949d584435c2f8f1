"""Strict schemas and formats for structured output."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import BaseModel, Field

from resp_core.errors import ArgumentError
from resp_core.wire.schema import format_of, to_strict_schema


class Step(BaseModel):
    text: str = "none"


class Plan(BaseModel):
    title: str
    first: Step = Field(description="where to begin")
    steps: list[Step] = []
    note: str | None = None


class Open(BaseModel):
    values: dict[str, int]


def objects_in(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for entry in schema for found in objects_in(entry)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if schema.get("type") == "object" else []
    return own + [found for value in schema.values() for found in objects_in(value)]


def test_every_object_is_closed_and_complete() -> None:
    schema = to_strict_schema(Plan)
    found = objects_in(schema)
    assert len(found) >= 2
    for each in found:
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])
    assert "default" not in str(schema)
    assert schema["properties"]["first"]["description"] == "where to begin"
    assert schema["properties"]["first"]["type"] == "object"  # a $ref stands alone, or not at all
    assert schema["properties"]["steps"]["items"] == {"$ref": "#/$defs/Step"}


def test_a_schema_given_is_not_changed() -> None:
    given = {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}
    before = copy.deepcopy(given)
    strict = to_strict_schema(given)
    assert given == before
    assert strict["required"] == ["a"]


def test_a_property_called_default_stays() -> None:
    strict = to_strict_schema({"type": "object", "properties": {"default": {"type": "string"}}})
    assert strict["required"] == ["default"]


def test_an_open_object_cannot_be_strict() -> None:
    with pytest.raises(ArgumentError, match=r"schema\.values"):
        to_strict_schema(Open)
    assert format_of(Open)["strict"] is False


def test_a_dangling_reference_is_named() -> None:
    with pytest.raises(ArgumentError, match="nowhere"):
        to_strict_schema({"$ref": "#/$defs/nowhere", "description": "x"})


FORMATS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "json_object"}, {"type": "json_object"}),
    ({"name": "n", "schema": {}}, {"type": "json_schema", "name": "n", "schema": {}}),
    (
        {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "strict": True}},
        {"type": "json_schema", "name": "n", "schema": {}, "strict": True},
    ),
    (
        {"type": "json_schema", "name": "n", "schema": {}},
        {"type": "json_schema", "name": "n", "schema": {}},
    ),
    (
        {"title": "My answer", "type": "string"},
        {
            "type": "json_schema",
            "name": "My_answer",
            "schema": {"title": "My answer", "type": "string"},
            "strict": True,
        },
    ),
]


@pytest.mark.parametrize(("given", "expected"), FORMATS)
def test_a_format_is_read_in_every_spelling(given: Any, expected: Any) -> None:
    assert format_of(given) == expected


def test_a_class_names_its_format() -> None:
    made = format_of(Plan)
    assert (made["type"], made["name"], made["strict"]) == ("json_schema", "Plan", True)
    assert format_of(list[int], name="numbers")["name"] == "numbers"


def test_what_has_no_schema_is_refused() -> None:
    with pytest.raises(ArgumentError, match="text_format"):
        format_of(object())


class Tree(BaseModel):
    children: list[Tree] = []


def test_a_class_inside_itself_has_an_object_at_its_root() -> None:
    for strict in (True, False):
        schema = format_of(Tree, strict=strict)["schema"]
        assert schema["type"] == "object"
        assert schema["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}


@pytest.mark.parametrize("kind", ["object", ["object", "null"]])
def test_an_object_that_names_no_properties_is_open_unless_it_is_the_root(kind: Any) -> None:
    inner = {"type": kind}
    with pytest.raises(ArgumentError, match=r"schema\.a"):
        to_strict_schema({"type": "object", "properties": {"a": inner}})
    assert to_strict_schema({"type": "object"})["properties"] == {}
    closed = {"type": kind, "additionalProperties": False}
    strict = to_strict_schema({"type": "object", "properties": {"a": closed}})
    assert strict["properties"]["a"]["required"] == []


def test_strictness_can_be_demanded_and_declined() -> None:
    assert format_of(Plan, strict=False) == {
        "type": "json_schema",
        "name": "Plan",
        "schema": Plan.model_json_schema(),
        "strict": False,
    }
    with pytest.raises(ArgumentError, match="values"):
        format_of(Open, strict=True)
    ready = {"name": "n", "schema": Step.model_json_schema()}
    assert format_of(ready) == {"type": "json_schema", **ready}
    for given, strict in ((ready, True), ({**ready, "strict": True}, None)):
        assert format_of(given, strict=strict)["schema"]["required"] == ["text"]
    assert format_of({**ready, "strict": True}, strict=False)["strict"] is False
    open_ended = {"name": "n", "schema": Open.model_json_schema(), "strict": True}
    assert format_of(open_ended) == {"type": "json_schema", **open_ended}
