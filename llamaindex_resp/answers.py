"""Responses answers as LlamaIndex responses, with everything that they say. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from llama_index.core.base.llms.types import (
    AudioBlock,
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

from llamaindex_resp.decisions import REQUESTS, request_notes
from llamaindex_resp.items import BrokenCall, Call, Part, Text, Thought, broken_calls, parts
from resp_core.types.unchecked import made
from resp_core.wire.shape import as_object, objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import ContentBlock

    from llamaindex_resp.items import Schemas
    from resp_core.types.json import JsonObject

__all__ = [
    "Asked",
    "CalledFunction",
    "ToolCall",
    "chat_response",
    "completion_response",
    "single_call",
    "thinking_block",
    "token_logprobs",
]

#: Items whose content is all in the message's text: nothing is lost without the item itself.
_PLAIN_KEYS = frozenset({"type", "id", "status", "role", "content"})
_PLAIN_PART_KEYS = frozenset({"type", "text", "annotations", "logprobs"})
#: Items that blocks show; the others are what the server did by itself.
_OWN = frozenset({"message", "reasoning", "function_call", "custom_tool_call"})
_COUNTS = {
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "total_tokens": "total_tokens",
}
_IMAGE_TYPES = {"jpeg": "image/jpeg", "jpg": "image/jpeg", "webp": "image/webp"}


class Asked(NamedTuple):
    """What the call was about, as far as reading its answer needs it.

    `schemas` are the parameters of the tools on offer; `origin` names the server, and is stamped
    on messages that hold state only that server understands; `earlier` are the items before the
    answer; `audio_format` is that of a spoken one.
    """

    schemas: Schemas | None = None
    origin: str | None = None
    earlier: Sequence[JsonObject] = ()
    audio_format: str | None = None


class CalledFunction(BaseModel):
    """Name and arguments (JSON text) of a tool call, as OpenAI's SDK shows them."""

    name: str
    arguments: str


class ToolCall(BaseModel):
    """One entry of `additional_kwargs["tool_calls"]`, with the attributes of OpenAI's SDK."""

    id: str
    type: str = "function"
    function: CalledFunction


_NOTHING = Asked()


def chat_response(response: JsonObject, asked: Asked = _NOTHING) -> ChatResponse:
    """A finished response (also an incomplete one) as a ChatResponse."""
    items = objects(response.get("output"))
    said = _message_parts(items)
    whole = response.get("status", "completed") == "completed"
    found = parts(items, asked.schemas, whole=whole)
    blocks = [*_blocks(found, items, response), *_audio(said, asked.audio_format)]
    refusal = _refusal(said)
    message = made(
        ChatMessage,
        {
            "role": MessageRole.ASSISTANT,
            "additional_kwargs": _message_kwargs(response, items, found, asked, refusal),
            "blocks": blocks or [TextBlock(text="")],
        },
    )
    return made(
        ChatResponse,
        {
            "message": message,
            "raw": response,
            "delta": None,
            "logprobs": _logprobs(said),
            "additional_kwargs": _response_kwargs(response, items, found, refusal),
        },
    )


def completion_response(chat: ChatResponse) -> CompletionResponse:
    """The same answer, or chunk, as a CompletionResponse."""
    message = chat.message
    extras = cast("JsonObject", vars(chat)["additional_kwargs"])
    return made(
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


# --- blocks


def _blocks(
    found: Sequence[Part], items: Sequence[JsonObject], response: JsonObject
) -> list[ContentBlock]:
    blocks: list[ContentBlock] = []
    thoughts = sum(isinstance(part, Thought) for part in found)
    for part in found:
        match part:
            case Text():
                if part.text:
                    blocks.append(made(TextBlock, {"block_type": "text", "text": part.text}))
                blocks.extend(_citations(part))
            case Thought() if part.text or part.encrypted_content:
                blocks.append(thinking_block(part, _reasoning_tokens(response, thoughts)))
            case Call():
                blocks.append(
                    ToolCallBlock(
                        tool_call_id=part.id, tool_name=part.name, tool_kwargs=part.arguments
                    )
                )
            case _:
                continue
    blocks.extend(image for item in items if (image := _image(item)) is not None)
    return blocks


def thinking_block(thought: Thought, tokens: int | None = None) -> ThinkingBlock:
    """A thought with what the server needs to know it again."""
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
    if item.get("type") != "image_generation_call":
        return None
    data = _encoded(item.get("result"))
    if data is None:
        return None  # the item itself stays in response_items
    kind = _IMAGE_TYPES.get(str(item.get("output_format")), "image/png")
    return ImageBlock(image=data, image_mimetype=kind)


def _audio(said: Sequence[JsonObject], kind: str | None) -> list[AudioBlock]:
    """What was said aloud; its transcript is the text."""
    return [
        AudioBlock(audio=data, format=kind)
        for part in said
        if part.get("type") == "output_audio" and (data := _encoded(part.get("data"))) is not None
    ]


def _encoded(data: Any) -> bytes | None:
    """Base64 as blocks keep it; None where it is empty or broken."""
    try:
        return str(data).encode() if data and base64.b64decode(data, validate=True) else None
    except (binascii.Error, TypeError, ValueError):
        return None


# --- what else is said


def _message_kwargs(
    response: JsonObject,
    items: list[JsonObject],
    found: Sequence[Part],
    asked: Asked,
    refusal: str | None,
) -> JsonObject:
    kwargs: JsonObject = {}
    if calls := [_tool_call(part) for part in found if isinstance(part, Call)]:
        kwargs["tool_calls"] = calls
    if broken := broken_calls(found):
        kwargs["invalid_tool_calls"] = [_invalid(call) for call in broken]
    if refusal:
        kwargs["refusal"] = refusal
    if response.get("status") == "incomplete":
        kwargs["incomplete_details"] = response.get("incomplete_details") or {}
    if not _is_plain(items):
        kwargs["response_items"] = items
        if requests := request_notes(items, asked.earlier):
            kwargs[REQUESTS] = requests
        if asked.origin:
            kwargs["response_origin"] = asked.origin
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


def _refusal(said: Sequence[JsonObject]) -> str | None:
    refusals = [str(part.get("refusal") or "") for part in said if part.get("type") == "refusal"]
    return "".join(refusals) if refusals else None


def _response_kwargs(
    response: JsonObject,
    items: Sequence[JsonObject],
    found: Sequence[Part],
    refusal: str | None,
) -> JsonObject:
    kwargs = _usage_kwargs(response.get("usage"))
    kwargs["response_id"] = response.get("id")
    kwargs["finish_reason"] = _finish_reason(response, found)
    notes = [note for part in found if isinstance(part, Text) for note in part.annotations]
    if notes:
        kwargs["annotations"] = notes
    if hosted := [item for item in items if item.get("type") not in _OWN]:
        kwargs["built_in_tool_calls"] = hosted
    if refusal:
        kwargs["refusal"] = refusal
    if tier := response.get("service_tier"):
        kwargs["service_tier"] = tier
    return kwargs


def _usage_kwargs(usage: JsonObject | None) -> JsonObject:
    """Token counts under the names that LlamaIndex's counters read; what is unknown is left out."""
    if not usage:
        return {}
    counts = {ours: usage.get(theirs) for ours, theirs in _COUNTS.items()}
    return {**{name: n for name, n in counts.items() if n is not None}, "usage": usage}


def _finish_reason(response: JsonObject, found: Sequence[Part]) -> str | None:
    """Chat's words: stop, length, content_filter, tool_calls; None while it is not over."""
    status = response.get("status", "completed")
    if status == "incomplete":
        reason = as_object(response.get("incomplete_details")).get("reason")
        return {"max_output_tokens": "length", None: "incomplete"}.get(reason, str(reason))
    if status != "completed":
        return None
    return "tool_calls" if any(isinstance(part, Call) for part in found) else "stop"


def _logprobs(said: Sequence[JsonObject]) -> list[list[LogProb]] | None:
    """Per token of the answer: the chosen one, then its alternatives."""
    tokens = [token for part in said for token in objects(part.get("logprobs"))]
    return token_logprobs(tokens) if tokens else None


def _message_parts(items: Sequence[JsonObject]) -> list[JsonObject]:
    messages = (item for item in items if item.get("type") == "message")
    return [part for item in messages for part in objects(item.get("content"))]


def token_logprobs(tokens: Sequence[JsonObject]) -> list[list[LogProb]]:
    """Tokens of the API as LlamaIndex has them."""
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
