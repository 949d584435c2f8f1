"""`os.environ/NAME`: which variables a configuration may read, and that none is ever shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resp_core import AsyncClient, Client, RespError, configure, providers
from resp_core.client.configured import read_configuration
from resp_core.config import NAMES, rows
from resp_core.errors import ConfigError
from tests.faults.test_secrets import CANARIES, KEY, PASSWORD, leaks, shown


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "OPENAI_API_KEY_TEAM_A",
        "AZURE_API_KEY",
        "AZURE_SWEDEN_API_KEY",
        "AZURE_OPENAI_ENDPOINT",
        "AZURE_AD_TOKEN",
        "GROQ_API_BASE",
        "RESP_REDIS_URL",
        "RESP_x1",
    ],
)
def test_names_that_may_be_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "value")
    client = Client.from_config({"settings": {"organization": f"os.environ/{name}"}})
    assert client._wiring.settings.connection.organization == "value"


def test_every_provider_s_variables_may_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in map(providers.get, providers.names()):
        for name in (*provider.key_env, *provider.base_env):
            monkeypatch.setenv(name, "value")
            Client.from_config({"settings": {"organization": f"os.environ/{name}"}})


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY",
        "AZURE_CLIENT_SECRET",
        "GITHUB_TOKEN",
        "STRIPE_API_KEY",
        "PATH",
        "HOME",
        "OPENAI",
        "OPENAI_SECRET",
        "XRESP_A",
        "resp_a",
    ],
)
def test_names_that_may_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, KEY)
    with pytest.raises(ConfigError, match=f"settings.api_key refers to {name}, which no") as caught:
        Client.from_config({"settings": {"api_key": f"os.environ/{name}"}})
    assert not leaks(str(caught.value))


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if value is not None:
        monkeypatch.setenv("RESP_A", value)
    with pytest.raises(ConfigError, match="refers to RESP_A, which is not set"):
        Client.from_config({"settings": {"api_key": "os.environ/RESP_A"}})


@pytest.mark.parametrize(
    "text", ["Bearer os.environ/RESP_A", "os.environ/", "os.environ/RESP-A", "os.environ/RESP_A "]
)
def test_a_reference_stands_alone(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESP_A", KEY)
    with pytest.raises(ConfigError, match=r"must hold os\.environ/NAME alone"):
        Client.from_config({"settings": {"default_headers": {"authorization": text}}})


def test_a_reference_is_text_and_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESP_A", "5")
    with pytest.raises(ConfigError, match=r"timeout must be a number, not text"):
        Client.from_config({"settings": {"timeout": "os.environ/RESP_A"}})


def test_references_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"M": "openai/m", "H": "header", "L": "0.5", "T": "tag"}.items():
        monkeypatch.setenv(f"RESP_{name}", value)
    client = Client.from_config(
        {
            "settings": {
                "model": "os.environ/RESP_M",
                "default_headers": {"x": "os.environ/RESP_H"},
                "budgets": [{"limit": "os.environ/RESP_L"}],
                "tags": ["os.environ/RESP_T"],
            }
        }
    )
    made = client._wiring.settings
    assert made.model == "openai/m"
    assert made.connection.default_headers == {"x": "header"}
    assert str(made.spending.budgets.budgets[0].amount) == "0.5"
    assert made.spending.tags == ("tag",)


# -- secrets

URL = f"http://user:{PASSWORD}@host.example/x"
PLACES: list[Any] = [
    *({name: "?"} for name in sorted(NAMES)),
    {"default_headers": {"authorization": "?"}},
    {"default_headers": {"a b": "?"}},
    {"default_query": {"sig": "?"}},
    {"prices": {"m": {"input": "?"}}},
    {"prices": {"m": {"date": "?", "input": "?"}}},
    {"budgets": [{"limit": "?"}]},
    {"budgets": [{"limit": 1, "window": "?"}]},
    {"approvals": {"rules": [{"decision": "?"}]}},
    {"on_unknown_price": {"input": "?"}},
    {"unknown": "?"},
    {"base_url": "?", "api_base": "https://other.example"},
    {"tags": ["?", ""]},
    {"hooks": ["?"]},
    {"timeout": "?"},
]


def filled(value: Any, secret: str) -> Any:
    if isinstance(value, dict):
        return {name: filled(item, secret) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, secret) for item in value]
    return secret if value == "?" else value


def told(settings: Any, **more: Any) -> str:
    """Everything that an error about such settings says, with local variables."""
    with pytest.raises(RespError) as caught:
        Client.from_config({"settings": settings}, **more)
    return "".join(shown(caught.value))


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("secret", [KEY, URL])
@pytest.mark.parametrize("by", ["text", "reference"])
def test_no_error_of_a_configuration_shows_a_value(
    place: Any, secret: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands in the wrong place."""
    monkeypatch.setenv("RESP_A", secret)
    settings = filled(place, secret if by == "text" else "os.environ/RESP_A")
    said = told({**settings, "no_such_name": secret})
    assert not leaks(said), said


@pytest.mark.parametrize(
    ("place", "secret"),
    [
        ({"api_key": "?"}, KEY),
        ({"azure_ad_token": "?"}, KEY),
        ({"default_headers": {"authorization": "?"}}, KEY),
        ({"default_query": {"sig": "?"}}, KEY),
        ({"proxy": "?"}, URL),
        ({"base_url": "?"}, URL),
        ({"ledger": "?"}, URL.replace("http", "postgresql")),
        ({"state_store": "?"}, URL.replace("http", "redis")),
    ],
    ids=str,
)
@pytest.mark.parametrize("by", ["text", "reference"])
def test_credentials_are_hidden_from_then_on(
    place: Any, secret: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From whatever goes wrong after the configuration was read."""
    monkeypatch.setenv("RESP_A", secret)
    settings = filled(place, secret if by == "text" else "os.environ/RESP_A")
    said = told(settings, timeout="x")
    assert not leaks(said), said
    client = Client.from_config({"settings": settings})
    assert not leaks(f"{client!r} {client._wiring.settings!r}")


def test_the_defaults_show_nothing_either() -> None:
    with pytest.raises(ConfigError) as caught:
        configure(config={"settings": {"api_key": KEY, "timeout": "x"}})
    assert not leaks("".join(shown(caught.value)))


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_file_shows_nothing(suffix: str, tmp_path: Path) -> None:
    """However it is broken."""
    for number, text in enumerate(
        (
            f'{{"settings": {{"api_key": "{KEY}", "timeout": "x"}}}}',
            f'{{"settings": {{"api_key": "{KEY}", "api_key": "{KEY}"}}}}',
            f'{{"settings": {{"api_key": *{KEY}',
            f"{KEY}",
            f'"{KEY}',
            f'{{"settings": {{"api_key": !!python/object:{KEY} a}}}}',
            f"!{KEY} a",
            f"&{KEY} a: *{PASSWORD}",
            f"settings: *{PASSWORD}",
            f"settings: {{api_key: '{KEY}\n",
            f"settings:\n\tapi_key: {KEY}",
            f"settings:\n  api_key: {KEY}: {PASSWORD}",
            f"settings:\n  ? [{KEY}]\n  : a",
            f"settings:\n  {KEY}: a",
            f"%{KEY} a",
        )
    ):
        file = tmp_path / f"{number}.{suffix}"
        file.write_text(text)
        with pytest.raises(ConfigError) as caught:
            Client.from_config(file)
        assert str(file) in str(caught.value)
        assert not leaks("".join(shown(caught.value))), text


def test_what_is_shown_to_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESP_A", KEY)
    found = read_configuration(
        {
            "settings": {
                "model": "openai/m",
                "api_key": "os.environ/RESP_A",
                "azure_ad_token": None,
                "proxy": URL,
                "default_headers": {"authorization": f"Bearer {KEY}", "x-team": "search"},
                "default_query": {"sig": KEY},
                "budgets": [{"limit": 5}],
            }
        }
    )
    text = dict(rows(found.document))
    assert text == {
        "model": "openai/m",
        "api_key": "os.environ/RESP_A",
        "proxy": "http://host.example/x",
        "default_headers.authorization": "***",
        "default_headers['x-team']": "search",
        "default_query.sig": "***",
        "budgets[0].limit": "5",
    }
    assert found.literal == (
        "settings.proxy",
        "settings.default_headers.authorization",
        "settings.default_query.sig",
    )
    assert not leaks(repr(found))
    assert found.without_values(f"{KEY} {URL}") == "*** ***"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_credential_in_a_file_is_warned_of(kind: Any, tmp_path: Path) -> None:
    file = tmp_path / "resp.json"
    file.write_text(f'{{"settings": {{"api_key": "{KEY}"}}}}')
    with pytest.warns(UserWarning, match=r"resp.json holds .*settings.api_key") as caught:
        client = kind.from_config(file)
    assert caught[0].filename == __file__
    assert not leaks(str(caught[0].message))
    assert client._wiring.settings.connection.api_key.reveal() == KEY


def test_a_credential_from_a_vault_is_not_warned_of() -> None:
    client = Client.from_config({"settings": {"api_key": KEY}})  # warnings are errors here
    assert client._wiring.settings.connection.api_key.reveal() == KEY


def test_the_canaries_are_seen() -> None:
    assert set(leaks(f"{KEY} {URL}")) == {KEY, PASSWORD}
    assert {KEY, PASSWORD} <= {*CANARIES}
