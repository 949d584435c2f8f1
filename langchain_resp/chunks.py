"""Responses events -> AIMessageChunk, and a finished response -> AIMessage. Pure.

Both make the same message: the sum of the chunks of a stream equals the plain answer, apart
from the `index` that blocks of a stream carry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, AIMessageChunk

from langchain_resp.blocks import (
    as_blocks,
    item_block,
    left_over,
    only_text,
    part_block,
    reasoning_block,
    shows,
    text_of,
    with_id,
)
from langchain_resp.calls import CALLS, tool_call_chunk, tool_calls
from langchain_resp.metadata import PROVIDER, usage_metadata
from langchain_resp.templates import content_chunk, text_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.messages import ToolCallChunk

    from resp_core.types.json import JsonObject

__all__ = ["ChunkBuilder", "message_of"]

_WHOLE = -1  # stands for a content index where an item is one block


def message_of(response: JsonObject, metadata: dict[str, Any], *, blocks: bool) -> AIMessage:
    """The message of a finished response. `blocks`: the request asked for more than text."""
    output: list[JsonObject] = response.get("output") or []
    usage = usage_metadata(response.get("usage"))
    text = None if blocks else only_text(output)
    if text is not None:
        return text_message(text, metadata, usage)
    calls, invalid = tool_calls(output)
    content: str | list[Any]
    extra: dict[str, Any] = {}
    if as_blocks(output, blocks):
        content = [block for item in output for block in item_block(item)]
    else:
        content, extra = text_of(output), left_over(output)
    return AIMessage(
        content=content,
        additional_kwargs=extra,
        tool_calls=calls,
        invalid_tool_calls=invalid,
        response_metadata=metadata,
        usage_metadata=usage,
    )


def _seal(item: JsonObject, index: int) -> JsonObject:
    """The block that adds its encrypted content to that of a reasoning item."""
    block: JsonObject = {"type": "reasoning", "index": index}
    if "summary" in reasoning_block(item):
        first = [{"type": "summary_text", "text": "", "index": 0}]
        block["summary"] = first if item.get("summary") else []
    return {**block, "encrypted_content": item["encrypted_content"]}


class _Part:
    """One block of a stream: its index and what was given out of it."""

    __slots__ = ("index", "opened", "sent")

    def __init__(self, index: int) -> None:
        self.index = index
        self.opened = False
        self.sent = 0


class ChunkBuilder:
    """State of one streamed message.

    `add(event)` gives the chunk for an event, or None. `finish(response, metadata)` gives the
    last one, with usage, metadata and whatever the deltas did not bring. The message starts
    undecided between string and blocks; the first thing shown decides (see `blocks`).
    A refusal comes whole: LangChain's v3 events keep only the last piece of one.
    """

    __slots__ = (
        "_blocks",
        "_done",
        "_items",
        "_parts",
        "_quiet",
        "_sealed",
        "_sent",
        "_started",
    )

    def __init__(self, *, blocks: bool) -> None:
        self._blocks: bool | None = True if blocks else None
        self._parts: dict[tuple[int, int], _Part] = {}
        self._sent: dict[tuple[int, str], int] = {}
        self._items: dict[int, JsonObject] = {}
        self._quiet: list[tuple[int, JsonObject]] = []
        self._sealed: set[int] = set()  # given out without their encrypted content
        self._done: set[int] = set()
        self._started = False

    def add(self, event: JsonObject) -> AIMessageChunk | None:
        """The chunk for one event, or None where there is nothing to show."""
        kind = event["type"]
        if kind == "response.output_text.delta":
            delta: str = event["delta"]
            return self.text(event, delta) if delta else None
        handler = _HANDLERS.get(kind)
        return handler(self, event) if handler else None

    def text(self, event: JsonObject, delta: str) -> AIMessageChunk:
        """`delta` as text of the part that `event` belongs to."""
        position: int = event.get("output_index", 0)
        part = self._part(position, event.get("content_index", 0))
        part.sent += len(delta)
        if self._blocks is False and self._started:
            return content_chunk(delta, {})
        if self._blocks is None:
            item = self._items.get(position) or {}
            self._decide(item.get("phase") not in (None, "final_answer"))
        if not self._blocks:
            return self._chunk(delta)
        block: JsonObject = {"type": "text", "text": delta, "index": part.index}
        return self._chunk([self._open(part, position, block)])

    def finish(
        self, response: JsonObject, metadata: dict[str, Any], *, cut: bool = False
    ) -> AIMessageChunk:
        """The last chunk. `cut`: the answer ends here by the caller's wish, whatever follows."""
        output: list[JsonObject] = response.get("output") or []
        if self._blocks is None:
            self._decide(as_blocks(output, asked=False))
        content: str | list[Any] = [] if self._blocks else ""
        calls: list[ToolCallChunk] = []
        if not cut:
            content, calls = self._rest(output)
            if self._sealed:
                content = [*self._seals(output), *content]
        return AIMessageChunk(
            content=content,
            additional_kwargs={} if self._blocks else left_over(output),
            response_metadata=metadata,
            usage_metadata=usage_metadata(response.get("usage")),
            tool_call_chunks=calls,
            chunk_position="last",
        )

    # -- events

    def added(self, event: JsonObject) -> None:
        self._items[event.get("output_index", 0)] = event["item"]

    def summary(self, event: JsonObject) -> AIMessageChunk | None:
        index: int = event.get("summary_index", 0)
        entry = {"type": "summary_text", "text": event["delta"], "index": index}
        return self._thought(event, f"summary.{index}", {"summary": [entry]})

    def reasoning(self, event: JsonObject) -> AIMessageChunk | None:
        return self._thought(event, "reasoning", {"reasoning": event["delta"]})

    def _thought(
        self, event: JsonObject, field: str, shown: dict[str, Any]
    ) -> AIMessageChunk | None:
        if self._blocks is None:
            self._decide(True)
        if not self._blocks:
            return None
        position: int = event.get("output_index", 0)
        part = self._part(position, _WHOLE)
        part.opened = True
        block: JsonObject = {"type": "reasoning", **shown, "index": part.index}
        sent = self._sent.get((position, field))
        self._sent[position, field] = (sent or 0) + len(event["delta"])
        if sent is None:
            with_id(block, self._items.get(position) or {})
        return self._chunk([block])

    def item(self, event: JsonObject) -> AIMessageChunk | None:
        position, item = event.get("output_index", 0), event["item"]
        if position in self._done:
            return None
        self._items[position] = item
        if self._blocks is None:
            shown = shows(item)
            if shown is None:
                self._quiet.append((position, item))
                return None
            self._decide(shown)
        content, calls = self._whole(position, item)
        if not content and not calls:
            return None
        return self._chunk(content, calls)

    # -- pieces

    def _rest(self, output: list[JsonObject]) -> tuple[str | list[Any], list[ToolCallChunk]]:
        """What of the final output no event brought."""
        texts: list[str] = []
        blocks: list[Any] = []
        calls: list[ToolCallChunk] = []
        for position, item in enumerate(output):
            if position in self._done:
                continue
            content, more = self._whole(position, item, final=True)
            if isinstance(content, str):
                texts.append(content)
            else:
                blocks += content
            calls += more
        return (blocks if self._blocks else "".join(texts)), calls

    def _whole(
        self, position: int, item: JsonObject, *, final: bool = False
    ) -> tuple[str | list[Any], list[ToolCallChunk]]:
        """A finished item: what its deltas did not bring of it."""
        self._done.add(position)
        kind = item.get("type")
        if kind == "message":
            return self._message_rest(position, item)
        part = self._part(position, _WHOLE)
        calls = [tool_call_chunk(item, part.index)] if kind in CALLS else []
        if not self._blocks:
            return "", calls
        if item.get("encrypted_content") and not final:
            self._sealed.add(position)
            if kind != "reasoning":  # only its place: the whole item comes with the seal
                return [{"type": kind, "index": part.index}], calls
            item = {key: value for key, value in item.items() if key != "encrypted_content"}
        if kind == "reasoning":
            return self._reasoning_rest(position, part, item), calls
        return [{**block, "index": part.index} for block in item_block(item)], calls

    def _seals(self, output: list[JsonObject]) -> list[JsonObject]:
        """Encrypted content as the final response has it: servers seal it anew for each event."""
        blocks: list[JsonObject] = []
        for position in sorted(self._sealed):
            item = output[position] if position < len(output) else {}
            index = self._part(position, _WHOLE).index
            if item.get("type") != "reasoning":
                blocks += [{**block, "index": index} for block in item_block(item) if block]
            elif item.get("encrypted_content"):
                blocks.append(_seal(item, index))
        return blocks

    def _message_rest(
        self, position: int, item: JsonObject
    ) -> tuple[str | list[Any], list[ToolCallChunk]]:
        texts: list[str] = []
        blocks: list[Any] = []
        for number, whole in enumerate(item.get("content") or []):
            part = self._part(position, number)
            field = "refusal" if whole.get("type") == "refusal" else "text"
            rest: str = (whole.get(field) or "")[part.sent :]
            part.sent += len(rest)
            if field == "text" and rest:
                texts.append(rest)
            block = part_block(whole, item)
            if part.opened:
                block = {key: block[key] for key in ("annotations",) if key in block}
                block["type"] = whole.get("type", "").removeprefix("output_")
            if field in block or rest:
                block[field] = rest
            if len(block) > 1:
                part.opened = True
                blocks.append({**block, "index": part.index})
        return (blocks if self._blocks else "".join(texts)), []

    def _reasoning_rest(self, position: int, part: _Part, item: JsonObject) -> list[Any]:
        block = reasoning_block(item)
        if not part.opened:
            part.opened = True
            for number, entry in enumerate(block.get("summary") or []):
                block["summary"][number] = {**entry, "index": number}
            return [{**block, "index": part.index}]
        summary: list[Any] = []
        for number, entry in enumerate(block.pop("summary", None) or []):
            rest = (entry.get("text") or "")[self._sent.get((position, f"summary.{number}"), 0) :]
            if rest or not number:  # the first one takes what belongs to the whole item
                summary.append({**entry, "text": rest, "index": number})
        raw = (block.pop("reasoning", None) or "")[self._sent.get((position, "reasoning"), 0) :]
        if summary:
            block["summary"] = summary
        if raw:
            block["reasoning"] = raw
        return [{**block, "index": part.index}]

    def _part(self, position: int, number: int) -> _Part:
        key = (position, number)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _Part(len(self._parts))
        return part

    def _open(self, part: _Part, position: int, block: JsonObject) -> JsonObject:
        """`block`, with the item's id and phase the first time."""
        if not part.opened:
            part.opened = True
            with_id(block, self._items.get(position) or {})
        return block

    def _decide(self, blocks: bool) -> None:
        self._blocks = blocks

    def _chunk(
        self, content: str | list[Any], calls: list[ToolCallChunk] | None = None
    ) -> AIMessageChunk:
        """A chunk; the first one, and any with blocks, says how to read its content."""
        if self._quiet and self._blocks:
            quiet, self._quiet = self._quiet, []
            held = [block for entry in quiet for block in self._whole(*entry)[0]]
            content = [*held, *content]
        named = self._blocks or not self._started
        self._started = True
        metadata = {"model_provider": PROVIDER} if named else {}
        if not calls:
            return content_chunk(content, metadata)
        return AIMessageChunk(content=content, response_metadata=metadata, tool_call_chunks=calls)


_HANDLERS: dict[str, Callable[[ChunkBuilder, JsonObject], AIMessageChunk | None]] = {
    "response.output_item.added": ChunkBuilder.added,
    "response.output_item.done": ChunkBuilder.item,
    "response.reasoning_summary_text.delta": ChunkBuilder.summary,
    "response.reasoning_text.delta": ChunkBuilder.reasoning,
}
