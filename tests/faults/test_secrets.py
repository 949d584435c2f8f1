"""Canaries: credentials of every kind, looked for wherever something can be read."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from resp_core import AsyncClient, Client
from resp_core.errors import APIError, CredentialError, RespError
from tests.callers import KINDS, OWN, Caller
from tests.rawserver import Peer, answer, frames, head, raw_server, response, streamed

KEY = "sk-canary/KEY+0123456789"
TOKEN = "eyCanaryTOKEN.0123456789-abc"
HEADER = "canaryHEADER0123456789"
QUERY = "canaryQUERY0123456789"
PASSWORD = "canaryPASSWORD0123456789"
CANARIES = (KEY, TOKEN, HEADER, QUERY, PASSWORD)
SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda secret: secret,
    "URL": lambda secret: quote(secret, safe=""),
    "URL, lower case": lambda secret: (
        quote(secret, safe="").replace("%2F", "%2f").replace("%2B", "%2b")
    ),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 of the header": lambda secret: base64.b64encode(f"Bearer {secret}".encode()).decode(),
    "base64, URL": lambda secret: base64.urlsafe_b64encode(f"k={secret}".encode()).decode(),
    "JSON": lambda secret: json.dumps(secret).replace("/", "\\/"),
}


def leaks(text: str) -> list[str]:
    """The canaries in `text`, in any spelling, by their tell-tale middle."""
    found = [secret for secret in CANARIES if secret in text or quote(secret, safe="") in text]
    found += [s for s in CANARIES for at in range(3) if _core(s, at) in text]
    return found


def _core(secret: str, at: int) -> str:
    return base64.b64encode(b"\0" * at + secret.encode()).decode()[4:24]


def told(error: BaseException) -> Iterator[str]:
    """Every text form of an error and its causes."""
    seen: list[BaseException] = []
    below: BaseException | None = error
    while below is not None and below not in seen:
        seen.append(below)
        below = below.__cause__ or below.__context__
    for each in seen:
        yield f"{each} {each!r} {each.args}"
        yield repr(getattr(each, "__notes__", ""))
        yield repr(getattr(each, "__dict__", {}))
    yield repr(pickle.dumps(error))
    yield "".join(traceback.format_exception(error))


def shown(error: BaseException) -> Iterator[str]:
    """The same, and a traceback with local variables."""
    yield from told(error)
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    inside = False
    for line in trace.format():
        # The caller's own frames show what the caller wrote; ours and the libraries' may not.
        for row in line.splitlines(True):
            if row.lstrip().startswith("File "):
                inside = "/tests/" not in row
            if inside:
                yield row


def closed() -> str:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as sock:
        return f"http://127.0.0.1:{sock.getsockname()[1]}/v1"


def refuse(status: int, body: Any) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        while asked := peer.ask():
            said = body(asked) if callable(body) else body
            to = {"location": f"/elsewhere?sig={QUERY}"} if status == 307 else {}
            peer.send(answer(said, status, to))

    return script


def cut(peer: Peer) -> None:
    peer.ask()
    peer.send(head(length=100) + b"{")


def mute(peer: Peer) -> None:
    peer.ask()
    peer.server.over.wait(10)


def broken_stream(peer: Peer) -> None:
    peer.ask()
    peer.send(streamed(*frames()[:5], b"data: {oops\n\n"))


FAULTS: dict[str, tuple[Callable[[Peer], None] | None, dict[str, Any]]] = {
    "refused": (None, {}),
    "401": (refuse(401, {"error": {"message": "Incorrect API key"}}), {}),
    "400, text": (refuse(400, b"no" * 900), {}),
    "500, HTML": (refuse(500, b"<html></html>"), {}),
    "redirect": (refuse(307, b""), {}),
    "200, text": (refuse(200, b"no"), {}),
    "200, error": (refuse(200, {"error": {"message": "no"}}), {}),
    "broken off": (cut, {}),
    "timeout": (mute, {"timeout": 0.25}),
    "broken stream": (broken_stream, {"stream": True}),
}
CREDENTIALS: dict[str, Any] = {
    "api_key": KEY,
    "default_headers": {"x-tenant": HEADER},
    "default_query": {"sig": QUERY},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FAULTS)
def test_no_error_shows_a_credential(
    name: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "resp_core")
    script, more = FAULTS[name]
    stream = more.get("stream", False)
    limits = {key: value for key, value in more.items() if key != "stream"}
    with raw_server(script or cut) as server:
        url = server.url if script else closed()
        caller = Caller(kind, base_url=url, **CREDENTIALS, **limits)
        with pytest.raises(APIError) as caught:
            caller.stream() if stream else caller.respond()
    for text in shown(caught.value):
        assert not leaks(text), text
    assert not leaks(caplog.text)
    (record,) = caller.records
    assert not leaks(repr(record))
    assert not leaks(repr(pickle.dumps(record)))


@pytest.mark.parametrize("per_call", [False, True])
@pytest.mark.parametrize("name", ["refused", "401"])
def test_nor_do_arguments_of_a_call(name: str, per_call: bool) -> None:
    """Keyword arguments are local variables of our frames too."""
    script, _ = FAULTS[name]
    given: dict[str, Any] = {
        "api_key": KEY,
        "extra_headers": {"x-tenant": HEADER},
        "extra_query": {"sig": QUERY},
    }
    with raw_server(script or cut) as server:
        url = server.url if script else closed()
        with Client("openai/m", base_url=url, api_key=KEY, max_retries=0) as client:
            for call in (client.responses.create, client.responses.stream):
                with pytest.raises(APIError) as caught:
                    list(call(input="Hi", **given if per_call else {}))
                for text in shown(caught.value):
                    assert not leaks(text), text


def test_a_bad_credential_is_not_shown_either() -> None:
    bad: list[dict[str, Any]] = [
        {"api_key": f"{KEY}\n"},
        {"model": "azure/d", "api_key": None, "azure_ad_token": f"{TOKEN}\n"},
        {"model": "azure/d", "api_key": None, "azure_ad_token_provider": lambda: f"{TOKEN}\n"},
        {"model": "azure/d", "api_key": None, "azure_ad_token_provider": lambda: TOKEN.encode()},
        {"default_headers": {"x-tenant": f"{HEADER}\n"}},
        {"proxy": f"http://user:{PASSWORD}@:bad"},
        {"base_url": f"http://user:{PASSWORD}@127.0.0.1/v1"},
    ]
    for given in bad:
        with pytest.raises(RespError) as caught:  # noqa: PT012 - said at once, or by the first call
            client = Client(**{"model": "openai/m", "base_url": closed(), "api_key": "k", **given})
            client.responses.create(input="Hi")
        for text in shown(caught.value):
            assert not leaks(text), text


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_token_is_not_shown(kind: str, asynchronous: bool) -> None:
    async def awaited() -> str:
        return TOKEN

    def plain() -> str:
        return TOKEN

    if kind == "sync" and asynchronous:
        return
    with raw_server(
        refuse(401, lambda asked: {"error": {"message": asked.headers["authorization"]}})
    ) as s:
        caller = Caller(
            kind,
            model="azure/d",
            base_url=s.url,
            api_key=None,
            azure_ad_token_provider=awaited if asynchronous else plain,
        )
        with pytest.raises(APIError) as caught:
            caller.respond()
    assert len(s.requests) == 2  # once more, with a token asked for anew
    assert s.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    for text in told(caught.value):
        assert not leaks(text), text


def test_a_provider_that_fails_is_told_without_its_secrets() -> None:
    def broken() -> str:
        raise ConnectionError(f"Bearer {TOKEN} was refused")

    with pytest.raises(CredentialError, match="azure_ad_token_provider") as caught:
        Client("azure/d", base_url=closed(), azure_ad_token_provider=broken).responses.create(
            input="Hi"
        )
    assert not leaks(str(caught.value))
    assert isinstance(caught.value.__cause__, ConnectionError)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("secret", [KEY, HEADER, QUERY])
@pytest.mark.parametrize("where", ["message", "body", "stream", "plain"])
def test_an_echo_is_redacted(where: str, secret: str, spelling: str) -> None:
    """A server that repeats what it was sent, as some do in a 401; also across a text's cut."""
    echo = f"{'x' * 185}<{SPELLINGS[spelling](secret)}>"

    def script(peer: Peer) -> None:
        peer.ask()
        if where == "stream":
            said = {"type": "error", "code": echo, "message": echo}
            peer.send(streamed(*frames()[:5], b"data: %b\n\n" % json.dumps(said).encode()))
        elif where == "plain":
            peer.send(answer(echo.encode(), kind="text/plain"))
        elif where == "message":
            peer.send(answer({"error": {"message": echo, "code": echo, "param": echo}}, 401))
        else:
            peer.send(answer({"detail": {"seen": [echo], echo: echo}}, 401))

    with raw_server(script) as server:
        caller = Caller("sync", base_url=server.url, **CREDENTIALS)
        with pytest.raises(APIError) as caught:
            caller.stream() if where == "stream" else caller.respond()
    for text in told(caught.value):
        assert not leaks(text), text
    assert "***" in str(caught.value)


def test_libraries_log_no_credential(caplog: pytest.LogCaptureFixture) -> None:
    """Our own connections, at DEBUG, with everything that the connection layer says."""

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response()))

    caplog.set_level(logging.DEBUG)
    with raw_server(serve) as server:
        for kind in (*OWN, "aiohttp"):
            Caller(kind, base_url=server.url, **CREDENTIALS).respond()
    assert "httpcore2" in caplog.text
    assert not leaks(caplog.text)


def test_nothing_that_can_be_printed_shows_a_credential() -> None:
    from resp_core.effects import HttpCall, Limits
    from resp_core.route.resolve import describe

    client = Client(
        "openai/m",
        base_url="http://127.0.0.1:1/v1",
        proxy=f"http://u:{PASSWORD}@h:1",
        ledger=f"postgresql://u:{PASSWORD}@h:1/calls",
        state_store=f"redis://:{PASSWORD}@h:1",
        **CREDENTIALS,
    )
    deployment = client._wiring.deployment(None)
    call = HttpCall(
        "POST",
        f"http://h/v1?sig={QUERY}",
        {"authorization": f"Bearer {KEY}", "api-key": KEY, "x-tenant": HEADER},
        KEY.encode(),
        Limits(0.0, 1.0),
    )
    printable: list[Any] = [
        client,
        AsyncClient("openai/m", **CREDENTIALS),
        client._wiring.settings,
        client._wiring.settings.connection,
        deployment,
        deployment.auth,
        describe(deployment),
        call,
    ]
    for each in printable:
        assert not leaks(f"{each!r} {each}"), each


@pytest.mark.parametrize("url", [f"mysql://u:{PASSWORD}@h/calls", f"mysql://u:a/{PASSWORD}@h"])
def test_an_address_that_will_not_do_is_not_shown(url: str) -> None:
    for option in ("ledger", "state_store"):
        with pytest.raises(RespError, match="mysql") as caught:
            Client("offline/m", **{option: url})
        assert not leaks("".join(told(caught.value)))


@pytest.mark.parametrize("kind", OWN)
def test_a_key_belongs_to_its_origin(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that brings another address and no key of its own gets none, from nowhere."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response()))

    with raw_server(serve) as mine, raw_server(serve) as other:
        caller = Caller(kind, base_url=mine.url, **CREDENTIALS)
        caller.respond()
        caller.respond(base_url=other.url)
        caller.respond(base_url=other.url, api_key="sk-other")
    assert mine.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert mine.requests[0].headers["x-tenant"] == HEADER
    first, second = other.requests
    assert "authorization" not in first.headers
    assert second.headers["authorization"] == "Bearer sk-other"
    for asked in other.requests:
        assert not leaks(f"{asked.line} {asked.headers} {asked.body!r}")


def test_prompts_and_answers_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def serve(peer: Peer) -> None:
        asked = peer.ask()
        assert asked is not None
        peer.send(streamed(*frames("canaryANSWER")))

    with raw_server(serve) as server:
        Caller("sync", base_url=server.url).stream(input="canaryPROMPT")
    assert "canaryPROMPT" not in caplog.text
    assert "canaryANSWER" not in caplog.text


def test_a_body_that_holds_a_key_is_the_callers() -> None:
    """What goes into a request body is the caller's text: it is sent as it is."""

    def serve(peer: Peer) -> None:
        asked = peer.ask()
        assert asked is not None
        peer.send(answer(response(asked.json["input"])))

    with raw_server(serve) as server:
        assert Caller("sync", base_url=server.url).respond(input=KEY).output_text == KEY
