"""One assembler for every stream of Responses events, whatever server they came from.

It numbers events, holds back what carries no content yet (so that a fallback stays possible),
drops duplicates, remembers enough to show a partial response, and refuses a stream that ends
without its terminal event.
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any

from resp_core.errors import StreamIncomplete

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["TERMINAL", "Assembler"]

logger = logging.getLogger("resp_core")

TERMINAL = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)
# Events that open something without showing any of it.
_OPENING = frozenset(
    {
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.reasoning_summary_part.added",
    }
)
# delta event -> (item field that collects it, done event's field)
_DELTAS = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.function_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
    "response.mcp_call_arguments.delta": "arguments",
    "response.reasoning_text.delta": "reasoning_text",
    "response.reasoning_summary_text.delta": "summary_text",
    "response.code_interpreter_call_code.delta": "code",
}
_DONE_TEXTS = {
    "response.output_text.done": ("response.output_text.delta", "text"),
    "response.refusal.done": ("response.refusal.delta", "refusal"),
    "response.function_call_arguments.done": (
        "response.function_call_arguments.delta",
        "arguments",
    ),
    "response.custom_tool_call_input.done": ("response.custom_tool_call_input.delta", "input"),
    "response.mcp_call_arguments.done": ("response.mcp_call_arguments.delta", "arguments"),
    "response.reasoning_text.done": ("response.reasoning_text.delta", "text"),
    "response.reasoning_summary_text.done": ("response.reasoning_summary_text.delta", "text"),
    "response.code_interpreter_call_code.done": (
        "response.code_interpreter_call_code.delta",
        "code",
    ),
}

_Key = tuple[str, Any, Any]


class Assembler:
    """State of one stream. `final` is the terminal response; `committed` forbids a fallback."""

    __slots__ = (
        "_collected",
        "_done",
        "_expected",
        "_held",
        "_missing",
        "_opened",
        "_skeleton",
        "_suspect",
        "committed",
        "final",
        "terminal",
    )

    def __init__(self) -> None:
        self.committed = False
        self.final: JsonObject | None = None
        self.terminal: str | None = None
        self._expected: int | None = None
        self._missing: set[int] = set()
        self._held: list[JsonObject] = []
        self._skeleton: JsonObject = {}
        self._opened: dict[int, JsonObject] = {}
        self._done: dict[int, JsonObject] = {}
        self._collected: dict[_Key, io.StringIO] = {}
        self._suspect: set[_Key] = set()  # texts whose deltas came with a gap or out of order

    def add(self, event: JsonObject) -> list[JsonObject]:
        """Take one event; return those that may be given on, in order."""
        if self.terminal is not None:
            logger.debug("event after the terminal one ignored: %s", event.get("type"))
            return []
        if not self._number(event):
            return []
        kind: str = event.get("type", "")
        if kind in _DELTAS:
            self._collect(kind, event)
        elif kind in _OPENING:
            self._open(kind, event)
            if not self.committed:
                self._held.append(event)
                return []
        elif kind in _DONE_TEXTS:
            self._check(kind, event)
        elif kind == "response.output_item.done":
            self._done[_index(event, len(self._done))] = event["item"]
        elif kind in TERMINAL:
            self._finish(kind, event)
        if self._held:
            held, self._held = self._held, []
            self.committed = True
            held.append(event)
            return held
        self.committed = True
        return [event]

    def close(self) -> None:
        """The end of the bytes: StreamIncomplete unless the terminal event came."""
        if self.terminal is None:
            raise StreamIncomplete(
                "The stream ended without its terminal event; the answer is not complete.",
                partial=self.partial(),
            )

    def partial(self) -> JsonObject | None:
        """The response as far as it came, `status: "incomplete"`; None if nothing came."""
        if self.final is not None:
            return self.final
        if not (self._skeleton or self._opened or self._done or self._collected):
            return None
        indices = sorted({*self._opened, *self._done})
        output = [
            self._done[index] if index in self._done else self._unfinished(index)
            for index in indices
        ]
        return {**self._skeleton, "status": "incomplete", "output": output}

    def _number(self, event: JsonObject) -> bool:
        """Check or give the sequence number; False for a duplicate."""
        number = event.get("sequence_number")
        expected = self._expected
        if number is None:
            event["sequence_number"] = self._expected = 0 if expected is None else expected
            self._expected += 1
            return True
        if expected is None or number == expected:
            self._expected = number + 1
            return True
        if number > expected:
            self._missing.update(range(expected, min(number, expected + 1000)))
            self._expected = number + 1
            self._suspect.update(self._collected)
            return True
        if number in self._missing:
            self._missing.discard(number)
            self._suspect.update(self._collected)
            return True
        return False

    def _open(self, kind: str, event: JsonObject) -> None:
        if kind == "response.output_item.added":
            self._opened[_index(event, len(self._opened))] = event["item"]
        elif "response" in event:
            self._skeleton = event["response"]

    def _collect(self, kind: str, event: JsonObject) -> None:
        key = (
            kind,
            event.get("output_index"),
            event.get("content_index", event.get("summary_index")),
        )
        text = self._collected.get(key)
        if text is None:
            text = self._collected[key] = io.StringIO()
            if self._missing:
                self._suspect.add(key)
        delta = event.get("delta")
        if type(delta) is str:
            text.write(delta)

    def _check(self, kind: str, event: JsonObject) -> None:
        delta_kind, field = _DONE_TEXTS[kind]
        index = event.get("content_index", event.get("summary_index"))
        key = (delta_kind, event.get("output_index"), index)
        said = event.get(field)
        collected = self._collected.get(key)
        if isinstance(said, str) and collected is not None:
            self._suspect.discard(key)
            if collected.getvalue() != said:
                logger.warning("the %s text differs from its deltas; the final text wins", kind)
                self._collected[key] = text = io.StringIO()
                text.write(said)

    def _finish(self, kind: str, event: JsonObject) -> None:
        response: JsonObject = event.get("response") or {}
        if not response.get("output") and self._done:
            response = {**self._skeleton, **response}
            response["output"] = [self._done[index] for index in sorted(self._done)]
            event["response"] = response
        elif self._suspect and not response.get("output"):
            raise StreamIncomplete(
                "Events of the stream are missing and no final text came to replace them.",
                partial=self.partial(),
            )
        self.terminal = kind
        self.final = response

    def _unfinished(self, index: int) -> JsonObject:
        item = dict(self._opened[index])
        texts = {
            (kind, part): text.getvalue()
            for (kind, output_index, part), text in self._collected.items()
            if output_index == index
        }
        content: list[JsonObject] = []
        summary: list[JsonObject] = []
        for (kind, _), text in texts.items():
            field = _DELTAS[kind]
            if field == "text":
                content.append({"type": "output_text", "text": text, "annotations": []})
            elif field == "refusal":
                content.append({"type": "refusal", "refusal": text})
            elif field == "reasoning_text":
                content.append({"type": "reasoning_text", "text": text})
            elif field == "summary_text":
                summary.append({"type": "summary_text", "text": text})
            else:
                item[field] = text
        if content:
            item["content"] = content
        if summary:
            item["summary"] = summary
        item["status"] = "incomplete"
        return item


def _index(event: JsonObject, default: int) -> int:
    index = event.get("output_index")
    return index if type(index) is int else default
