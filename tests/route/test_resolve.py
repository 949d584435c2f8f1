"""From model strings to deployments: which provider, and what is said when there is none."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.auth.source import KeyAuth, Secret
from resp_core.errors import ArgumentError, RespError, UnknownProviderError
from resp_core.providers import names
from resp_core.route.deployment import Connection
from resp_core.route.resolve import describe, resolve, same_provider, split_model

ALL_KEYS = {
    "OPENAI_API_KEY": "k-openai",
    "AZURE_API_KEY": "k-azure",
    "AZURE_API_BASE": "https://res.openai.azure.com",
    "GROQ_API_KEY": "k-groq",
    "OPENROUTER_API_KEY": "k-openrouter",
    "FIREWORKS_API_KEY": "k-fireworks",
}


@pytest.mark.parametrize(
    ("model", "provider", "expected"),
    [
        ("openai/gpt-4o", None, ("openai", "gpt-4o")),
        ("gpt-4o", None, ("openai", "gpt-4o")),
        ("o3", None, ("openai", "o3")),
        ("openrouter/openai/gpt-4o", None, ("openrouter", "openai/gpt-4o")),
        ("fireworks_ai/accounts/x/models/y", None, ("fireworks", "accounts/x/models/y")),
        ("ollama/llama3:8b", None, ("ollama", "llama3:8b")),
        # A provider given decides, whatever the name looks like.
        ("gpt-4o", "groq", ("groq", "gpt-4o")),
        ("openai/gpt-4o", "openrouter", ("openrouter", "openai/gpt-4o")),
        ("openrouter/openai/gpt-4o", "openrouter", ("openrouter", "openai/gpt-4o")),
        ("together/m", "together_ai", ("together", "m")),
        ("together_ai/m", "together", ("together", "m")),
        ("azure/responses/d", "azure", ("azure", "responses/d")),
        ("a/b", "azure", ("azure", "a/b")),
    ],
)
def test_split_model(model: str, provider: str | None, expected: tuple[str, str]) -> None:
    assert split_model(model, provider) == expected


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("llama-3", "groq/llama-3"),
        ("opeanai/gpt-4o", "Did you mean openai"),
        ("meta-llama/Llama-3", "<provider>/meta-llama/Llama-3"),
        ("/gpt-4o", "no provider ''"),
    ],
)
def test_no_provider_lists_candidates_whatever_keys_are_set(model: str, said: str) -> None:
    with pytest.raises(UnknownProviderError) as caught:
        resolve(model, Connection(), ALL_KEYS)
    assert said in str(caught.value)
    assert caught.value.param == "model"
    assert "k-" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "connection"),
    [
        (None, Connection()),
        ("", Connection()),
        ("openai/", Connection()),
        ("openai", Connection()),
        ("azure/responses/", Connection()),
        ("openai/  ", Connection()),
    ],
)
def test_no_model(model: str | None, connection: Connection) -> None:
    with pytest.raises(ArgumentError) as caught:
        resolve(model, connection, ALL_KEYS)
    assert caught.value.param == "model"


@pytest.mark.parametrize(
    ("connection", "provider"),
    [
        (Connection(provider="groq"), "groq"),
        (Connection(provider="azure"), "azure"),
        (Connection(base_url="https://api.groq.com/openai/v1"), "groq"),
        (Connection(base_url="https://res.services.ai.azure.com"), "azure"),
        (Connection(base_url="https://llm.example/v1"), "custom"),
    ],
)
def test_stored_objects_need_no_model(connection: Connection, provider: str) -> None:
    target = resolve(None, connection, ALL_KEYS)
    assert (target.provider, target.model) == (provider, "")


@pytest.mark.parametrize(
    ("model", "arguments", "param", "kind"),
    [
        (7, {}, "model", "int"),
        (["openai/x"], {}, "model", "list"),
        ("openai/x", {"base_url": 7}, "base_url", "int"),
        ("openai/x", {"api": True}, "api", "bool"),
        ("openai/x", {"api": "chatty"}, "api", "chatty"),
        ("openai/x", {"api_key": "plain"}, "api_key", "str"),
        ("openai/x", {"organization": b"o"}, "organization", "bytes"),
        ("openai/x", {"base_model": 1.5}, "base_model", "float"),
        ("openai/x", {"context_window": "big"}, "context_window", "str"),
        ("openai/x", {"context_window": True}, "context_window", "bool"),
        ("openai/x", {"context_window": 0}, "context_window", "int"),
        ("openai/x", {"default_headers": ["a"]}, "default_headers", "list"),
        ("openai/x", {"default_headers": {"a": 1}}, "default_headers", "int"),
        ("openai/x", {"default_headers": {1: "a"}}, "default_headers", "int"),
        ("openai/x", {"default_headers": {"a": "b\r\nc: d"}}, "default_headers", "line break"),
        ("openai/x", {"default_query": "a=1"}, "default_query", "str"),
        ("openai/x", {"provider": "opeanai"}, "provider", "Did you mean openai"),
    ],
)
def test_wrong_types_are_named(
    model: Any, arguments: dict[str, Any], param: str, kind: str
) -> None:
    with pytest.raises(ArgumentError, match=kind) as caught:
        resolve(model, Connection(**arguments), ALL_KEYS)
    assert caught.value.param is not None
    assert param in caught.value.param


@given(st.text(), st.none() | st.sampled_from(names()) | st.text())
def test_any_string_is_resolved_or_refused(model: str, provider: str | None) -> None:
    try:
        target = resolve(model, Connection(provider=provider), ALL_KEYS)
    except RespError:
        return
    assert target.provider in names()


def test_same_provider() -> None:
    assert same_provider("openai/a", "gpt-4o")
    assert not same_provider("openai/a", "groq/a")
    assert same_provider(None, "groq/a")
    assert same_provider("openai/a", None)


@pytest.mark.parametrize(
    ("client_model", "call_model", "client", "call", "same"),
    [
        ("llama", "llama", "groq", None, True),
        ("llama", "groq/x", "groq", None, True),
        ("openai/a", "openai/a", None, "azure", False),
        ("openai/a", "a", None, "openai", True),
        (None, "openai/a", "groq", None, True),
        (None, "x", "groq", "azure", False),
        (None, "together/x", "together_ai", "together", True),
    ],
)
def test_same_provider_where_one_is_given(
    client_model: str | None, call_model: str, client: str | None, call: str | None, same: bool
) -> None:
    connections = (Connection(provider=client), Connection(provider=call))
    assert same_provider(client_model, call_model, *connections) is same


@pytest.mark.parametrize(
    ("model", "connection", "url", "credential"),
    [
        ("gpt-4o", Connection(), "https://api.openai.com/v1/responses", "key from OPENAI_API_KEY"),
        ("offline/demo", Connection(), "offline://local/v1/responses", "none"),
        (
            "azure/d",
            Connection(azure_ad_token=Secret("k-token"), api_version="2024-10-21"),
            "https://res.openai.azure.com/openai/deployments/d/chat/completions"
            "?api-version=2024-10-21",
            "token from azure_ad_token",
        ),
    ],
)
def test_describe_has_no_secret(
    model: str, connection: Connection, url: str, credential: str
) -> None:
    target = resolve(model, connection, ALL_KEYS)
    shown = describe(target)
    assert (shown["url"], shown["credential"]) == (url, credential)
    for text in (repr(shown), repr(target), repr(connection)):
        assert "k-" not in text


def test_describe_hides_what_a_query_may_carry() -> None:
    shown = describe(resolve("gpt-4o", Connection(default_query={"key": "k-query"}), ALL_KEYS))
    assert "k-query" not in str(shown["url"])


def test_a_pickled_deployment_has_no_secret() -> None:
    target = resolve("gpt-4o", Connection(default_headers={"x": "y"}), ALL_KEYS)
    data = pickle.dumps(target)
    assert b"k-openai" not in data
    back = pickle.loads(data)
    assert isinstance(back.auth, KeyAuth)
    assert dataclasses.replace(back, auth=target.auth) == target
