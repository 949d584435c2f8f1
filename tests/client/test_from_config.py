"""Clients from a configuration: what wins over it, and where its key goes."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import resp_core
from resp_core import AsyncClient, BudgetExceeded, Client
from resp_core.errors import ArgumentError, CredentialError
from tests.rawserver import Peer, RawServer, answer, raw_server, response


@pytest.fixture
def server() -> Iterator[RawServer]:
    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response("hello")))

    with raw_server(serve) as found:
        yield found


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESP_KEY", "sk-of-the-file")


def file(tmp_path: Path, url: str, more: str = "") -> Path:
    path = tmp_path / "resp.yaml"
    path.write_text(
        f"""
settings:
  model: openai/m
  base_url: {url}
  api_key: os.environ/RESP_KEY
  max_retries: 0
  default_headers: {{x-team: search}}
{more}
"""
    )
    return path


def test_a_call_with_all_of_it(server: RawServer, tmp_path: Path) -> None:
    with Client.from_config(file(tmp_path, server.url)) as client:
        assert client.responses.create(input="Hi").output_text == "hello"
    (asked,) = server.requests
    assert asked.headers["authorization"] == "Bearer sk-of-the-file"
    assert asked.headers["x-team"] == "search"
    assert asked.json["model"] == "m"


def test_an_async_call(server: RawServer, tmp_path: Path) -> None:
    async def call() -> str:
        async with AsyncClient.from_config(file(tmp_path, server.url)) as client:
            return (await client.responses.create(input="Hi")).output_text

    assert asyncio.run(call()) == "hello"
    assert server.requests[0].headers["authorization"] == "Bearer sk-of-the-file"


def test_arguments_win(server: RawServer, tmp_path: Path) -> None:
    client = Client.from_config(
        file(tmp_path, server.url), "openai/other", api_key="sk-own", default_headers={"x-b": "c"}
    )
    client.responses.create(input="Hi")
    (asked,) = server.requests
    assert asked.headers["authorization"] == "Bearer sk-own"
    assert asked.headers["x-team"] == "search"  # headers add up, as with with_options
    assert asked.headers["x-b"] == "c"
    assert asked.json["model"] == "other"


def test_another_address_gets_no_key_of_the_file(server: RawServer, tmp_path: Path) -> None:
    client = Client.from_config(file(tmp_path, "https://elsewhere.example/v1"), base_url=server.url)
    client.responses.create(input="Hi")
    (asked,) = server.requests
    assert "authorization" not in asked.headers
    assert "x-team" not in asked.headers


def test_another_provider_gets_neither_address_nor_key(
    server: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, "https://elsewhere.example/v1", "  api: chat\n  timeout: 7")
    with pytest.raises(CredentialError, match="GROQ_API_KEY"):
        Client.from_config(path, "groq/m").responses.create(input="Hi")
    monkeypatch.setenv("GROQ_API_KEY", "gsk_own")
    client = Client.from_config(path, "groq/m")
    deployment = client.deployment()
    assert deployment.base_url == "https://api.groq.com/openai/v1"
    assert not deployment.headers
    assert client._wiring.settings.policy.timeout == 7
    assert client._wiring.settings.connection.api == "chat"


def test_wrong_arguments_are_told_as_such(server: RawServer, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="timeout is a number") as caught:
        Client.from_config(file(tmp_path, server.url), timeout="5")  # type: ignore[arg-type]
    assert caught.value.param == "timeout"
    with pytest.raises(ArgumentError, match="Did you mean timeout"):
        Client.from_config(file(tmp_path, server.url), tmeout=5)  # type: ignore[call-arg]


def test_a_mapping_is_not_changed_or_kept() -> None:
    given: dict[str, Any] = {"settings": {"api_key": "sk-1", "tags": ["a"], "model": "openai/m"}}
    client = Client.from_config(given)
    assert given == {"settings": {"api_key": "sk-1", "tags": ["a"], "model": "openai/m"}}
    given["settings"]["tags"].append("b")
    assert client._wiring.settings.spending.tags == ("a",)


def test_what_only_code_can_give_goes_beside_it() -> None:
    records: list[Any] = []
    client = Client.from_config(
        {"settings": {"model": "offline/demo", "tags": ["a"]}}, hooks=[records.append]
    )
    client.responses.create(input="Hi")
    assert records[0].tags == ("a",)


def test_budgets_and_prices_of_a_file_hold(tmp_path: Path) -> None:
    path = tmp_path / "resp.yaml"
    path.write_text(
        """
settings:
  model: offline/demo
  prices:
    offline/demo: {input: 1000000, output: 0}  # a dollar a token
  budgets:
    - {limit: 100, window: day, name: small}
"""
    )
    client = Client.from_config(path)
    assert client.responses.create(input="Hi").cost.total >= 1
    with pytest.raises(BudgetExceeded, match="small"):
        client.responses.create(input="Hi " * 200)


def test_approvals_of_a_file_hold() -> None:
    client = Client.from_config(
        {"settings": {"approvals": {"rules": [{"decision": "deny", "tool": "drop_*"}]}}}
    )
    policy = client._wiring.settings.approvals.policy
    assert policy.denied_outright("any", "drop_table", False)
    assert not policy.denied_outright("any", "read", True)


def test_the_default_client(server: RawServer, tmp_path: Path) -> None:
    try:
        resp_core.configure("openai/other", config=file(tmp_path, server.url), tags=["x"])
        answered = resp_core.responses("Hi")
        assert answered.output_text == "hello"
        assert answered.record.tags == ("x",)
        assert server.requests[0].headers["authorization"] == "Bearer sk-of-the-file"
        assert server.requests[0].json["model"] == "other"
        answered = asyncio.run(resp_core.aresponses("Hi"))
        assert answered.output_text == "hello"
        with pytest.raises(resp_core.ConfigError, match="tmeout"):
            resp_core.configure(config={"settings": {"tmeout": 5}})
        assert resp_core.responses("Hi").output_text == "hello"  # what was set stays
    finally:
        resp_core.configure()


def test_a_subclass_stays_one(server: RawServer, tmp_path: Path) -> None:
    client = Own.from_config(file(tmp_path, server.url))
    assert type(client) is Own
    assert type(pickle.loads(pickle.dumps(client))) is Own


class Own(Client):
    """A user's own."""


def test_pickling_drops_the_key(tmp_path: Path) -> None:
    client = Client.from_config(file(tmp_path, "https://a.example/v1"))
    data = pickle.dumps(client)
    assert b"sk-of-the-file" not in data
    assert pickle.loads(data)._wiring.settings.connection.base_url == "https://a.example/v1"


@pytest.mark.parametrize("path", ["https://host.example/resp.yaml", "file:///etc/resp.yaml"])
def test_nothing_is_fetched(path: str) -> None:
    with pytest.raises(resp_core.ConfigError, match="not a URL"):
        Client.from_config(path)


def test_nothing_is_found_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library reads the file that it is given, and no other."""
    path = file(tmp_path, "https://a.example/v1")
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-file\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESP_CONFIG", str(path))
    assert Client()._wiring.settings.model is None
    with pytest.raises(CredentialError, match="OPENAI_API_KEY"):
        Client("openai/m").responses.create(input="Hi")
