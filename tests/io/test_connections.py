"""Connections that fail: every way has its error, naming host and reason."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from resp_core.errors import (
    APIConnectionError,
    APITimeoutError,
    ProtocolError,
    RespError,
    StreamInterrupted,
)
from tests.callers import KINDS, OWN, Caller, is_async
from tests.rawserver import (
    STREAM,
    Peer,
    answer,
    chunk,
    frames,
    head,
    raw_server,
    response,
    streamed,
)

EVERY = pytest.mark.parametrize("kind", KINDS)
OURS = pytest.mark.parametrize("kind", [*OWN, "aiohttp"])


def serve(peer: Peer) -> None:
    while peer.ask():
        peer.send(answer(response()))


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def failed(act: Callable[[], Any]) -> RespError:
    with pytest.raises(RespError) as caught:
        act()
    return caught.value


# -- no answer at all


@EVERY
def test_refused(kind: str, closed_port: int) -> None:
    caller = Caller(kind, base_url=f"http://127.0.0.1:{closed_port}/v1", max_retries=1)
    error = failed(caller.respond)
    assert type(error) is APIConnectionError
    assert f"127.0.0.1:{closed_port}" in str(error)
    assert "refused" in str(error).lower()
    assert error.attempts == 2
    (record,) = caller.records
    assert record.status == "failed"
    assert [attempt.status for attempt in record.attempts] == [0, 0]


@EVERY
def test_an_unknown_host(kind: str) -> None:
    caller = Caller(kind, base_url="https://nonexistent.invalid/v1", max_retries=1)
    error = failed(caller.respond)
    assert type(error) is APIConnectionError
    assert "nonexistent.invalid" in str(error)
    assert not isinstance(error, APITimeoutError)
    assert error.attempts == 2


# -- TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@EVERY
def test_a_certificate_that_nobody_trusts(kind: str, tls: ssl.SSLContext) -> None:
    with raw_server(serve, tls) as server:
        error = failed(Caller(kind, base_url=server.url, max_retries=2).respond)
    assert type(error) is APIConnectionError
    assert "localhost" in str(error)
    assert "certificate" in str(error).lower()
    assert error.attempts == 1  # trying again would not help
    assert not error.is_retryable
    assert server.requests == []


@OURS
def test_a_certificate_for_another_host(kind: str, authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    mine = ssl.create_default_context()
    authority.configure_trust(mine)
    with raw_server(serve, context) as server:
        error = failed(Caller(kind, base_url=server.url, max_retries=2, verify=mine).respond)
    assert "localhost" in str(error)
    assert error.attempts == 1  # type: ignore[attr-defined]
    assert server.requests == []


@OURS
def test_a_trusted_certificate(kind: str, authority: trustme.CA, tls: ssl.SSLContext) -> None:
    mine = ssl.create_default_context()
    authority.configure_trust(mine)
    with raw_server(serve, tls) as server:
        assert Caller(kind, base_url=server.url, verify=mine).respond().output_text == "Hello"


@EVERY
def test_tls_to_a_plain_port(kind: str) -> None:
    def plain(peer: Peer) -> None:
        peer.sock.recv(4096)
        peer.send(answer(b"400 The plain HTTP request was not understood", 400))

    with raw_server(plain) as server:
        url = f"https://127.0.0.1:{server.port}/v1"
        error = failed(Caller(kind, base_url=url).respond)
    assert type(error) is APIConnectionError
    assert f"TLS with 127.0.0.1:{server.port} failed" in str(error)


def test_old_tls_is_refused() -> None:
    from resp_core.io.tls import tls_context

    assert tls_context(True, {}).minimum_version == ssl.TLSVersion.TLSv1_2


# -- an answer that breaks off


def reset_at_once(peer: Peer) -> None:
    peer.ask()
    peer.reset()


def close_at_once(peer: Peer) -> None:
    peer.ask()


def reset_in_body(peer: Peer) -> None:
    peer.ask()
    peer.send(head(length=4000) + b'{"id"')
    peer.reset()


def short_body(peer: Peer) -> None:
    peer.ask()
    peer.send(head(length=4000) + b'{"id"')


def cut_chunk(peer: Peer) -> None:
    peer.ask()
    peer.send(head(headers={"transfer-encoding": "chunked"}) + b"fff\r\n{")


def cut_between_chunks(peer: Peer) -> None:
    peer.ask()
    peer.send(head(headers={"transfer-encoding": "chunked"}) + chunk(b'{"id":1'))


def no_http(peer: Peer) -> None:
    peer.ask()
    peer.send(b"220 smtp.example ESMTP ready\r\n" * 3)


BREAKS = [
    reset_at_once,
    close_at_once,
    reset_in_body,
    short_body,
    cut_chunk,
    cut_between_chunks,
    no_http,
]


@EVERY
@pytest.mark.parametrize("script", BREAKS, ids=lambda script: script.__name__)
def test_a_plain_answer_that_breaks_off(script: Callable[[Peer], None], kind: str) -> None:
    with raw_server(script) as server:
        error = failed(Caller(kind, base_url=server.url, max_retries=0).respond)
    assert type(error) is APIConnectionError, repr(error)
    assert f"127.0.0.1:{server.port}" in str(error)
    assert error.attempts == 1
    assert error.is_retryable


@EVERY
@pytest.mark.parametrize("break_off", [reset_at_once, short_body], ids=lambda f: f.__name__)
def test_a_plain_answer_that_breaks_off_is_asked_for_again(
    break_off: Callable[[Peer], None], kind: str
) -> None:
    def once(peer: Peer) -> None:
        if peer.number == 1:
            break_off(peer)
        else:
            serve(peer)

    with raw_server(once) as server:
        caller = Caller(kind, base_url=server.url, max_retries=1)
        assert caller.respond().output_text == "Hello"
    assert len(caller.records[0].attempts) == 2
    assert caller.records[0].attempts[0].error == "APIConnectionError"


STREAM_BREAKS: dict[str, tuple[bytes, bool]] = {
    "cut in an event": (b"".join(map(chunk, frames()[:5])) + chunk(frames()[5][:30]), False),
    "cut between events": (b"".join(map(chunk, frames()[:5])), False),
    "reset": (b"".join(map(chunk, frames()[:5])), True),
}


@EVERY
@pytest.mark.parametrize("name", STREAM_BREAKS)
def test_a_stream_that_breaks_off(name: str, kind: str) -> None:
    data, reset = STREAM_BREAKS[name]

    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(STREAM + data)
        if reset:
            peer.reset()

    with raw_server(script) as server:
        caller = Caller(kind, base_url=server.url, max_retries=2)
        with pytest.raises(StreamInterrupted) as caught:
            caller.stream()
    assert f"127.0.0.1:{server.port}" in str(caught.value)
    assert len(server.requests) == 1
    if not reset:  # a reset may overtake what was sent before it
        assert caught.value.partial is not None
        assert caught.value.partial["output"][0]["content"][0]["text"] == "Hel"
        assert caught.value.partial["status"] == "incomplete"
        assert caller.records[0].response_id == "resp_1"


@EVERY
def test_a_connection_that_the_server_closed_between_calls(kind: str) -> None:
    def one_each(peer: Peer) -> None:
        peer.ask()
        peer.send(answer(response()))

    with raw_server(one_each) as server:
        caller = Caller(kind, base_url=server.url, max_retries=2)

        def sync(client: Any) -> list[str]:
            return [client.responses.create(input="Hi").output_text for _ in range(3)]

        async def awaited(client: Any) -> list[str]:
            return [(await client.responses.create(input="Hi")).output_text for _ in range(3)]

        assert caller.call(awaited if is_async(kind) else sync) == ["Hello"] * 3
    assert server.connections == 3


@OURS
def test_connections_are_used_again(kind: str) -> None:
    """Also after a stream, which is read to its end once its terminal event came."""

    def both(peer: Peer) -> None:
        while asked := peer.ask():
            peer.send(streamed(*frames()) if asked.json.get("stream") else answer(response()))

    with raw_server(both) as server:
        caller = Caller(kind, base_url=server.url)

        def sync(client: Any) -> None:
            for _ in range(5):
                client.responses.create(input="Hi")
                list(client.responses.stream(input="Hi"))

        async def awaited(client: Any) -> None:
            for _ in range(5):
                await client.responses.create(input="Hi")
                async for _event in client.responses.stream(input="Hi"):
                    pass

        caller.call(sync if kind == "sync" else awaited)
    assert len(server.requests) == 10
    assert server.connections == 1


# -- bodies


@EVERY
def test_only_what_can_be_decoded_is_asked_for(kind: str) -> None:
    def both(peer: Peer) -> None:
        while asked := peer.ask():
            peer.send(streamed(*frames()) if asked.json.get("stream") else answer(response()))

    with raw_server(both) as server:
        caller = Caller(kind, base_url=server.url)
        caller.respond()
        caller.stream()
    offered = [asked.headers["accept-encoding"] for asked in server.requests]
    assert offered == ["gzip, deflate", "identity"]


@OURS
def test_an_encoding_that_was_not_asked_for(kind: str) -> None:
    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(answer(b"\x0b\x00", headers={"content-encoding": "br"}))

    with raw_server(script) as server:
        error = failed(Caller(kind, base_url=server.url).respond)
    assert isinstance(error, ProtocolError)
    assert "br" in str(error)
