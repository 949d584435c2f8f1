"""Joining a client's connection with a call's, and choosing the wire API."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core.auth.source import NoAuth, Secret
from resp_core.models.profile import unknown
from resp_core.route.deployment import Connection, Deployment, choose_wire, merge
from resp_core.route.resolve import resolve

HERE, THERE = "https://here.example/v1", "https://there.example/v1"
KEY, OTHER = Secret("client"), Secret("call")
CLIENT = Connection(base_url=HERE, api_key=KEY, default_headers={"x-secret": "s"}, api="chat")


def merged(client: Connection = CLIENT, *, other_provider: bool = False, **call: Any) -> Connection:
    return merge(client, Connection(**call), other_provider=other_provider)


def test_nothing_said_changes_nothing() -> None:
    assert merged() == CLIENT
    assert merged(base_url="", api_key=Secret(""), api_version="") == CLIENT


def test_the_call_wins() -> None:
    joined = merged(api="responses", api_key=OTHER, default_headers={"x-team": "b"})
    assert joined == Connection(
        base_url=HERE,
        api_key=OTHER,
        api="responses",
        default_headers={"x-secret": "s", "x-team": "b"},
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("azure_ad_token", OTHER), ("azure_ad_token_provider", str), ("credential", object())],
)
def test_a_credential_of_the_call_replaces_the_clients(name: str, value: object) -> None:
    joined = merged(**{name: value})
    assert joined.api_key is None
    assert getattr(joined, name) is value


def test_a_base_url_without_a_key_gets_no_key() -> None:
    joined = merged(base_url=THERE)
    assert joined == Connection(base_url=THERE, api="chat", keyless=True)
    target = resolve("openai/m", joined, {"OPENAI_API_KEY": "env", "OPENAI_ORG_ID": "org"})
    assert isinstance(target.auth, NoAuth)
    assert target.headers == {}


def test_nor_does_azure() -> None:
    joined = merged(Connection(azure_ad_token=KEY), base_url="https://r.openai.azure.com")
    assert isinstance(resolve("azure/d", joined, {"AZURE_API_KEY": "env"}).auth, NoAuth)


def test_a_base_url_with_its_key_keeps_it() -> None:
    joined = merged(base_url=THERE, api_key=OTHER)
    assert joined == Connection(base_url=THERE, api_key=OTHER, api="chat")


def test_the_same_base_url_is_no_move() -> None:
    assert merged(base_url=HERE + "/").api_key is KEY


def test_another_provider_gets_nothing_of_the_clients() -> None:
    joined = merged(other_provider=True)
    assert joined == Connection(api="chat")
    assert merged(other_provider=True, base_url=HERE).keyless
    assert not merged(other_provider=True, api_key=OTHER).keyless


def test_moved_stays_moved() -> None:
    moved = merged(base_url=THERE)
    assert merge(moved, Connection()).keyless
    assert not merge(moved, Connection(api_key=OTHER)).keyless


def deployment(*dialects: Any) -> Deployment:
    return Deployment("p/m", "p", "m", HERE, dialects, unknown("m"))


@pytest.mark.parametrize(
    ("dialects", "called", "wire"),
    [
        (("responses", "chat"), None, "responses"),
        (("responses", "chat"), "chat", "chat"),
        (("chat", "responses"), "responses", "responses"),
        (("chat",), "responses", "chat"),
        (("responses",), "chat", "responses"),
    ],
)
def test_choose_wire(dialects: tuple[Any, ...], called: Any, wire: str) -> None:
    assert choose_wire(deployment(*dialects), called) == wire
