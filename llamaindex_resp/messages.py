"""LlamaIndex messages as Responses items. Pure: nothing is fetched, no message is changed."""

from __future__ import annotations

import base64
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from llama_index.core.base.llms.types import (
    AudioBlock,
    CachePoint,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

from llamaindex_resp.decisions import decision_item, is_request_id, with_fresh_decisions
from llamaindex_resp.items import Call, Part, Text, Thought, as_json, parse_arguments, parts
from resp_core.errors import ArgumentError, UnsupportedError
from resp_core.wire.ids import is_ours
from resp_core.wire.replay import ORIGIN, OUTPUT_OF, plan_replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from io import IOBase

    from llama_index.core.base.llms.types import ChatMessage, ContentBlock

    from resp_core.types.json import JsonObject

__all__ = ["to_items"]

_ASSISTANT = (MessageRole.ASSISTANT, MessageRole.CHATBOT, MessageRole.MODEL)
_RESULT = (MessageRole.TOOL, MessageRole.FUNCTION)
_ANSWERS = frozenset(OUTPUT_OF.values())
_CALLS = ("function_call", "custom_tool_call")
_REQUEST = "mcp_approval_request"
#: Item types that blocks can say; the others are replayed even where the blocks were changed.
_SAID = ("message", "reasoning", *_CALLS)
#: Lifetimes that the Responses API knows for an explicit cache breakpoint.
_CACHE_TTLS = ("30m", "12h")


def to_items(
    messages: Sequence[ChatMessage],
    *,
    stored: bool = True,
    origin: str | None = None,
    continued: bool = False,
) -> list[JsonObject]:
    """The conversation as Responses input items.

    An assistant message that still says what its `additional_kwargs["response_items"]` say is
    replayed as those items, byte for byte; a changed one is rebuilt from its blocks. A history
    that would not hold as it is (trimmed, interrupted, from another server) is mended by
    `plan_replay`: `stored` says whether the server keeps responses, `origin` names the server
    the items go to, `continued` that it knows earlier turns by id.
    Raises `UnsupportedError` for a block that has no form here, `ArgumentError` for a tool
    result that answers no call, `ApprovalMismatch` for a decision on another request than shown.
    """
    items: list[JsonObject] = []
    open_calls: dict[str, JsonObject] = {}
    requests: dict[str, JsonObject] = {}
    foreign = False
    for index, message in enumerate(messages):
        if message.role in _ASSISTANT:
            new = _assistant(message, index)
            stamp = message.additional_kwargs.get("response_origin")
            if stamp is not None and origin is not None and stamp != origin:
                foreign = True
                new = [{**item, ORIGIN: stamp} for item in new]
            open_calls.update({item["call_id"]: item for item in new if item.get("type") in _CALLS})
            requests.update({item["id"]: item for item in new if item.get("type") == _REQUEST})
        elif message.role in _RESULT:
            call_id = message.additional_kwargs.get("tool_call_id")
            if is_request_id(call_id, requests):
                new = [decision_item(call_id, message.content or "", requests.get(call_id))]
            else:
                new = [_result(message, open_calls)]
        else:
            new = [*_stored(message), *_plain(message)]
        items.extend(new)
    items = _without_broken_calls(items)
    if stored and not foreign and _holds(items, continued):
        return items
    answered = [i.get("call_id") or i.get("approval_request_id") for i in items if continued]
    pending = {call_id for call_id in answered if isinstance(call_id, str)}
    plan = plan_replay(items, stored=stored, origin=origin, pending=pending)
    return with_fresh_decisions(plan, items)


def _holds(items: Sequence[JsonObject], continued: bool) -> bool:
    """Whether a storing server takes the items as they are."""
    calls: dict[Any, int] = {}
    asked: set[Any] = set()  # approval requests that nothing has answered yet
    thought = False  # a reasoning item that nothing has followed yet
    for item in items:
        kind = item.get("type") or "message"
        if is_ours(str(item.get("id") or "")):
            return False
        if thought and (kind in _ANSWERS or item.get("role", "assistant") != "assistant"):
            return False
        thought = kind == "reasoning"
        if kind == _REQUEST:
            asked.add(item.get("id"))
        elif kind == "mcp_approval_response":
            if item.get("approval_request_id") not in asked and not continued:
                return False
            asked.discard(item.get("approval_request_id"))
        elif kind in OUTPUT_OF:
            calls[item.get("call_id")] = calls.get(item.get("call_id"), 0) + 1
        elif kind in _ANSWERS:
            left = calls.get(item.get("call_id"), 1 if continued else 0) - 1
            if left < 0:
                return False
            calls[item.get("call_id")] = left
    return not thought and not asked and not any(calls.values())


# --- user, system, developer


def _plain(message: ChatMessage) -> list[JsonObject]:
    if not message.blocks:
        return []
    content = _content(message.blocks)
    return [{"role": message.role.value, "content": content}]


def _content(blocks: Sequence[ContentBlock]) -> str | list[JsonObject]:
    """One text block is a string; anything else is a list of content parts."""
    if len(blocks) == 1 and isinstance(blocks[0], TextBlock):
        return blocks[0].text
    found: list[JsonObject] = []
    for block in blocks:
        if isinstance(block, CachePoint):
            _mark_cached(found, block)
        else:
            found.extend(_input_parts(block))
    return found


def _input_parts(block: ContentBlock) -> list[JsonObject]:
    match block:
        case TextBlock():
            return [{"type": "input_text", "text": block.text}]
        case ImageBlock():
            return [_image(block)]
        case DocumentBlock():
            return [_document(block)]
        case AudioBlock():
            return [_audio(block)]
        case CitableBlock():
            head = {"type": "input_text", "text": f"{block.title} ({block.source}):"}
            return [head, *(part for inner in block.content for part in _input_parts(inner))]
        case CitationBlock():
            return _input_parts(block.cited_content)
        case ThinkingBlock() | ToolCallBlock() | CachePoint():
            raise _unsupported(block, "only an assistant message can hold it")
        case _:
            raise _unsupported(block, "the Responses API takes text, images, files and audio")


def _image(block: ImageBlock) -> JsonObject:
    if block.url is not None and block.image is None:
        url = str(block.url)
    else:
        data = _encoded(block, block.resolve_image)
        url = f"data:{block.image_mimetype or 'image/png'};base64,{data}"
    part: JsonObject = {"type": "input_image", "image_url": url}
    if block.detail:
        part["detail"] = block.detail
    return part


def _document(block: DocumentBlock) -> JsonObject:
    if block.url is not None and block.data is None:
        return {"type": "input_file", "file_url": block.url}
    data = _encoded(block, block.resolve_document)
    url = f"data:{block.document_mimetype or 'application/octet-stream'};base64,{data}"
    return {"type": "input_file", "filename": block.title, "file_data": url}


def _audio(block: AudioBlock) -> JsonObject:
    if block.url is not None and block.audio is None:
        raise _unsupported(block, "audio goes inline; load it first, addresses are not fetched")
    data = _encoded(block, block.resolve_audio)
    audio = {"data": data, "format": block.format or "wav"}
    return {"type": "input_audio", "input_audio": audio}


def _encoded(block: ContentBlock, resolve: Callable[[], IOBase]) -> str:
    """The bytes of a block in base64."""
    try:
        return base64.b64encode(cast("Any", resolve()).read()).decode()
    except (ValueError, OSError) as error:
        raise ArgumentError(
            f"{type(block).__name__} cannot be read: {error}", param="messages"
        ) from None


def _mark_cached(found: list[JsonObject], point: CachePoint) -> None:
    """Everything up to the part before a cache point may be cached."""
    if not found:
        raise ArgumentError("a CachePoint must follow the block to cache", param="messages")
    mark: JsonObject = {"mode": "explicit"}
    if point.cache_control.ttl in _CACHE_TTLS:
        mark["ttl"] = point.cache_control.ttl
    found[-1] = {**found[-1], "prompt_cache_breakpoint": mark}


def _unsupported(block: ContentBlock, why: str) -> UnsupportedError:
    return UnsupportedError(f"{type(block).__name__} cannot be sent: {why}.", param="messages")


# --- assistant


def _assistant(message: ChatMessage, index: int) -> list[JsonObject]:
    stored = _stored(message)
    said = _said(message, index)
    if stored and _same(said, stored):
        return stored
    calls = {item["call_id"]: item for item in stored if item.get("type") in _CALLS}
    own = [item for part in said for item in _rebuilt(part, calls)]
    return [*(item for item in stored if item.get("type", "message") not in _SAID), *own]


def _stored(message: ChatMessage) -> list[JsonObject]:
    return list(cast("list[JsonObject]", message.additional_kwargs.get("response_items") or ()))


def _same(said: list[Part], stored: list[JsonObject]) -> bool:
    """Whether the blocks still say what the stored items say (thoughts may be left out)."""
    kept = [part for part in parts(stored) if _speaks(part)]
    return [p for p in said if _speaks(p)] == kept


def _speaks(part: Part) -> bool:
    """Visible text or a call; thoughts do not count, nor do empty texts or broken calls."""
    return isinstance(part, Call) or (isinstance(part, Text) and bool(part.text))


def _said(message: ChatMessage, index: int) -> list[Part]:
    """What the blocks of an assistant message say, old-style tool calls included."""
    said: list[Part] = []
    seen: set[str] = set()
    for block in message.blocks:
        match block:
            case TextBlock():
                said.append(Text(block.text))
            case ThinkingBlock():
                said.append(_thought(block))
            case ToolCallBlock():
                call_id = block.tool_call_id or f"call_{index}_{len(seen)}"
                seen.add(call_id)
                said.append(_call(call_id, block.tool_name, block.tool_kwargs))
            case CitationBlock():  # about the text, not part of it
                continue
            case CachePoint():
                raise _unsupported(block, "put it into the message before the assistant's")
            case _:
                if not message.additional_kwargs.get("response_items"):  # they hold it
                    raise _unsupported(block, "servers take none from an assistant")
    for call_id, name, arguments in _old_calls(message, index):
        if call_id not in seen:
            seen.add(call_id)
            said.append(_call(call_id, name, arguments))
    return said


def _thought(block: ThinkingBlock) -> Thought:
    info = block.additional_information
    return Thought(block.content or "", info.get("id"), info.get("encrypted_content"))


def _call(call_id: str, name: str, arguments: JsonObject | str) -> Part:
    raw = arguments if isinstance(arguments, str) else as_json(arguments, name)
    return Call(call_id, name, parse_arguments(arguments) or {}, raw=raw)


def _old_calls(message: ChatMessage, index: int) -> Iterable[tuple[str, str, Any]]:
    """`additional_kwargs["tool_calls"]` as other adapters and older histories leave it."""
    calls = cast("list[Any]", message.additional_kwargs.get("tool_calls") or [])
    for position, call in enumerate(calls):
        function = _field(call, "function") or call
        call_id = _field(call, "id") or _field(call, "call_id") or f"call_{index}_{position}"
        yield str(call_id), str(_field(function, "name") or ""), _field(function, "arguments") or ""


def _field(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).get(name)
    return getattr(value, name, None)


def _rebuilt(part: Part, calls: dict[str, JsonObject]) -> list[JsonObject]:
    """The item for one thing said; empty where it has no form of its own."""
    match part:
        case Text() if part.text:
            said: JsonObject = {"type": "output_text", "text": part.text, "annotations": []}
            return [{"type": "message", "role": "assistant", "content": [said]}]
        case Call():
            return [_call_item(part, calls.get(part.id))]
        case Thought() if part.id is not None:
            item: JsonObject = {"type": "reasoning", "id": part.id, "summary": []}
            if part.text:
                item["summary"] = [{"type": "summary_text", "text": part.text}]
            if part.encrypted_content:
                item["encrypted_content"] = part.encrypted_content
            return [item]
        case _:
            return []


def _call_item(call: Call, stored: JsonObject | None) -> JsonObject:
    """The stored item where it is the same call: it knows its kind and id."""
    if stored is not None and parts([stored]) == [call]:
        return stored
    return {
        "type": "function_call",
        "call_id": call.id,
        "name": call.name,
        "arguments": call.raw or "{}",
    }


# --- tool results


def _result(message: ChatMessage, open_calls: dict[str, JsonObject]) -> JsonObject:
    call_id = message.additional_kwargs.get("tool_call_id")
    call = open_calls.pop(call_id, None) if call_id else _by_name(message, open_calls)
    if call is not None:
        call_id = call["call_id"]
    if not call_id:
        raise ArgumentError(
            'a tool message needs additional_kwargs["tool_call_id"]: no open call matches it',
            param="messages",
        )
    custom = call is not None and call["type"] == "custom_tool_call"
    kind = "custom_tool_call_output" if custom else "function_call_output"
    texts = [block.text for block in message.blocks if isinstance(block, TextBlock)]
    plain = len(texts) == len(message.blocks)
    output = "\n".join(texts) if plain else _content(message.blocks)
    return {"type": kind, "call_id": call_id, "output": output}


def _by_name(message: ChatMessage, open_calls: dict[str, JsonObject]) -> JsonObject | None:
    """The first open call of that name, or the first open one where no name is given."""
    name = message.additional_kwargs.get("name")
    for call_id, call in open_calls.items():
        if name is None or call.get("name") == name:
            return open_calls.pop(call_id)
    return None


def _without_broken_calls(items: list[JsonObject]) -> list[JsonObject]:
    """Leave out calls that were cut and therefore never answered: servers refuse them.

    The reasoning that led to one goes with it, since it may not stand alone.
    """
    answered = {item.get("call_id") for item in items if "output" in item}
    kept: deque[JsonObject] = deque()
    for item in items:
        broken = (
            item.get("type") == "function_call"
            and item.get("call_id") not in answered
            and (item.get("status") == "incomplete" or parse_arguments(item["arguments"]) is None)
        )
        if not broken:
            kept.append(item)
            continue
        while kept and kept[-1].get("type") == "reasoning":
            kept.pop()
    return list(kept)
