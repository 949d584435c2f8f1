"""LangChain tools and tool choices -> the Responses API's. Conversions are cached per tool."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from langchain_core.utils.function_calling import convert_to_openai_tool

from langchain_resp.schemas import strict_schema, whole_parameters
from langchain_resp.sealed import sealed, unsealed
from resp_core.errors import ArgumentError
from resp_core.types.functions import Functions
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from resp_core.types.json import JsonObject

__all__ = ["Tool", "bound_tools", "request_tool", "request_tool_choice", "request_tools"]

Tool: TypeAlias = "dict[str, Any] | type | Callable[..., Any] | BaseTool"

_EXTRAS = ("defer_loading", "allowed_callers", "output_schema", "async")


class _Cache:
    """Converted tools by identity; an entry goes with its tool."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, bool | None], tuple[Any, Any, JsonObject]] = {}

    def get(self, tool: Any, strict: bool | None) -> JsonObject:
        key = (id(tool), strict)
        mark = _mark(tool)
        found = self._made.get(key)
        if found is not None and found[0]() is tool and found[1] == mark:
            return found[2]
        made = _convert(tool, strict)
        try:
            reference = weakref.ref(tool, lambda _: self._made.pop(key, None))
        except TypeError:  # bound methods and the like are made anew each time
            return made
        self._made[key] = (reference, mark, made)
        return made


def _mark(tool: Any) -> Any:
    """What may be changed on a tool after it was made."""
    if isinstance(tool, type) or not hasattr(tool, "args_schema"):
        return None
    return (tool.name, tool.description, id(tool.args_schema))


_CACHE = _Cache()


def _convert(tool: Any, strict: bool | None) -> JsonObject:
    made = _function(tool)
    if strict is not None and made.get("type") == "function":
        made = {**made, "function": _with_strict(made["function"], strict)}
    extras = as_object(getattr(tool, "extras", None))
    return {**made, **{key: extras[key] for key in _EXTRAS if key in extras}}


def _function(tool: Any) -> JsonObject:
    """A tool of any kind in Chat's form."""
    try:
        made = convert_to_openai_tool(tool)
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"One of the tools cannot be read: {error}", param="tools") from error
    arguments = whole_parameters(getattr(tool, "tool_call_schema", tool))
    if arguments is not None and isinstance(made.get("function"), dict):
        made = {**made, "function": {**made["function"], "parameters": arguments}}
    return made


def bound_tools(tools: Sequence[Tool], strict: bool | None) -> list[JsonObject]:
    """Tools in the form that `bind` keeps: functions as in the Chat API, others as they are.

    Tools of hosted types, custom tools and anything else with a `type` pass unchanged.
    """
    return [_bound_tool(tool, strict) for tool in tools]


def _bound_tool(tool: Tool, strict: bool | None) -> JsonObject:
    if not isinstance(tool, dict):
        return _CACHE.get(tool, strict)
    tool = cast("JsonObject", tool)
    kind = tool.get("type")
    if kind == "mcp":
        return sealed(tool)
    if kind not in (None, "function", "object"):
        return tool
    if kind == "function":
        if strict is None:
            return tool
        if "function" in tool:
            return {**tool, "function": _with_strict(tool["function"], strict)}
        return _with_strict(tool, strict)
    return _convert(tool, strict)


def _with_strict(function: Mapping[str, Any], strict: bool) -> JsonObject:
    if function.get("strict") not in (None, strict):
        raise ArgumentError(
            f"The tool {function.get('name')!r} says strict={function['strict']}, bind_tools "
            f"says strict={strict}. Drop one of them.",
            param="strict",
        )
    if not strict:
        return {**function, "strict": False}
    parameters: JsonObject = function.get("parameters") or {"type": "object", "properties": {}}
    return {**function, "parameters": strict_schema(parameters), "strict": True}


def request_tool(tool: Tool, strict: bool | None = None) -> JsonObject:
    """A tool as a Responses request carries it."""
    made = _bound_tool(tool, strict)
    if made.get("type") == "mcp":
        return unsealed(made)
    if made.get("type") == "custom" and isinstance(made.get("custom"), dict):
        return {"type": "custom", **made["custom"]}
    function = made.get("function")
    if not isinstance(function, dict):
        return made
    flat = {**made, **cast("dict[str, Any]", function)}
    del flat["function"]
    flat.setdefault("parameters", {"type": "object", "properties": {}})
    return flat


def request_tools(tools: Sequence[Tool], strict: bool | None) -> list[JsonObject]:
    """The tools as a Responses request carries them."""
    kept = _KEPT.get(tools) if strict is None else None
    return [request_tool(tool, strict) for tool in tools] if kept is None else kept


class _Kept:
    """What lists of bound functions become, as long as these stay as they are.

    Schemas are shared, not copied: a change inside one is sent. Any other change is seen.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[int, ...], tuple[list[JsonObject], Functions]] = {}

    def get(self, tools: Sequence[Any]) -> Functions | None:
        """None where one is no function in the form that `bound_tools` gives."""
        key = tuple(map(id, tools))
        found = self._made.get(key)
        if found is not None and found[0] == tools:
            return found[1]
        if not all(_is_bound_function(tool) for tool in tools):
            return None
        seen = [{**tool, "function": tool["function"].copy()} for tool in tools]
        made = Functions([request_tool(tool) for tool in tools])
        if len(self._made) >= _MOST_KEPT:
            self._made.clear()
        self._made[key] = seen, made
        return made


def _is_bound_function(tool: Any) -> bool:
    given = as_object(tool)
    return given.get("type") == "function" and isinstance(given.get("function"), dict)


_MOST_KEPT = 64
_KEPT = _Kept()


def request_tool_choice(choice: Any, tools: Sequence[JsonObject]) -> Any:
    """`tool_choice` as a Responses request carries it, or None for the server's default.

    Taken are "auto", "none", "any", "required", True, False, a tool's name, a hosted tool's
    type, and dicts in the form of either API. `tools` are those of the request.
    """
    if choice is None or choice is False:
        return None
    if choice is True or choice in ("any", "required"):
        return "required"
    if choice in ("auto", "none"):
        return choice
    if isinstance(choice, str):
        return _named(choice, tools)
    if not isinstance(choice, dict):
        raise ArgumentError(
            f"tool_choice must be a string, a bool or a dict, not {type(choice).__name__}.",
            param="tool_choice",
        )
    return _from_dict(cast("dict[str, Any]", choice))


#: Anthropic's choices without a name.
_WORDS: dict[str, Any] = {"any": "required", "auto": "auto", "none": "none"}


def _from_dict(choice: dict[str, Any]) -> Any:
    kind = choice.get("type")
    for wrapper in ("function", "custom", "allowed_tools"):
        if kind == wrapper and isinstance(choice.get(wrapper), dict):
            inside = cast("dict[str, Any]", choice[wrapper])
            if wrapper == "allowed_tools":
                inside = {**inside, "tools": [_from_dict(tool) for tool in inside["tools"]]}
            return {"type": kind, **inside}
    if kind == "tool" and "name" in choice:  # Anthropic
        return {"type": "function", "name": choice["name"]}
    return _WORDS.get(str(kind), choice) if len(choice) == 1 else choice


def _named(name: str, tools: Sequence[JsonObject]) -> JsonObject:
    for tool in tools:
        if tool.get("name") == name and tool.get("type") in ("function", "custom"):
            return {"type": tool["type"], "name": name}
    for tool in tools:
        if tool.get("type") == name:
            return {"type": name}
        if tool.get("type") == "mcp" and tool.get("server_label") == name:
            return {"type": "mcp", "server_label": name}
    names = [str(tool.get("name") or tool.get("type")) for tool in tools]
    raise ArgumentError(
        f"tool_choice {name!r} is none of the tools: {', '.join(names) or 'there are none'}.",
        param="tool_choice",
    )
