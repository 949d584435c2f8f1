from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from resp_core.offline import OfflineReply, OfflineRequest, OfflineState, handle
from resp_core.wire.sse import SseDecoder


@dataclass
class Asker:
    """Speaks to one offline server in bytes, and reads the answers."""

    state: OfflineState = field(default_factory=lambda: OfflineState(clock=lambda: 1_700_000_000.0))

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> OfflineReply:
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        return handle(OfflineRequest(method, path, query or {}, headers or {}, raw), self.state)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        reply = self.send(method, path, body, **more)
        return reply.status, orjson.loads(b"".join(reply.chunks))

    def respond(self, input: Any = None, **params: Any) -> dict[str, Any]:
        body = {"model": "demo", **params} | ({} if input is None else {"input": input})
        status, response = self.call("POST", "/v1/responses", body)
        assert status == 200, response
        return response

    def chat(self, *messages: Any, **params: Any) -> dict[str, Any]:
        said = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
        body = {"model": "demo", "messages": said, **params}
        status, completion = self.call("POST", "/v1/chat/completions", body)
        assert status == 200, completion
        return completion

    def stream(self, path: str, body: Any, **more: Any) -> list[Any]:
        reply = self.send("POST", path, {"model": "demo", "stream": True, **body}, **more)
        assert reply.status == 200, b"".join(reply.chunks)
        return events_of(reply)


def events_of(reply: OfflineReply) -> list[Any]:
    assert reply.streamed
    decoder = SseDecoder()
    events = [event for chunk in reply.chunks for event in decoder.feed(chunk)]
    return [data if data == b"[DONE]" else orjson.loads(data) for _, data in events]


@pytest.fixture
def offline() -> Asker:
    return Asker()
