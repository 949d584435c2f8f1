"""Options of a model and of one call as a Responses request. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from llamaindex_resp.tools import choice, parameter_schemas
from resp_core.client.params import CHAT_ONLY, RESPONSE_FIELDS
from resp_core.errors import ArgumentError
from resp_core.wire.shape import as_object, items_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resp_core.types.json import JsonObject

__all__ = ["ENCRYPTED", "REQUEST_NAMES", "Options", "options_of"]

#: Fields of a Responses request that may be given with a call or in `model_kwargs`.
RESPONSES = RESPONSE_FIELDS - CHAT_ONLY - {"model", "input", "text_format"}
#: Other spellings of a field.
_RENAMED = {"max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"}
_TRANSPORT = ("extra_body", "extra_headers", "extra_query", "timeout")
#: All that a call, or `model_kwargs`, may say.
REQUEST_NAMES = (RESPONSES | CHAT_ONLY | {*_RENAMED, *_TRANSPORT}) | {
    "logprobs",
    "reasoning_effort",
    "response_format",
    "stop",
    "verbosity",
}
#: What looks like an option of a call and is not, and what to do.
_ELSEWHERE = {
    "stream": "Call stream_chat or stream_complete.",
    "model": 'Make another RespLLM, or llm.model_copy(update={"model": ...}).',
}
LOGPROBS = "message.output_text.logprobs"
ENCRYPTED = "reasoning.encrypted_content"


@dataclass(slots=True)
class Options:
    """What one call asks for, sorted by where it goes.

    `body` is the Responses request without `model` and `input`; `timeout` is in seconds, None
    for the client's.
    """

    body: JsonObject = field(default_factory=dict[str, Any])
    chat_only: JsonObject = field(default_factory=dict[str, Any])
    extra_headers: JsonObject = field(default_factory=dict[str, Any])
    extra_query: JsonObject = field(default_factory=dict[str, Any])
    extra_body: JsonObject = field(default_factory=dict[str, Any])
    timeout: float | None = None

    @property
    def schemas(self) -> dict[str, JsonObject]:
        """Parameters of the function tools on offer, by name."""
        return parameter_schemas(self.body.get("tools") or [])


def options_of(layers: Iterable[Mapping[str, Any]], *, hosted: Iterable[JsonObject]) -> Options:
    """Merge layers of options, the last winning; None is "not said".

    `hosted` are tools that the server runs: they go with every call. Names are those of the
    Responses API, and Chat's where that API lacks or renames them. Raises ArgumentError for a
    name that neither has, UnsupportedError never: that is the target's to say.
    """
    made = Options()
    for layer in layers:
        for name, value in layer.items():
            if value is not None:
                _put(made, name, value)
    _settle_tools(made.body, list(hosted))
    return made


def _put(made: Options, name: str, value: Any) -> None:
    name = _RENAMED.get(name, name)
    body = made.body
    if name in ("reasoning", "text"):
        given = {"effort": value} if isinstance(value, str) and name == "reasoning" else value
        body[name] = {**as_object(body.get(name)), **_an_object(given, name)}
    elif name in ("extra_body", "extra_headers", "extra_query"):
        setattr(made, name, {**getattr(made, name), **_an_object(value, name)})
    elif name == "include":
        body[name] = list(dict.fromkeys([*items_of(body.get(name)), *value]))
    elif name in _SPECIAL:
        _SPECIAL[name](made, value)
    elif name in CHAT_ONLY:
        made.chat_only[name] = value
    elif name in RESPONSES:
        body[name] = value
    else:
        _refuse(name)


def _an_object(value: Any, name: str) -> JsonObject:
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise ArgumentError(f"{name} must be an object (dict), not {kind}.", param=name)
    return cast("JsonObject", value)


def _stop(made: Options, value: Any) -> None:
    sequences = [value] if isinstance(value, str) else list(value)
    if not all(isinstance(sequence, str) for sequence in sequences):
        raise ArgumentError("stop must be a string or a list of strings.", param="stop")
    made.chat_only["stop"] = sequences


def _timeout(made: Options, value: Any) -> None:
    made.timeout = value


def _effort(made: Options, value: Any) -> None:
    _put(made, "reasoning", {"effort": value})


def _verbosity(made: Options, value: Any) -> None:
    _put(made, "text", {"verbosity": value})


def _logprobs(made: Options, value: Any) -> None:
    if value:
        _put(made, "include", [LOGPROBS])


def _top_logprobs(made: Options, value: Any) -> None:
    """0 asks for nothing; more alternatives than none need the logprobs themselves."""
    if value:
        made.body["top_logprobs"] = value
        _logprobs(made, value)


def _response_format(made: Options, value: Any) -> None:
    """Chat's form of a format is nested one level deeper than that of Responses."""
    given = _an_object(value, "response_format")
    inner = as_object(given.get("json_schema"))
    _put(made, "text", {"format": {"type": given.get("type"), **inner} if inner else given})


_SPECIAL = {
    "logprobs": _logprobs,
    "reasoning_effort": _effort,
    "response_format": _response_format,
    "stop": _stop,
    "timeout": _timeout,
    "top_logprobs": _top_logprobs,
    "verbosity": _verbosity,
}


def _settle_tools(body: JsonObject, hosted: list[JsonObject]) -> None:
    """Hosted tools first; without any tool, nothing about tools is sent: servers refuse it."""
    tools = [_flat(tool) for tool in [*hosted, *items_of(body.pop("tools", None))]]
    tool_choice = choice(body.pop("tool_choice", None))
    if not tools:
        body.pop("parallel_tool_calls", None)
        return
    body["tools"] = tools
    if tool_choice is not None:
        _check_choice(as_object(tool_choice), tools)
        body["tool_choice"] = tool_choice


def _check_choice(chosen: JsonObject, tools: list[JsonObject]) -> None:
    if chosen.get("type") != "function":
        return
    names = [str(tool["name"]) for tool in tools if tool.get("type") == "function"]
    if chosen.get("name") not in names:
        raise ArgumentError(
            f"tool_choice is {chosen.get('name')!r}, which is no tool of this call: "
            f"{', '.join(names) or 'it has none of its own'}.",
            param="tool_choice",
        )


def _flat(tool: Any) -> JsonObject:
    """A Chat-shaped function tool in the Responses API's flat shape."""
    if not isinstance(tool, dict):
        raise ArgumentError(
            f"a tool of a call must be an object (dict), not {type(tool).__name__}: "
            "LlamaIndex's tools go to chat_with_tools.",
            param="tools",
        )
    given = cast("JsonObject", tool)
    function = as_object(given.get("function"))
    return {"type": "function", **function} if function else given


def _refuse(name: str) -> None:
    near = get_close_matches(name, REQUEST_NAMES, n=1)
    hint = _ELSEWHERE.get(name, f"Did you mean {near[0]}?" if near else "")
    raise ArgumentError(
        f"There is no request option {name!r}. {hint} A field that only your server knows goes "
        "into extra_body.".replace("  ", " "),
        param=name,
    )
