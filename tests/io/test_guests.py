"""A client of the user's own: httpx or httpx2, sync or async, with its own transport."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import httpx2
import orjson
import pytest

from resp_core import AsyncClient, Client
from resp_core.errors import (
    APIConnectionError,
    APITimeoutError,
    RateLimitError,
    StreamIncomplete,
    StreamInterrupted,
)
from tests.rawserver import Peer, answer, completion, frames, raw_server, response, streamed

LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda each: each.__name__)


def options(**more: Any) -> dict[str, Any]:
    return {
        "model": "openai/m",
        "base_url": "https://api.example/v1",
        "api_key": "sk-test",
        "max_retries": 0,
        **more,
    }


def replies(library: Any, request: Any) -> Any:
    """What a mock transport says: plain, streamed, chat, or an error."""
    body = orjson.loads(request.content)
    if body.get("input") == "limit":
        return library.Response(
            429, json={"error": {"message": "slow"}}, headers={"retry-after": "9"}
        )
    if body.get("input") == "cut":
        return library.Response(
            200, content=b"".join(frames()[:5]), headers={"content-type": "text/event-stream"}
        )
    if body.get("stream"):
        return library.Response(
            200, content=b"".join(frames()), headers={"content-type": "text/event-stream"}
        )
    return library.Response(200, json=completion() if "messages" in body else response())


@LIBRARIES
def test_a_mock_transport(library: Any) -> None:
    seen: list[Any] = []

    def handler(request: Any) -> Any:
        seen.append(request)
        return replies(library, request)

    with library.Client(transport=library.MockTransport(handler)) as mine:
        client = Client(**options(http_client=mine))
        assert client.responses.create(input="Hi").output_text == "Hello"
        assert list(client.responses.stream(input="Hi"))[-1].type == "response.completed"
        said = [{"role": "user", "content": "Hi"}]
        completed = client.chat.completions.create(messages=said)
        assert completed.choices[0].message.content == "Hello"
        with pytest.raises(RateLimitError) as caught:
            client.responses.create(input="limit")
        assert caught.value.retry_after == 9.0
        with pytest.raises(StreamIncomplete):
            list(client.responses.stream(input="cut"))
        client.close()
        assert not mine.is_closed  # it is the user's to close
    assert str(seen[0].url) == "https://api.example/v1/responses"
    assert seen[0].headers["authorization"] == "Bearer sk-test"


@LIBRARIES
def test_an_async_mock_transport(library: Any) -> None:
    async def main() -> None:
        transport = library.MockTransport(lambda request: replies(library, request))
        async with library.AsyncClient(transport=transport) as mine:
            client = AsyncClient(**options(http_async_client=mine))
            assert (await client.responses.create(input="Hi")).output_text == "Hello"
            events = [event async for event in client.responses.stream(input="Hi")]
            assert events[-1].type == "response.completed"
            with pytest.raises(RateLimitError):
                await client.responses.create(input="limit")
            await client.close()
            assert not mine.is_closed

    asyncio.run(main())


FAILURES: list[tuple[str, str, type[Exception]]] = [
    ("ConnectError", "refused", APIConnectionError),
    ("ConnectTimeout", "slow", APITimeoutError),
    ("ReadTimeout", "slow", APITimeoutError),
    ("PoolTimeout", "full", APITimeoutError),
    ("ReadError", "reset", APIConnectionError),
    ("RemoteProtocolError", "cut", APIConnectionError),
    ("ProxyError", "407", APIConnectionError),
    ("UnsupportedProtocol", "gopher", APIConnectionError),
]


@LIBRARIES
@pytest.mark.parametrize(("name", "text", "cls"), FAILURES)
def test_its_exceptions_become_ours(
    library: Any, name: str, text: str, cls: type[Exception]
) -> None:
    def handler(request: Any) -> Any:
        raise getattr(library, name)(text)

    with library.Client(transport=library.MockTransport(handler)) as mine:
        client = Client(**options(http_client=mine))
        with pytest.raises(cls) as caught:
            client.responses.create(input="Hi")
    assert type(caught.value) is cls
    if cls is APIConnectionError:
        assert "api.example" in str(caught.value)
        assert text in str(caught.value)


@LIBRARIES
def test_a_stream_that_fails_in_a_mock(library: Any) -> None:
    class Broken(library.SyncByteStream):  # type: ignore[misc, name-defined]
        def __iter__(self) -> Any:
            yield b"".join(frames()[:5])
            raise library.ReadError("reset")

    def handler(_: Any) -> Any:
        return library.Response(200, stream=Broken(), headers={"content-type": "text/event-stream"})

    with library.Client(transport=library.MockTransport(handler)) as mine:
        client = Client(**options(http_client=mine))
        with pytest.raises(StreamInterrupted) as caught:
            list(client.responses.stream(input="Hi"))
    assert caught.value.partial is not None


@LIBRARIES
def test_its_settings_are_its_own(library: Any) -> None:
    """Its headers go along, ours win; redirects are not followed although it would."""

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response()))

    with raw_server(serve) as server:
        mine = library.Client(
            headers={"x-mine": "1", "accept": "text/plain"}, follow_redirects=True
        )
        with mine:
            client = Client(**options(base_url=server.url, http_client=mine))
            client.responses.create(input="Hi")
    assert server.requests[0].headers["x-mine"] == "1"
    assert server.requests[0].headers["accept"] == "application/json"


@LIBRARIES
def test_wrapped_clients_are_known(library: Any) -> None:
    """A subclass is one as well, as instrumented clients are."""

    class Instrumented(library.Client):  # type: ignore[misc, name-defined]
        pass

    def serve(peer: Peer) -> None:
        while asked := peer.ask():
            peer.send(streamed(*frames()) if asked.json.get("stream") else answer(response()))

    with raw_server(serve) as server, Instrumented() as mine:
        client = Client(**options(base_url=server.url, http_client=mine))
        assert client.responses.create(input="Hi").output_text == "Hello"
        with client.responses.stream(input="Hi") as stream:
            next(stream)
        assert client.responses.create(input="Hi").output_text == "Hello"
