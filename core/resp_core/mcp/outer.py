"""One response made of several model turns and the MCP items between them. Pure.

It numbers items and events afresh; what the inner turns say of their own beginning and end, and
of the calls that are ours to run, is left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from resp_core.wire.shape import as_object, as_text
from resp_core.wire.unfold import unfold_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["OuterResponse", "added_usage", "merged_record"]

_INNER_ONLY = frozenset(
    {
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.completed",
        "response.incomplete",
    }
)


class OuterResponse:
    """Collects the output and hands out events; with `streams` False the events are dropped."""

    def __init__(
        self, skeleton: JsonObject, *, streams: bool, is_ours: Callable[[str], bool]
    ) -> None:
        self.response = skeleton
        self.output: list[JsonObject] = []
        self.usage: JsonObject | None = None
        self._turns = 0
        self._streams = streams
        self._is_ours = is_ours
        self._number = 0
        self._places: dict[Any, int | None] = {}  # inner output_index -> ours; None: left out

    def begin(self) -> list[JsonObject]:
        """The opening events."""
        return self._numbered(
            [
                {"type": "response.created", "response": dict(self.response)},
                {"type": "response.in_progress", "response": dict(self.response)},
            ]
        )

    def inner_turn(self) -> None:
        """A further turn of the model begins."""
        self._places = {}

    def inner_events(self, events: list[JsonObject]) -> list[JsonObject]:
        """What the caller sees of an inner turn's events."""
        return self._numbered([out for event in events if (out := self._moved(event))])

    def inner_done(self, result: JsonObject) -> None:
        """Take a finished turn's usage, and what the server says of itself."""
        usage = result.get("usage")
        self._turns += 1
        if self._turns == 1:
            self.usage = usage
        else:
            self.usage = (
                None if usage is None or self.usage is None else added_usage(self.usage, usage)
            )
        for name in ("model", "service_tier"):
            if result.get(name) is not None:
                self.response[name] = result[name]

    def add(self, item: JsonObject) -> list[JsonObject]:
        """A finished item of ours, with all its events."""
        self.output.append(item)
        return self._numbered(unfold_item(item, len(self.output) - 1))

    def begin_call(self, item: JsonObject) -> list[JsonObject]:
        """An `mcp_call` that starts to run now: the events up to its result."""
        self.output.append(item)
        events = unfold_item(item, len(self.output) - 1)
        return self._numbered(events[:-2])

    def end_call(self, item: JsonObject) -> list[JsonObject]:
        """The same call with its result."""
        index = next(
            at for at, known in enumerate(self.output) if known.get("id") == item.get("id")
        )
        self.output[index] = item
        return self._numbered(unfold_item(item, index)[-2:])

    def keep(self, item: JsonObject) -> None:
        """An item of an inner turn that was not streamed."""
        self.output.append(item)

    def finish(self, status: str, details: JsonObject | None, at: float) -> list[JsonObject]:
        """The terminal event; `response` is whole then."""
        self.response |= {
            "status": status,
            "incomplete_details": details,
            "output": self.output,
            "usage": self.usage,
            "completed_at": int(at) if status == "completed" else None,
        }
        return self._numbered([{"type": f"response.{status}", "response": self.response}])

    def partial(self) -> JsonObject:
        """The response as far as it came."""
        return {**self.response, "status": "incomplete", "output": list(self.output)}

    def _moved(self, event: JsonObject) -> JsonObject | None:
        kind = as_text(event.get("type"))
        if kind in _INNER_ONLY:
            return None
        inner = event.get("output_index")
        if kind == "response.output_item.added":
            item = as_object(event.get("item"))
            if item.get("type") == "function_call" and self._is_ours(as_text(item.get("name"))):
                self._places[inner] = None
                return None
            self._places[inner] = len(self.output)
            self.output.append(item)
        place = self._places.get(inner, inner)
        if place is None:
            return None
        if kind == "response.output_item.done":
            self.output[int(place)] = event["item"]
        return {**event, "output_index": place} if "output_index" in event else event

    def _numbered(self, events: list[JsonObject]) -> list[JsonObject]:
        if not self._streams:
            return []
        for event in events:
            event["sequence_number"] = self._number
            self._number += 1
        return events


def added_usage(one: JsonObject, other: JsonObject) -> JsonObject:
    """Two usages of one call as their sum, details included."""
    total: JsonObject = dict(one)
    for name, value in other.items():
        known = total.get(name)
        if isinstance(value, dict):
            total[name] = added_usage(as_object(known), as_object(value))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            total[name] = (known if isinstance(known, int | float) else 0) + value
        else:
            total.setdefault(name, value)
    return total


def merged_record(records: list[CallRecord], started: float) -> CallRecord:
    """The records of a response's turns as one that began at `started`: all attempts, all bills."""
    firsts = [r.started - started + r.first_token for r in records if r.first_token]
    return replace(
        records[-1],
        started=started,
        first_token=firsts[0] if firsts else None,
        attempts=tuple(attempt for record in records for attempt in record.attempts),
        dropped=_all_once(record.dropped for record in records),
        notes=_all_once(record.notes for record in records),
        billed=tuple(bill for record in records for bill in record.billed),
    )


def _all_once(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry for each in lists for entry in each))
