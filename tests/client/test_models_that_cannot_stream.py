"""Whoever asks such a model for a stream gets a legal one, made of the whole answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from resp_core.errors import StreamIncomplete, UnsupportedError
from resp_core.wire.validate import validate
from tests.callers import OWN, Caller
from tests.rawserver import (
    Peer,
    RawServer,
    answer,
    completion,
    raw_server,
    response,
)

CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "f",
    "arguments": "{}",
    "status": "completed",
}
#: model, and the APIs that serve it
MODELS = [
    ("azure/o1", ("responses", "chat")),
    ("azure/my-o1-prod", ("responses", "chat")),
    ("azure/o3-pro", ("responses",)),
    ("azure/gpt-5-pro", ("responses",)),
    ("openai/gpt-5-pro", ("responses",)),
]


@pytest.fixture
def server() -> Iterator[RawServer]:
    def serve(peer: Peer) -> None:
        while asked := peer.ask():
            assert "stream" not in asked.json
            assert asked.headers["accept"] == "application/json"
            if "/chat/" in asked.path:
                peer.send(answer(completion("Hello")))
            else:
                message = response("Hello")["output"]
                peer.send(answer(response(output=[CALL, *message])))

    with raw_server(serve) as running:
        yield running


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize(("model", "apis"), MODELS)
def test_both_apis_give_a_stream(
    model: str, apis: tuple[str, ...], kind: str, server: RawServer
) -> None:
    url = server.url.removesuffix("/v1") if model.startswith("azure") else server.url
    for api in apis:
        caller = Caller(kind, model=model, base_url=url, api=api)
        events = caller.stream()
        made = validate([dict(event) for event in events])
        assert made["output"][-1]["content"][0]["text"] == "Hello"
        assert caller.records[-1].stream
        chunks = caller.chat_stream(stream_options={"include_usage": True})
        text = "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices)
        ends = [c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason]
        assert (text, ends) == ("Hello", ["tool_calls" if api == "responses" else "stop"])
        assert chunks[-1].usage.total_tokens == 5


def test_in_the_background_it_is_refused_before_anything_is_sent(server: RawServer) -> None:
    caller = Caller("sync", model="openai/gpt-5-pro", base_url=server.url)
    with pytest.raises(UnsupportedError, match="wait") as caught:
        caller.stream(background=True)
    assert caught.value.param == "stream"
    assert server.requests == []


def test_a_server_that_answers_before_it_has_an_answer() -> None:
    """The id is not lost with the stream that was asked for."""

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response(status="queued", output=[], usage=None)))

    with raw_server(serve) as server:
        caller = Caller("sync", base_url=server.url)
        with pytest.raises(StreamIncomplete, match="queued") as caught:
            caller.stream(background=True)
    partial: Any = caught.value.partial
    assert partial["id"] == "resp_1"
