"""The Chat Completions codec: Responses requests down, Chat completions up.

A Chat server sees a request that only names what the caller set. What Chat cannot say goes to
`Losses`, which raises or notes it; nothing disappears in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from resp_core.errors import ProtocolError, StreamIncomplete, UnsupportedError
from resp_core.types.frozen import frozen
from resp_core.wire.chat_messages import encode_messages
from resp_core.wire.chat_stream import ChatEvents, usual_response
from resp_core.wire.chat_tools import encode_tools
from resp_core.wire.shape import as_object, items_of, objects, require_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resp_core.types.json import JsonObject
    from resp_core.wire.ids import NewId
    from resp_core.wire.losses import Losses

__all__ = ["ChatOptions", "decode_response", "encode_request"]

LOGPROBS = "message.output_text.logprobs"


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """How a Chat server differs from another. The defaults are those of OpenAI itself.

    `developer_role`: knows that role (else `system` is sent). `max_tokens_param`: its name for
    the output limit. `stream_options`: takes that field. `reasoning_in`: the field of an
    assistant message in which it wants its reasoning back, or None to send none. `custom_tools`:
    knows tools of type custom (else they are sent as functions). `tool_images`: takes images and
    files in tool messages (else they follow in a user message). `strict`: takes `strict` in
    tools and schemas. `annotations`: takes them back in assistant messages.
    `web_search_options`: the model searches the web that way. `refuses`: Chat parameters that
    the server is known to refuse; they are lost, not sent.
    """

    developer_role: bool = True
    max_tokens_param: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    stream_options: bool = True
    reasoning_in: Literal["reasoning_content", "reasoning"] | None = None
    custom_tools: bool = True
    tool_images: bool = False
    strict: bool = True
    annotations: bool = False
    web_search_options: bool = False
    refuses: frozenset[str] = frozenset()


def encode_request(
    body: JsonObject, chat_only: Mapping[str, object], *, options: ChatOptions, losses: Losses
) -> JsonObject:
    """The Chat body for a Responses request, without `stream`.

    `chat_only` holds Chat parameters that the Responses API lacks; they are sent as they are.
    Unknown fields of `body` are passed on: they are the server's to understand.
    Raises ArgumentError for an input that is no conversation, UnsupportedError for what would
    be lost.
    """
    chat: JsonObject = {}
    encoding = _Encoding(chat, options, losses)
    for name in _STORED:  # before the messages, which may answer what only the server knows
        if body.get(name) is not None:
            _FIELDS[name](encoding, body[name])
    if body.get("model") is not None:
        chat["model"] = body["model"]
    chat["messages"] = encode_messages(body, options, losses)
    chat.update(encode_tools(body, options, losses))
    for name, value in body.items():
        if value is None or name in _ELSEWHERE:
            continue
        encode = _FIELDS.get(name)
        if encode is None:
            chat[name] = value
        else:
            encode(encoding, value)
    for name, value in chat_only.items():
        encoding.chat_only(name, value)
    for name in options.refuses.intersection(chat):
        losses.lose(name, "the server refuses this parameter")
        del chat[name]
    return chat


def decode_response(
    completion: JsonObject, *, request: JsonObject, new_id: NewId, losses: Losses
) -> JsonObject:
    """The Responses `response` for a Chat completion; `request` is the Responses request.

    Only the first choice is carried. Raises ProtocolError where there is none.
    """
    choices = objects(completion.get("choices"))
    if not choices:
        raise ProtocolError("the server's Chat completion has no choices.", body=completion)
    if len(choices) > 1:
        losses.note(f"only the first of {len(choices)} choices was kept")
    usual = usual_response(completion, choices[0], request, new_id)
    if usual is not None:
        return usual
    # One path for plain and streamed answers: a plain one is a stream of a single chunk.
    choice = {key: value for key, value in choices[0].items() if key not in ("delta", "index")}
    events = ChatEvents(request, new_id)
    events.add({**completion, "choices": [choice]})
    try:
        return events.close(done=True)[-1]["response"]
    except StreamIncomplete:
        raise ProtocolError(
            "the server's Chat completion has neither content nor a finish_reason.",
            body=completion,
        ) from None


_STORED = ("previous_response_id", "conversation")
_ELSEWHERE = frozenset(
    (
        "model",
        "input",
        "messages",
        "instructions",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "stream",
    )
)


@frozen
class _Encoding:
    """One request being encoded; a method for each field that needs more than a copy."""

    chat: JsonObject
    options: ChatOptions
    losses: Losses

    def chat_only(self, name: str, value: object) -> None:
        if value is None:
            return
        if name == "n" and value != 1:
            self.losses.lose("n", "a response holds one answer: make one call for each")
        else:
            self.chat[name] = value

    def max_output_tokens(self, value: Any) -> None:
        self.chat[self.options.max_tokens_param] = value

    def reasoning(self, value: Any) -> None:
        for name, setting in require_object(value, "reasoning").items():
            if name == "effort":
                if setting is not None:
                    self.chat["reasoning_effort"] = setting
            elif setting is not None and (name, setting) not in _REASONING_DEFAULTS:
                self.losses.lose(f"reasoning.{name}", "Chat has only reasoning_effort")

    def text(self, value: Any) -> None:
        for name, setting in require_object(value, "text").items():
            if setting is None:
                continue
            if name == "format":
                self._format(require_object(setting, "text.format"))
            elif name == "verbosity":
                self.chat["verbosity"] = setting
            else:
                self.losses.lose(f"text.{name}", "Chat has no such field")

    def _format(self, given: JsonObject) -> None:
        kind = given.get("type")
        if kind == "json_schema":
            inner = {k: v for k, v in given.items() if k != "type" and v is not None}
            if not self.options.strict and inner.pop("strict", False):
                self.losses.note("the schema was sent without `strict`, which the server lacks")
            self.chat["response_format"] = {"type": kind, "json_schema": inner}
        elif kind == "json_object":
            self.chat["response_format"] = given
        elif kind != "text":  # text is the default
            self.losses.lose("text.format", f"Chat has no format of type {kind!r}")

    def top_logprobs(self, value: Any) -> None:
        if value:
            self.chat["logprobs"] = True
            self.chat["top_logprobs"] = value

    def include(self, value: Any) -> None:
        for name in items_of(value):
            if name == LOGPROBS:
                self.chat["logprobs"] = True
            else:
                self.losses.lose(f"include[{name}]", "a Chat answer never holds it")

    def service_tier(self, value: Any) -> None:
        if value == "ultrafast":
            self.losses.lose("service_tier", "Chat has no tier `ultrafast`")
        else:
            self.chat["service_tier"] = value

    def store(self, value: Any) -> None:
        if value:  # not to store is the default of Chat
            self.chat["store"] = value

    def prompt_cache_options(self, value: Any) -> None:
        kept: JsonObject = {}
        for name, setting in require_object(value, "prompt_cache_options").items():
            if name == "mode" or (name, setting) == ("ttl", "30m"):
                kept[name] = setting
            elif setting is not None:
                self.losses.lose(f"prompt_cache_options.{name}", "Chat knows mode and ttl 30m")
        if kept:
            self.chat["prompt_cache_options"] = kept

    def stream_options(self, value: Any) -> None:
        given = require_object(value, "stream_options")
        if self.options.stream_options:
            self.chat["stream_options"] = given
        elif as_object(given).get("include_obfuscation"):
            self.losses.lose("stream_options", "the server does not know it")


_REASONING_DEFAULTS = (("context", "auto"), ("mode", "standard"))


def _unless(name: str, default: Any, why: str) -> Callable[[_Encoding, Any], None]:
    """A field that Chat lacks: nothing to send when it has its default, else a loss."""

    def encode(encoding: _Encoding, value: Any) -> None:
        if value != default:
            encoding.losses.lose(name, why)

    return encode


def _stored(name: str) -> Callable[[_Encoding, Any], None]:
    def encode(encoding: _Encoding, value: Any) -> None:
        raise UnsupportedError(
            f"{encoding.losses.target} keeps no conversations, so {name!r} means nothing to it: "
            "send the earlier items in `input`.",
            param=name,
        )

    return encode


_FIELDS: dict[str, Callable[[_Encoding, Any], None]] = {
    "access_programs": _unless("access_programs", None, "Chat has no such field"),
    "background": _unless("background", False, "Chat answers in the foreground only"),
    "context_management": _unless("context_management", [], "Chat cannot compact a context"),
    "conversation": _stored("conversation"),
    "image": _unless("image", None, "Chat has no such field"),
    "include": _Encoding.include,
    "max_output_tokens": _Encoding.max_output_tokens,
    "max_tool_calls": _unless("max_tool_calls", None, "Chat does not limit tool calls"),
    "previous_response_id": _stored("previous_response_id"),
    "prompt": _unless("prompt", None, "Chat has no stored prompts"),
    "prompt_cache_options": _Encoding.prompt_cache_options,
    "reasoning": _Encoding.reasoning,
    "service_tier": _Encoding.service_tier,
    "store": _Encoding.store,
    "stream_options": _Encoding.stream_options,
    "text": _Encoding.text,
    "top_logprobs": _Encoding.top_logprobs,
    "truncation": _unless("truncation", "disabled", "Chat does not truncate its input"),
}
