"""Output items -> the content of an AIMessage. Pure.

Content is a string as long as the answer is text and calls of functions. It is a list of blocks
in the shape of the Responses API where a string cannot hold it: visible reasoning, a refusal,
commentary, items of hosted tools. The choice hangs on the request and on the first item that
shows something, so a stream can make it before its first chunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_resp.calls import custom_block
from resp_core.types.functions import Functions
from resp_core.wire.ids import is_ours
from resp_core.wire.shape import as_object, objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resp_core.types.json import JsonObject

__all__ = [
    "KEPT",
    "as_blocks",
    "asks_for_blocks",
    "item_block",
    "left_over",
    "only_text",
    "part_block",
    "reasoning_block",
    "refusal_of",
    "shows",
    "text_of",
    "with_id",
]

#: Key in additional_kwargs for what string content cannot hold and a later request needs.
KEPT = "output_items"

_PLAIN_TOOLS = frozenset({"function", None})


def asks_for_blocks(body: Mapping[str, Any]) -> bool:
    """Whether a request invites output that a string cannot hold."""
    tools = body.get("tools")
    functions = isinstance(tools, Functions)
    if not functions and any(tool.get("type") not in _PLAIN_TOOLS for tool in objects(tools)):
        return True
    return bool(as_object(body.get("reasoning")).get("summary"))


def shows(item: JsonObject) -> bool | None:
    """What a whole item calls for: True blocks, False a string, None nothing visible yet."""
    kind = item.get("type")
    if kind == "function_call":
        return False
    if kind == "reasoning":
        return True if item.get("summary") or item.get("content") else None
    if kind != "message":
        return True
    if item.get("phase") not in (None, "final_answer"):
        return True
    for part in objects(item.get("content")):
        if part.get("type") != "output_text":
            return True
        if part.get("text"):
            return False
    return None


def as_blocks(output: Iterable[JsonObject], asked: bool) -> bool:
    """Whether a finished answer is shown as blocks."""
    if asked:
        return True
    for item in output:
        shown = shows(item)
        if shown is not None:
            return shown
    return False


def only_text(output: list[JsonObject]) -> str | None:
    """The text of an answer that is one text and nothing else, as most are; None for others."""
    if len(output) != 1 or output[0].get("type") != "message" or output[0].get("phase"):
        return None
    parts = objects(output[0].get("content"))
    if len(parts) != 1 or parts[0].get("type") != "output_text" or parts[0].get("annotations"):
        return None
    return parts[0].get("text") or ""


def text_of(output: Iterable[JsonObject]) -> str:
    """The text of all messages."""
    return "".join(
        part.get("text") or ""
        for item in output
        if item.get("type") == "message"
        for part in objects(item.get("content"))
        if part.get("type") == "output_text"
    )


def with_id(block: JsonObject, item: JsonObject) -> JsonObject:
    """`block` with its item's id and phase, unless the id is one that we made."""
    item_id = item.get("id")
    if item_id and not is_ours(item_id):
        block["id"] = item_id
    if item.get("phase"):
        block["phase"] = item["phase"]
    return block


def part_block(part: JsonObject, item: JsonObject) -> JsonObject:
    """One part of a message."""
    if part.get("type") == "output_text":
        block: JsonObject = {"type": "text", "text": part.get("text") or ""}
        if part.get("annotations"):
            block["annotations"] = part["annotations"]
    elif part.get("type") == "refusal":
        block = {"type": "refusal", "refusal": part.get("refusal") or ""}
    elif part.get("type") == "output_audio":
        return _audio_block(part)  # its id is its own: a later request names it
    else:
        block = dict(part)
    return with_id(block, item)


def _audio_block(part: JsonObject) -> JsonObject:
    """What a model spoke; the transcript stands in `extras`."""
    block: JsonObject = {"type": "audio", "base64": part.get("data") or ""}
    mime = next((m for start, m in _AUDIO.items() if block["base64"].startswith(start)), None)
    if mime:
        block["mime_type"] = mime
    if part.get("id"):
        block["id"] = part["id"]
    extras = {key: part[key] for key in part if key not in ("type", "id", "data")}
    return {**block, "extras": extras} if extras else block


#: How data of each kind begins in base64: the answer does not say what it is.
_AUDIO = {
    "UklGR": "audio/wav",
    "SUQz": "audio/mpeg",
    "//": "audio/mpeg",
    "ZkxhQ": "audio/flac",
    "T2dnUw": "audio/ogg",
}


def reasoning_block(item: JsonObject) -> JsonObject:
    """A reasoning item: `summary` as the API has it, raw text under LangChain's `reasoning`."""
    block = {key: value for key, value in item.items() if value is not None and key != "content"}
    if block.get("summary"):
        block["summary"] = list(block["summary"])
    if is_ours(str(item.get("id"))):
        del block["id"]
    content: list[JsonObject] = item.get("content") or []
    if content:
        block["reasoning"] = "".join(part.get("text") or "" for part in content)
        if not block.get("summary"):
            block.pop("summary", None)
    return block


def item_block(item: JsonObject) -> list[JsonObject]:
    """The blocks of a whole item of any type."""
    kind = item.get("type")
    if kind == "message":
        return [part_block(part, item) for part in objects(item.get("content"))]
    if kind == "reasoning":
        return [reasoning_block(item)]
    if kind == "custom_tool_call":
        return [custom_block(item)]
    if kind == "function_call" and is_ours(str(item.get("id"))):
        return [{key: value for key, value in item.items() if key != "id"}]
    return [dict(item)]


def _kept_items(output: Iterable[JsonObject]) -> list[JsonObject]:
    """What string content leaves out, in order; [] where nothing is lost.

    Reasoning and hosted items are kept whole. Messages and calls are only named: their ids
    (and the phase) pair them with reasoning, their text stands in the message itself.
    """
    kept: list[JsonObject] = []
    needed = False
    for item in output:
        kind = item.get("type")
        if kind == "message":
            entry = with_id({"type": "message"}, item)
            needed = needed or "phase" in entry
        elif kind == "function_call":
            entry = with_id({"type": "function_call", "call_id": item.get("call_id")}, item)
        else:
            entry = {key: value for key, value in item.items() if value is not None}
            needed = True
        kept.append(entry)
    return kept if needed else []


def _annotations_of(output: Iterable[JsonObject]) -> list[Any]:
    """All citations of the text."""
    return [
        note
        for item in output
        if item.get("type") == "message"
        for part in objects(item.get("content"))
        for note in objects(part.get("annotations"))
    ]


def refusal_of(output: Iterable[JsonObject]) -> str:
    """The text of all refusals, "" where there is none."""
    return "".join(
        part.get("refusal") or ""
        for item in output
        if item.get("type") == "message"
        for part in objects(item.get("content"))
        if part.get("type") == "refusal"
    )


def left_over(output: list[JsonObject]) -> dict[str, Any]:
    """The additional_kwargs of a message whose content is a string."""
    extra: dict[str, Any] = {}
    kept = _kept_items(output)
    if kept:
        extra[KEPT] = kept
    notes = _annotations_of(output)
    if notes:
        extra["annotations"] = notes
    refusal = refusal_of(output)
    if refusal:
        extra["refusal"] = refusal
    return extra
