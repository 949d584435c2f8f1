"""The headers of the revision without a handshake: marked arguments, and how values are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resp_core.mcp.headers import argument_headers, mirrors_of, post_headers
from resp_core.mcp.rpc import MODERN, message
from tests.mcp.host import Handler, Host
from tests.mcp.talk import Talk, items

MARK = "x-mcp-header"


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def marked(name: Any, kind: Any = "string") -> dict[str, Any]:
    return {"type": kind, MARK: name}


GOOD: list[tuple[Any, dict[tuple[str, ...], str]]] = [
    (None, {}),
    ("none", {}),
    (schema(a={"type": "string"}), {}),
    (schema(a=marked("Region")), {("a",): "Region"}),
    (schema(a=schema(b=marked("Deep", "integer"))), {("a", "b"): "Deep"}),
    (schema(a=marked("A", "boolean"), b=marked("B")), {("a",): "A", ("b",): "B"}),
    # A property of that name, and data that looks like a schema, are no marks.
    (schema(**{MARK: {"type": "string"}}), {}),
    (schema(a={"type": "object", "default": {MARK: "A"}, "examples": [{MARK: "A"}]}), {}),
    (schema(a={"enum": [{MARK: "A"}], "const": {MARK: "A"}}), {}),
]
BAD: list[Any] = [
    {MARK: "A", "type": "string"},
    schema(a=marked("")),
    schema(a=marked("with space")),
    schema(a=marked("line\r\nbreak")),
    schema(a=marked("ümlaut")),
    schema(a=marked(7)),
    schema(a=marked("A", "number")),
    schema(a=marked("A", "object")),
    schema(a=marked("A", ["string", "null"])),
    schema(a={MARK: "A"}),
    schema(a=marked("Same"), b=marked("sAME")),
    schema(a={"type": "array", "items": marked("A")}),
    schema(a={"type": "object", "additionalProperties": marked("A")}),
    {"type": "object", "anyOf": [schema(a=marked("A"))]},
    {"type": "object", "$defs": {"x": marked("A")}},
    {"type": "object", "patternProperties": {".*": schema(a=marked("A"))}},
    {"type": "object", "if": schema(a=marked("A"))},
]


@pytest.mark.parametrize(("given", "found"), GOOD)
def test_marks(given: Any, found: Any) -> None:
    assert mirrors_of(given) == found


@pytest.mark.parametrize("given", BAD)
def test_marks_that_are_forbidden(given: Any) -> None:
    with pytest.raises(ValueError, match=MARK):
        mirrors_of(given)


def test_a_schema_that_nests_for_ever() -> None:
    deep: Any = marked("A")
    for _ in range(900):  # deeper ones are no messages: see test_hostile
        deep = {"properties": {"a": deep}}
    assert len(mirrors_of(deep)) == 1


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("us-west1", "us-west1"),
        ("", ""),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("a\r\nx-evil: 1", "=?base64?YQ0KeC1ldmlsOiAx?="),
        ("half \ud83d", "=?base64?aGFsZiA/?="),
        (42, "42"),
        (-7, "-7"),
        (True, "true"),
        (False, "false"),
        (None, None),
        ([1], None),
        ({"a": 1}, None),
    ],
)
def test_values(value: Any, header: str | None) -> None:
    """The examples of the specification, and values that would break a header."""
    found = argument_headers({("a", "b"): "Region"}, {"a": {"b": value}})
    assert found == ({} if header is None else {"mcp-param-region": header})
    if isinstance(value, str):
        sent = message("tools/call", {"name": value}, id=1)
        assert post_headers({}, None, MODERN, sent)["mcp-name"] == header


def test_what_is_not_there_has_no_header() -> None:
    assert argument_headers({("a", "b"): "X", ("c",): "Y"}, {"a": 1}) == {}


def modern(handler: Handler, given: dict[str, Any]) -> bool:
    if given.get("method") == "initialize":
        handler.fail(given["id"], -32601, "gone")
        return True
    return False


@pytest.mark.parametrize("speaks", ["with a handshake", "without"])
def test_a_tool_that_is_marked_wrongly(
    host: Host, talk_to: Callable[..., Talk], speaks: str
) -> None:
    """Without a handshake it is not offered, and the record says why; the others are."""
    host.tools[1]["inputSchema"] = schema(path=marked("Path", "number"))
    if speaks == "without":
        host.answer = modern
    talk = talk_to("emulated-chat")
    response = talk.ask(input="reply with exactly: hi", tools=[host.tool()])
    (listed,) = items(response, "mcp_list_tools")
    offered = {tool["name"] for tool in listed["tools"]}
    assert ("delete" in offered) is (speaks == "with a handshake")
    assert {"look", "archive"} <= offered
    notes = [note for note in talk.records[-1].notes if "delete of files" in note]
    assert len(notes) == (speaks == "without")
