"""Merging chunks changes the frames and nothing else: h11 reads the same answer from both."""

from __future__ import annotations

from itertools import pairwise

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resp_core.io.rechunk import Joiner, Rechunker

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"


def read(raw: list[bytes]) -> tuple[bytes, str]:
    """The body that h11 reads, and how it ended."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    connection.send(h11.EndOfMessage())
    body = b""
    for data in [*raw, b""]:
        connection.receive_data(data)
        while True:
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError:
                return body, "refused"
            if event is h11.NEED_DATA:
                break
            if isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return body, "complete"
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                return body, "closed"
    return body, "open"


def merged(raw: list[bytes]) -> list[bytes]:
    chunks = Rechunker()
    chunks.begin()
    return [data for piece in raw if (data := chunks.feed(piece))]


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(at)]


def chunked(payloads: list[bytes], extension: bytes = b"") -> bytes:
    frames = [b"%x%b\r\n%b\r\n" % (len(each), extension, each) for each in payloads if each]
    return b"".join(frames) + b"0\r\n\r\n"


@given(
    st.lists(st.binary(max_size=40), max_size=12),
    st.sampled_from([b"", b";a=b", b" "]),
    st.sampled_from([HEAD, EARLY + HEAD, HEAD.replace(b"chunked", b"Chunked")]),
    st.lists(st.integers(0, 2000), max_size=8),
)
def test_same_body_at_every_split(
    payloads: list[bytes], extension: bytes, head: bytes, cuts: list[int]
) -> None:
    raw = split(head + chunked(payloads, extension), cuts)
    assert read(merged(raw)) == (b"".join(payloads), "complete")


@settings(max_examples=500)
@given(
    st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6),
    st.integers(0, 300),
    st.sampled_from([b"\x00", b"\n", b"\r", b"0", b"1", b"0\r\n\r\n", b"1\r\nA\r\n"]),
    st.lists(st.integers(0, 2000), max_size=6),
)
def test_a_damaged_answer_never_passes_for_another(
    payloads: list[bytes], place: int, junk: bytes, cuts: list[int]
) -> None:
    good = chunked(payloads)
    at = place % len(good)
    raw = split(HEAD + good[:at] + junk + good[at + len(junk) :], cuts)
    body, end = read(merged(raw))
    assert end == read(raw)[1]
    assert end == "refused" or body == read(raw)[0]


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1), st.integers(0, 400))
def test_a_cut_answer_is_refused_after_the_same_bytes(payloads: list[bytes], place: int) -> None:
    good = chunked(payloads)
    raw = [HEAD + good[: place % len(good)]]
    assert read(merged(raw))[1] == read(raw)[1] == "refused"
    assert read(merged(raw))[0] == read(raw)[0]


def test_what_arrives_together_is_one_chunk() -> None:
    assert merged([HEAD, chunked([b"ab", b"c", b"def"])])[1] == b"6\r\nabcdef\r\n0\r\n\r\n"


def test_a_cut_chunk_still_needs_its_line_end() -> None:
    raw = [HEAD + b"1\r\nA", b"0\r\n\r\n"]
    assert read(merged(raw))[1] == read(raw)[1] == "refused"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n2\r\na",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n1\r\na\r\n",
        b"\x05\x00\r\n\r\n2\r\na",
        HEAD + b"zz\r\nab\r\n",
        HEAD + b"2\r\nabc\r\n",
        HEAD + b"-2\r\nab\r\n",
    ],
)
def test_the_rest_is_handed_on_as_it_came(answer: bytes) -> None:
    assert b"".join(merged([answer])) == answer


def test_the_next_answer_on_a_connection_begins_anew() -> None:
    chunks = Rechunker()
    for payload in (b"one", b"two"):
        chunks.begin()
        out = chunks.feed(HEAD + chunked([payload]))
        assert read([out]) == (payload, "complete")


REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ([REQUEST, b"{}", b""], [REQUEST + b"{}"]),
        ([REQUEST, b""], [REQUEST]),
        ([REQUEST, b"a", b"b", b""], [REQUEST + b"a", b"b"]),
        ([REQUEST, b"{}", b"", REQUEST, b"[]", b""], [REQUEST + b"{}", REQUEST + b"[]"]),
        ([b"\x05\x01\x00\x01\x7f\x00\r\n\r\n"], [b"\x05\x01\x00\x01\x7f\x00\r\n\r\n"]),
    ],
)
def test_a_head_leaves_with_its_body(written: list[bytes], sent: list[bytes]) -> None:
    joined = Joiner()
    assert [data for piece in written if (data := joined.feed(piece))] == sent
