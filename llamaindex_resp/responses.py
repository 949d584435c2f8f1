"""Responses answers as LlamaIndex responses: whole ones and, chunk by chunk, streamed ones. Pure.

Every chunk holds the text so far. Chunks are made by the thousand, so they are built without
pydantic's validation (their fields are ours) and never kept.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypeVar, cast

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CitationBlock,
    CompletionResponse,
    ImageBlock,
    LogProb,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from pydantic import BaseModel
from pydantic_core import from_json

from llamaindex_resp.decisions import REQUESTS, request_notes
from llamaindex_resp.items import BrokenCall, Call, Part, Text, Thought, broken_calls, parts
from resp_core.wire.shape import as_object, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llama_index.core.base.llms.types import ContentBlock

    from llamaindex_resp.items import Schemas
    from resp_core.types.json import JsonObject

__all__ = [
    "CalledFunction",
    "ChatChunks",
    "ToolCall",
    "chat_response",
    "completion_response",
    "single_call",
]

_Model = TypeVar("_Model", bound=BaseModel)

#: Terminal event types: each carries the full response.
_TERMINAL = ("response.completed", "response.incomplete")
#: Items whose content is all in the message's text: nothing is lost without the item itself.
_PLAIN_KEYS = frozenset({"type", "id", "status", "role", "content"})
_PLAIN_PART_KEYS = frozenset({"type", "text", "annotations", "logprobs"})
_IMAGE_TYPES = {"jpeg": "image/jpeg", "jpg": "image/jpeg", "webp": "image/webp"}


class CalledFunction(BaseModel):
    """Name and arguments (JSON text) of a tool call, as OpenAI's SDK shows them."""

    name: str
    arguments: str


class ToolCall(BaseModel):
    """One entry of `additional_kwargs["tool_calls"]`, with the attributes of OpenAI's SDK."""

    id: str
    type: str = "function"
    function: CalledFunction


# --- whole answers


def chat_response(
    response: JsonObject,
    *,
    schemas: Schemas | None = None,
    origin: str | None = None,
    earlier: Sequence[JsonObject] = (),
) -> ChatResponse:
    """A finished response (also an incomplete one) as a ChatResponse.

    `schemas` are the parameters of the tools on offer; `origin` names the server, and is stamped
    on messages that hold state only that server understands; `earlier` are the items before it.
    """
    items = objects(response.get("output"))
    whole = response.get("status", "completed") == "completed"
    found = parts(items, schemas, whole=whole)
    message = ChatMessage(
        role=MessageRole.ASSISTANT,
        blocks=_blocks(found, items, response),
        additional_kwargs=_message_kwargs(response, items, found, origin, earlier),
    )
    return ChatResponse(
        message=message,
        raw=response,
        logprobs=_logprobs(items),
        additional_kwargs=_response_kwargs(response, items, found),
    )


def completion_response(chat: ChatResponse) -> CompletionResponse:
    """The same answer, or chunk, as a CompletionResponse."""
    message = chat.message
    extras = cast("JsonObject", vars(chat)["additional_kwargs"])
    return _made(
        CompletionResponse,
        {
            "text": message.content or "",
            "additional_kwargs": {**message.additional_kwargs, **extras},
            "raw": chat.raw,
            "logprobs": chat.logprobs,
            "delta": chat.delta,
        },
    )


def single_call(response: ChatResponse) -> ChatResponse:
    """`response` with its first tool call only, for callers that take one at a time."""
    calls = [b for b in response.message.blocks if isinstance(b, ToolCallBlock)]
    if len(calls) > 1:
        message = response.message
        message.blocks = [b for b in message.blocks if b not in calls[1:]]
        kept = cast("list[Any]", message.additional_kwargs.get("tool_calls") or [])[:1]
        message.additional_kwargs = {**message.additional_kwargs, "tool_calls": kept}
    return response


def _blocks(
    found: Sequence[Part], items: Sequence[JsonObject], response: JsonObject
) -> list[ContentBlock]:
    blocks: list[ContentBlock] = []
    thoughts = sum(isinstance(part, Thought) for part in found)
    for part in found:
        match part:
            case Text():
                if part.text:
                    blocks.append(TextBlock(text=part.text))
                blocks.extend(_citations(part))
            case Thought() if part.text or part.encrypted_content:
                blocks.append(_thinking(part, _reasoning_tokens(response, thoughts)))
            case Call():
                blocks.append(
                    ToolCallBlock(
                        tool_call_id=part.id, tool_name=part.name, tool_kwargs=part.arguments
                    )
                )
            case _:
                continue
    blocks.extend(image for item in items if (image := _image(item)) is not None)
    return blocks or [TextBlock(text="")]


def _thinking(thought: Thought, tokens: int | None) -> ThinkingBlock:
    info: JsonObject = {}
    if thought.id:
        info["id"] = thought.id
    if thought.encrypted_content:
        info["encrypted_content"] = thought.encrypted_content
    return ThinkingBlock(content=thought.text, num_tokens=tokens, additional_information=info)


def _reasoning_tokens(response: JsonObject, thoughts: int) -> int | None:
    """Tokens of the one thought; unknown where several share the count."""
    if thoughts != 1:
        return None
    details = as_object(as_object(response.get("usage")).get("output_tokens_details"))
    return details.get("reasoning_tokens")


def _citations(part: Text) -> list[CitationBlock]:
    found: list[CitationBlock] = []
    for note in part.annotations:
        place = {
            key: value
            for key in ("start_index", "end_index", "index")
            if isinstance(value := note.get(key), int)
        }
        start, end = place.get("start_index", 0), place.get("end_index", 0)
        source = note.get("url") or note.get("file_id") or ""
        title = note.get("title") or note.get("filename") or source
        found.append(
            CitationBlock(
                cited_content=TextBlock(text=part.text[start:end]),
                source=str(source),
                title=str(title),
                additional_location_info=place,
            )
        )
    return found


def _image(item: JsonObject) -> ImageBlock | None:
    if item.get("type") != "image_generation_call" or not item.get("result"):
        return None
    try:
        data = base64.b64decode(item["result"], validate=True)
    except (binascii.Error, TypeError, ValueError):
        return None  # the item itself stays in response_items
    kind = _IMAGE_TYPES.get(str(item.get("output_format")), "image/png")
    return ImageBlock(image=data, image_mimetype=kind)


def _message_kwargs(
    response: JsonObject,
    items: list[JsonObject],
    found: Sequence[Part],
    origin: str | None,
    earlier: Sequence[JsonObject],
) -> JsonObject:
    kwargs: JsonObject = {}
    if calls := [_tool_call(part) for part in found if isinstance(part, Call)]:
        kwargs["tool_calls"] = calls
    if broken := broken_calls(found):
        kwargs["invalid_tool_calls"] = [_invalid(call) for call in broken]
    if refusal := _refusal(items):
        kwargs["refusal"] = refusal
    if response.get("status") == "incomplete":
        kwargs["incomplete_details"] = response.get("incomplete_details") or {}
    if not _is_plain(items):
        kwargs["response_items"] = items
        if asked := request_notes(items, earlier):
            kwargs[REQUESTS] = asked
        if origin:
            kwargs["response_origin"] = origin
    return kwargs


def _is_plain(items: Sequence[JsonObject]) -> bool:
    """Whether the text alone says it all: chat histories then stay free of extras."""
    if len(items) != 1 or items[0].get("type") != "message" or not items[0].keys() <= _PLAIN_KEYS:
        return False
    return all(
        part.get("type") == "output_text"
        and part.keys() <= _PLAIN_PART_KEYS
        and not part.get("annotations")
        for part in objects(items[0].get("content"))
    )


def _tool_call(call: Call) -> ToolCall:
    arguments = call.raw if call.kind == "custom" or call.raw.strip() else "{}"
    function = CalledFunction(name=call.name, arguments=arguments)
    return ToolCall(id=call.id, type=call.kind, function=function)


def _invalid(call: BrokenCall) -> JsonObject:
    return {"id": call.id, "name": call.name, "arguments": call.raw, "error": call.reason}


def _refusal(items: Sequence[JsonObject]) -> str | None:
    said = [
        str(part.get("refusal") or "")
        for part in _message_parts(items)
        if part.get("type") == "refusal"
    ]
    return "".join(said) if said else None


def _response_kwargs(
    response: JsonObject, items: Sequence[JsonObject], found: Sequence[Part]
) -> JsonObject:
    kwargs = _usage_kwargs(response.get("usage"))
    kwargs["response_id"] = response.get("id")
    kwargs["finish_reason"] = _finish_reason(response, found)
    notes = [note for part in found if isinstance(part, Text) for note in part.annotations]
    if notes:
        kwargs["annotations"] = notes
    own = ("message", "reasoning", "function_call", "custom_tool_call")
    if hosted := [item for item in items if item.get("type") not in own]:
        kwargs["built_in_tool_calls"] = hosted
    if refusal := _refusal(items):
        kwargs["refusal"] = refusal
    if tier := response.get("service_tier"):
        kwargs["service_tier"] = tier
    return kwargs


def _usage_kwargs(usage: JsonObject | None) -> JsonObject:
    """Token counts under the names that LlamaIndex's counters read; empty when unknown."""
    if not usage:
        return {}
    return {
        "prompt_tokens": usage.get("input_tokens", 0),
        "completion_tokens": usage.get("output_tokens", 0),
        "total_tokens": usage.get("total_tokens", 0),
        "usage": usage,
    }


def _finish_reason(response: JsonObject, found: Sequence[Part]) -> str:
    """Chat's words: stop, length, content_filter, tool_calls."""
    if response.get("status") == "incomplete":
        reason = as_object(response.get("incomplete_details")).get("reason")
        return {"max_output_tokens": "length", None: "incomplete"}.get(reason, str(reason))
    return "tool_calls" if any(isinstance(part, Call) for part in found) else "stop"


def _logprobs(items: Sequence[JsonObject]) -> list[list[LogProb]] | None:
    """Per token of the answer: the chosen one, then its alternatives."""
    tokens = [token for part in _message_parts(items) for token in objects(part.get("logprobs"))]
    return _token_logprobs(tokens) if tokens else None


def _message_parts(items: Sequence[JsonObject]) -> list[JsonObject]:
    messages = (item for item in items if item.get("type") == "message")
    return [part for item in messages for part in objects(item.get("content"))]


def _token_logprobs(tokens: Sequence[JsonObject]) -> list[list[LogProb]]:
    return [
        [_logprob(token), *(_logprob(other) for other in objects(token.get("top_logprobs")))]
        for token in tokens
    ]


def _logprob(token: JsonObject) -> LogProb:
    return LogProb(
        token=token.get("token") or "",
        logprob=token.get("logprob") or 0.0,
        bytes=token.get("bytes") or [],
    )


# --- streamed answers

_FIELDS: dict[type[BaseModel], set[str]] = {
    cls: set(cls.model_fields) for cls in (TextBlock, ChatMessage, ChatResponse, CompletionResponse)
}


# The slots of a pydantic model, set without a look-up by name.
_set_fields = vars(BaseModel)["__dict__"].__set__
_set_names = vars(BaseModel)["__pydantic_fields_set__"].__set__
_set_extra = vars(BaseModel)["__pydantic_extra__"].__set__
_set_private = vars(BaseModel)["__pydantic_private__"].__set__


def _made(cls: type[_Model], fields: JsonObject) -> _Model:
    """A model of fields known to be right, at a fraction of what `model_construct` costs."""
    made = object.__new__(cls)
    _set_fields(made, fields)
    _set_names(made, _FIELDS[cls])
    _set_extra(made, None)
    _set_private(made, None)
    return made


class ChatChunks:
    """Folds the events of one response into chunks, the last of them complete.

    `add` gives a chunk for events that show something, else None. `response` is set once the
    terminal event came.
    """

    def __init__(
        self,
        *,
        schemas: Schemas | None = None,
        origin: str | None = None,
        earlier: Sequence[JsonObject] = (),
    ) -> None:
        self.response: JsonObject | None = None
        self._schemas = schemas
        self._origin = origin
        self._earlier = earlier
        self._text = ""  # of the message item under way
        self._text_item: Any = None
        self._before: list[ContentBlock] = []  # blocks of what came before that text
        self._calls: dict[Any, JsonObject] = {}  # by output index: calls under way
        self._thinking = ""
        self._handlers: dict[str, Callable[[JsonObject], ChatResponse | None]] = {
            "response.output_text.delta": self._on_text,
            "response.refusal.delta": self._on_text,
            "response.reasoning_summary_text.delta": self._on_thinking,
            "response.reasoning_summary_part.added": self._on_paragraph,
            "response.reasoning_text.delta": self._on_thinking,
            "response.output_item.added": self._on_item,
            "response.output_item.done": self._on_item_done,
            "response.function_call_arguments.delta": self._on_arguments,
            "response.custom_tool_call_input.delta": self._on_arguments,
            **dict.fromkeys(_TERMINAL, self._on_terminal),
        }

    def add(self, event: JsonObject) -> ChatResponse | None:
        """Take one event; the chunk that it shows, or None."""
        handler = self._handlers.get(event["type"])
        return None if handler is None else handler(event)

    def _on_text(self, event: JsonObject) -> ChatResponse | None:
        delta: str = event["delta"]
        if not delta:
            return None
        before = ""
        if event.get("output_index") != self._text_item:
            before = self._next_text(event)
        self._text += delta
        chunk = self._chunk(event, before + delta)
        if event.get("logprobs"):
            chunk.logprobs = _token_logprobs(event["logprobs"])
        return chunk

    def _next_text(self, event: JsonObject) -> str:
        """A message begins. Blocks are joined by a newline, so what is shown first says it too."""
        self._text_item = event.get("output_index")
        self._keep_text()
        return "\n" if any(isinstance(block, TextBlock) for block in self._before) else ""

    def _keep_text(self) -> None:
        if self._text:
            self._before = [*self._before, TextBlock(text=self._text)]
            self._text = ""

    def _on_paragraph(self, event: JsonObject) -> ChatResponse | None:
        return self._think(event, "\n\n") if event.get("summary_index") else None

    def _on_thinking(self, event: JsonObject) -> ChatResponse | None:
        return self._think(event, event["delta"])

    def _think(self, event: JsonObject, delta: str) -> ChatResponse | None:
        if not delta:
            return None
        self._thinking += delta
        chunk = self._chunk(event, "")
        chunk.additional_kwargs = {"thinking_delta": delta}
        return chunk

    def _on_item(self, event: JsonObject) -> ChatResponse | None:
        item = event["item"]
        if item.get("type") not in ("function_call", "custom_tool_call"):
            return None
        field = "input" if item["type"] == "custom_tool_call" else "arguments"
        self._calls[event.get("output_index")] = {"item": item, "raw": item.get(field) or ""}
        return self._chunk(event, "")

    def _on_arguments(self, event: JsonObject) -> ChatResponse | None:
        call = self._calls.get(event.get("output_index"))
        if call is None:
            return None
        call["raw"] += event["delta"]
        return self._chunk(event, "")

    def _on_item_done(self, event: JsonObject) -> None:
        item = event["item"]
        if item.get("type") == "reasoning" and (found := parts([item])):
            thought = found[0]
            if isinstance(thought, Thought) and (thought.text or thought.encrypted_content):
                self._keep_text()
                self._before = [*self._before, _thinking(thought, None)]
            self._thinking = ""

    def _on_terminal(self, event: JsonObject) -> ChatResponse:
        self.response = event["response"]
        return self.whole(event["response"])

    def whole(self, response: JsonObject) -> ChatResponse:
        """The last chunk, which says all that `response` says."""
        last = chat_response(
            response, schemas=self._schemas, origin=self._origin, earlier=self._earlier
        )
        last.delta = ""
        return last

    def go_on(self) -> None:
        """Another response continues the text."""
        self._keep_text()
        self._text_item = object()
        self._calls = {}
        self._thinking = ""
        self.response = None

    def _chunk(self, event: JsonObject, delta: str) -> ChatResponse:
        blocks: list[ContentBlock] = [*self._before]
        if self._thinking:
            blocks.append(ThinkingBlock(content=self._thinking))
        blocks.append(_made(TextBlock, {"block_type": "text", "text": self._text}))
        message = _made(
            ChatMessage,
            {"role": MessageRole.ASSISTANT, "additional_kwargs": {}, "blocks": blocks},
        )
        if self._calls:
            self._show_calls(message)
        return _made(
            ChatResponse,
            {
                "message": message,
                "raw": event,
                "delta": delta,
                "logprobs": None,
                "additional_kwargs": {},
            },
        )

    def _show_calls(self, message: ChatMessage) -> None:
        """Calls under way, their arguments as far as they can be read: for display only."""
        calls: list[ToolCall] = []
        for call in self._calls.values():
            item, raw = call["item"], call["raw"]
            custom = item["type"] == "custom_tool_call"
            arguments = {"input": raw} if custom else _so_far(raw)
            call_id, name = str(item.get("call_id") or ""), str(item.get("name") or "")
            message.blocks.append(
                ToolCallBlock(tool_call_id=call_id, tool_name=name, tool_kwargs=arguments)
            )
            function = CalledFunction(name=name, arguments=raw)
            calls.append(ToolCall(id=call_id, function=function))
        message.additional_kwargs["tool_calls"] = calls


def _so_far(raw: str) -> JsonObject:
    """An unfinished JSON object as far as it goes; {} where that is nothing yet."""
    try:
        value: Any = from_json(raw or "{}", allow_partial="trailing-strings")
    except ValueError:
        return {}
    return cast("JsonObject", value) if isinstance(value, dict) else {}
