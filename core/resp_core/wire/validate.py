"""The rules that every stream of Responses events keeps, as one checker.

For tests and for the offline server; the client's own path does not pay for it.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["StreamValidator", "StreamViolation", "validate"]


class StreamViolation(AssertionError):
    """A stream of events broke a rule of the Responses API. The text names the event."""


_TERMINAL = {
    "response.completed": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
}
_BEGINNING = ("response.created", "response.queued", "response.in_progress")
_PARTS = {
    "response.content_part": "content_index",
    "response.reasoning_summary_part": "summary_index",
}
# Texts that grow: event stem -> (field of the done event, index of the part or None)
_TEXTS: dict[str, tuple[str, str | None]] = {
    "response.output_text": ("text", "content_index"),
    "response.refusal": ("refusal", "content_index"),
    "response.reasoning_text": ("text", "content_index"),
    "response.reasoning_summary_text": ("text", "summary_index"),
    "response.function_call_arguments": ("arguments", None),
    "response.custom_tool_call_input": ("input", None),
    "response.mcp_call_arguments": ("arguments", None),
    "response.code_interpreter_call_code": ("code", None),
}
# The item's list whose parts hold such a text; the other texts are fields of the item.
_IN_PARTS = {
    "response.output_text": "content",
    "response.refusal": "content",
    "response.reasoning_text": "content",
    "response.reasoning_summary_text": "summary",
}
# Open-weight servers send reasoning text without opening a part for it.
_NEEDS_PART = frozenset(
    ("response.output_text", "response.refusal", "response.reasoning_summary_text")
)
_PROGRESS = frozenset(("in_progress", "searching", "interpreting", "generating"))


class _Item:
    """What has been seen of one item."""

    def __init__(self, item: JsonObject) -> None:
        self.id = item.get("id")
        self.type = item.get("type")
        self.done: JsonObject | None = None
        self.parts: dict[tuple[str, int], str] = {}  # (event stem, index) -> "open" | "done"
        self.texts: dict[tuple[str, Any], StringIO] = {}
        self.final: dict[tuple[str, Any], str] = {}


class StreamValidator:
    """Checks one stream, event by event; `close` checks that it ended.

    `add` raises StreamViolation at the first broken rule: `created` first, sequence numbers
    rising by one where they are given, items and parts added before their deltas and done after
    them, ids that stay, deltas that add up to the final texts, items that equal those of the
    terminal event, one terminal event and nothing after it. Unknown event types are accepted.
    """

    def __init__(self) -> None:
        self._count = 0
        self._number: int | None = None
        self._response_id: Any = None
        self._items: dict[int, _Item] = {}
        self._ended = False
        self._failed = False
        self._kind = ""

    # --- the frame ---------------------------------------------------------------------------

    def add(self, event: JsonObject) -> None:
        """Check one event."""
        self._kind = as_text(event.get("type"))
        self._require(self._kind != "", "an event needs a type")
        told = self._failed and self._kind == "response.failed"
        self._require(told or not self._ended, "nothing follows the terminal event")
        self._check_number(event)
        if self._kind == "error":  # a server may say `response.failed` after it
            self._ended = self._failed = True
            return
        first = self._count == 0
        self._require(first == (self._kind == "response.created"), "response.created comes first")
        self._count += 1
        self._dispatch(event)

    def close(self) -> None:
        """The stream is over: check that it had its terminal event."""
        self._kind = "end of stream"
        self._require(self._ended, "the terminal event is missing")

    def _require(self, holds: bool, rule: str) -> None:
        if not holds:
            raise StreamViolation(f"event {self._count} ({self._kind}): {rule}")

    def _check_number(self, event: JsonObject) -> None:
        number = event.get("sequence_number")
        if number is None:
            return
        if self._number is not None:
            self._require(number == self._number + 1, f"number {number} after {self._number}")
        self._number = number

    def _dispatch(self, event: JsonObject) -> None:
        stem, _, what = self._kind.rpartition(".")
        if self._kind in _BEGINNING:
            self._beginning(event)
        elif self._kind in _TERMINAL:
            self._terminal(event)
        elif self._kind == "response.output_item.added":
            self._item_added(event)
        elif self._kind == "response.output_item.done":
            self._item_done(event)
        elif stem in _PARTS and what in ("added", "done"):
            self._part(event, stem, what)
        elif stem in _TEXTS and what in ("delta", "done"):
            self._text(event, stem, what)
        elif what in _PROGRESS or "item_id" in event:
            self._open_item(event)

    def _beginning(self, event: JsonObject) -> None:
        response = as_object(event.get("response"))
        self._require(bool(response), "it carries the response")
        self._require(not self._items, "it comes before the first item")
        allowed = ("in_progress", "queued")
        self._require(response.get("status") in allowed, f"status is {response.get('status')!r}")
        self._same_response(response)

    def _same_response(self, response: JsonObject) -> None:
        if self._response_id is None:
            self._response_id = response.get("id")
        same = response.get("id") == self._response_id
        self._require(same, f"response id {response.get('id')!r} was {self._response_id!r}")

    # --- items -------------------------------------------------------------------------------

    def _item_added(self, event: JsonObject) -> None:
        index, item = event.get("output_index"), as_object(event.get("item"))
        expected = len(self._items)
        self._require(index == expected, f"output_index is {index!r}, expected {expected}")
        self._require(bool(item.get("type")), "an item has a type")
        status = item.get("status", "in_progress")
        whole = item.get("type") not in ("message", "function_call", "custom_tool_call")
        self._require(whole or status == "in_progress", f"an added item has status {status!r}")
        self._items[expected] = _Item(item)

    def _open_item(self, event: JsonObject) -> _Item | None:
        index = event.get("output_index")
        if not isinstance(index, int):
            return None
        item = self._items.get(index)
        if item is None:
            raise StreamViolation(
                f"event {self._count} ({self._kind}): item {index} has not been added"
            )
        self._require(item.done is None, f"item {index} is done")
        if "item_id" in event:
            told = event["item_id"]
            self._require(told == item.id, f"item_id {told!r}, but item {index} is {item.id!r}")
        return item

    def _item_done(self, event: JsonObject) -> None:
        seen, item = self._open_item(event), as_object(event.get("item"))
        if seen is None:
            raise StreamViolation(f"event {self._count} ({self._kind}): no output_index")
        self._require(item.get("id") == seen.id, f"id {item.get('id')!r} was {seen.id!r}")
        self._require(item.get("type") == seen.type, f"type was {seen.type!r}")
        waiting = "caller" in item  # a call from a program is done only with the program
        self._require(
            waiting or item.get("status") != "in_progress", "a done item is not in progress"
        )
        opened = [key for key, state in seen.parts.items() if state == "open"]
        self._require(not opened, f"parts were not closed: {opened}")
        for key in seen.texts:
            self._require(key in seen.final, f"{key[0]} had deltas, but no done event")
        for (stem, place), text in seen.final.items():
            held = _held_text(item, stem, place)
            self._require(held == text, f"{stem} ended as {text!r}, the item has {held!r}")
        seen.done = item

    # --- parts and texts ---------------------------------------------------------------------

    def _part(self, event: JsonObject, stem: str, what: str) -> None:
        item = self._open_item(event)
        place = event.get(_PARTS[stem])
        if item is None or not isinstance(place, int):
            raise StreamViolation(f"event {self._count} ({self._kind}): it says not where")
        state = item.parts.get((stem, place))
        if what == "added":
            expected = sum(1 for known, _ in item.parts if known == stem)
            self._require(place == expected, f"{_PARTS[stem]} is {place}, expected {expected}")
            item.parts[(stem, place)] = "open"
            return
        self._require(state == "open", f"part {place} is not open")
        item.parts[(stem, place)] = "done"
        part = as_object(event.get("part"))
        for (text_stem, at), text in item.final.items():
            if at == place and _PARTS.get(stem) == _TEXTS[text_stem][1]:
                held = part.get(_TEXTS[text_stem][0])
                self._require(held == text, f"the part has {held!r}, its text was {text!r}")

    def _text(self, event: JsonObject, stem: str, what: str) -> None:
        item = self._open_item(event)
        field, at = _TEXTS[stem]
        if item is None:
            raise StreamViolation(f"event {self._count} ({self._kind}): no output_index")
        place = event.get(at) if at else None
        key = (stem, place)
        if stem in _NEEDS_PART:
            part = next(part for part, index in _PARTS.items() if index == at)
            state = item.parts.get((part, event.get(at or "", -1)))
            self._require(state == "open", f"part {place} is not open")
        self._require(key not in item.final, "its text is done")
        if what == "delta":
            delta = event.get("delta")
            self._require(isinstance(delta, str), "delta is a string")
            item.texts.setdefault(key, StringIO()).write(as_text(delta))
            return
        text = event.get(field)
        self._require(isinstance(text, str), f"{field} is a string")
        said = item.texts[key].getvalue() if key in item.texts else ""
        self._require(said in (text, ""), f"deltas gave {said!r}, done says {text!r}")
        item.final[key] = as_text(text)

    # --- the end -----------------------------------------------------------------------------

    def _terminal(self, event: JsonObject) -> None:
        response = as_object(event.get("response"))
        self._same_response(response)
        status = response.get("status")
        self._require(status in (_TERMINAL[self._kind], None), f"status is {status!r}")
        failed = self._kind == "response.failed"
        self._require(not failed or response.get("error") is not None, "error says what failed")
        output = response.get("output")
        if not failed and isinstance(output, list):
            self._check_output(items_of(output))
        self._ended = True

    def _check_output(self, output: list[Any]) -> None:
        unclosed = [index for index, item in self._items.items() if item.done is None]
        self._require(not unclosed, f"items {unclosed} were not done")
        if not output:  # some servers leave it to the reader to collect the items
            return
        count = len(self._items)
        self._require(len(output) == count, f"{count} items were sent, output has {len(output)}")
        for index, item in enumerate(objects(output)):
            same = _readable(item) == _readable(self._items[index].done)
            self._require(same, f"output[{index}] is not the done item")


def _readable(item: JsonObject | None) -> JsonObject:
    """An item without its ciphertext, which servers make anew for each event."""
    return {k: v for k, v in as_object(item).items() if k != "encrypted_content"}


def _held_text(item: JsonObject, stem: str, place: Any) -> Any:
    """Where a finished item holds the text of such events."""
    field, _ = _TEXTS[stem]
    if stem not in _IN_PARTS:
        return item.get(field)
    parts = items_of(item.get(_IN_PARTS[stem]))
    return as_object(parts[place]).get(field) if place < len(parts) else None


def validate(events: list[JsonObject]) -> JsonObject:
    """Check a whole stream; returns the response of its terminal event."""
    validator = StreamValidator()
    for event in events:
        validator.add(event)
    validator.close()
    return as_object(events[-1].get("response"))
