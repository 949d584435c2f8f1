"""Tools and tool choices between the Responses form (flat) and the Chat form (nested)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resp_core.errors import ArgumentError
from resp_core.types.functions import Functions
from resp_core.types.json import dumps, loads
from resp_core.wire.shape import as_object, as_text, objects, require_object, require_objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resp_core.types.json import JsonObject
    from resp_core.wire.chat import ChatOptions
    from resp_core.wire.losses import Losses

__all__ = [
    "ToolNames",
    "call_key",
    "call_kind",
    "chat_name",
    "decode_tool",
    "decode_tools",
    "emulated_arguments",
    "emulated_input",
    "encode_tools",
    "tool_names",
]

_WEB_SEARCH = (
    "web_search",
    "web_search_2025_08_26",
    "web_search_preview",
    "web_search_preview_2025_03_11",
)
_RESPONSES_ONLY = ("defer_loading", "allowed_callers", "output_schema", "async")
_NAMED = ("function", "custom")
_FUNCTION = frozenset(("type", "name", "description", "parameters", "strict"))


def chat_name(name: str, namespace: str | None) -> str:
    """The name that a tool has on a Chat server, which knows no namespaces."""
    return f"{namespace}__{name}" if namespace else name


def call_kind(call: JsonObject) -> str:
    """ "function" or "custom": what an entry of `tool_calls` calls. Some servers fill in both."""
    custom, function = as_object(call.get("custom")), as_object(call.get("function"))
    if function.get("name") or (call.get("type") != "custom" and not custom):
        return "function"
    return "custom"


def call_key(fragment: JsonObject) -> Any:
    """What tells the calls of one stream apart: their index or, where there is none, their id."""
    index = fragment.get("index")
    return as_text(fragment.get("id")) if index is None else index


@dataclass(frozen=True, slots=True)
class ToolNames:
    """What the tool names of a Chat answer stand for in the Responses request."""

    custom: frozenset[str]
    namespaced: dict[str, tuple[str, str]]

    def fields(self, name: str) -> JsonObject:
        """The fields of a call item that name its tool."""
        if name in self.namespaced:
            namespace, own = self.namespaced[name]
            return {"name": own, "namespace": namespace}
        return {"name": name}


def tool_names(tools: Any) -> ToolNames:
    """The names under which a Chat server sees the tools of a Responses request."""
    custom: set[str] = set()
    namespaced: dict[str, tuple[str, str]] = {}
    for tool, namespace in _callables(objects(tools)):
        name = as_text(tool.get("name"))
        if namespace:
            namespaced[chat_name(name, namespace)] = (namespace, name)
        if tool.get("type") == "custom":
            custom.add(chat_name(name, namespace))
    return ToolNames(frozenset(custom), namespaced)


def _callables(tools: list[JsonObject]) -> Iterator[tuple[JsonObject, str | None]]:
    for tool in tools:
        if tool.get("type") == "namespace":
            for inner in objects(tool.get("tools")):
                yield inner, as_text(tool.get("name"))
        elif tool.get("type") in _NAMED:
            yield tool, None


def emulated_arguments(text: str) -> str:
    """The arguments of the function that stands in for a custom tool."""
    return dumps({"input": text}).decode()


def emulated_input(arguments: str) -> str | None:
    """The custom tool's input out of the stand-in's arguments; None where they hold none."""
    try:
        parsed = as_object(loads(arguments.encode("utf-8", "surrogatepass")))
    except ValueError:
        return None
    text = parsed.get("input")
    return text if isinstance(text, str) and len(parsed) == 1 else None


# --- Responses -> Chat -------------------------------------------------------------------------


def encode_tools(body: JsonObject, options: ChatOptions, losses: Losses) -> JsonObject:
    """The Chat fields `tools`, `tool_choice`, `parallel_tool_calls` and `web_search_options`.

    All are left out where no tool remains: servers refuse a choice among none.
    """
    chat: JsonObject = {}
    tools = _encoded(body.get("tools") or [], chat, options, losses)
    choice = body.get("tool_choice")
    if not tools:
        if choice not in (None, "auto", "none"):
            losses.lose("tool_choice", "the request has no tools for a Chat server to choose from")
        return chat
    chat["tools"] = tools
    if choice is not None:
        encoded = _encode_choice(choice, body, options, losses)
        if encoded is not None:
            chat["tool_choice"] = encoded
    if body.get("parallel_tool_calls") is False:  # True is every server's default
        chat["parallel_tool_calls"] = False
    return chat


def _encoded(
    given: Any, chat: JsonObject, options: ChatOptions, losses: Losses
) -> list[JsonObject]:
    functions = given if isinstance(given, Functions) else None
    if functions is not None and options.strict in functions.encoded:
        return functions.encoded[options.strict]
    tools: list[JsonObject] = []
    usual = 0
    for n, tool in enumerate(require_objects(given, "tools")):
        function = _usual_function(tool, options)
        if function is not None:
            tools.append(function)
            usual += 1
        else:
            _encode_tool(tool, f"tools[{n}]", tools, chat, options, losses)
    _require_distinct(tools)
    if functions is not None and usual == len(functions):  # nothing to tell `losses` each time
        functions.encoded[options.strict] = tools
    return tools


def _usual_function(tool: JsonObject, options: ChatOptions) -> JsonObject | None:
    """A function of which Chat knows every field, as most tools are; None for any other."""
    if tool.get("type") != "function" or not tool.keys() <= _FUNCTION or None in tool.values():
        return None
    if not (tool.get("name") and type(tool["name"]) is str) or (
        "strict" in tool and not options.strict
    ):
        return None
    function = tool.copy()
    del function["type"]
    return {"type": "function", "function": function}


def _encode_tool(
    tool: JsonObject,
    param: str,
    tools: list[JsonObject],
    chat: JsonObject,
    options: ChatOptions,
    losses: Losses,
) -> None:
    kind = as_text(tool.get("type"))
    if kind in _NAMED:
        tools.append(_encode_callable(tool, param, None, options, losses))
    elif kind == "namespace":
        name, about = as_text(tool.get("name")), as_text(tool.get("description"))
        losses.note(f"the tools of namespace {name!r} were sent under names {name}__...")
        for n, inner in enumerate(require_objects(tool.get("tools") or [], f"{param}.tools")):
            described = dict(inner)
            if about:
                described["description"] = _joined(about, as_text(inner.get("description")))
            at = f"{param}.tools[{n}]"
            tools.append(_encode_callable(described, at, name, options, losses))
    elif kind in _WEB_SEARCH and options.web_search_options:
        chat["web_search_options"] = _web_search_options(tool, param, losses)
    elif ":" in kind:  # a tool of the server's own, such as `openrouter:web_search`
        tools.append(tool)
    else:
        losses.lose(param, f"a tool of type {kind!r} runs on Responses servers only")


def _joined(*texts: str) -> str:
    return "\n".join(text for text in texts if text)


def _encode_callable(
    tool: JsonObject, param: str, namespace: str | None, options: ChatOptions, losses: Losses
) -> JsonObject:
    rest = {key: value for key, value in tool.items() if value is not None}
    kind = rest.pop("type", "function")
    if kind not in _NAMED:
        raise ArgumentError(f"{param} is a {kind!r} tool: a namespace holds none.", param=param)
    name = chat_name(as_text(rest.pop("name", "")), namespace)
    if not name:
        raise ArgumentError(f"{param} has no name.", param=f"{param}.name")
    for field in _RESPONSES_ONLY:
        if rest.pop(field, None):
            losses.lose(f"{param}.{field}", "Chat tools have no such field")
    if kind == "custom":
        return _encode_custom(name, rest, options, losses)
    function: JsonObject = {"name": name}
    for field in ("description", "parameters", "strict"):
        if field in rest:
            function[field] = rest.pop(field)
    if not options.strict and function.pop("strict", False):
        losses.note(f"tool {name!r} was sent without `strict`, which the server does not know")
    return {"type": "function", "function": function, **rest}


def _encode_custom(name: str, rest: JsonObject, options: ChatOptions, losses: Losses) -> JsonObject:
    description, form = as_text(rest.pop("description", "")), as_object(rest.pop("format", None))
    grammar = {key: value for key, value in form.items() if key != "type"}
    if options.custom_tools:
        custom: JsonObject = {"name": name}
        if description:
            custom["description"] = description
        if form.get("type") == "grammar":
            custom["format"] = {"type": "grammar", "grammar": grammar}
        elif form:
            custom["format"] = form
        return {"type": "custom", "custom": custom, **rest}
    losses.note(f"custom tool {name!r} was sent as a function with one argument, `input`")
    about = "the tool's whole input, as plain text"
    if form.get("type") == "grammar":
        syntax, definition = grammar.get("syntax", ""), grammar.get("definition", "")
        rule = f"The input must match this {syntax} grammar:"
        description = _joined(description, rule, definition)
        losses.note(f"the grammar of custom tool {name!r} was described, it is not enforced")
    parameters: JsonObject = {
        "type": "object",
        "properties": {"input": {"type": "string", "description": about}},
        "required": ["input"],
        "additionalProperties": False,
    }
    function: JsonObject = {"name": name, "parameters": parameters}
    if description:
        function["description"] = description
    return {"type": "function", "function": function, **rest}


def _web_search_options(tool: JsonObject, param: str, losses: Losses) -> JsonObject:
    options: JsonObject = {}
    for field, value in tool.items():
        if field == "type" or value is None:
            continue
        if field == "search_context_size":
            options[field] = value
        elif field == "user_location":
            place = {k: v for k, v in as_object(value).items() if k != "type"}
            options[field] = {"type": "approximate", "approximate": place}
        else:
            losses.lose(f"{param}.{field}", "web_search_options has no such field")
    return options


def _require_distinct(tools: list[JsonObject]) -> None:
    named = [as_object(tool.get("function") or tool.get("custom")).get("name") for tool in tools]
    names = [name for name in named if name and isinstance(name, str)]
    if len(set(names)) < len(names):
        twice = next(name for n, name in enumerate(names) if name in names[:n])
        raise ArgumentError(f"two tools would both be called {twice!r}.", param="tools")


def _encode_choice(choice: Any, body: JsonObject, options: ChatOptions, losses: Losses) -> Any:
    if isinstance(choice, str):
        return choice
    wanted = require_object(choice, "tool_choice")
    names = tool_names(body.get("tools"))
    if wanted.get("type") == "allowed_tools":
        allowed: list[JsonObject] = []
        for tool in objects(wanted.get("tools")):
            encoded = _encode_reference(tool, names, options, losses)
            if encoded:
                allowed.append(encoded)
        inner = {"mode": wanted.get("mode", "auto"), "tools": allowed}
        return {"type": "allowed_tools", "allowed_tools": inner}
    return _encode_reference(wanted, names, options, losses)


def _encode_reference(
    wanted: JsonObject, names: ToolNames, options: ChatOptions, losses: Losses
) -> JsonObject | None:
    kind, own = as_text(wanted.get("type")), as_text(wanted.get("name"))
    if kind not in _NAMED:
        losses.lose("tool_choice", f"a {kind!r} tool cannot be chosen on a Chat server")
        return None
    name = chat_name(own, wanted.get("namespace") or _only_namespace(own, names))
    kind = "function" if kind == "custom" and not options.custom_tools else kind
    return {"type": kind, kind: {"name": name}}


def _only_namespace(name: str, names: ToolNames) -> str | None:
    spaces = [space for space, own in names.namespaced.values() if own == name]
    return spaces[0] if len(spaces) == 1 else None


# --- Chat -> Responses -------------------------------------------------------------------------


def decode_tools(body: JsonObject) -> JsonObject:
    """The Responses fields `tools` and `tool_choice` for a Chat request's tools.

    The old `functions` and `function_call` and `web_search_options` are converted with them.
    """
    tools = [
        decode_tool(tool, f"tools[{n}]")
        for n, tool in enumerate(require_objects(body.get("tools") or [], "tools"))
    ]
    for n, function in enumerate(require_objects(body.get("functions") or [], "functions")):
        tools.append(_flat("function", function, {}, f"functions[{n}]"))
    if body.get("web_search_options") is not None:
        tools.append(_decode_web_search(body["web_search_options"]))
    fields: JsonObject = {"tools": tools} if tools else {}
    choice = body.get("tool_choice", body.get("function_call"))
    if choice is not None:
        fields["tool_choice"] = _decode_choice(choice)
    return fields


def decode_tool(tool: JsonObject, param: str) -> JsonObject:
    """A Chat tool in the flat form; one that is flat, or of an unknown type, as it is."""
    rest = dict(tool)
    kind = rest.pop("type", "function")
    if kind not in _NAMED or kind not in rest:
        return tool  # already flat, or a type that only the server knows
    return _flat(kind, require_object(rest.pop(kind), f"{param}.{kind}"), rest, param)


def _flat(kind: str, inner: JsonObject, rest: JsonObject, param: str) -> JsonObject:
    if not inner.get("name"):
        raise ArgumentError(f"{param} has no name.", param=f"{param}.name")
    tool: JsonObject = {"type": kind, **inner, **rest}
    if kind == "function":
        # Chat means not strict by silence, Responses means strict where possible.
        tool["strict"] = bool(inner.get("strict"))
        tool.setdefault("parameters", {"type": "object", "properties": {}})
    elif as_object(tool.get("format")).get("type") == "grammar":
        tool["format"] = {"type": "grammar", **as_object(tool["format"].get("grammar"))}
    return tool


def _decode_web_search(value: Any) -> JsonObject:
    options = dict(require_object(value, "web_search_options"))
    place = options.get("user_location")
    if place is not None:
        approximate = as_object(as_object(place).get("approximate"))
        options["user_location"] = {"type": "approximate", **approximate}
    return {"type": "web_search", **options}


def _decode_choice(choice: Any) -> Any:
    if isinstance(choice, str):
        return choice
    wanted = require_object(choice, "tool_choice")
    kind = as_text(wanted.get("type"))
    if kind == "allowed_tools":
        inner = as_object(wanted.get("allowed_tools"))
        references = [_decode_choice(tool) for tool in objects(inner.get("tools"))]
        return {"type": kind, "mode": inner.get("mode", "auto"), "tools": references}
    if kind in _NAMED and kind in wanted:
        return {"type": kind, "name": as_object(wanted[kind]).get("name")}
    if not kind and "name" in wanted:  # the old `function_call: {"name": ...}`
        return {"type": "function", "name": wanted["name"]}
    return wanted
