"""Bearer tokens: every form of provider, in both worlds, asked for anew for each attempt."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import types
from typing import Any

import pytest

from resp_core.auth.source import Secret, TokenSource
from resp_core.effects import Limits, Token
from resp_core.errors import CredentialError
from resp_core.io import identity
from resp_core.io.identity import async_token, sync_token
from tests.callers import OWN, Caller
from tests.rawserver import Peer, answer, raw_server, response


class AccessToken:
    """As azure-core's: a token with its end."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.expires_on = 0


class Credential:
    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def get_token(self, *scopes: str) -> AccessToken:
        self.asked.append(scopes)
        return AccessToken(f"token {len(self.asked)}")


class AsyncCredential(Credential):
    async def get_token(self, *scopes: str) -> AccessToken:  # type: ignore[override]
        await asyncio.sleep(0)
        return Credential.get_token(self, *scopes)


class Wrapped:
    """Awaitable, but not by an `async def`, as decorated methods are."""

    def get_token(self, *scopes: str) -> Any:
        async def answer() -> AccessToken:
            return AccessToken("token 1")

        return answer()


async def coroutine() -> str:
    return "token 1"


def request(kind: Any, value: Any = None, *, refresh: bool = False) -> Token:
    source = TokenSource(kind, value, ("scope",), "azure_ad_token_provider")
    return Token(source, Limits(time.monotonic() + 10, 10.0), refresh)


SYNC: dict[str, Token] = {
    "static": request("static", Secret("token 1")),
    "a function": request("callable", lambda: "token 1"),
    "a function with an object": request("callable", lambda: AccessToken("token 1")),
    "a function with a Secret": request("callable", lambda: Secret("token 1")),
    "a credential": request("credential", Credential()),
}
ASYNC: dict[str, Token] = {
    **SYNC,
    "a coroutine function": request("callable", coroutine),
    "a function that gives a coroutine": request("callable", lambda: coroutine()),
    "an async credential": request("credential", AsyncCredential()),
    "a wrapped credential": request("credential", Wrapped()),
}


@pytest.mark.parametrize("name", SYNC)
def test_sync(name: str) -> None:
    assert sync_token(SYNC[name]).reveal().startswith("token ")


@pytest.mark.parametrize("name", ASYNC)
def test_async(name: str) -> None:
    assert asyncio.run(async_token(ASYNC[name])).reveal().startswith("token ")


@pytest.mark.parametrize("name", [name for name in ASYNC if name not in SYNC])
def test_an_async_provider_in_a_sync_call(name: str) -> None:
    with pytest.raises(CredentialError, match="async client"):
        sync_token(ASYNC[name])


@pytest.mark.parametrize("given", [None, "", 7, b"token", object()])
def test_what_is_no_token(given: Any) -> None:
    with pytest.raises(CredentialError, match="azure_ad_token_provider") as caught:
        sync_token(request("callable", lambda: given))
    assert caught.value.param == "azure_ad_token_provider"
    with pytest.raises(CredentialError):
        asyncio.run(async_token(request("callable", lambda: given)))


def test_a_slow_provider_does_not_hold_up_the_loop() -> None:
    free = threading.Event()

    def slow() -> str:
        assert free.wait(5)
        return "token"

    async def main() -> str:
        task = asyncio.create_task(async_token(request("callable", slow)))
        await asyncio.sleep(0.01)
        free.set()
        return (await task).reveal()

    assert asyncio.run(main()) == "token"


def test_a_refused_token_of_our_own_credential_is_forgotten(monkeypatch: Any) -> None:
    """DefaultAzureCredential is made once, and made anew after a 401."""
    made: list[Credential] = []

    def default() -> Credential:
        made.append(Credential())
        return made[-1]

    monkeypatch.setattr(identity, "_default", {})
    fake = types.SimpleNamespace(DefaultAzureCredential=default)
    monkeypatch.setitem(sys.modules, "azure.identity", fake)
    assert sync_token(request("default")).reveal() == "token 1"
    assert sync_token(request("default")).reveal() == "token 2"
    assert sync_token(request("default", refresh=True)).reveal() == "token 1"
    assert len(made) == 2
    assert made[0].asked == [("scope",)] * 2


def test_a_missing_package_is_named(monkeypatch: Any) -> None:
    monkeypatch.setattr(identity, "_default", {})
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(CredentialError, match=r"respkit\[azure\]"):
        sync_token(request("default"))


@pytest.mark.parametrize("kind", OWN)
def test_a_credential_is_asked_for_each_attempt(kind: str) -> None:
    """Also in the middle of retries, where the first token may have run out."""

    def script(peer: Peer) -> None:
        while asked := peer.ask():
            stale = asked.headers["authorization"] == "Bearer token 1"
            if stale:
                peer.send(answer({"error": {"message": "busy"}}, 503, {"retry-after-ms": "10"}))
            else:
                peer.send(answer(response()))

    class Plain(Credential):
        def get_token(self, *scopes: str) -> AccessToken:
            self.asked.append(scopes)
            return AccessToken(f"token {len(self.asked)}")

    credential: Credential = Plain() if kind == "sync" else AsyncCredential()
    with raw_server(script) as server:
        caller = Caller(
            kind,
            model="azure/d",
            base_url=server.url,
            api_key=None,
            credential=credential,
            max_retries=1,
        )
        assert caller.respond().output_text == "Hello"
    sent = [asked.headers["authorization"] for asked in server.requests]
    assert sent == ["Bearer token 1", "Bearer token 2"]
    assert credential.asked[0][0].endswith("/.default")
