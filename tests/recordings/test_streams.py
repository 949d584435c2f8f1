"""Recorded streams, cut anywhere: the events given on, and what they add up to."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from resp_core.errors import StreamIncomplete, StreamInterrupted
from resp_core.types.json import loads
from resp_core.wire.ids import counted_ids
from resp_core.wire.losses import Losses
from resp_core.wire.pipeline import Reader, reader_for
from resp_core.wire.sse import SseDecoder
from resp_core.wire.validate import StreamViolation, validate
from tests.recordings import calls, reading
from tests.recordings.corpus import Exchange
from tests.recordings.serving import random_cuts, split
from tests.recordings.sweeps import groups, same

NUMBERED = "events without a sequence_number get one"
FROM_ONE = "the server itself counts the parts of a message from 1"
WAITING = ("queued", "in_progress")
COLLECTED = "a terminal event without output gets the items of the stream"
#: Streams of at most so many bytes are cut at every byte.
_SHORT = 2_500


def streams(exchange: Exchange) -> bool:
    return exchange.streamed and not exchange.reports_error and not exchange.cut


def expected(exchange: Exchange) -> tuple[list[dict[str, Any]], str | None]:
    """The events that the caller gets for a recorded stream, and the reason for a difference."""
    recorded = [dict(payload) for payload in exchange.payloads]
    if exchange.api != "responses":
        return recorded, None
    note = None
    for number, event in enumerate(recorded):
        if event.get("type") in reading.TERMINAL:
            whole = reading.terminal(recorded)
            note = COLLECTED if whole != event["response"] else note
            event["response"] = whole
        if "sequence_number" not in event:
            event["sequence_number"] = number
            note = NUMBERED
    return recorded, note


@pytest.mark.parametrize("group", groups(streams))
def test_a_stream_gives_on_the_recorded_events(group, client, replay, sweep):
    """Event by event, then cut at three random places."""

    def check(exchange: Exchange) -> str | None:
        events, note = expected(exchange)
        cuts = random_cuts(exchange.body, exchange.name)
        for pieces in (None, split(exchange.body, cuts)):
            replay.next(exchange, pieces)
            with calls.call(client, exchange) as stream:
                same(list(stream), events, "events")
            check_result(stream.result, exchange)
        return note

    sweep(group, "stream", check)


def check_result(result: Any, exchange: Exchange) -> None:
    """The whole answer of a stream against the recording."""
    if exchange.api == "responses":
        same(result, reading.terminal(exchange.payloads), "result")
    else:
        check_fold(result, exchange)


def check_fold(completion: dict[str, Any], exchange: Exchange) -> None:
    """A completion put together from chunks: what they say, and every field that they have."""
    chunks = exchange.payloads
    indices = {choice.get("index") or 0 for c in chunks for choice in c.get("choices") or []}
    for index in indices:
        same(
            vars(reading.of_completion(completion, index)),
            vars(reading.of_chunks(chunks, index)),
            f"choice {index}",
        )
    for chunk in chunks:
        names = {name for name, value in chunk.items() if value is not None}
        missing = names - completion.keys() - {"obfuscation", "p"}
        assert not missing, f"the completion has no {missing}"
        for choice in chunk.get("choices") or []:
            folded = next(
                c for c in completion["choices"] if c["index"] == (choice.get("index") or 0)
            )
            missing = choice.keys() - folded.keys() - {"delta"}
            assert not missing, f"the choice has no {missing}"
            delta = choice.get("delta") or {}
            missing = {n for n, v in delta.items() if v is not None} - folded["message"].keys()
            assert not missing - {"content"}, f"the message has no {missing}"


def _responds(exchange: Exchange) -> bool:
    ended = not exchange.streamed and (exchange.answer or {}).get("status") not in WAITING
    whole = streams(exchange) or ended
    return exchange.operation == "responses" and whole and not exchange.reports_error


@pytest.mark.parametrize("group", groups(_responds))
def test_a_stream_given_on_is_a_legal_one(group, client, replay, sweep):
    """Those of servers, numbered, and plain answers as streams; bridged ones in test_bridges."""

    def check(exchange: Exchange) -> str | None:
        replay.next(exchange)
        target = calls.target(exchange) | {"model": exchange.model}
        events = list(client.responses.create(**target, input="hello", stream=True))
        try:
            validate(events)
        except StreamViolation:
            parts = [e for e in exchange.payloads if e["type"] == "response.content_part.added"]
            assert parts
            assert all(part["content_index"] > 0 for part in parts)
            return FROM_ONE
        return None

    sweep(group, "legal", check)


@pytest.mark.parametrize("group", groups(streams))
def test_a_stream_reads_the_same_byte_by_byte(group, sweep):
    def check(exchange: Exchange) -> str | None:
        events, note = expected(exchange)
        decoder, reader = SseDecoder(), reader_of(exchange)
        given: list[dict[str, Any]] = []
        body = exchange.body
        for at in range(len(body)):
            frames = decoder.feed(body[at : at + 1])
            if frames:
                given += read(reader, frames)
        given += read(reader, decoder.close())
        given += reader.close(exchange.done)
        same(given, events, "events")
        check_result(reader.result, exchange)
        return note

    sweep(group, "bytes", check)


@pytest.mark.parametrize("group", groups(lambda e: streams(e) and len(e.body) <= _SHORT))
def test_a_short_stream_reads_the_same_cut_at_every_byte(group, sweep):
    def check(exchange: Exchange) -> None:
        body = exchange.body
        decoder = SseDecoder()
        frames = decoder.feed(body) + decoder.close()
        assert [loads(data) for _, data in frames if data != b"[DONE]"] == [*exchange.payloads]
        for at in range(1, len(body)):
            decoder = SseDecoder()
            cut = decoder.feed(body[:at])
            cut += decoder.feed(body[at:])
            cut += decoder.close()
            assert cut == frames, f"cut at byte {at}"

    sweep(group, "every cut", check)


def reader_of(exchange: Exchange) -> Reader:
    """The reader of a caller who speaks the server's own API."""
    wire: Any = exchange.api
    losses = Losses("the server", "drop")
    return reader_for(wire, wire, exchange.asked or {}, new_id=counted_ids(), losses=losses)


def read(reader: Reader, frames: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    """The events for a decoder's frames."""
    return [
        event
        for _, data in frames
        if data != b"[DONE]" and not reader.finished
        for event in reader.add(loads(data))
    ]


_SAID_AGAIN = (".done", *reading.TERMINAL)


@pytest.mark.parametrize("group", groups(lambda e: streams(e) and e.api == "responses"))
def test_the_deltas_alone_add_up_to_the_final_object(group, sweep):
    """Without the events that repeat a text, the partial response has all of it."""

    def check(exchange: Exchange) -> None:
        final = reading.terminal(exchange.payloads)
        assert final is not None
        reader = reader_of(exchange)
        told: set[tuple[int, str]] = set()
        for payload in exchange.payloads:
            kind = payload.get("type", "")
            if kind.endswith(_SAID_AGAIN):
                continue
            reader.add(dict(payload) | {"sequence_number": None})
            if kind.endswith(".delta") and isinstance(payload.get("output_index"), int):
                told.add((payload["output_index"], kind))
        with pytest.raises(StreamIncomplete) as caught:
            reader.close(done=False)
        partial = caught.value.partial
        assert partial is not None
        assert partial["status"] == "incomplete"
        for index, kind in told:
            ours, recorded = partial["output"][index], final["output"][index]
            for name in _HOLDS.get(kind, ()):
                same(_texts(ours, name), _texts(recorded, name), f"{kind} of item {index}")

    sweep(group, "deltas", check)


#: Delta -> where the item holds the text.
_HOLDS = {
    "response.output_text.delta": ("text",),
    "response.refusal.delta": ("refusal",),
    "response.reasoning_text.delta": ("content",),
    "response.reasoning_summary_text.delta": ("summary",),
    "response.function_call_arguments.delta": ("arguments",),
    "response.custom_tool_call_input.delta": ("input",),
    "response.mcp_call_arguments.delta": ("arguments",),
    "response.code_interpreter_call_code.delta": ("code",),
}


def _texts(item: dict[str, Any], name: str) -> Any:
    if name in ("arguments", "input", "code"):
        return item.get(name)
    if name in ("content", "summary"):
        return [part.get("text") for part in item.get(name) or []]
    return [part[name] for part in item["content"] if name in part]


@pytest.mark.parametrize("group", groups(streams))
def test_a_cut_stream_never_passes_for_a_whole_one(group, client, replay, sweep):
    """Cut before its end, between events and inside one, ended and broken off."""

    def check(exchange: Exchange) -> None:
        body = exchange.body
        end = _end(exchange)
        places = (end, *(cut % end for cut in random_cuts(body, exchange.name)[:2] if end))
        for place in places:
            _demand(StreamIncomplete, client, replay, exchange, [body[:place]], None)
        broken = httpx2.ReadError("reset")
        _demand(StreamInterrupted, client, replay, exchange, [body[:end]], broken)

    sweep(group, "cut", check)


def _demand(kind, client, replay, exchange, pieces, error) -> None:
    replay.next(exchange, pieces, error)
    given: list[Any] = []
    with pytest.raises(kind) as caught:
        given += calls.call(client, exchange)
    assert caught.value.attempts == 1
    if any(choice for event in given for choice in event.get("choices") or [1]):
        assert caught.value.partial is not None, "the error does not tell what came"


def _end(exchange: Exchange) -> int:
    """Where the event begins that ends the stream."""
    at = 0
    for piece in exchange.pieces:
        if _ends(piece, exchange.api):
            return at
        at += len(piece)
    raise AssertionError("the recorded stream has no end")


def _ends(piece: bytes, api: str) -> bool:
    if api == "responses":
        told = piece.replace(b" ", b"")
        return any(f'"type":"{kind}"'.encode() in told for kind in reading.TERMINAL)
    if b"[DONE]" in piece:
        return True
    at = piece.find(b"{")
    chunk = loads(piece[at : piece.rfind(b"}") + 1]) if at >= 0 else {}
    return any(choice.get("finish_reason") for choice in chunk.get("choices") or [])
