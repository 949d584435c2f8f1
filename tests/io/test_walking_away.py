"""Whoever stops early: the connection ends at once, and what came is recorded as cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from resp_core import AsyncClient, CallRecord, Client
from resp_core.errors import StreamInterrupted
from tests.rawserver import STREAM, Peer, answer, chunk, event, events, raw_server, response

#: The connection must be seen to end within this; the promise is 0.1 s on an idle machine.
SOON = 1.0


def hold(peer: Peer) -> None:
    """Some of a stream, usage included, then nothing until the client has gone."""
    peer.ask()
    begun = [each for each in events("Hel", "lo")[:5]]
    begun[0] = begun[0] | {"response": response(status="in_progress", output=[])}
    begun[1] = begun[1] | {"response": response(status="in_progress", output=[])}
    peer.send(STREAM + b"".join(chunk(event(each)) for each in begun))
    peer.until_gone()


def mute(peer: Peer) -> None:
    peer.ask()
    peer.server.there.set()
    peer.until_gone()


class Told(list[CallRecord]):
    """What a hook was told."""

    def cancelled(self, *, content: bool = True) -> None:
        (record,) = self
        assert record.status == "cancelled"
        assert len(record.attempts) == 1
        if content:
            assert record.usage == {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
            assert record.response_id == "resp_1"


def client_for(url: str, told: Told) -> Client:
    return Client("openai/m", base_url=url, api_key="sk-test", hooks=[told.append])


def async_client_for(url: str, told: Told, **more: Any) -> AsyncClient:
    return AsyncClient("openai/m", base_url=url, api_key="sk-test", hooks=[told.append], **more)


# -- sync


def by_close(client: Client) -> None:
    stream = client.responses.stream(input="Hi")
    for _ in range(5):
        next(stream)
    stream.close()
    stream.close()
    assert next(stream, None) is None


def by_with(client: Client) -> None:
    with client.responses.stream(input="Hi") as stream:
        next(stream)


def by_break(client: Client) -> None:
    for _event in client.responses.stream(input="Hi"):
        break
    gc.collect()


def by_error(client: Client) -> None:
    with contextlib.suppress(ZeroDivisionError), client.responses.stream(input="Hi") as stream:
        raise ZeroDivisionError(next(stream))


def by_forgetting_a_begun_one(client: Client) -> None:
    client.responses.create(input="Hi", stream=True)
    gc.collect()


WAYS = [by_close, by_with, by_break, by_error, by_forgetting_a_begun_one]


@pytest.mark.parametrize("walk_away", WAYS, ids=lambda way: way.__name__)
def test_sync(walk_away: Callable[[Client], None]) -> None:
    told = Told()
    with raw_server(hold) as server, client_for(server.url, told) as client:
        walk_away(client)
        assert server.gone.wait(SOON)
        told.cancelled()


def test_a_stream_that_was_never_begun_sends_nothing() -> None:
    told = Told()
    with raw_server(hold) as server, client_for(server.url, told) as client:
        client.responses.stream(input="Hi").close()
        del client
    assert server.requests == []
    assert told == []


@pytest.mark.parametrize("waiting_for", ["events", "headers"])
def test_close_from_another_thread(waiting_for: str) -> None:
    told = Told()
    with (
        raw_server(hold if waiting_for == "events" else mute) as server,
        client_for(server.url, told) as client,
    ):
        stream = client.responses.stream(input="Hi")
        raised: list[BaseException] = []
        read = threading.Semaphore(0)

        def consume() -> None:
            try:
                for _event in stream:
                    read.release()
            except BaseException as error:
                raised.append(error)

        thread = threading.Thread(target=consume)
        thread.start()
        if waiting_for == "events":
            for _ in range(5):
                assert read.acquire(timeout=10)
        else:
            assert server.there.wait(10)
        time.sleep(0.05)  # until it waits again
        stream.close()
        thread.join(SOON)
        assert not thread.is_alive()
        assert server.gone.wait(SOON)
        (error,) = raised
        assert isinstance(error, StreamInterrupted)
        assert error.code == "closed"
        assert error.attempts == 1
        told.cancelled(content=waiting_for == "events")
        assert stream.result is None


# -- async


async def by_cancel(client: AsyncClient) -> None:
    got = asyncio.Semaphore(0)

    async def consume() -> None:
        async for _event in client.responses.stream(input="Hi"):
            got.release()

    task = asyncio.create_task(consume())
    for _ in range(5):
        await got.acquire()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_aclose(client: AsyncClient) -> None:
    stream = client.responses.stream(input="Hi")
    for _ in range(5):
        await anext(stream)
    await stream.aclose()
    await stream.aclose()


async def by_async_with(client: AsyncClient) -> None:
    async with client.responses.stream(input="Hi") as stream:
        await anext(stream)


async def by_async_break(client: AsyncClient) -> None:
    async for _event in client.responses.stream(input="Hi"):
        break
    gc.collect()


async def by_timeout(client: AsyncClient) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            async for _event in client.responses.stream(input="Hi"):
                pass


async def by_leaving_the_loop(client: AsyncClient) -> None:
    """`asyncio.run` ends with a stream half read."""
    stream = await client.responses.create(input="Hi", stream=True)
    await anext(stream)
    _left.append(stream)


_left: list[Any] = []
ASYNC_WAYS = [by_cancel, by_aclose, by_async_with, by_async_break, by_timeout, by_leaving_the_loop]


@pytest.mark.parametrize("transport", ["httpx2", "aiohttp"])
@pytest.mark.parametrize("walk_away", ASYNC_WAYS, ids=lambda way: way.__name__)
def test_async(walk_away: Callable[[AsyncClient], Any], transport: str) -> None:
    told = Told()
    with raw_server(hold) as server:

        async def main() -> None:
            client = async_client_for(server.url, told, transport=transport)
            await walk_away(client)
            if walk_away is not by_leaving_the_loop:
                assert await asyncio.to_thread(server.gone.wait, SOON)

        asyncio.run(main())
        assert server.gone.wait(SOON)
        _left.clear()
        gc.collect()
    told.cancelled()


@pytest.mark.parametrize("transport", ["httpx2", "aiohttp"])
@pytest.mark.parametrize("stream", [False, True])
def test_cancelled_while_waiting_for_headers(transport: str, stream: bool) -> None:
    told = Told()
    with raw_server(mute) as server:

        async def main() -> None:
            async with async_client_for(server.url, told, transport=transport) as client:
                task = asyncio.ensure_future(client.responses.create(input="Hi", stream=stream))
                assert await asyncio.to_thread(server.there.wait, 10)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert await asyncio.to_thread(server.gone.wait, SOON)

        asyncio.run(main())
    told.cancelled(content=False)


@pytest.mark.parametrize("transport", ["httpx2", "aiohttp"])
def test_aclose_from_another_task(transport: str) -> None:
    told = Told()
    with raw_server(hold) as server:

        async def main() -> None:
            async with async_client_for(server.url, told, transport=transport) as client:
                stream = client.responses.stream(input="Hi")
                got = asyncio.Semaphore(0)

                async def consume() -> None:
                    async for _event in stream:
                        got.release()

                task = asyncio.create_task(consume())
                for _ in range(5):
                    await got.acquire()
                await asyncio.sleep(0.02)
                await stream.aclose()
                with pytest.raises(StreamInterrupted) as caught:
                    async with asyncio.timeout(SOON):
                        await task
                assert caught.value.code == "closed"
                assert await asyncio.to_thread(server.gone.wait, SOON)

        asyncio.run(main())
    told.cancelled()


def test_cancelled_in_the_middle_of_many() -> None:
    """The connections of the others live on."""

    def serve(peer: Peer) -> None:
        while asked := peer.ask():
            if asked.json["input"] == "wait":
                peer.until_gone()
                return
            peer.send(answer(response()))

    told = Told()
    with raw_server(serve) as server:

        async def main() -> list[Any]:
            async with async_client_for(server.url, told) as client:
                create = client.responses.create
                waiting = [asyncio.ensure_future(create(input="wait")) for _ in range(5)]
                done = await asyncio.gather(*(create(input="go") for _ in range(5)))
                for task in waiting:
                    task.cancel()
                await asyncio.gather(*waiting, return_exceptions=True)
                done += await asyncio.gather(*(create(input="go") for _ in range(5)))
                return done

        done = asyncio.run(main())
    assert [each.output_text for each in done] == ["Hello"] * 10
    assert sorted(record.status for record in told) == ["cancelled"] * 5 + ["completed"] * 10
