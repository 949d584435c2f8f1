"""How a model reaches its provider: clients of its own, given ones, copies and pickles."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import httpx2
import pytest
from llama_index.core.base.llms.types import ChatMessage

from llamaindex_resp import RespEmbedding, RespLLM
from resp_core import AsyncClient, Client, Policy, Price
from resp_core.errors import ArgumentError

HELLO = [ChatMessage(role="user", content="Hello")]
SAID = {
    "id": "resp_1",
    "status": "completed",
    "output": [
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
        }
    ],
}


class Seen:
    """A transport that remembers the requests."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(200, json=SAID)

    @property
    def last(self) -> tuple[str, str]:
        request = self.requests[-1]
        return request.url.host, request.headers["authorization"]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def guest(seen: Seen) -> httpx2.Client:
    return httpx2.Client(transport=httpx2.MockTransport(seen))


OPTIONS: list[dict[str, Any]] = [
    {"provider": "openai"},
    {"api": "chat"},
    {"base_url": "https://a.example/v1"},
    {"api_version": "v1"},
    {"scopes": ["s"]},
    {"organization": "o", "project": "p"},
    {"default_headers": {"x-a": "1"}, "default_query": {"q": "1"}},
    {"timeout": 3.0, "idle_timeout": 1.0, "max_retries": 7, "retry_on_timeout": False},
    {"proxy": "", "verify": False, "transport": "aiohttp"},
    {"on_unsupported": "drop"},
    {"hooks": [print], "tags": ["t"], "prices": {"openai/gpt-5": Price(input=1, output=1)}},
    {"base_model": "gpt-5", "region": "eu", "data_zone": "eu", "deployment_type": "Standard"},
    {"approvals": Policy(), "approval_scope": "me", "strict_approvals": True, "mcp_timeout": 2.0},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: next(iter(options)))
@pytest.mark.parametrize("kind", [RespLLM, RespEmbedding])
def test_an_option_reaches_the_client(kind, options):
    given = kind("openai/gpt-5", api_key="k", **options)._client_arguments()
    assert given["model"] == "openai/gpt-5"
    assert given["api_key"].reveal() == "k"
    assert {name: given[name] for name in options} == options


def test_nothing_else_is_told_to_the_client():
    assert RespLLM("openai/gpt-5")._client_arguments() == {
        "model": "openai/gpt-5",
        "api": "auto",
        "default_headers": {},
        "default_query": {},
        "verify": True,
        "hooks": (),
    }


async def test_a_transport_for_async_calls_alone(azure):
    llm = RespLLM("azure/demo", azure_endpoint=azure.url, api_key="k", transport="aiohttp")
    assert (await llm.acomplete("Hello")).text.startswith("Hello!")
    assert llm.metadata.model_name == "azure/demo"
    await llm.async_client.close()
    with pytest.raises(ArgumentError, match="aiohttp"):
        llm.complete("Hello")


def test_a_key_may_be_a_secret_of_pydantic():
    from pydantic import SecretStr

    llm = RespLLM("openai/gpt-5", api_key=SecretStr("sk-canary-1"))
    assert llm.api_key.reveal() == "sk-canary-1"
    assert "canary" not in repr(llm)


def test_an_address_with_credentials_is_shown_without():
    llm = RespLLM("openai/gpt-5", base_url="https://me:canary@a.example/v1?sig=canary")
    forms = f"{llm!r} {llm.to_dict()} {llm.to_json()} {pickle.dumps(llm)!r}"
    assert "canary" not in forms
    assert "a.example" in forms


# --- clients that are given


def test_a_given_client_has_the_connection(azure):
    client = Client("azure/demo", azure_endpoint=azure.url, api_key="k", api_version="2025-03-01")
    with client:
        llm = RespLLM(client=client)
        assert llm.client is client
        assert (llm.model, llm.metadata.model_name) == ("azure/demo", "azure/demo")
        assert llm.chat(HELLO).additional_kwargs["model"].startswith("azure/")
        assert list(llm.stream_complete("Hello"))[-1].text.startswith("Hello!")
        other = RespLLM("azure/demo-2", client=client, temperature=0.1)
        assert other.chat(HELLO).message.content


def test_a_given_client_decides_what_is_dropped():
    client = Client("offline/demo", api="responses", on_unsupported="drop")
    assert RespLLM(client=client).complete("Hi", seed=1).additional_kwargs["dropped"] == ["seed"]
    llm = RespLLM(client=client, on_unsupported="raise")
    with pytest.raises(ArgumentError, match="seed"):
        llm.complete("Hi", seed=1)


async def test_each_kind_of_call_needs_its_client():
    sync, awaited = Client("offline/demo"), AsyncClient("offline/demo")
    with pytest.raises(ArgumentError, match="async_client="):
        await RespLLM(client=sync).acomplete("Hello")
    with pytest.raises(ArgumentError, match="client="):
        RespLLM(async_client=awaited).complete("Hello")
    assert (await RespLLM(async_client=awaited).acomplete("Hello")).text
    both = RespLLM(client=sync, async_client=awaited)
    assert both.complete("Hello").text == (await both.acomplete("Hello")).text


@pytest.mark.parametrize("kind", [RespLLM, RespEmbedding])
def test_a_connection_beside_a_given_client_is_refused(kind):
    client = Client("offline/demo")
    with pytest.raises(ArgumentError, match="timeout: the client that was given") as caught:
        kind("offline/demo", client=client, timeout=3)
    assert caught.value.param == "timeout"
    made = kind("offline/demo", client=client)
    with pytest.raises(ArgumentError, match="api_key"):
        made.api_key = "k"
    with pytest.raises(ArgumentError, match="base_url"):
        made.model_copy(update={"base_url": "http://a"})
    made.model = "offline/other"
    assert made.client is client


def test_an_embedding_with_a_given_client():
    embedding = RespEmbedding(client=Client("offline/embed"))
    assert embedding.get_text_embedding("a") == RespEmbedding("offline/embed").get_text_embedding(
        "a"
    )


def test_copies_share_a_given_client_and_pickles_take_it_along():
    client = Client("offline/demo", api_key="sk-canary-1", tags=["t"])
    llm = RespLLM(client=client, temperature=0.5)
    for copied in (copy.copy(llm), copy.deepcopy(llm), llm.model_copy(update={"top_p": 0.5})):
        assert copied.client is client
    pickled = pickle.dumps(llm)
    assert b"canary" not in pickled
    revived = pickle.loads(pickled)
    assert revived.temperature == 0.5
    assert revived.complete("Hello").text == llm.complete("Hello").text
    with pytest.raises(ArgumentError, match="client that was given"):
        revived.timeout = 3


def test_a_credential_that_was_left_out_is_asked_for_again(guest, seen):
    server = {"type": "mcp", "server_label": "s", "server_url": "https://e.org/mcp"}
    tools = [{**server, "headers": {"x-token": "canary"}}]
    llm = RespLLM("openai/gpt-5", api_key="k", http_client=guest, built_in_tools=tools)
    for revived in (pickle.loads(pickle.dumps(llm)), RespLLM.from_dict(llm.to_dict())):
        revived.api_key, revived.http_client = "k", guest
        with pytest.raises(ArgumentError, match=r"set llm\.built_in_tools again"):
            revived.chat(HELLO)
        assert not seen.requests
        revived.built_in_tools = tools
        assert revived.chat(HELLO).message.content == "Hi"
        seen.requests.clear()


# --- changes


def test_a_copy_with_another_connection_uses_it(guest, seen):
    llm = RespLLM("openai/gpt-5", base_url="https://a.example/v1", api_key="one", http_client=guest)
    llm.chat(HELLO)
    assert seen.last == ("a.example", "Bearer one")
    for deep in (False, True):
        there = {"base_url": "https://b.example/v1", "api_key": "two"}
        llm.model_copy(update=there, deep=deep).chat(HELLO)
        assert seen.last == ("b.example", "Bearer two")
    llm.chat(HELLO)
    assert seen.last == ("a.example", "Bearer one")


def test_a_changed_model_has_its_own_facts(guest):
    llm = RespLLM("openai/gpt-5", api_key="k", http_client=guest)
    assert llm.metadata.context_window == 400_000
    llm.model = "openai/gpt-4o"
    assert llm.metadata.context_window == 128_000
    assert llm.model_copy(update={"model": "openai/gpt-5"}).metadata.context_window == 400_000


def test_an_unknown_field_of_a_copy_is_refused():
    with pytest.raises(ValueError, match="temprature"):
        RespLLM("offline/demo").model_copy(update={"temprature": 1})
