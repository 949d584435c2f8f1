"""Whatever the schema, the instance is valid."""

from __future__ import annotations

import math
import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.offline.hints import Hints
from resp_core.offline.instance import NoInstance, fill
from resp_core.offline.pattern import example

PROMPT = "Ann is 31 years old, lives in Berlin since 2020-05-01 and likes 'green tea' and chess."


def problems(schema: Any, value: Any, root: Any) -> list[str]:
    """What is wrong with an instance; a small checker of our own."""
    if "$ref" in schema:
        return problems(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    if "const" in schema:
        return [] if value == schema["const"] else [f"{value!r} is not the const"]
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{value!r} is not in the enum"]
    if "anyOf" in schema:
        return [] if any(not problems(s, value, root) for s in schema["anyOf"]) else ["no branch"]
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    found = [kind for kind in kinds if is_kind(kind, value)]
    if not found:
        return [f"{value!r} is none of {kinds}"]
    return CHECKS.get(found[0], lambda *_: [])(schema, value, root)


def is_kind(kind: Any, value: Any) -> bool:
    if kind in ("integer", "number"):
        whole = isinstance(value, int) or (isinstance(value, float) and kind == "number")
        return whole and not isinstance(value, bool)
    types = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}
    return isinstance(value, types[kind])


def number(schema: Any, value: Any, root: Any) -> list[str]:
    wrong = [
        value < schema.get("minimum", -math.inf),
        value > schema.get("maximum", math.inf),
        value <= schema.get("exclusiveMinimum", -math.inf),
        value >= schema.get("exclusiveMaximum", math.inf),
        "multipleOf" in schema and abs(value / schema["multipleOf"] % 1) > 1e-6,
    ]
    return [f"{value} against {schema}"] if any(wrong) else []


def string(schema: Any, value: Any, root: Any) -> list[str]:
    wrong = [
        len(value) < schema.get("minLength", 0),
        len(value) > schema.get("maxLength", math.inf),
        "pattern" in schema and not re.search(schema["pattern"], value),
        schema.get("format") == "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", value),
        schema.get("format") == "email" and "@" not in value,
    ]
    return [f"{value!r} against {schema}"] if any(wrong) else []


def array(schema: Any, value: Any, root: Any) -> list[str]:
    wrong = [p for item in value for p in problems(schema["items"], item, root)]
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf):
        wrong.append(f"{len(value)} items")
    if schema.get("uniqueItems") and any(value.count(item) > 1 for item in value):
        wrong.append("items repeat")
    return wrong


def an_object(schema: Any, value: Any, root: Any) -> list[str]:
    known = schema.get("properties", {})
    wrong = [f"{name} is missing" for name in schema.get("required", []) if name not in value]
    for name, inner in value.items():
        part = known.get(name, schema.get("additionalProperties", {"type": "string"}))
        wrong += [f"{name} is not allowed"] if part is False else problems(part, inner, root)
    return wrong


CHECKS = {
    "integer": number,
    "number": number,
    "string": string,
    "array": array,
    "object": an_object,
}

NAMES = st.sampled_from(
    "name age city tags items is_open score start_date email query answer index kind notes".split()
)
BOUNDS = st.integers(-50, 50)


@st.composite
def numeric(draw: st.DrawFn) -> Any:
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    low = draw(BOUNDS)
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        high = low + draw(st.integers(20, 60))
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = high
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.sampled_from([1, 2, 5, 10]))
    return schema


@st.composite
def textual(draw: st.DrawFn) -> Any:
    schema: dict[str, Any] = {"type": "string"}
    if draw(st.booleans()):
        schema["minLength"] = draw(st.integers(0, 40))
        schema["maxLength"] = schema["minLength"] + draw(st.integers(1, 20))
    elif draw(st.booleans()):
        schema["format"] = draw(st.sampled_from(["date", "email", "date-time", "uuid", "uri"]))
    elif draw(st.booleans()):
        patterns = [r"^\d{3}-\d{4}$", "^[A-Z]{2}[a-z]+$", r"^(ab|cd)*\w$", r"^#[0-9a-f]{6}$"]
        schema["pattern"] = draw(st.sampled_from(patterns))
    return schema


SIMPLE = st.one_of(
    numeric(),
    textual(),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({"enum": ["red", "green", None, 3]}),
    st.just({"const": "fixed"}),
    st.just({"type": ["string", "null"]}),
    st.just({"$ref": "#/$defs/node"}),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    @st.composite
    def objects(draw: st.DrawFn) -> Any:
        properties = draw(st.dictionaries(NAMES, inner, max_size=4))
        required = [name for name in properties if draw(st.booleans())]
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    @st.composite
    def arrays(draw: st.DrawFn) -> Any:
        low = draw(st.integers(0, 3))
        more = {"minItems": low, "maxItems": low + draw(st.integers(0, 3))}
        return {"type": "array", "items": draw(inner)} | (more if draw(st.booleans()) else {})

    branches = st.lists(inner, min_size=1, max_size=3).map(lambda each: {"anyOf": each})
    return st.one_of(objects(), arrays(), branches)


NODE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
        "parent": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
    },
    "required": ["name", "children", "parent"],
    "additionalProperties": False,
}


@given(st.recursive(SIMPLE, nested, max_leaves=12), st.sampled_from([PROMPT, "", "7 and 8.5"]))
def test_instances_are_valid(schema: Any, prompt: str) -> None:
    root = {
        "type": "object",
        "properties": {"value": schema},
        "required": ["value"],
        "additionalProperties": False,
        "$defs": {"node": NODE},
    }
    value = fill(root, Hints(prompt))
    assert problems(root, value, root) == []
    assert fill(root, Hints(prompt)) == value


def schema_of(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}


@pytest.mark.parametrize(
    ("prompt", "properties", "expected"),
    [
        (PROMPT, {"name": TEXT, "age": NUMBER}, {"name": "Ann", "age": 31}),
        ("Bob, 42, moved to Rome", {"city": TEXT, "age": NUMBER}, {"city": "Rome", "age": 42}),
        (
            "Create a customer named '你好啊集团' (Hello)",
            {"customer_name": TEXT},
            {"customer_name": "你好啊集团"},
        ),
        ("name: Ann, age: 7", {"age": NUMBER, "name": TEXT}, {"age": 7, "name": "Ann"}),
        (PROMPT, {"start_date": TEXT | {"format": "date"}}, {"start_date": "2020-05-01"}),
        ("on March 3rd, 2026", {"date": TEXT}, {"date": "2026-03-03"}),
        ("Mail a@b.org", {"email": TEXT | {"format": "email"}}, {"email": "a@b.org"}),
        ("a green door", {"colour": {"enum": ["red", "green"]}}, {"colour": "green"}),
        ("what a great film", {"mood": {"enum": ["bad", "great"]}}, {"mood": "great"}),
        ("Is it open?", {"is_open": FLAG}, {"is_open": True}),
        ("It is not open", {"open": FLAG}, {"open": False}),
        ("Sum 1, 2 and 3", {"values": {"type": "array", "items": NUMBER}}, {"values": [1, 2, 3]}),
        (
            "buy 'milk' and 'eggs'",
            {"items": {"type": "array", "items": TEXT}},
            {"items": ["milk", "eggs"]},
        ),
        ("Hi", {"note": {"type": ["string", "null"]}}, {"note": None}),
        ("Hi", {"age": {"anyOf": [NUMBER, {"type": "null"}]}}, {"age": None}),
        ("She is 31 years old", {"age": {"anyOf": [NUMBER, {"type": "null"}]}}, {"age": 31}),
    ],
)
def test_values_come_from_the_prompt(prompt: str, properties: Any, expected: Any) -> None:
    assert fill(schema_of(**properties), Hints(prompt)) == expected


def test_the_branch_that_the_prompt_is_about() -> None:
    cat = schema_of(kind={"const": "cat"}, lives=NUMBER)
    dog = schema_of(kind={"const": "dog"}, tricks=NUMBER)
    root = schema_of(pet={"anyOf": [cat, dog]})
    assert fill(root, Hints("My dog knows 3 tricks")) == {"pet": {"kind": "dog", "tricks": 3}}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/none"},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#"},
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"type": "string", "pattern": "(?=x)y"},
        {"type": "array", "items": FLAG, "minItems": 3, "uniqueItems": True},
        {"type": "banana"},
        {"type": "object", "properties": 5},
        {"type": "integer", "minimum": "low"},
    ],
)
def test_what_cannot_be_filled_is_said(schema: Any) -> None:
    with pytest.raises(NoInstance):
        fill(
            {"properties": {"a": schema}, "required": ["a"]}
            if schema.get("$ref") != "#"
            else schema,
            Hints(""),
        )


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{5}$",
        "[A-Za-z_][A-Za-z0-9_]*",
        r"^https?://[\w.]+/$",
        "(?:a|b){2}",
        r"^\+\d{1,3}$",
        r"[^\s]+",
        r"\bword\b",
        "^$",
        "a.c",
        r"^[\w\-]{3,}?x$",
        r"(?P<year>\d{4})-\d\d",
    ],
)
def test_patterns(pattern: str) -> None:
    assert re.search(pattern, example(pattern))


def test_structured_output(offline: Any) -> None:
    schema = schema_of(city=TEXT, days=NUMBER)
    wanted = {"type": "json_schema", "name": "trip", "schema": schema, "strict": True}
    prompt = "Plan 3 days in Lisbon"
    response = offline.respond(prompt, text={"format": wanted})
    text = response["output"][0]["content"][0]["text"]
    assert orjson.loads(text) == {"city": "Lisbon", "days": 3}
    inner = {key: value for key, value in wanted.items() if key != "type"}
    asked = {"type": "json_schema", "json_schema": inner}
    (choice,) = offline.chat(prompt, response_format=asked)["choices"]
    assert choice["message"]["content"] == text


@pytest.mark.parametrize(
    ("prompt", "keys"),
    [
        ("Answer as JSON.", {"answer"}),
        ("Give JSON with the keys name, age and city for Ann", {"name", "age", "city"}),
        ('Answer in JSON like {"title": ..., "year": ...}', {"title", "year"}),
    ],
)
def test_json_object(offline: Any, prompt: str, keys: set[str]) -> None:
    response = offline.respond(prompt, text={"format": {"type": "json_object"}})
    assert set(orjson.loads(response["output"][0]["content"][0]["text"])) == keys


def test_a_schema_that_cannot_be_filled_is_a_bad_request(offline: Any) -> None:
    schema = schema_of(a={"type": "string", "pattern": "(?=x)y"})
    wanted = {"type": "json_schema", "name": "x", "schema": schema}
    body = {"model": "demo", "input": "hi", "text": {"format": wanted}}
    status, answer = offline.call("POST", "/v1/responses", body)
    assert status == 400
    assert "cannot fill this schema" in answer["error"]["message"]
