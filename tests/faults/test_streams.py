"""Streams that are bent: what is read right, what is an error, and what is never complete."""

from __future__ import annotations

import itertools
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.effects import Opened
from resp_core.errors import (
    APIError,
    APIStatusError,
    LimitError,
    ProtocolError,
    RateLimitError,
    ResponseFailedError,
    StreamIncomplete,
)
from resp_core.wire.sse import SseDecoder
from tests.callers import OWN, Caller
from tests.flow.stage import SSE, Stage, Watch, call_of
from tests.rawserver import (
    DONE,
    Peer,
    chat_chunk,
    chat_frames,
    event,
    events,
    frames,
    raw_server,
    response,
    streamed,
)

OURS = pytest.mark.parametrize("kind", OWN)
TEXT = "Grüße, 蜜蜂 🐝"


def data(payload: Any) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(payload)


def read(*chunks: bytes, wire: Any = "responses", server: Any = None) -> Stage:
    """A flow that has read these bytes and then their end."""
    from resp_core.effects import Close, Open, Read, Save

    watch = Watch()
    stage = Stage(call_of(watch, wire=wire, server=server or wire, stream=True), watch)
    stage.expect(Open, Opened(200, SSE))
    left = [*chunks, b""]
    stage.emitted  # noqa: B018 - moves past what was emitted
    while not stage.over:
        if isinstance(stage.effect, Read):
            stage.expect(Read, left.pop(0))
        elif isinstance(stage.effect, Close | Save):
            stage.expect(type(stage.effect))
        else:
            stage.expect(type(stage.effect))
    return stage


def text_of(stage: Stage) -> str:
    result = stage.call.result or {}
    if "choices" in result:
        return result["choices"][0]["message"]["content"]
    return result["output"][0]["content"][0]["text"]


SPELLINGS = {
    "LF": lambda raw: raw,
    "CRLF": lambda raw: raw.replace(b"\n", b"\r\n"),
    "CR": lambda raw: raw.replace(b"\n", b"\r"),
    "BOM": lambda raw: b"\xef\xbb\xbf" + raw,
    "comments": lambda raw: raw.replace(b"\n\n", b"\n\n: ping\n\n:\n\n"),
    "comment inside": lambda raw: raw.replace(b"data: ", b": c\ndata: "),
    "no space": lambda raw: raw.replace(b"data: ", b"data:"),
    "id and retry": lambda raw: raw.replace(b"data: ", b"id: 7\nretry: 100\ndata: "),
    "unknown field": lambda raw: raw.replace(b"data: ", b"colour: red\nnothing\ndata: "),
    "several lines": lambda raw: raw.replace(b'"type"', b'\ndata: "type"'),
    "empty events": lambda raw: raw.replace(b"\n\n", b"\n\ndata:\n\ndata\n\nevent: x\n\n\n\n"),
}


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("wire", ["responses", "chat"])
@given(cuts=st.lists(st.integers(0, 4000), max_size=8))
def test_a_spelling_at_any_split(name: str, wire: str, cuts: list[int]) -> None:
    """Also in the middle of a character of several bytes."""
    raw = b"".join((frames if wire == "responses" else chat_frames)(*TEXT))
    spelled = SPELLINGS[name](raw)
    edges = [0, *sorted(cut for cut in cuts if cut < len(spelled)), len(spelled)]
    chunks = [spelled[a:b] for a, b in itertools.pairwise(edges) if a < b]
    stage = read(*chunks, wire=wire)
    assert text_of(stage) == TEXT
    assert len(stage.emitted) == raw.count(b"\n\n") - (wire == "chat")


def test_a_lone_cr_ends_an_event_at_once() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: 1\r\r") == [(b"", b"1")]
    assert decoder.feed(b"\ndata: 2\r\n\r") == [(b"", b"2")]
    assert decoder.feed(b"\n") == []


def fails(cls: type[APIError], *chunks: bytes, **more: Any) -> APIError:
    with pytest.raises(cls) as caught:
        read(*chunks, **more)
    assert type(caught.value) is cls
    return caught.value


def partial_text(error: APIError) -> str:
    partial = error.partial or {}
    if "choices" in partial:
        return partial["choices"][0]["message"]["content"]
    return partial["output"][0]["content"][0]["text"]


BEGUN, CHAT_BEGUN = b"".join(frames()[:5]), b"".join(chat_frames()[:2])

#: name -> (class, Responses bytes after BEGUN, Chat bytes after CHAT_BEGUN)
BROKEN: dict[str, tuple[type[APIError], bytes, bytes]] = {
    "ends": (StreamIncomplete, b"", b""),
    "ends in an event": (StreamIncomplete, frames()[5][:40], chat_frames()[2][:20]),
    "ends in its last line": (StreamIncomplete, frames()[-1][:-1], chat_frames()[2][:-1]),
    "not UTF-8": (
        ProtocolError,
        frames("A", "B")[5].replace(b"B", b"\xff\xfe"),
        chat_frames("A", "B")[2].replace(b"B", b"\xff\xfe"),
    ),
    "no JSON": (ProtocolError, b"data: {oops\n\n", b"data: {oops\n\n"),
    "null": (ProtocolError, b"data: null\n\n", b"data: null\n\n"),
    "array": (ProtocolError, b"data: []\n\n", b"data: []\n\n"),
    "too deep": (
        ProtocolError,
        b"data: %b\n\n" % (b"[" * 90_000),
        b"data: %b\n\n" % (b"[" * 90_000),
    ),
    "flat error": (
        ResponseFailedError,
        data({"type": "error", "code": "server_error", "message": "It broke."}),
        data({"type": "error", "code": "server_error", "message": "It broke."}),
    ),
    "nested error": (
        ResponseFailedError,
        data({"type": "error", "error": {"code": "server_error", "message": "It broke."}}),
        data({"error": {"code": "server_error", "message": "It broke."}}),
    ),
    "named error": (
        ResponseFailedError,
        b'event: error\ndata: {"message": "It broke."}\n\n',
        b'event: error\ndata: {"message": "It broke."}\n\n',
    ),
    "error with a status": (
        RateLimitError,
        data({"type": "error", "error": {"code": 429, "message": "It broke."}}),
        data({"error": {"code": 429, "message": "It broke."}}),
    ),
    "giant event": (LimitError, b"data: " + b"x" * 17 * 2**20, b"data: " + b"x" * 17 * 2**20),
}


@pytest.mark.parametrize("wire", ["responses", "chat"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_stream_keeps_what_came(name: str, wire: str) -> None:
    cls, responses, chat = BROKEN[name]
    begun, rest = (BEGUN, responses) if wire == "responses" else (CHAT_BEGUN, chat)
    begun = begun.replace(b"Hel", b"A") if "UTF" in name else begun
    error = fails(cls, begun, rest, wire=wire)
    assert partial_text(error) == ("A" if "UTF" in name else "Hel")
    assert error.attempts == 1
    assert "�" not in partial_text(error)
    if cls is ResponseFailedError:
        assert "It broke." in str(error)
    if isinstance(error, APIStatusError):
        assert error.status_code == 429


@pytest.mark.parametrize(
    ("wire", "server"),
    [("responses", "chat"), ("chat", "responses")],
)
def test_what_came_is_in_the_callers_wire(wire: str, server: str) -> None:
    begun = BEGUN if server == "responses" else CHAT_BEGUN
    error = fails(StreamIncomplete, begun, wire=wire, server=server)
    assert partial_text(error) == "Hel"
    assert error.partial is not None
    assert ("choices" in error.partial) == (wire == "chat")


@pytest.mark.parametrize("wire", ["responses", "chat"])
def test_response_failed_in_a_stream(wire: str) -> None:
    failed = response("Hel", status="failed", error={"code": "server_error", "message": "Oh."})
    for said in (failed, failed | {"error": None}, {}):
        end = event({"type": "response.failed", "response": said, "sequence_number": 5})
        error = fails(ResponseFailedError, BEGUN + end, wire=wire, server="responses")
        assert error.partial is not None


# -- order


def test_a_duplicate_is_dropped() -> None:
    listed = frames(*"abcd")
    stage = read(*listed[:6], listed[5], *listed[6:])
    assert text_of(stage) == "abcd"
    assert [each["sequence_number"] for each in stage.emitted] == list(range(len(listed)))


def test_a_gap_and_a_swap_are_settled_by_the_final_text() -> None:
    listed = frames(*"abcd")
    for order in (
        [*listed[:5], *listed[6:]],
        [*listed[:5], listed[6], listed[5], *listed[7:]],
    ):
        assert text_of(read(*order)) == "abcd"


def test_a_gap_that_nothing_settles() -> None:
    """Neither a final text nor a whole output at the end: the text cannot be known."""
    listed = events(*"abcd")
    end = listed[-1] | {"response": response(output=[])}
    kept = [*listed[:5], *listed[6:8], end]
    error = fails(StreamIncomplete, *map(event, kept))
    assert error.partial is not None


def test_what_follows_the_end_says_nothing() -> None:
    for after in (
        frames()[-1],
        event({"type": "error", "code": "server_error", "message": "late"}),
        b"data: {oops\n\n",
        event({"type": "response.failed", "response": response(status="failed")}),
        frames()[4],
    ):
        together = read(b"".join(frames()) + after)
        apart = read(*frames(), after)
        assert text_of(together) == text_of(apart) == "Hello"
        assert together.emitted[-1]["type"] == apart.emitted[-1]["type"] == "response.completed"


def test_unknown_events_are_passed_on() -> None:
    odd = {"type": "response.new_thing.delta", "sequence_number": 5, "delta": {"x": [1]}}
    listed = events()
    bent = [
        *listed[:5],
        odd,
        *({**e, "sequence_number": e["sequence_number"] + 1} for e in listed[5:]),
    ]
    stage = read(*map(event, bent))
    assert stage.emitted[5] == odd
    assert text_of(stage) == ""


SHAPELESS: list[dict[str, Any]] = [
    {"type": "response.output_item.added"},
    {"type": "response.output_item.done", "output_index": 0},
    {"type": "response.output_item.added", "item": None},
    {"type": "response.completed", "response": 7},
    {"type": ["response.completed"]},
    {"type": "response.output_text.delta", "delta": 7, "output_index": [0]},
    {"type": "response.created", "response": "r"},
]


@pytest.mark.parametrize("payload", SHAPELESS, ids=lambda payload: str(payload)[:50])
@pytest.mark.parametrize("wire", ["responses", "chat"])
def test_an_event_of_another_shape(payload: dict[str, Any], wire: str) -> None:
    with pytest.raises(ProtocolError):
        read(BEGUN, data(payload), wire=wire, server="responses")


CHAT_SHAPELESS: list[dict[str, Any]] = [
    {"choices": 7},
    {"choices": [7]},
    {"choices": [{"delta": 7}]},
    {"choices": [{"index": "a", "delta": {"tool_calls": 7}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [7]}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": 7}]}}]},
    {"choices": [{"index": 0, "delta": {"content": 7}}]},
    {},
]


@pytest.mark.parametrize("payload", CHAT_SHAPELESS, ids=lambda payload: str(payload)[:50])
@pytest.mark.parametrize("wire", ["responses", "chat"])
def test_a_chunk_of_another_shape(payload: dict[str, Any], wire: str) -> None:
    with pytest.raises(ProtocolError):
        read(CHAT_BEGUN, data(payload), wire=wire, server="chat")


# -- ends


def test_a_chat_stream_needs_a_finish_or_done() -> None:
    whole = chat_frames()
    assert text_of(read(*whole, wire="chat")) == "Hello"
    no_done = read(*whole[:-1], wire="chat")
    assert text_of(no_done) == "Hello"
    fails(StreamIncomplete, *whole[:3], wire="chat")


def test_usage_after_the_finish_is_kept() -> None:
    stage = read(*chat_frames(), wire="responses", server="chat")
    assert stage.call.record is not None
    assert stage.call.record.usage is not None
    assert stage.call.record.usage["output_tokens"] == 2


@pytest.mark.parametrize("wire", ["responses", "chat"])
def test_a_tool_call_that_was_cut_is_no_tool_call(wire: str) -> None:
    """The connection broke in its arguments: what came is shown as unfinished, not as a call."""
    call = {
        "index": 0,
        "id": "call_1",
        "type": "function",
        "function": {"name": "f", "arguments": '{"a'},
    }
    begun = data(chat_chunk({"role": "assistant"})) + data(chat_chunk({"tool_calls": [call]}))
    error = fails(StreamIncomplete, begun, wire=wire, server="chat")
    partial = error.partial or {}
    if wire == "responses":
        assert [item["status"] for item in partial["output"]] == ["incomplete"]
        assert partial["status"] == "incomplete"
    else:
        assert partial["choices"][0]["finish_reason"] is None


def test_a_tool_call_at_the_token_limit_says_length() -> None:
    call = {
        "index": 0,
        "id": "call_1",
        "type": "function",
        "function": {"name": "f", "arguments": '{"a'},
    }
    listed = [
        chat_chunk({"role": "assistant"}),
        chat_chunk({"tool_calls": [call]}),
        chat_chunk({}, "length"),
    ]
    stage = read(*map(data, listed), DONE, wire="responses", server="chat")
    assert stage.emitted[-1]["type"] == "response.incomplete"
    (item,) = stage.emitted[-1]["response"]["output"]
    assert item["status"] == "incomplete"


# -- the same over sockets


@OURS
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_bytes_as_the_network_splits_them(kind: str, size: int) -> None:
    raw = b"".join(frames(*TEXT))
    parts = [raw[at : at + size] for at in range(0, len(raw), size)]

    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(streamed(*parts))

    with raw_server(script) as server:
        last = Caller(kind, base_url=server.url).stream()[-1]
    assert last.response.output[0].content[0].text == TEXT
