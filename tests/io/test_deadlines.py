"""The total time limit ends a call while bytes drip; connecting and silence have limits too."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from resp_core.errors import APIError, APITimeoutError, StreamInterrupted
from tests.callers import KINDS, OWN, Caller
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

LIMIT = 0.25
#: What the machine may add before a test calls a deadline missed.
GRACE = 1.5
GUESTS = [kind for kind in KINDS if kind.startswith("httpx")]


def drip_head(peer: Peer) -> None:
    peer.ask()
    peer.drip(head(length=2) + b"{}")


def drip_body(peer: Peer) -> None:
    peer.ask()
    peer.send(head(length=4000))
    peer.drip(b" " * 4000)


def drip_stream(peer: Peer) -> None:
    peer.ask()
    peer.send(STREAM + chunk(frames()[0]) + b"fa0\r\n")
    peer.drip(b":" + b" " * 3999)


def drip_events(peer: Peer) -> None:
    """Whole events, one after another, without end."""
    peer.ask()
    peer.send(STREAM)
    while not peer.server.over.wait(0.02):
        peer.send(chunk(frames()[0]))


def silence(peer: Peer) -> None:
    peer.ask()
    peer.server.over.wait(10)


def after_head(peer: Peer) -> None:
    peer.ask()
    peer.send(head(length=10))
    peer.server.over.wait(10)


ANSWERS: dict[str, tuple[Callable[[Peer], None], bool]] = {
    "headers drip": (drip_head, False),
    "headers drip, stream": (drip_head, True),
    "body drips": (drip_body, False),
    "stream drips": (drip_stream, True),
    "events drip": (drip_events, True),
    "nothing comes": (silence, False),
    "nothing comes, stream": (silence, True),
    "no body comes": (after_head, False),
}


CASES = [(name, kind) for kind in (*OWN, "aiohttp") for name in ANSWERS]
# A user's own sync client reads headers in a loop that nobody else can bound: `io.guest.Guest`.
CASES += [(name, kind) for kind in GUESTS for name in ("body drips", "events drip")]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_total_limit_fires(name: str, kind: str) -> None:
    script, stream = ANSWERS[name]
    with raw_server(script) as server:
        caller = Caller(kind, base_url=server.url, timeout=LIMIT, max_retries=2)
        began = time.monotonic()
        with pytest.raises(APITimeoutError) as caught:
            (caller.stream if stream else caller.respond)()
        took = time.monotonic() - began
    assert caught.value.kind == "total"
    assert caught.value.seconds == LIMIT
    assert LIMIT * 0.9 <= took < LIMIT + GRACE
    # A call that ran out of time is not sent again; on a busy machine it may not be read at all.
    assert len(server.requests) <= 1
    assert [record.status for record in caller.records] == ["failed"]
    assert caller.records[0].error == "APITimeoutError"


@pytest.mark.parametrize("kind", OWN)
def test_the_total_limit_is_over_all_attempts(kind: str) -> None:
    """Attempts and the waits between them share it: no wait is begun that would outlast it."""

    def refuse(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer({"error": {"message": "no"}}, 503, {"retry-after": "0.15"}))

    with raw_server(refuse) as server:
        caller = Caller(kind, base_url=server.url, timeout=0.5, max_retries=50)
        began = time.monotonic()
        # The last refusal, or the limit where it passes while an attempt is under way.
        with pytest.raises(APIError, match=r"503|total time limit"):
            caller.respond()
        assert time.monotonic() - began < 0.5 + GRACE
    assert 2 <= len(server.requests) <= 4


@pytest.mark.parametrize("kind", OWN)
def test_silence_inside_a_stream(kind: str) -> None:
    def stall(peer: Peer) -> None:
        peer.ask()
        peer.send(STREAM + b"".join(map(chunk, frames()[:5])))
        peer.server.over.wait(10)

    with raw_server(stall) as server:
        caller = Caller(kind, base_url=server.url, idle_timeout=LIMIT, max_retries=2)
        began = time.monotonic()
        with pytest.raises(StreamInterrupted, match=r"idle_timeout") as caught:
            caller.stream()
        assert LIMIT * 0.9 <= time.monotonic() - began < LIMIT + GRACE
    cause = caught.value.__cause__
    assert isinstance(cause, APITimeoutError)
    assert cause.kind == "idle"
    assert caught.value.partial is not None
    assert caught.value.partial["output"][0]["content"][0]["text"] == "Hel"
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", OWN)
def test_silence_before_a_stream_begins(kind: str) -> None:
    with raw_server(silence) as server:
        caller = Caller(kind, base_url=server.url, idle_timeout=LIMIT, max_retries=2)
        with pytest.raises(APITimeoutError) as caught:
            caller.stream()
    assert caught.value.kind == "idle"
    assert len(server.requests) == 1  # it may have been billed: not sent again unasked


@pytest.mark.parametrize("kind", OWN)
def test_asked_to_a_silent_stream_is_sent_again(kind: str) -> None:
    def second_time_lucky(peer: Peer) -> None:
        peer.ask()
        if peer.number == 1:
            peer.server.over.wait(10)
        peer.send(streamed(*frames()))
        peer.until_gone()

    with raw_server(second_time_lucky) as server:
        caller = Caller(
            kind, base_url=server.url, idle_timeout=LIMIT, max_retries=1, retry_on_timeout=True
        )
        assert caller.stream()[-1].type == "response.completed"
    assert caller.records[0].attempts[0].error == "APITimeoutError"


@pytest.mark.parametrize("kind", OWN)
def test_comments_keep_a_stream_alive_but_not_past_the_deadline(kind: str) -> None:
    def breathe(peer: Peer) -> None:
        peer.ask()
        peer.send(STREAM + b"".join(map(chunk, frames()[:5])))
        until = time.monotonic() + (0.6 if peer.server.requests[-1].json["input"] == "ends" else 9)
        while time.monotonic() < until and not peer.server.over.wait(0.05):
            peer.send(chunk(b": keep-alive\n\n"))
        peer.send(b"".join(map(chunk, frames()[5:])) + b"0\r\n\r\n")
        peer.until_gone()

    with raw_server(breathe) as server:
        caller = Caller(kind, base_url=server.url, idle_timeout=0.25)
        assert caller.stream(input="ends")[-1].type == "response.completed"
        with pytest.raises(APITimeoutError) as caught:
            caller.stream(input="goes on", timeout=0.5)
    assert caught.value.kind == "total"
    assert caught.value.partial is not None
    assert len(caller.seen) == 5


@pytest.fixture
def full_port() -> Any:
    """A port on which connecting hangs: its queue is full and nobody accepts."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    queued = []
    for _ in range(3):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        queued.append(filler)
    yield listener.getsockname()[1]
    for sock in (*queued, listener):
        sock.close()


@pytest.mark.parametrize("kind", ["sync", "async", "aiohttp"])
def test_connecting_has_its_own_limit(
    kind: str, full_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = Caller(kind, base_url=f"http://127.0.0.1:{full_port}/v1", timeout=LIMIT)
    began = time.monotonic()
    with pytest.raises(APITimeoutError):
        caller.respond()
    assert time.monotonic() - began < LIMIT + GRACE


def test_all_addresses_of_a_name_share_the_limit(
    full_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def many(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        return real("127.0.0.1", port, *args, **more) * 5

    monkeypatch.setattr(socket, "getaddrinfo", many)
    caller = Caller("sync", base_url=f"http://localhost:{full_port}/v1", timeout=LIMIT)
    began = time.monotonic()
    with pytest.raises(APITimeoutError):
        caller.respond()
    assert time.monotonic() - began < LIMIT + GRACE


@pytest.mark.parametrize("kind", OWN)
def test_the_end_of_an_answer_is_not_waited_for(kind: str) -> None:
    """The terminal event came: a server that keeps the connection open costs half a second."""

    def hold(peer: Peer) -> None:
        peer.ask()
        peer.send(streamed(*frames(), end=b""))
        peer.until_gone()

    with raw_server(hold) as server:
        caller = Caller(kind, base_url=server.url, timeout=30)
        began = time.monotonic()
        assert caller.stream()[-1].type == "response.completed"
        assert time.monotonic() - began < 2
        assert server.gone.wait(2)


def test_a_slow_token_provider_is_bounded_by_the_deadline() -> None:
    over = threading.Event()

    def slow() -> str:
        over.wait(5)
        return "token"

    caller = Caller(
        "async",
        base_url="http://127.0.0.1:9/v1",
        timeout=LIMIT,
        api_key=None,
        model="azure/dep",
        azure_ad_token_provider=slow,
    )
    began = time.monotonic()

    async def call(client: Any) -> Any:
        try:
            return await client.responses.create(input="Hi")
        finally:
            over.set()

    with pytest.raises(APITimeoutError) as caught:
        caller.call(call)
    assert time.monotonic() - began < LIMIT + GRACE
    assert caught.value.attempts == 0


@pytest.mark.parametrize("kind", OWN)
def test_a_fast_answer_is_not_disturbed(kind: str) -> None:
    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response()))

    with raw_server(serve) as server:
        assert (
            Caller(kind, base_url=server.url, timeout=LIMIT * 10).respond().output_text == "Hello"
        )
