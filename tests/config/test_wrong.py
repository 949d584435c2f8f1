"""Every problem is told at once, with its place and its remedy; nothing is taken in silence."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core import AsyncClient, Client, RespError
from resp_core.config import NAMES
from resp_core.errors import ConfigError


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 1


def looped() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["a"] = found
    return found


#: what stands under `settings:` -> the place, and what the text must hold
SETTINGS: list[tuple[Any, str, str]] = [
    ([], "settings", "a mapping, not a list"),
    ("model: m", "settings", "a mapping, not text"),
    ({"tmeout": 5}, "settings.tmeout", "Did you mean timeout"),
    ({"tmeout": None}, "settings.tmeout", "not known"),
    ({"drop_params": True}, "settings.drop_params", "not known"),
    ({"model": 5}, "settings.model", "text, not a number: put it in quotes"),
    ({"model": True}, "settings.model", "text, not true/false: put it in quotes"),
    ({"api": "completions"}, "settings.api", "auto, responses or chat"),
    ({"timeout": "5"}, "settings.timeout", "a number, not text"),
    ({"timeout": True}, "settings.timeout", "a number, not true/false"),
    ({"timeout": 0}, "settings.timeout", "above 0"),
    ({"timeout": float("nan")}, "settings.timeout", "finite"),
    ({"timeout": float("inf")}, "settings.timeout", "finite"),
    ({"timeout": 10**300}, "settings.timeout", "10000000"),
    ({"max_retries": -1}, "settings.max_retries", "at least 0"),
    ({"max_retries": 1.5}, "settings.max_retries", "a whole number"),
    ({"max_retries": True}, "settings.max_retries", "a whole number, not true/false"),
    ({"context_window": 0}, "settings.context_window", "above 0"),
    ({"retry_on_timeout": "yes"}, "settings.retry_on_timeout", "true or false, not text"),
    ({"scopes": [1]}, "settings.scopes", "a list of texts"),
    ({"tags": [""]}, "settings.tags", "a list of texts"),
    ({"default_headers": ["a"]}, "settings.default_headers", "a mapping, not a list"),
    ({"default_headers": {"a": 1}}, "settings.default_headers.a", "text, not a number"),
    ({"default_headers": {1: "a"}}, "settings.default_headers", "a name that is not text"),
    ({"default_query": {"a": [1]}}, "settings.default_query.a", "not a list"),
    ({"verify": False}, "settings.verify", "cannot turn verification off"),
    ({"verify": "False"}, "settings.verify", "cannot turn verification off"),
    ({"verify": "0"}, "settings.verify", "cannot turn verification off"),
    ({"verify": ""}, "settings.verify", "cannot turn verification off"),
    ({"verify": 0}, "settings.verify", "cannot turn verification off"),
    ({"transport": "curl"}, "settings.transport", "httpx2 or aiohttp"),
    ({"proxy": "not a proxy"}, "settings.proxy", "http://host:3128"),
    ({"state_store": "mysql://host"}, "settings.state_store", "redis://host"),
    ({"state_store": "memory.db"}, "settings.state_store", "sqlite:///path"),
    ({"ledger": "mysql://host"}, "settings.ledger", "postgresql://"),
    ({"ledger": ""}, "settings.ledger", "a path"),
    ({"on_unsupported": "ignore"}, "settings.on_unsupported", "raise, warn or drop"),
    ({"base_url": "https://a", "api_base": "https://b"}, "settings.base_url", "different"),
    ({"prices": {"openai/gpt-5.4": {}}}, "settings.prices['openai/gpt-5.4']", "amounts"),
    ({"prices": {"m": {"inputs": 1}}}, "settings.prices.m.inputs", "Did you mean input"),
    ({"prices": {"m": {"input": -1}}}, "settings.prices.m.input", "an amount of US dollars"),
    ({"prices": {"m": {"input": "a"}}}, "settings.prices.m.input", "an amount of US dollars"),
    ({"prices": {"m": {"input": None}}}, "settings.prices.m.input", "an amount of US dollars"),
    ({"prices": {"m": {"input": 1, "date": 5}}}, "settings.prices.m.date", "text, not a number"),
    ({"prices": {"m": 5}}, "settings.prices.m", "amounts"),
    ({"budgets": {"limit": 5}}, "settings.budgets", "a list, not a mapping"),
    ({"budgets": [{"window": "day"}]}, "settings.budgets[0].limit", "missing"),
    ({"budgets": [{"limit": 1}, {"limit": "x"}]}, "settings.budgets[1].limit", "US dollars"),
    ({"budgets": [{"limit": -1}]}, "settings.budgets[0].limit", "US dollars"),
    ({"budgets": [{"limit": 1, "window": "week"}]}, "settings.budgets[0].window", "month"),
    ({"budgets": [{"limit": 1, "by": "team"}]}, "settings.budgets[0].by", "user"),
    ({"budgets": [{"limit": 1, "windw": "day"}]}, "settings.budgets[0].windw", "not known"),
    ({"on_unknown_price": "ignore"}, "settings.on_unknown_price", "warn, block"),
    ({"on_unknown_price": {"inputs": 1}}, "settings.on_unknown_price.inputs", "mean input"),
    ({"on_unknown_price": 5}, "settings.on_unknown_price", "amounts"),
    ({"approvals": "ask"}, "settings.approvals", "a mapping, not text"),
    ({"approvals": {"default": False}}, "settings.approvals.default", "ask, approve or deny"),
    ({"approvals": {"rules": [{}]}}, "settings.approvals.rules[0].decision", "missing"),
    (
        {"approvals": {"rules": [{"decision": "deny", "when": "True"}]}},
        "settings.approvals.rules[0].when",
        "not known",
    ),
    ({"telemetry": "on"}, "settings.telemetry", "true or false"),
    ({"hooks": ["my.module.hook"]}, "settings.hooks", "in code: pass hooks="),
    ({"hooks": [print]}, "settings.hooks", "in code: pass hooks="),
    ({"credential": "azure.identity.X"}, "settings.credential", "in code"),
    ({"azure_ad_token_provider": "m.f"}, "settings.azure_ad_token_provider", "in code"),
    ({"http_client": object()}, "settings.http_client", "in code"),
    ({"extra_headers": {"a": "b"}}, "settings.extra_headers", "default_headers"),
    ({"extra_body": {"a": "b"}}, "settings.extra_body", "goes with a call"),
    ({"model": object()}, "settings.model", "plain data"),
    ({"model": b"m"}, "settings.model", "plain data"),
    ({"tags": {1, 2}}, "settings.tags", "plain data"),
    ({"prices": nested(40)}, "settings.prices[0]", "nests deeper"),
    ({"prices": looped()}, "settings.prices.a", "nests deeper"),
    ({"tags": ["a"] * 20_000}, "config", "more than 10,000"),
]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(("given", "place", "said"), SETTINGS, ids=[s[1] for s in SETTINGS])
def test_a_setting(given: Any, place: str, said: str, kind: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        kind.from_config({"settings": given})
    assert caught.value.param == place
    assert said in str(caught.value)
    assert "the configuration: " in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("document", "place", "said"),
    [
        ({}, "settings", "is missing"),
        ({"settings": {}, "model_list": []}, "model_list", "there is no routing"),
        ({"settings": {}, "litellm_settings": {}}, "litellm_settings", "stand under settings"),
        ({"settings": {}, "timeout": 5}, "timeout", "settings.timeout"),
        ({"settings": {}, 5: 5}, "config", "a name that is not text"),
        ({"settings": {}, "x": lambda: None}, "x", "plain data"),
    ],
)
def test_what_stands_beside(document: Any, place: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Client.from_config(document)
    assert caught.value.param == place
    assert said in str(caught.value)


def test_all_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Client.from_config(
            {"settings": {"timeout": "5", "tmeout": 5, "budgets": [{}], "verify": False}}
        )
    text = str(caught.value)
    for place in ("timeout must", "tmeout is", "budgets[0].limit is missing", "verify must"):
        assert f"settings.{place}" in text


def test_of_very_many_the_first_are_told() -> None:
    with pytest.raises(ConfigError, match="and 95 more") as caught:
        Client.from_config({"settings": {f"name{n}": n for n in range(100)}})
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("given", [5, None, b"resp.yaml", ["resp.yaml"], object()])
def test_what_is_no_configuration(given: Any) -> None:
    with pytest.raises(RespError, match="a path or a mapping"):
        Client.from_config(given)


def test_a_section_may_be_empty() -> None:
    assert repr(Client.from_config({"settings": None})) == "Client(model=None)"
    assert repr(Client.from_config({"settings": {}})) == "Client(model=None)"


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
TREES = st.recursive(
    SCALARS | st.decimals() | st.binary(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(sorted(NAMES)), inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["limit", "window", "rules", "decision", "input", "date"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(NAMES)) | st.text(max_size=4), TREES, max_size=3))
def test_anything_is_read_or_refused(settings: dict[str, Any]) -> None:
    with contextlib.suppress(RespError):
        client = Client.from_config({"settings": settings})
        assert settings.keys() <= NAMES
        assert isinstance(client, Client)


@given(TREES)
def test_any_document_is_read_or_refused(document: Any) -> None:
    with pytest.raises(RespError):
        Client.from_config({"settings": {"model": "m"}, "other": document})


def test_amounts_are_exact() -> None:
    client = Client.from_config(
        {"settings": {"budgets": [{"limit": 0.1}, {"limit": Decimal("0.1")}, {"limit": "0.1"}]}}
    )
    budgets = client._wiring.settings.spending.budgets
    assert [budget.amount for budget in budgets.budgets] == [Decimal("0.1")] * 3
