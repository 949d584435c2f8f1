"""Tools and tool choices of a request: checked, and as the model takes them.

Responses writes them flat, Chat nests them under the tool's type; both come through here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from resp_core.offline.check import all_objects
from resp_core.offline.mcp_tools import check_mcp_tool
from resp_core.offline.problem import Problem, bad_type, bad_value, missing, unknown_parameter
from resp_core.offline.strict import check_strict
from resp_core.offline.transcript import Choice, Tool
from resp_core.wire.shape import as_object, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resp_core.types.json import JsonObject

__all__ = ["read_chat_choice", "read_chat_tools", "read_choice", "read_tools"]

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}\Z")
_FUNCTION = frozenset(
    """type name description parameters strict output_schema defer_loading allowed_callers
    async""".split()
)
_CHAT_FUNCTION = frozenset("name description parameters strict".split())


def read_tools(values: list[Any] | None) -> tuple[Tool, ...]:
    """The tools of a Responses request that the model may call."""
    return tuple(_responses_tools(all_objects(values or [], "tools"), "tools", None))


def _responses_tools(values: list[JsonObject], path: str, namespace: str | None) -> Iterator[Tool]:
    for at, value in enumerate(values):
        here = f"{path}[{at}]"
        kind = value.get("type")
        if not isinstance(kind, str):
            raise missing(f"{here}.type")
        if kind == "function":
            unknown = next((key for key in value if key not in _FUNCTION), None)
            if unknown is not None and "name" in value:
                raise unknown_parameter(f"{here}.{unknown}")
            yield _function(value, here, f"{here}.parameters", namespace)
        elif kind == "custom":
            yield Tool("custom", _name(value, here), str(value.get("description") or ""))
        elif kind == "namespace":
            inner = all_objects(items_of(value.get("tools")), f"{here}.tools")
            yield from _responses_tools(inner, f"{here}.tools", _name(value, here))
        elif kind == "mcp":
            check_mcp_tool(value, here)  # its tools are known once the server was asked


def read_chat_tools(values: list[Any] | None) -> tuple[Tool, ...]:
    """The tools of a Chat request."""
    if values is None:
        return ()
    if not values:
        raise Problem(
            "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an "
            "empty array instead.",
            param="tools",
            code="empty_array",
        )
    return tuple(
        _chat_tool(tool, f"tools[{at}]") for at, tool in enumerate(all_objects(values, "tools"))
    )


def _chat_tool(tool: JsonObject, path: str) -> Tool:
    kind = tool.get("type")
    if kind is None:
        raise missing(f"{path}.type")
    if kind not in ("function", "custom"):
        raise bad_value(f"{path}.type", kind, ("function", "custom"))
    inner: Any = tool.get(kind)
    if inner is None:
        raise missing(f"{path}.{kind}")
    if not isinstance(inner, dict):
        raise bad_type(f"{path}.{kind}", "an object", inner)
    value = cast("JsonObject", inner)
    here = f"{path}.{kind}"
    if kind == "custom":
        return Tool("custom", _name(value, here), str(value.get("description") or ""))
    unknown = next((key for key in value if key not in _CHAT_FUNCTION), None)
    if unknown is not None:
        raise unknown_parameter(f"{here}.{unknown}")
    return _function(value, here, f"{here}.parameters", None)


def _function(value: JsonObject, path: str, schema_path: str, namespace: str | None) -> Tool:
    name = _name(value, path)
    description = value.get("description")
    if description is not None and not isinstance(description, str):
        raise bad_type(f"{path}.description", "a string", description)
    schema: Any = value.get("parameters")
    if schema is None:
        schema = {}
    if not isinstance(schema, dict):
        raise bad_type(schema_path, "an object", schema)
    plain = cast("JsonObject", schema)
    if plain and plain.get("type") != "object":
        raise Problem(
            f"Invalid schema for function '{name}': schema must be a JSON Schema of 'type: "
            f'"object"\', got \'type: "{plain.get("type")}"\'.',
            param=schema_path,
            code="invalid_function_parameters",
        )
    if value.get("strict") is True:
        check_strict(
            plain or {"type": "object"},
            what=f"function '{name}'",
            param=schema_path,
            code="invalid_function_parameters",
        )
    return Tool("function", name, description or "", plain, namespace)


def _name(value: JsonObject, path: str) -> str:
    name = value.get("name")
    if name is None:
        raise missing(f"{path}.name")
    if not isinstance(name, str):
        raise bad_type(f"{path}.name", "a string", name)
    if not _NAME.match(name):
        raise Problem(
            f"Invalid '{path}.name': string does not match pattern. Expected a string that matches "
            "the pattern '^[a-zA-Z0-9_-]+$'.",
            param=f"{path}.name",
            code="invalid_value",
        )
    return name


def read_choice(choice: Any, tools: tuple[Tool, ...], declared: list[Any]) -> Choice:
    """`tool_choice` of a Responses request. `declared` are all tools, hosted ones too."""
    if choice is None:
        return Choice()
    if isinstance(choice, str):
        if choice not in ("none", "auto", "required"):
            raise bad_value("tool_choice", choice, ("none", "auto", "required"))
        if choice == "required" and not declared:
            raise Problem(
                "Tool choice 'required' must be specified with 'tools' parameter.",
                param="tool_choice",
            )
        return Choice(choice)
    if not isinstance(choice, dict):
        raise bad_type("tool_choice", "one of a string or object", choice)
    asked = cast("JsonObject", choice)
    kind = asked.get("type")
    if kind == "allowed_tools":
        listed = [str(each.get("name", "")) for each in objects(asked.get("tools"))]
        return _allowed(asked, tools, listed)
    if kind in ("function", "custom"):
        return _named(str(asked.get("name", "")), str(kind), tools)
    if not any(as_object(tool).get("type") == kind for tool in declared):
        raise Problem(f"Tool choice '{kind}' not found in 'tools' parameter.", param="tool_choice")
    raise Problem(
        f"The offline model has no hosted tools, so it cannot be made to use '{kind}'.",
        param="tool_choice",
        code="unsupported_tool",
    )


def read_chat_choice(choice: Any, tools: tuple[Tool, ...]) -> Choice:
    """`tool_choice` of a Chat request."""
    if choice is None:
        return Choice()
    if not tools:
        raise Problem(
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are "
            "specified.",
            param="tool_choice",
        )
    if isinstance(choice, str):
        if choice not in ("none", "auto", "required"):
            raise bad_value("tool_choice", choice, ("none", "auto", "required"))
        return Choice(choice)
    if not isinstance(choice, dict):
        raise bad_type("tool_choice", "one of a string or object", choice)
    asked = cast("JsonObject", choice)
    kind = str(asked.get("type"))
    inner: Any = asked.get(kind)
    if not isinstance(inner, dict):
        raise missing(f"tool_choice.{kind}")
    value = cast("JsonObject", inner)
    if kind == "allowed_tools":
        listed = [
            str((as_object(each.get(str(each.get("type", "function")))) or each).get("name", ""))
            for each in objects(value.get("tools"))
        ]
        return _allowed(value, tools, listed)
    return _named(str(value.get("name", "")), kind, tools)


def _named(name: str, kind: str, tools: tuple[Tool, ...]) -> Choice:
    if not any(tool.name == name and tool.kind == kind for tool in tools):
        raise Problem(f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")
    return Choice("required", frozenset((name,)))


def _allowed(asked: JsonObject, tools: tuple[Tool, ...], listed: list[str]) -> Choice:
    mode = asked.get("mode")
    if mode not in ("auto", "required"):
        raise bad_value("tool_choice.mode", mode, ("auto", "required"))
    known = {tool.name for tool in tools}
    strange = next((name for name in listed if name and name not in known), None)
    if strange is not None:
        raise Problem(
            f"Tool choice '{strange}' not found in 'tools' parameter.", param="tool_choice"
        )
    return Choice(str(mode), frozenset(name for name in listed if name))
