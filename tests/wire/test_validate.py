"""The validator finds each broken rule: one good stream, and one change to it at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from resp_core.wire.unfold import unfold
from resp_core.wire.validate import StreamValidator, StreamViolation, validate

Events = list[dict[str, Any]]

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "hi", "annotations": []}],
}
CALL = {
    "id": "fc_1",
    "type": "function_call",
    "status": "completed",
    "call_id": "c1",
    "name": "f",
    "arguments": "{}",
}
RESPONSE = {"id": "resp_1", "status": "completed", "output": [MESSAGE, CALL]}


def good() -> Events:
    events = copy.deepcopy(unfold(RESPONSE))
    for number, event in enumerate(events):
        event["sequence_number"] = number
    return events


def find(events: Events, kind: str) -> int:
    return next(n for n, event in enumerate(events) if event["type"] == f"response.{kind}")


def edit(kind: str, **fields: Any) -> Callable[[Events], None]:
    return lambda events: events[find(events, kind)].update(fields)


def drop(kind: str) -> Callable[[Events], None]:
    def change(events: Events) -> None:
        del events[find(events, kind)]
        for event in events:
            event.pop("sequence_number")

    return change


def swap(kind: str) -> Callable[[Events], None]:
    def change(events: Events) -> None:
        at = find(events, kind)
        events[at], events[at + 1] = events[at + 1], events[at]
        for event in events:
            event.pop("sequence_number")

    return change


def twice(events: Events) -> None:
    events.append({**events[-1], "sequence_number": len(events)})


BROKEN: dict[str, tuple[Callable[[Events], None], str]] = {
    "no type": (lambda events: events[1].pop("type"), "type"),
    "created missing": (drop("created"), "comes first"),
    "created twice": (edit("in_progress", type="response.created"), "comes first"),
    "gap in the numbers": (edit("output_text.done", sequence_number=99), "number 99"),
    "id of the response changes": (
        edit("in_progress", response={"id": "x", "status": "queued"}),
        "response id",
    ),
    "wrong status": (edit("completed", response={**RESPONSE, "status": "failed"}), "status"),
    "item not added": (drop("output_item.added"), "has not been added"),
    "item added at a wrong index": (edit("output_item.added", output_index=3), "expected 0"),
    "another item's id": (edit("output_text.delta", item_id="msg_2"), "item_id"),
    "part not added": (drop("content_part.added"), "not open"),
    "part not closed": (drop("content_part.done"), "not closed"),
    "delta after done": (swap("output_text.delta"), "done"),
    "delta that does not add up": (edit("output_text.delta", delta="ho"), "deltas gave 'ho'"),
    "delta that is no string": (edit("output_text.delta", delta=None), "string"),
    "text without done": (drop("output_text.done"), "no done event"),
    "arguments without done": (drop("function_call_arguments.done"), "no done event"),
    "item not done": (drop("output_item.done"), "not done"),
    "item done in progress": (
        edit("output_item.done", item={**MESSAGE, "status": "in_progress"}),
        "in progress",
    ),
    "item with another text": (
        edit("output_item.done", item={**MESSAGE, "content": [{"text": "ho"}]}),
        "the item has 'ho'",
    ),
    "another output": (
        edit("completed", response={**RESPONSE, "output": [MESSAGE]}),
        "output has 1",
    ),
    "another item in the output": (
        edit("completed", response={**RESPONSE, "output": [MESSAGE, {**CALL, "name": "g"}]}),
        "output[1]",
    ),
    "two ends": (twice, "nothing follows"),
    "no end": (drop("completed"), "terminal event is missing"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named(name: str) -> None:
    change, message = BROKEN[name]
    events = good()
    change(events)
    with pytest.raises(StreamViolation) as raised:
        validate(events)
    assert message in str(raised.value)


def test_the_good_stream_is_good() -> None:
    assert validate(good()) == RESPONSE


@pytest.mark.parametrize(
    "change",
    [
        lambda events: [event.pop("sequence_number") for event in events],
        lambda events: events.insert(2, {"type": "response.not_yet.invented"}) or renumber(events),
        edit("completed", response={**RESPONSE, "output": []}),  # left to the reader to collect
        edit("output_item.done", item={**MESSAGE, "encrypted_content": "another"}),
    ],
)
def test_what_servers_do_is_accepted(change: Callable[[Events], Any]) -> None:
    events = good()
    change(events)
    validate(events)


def renumber(events: Events) -> None:
    for number, event in enumerate(events):
        event["sequence_number"] = number


def test_an_error_ends_a_stream_and_a_failure_may_follow() -> None:
    validator = StreamValidator()
    validator.add(good()[0])
    validator.add({"type": "error", "message": "x"})
    validator.close()
    failed = {"id": "resp_1", "status": "failed", "error": {"code": "x"}}
    validator.add({"type": "response.failed", "response": failed})
    with pytest.raises(StreamViolation):
        StreamValidator().close()
