"""What is done with the bytes of an answer before anything reads them: decoding, and caps."""

from __future__ import annotations

import gzip
import itertools
import zlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.errors import APIError, LimitError, ProtocolError
from resp_core.io.inflate import inflater
from tests.callers import KINDS, OWN, Caller, is_async
from tests.rawserver import Peer, answer, chunk, head, raw_server, response

EVERY = pytest.mark.parametrize("kind", KINDS)
OURS = pytest.mark.parametrize("kind", [*OWN, "aiohttp"])
BODY = orjson.dumps(response("Zürich " * 50))


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED = {
    "gzip": ("gzip", gzip.compress(BODY)),
    "x-gzip": ("X-GZip", gzip.compress(BODY)),
    "two gzip members": ("gzip", gzip.compress(BODY[:100]) + gzip.compress(BODY[100:])),
    "deflate": ("deflate", zlib.compress(BODY)),
    "deflate without its header": ("deflate", raw_deflate(BODY)),
    "identity": ("identity", BODY),
}


@pytest.mark.parametrize("name", PACKED)
@given(cuts=st.lists(st.integers(0, 500), max_size=6))
def test_a_body_at_any_split(name: str, cuts: list[int]) -> None:
    encoding, data = PACKED[name]
    decoder = inflater(encoding, 1_000_000)
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    assert b"".join(map(decoder.feed, pieces)) == BODY
    decoder.close()


@EVERY
@pytest.mark.parametrize("name", PACKED)
def test_a_compressed_answer(name: str, kind: str) -> None:
    encoding, data = PACKED[name]

    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(answer(data, headers={"content-encoding": encoding}))

    with raw_server(script) as server:
        assert Caller(kind, base_url=server.url).respond().output_text.startswith("Zürich")


CORRUPT = {
    "no gzip": b"this is plain text",
    "damaged": gzip.compress(BODY)[:60] + b"\xff" * 30,
    "cut": gzip.compress(BODY)[:-20],
    "wrong checksum": gzip.compress(BODY)[:-8] + b"\0" * 8,
    "rubbish after it": gzip.compress(BODY) + b"rubbish",
}


@OURS
@pytest.mark.parametrize("name", CORRUPT)
def test_a_corrupt_answer(name: str, kind: str) -> None:
    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(answer(CORRUPT[name], headers={"content-encoding": "gzip"}))

    wrong = pytest.raises(ProtocolError, match="compressed body")
    with raw_server(script) as server, wrong as caught:
        Caller(kind, base_url=server.url, max_retries=2).respond()
    assert caught.value.attempts == 1


def bomb(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    block = b" " * 2**20
    return b"".join(packer.compress(block) for _ in range(mebibytes)) + packer.flush()


BOMB = bomb(64)


@EVERY
@pytest.mark.parametrize("status", [200, 400])
def test_a_gzip_bomb(kind: str, status: int) -> None:
    import resource

    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(answer(BOMB, status, {"content-encoding": "gzip"}))

    with raw_server(script) as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(APIError) as caught:
            Caller(kind, base_url=server.url).respond()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert isinstance(caught.value, LimitError) or status == 400
    assert grown < 32 * 1024  # KiB


@OURS
def test_a_body_that_is_too_large(kind: str) -> None:
    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(head(headers={"transfer-encoding": "chunked"}))
        block = chunk(b" " * 2**20)
        while not peer.server.over.is_set():
            peer.send(block)

    with raw_server(script) as server:
        with pytest.raises(LimitError):
            Caller(kind, base_url=server.url, timeout=30).respond()
        with pytest.raises(LimitError):  # plain JSON where a stream was asked for
            Caller(kind, base_url=server.url, timeout=30).stream()


@EVERY
def test_an_error_page_without_end(kind: str) -> None:
    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(head(500, headers={"transfer-encoding": "chunked"}, kind="text/html"))
        while not peer.server.over.is_set():
            peer.send(chunk(b"<p>error</p>" * 10_000))

    with raw_server(script) as server, pytest.raises(APIError, match="HTML page") as caught:
        Caller(kind, base_url=server.url, timeout=30).respond()
    assert len(str(caught.value)) < 200


@OURS
def test_cookies_are_not_kept(kind: str) -> None:
    """Clients are shared between users: what a server says to one is not said back by another."""

    def script(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response(), headers={"set-cookie": "session=1; path=/"}))

    def twice(client: Any) -> None:
        for _ in range(2):
            client.responses.create(input="Hi")

    async def awaited(client: Any) -> None:
        for _ in range(2):
            await client.responses.create(input="Hi")

    with raw_server(script) as server:
        caller = Caller(kind, base_url=server.url)
        caller.call(awaited if is_async(kind) else twice)
    assert len(server.requests) == 2
    assert not any("cookie" in asked.headers for asked in server.requests)
    assert "set-cookie" not in caller.records[0].headers
