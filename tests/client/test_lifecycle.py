"""One client over loops, threads, forks and pickles; what it holds is let go."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import pickle
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest

from resp_core import AsyncClient, Client, errors
from resp_core.errors import CredentialError
from tests.rawserver import Peer, answer, frames, raw_server, response, streamed

KEY = "sk-canary-0123456789abcdef"


def echo(peer: Peer) -> None:
    """Answers with its own input, so that crossed answers would show."""
    while asked := peer.ask():
        text = asked.json["input"]
        if asked.json.get("stream"):
            peer.send(streamed(*frames(*text)))
        else:
            peer.send(answer(response(text)))


def options(url: str, **more: Any) -> dict[str, Any]:
    return {"model": "openai/m", "base_url": url, "api_key": KEY, "timeout": 30, **more}


def sockets(at_most: int = -1) -> int:
    """How many are open; where there are more, the server gets a second to see that we closed."""
    end = time.monotonic() + 1
    while (found := len(psutil.Process().net_connections())) > at_most >= 0:
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    return found


# -- loops


@pytest.mark.parametrize("transport", ["httpx2", "aiohttp"])
def test_fifty_loops(transport: str) -> None:
    """One client, a new loop each time: nothing is left open, and nothing warns of it."""
    from resp_core.io import async_pool

    with raw_server(echo) as server:
        client = AsyncClient(**options(server.url, transport=transport))

        async def several(number: int) -> None:
            texts = [f"{number}-{each}" for each in range(4)]
            answers = await asyncio.gather(*(client.responses.create(input=text) for text in texts))
            assert [each.output_text for each in answers] == texts
            async for _event in client.responses.stream(input="stream"):
                pass

        asyncio.run(several(0))
        gc.collect()
        before = sockets()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for number in range(50):
                asyncio.run(several(number))
            gc.collect()
        assert sockets(before) <= before
        assert not async_pool._keepers  # loops are not kept either
        loops = [each for each in gc.get_objects() if isinstance(each, asyncio.BaseEventLoop)]
        assert len(loops) <= 2


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_a_users_client_in_a_second_loop(library: str) -> None:
    """It is the user's: bound to its loop by its own library, closed by the user, and reusable
    where the user makes a new one for each loop."""
    made = __import__(library)
    with raw_server(echo) as server:

        async def one() -> str:
            async with made.AsyncClient() as mine:
                client = AsyncClient(**options(server.url, http_async_client=mine))
                return (await client.responses.create(input="Hi")).output_text

        assert [asyncio.run(one()) for _ in range(3)] == ["Hi"] * 3


def test_two_loops_at_once() -> None:
    with raw_server(echo) as server:
        client = AsyncClient(**options(server.url))

        async def many(name: str) -> list[str]:
            return [
                (await client.responses.create(input=f"{name}{n}")).output_text for n in range(20)
            ]

        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda name: asyncio.run(many(name)), "abcd"))
    assert found == [[f"{name}{n}" for n in range(20)] for name in "abcd"]


def test_closed_and_used_again() -> None:
    with raw_server(echo) as server:
        client = Client(**options(server.url))
        assert client.responses.create(input="a").output_text == "a"
        client.close()
        assert client.responses.create(input="b").output_text == "b"
        client.close()

        async def main() -> None:
            mine = AsyncClient(**options(server.url))
            assert (await mine.responses.create(input="a")).output_text == "a"
            await mine.close()
            assert (await mine.responses.create(input="b")).output_text == "b"

        asyncio.run(main())


def test_a_client_that_is_dropped_leaves_no_socket() -> None:
    with raw_server(echo) as server:
        before = sockets()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for _ in range(20):
                Client(**options(server.url)).responses.create(input="Hi")
            gc.collect()
        assert sockets(before) <= before + 1


# -- threads


def test_64_threads_get_their_own_answers() -> None:
    with raw_server(echo) as server, Client(**options(server.url)) as client:
        start = threading.Barrier(64)

        def work(number: int) -> bool:
            start.wait(20)
            for each in range(4):
                text = f"{number}/{each}"
                if client.responses.create(input=text).output_text != text:
                    return False
                with client.responses.stream(input=text) as stream:
                    if stream.get_final_response().output_text != text:
                        return False
            return True

        with ThreadPoolExecutor(64) as threads:
            assert all(threads.map(work, range(64)))
        assert server.connections <= 64


def test_many_tasks_share_few_connections_afterwards() -> None:
    with raw_server(echo) as server:

        async def main() -> None:
            async with AsyncClient(**options(server.url)) as client:
                texts = [str(number) for number in range(100)]
                found = await asyncio.gather(*(client.responses.create(input=t) for t in texts))
                assert [each.output_text for each in found] == texts
                before = server.connections
                for text in texts[:20]:
                    await client.responses.create(input=text)
                assert server.connections == before

        asyncio.run(main())


# -- fork


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork() -> None:
    """The child makes connections of its own; the parent's stay sound, whoever closes first."""
    with raw_server(echo) as server:
        client = Client(**options(server.url))
        assert client.responses.create(input="before").output_text == "before"
        stream = client.responses.create(input="abcdef", stream=True)
        read_end, write_end = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test's server
            child = os.fork()
        if child == 0:
            try:
                text = client.responses.create(input="in the child").output_text
                client.close()
                os.write(write_end, text.encode())
            finally:
                os._exit(0)
        os.close(write_end)
        os.waitpid(child, 0)
        with os.fdopen(read_end) as said:
            assert said.read() == "in the child"
        assert stream.get_final_response().output_text == "abcdef"
        assert client.responses.create(input="after").output_text == "after"
        client.close()


# -- copies and pickles


@pytest.mark.parametrize("cls", [Client, AsyncClient])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_keep_the_key(cls: Any, copied: Any) -> None:
    with raw_server(echo) as server:
        client = copied(cls(**options(server.url)))
        if cls is Client:
            with client:
                client.responses.create(input="Hi")
        else:
            asyncio.run(client.responses.create(input="Hi"))
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("cls", [Client, AsyncClient])
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_hold_no_key(cls: Any, protocol: int, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "api_key": KEY,
        "default_headers": {"x-tenant": "tenant-canary"},
        "default_query": {"sig": "query-canary"},
        "proxy": "http://user:proxy-canary@127.0.0.1:1",
    }
    client = cls("openai/m", base_url="http://127.0.0.1:1/v1", timeout=7, hooks=[print], **secrets)
    data = pickle.dumps(client, protocol)
    for canary in (KEY, "tenant-canary", "query-canary", "proxy-canary"):
        assert canary.encode() not in data
    revived = pickle.loads(data)
    assert type(revived) is cls
    assert revived._wiring.settings.policy.timeout == 7
    with pytest.raises(CredentialError, match="OPENAI_API_KEY"):
        revived._wiring.deployment(None)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-this-process")
    assert revived._wiring.deployment(None).base_url == "http://127.0.0.1:1/v1"


def test_a_revived_client_works(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(echo) as server:
        data = pickle.dumps(Client(**options(server.url)))
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-this-process")
        with pickle.loads(data) as client:
            assert client.responses.create(input="Hi").output_text == "Hi"
    assert server.requests[0].headers["authorization"] == "Bearer sk-of-this-process"


ERRORS = [
    getattr(errors, name)
    for name in errors.__all__
    if issubclass(getattr(errors, name), errors.RespError)
]


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_errors_survive_pickling(cls: Any, copied: Any) -> None:
    needs = {"status_code": 429} if issubclass(cls, errors.APIStatusError) else {}
    error = cls("What happened.", **needs)
    error.partial = {"output": []}
    error.attempts = 3
    error.is_retryable = True
    found = copied(error)
    assert type(found) is cls
    assert str(found) == "What happened."
    assert found.args == ("What happened.",)
    assert vars(found) == vars(error)


def test_a_result_survives_pickling() -> None:
    with raw_server(echo) as server, Client(**options(server.url)) as client:
        result = client.responses.create(input="Hi")
        assert pickle.loads(pickle.dumps(result)) == result
        assert copy.deepcopy(result).output_text == "Hi"
        record = pickle.loads(pickle.dumps(result.record))
        assert record == result.record
        assert KEY.encode() not in pickle.dumps(result.record)


def test_importing_and_making_a_client_starts_nothing() -> None:
    threads, before = threading.active_count(), sockets()
    Client("openai/m", api_key=KEY)
    AsyncClient("openai/m", api_key=KEY)
    assert threading.active_count() == threads
    assert sockets() == before
    assert "asyncio" in sys.modules  # pytest's; see test_import for a fresh interpreter


# -- copies with other settings


def test_a_copy_with_another_model_takes_keys_to_their_own_provider_only() -> None:
    client = Client("openai/m", api_key=KEY, base_url="https://a.test/v1", timeout=7)
    same = client.with_options("openai/other")
    assert same.settings.model == "openai/other"
    assert same.deployment().base_url == "https://a.test/v1"
    assert (same.settings.policy.timeout, same.state) == (7, client.state)
    with pytest.raises(CredentialError, match="GROQ"):
        client.with_options("groq/m").deployment()
    moved = client.with_options("groq/m", api_key="other")
    assert "a.test" not in moved.deployment().base_url
    assert AsyncClient("openai/m").with_options("openai/n").settings.model == "openai/n"


async def test_a_key_may_be_a_function_that_is_awaited() -> None:
    async def key() -> str:
        return KEY

    with raw_server(echo) as server:
        made = await AsyncClient(**options(server.url, api_key=key)).responses.create(input="a")
        assert made.output_text == "a"
        with pytest.raises(CredentialError, match="api_key is asynchronous"):
            Client(**options(server.url, api_key=key)).responses.create(input="a")
        with pytest.raises(CredentialError, match="api_key gave an empty string"):
            Client(**options(server.url, api_key=lambda: "")).responses.create(input="a")
        with pytest.raises(errors.ArgumentError, match="api_key must be a string"):
            Client(**options(server.url, api_key=7)).responses.create(input="a")
