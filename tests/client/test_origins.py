"""Where a stored response is looked for: where it was made, else where the call or client says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resp_core import Client
from resp_core.errors import AmbiguousOriginError, NotFoundError
from resp_core.offline.loopback import OfflineServer, serve
from tests.callers import OWN, Caller
from tests.rawserver import Peer, RawServer, answer, raw_server, response

#: The methods that take an id of a response, as functions of a client.
METHODS: dict[str, Any] = {
    "retrieve": lambda client, id, **o: client.responses.retrieve(id, **o),
    "delete": lambda client, id, **o: client.responses.delete(id, **o),
    "cancel": lambda client, id, **o: client.responses.cancel(id, **o),
    "input_items": lambda client, id, **o: client.responses.input_items.list(id, **o),
}


@pytest.fixture
def two_servers() -> Iterator[tuple[OfflineServer, OfflineServer]]:
    with serve() as one, serve() as other:
        yield one, other


def there(server: OfflineServer) -> dict[str, Any]:
    return {"base_url": f"{server.url}/v1", "api_key": "k"}


@pytest.mark.parametrize("method", METHODS)
def test_it_is_found_where_it_was_made(
    method: str, two_servers: tuple[OfflineServer, OfflineServer]
) -> None:
    one, other = two_servers
    with Client("openai/m", **there(other)) as client:
        made = client.responses.create(input="Hi", background=True, **there(one))
        found = METHODS[method](client, made.id)
        assert found.get("id", made.id) == made.id
        with pytest.raises(NotFoundError):  # what the call says wins
            METHODS[method](client, made.id, **there(other))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "named",
    [
        {"model": "openai/m"},
        {"provider": "openai"},
        {"custom_llm_provider": "openai"},
        {"base_url": "HERE"},
        {"api_base": "HERE"},
        {"provider": "custom", "base_url": "HERE"},
    ],
    ids=str,
)
def test_an_id_of_elsewhere_goes_where_the_call_says(
    method: str, named: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with asked_server() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
        given = {key: server.url if value == "HERE" else value for key, value in named.items()}
        with Client() as client:
            METHODS[method](client, "resp_of_elsewhere", **given)
        (asked,) = server.requests
    assert "/responses/resp_of_elsewhere" in asked.path
    brings_address = "base_url" in named or "api_base" in named
    assert asked.headers.get("authorization") == (None if brings_address else "Bearer sk-env")


def asked_server() -> Any:
    def serve_one(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response()))

    return raw_server(serve_one)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "options", [{"model": "openai/m"}, {"provider": "openai"}, {"base_url": "HERE"}], ids=str
)
def test_else_where_the_client_is(method: str, options: dict[str, Any]) -> None:
    with asked_server() as server:
        given: Any = {"base_url": server.url, "api_key": "sk-client"} | options
        given["base_url"] = server.url
        with Client(**given) as client:
            METHODS[method](client, "resp_of_elsewhere")
        (asked,) = server.requests
    assert asked.headers["authorization"] == "Bearer sk-client"


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("method", METHODS)
def test_where_nobody_says_it_is_an_error(
    method: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever key happens to be set."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    caller = Caller(kind, model=None, api_key=None)
    with pytest.raises(AmbiguousOriginError, match="resp_of_elsewhere") as caught:
        caller.call(lambda client: METHODS[method](client, "resp_of_elsewhere"))
    assert caught.value.param == "model"
    for way_out in ("model=", "provider=", "base_url="):
        assert way_out in str(caught.value)


def test_a_shared_store_tells_other_clients(
    two_servers: tuple[OfflineServer, OfflineServer], tmp_path: Path
) -> None:
    one, other = two_servers
    store = f"sqlite:///{tmp_path}/ids.db"
    with Client("openai/m", state_store=store, **there(one)) as client:
        made = client.responses.create(input="Hi")
    with Client("openai/m", state_store=store, **there(other)) as client:
        assert client.responses.retrieve(made.id).id == made.id


def test_a_remembered_address_gets_no_key_of_the_client(tmp_path: Path) -> None:
    """The memory holds where, and never with what: that key may be another's."""
    store = f"sqlite:///{tmp_path}/ids.db"
    with asked_server() as first, asked_server() as second:
        one: RawServer = first
        with Client("openai/m", state_store=store, base_url=one.url, api_key="sk-one") as client:
            client.responses.create(input="Hi")
        given: Any = {"base_url": second.url, "api_key": "sk-two"}
        with Client("openai/m", state_store=store, **given) as client:
            client.responses.retrieve("resp_1")
            client.responses.retrieve("resp_1", api_key="sk-one")
        assert [asked.headers.get("authorization") for asked in one.requests] == [
            "Bearer sk-one",
            None,
            "Bearer sk-one",
        ]
        assert second.requests == []
