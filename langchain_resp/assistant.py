"""An AIMessage -> the output items it came from, or the nearest that can be said. Pure.

Read are our own two forms of content, LangChain's v1 blocks, and what other integrations write
(Anthropic's `tool_use` and `thinking`, ChatOpenAI's blocks). `tool_calls` has the last word on
what was called with which arguments: a user may have edited it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_resp.blocks import KEPT
from langchain_resp.calls import CUSTOM_ARG, raw_args
from langchain_resp.parts import as_json
from langchain_resp.server_tools import server_item
from resp_core.types.json import loads
from resp_core.wire.shape import as_object, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from langchain_core.messages import AIMessage

    from resp_core.types.json import JsonObject

__all__ = ["assistant_items", "call_item", "chat_call", "made_elsewhere"]

#: Block formats that are ours; a message of any other maker keeps only what can be seen.
_OURS = frozenset({None, "openai", "azure", "azure_openai", "resp"})


def assistant_items(message: AIMessage, answered: Collection[str] = ()) -> list[JsonObject]:
    """The items of one message.

    `answered`: ids of calls that have a result. A call with unreadable arguments is sent only
    if it is among them.
    """
    content = message.content
    calls = _Calls(message, answered)
    if isinstance(content, str):
        items = _from_text(message, content, calls)
    else:
        items = _Walk(message, calls).items(content)
    return items + calls.rest()


def made_elsewhere(metadata: Mapping[str, Any], origin: str | None) -> str | None:
    """Where a message was made, if its metadata names a place other than `origin`."""
    found = metadata.get("origin")
    if found is None:
        found = metadata.get("model_provider")
        if found in _OURS:
            return None
    return None if found == origin else str(found)


def call_item(call_id: str, name: str, args: Any) -> JsonObject:
    """A call of a function; `args` are its parsed arguments."""
    return {
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": as_json(args),
    }


def chat_call(call_id: str, name: str, args: Any) -> JsonObject:
    """The same, as the Chat API has it."""
    function = {"name": name, "arguments": as_json(args)}
    return {"id": call_id, "type": "function", "function": function}


class _Calls:
    """The calls of a message, each to be given out once."""

    def __init__(self, message: AIMessage, answered: Collection[str]) -> None:
        self._open: dict[str, JsonObject] = {}
        for call in message.tool_calls:
            self._add(call["id"], call["name"], call["args"])
        for call in message.invalid_tool_calls:
            if call["id"] in answered:
                args = {"unreadable_arguments": raw_args(call["args"])}
                self._add(call["id"], call["name"] or "", args)

    def _add(self, call_id: str | None, name: str, args: Any) -> None:
        call_id = call_id or f"call_{len(self._open)}"
        self._open[call_id] = call_item(call_id, name, args)

    def take(self, call_id: object, block: JsonObject | None = None) -> list[JsonObject]:
        """The call with this id, with what `block` knows besides; [] if it is not there."""
        call = self._open.pop(str(call_id), None)
        if call is None:
            return []
        if block is None:
            return [call]
        if block.get("type") == "custom_tool_call":
            return [_custom_call(block, call)]
        return [{**_clean(block), **call}]

    def rest(self) -> list[JsonObject]:
        """Those not given out yet, in order."""
        left = list(self._open.values())
        self._open.clear()
        return left


def _custom_call(block: JsonObject, call: JsonObject) -> JsonObject:
    """The call of a custom tool: `call` says what with, as that of a function would."""
    said = loads(call["arguments"].encode())
    item = {**_clean(block), "call_id": call["call_id"], "name": call["name"]}
    return {**item, "input": said.get(CUSTOM_ARG, item.get("input"))}


def _clean(block: JsonObject) -> JsonObject:
    """A block without what only a stream needs."""
    return {key: value for key, value in block.items() if key != "index"}


def _from_text(message: AIMessage, content: str, calls: _Calls) -> list[JsonObject]:
    parts: list[JsonObject] = []
    if content:
        parts.append({"type": "output_text", "text": content, "annotations": []})
    refusal = message.additional_kwargs.get("refusal")
    if isinstance(refusal, str) and refusal:
        parts.append({"type": "refusal", "refusal": refusal})
    kept = message.additional_kwargs.get(KEPT)
    if not isinstance(kept, list):
        if refusal:
            return [{"type": "message", "role": "assistant", "content": parts}]
        return [{"role": "assistant", "content": content}] if content else []
    items: list[JsonObject] = []
    for entry in cast("list[JsonObject]", kept):
        kind = entry.get("type")
        if kind == "message":
            if parts:
                items.append({"role": "assistant", **entry, "content": parts})
            parts = []
        elif kind == "function_call":
            items += calls.take(entry.get("call_id"), entry)
        else:
            items.append(dict(entry))
    if parts:
        items.append({"type": "message", "role": "assistant", "content": parts})
    return items


class _Walk:
    """Blocks in order; parts with one message's id and phase go together."""

    def __init__(self, message: AIMessage, calls: _Calls) -> None:
        self._calls = calls
        self._items: list[JsonObject] = []
        self._results: dict[str, JsonObject] = {}

    def items(self, content: Iterable[str | dict[Any, Any]]) -> list[JsonObject]:
        blocks = [{"type": "text", "text": b} if isinstance(b, str) else b for b in content]
        self._results = {
            block["tool_call_id"]: block
            for block in blocks
            if block.get("type") == "server_tool_result"
        }
        for block in blocks:
            self._block(block)
        return self._items

    def _block(self, block: JsonObject) -> None:
        kind = block.get("type")
        if kind in _UNSENDABLE:
            return
        handler = _HANDLERS.get(str(kind))
        if handler is not None:
            handler(self, block)
        elif kind:
            self._items.append(_clean(block))

    def _part(self, block: JsonObject, part: JsonObject) -> None:
        extras = as_object(block.get("extras"))
        item_id = block.get("id") or extras.get("id")
        phase = block.get("phase") or extras.get("phase")
        last = self._items[-1] if self._items else {}
        if (
            last.get("type") == "message"
            and last.get("id") == item_id
            and last.get("phase") == phase
        ):
            last["content"].append(part)
            return
        item: JsonObject = {"type": "message", "role": "assistant", "content": [part]}
        if item_id:
            item["id"] = item_id
        if phase:
            item["phase"] = phase
        self._items.append(item)

    def text(self, block: JsonObject) -> None:
        if block.get("text"):
            notes = [n for n in map(_annotation, objects(block.get("annotations"))) if n]
            self._part(block, {"type": "output_text", "text": block["text"], "annotations": notes})

    def refusal(self, block: JsonObject) -> None:
        if block.get("refusal"):
            self._part(block, {"type": "refusal", "refusal": block["refusal"]})

    def audio(self, block: JsonObject) -> None:
        """What the model spoke, by its id; sound of other origin cannot stand in an answer."""
        if str(block.get("id")).startswith("audio_"):
            said = as_object(block.get("extras")).get("transcript") or ""
            part = {"type": "output_audio", "id": block["id"], "transcript": said}
            self._part({key: block[key] for key in block if key != "id"}, part)

    def reasoning(self, block: JsonObject) -> None:
        item, part = _reasoning_item(block)
        last = self._items[-1] if self._items else {}
        same = last.get("type") == "reasoning" and item.get("id") in (None, last.get("id"))
        if not same:
            self._items.append(item)
            last = item
        if part:
            last["summary"].append(part)
        if same and item.get("encrypted_content"):
            last["encrypted_content"] = item["encrypted_content"]

    def call(self, block: JsonObject) -> None:
        self._items += self._calls.take(block.get("call_id"), block)

    def standard_call(self, block: JsonObject) -> None:
        extras = as_object(block.get("extras"))
        known: JsonObject = {"type": extras.get("type", "function_call")}
        item_id = extras.get("item_id")
        if item_id:
            known["id"] = item_id
        self._items += self._calls.take(block.get("id"), known)

    def wrapped(self, block: JsonObject) -> None:
        if isinstance(block.get("value"), dict):
            self._block(block["value"])

    def server(self, block: JsonObject) -> None:
        item = server_item(block, self._results.get(str(block.get("id"))))
        if item is not None:
            self._items.append(item)


#: What reads a block of each type; any other is an item of the API as it stands.
_HANDLERS: dict[str, Callable[[_Walk, JsonObject], None]] = {
    "text": _Walk.text,
    "output_text": _Walk.text,
    "refusal": _Walk.refusal,
    "audio": _Walk.audio,
    "reasoning": _Walk.reasoning,
    "function_call": _Walk.call,
    "custom_tool_call": _Walk.call,
    "tool_call": _Walk.standard_call,
    "tool_call_chunk": _Walk.standard_call,
    "invalid_tool_call": _Walk.standard_call,
    "tool_use": _Walk.standard_call,
    "non_standard": _Walk.wrapped,
    "image": _Walk.server,
    "server_tool_call": _Walk.server,
    "server_tool_result": _Walk.server,
}

#: Another model's private thoughts, and media that an assistant message cannot hold.
_UNSENDABLE = frozenset(
    {"thinking", "redacted_thinking", "image_url", "video", "file", "text-plain"}
)


def _reasoning_item(block: JsonObject) -> tuple[JsonObject, JsonObject | None]:
    """The item of a block in our form or in v1's, and its own summary part if it is v1's."""
    extras = as_object(block.get("extras"))
    item: JsonObject = {"type": "reasoning", "summary": []}
    for key in ("id", "encrypted_content", "status", "provider_data"):
        value = block.get(key) or extras.get(key)
        if value:
            item[key] = value
    if "summary" in block:
        item["summary"] = [_clean(part) for part in objects(block["summary"])]
        if block.get("reasoning"):
            item["content"] = [{"type": "reasoning_text", "text": block["reasoning"]}]
        return item, None
    text = block.get("reasoning") or ""
    if not text:
        return item, None
    if not item.get("id"):  # raw reasoning of an open model
        item["content"] = [{"type": "reasoning_text", "text": text}]
        return item, None
    return item, {"type": "summary_text", "text": text}


def _annotation(note: JsonObject) -> JsonObject | None:
    """A citation in the API's own form, or None where it cannot be told."""
    if note.get("type") == "non_standard_annotation":
        return note.get("value")
    if note.get("type") != "citation":
        return note
    extras = as_object(note.get("extras"))
    if note.get("url"):
        keys = ("url", "title", "start_index", "end_index")
        return {"type": "url_citation", **{key: note[key] for key in keys if key in note}}
    if "file_id" in extras:
        return {"type": "file_citation", "filename": note.get("title") or "", **extras}
    return None
