"""The same server behind a real socket."""

from __future__ import annotations

import threading
from typing import Any

import httpx2
import pytest

from resp_core.errors import ArgumentError
from resp_core.offline import OfflineState
from resp_core.offline.loopback import OfflineServer, serve
from resp_core.wire.sse import SseDecoder

USER = [{"role": "user", "content": "Hello"}]


def test_round_trip(offline_server: OfflineServer) -> None:
    with httpx2.Client(base_url=offline_server.url) as http:
        body = {"model": "offline/demo", "input": "Hello"}
        made = http.post("/v1/responses", json=body).json()
        assert made["model"] == "offline-demo"
        assert http.get(f"/v1/responses/{made['id']}").json() == made
        assert http.delete(f"/v1/responses/{made['id']}").json()["deleted"] is True
        assert http.get(f"/v1/responses/{made['id']}").status_code == 404
        assert http.put("/v1/responses").status_code == 405
        azure = "/openai/deployments/d/chat/completions"
        answer = http.post(azure, params={"api-version": "2024-10-21"}, json={"messages": USER})
        assert answer.json()["model"] == "offline-d"


def test_chunked_requests(offline_server: OfflineServer) -> None:
    parts = (b'{"model":"demo",', b'"input":"Hello"}')
    answer = httpx2.post(f"{offline_server.url}/v1/responses", content=iter(parts))
    assert answer.json()["status"] == "completed"


def test_streams_and_connections_are_kept(offline_server: OfflineServer) -> None:
    with httpx2.Client(base_url=offline_server.url) as http:
        for _ in range(2):
            body = {"model": "demo", "input": "Hello", "stream": True}
            with http.stream("POST", "/v1/responses", json=body) as answer:
                decoder = SseDecoder()
                names = [name for part in answer.iter_raw() for name, _ in decoder.feed(part)]
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert (names[0], names[-1]) == (b"response.created", b"response.completed")


@pytest.mark.parametrize("model", ["fault-cut", "fault-cut-between", "fault-reset"])
@pytest.mark.parametrize("stream", [False, True])
def test_cut_connections(offline_server: OfflineServer, model: str, stream: bool) -> None:
    body = {"model": model, "input": "Hello", "stream": stream}
    with pytest.raises(httpx2.TransportError):
        httpx2.post(f"{offline_server.url}/v1/responses", json=body)


def test_statuses_and_bodies_without_length(offline_server: OfflineServer) -> None:
    with httpx2.Client(base_url=offline_server.url) as http:
        ask: Any = {"input": "Hello", "model": "fault-503@1"}
        assert [http.post("/v1/responses", json=ask).status_code for _ in range(2)] == [503, 200]
        ask["model"] = "fault-redirect"
        assert http.post("/v1/responses", json=ask).headers["location"].startswith("https://")
        ask["model"] = "fault-giantevent"
        assert len(http.post("/v1/responses", json=ask).content) > 40 * 2**20


def test_closing_ends_pauses() -> None:
    arrived = threading.Event()

    def clock() -> float:
        arrived.set()
        return 0.0

    server = serve(state=OfflineState(clock=clock, slow=60.0))
    failures: list[Exception] = []

    def ask() -> None:
        body = {"model": "fault-slow", "input": "Hello"}
        try:
            httpx2.post(f"{server.url}/v1/responses", json=body, timeout=30)
        except httpx2.TransportError as error:
            failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    arrived.wait(timeout=5)
    server.close()
    server.close()
    asking.join(timeout=5)
    assert len(failures) == 1


def test_dripping(offline_server: OfflineServer) -> None:
    offline_server.state.drip = 0.0005
    body = {"model": "fault-drip", "input": "Hi", "max_output_tokens": 16}
    answer = httpx2.post(f"{offline_server.url}/v1/responses", json=body)
    assert answer.json()["object"] == "response"


def test_many_at_once(offline_server: OfflineServer) -> None:
    seen: list[str] = []

    def ask() -> None:
        body = {"model": "demo", "input": "the same for all"}
        seen.append(httpx2.post(f"{offline_server.url}/v1/responses", json=body).json()["id"])

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 16


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com", ""])
def test_only_loopback(host: str) -> None:
    with pytest.raises(ArgumentError, match="loopback"):
        serve(host)


def test_other_loopback_addresses() -> None:
    with serve("localhost") as server:
        assert server.url.startswith("http://127.0.0.1:")
