"""A tiny gateway on loopback: the OpenAI API outside, this package's client inside.

What it serves has gone through a bridge: Responses events made from a Chat server's chunks, and
Chat chunks made from a Responses server's events.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from resp_core import Client, Request
from resp_core.errors import APIStatusError, RespError
from tests.rawserver import END, STREAM, Peer, answer, chunk, event, raw_server

_PASSED = ("model", "stream")


@contextmanager
def gateway(upstream: str) -> Iterator[str]:
    """The base URL of a gateway to the server at `upstream`."""
    client = Client("openai/demo", base_url=upstream, api_key="none")

    def serve(peer: Peer) -> None:
        while asked := peer.ask():
            to_chat = asked.path.endswith("/responses")
            body = {key: value for key, value in asked.json.items() if key not in _PASSED}
            request = Request(
                "responses" if to_chat else "chat", body, stream=bool(asked.json.get("stream"))
            )
            options: dict[str, Any] = {"api": "chat" if to_chat else "responses"}
            try:
                _send(peer, client, request, options)
            except RespError as error:
                status = error.status_code if isinstance(error, APIStatusError) else 400
                peer.send(answer({"error": {"message": str(error)}}, status))

    with raw_server(serve) as server, client:
        yield server.url


def _send(peer: Peer, client: Client, request: Request, options: dict[str, Any]) -> None:
    if not request.stream:
        peer.send(answer(client.run(request, **options).response))
        return
    with client.events(request, **options) as events:
        first = next(events)  # a refusal is an answer of its own
        peer.send(STREAM + chunk(_frame(first)))
        for each in events:
            peer.send(chunk(_frame(each)))
    if request.wire == "chat":
        peer.send(chunk(b"data: [DONE]\n\n"))
    peer.send(END)


def _frame(each: dict[str, Any]) -> bytes:
    return event(each) if "type" in each else b"data: %b\n\n" % orjson.dumps(each)
