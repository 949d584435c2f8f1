"""A configuration has the very names of a client, and each does what it does in code."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from resp_core import Budget, Client, Policy, Price, Rule
from resp_core.client.options import ClientOptions
from resp_core.config import CALL_ONLY, CODE_ONLY, NAMES
from resp_core.config.schema import _Budget, _Rule
from resp_core.io.config_yaml import parse_yaml

ROOT = Path(__file__).resolve().parent.parent.parent

#: A value for each name, and what the same is in code where that differs.
SAMPLES: dict[str, Any] = {
    "model": "azure/m",
    "provider": "azure",
    "custom_llm_provider": "azure",
    "api": "chat",
    "base_url": "https://a.example/v1",
    "api_base": "https://a.example/v1",
    "openai_api_base": "https://a.example/v1",
    "azure_endpoint": "https://a.example/v1",
    "api_key": "sk-1",
    "api_version": "2025-04-01-preview",
    "azure_ad_token": "ey",
    "scopes": ["a", "b"],
    "organization": "org",
    "project": "p",
    "default_headers": {"x-team": "search"},
    "default_query": {"api-version": "v1", "n": 1},
    "context_window": 1000,
    "timeout": 5,
    "idle_timeout": 2.5,
    "max_retries": 0,
    "retry_on_timeout": True,
    "on_unsupported": "drop",
    "proxy": "http://proxy.example:3128",
    "verify": "/certificates.pem",
    "transport": "aiohttp",
    "state_store": "sqlite:///state.db",
    "approvals": {"default": "deny", "rules": [{"decision": "approve", "tool": "read_*"}]},
    "approval_scope": "ann",
    "strict_approvals": True,
    "mcp_timeout": 9,
    "base_model": "openai/gpt-5.4",
    "region": "eu",
    "data_zone": "us",
    "deployment_type": "global",
    "image_model": "gpt-image-1",
    "prices": {"azure/m": {"input": "0.1", "output": 2, "date": "2026-01-01"}},
    "budgets": [{"limit": "1.50", "window": "day", "by": "user", "only": "ann", "name": "ann's"}],
    "on_unknown_price": {"input": 1},
    "ledger": "calls.db",
    "tags": ["a", "b"],
    "telemetry": False,
}
IN_CODE: dict[str, Any] = {
    "approvals": Policy([Rule("approve", tool="read_*")], default="deny"),
    "budgets": [Budget("1.50", window="day", by="user", only="ann", name="ann's")],
    "on_unknown_price": Price(input=Decimal(1)),
}


def settings(client: Any) -> dict[str, Any]:
    """All that a client was told, in a form that can be compared."""
    made = client._wiring.settings
    found = {item.name: getattr(made, item.name) for item in fields(made)}
    policy = made.approvals.policy
    found["policy of approvals"] = policy and (policy.rules, policy.default)
    found["approvals"] = replace(made.approvals, policy=None)
    return found


def test_the_names_are_those_of_a_client() -> None:
    client = {"model", *ClientOptions.__annotations__}
    assert client - CODE_ONLY - CALL_ONLY == NAMES
    assert client > CODE_ONLY | CALL_ONLY


def test_budgets_and_rules_have_the_names_that_they_have_in_code() -> None:
    assert set(_Budget.__annotations__) == {item.name for item in fields(Budget)}
    # a predicate is a function
    assert set(_Rule.__annotations__) == {item.name for item in fields(Rule)} - {"when"}


def test_every_price_in_code_can_be_written() -> None:
    parts = {item.name: "1" for item in fields(Price) if item.name != "date"}
    client = Client.from_config({"settings": {"prices": {"m": {**parts, "date": "today"}}}})
    assert client._wiring.settings.spending.prices == {
        "m": Price(**{name: Decimal(1) for name in parts}, date="today")
    }


def test_every_name_has_a_sample_and_a_line_in_the_documents() -> None:
    assert SAMPLES.keys() == NAMES
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert [name for name in NAMES | CODE_ONLY if f"`{name}`" not in text] == []


def test_the_yaml_of_the_documents_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    text = (ROOT / "docs" / "configuration.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        Client.from_config(parse_yaml(block))


@pytest.mark.parametrize("name", sorted(NAMES - {"transport"}))
def test_each_says_what_it_says_in_code(name: str) -> None:
    written = Client.from_config({"settings": {name: SAMPLES[name]}})
    coded = Client(**{name: IN_CODE.get(name, SAMPLES[name])})
    assert settings(written) == settings(coded)
    if name not in ("telemetry",):  # off, as by default
        assert settings(written) != settings(Client())


def test_a_transport_is_for_async_clients() -> None:
    from resp_core import AsyncClient

    written = AsyncClient.from_config({"settings": {"transport": "aiohttp"}})
    assert settings(written) == settings(AsyncClient(transport="aiohttp"))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_nothing_after_a_name_is_as_if_it_were_not_there(name: str) -> None:
    written = Client.from_config({"settings": {name: None}})
    assert settings(written) == settings(Client())


def test_texts_stand_for_lists_of_one() -> None:
    written = Client.from_config({"settings": {"tags": "a", "scopes": "s"}})
    assert settings(written) == settings(Client(tags=["a"], scopes=["s"]))
