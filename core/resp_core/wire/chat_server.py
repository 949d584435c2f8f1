"""The other direction: a caller who speaks Chat, and a Responses server.

The way up (responses and events to completions and chunks) is in `chat_chunks`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from resp_core.errors import ArgumentError
from resp_core.wire.chat_chunks import ChatChunks, chunks_of, encode_response
from resp_core.wire.chat_output import flat_annotation
from resp_core.wire.chat_tools import call_kind, decode_tools
from resp_core.wire.shape import (
    as_object,
    as_text,
    json_text,
    objects,
    require_object,
    require_objects,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from resp_core.types.json import JsonObject
    from resp_core.wire.losses import Losses

__all__ = [
    "CHAT_ONLY",
    "ChatChunks",
    "chunks_of",
    "decode_request",
    "encode_response",
    "input_part",
    "with_input",
]

#: Chat parameters that the Responses API lacks, with the value that asks for nothing.
CHAT_ONLY: JsonObject = {
    "audio": None,
    "frequency_penalty": 0,
    "logit_bias": {},
    "modalities": ["text"],
    "n": 1,
    "prediction": None,
    "presence_penalty": 0,
    "seed": None,
    "stop": None,
}
_TOOL_FIELDS = frozenset(
    ("tools", "tool_choice", "functions", "function_call", "web_search_options")
)
_ELSEWHERE = _TOOL_FIELDS | {
    "messages",
    "stream",
    "max_tokens",
    "max_completion_tokens",
    "logprobs",
    "top_logprobs",
    "response_format",
    "verbosity",
    "reasoning_effort",
    "stream_options",
}
_FEWEST_TOKENS = 16  # the least that a Responses server takes as max_output_tokens
_CONTENT = frozenset(("role", "content"))
_REASONING = ("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks")

_SAID = ("refusal", "annotations", "audio", "tool_calls", "function_call")
_MESSAGE_FIELDS: dict[str, frozenset[str]] = {
    "assistant": _CONTENT.union(_REASONING, _SAID),
    "tool": _CONTENT | {"tool_call_id", "name"},  # the call says the name
    "function": _CONTENT | {"name"},
}


def decode_request(body: JsonObject, *, losses: Losses) -> tuple[JsonObject, JsonObject]:
    """A Chat request as a Responses request, and the Chat parameters that Responses lacks.

    Unknown fields are passed on. `store` is false unless asked for, as it is in Chat.
    Raises ArgumentError for messages that are no conversation.
    """
    request: JsonObject = {}
    chat_only: JsonObject = {}
    for name, value in body.items():
        if value is None or name in _ELSEWHERE:
            continue
        if name not in CHAT_ONLY:
            request[name] = value
        elif value != CHAT_ONLY[name]:
            chat_only[name] = value
    request["input"] = _Conversation(losses).walk(body.get("messages"))
    request.update(decode_tools(body))
    request.setdefault("store", False)
    _decode_limit(body, request, losses)
    _decode_format(body, request)
    _decode_logprobs(body, request)
    if body.get("reasoning_effort") is not None:
        request["reasoning"] = {"effort": body["reasoning_effort"]}
    if "include_obfuscation" in as_object(body.get("stream_options")):
        obfuscation = body["stream_options"]["include_obfuscation"]
        request["stream_options"] = {"include_obfuscation": obfuscation}
    return request, chat_only


def with_input(body: JsonObject, *, losses: Losses) -> JsonObject:
    """A Responses body that has its conversation as Chat `messages`, with `input` instead."""
    rest = {name: value for name, value in body.items() if name != "messages"}
    return {**rest, "input": _Conversation(losses).walk(body["messages"])}


def _decode_limit(body: JsonObject, request: JsonObject, losses: Losses) -> None:
    limit = body.get("max_completion_tokens")
    limit = body.get("max_tokens") if limit is None else limit
    if limit is None:
        return
    if isinstance(limit, int) and limit < _FEWEST_TOKENS:
        losses.note(f"max_tokens was raised from {limit} to {_FEWEST_TOKENS}, the least allowed")
        limit = _FEWEST_TOKENS
    request["max_output_tokens"] = limit


def _decode_format(body: JsonObject, request: JsonObject) -> None:
    text: JsonObject = {}
    if body.get("response_format") is not None:
        given = require_object(body["response_format"], "response_format")
        inner = given.get("json_schema")
        text["format"] = {"type": "json_schema", **inner} if isinstance(inner, dict) else given
    if body.get("verbosity") is not None:
        text["verbosity"] = body["verbosity"]
    if text:
        request["text"] = text


def _decode_logprobs(body: JsonObject, request: JsonObject) -> None:
    if body.get("logprobs"):
        request["include"] = [*request.get("include", []), "message.output_text.logprobs"]
    if body.get("top_logprobs"):
        request["top_logprobs"] = body["top_logprobs"]


class _Conversation:
    """Chat messages -> input items."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self.items: list[JsonObject] = []
        self._custom: set[str] = set()  # call ids of custom tools
        self._old: deque[str] = deque()  # call ids made for the old function_call

    def walk(self, messages: Any) -> list[JsonObject]:
        roles: dict[str, Callable[[JsonObject, str], None]] = {
            "system": self._plain,
            "developer": self._plain,
            "user": self._plain,
            "assistant": self._assistant,
            "tool": self._tool,
            "function": self._function,
        }
        for n, message in enumerate(require_objects(messages, "messages")):
            param = f"messages[{n}]"
            role = as_text(message.get("role"))
            if role not in roles:
                raise ArgumentError(f"{param} has the role {role!r}.", param=f"{param}.role")
            known = _MESSAGE_FIELDS.get(role, _CONTENT)
            for name, value in message.items():
                if value and name not in known:
                    self.losses.lose(f"{param}.{name}", "Responses messages have no such field")
            roles[role](message, param)
        return self.items

    def _plain(self, message: JsonObject, param: str) -> None:
        content = self._content(message.get("content"), f"{param}.content")
        self.items.append({"type": "message", "role": message["role"], "content": content})

    def _content(self, content: Any, param: str) -> Any:
        if isinstance(content, str):
            return content
        parts: list[JsonObject] = []
        for n, part in enumerate(require_objects(content, param)):
            decoded = input_part(part)
            if decoded is None:
                why = f"Responses has no part of type {part.get('type')!r}"
                self.losses.lose(f"{param}[{n}]", why)
            else:
                parts.append(decoded)
        return parts

    def _assistant(self, message: JsonObject, param: str) -> None:
        if message.get("audio") is not None:
            self.losses.lose(f"{param}.audio", "Responses has no spoken history")
        if any(message.get(name) for name in _REASONING):
            self.losses.note("the reasoning of assistant messages was not sent")
        calls = require_objects(message.get("tool_calls") or [], f"{param}.tool_calls")
        old = message.get("function_call")
        parts = self._assistant_parts(message, f"{param}.content")
        if parts or not (calls or old):
            parts = parts or [{"type": "output_text", "text": ""}]
            self.items.append({"type": "message", "role": "assistant", "content": parts})
        for n, call in enumerate(calls):
            self._call(call, f"{param}.tool_calls[{n}]")
        if old is not None:
            self._old.append(f"call_{len(self.items)}")
            call = {"id": self._old[-1], "function": old}
            self._call(call, f"{param}.function_call")

    def _assistant_parts(self, message: JsonObject, param: str) -> list[JsonObject]:
        content = message.get("content")
        given = [{"type": "text", "text": content}] if isinstance(content, str) else content
        parts: list[JsonObject] = []
        for n, part in enumerate(require_objects(given or [], param)):
            if part.get("type") == "refusal":
                parts.append(part)
            elif part.get("type") != "text":
                why = f"an assistant message has no part of type {part.get('type')!r}"
                self.losses.lose(f"{param}[{n}]", why)
            elif part.get("text"):
                parts.append({**part, "type": "output_text"})
        marks = [flat_annotation(mark) for mark in objects(message.get("annotations"))]
        if marks and parts:
            parts[-1] = {**parts[-1], "annotations": marks}
        if message.get("refusal"):
            parts.append({"type": "refusal", "refusal": message["refusal"]})
        return parts

    def _call(self, call: JsonObject, param: str) -> None:
        kind = call_kind(call)
        inner, call_id = require_object(call.get(kind), f"{param}.{kind}"), call.get("id")
        if not call_id:
            raise ArgumentError(f"{param} has no id.", param=f"{param}.id")
        item: JsonObject = {"call_id": call_id, "name": inner.get("name")}
        if kind == "custom":
            self._custom.add(call_id)
            self.items.append({"type": "custom_tool_call", **item, "input": inner.get("input", "")})
            return
        arguments = inner.get("arguments")
        if not isinstance(arguments, str):
            given: Any = arguments if arguments is not None else {}
            arguments = json_text(given, f"{param}.{kind}.arguments")
        self.items.append({"type": "function_call", **item, "arguments": arguments})

    def _tool(self, message: JsonObject, param: str) -> None:
        call_id = message.get("tool_call_id")
        if not call_id:
            raise ArgumentError(f"{param} has no tool_call_id.", param=f"{param}.tool_call_id")
        kind = "custom_tool_call" if call_id in self._custom else "function_call"
        output = self._content(message.get("content"), f"{param}.content")
        self.items.append({"type": f"{kind}_output", "call_id": call_id, "output": output})

    def _function(self, message: JsonObject, param: str) -> None:
        """The old role: it has no id, so calls and answers are paired by their order."""
        if not self._old:
            raise ArgumentError(f"{param} answers no function_call.", param=param)
        self._tool({**message, "tool_call_id": self._old.popleft()}, param)


def input_part(part: JsonObject) -> JsonObject | None:
    """A Chat content part of a user's message as Responses has it; None where it has none."""
    rest = {k: v for k, v in part.items() if v is not None}
    kind = rest.pop("type", None) or ("text" if "text" in part else None)
    if kind == "text":
        return {"type": "input_text", **rest}
    if kind == "image_url":
        image = rest.pop("image_url", None)
        given = {"url": image} if isinstance(image, str) else dict(as_object(image))
        return {"type": "input_image", "image_url": given.pop("url", None), **given, **rest}
    if kind == "file":
        return {"type": "input_file", **as_object(rest.pop("file", None)), **rest}
    if isinstance(kind, str) and kind.startswith("input_") and kind != "input_audio":
        return part  # already in the Responses form
    return None
