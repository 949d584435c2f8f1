"""A Chat request: checked as strictly as the real server does, then read as a transcript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from resp_core.offline.check import Param, all_objects, check_metadata, check_params
from resp_core.offline.items import text_of
from resp_core.offline.problem import Problem, bad_type, bad_value, missing, unknown_parameter
from resp_core.offline.responses_in import EFFORTS, TIERS
from resp_core.offline.strict import check_strict
from resp_core.offline.tools_in import read_chat_choice, read_chat_tools
from resp_core.offline.transcript import (
    Call,
    Choice,
    Entry,
    Format,
    Output,
    Tool,
    Transcript,
    Utterance,
)
from resp_core.wire.shape import as_object, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resp_core.types.json import JsonObject

__all__ = ["COMPLETE", "check_chat", "read_chat", "stops_of"]

#: Every parameter of POST /chat/completions.
COMPLETE: dict[str, Param] = {
    "audio": Param("object"),
    "frequency_penalty": Param("number", low=-2, high=2),
    "function_call": Param("string or object"),
    "functions": Param("array"),
    "logit_bias": Param("object"),
    "logprobs": Param("boolean"),
    "max_completion_tokens": Param("integer", low=1),
    "max_tokens": Param("integer", low=1),
    "messages": Param("array"),
    "metadata": Param("object"),
    "modalities": Param("array"),
    "model": Param("string"),
    "moderation": Param("object"),
    "n": Param("integer", low=1, high=128),
    "parallel_tool_calls": Param("boolean"),
    "prediction": Param("object"),
    "presence_penalty": Param("number", low=-2, high=2),
    "prompt_cache_key": Param("string"),
    "prompt_cache_options": Param("object"),
    "prompt_cache_retention": Param("string", values=("in_memory", "in-memory", "24h")),
    "reasoning_effort": Param("string", values=EFFORTS),
    "response_format": Param("object"),
    "safety_identifier": Param("string", longest=128),
    "seed": Param("integer"),
    "service_tier": Param("string", values=tuple(tier for tier in TIERS if tier != "ultrafast")),
    "stop": Param("string or array", longest=None),
    "store": Param("boolean"),
    "stream": Param("boolean"),
    "stream_options": Param(
        "object",
        fields={"include_usage": Param("boolean"), "include_obfuscation": Param("boolean")},
    ),
    "temperature": Param("number", low=0, high=2),
    "tool_choice": Param("string or object"),
    "tools": Param("array"),
    "top_logprobs": Param("integer", low=0, high=20),
    "top_p": Param("number", low=0, high=1),
    "user": Param("string"),
    "verbosity": Param("string", values=("low", "medium", "high")),
    "web_search_options": Param("object"),
}
_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_MESSAGE = {
    "system": frozenset("role content name".split()),
    "developer": frozenset("role content name".split()),
    "user": frozenset("role content name".split()),
    "assistant": frozenset(
        "role content name refusal tool_calls function_call audio annotations".split()
    ),
    "tool": frozenset("role content tool_call_id name".split()),
    "function": frozenset("role content name".split()),
}
_PARTS = ("text", "image_url", "input_audio", "refusal", "audio", "file")
_FITTING = {
    "system": ("text",),
    "developer": ("text",),
    "tool": ("text",),
    "function": ("text",),
    "assistant": ("text", "refusal"),
    "user": ("text", "image_url", "input_audio", "file"),
}


def check_chat(body: JsonObject) -> None:
    """Raise the `Problem` of the first wrong parameter or message."""
    check_params(body, COMPLETE)
    for name in ("model", "messages"):
        if body.get(name) is None:
            raise missing(name)
    check_metadata(body.get("metadata"))
    _check_together(body)
    _check_format(cast("JsonObject", body.get("response_format") or {}))
    messages = cast("list[Any]", body["messages"])
    if not messages:
        raise Problem(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an "
            "empty array instead.",
            param="messages",
            code="empty_array",
        )
    for at, message in enumerate(messages):
        _check_message(message, f"messages[{at}]")
    _check_pairs(cast("list[JsonObject]", messages))


def _check_together(body: JsonObject) -> None:
    if body.get("stream_options") and not body.get("stream"):
        raise Problem(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise Problem(
            "Invalid value for 'top_logprobs': 'top_logprobs' is only allowed when 'logprobs' is "
            "set to true.",
            param="top_logprobs",
        )
    if body.get("parallel_tool_calls") is not None and not body.get("tools"):
        raise Problem(
            "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when "
            "'tools' are specified.",
            param="parallel_tool_calls",
        )
    if body.get("max_tokens") and body.get("max_completion_tokens"):
        raise Problem(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            param="max_tokens",
            code="invalid_parameter_combination",
        )
    if "audio" in (body.get("modalities") or ()) or body.get("audio"):
        raise Problem(
            "The offline model does not speak: it cannot produce audio.",
            param="modalities",
            code="unsupported_value",
        )
    if body.get("web_search_options"):
        raise Problem(
            "Web search options not supported with this model.", param="web_search_options"
        )
    if len(stops_of(body)) > 4:
        raise Problem(
            "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an "
            f"array with length {len(stops_of(body))} instead.",
            param="stop",
            code="array_above_max_length",
        )


def stops_of(body: JsonObject) -> list[str]:
    """The stop sequences of a request."""
    stop = body.get("stop")
    return [stop] if isinstance(stop, str) else [str(each) for each in items_of(stop)]


def _check_format(format: JsonObject) -> None:
    kind = format.get("type", "text")
    if kind not in ("text", "json_object", "json_schema"):
        raise bad_value("response_format.type", kind, ("json_object", "json_schema", "text"))
    if kind != "json_schema":
        return
    inner: Any = format.get("json_schema")
    if not isinstance(inner, dict):
        raise missing("response_format.json_schema")
    wanted = cast("JsonObject", inner)
    if wanted.get("name") is None:
        raise missing("response_format.json_schema.name")
    if wanted.get("strict"):
        check_strict(
            as_object(wanted.get("schema")),
            what=f"response_format '{wanted['name']}'",
            param="response_format",
            code="invalid_json_schema",
        )


def _check_message(message: Any, path: str) -> None:
    if not isinstance(message, dict):
        raise bad_type(path, "an object", message)
    value = cast("JsonObject", message)
    role = value.get("role")
    if role is None:
        raise missing(f"{path}.role")
    if role not in _ROLES:
        raise bad_value(f"{path}.role", role, _ROLES)
    unknown = next((key for key in value if key not in _MESSAGE[role]), None)
    if unknown is not None:
        raise unknown_parameter(f"{path}.{unknown}")
    if role == "tool" and not isinstance(value.get("tool_call_id"), str):
        raise missing(f"{path}.tool_call_id")
    _check_content(value, str(role), path)
    calls: Any = value.get("tool_calls")
    if calls is not None and not isinstance(calls, list):
        raise bad_type(f"{path}.tool_calls", "an array of objects", calls)
    for at, call in enumerate(all_objects(items_of(calls), f"{path}.tool_calls")):
        _check_call(call, f"{path}.tool_calls[{at}]")


def _check_content(message: JsonObject, role: str, path: str) -> None:
    content: Any = message.get("content")
    if content is None:
        others = ("tool_calls", "function_call", "refusal", "audio")
        if role == "assistant" and any(message.get(name) for name in others):
            return
        raise bad_type(f"{path}.content", "one of a string or array of objects", content)
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        raise bad_type(f"{path}.content", "one of a string or array of objects", content)
    for at, part in enumerate(cast("list[Any]", content)):
        _check_part(part, f"{path}.content[{at}]", _FITTING[role])


def _check_part(part: Any, path: str, fitting: tuple[str, ...]) -> None:
    if not isinstance(part, dict):
        raise bad_type(path, "an object", part)
    value = cast("JsonObject", part)
    kind = value.get("type")
    if kind is None:
        raise missing(f"{path}.type")
    if kind not in fitting:
        raise bad_value(f"{path}.type", kind, fitting if kind in _PARTS else _PARTS)
    inner = value.get(kind)
    if inner is None:
        raise missing(f"{path}.{kind}")
    text = kind in ("text", "refusal")
    if not isinstance(inner, str if text else dict):
        raise bad_type(f"{path}.{kind}", "a string" if text else "an object", inner)


def _check_call(call: JsonObject, path: str) -> None:
    kind = call.get("type")
    if not isinstance(call.get("id"), str):
        raise missing(f"{path}.id")
    if kind is None:
        raise missing(f"{path}.type")
    if kind not in ("function", "custom"):
        raise bad_value(f"{path}.type", kind, ("function", "custom"))
    inner = as_object(call.get(kind))
    for name in ("name", "arguments" if kind == "function" else "input"):
        value = inner.get(name)
        if value is None:
            raise missing(f"{path}.{kind}.{name}")
        if not isinstance(value, str):
            raise bad_type(f"{path}.{kind}.{name}", "a string", value)


def _check_pairs(messages: list[JsonObject]) -> None:
    """Tool messages follow the assistant message that made their calls, and answer all of them."""
    pending: list[str] = []
    last = 0
    for at, message in enumerate(messages):
        if message["role"] == "tool":
            if str(message["tool_call_id"]) not in pending:
                raise Problem(
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'.",
                    param=f"messages.[{at}].role",
                )
            pending.remove(str(message["tool_call_id"]))
            continue
        _check_answered(pending, last)
        pending = [str(call["id"]) for call in objects(message.get("tool_calls"))]
        last = at
    _check_answered(pending, last)


def _check_answered(pending: list[str], at: int) -> None:
    if pending:
        raise Problem(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            f"{', '.join(pending)}",
            param=f"messages.[{at + 1}].role",
        )


def read_chat(body: JsonObject) -> Transcript:
    """What the model sees."""
    entries = tuple(_entries(cast("list[JsonObject]", body["messages"])))
    tools, choice = _tools(body)
    wanted = as_object(body.get("response_format"))
    kind = str(wanted.get("type", "text"))
    schema = as_object(as_object(wanted.get("json_schema")).get("schema"))
    if kind == "json_object" and not any("json" in _said(entry).lower() for entry in entries):
        raise Problem(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'.",
            param="messages",
        )
    effort = body.get("reasoning_effort")
    return Transcript(
        entries,
        tools=tools,
        choice=choice,
        parallel=body.get("parallel_tool_calls") is not False and not body.get("functions"),
        format=Format(kind, schema),
        reasons=effort not in (None, "none"),
        effort=str(effort or "medium"),
    )


def _said(entry: Entry) -> str:
    return entry.text if isinstance(entry, Utterance) else ""


def _tools(body: JsonObject) -> tuple[tuple[Tool, ...], Choice]:
    """Tools and choice, also in the old form `functions` and `function_call`."""
    functions = cast("list[Any] | None", body.get("functions"))
    if not functions:
        tools = read_chat_tools(body.get("tools"))
        return tools, read_chat_choice(body.get("tool_choice"), tools)
    tools = read_chat_tools([{"type": "function", "function": each} for each in functions])
    choice: Any = body.get("function_call")
    if isinstance(choice, dict):
        choice = {"type": "function", "function": cast("JsonObject", choice)}
    return tools, read_chat_choice(choice, tools)


def _entries(messages: list[JsonObject]) -> Iterator[Entry]:
    called = ""
    for message in messages:
        role = str(message["role"])
        text = text_of(message.get("content"))
        if role == "tool":
            yield Output(str(message["tool_call_id"]), text)
            continue
        if role == "function":
            yield Output(called, text)
            continue
        spoken = "system" if role in ("system", "developer") else role
        text = text or str(message.get("refusal") or "")
        if text or role != "assistant":
            yield Utterance(spoken, text)
        for call in objects(message.get("tool_calls")):
            inner = as_object(call.get(str(call["type"])))
            payload = inner.get("arguments", inner.get("input"))
            yield Call(str(call["id"]), str(inner["name"]), str(payload))
        old = as_object(message.get("function_call"))
        if old:
            called = f"old_{old.get('name')}"
            yield Call(called, str(old.get("name")), str(old.get("arguments", "")))
