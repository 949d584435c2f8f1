"""What is wrong with a call is said before anything is sent: parameter, what came, what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest

from resp_core import AsyncClient, Client
from resp_core.client.params import CLIENT_ONLY
from resp_core.errors import ArgumentError, CredentialError, UnknownProviderError, UnsupportedError
from tests.rawserver import Peer, RawServer, answer, raw_server, response

SECRET = "sk-canary-0123456789"


@pytest.fixture
def sink() -> Iterator[RawServer]:
    """A server that must not hear of any of this."""

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response()))

    with raw_server(serve) as server:
        yield server
        assert server.requests == []


DEEP: dict[str, Any] = {}
for _ in range(200_000):  # more than any Python's own encoder takes
    DEEP = {"a": DEEP}

#: arguments of a client -> parameter, and what the text must hold
CLIENT: list[tuple[dict[str, Any], str, str]] = [
    ({"model": 7}, "model", "int"),
    ({"model": b"openai/m"}, "model", "bytes"),
    ({"timeout": "5"}, "timeout", "'5'"),
    ({"timeout": 0}, "timeout", "above 0"),
    ({"timeout": -1}, "timeout", "above 0"),
    ({"timeout": float("nan")}, "timeout", "nan"),
    ({"timeout": float("inf")}, "timeout", "inf"),
    ({"timeout": True}, "timeout", "True"),
    ({"idle_timeout": "1"}, "idle_timeout", "'1'"),
    ({"max_retries": 1.5}, "max_retries", "1.5"),
    ({"max_retries": -1}, "max_retries", "-1"),
    ({"max_retries": "2"}, "max_retries", "'2'"),
    ({"max_retries": True}, "max_retries", "True"),
    ({"retry_on_timeout": "yes"}, "retry_on_timeout", "'yes'"),
    ({"api_key": 7}, "api_key", "int"),
    ({"api_key": b"sk"}, "api_key", "bytes"),
    ({"api_key": f"{SECRET}\n"}, "api_key", "line"),
    ({"api_key": f" {SECRET}"}, "api_key", "white space"),
    ({"api_key": "sk-“quoted”-0123456789"}, "api_key", "ASCII"),
    ({"base_url": 7}, "base_url", "int"),
    ({"base_url": "localhost:8080"}, "base_url", "https://"),
    ({"base_url": "ftp://host/v1"}, "base_url", "https://"),
    ({"base_url": "https://"}, "base_url", "host"),
    ({"base_url": "https://ho st/v1"}, "base_url", "white space"),
    ({"base_url": "https://host:port/v1"}, "base_url", "URL"),
    ({"base_url": f"https://user:{SECRET}@host/v1"}, "base_url", "password"),
    ({"base_url": "http://host.example/v1"}, "base_url", "unencrypted"),
    ({"base_url": "https://a/v1", "api_base": "https://b/v1"}, "base_url", "api_base"),
    ({"api": "completions"}, "api", "responses"),
    ({"provider": "nobody"}, "provider", "nobody"),
    ({"provider": 7}, "provider", "int"),
    ({"custom_llm_provider": "nobody"}, "provider", "nobody"),
    ({"organization": 7}, "organization", "int"),
    ({"context_window": "big"}, "context_window", "str"),
    ({"default_headers": ["a"]}, "default_headers", "list"),
    ({"default_headers": {"a": 7}}, "default_headers", "int"),
    ({"default_headers": {"a": "b\r\nx: y"}}, "default_headers", "line break"),
    ({"default_headers": {"a b": "c"}}, "default_headers", "a b"),
    ({"default_headers": {"content-length": "7"}}, "default_headers", "content-length"),
    ({"default_query": "a=b"}, "default_query", "str"),
    ({"proxy": 7}, "proxy", "int"),
    ({"proxy": "not a url at all"}, "proxy", "http://host:3128"),
    ({"proxy": "ftp://host"}, "proxy", "http://host:3128"),
    ({"verify": 7}, "verify", "int"),
    ({"verify": "/no/such/file.pem"}, "verify", "/no/such/file.pem"),
    ({"transport": "curl"}, "transport", "aiohttp"),
    ({"http_client": object()}, "http_client", "object"),
    ({"http_client": "httpx"}, "http_client", "str"),
    ({"hooks": print}, "hooks", "builtin_function"),
    ({"hooks": ["print"]}, "hooks", "str"),
    ({"on_unsupported": "ignore"}, "on_unsupported", "raise, warn or drop"),
    ({"extra_body": {}}, "extra_body", "call"),
    ({"extra_headers": {}}, "extra_headers", "default_headers"),
    ({"tmeout": 5}, "tmeout", "timeout"),
    ({"api_kye": "sk"}, "api_kye", "api_key"),
]


def ids(case: Any) -> str | None:
    return " ".join(case) or "nothing" if isinstance(case, dict) else None


@pytest.mark.parametrize(("arguments", "param", "said"), CLIENT, ids=ids)
def test_a_client(arguments: dict[str, Any], param: str, said: str, sink: RawServer) -> None:
    given = {"model": "openai/m", "api_key": "sk-test", "base_url": sink.url, **arguments}
    if {"api_base"} & arguments.keys():
        given |= arguments
    with pytest.raises(ArgumentError) as caught:
        Client(**given).responses.create(input="Hi")
    error = caught.value
    assert error.param == param
    assert said in str(error)
    assert SECRET not in str(error)
    assert isinstance(error, ValueError)


WRONG_ASYNC = [
    ({"http_async_client": httpx.Client}, "http_async_client"),
    ({"http_async_client": httpx2.Client}, "http_async_client"),
    ({"http_client": httpx.Client}, "http_async_client"),
]


@pytest.mark.parametrize(("made", "param"), WRONG_ASYNC)
def test_an_async_client_given_a_sync_one(
    made: dict[str, Any], param: str, sink: RawServer
) -> None:
    with next(iter(made.values()))() as mine:

        async def main() -> None:
            given = {name: mine for name in made}
            client = AsyncClient("openai/m", api_key="sk", base_url=sink.url, **given)
            await client.responses.create(input="Hi")

        with pytest.raises(ArgumentError) as caught:
            asyncio.run(main())
    assert caught.value.param == param
    assert "AsyncClient" in str(caught.value) or "http_async_client" in str(caught.value)


def test_a_sync_client_given_an_async_one(sink: RawServer) -> None:
    async def make() -> None:
        async with httpx2.AsyncClient() as mine:
            for name in ("http_client", "http_async_client"):
                with pytest.raises(ArgumentError) as caught:  # noqa: PT012
                    given: Any = {name: mine}
                    client = Client("openai/m", api_key="sk", base_url=sink.url, **given)
                    client.responses.create(input="Hi")
                assert caught.value.param == "http_client"

    asyncio.run(make())


def test_the_aiohttp_transport_is_for_async_clients() -> None:
    with pytest.raises(ArgumentError, match="AsyncClient") as caught:
        Client("openai/m", transport="aiohttp")
    assert caught.value.param == "transport"


#: parameters of `responses.create` -> parameter, and what the text must hold
RESPONSES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "input", "missing"),
    ({"input": 7}, "input", "int"),
    ({"input": {"role": "user"}}, "input", "dict"),
    ({"input": b"Hi"}, "input", "bytes"),
    ({"input": ["Hi"]}, "input", "str"),
    ({"input": "Hi", "model": 7}, "model", "int"),
    ({"input": "Hi", "model": ""}, "model", "model"),
    ({"input": "Hi", "model": "m"}, "model", "provider"),
    ({"input": "Hi", "model": "nobody/m"}, "model", "nobody"),
    ({"input": "Hi", "model": "openai/"}, "model", "openai/<model>"),
    ({"input": "Hi", "tools": 7}, "tools", "int"),
    ({"input": "Hi", "tools": {"type": "function"}}, "tools", "dict"),
    ({"input": "Hi", "temprature": 1}, "temprature", "temperature"),
    ({"input": "Hi", "messages": []}, "messages", "extra_body"),
    ({"input": "Hi", "messages": []}, "messages", "Write input="),
    ({"input": "Hi", "max_tokens": 5}, "max_tokens", "Write max_output_tokens="),
    ({"input": "Hi", "num_retries": 5}, "num_retries", "Write max_retries="),
    ({"input": "Hi", "drop_params": True}, "drop_params", 'on_unsupported="drop"'),
    ({"input": "Hi", "temperature": "hot"}, "temperature", "a number, not str"),
    ({"input": "Hi", "temperature": True}, "temperature", "a number, not bool"),
    ({"input": "Hi", "max_output_tokens": 5.5}, "max_output_tokens", "an integer, not float"),
    ({"input": "Hi", "max_output_tokens": "many"}, "max_output_tokens", "an integer, not str"),
    ({"input": "Hi", "store": "yes"}, "store", "True or False, not str"),
    ({"input": "Hi", "store": 1}, "store", "True or False, not int"),
    ({"input": "Hi", "instructions": ["Be brief."]}, "instructions", "a string, not list"),
    ({"input": "Hi", "reasoning": "low"}, "reasoning", "a dict, not str"),
    ({"input": "Hi", "include": "x"}, "include", "a list, not str"),
    ({"input": "Hi", "metadata": [1]}, "metadata", "a dict, not list"),
    ({"input": "Hi", "truncation": 7}, "truncation", "a string, not int"),
    ({"input": "Hi", "tool_choice": 7}, "tool_choice", "a string or a dict, not int"),
    ({"input": "Hi", "conversation": 7}, "conversation", "a string or a dict, not int"),
    ({"input": "Hi", "context_management": {}}, "context_management", "a list of dicts, not dict"),
    ({"input": "Hi", "stop": 7}, "stop", "a string or a list, not int"),
    ({"input": "Hi", "tools": [7]}, "tools", "tools[0] must be a dict, not int"),
    ({"input": "Hi", "metadata": {"a": object()}}, "metadata", "JSON"),
    ({"input": "Hi", "temperature": float("nan")}, "temperature", "JSON"),
    ({"input": "Hi", "metadata": {"a": [float("inf")]}}, "metadata", "JSON"),
    ({"input": "Hi", "metadata": {"a": float("inf"), "b": 10**30}}, "metadata", "JSON"),
    ({"input": "Hi", "text": {"a": DEEP}}, "text", "nests too deeply"),
    ({"input": "Hi", "stop": ["x", 5]}, "stop", "one is int"),
    ({"input": "Hi", "text_format": 7}, "text_format", "7"),
    ({"input": "Hi", "extra_headers": "a"}, "extra_headers", "str"),
    ({"input": "Hi", "extra_headers": {"a": 7}}, "extra_headers", "int"),
    ({"input": "Hi", "extra_headers": {"a": "b\nc"}}, "extra_headers", "line break"),
    ({"input": "Hi", "extra_headers": {"a": "€"}}, "extra_headers", "carry"),
    ({"input": "Hi", "extra_headers": {"a b": "c"}}, "extra_headers", "a b"),
    ({"input": "Hi", "extra_headers": {"transfer-encoding": "x"}}, "extra_headers", "transfer"),
    ({"input": "Hi", "extra_query": [1]}, "extra_query", "list"),
    ({"input": "Hi", "extra_body": "a"}, "extra_body", "str"),
    ({"input": "Hi", "timeout": "5"}, "timeout", "'5'"),
    ({"input": "Hi", "max_retries": -1}, "max_retries", "-1"),
    ({"input": "Hi", "api_key": 7}, "api_key", "int"),
    ({"input": "Hi", "api_key": f"{SECRET}\n"}, "api_key", "line"),
    ({"input": "Hi", "base_url": "nowhere"}, "base_url", "https://"),
    ({"input": "Hi", "on_unsupported": "shrug"}, "on_unsupported", "raise, warn or drop"),
    ({"input": "Hi", "api": "rest"}, "api", "responses"),
    ({"input": "Hi", "strict_approvals": "no"}, "strict_approvals", "True or False"),
    ({"input": "Hi", "approvals": "never"}, "approvals", "a Policy"),
    *(({"input": "Hi", name: "x"}, name, "goes to the client") for name in sorted(CLIENT_ONLY)),
    ({"input": "Hi", "proxy": "http://host"}, "proxy", "client"),
]


@pytest.mark.parametrize(("params", "param", "said"), RESPONSES, ids=ids)
@pytest.mark.parametrize("stream", [False, True])
def test_a_response(
    params: dict[str, Any], param: str, said: str, stream: bool, sink: RawServer
) -> None:
    default = None if "model" in params else "openai/m"
    with (
        Client(default, api_key="sk-test", base_url=sink.url) as client,
        pytest.raises(ArgumentError) as caught,
    ):
        client.responses.create(stream=stream, **params)
    assert caught.value.param == param
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


CHAT: list[tuple[dict[str, Any], str, str]] = [
    ({}, "messages", "missing"),
    ({"messages": "Hi"}, "messages", "str"),
    ({"messages": ["Hi"]}, "messages", "str"),
    ({"messages": 7}, "messages", "int"),
    ({"messages": [], "input": "Hi"}, "input", "extra_body"),
    ({"messages": [], "max_token": 7}, "max_token", "max_tokens"),
    ({"messages": [], "max_output_tokens": 7}, "max_output_tokens", "max_completion_tokens="),
    ({"messages": [], "seed": "7"}, "seed", "an integer, not str"),
    ({"messages": [], "logit_bias": [5]}, "logit_bias", "a dict, not list"),
    ({"messages": [], "functions": {"name": "f"}}, "functions", "a list of dicts, not dict"),
    ({"messages": [], "logprobs": 5}, "logprobs", "True or False, not int"),
    ({"messages": {"role": "user"}}, "messages", "a list of dicts, not dict"),
    ({"messages": [{"role": "user", "content": object()}]}, "messages", "JSON"),
]


@pytest.mark.parametrize(("params", "param", "said"), CHAT, ids=ids)
def test_a_completion(params: dict[str, Any], param: str, said: str, sink: RawServer) -> None:
    with (
        Client("openai/m", api_key="sk-test", base_url=sink.url) as client,
        pytest.raises(ArgumentError) as caught,
    ):
        client.chat.completions.create(**params)
    assert caught.value.param == param
    assert said in str(caught.value)


def test_what_the_other_api_cannot_say(sink: RawServer) -> None:
    with (
        Client("openai/m", api_key="sk-test", base_url=sink.url, api="chat") as client,
        pytest.raises(UnsupportedError) as caught,
    ):
        client.responses.create(input="Hi", previous_response_id="resp_1")
    assert caught.value.param == "previous_response_id"


def test_a_missing_key_names_its_variable() -> None:
    with pytest.raises(CredentialError, match="OPENAI_API_KEY") as caught:
        Client("openai/m").responses.create(input="Hi")
    assert "offline/demo" in str(caught.value)


def test_an_unknown_provider_lists_candidates() -> None:
    with pytest.raises(UnknownProviderError, match="openai") as caught:
        Client("opanai/m").responses.create(input="Hi")
    assert isinstance(caught.value, ValueError)


def test_no_model_at_all() -> None:
    with pytest.raises(ArgumentError, match="offline/demo") as caught:
        Client().responses.create(input="Hi")
    assert caught.value.param == "model"


EMBEDDINGS: list[tuple[dict[str, Any], str]] = [
    ({"input": ""}, "input"),
    ({"input": []}, "input"),
    ({"input": 7}, "input"),
    ({"input": {"text": "a"}}, "input"),
    ({"input": "a", "dimension": 3}, "dimension"),
    ({"input": "a", "dimensions": "3"}, "dimensions"),
    ({"input": "a", "encoding_format": 3}, "encoding_format"),
]


@pytest.mark.parametrize(("params", "param"), EMBEDDINGS, ids=ids)
def test_embeddings(params: dict[str, Any], param: str, sink: RawServer) -> None:
    with (
        Client("openai/m", api_key="sk-test", base_url=sink.url) as client,
        pytest.raises(ArgumentError) as caught,
    ):
        client.embeddings.create(**params)
    assert caught.value.param == param


@pytest.mark.parametrize("id", ["", None, 7, ".", ".."])
def test_an_id(id: Any, sink: RawServer) -> None:
    with (
        Client("openai/m", api_key="sk-test", base_url=sink.url) as client,
        pytest.raises(ArgumentError),
    ):
        client.responses.retrieve(id)


#: method -> what it is given, and the parameter that is wrong
OTHERS: list[tuple[str, dict[str, Any], str]] = [
    ("responses.retrieve", {"response_id": "r", "starting_after": "4"}, "starting_after"),
    ("responses.retrieve", {"response_id": "r", "include": "x"}, "include"),
    ("responses.retrieve", {"response_id": "r", "after": "x"}, "after"),
    ("responses.delete", {"response_id": "r", "include": []}, "include"),
    ("responses.delete", {"response_id": "r", "model": 7}, "model"),
    ("responses.cancel", {"response_id": "r", "extra_query": "a=b"}, "extra_query"),
    ("responses.input_items.list", {"response_id": "r", "limit": "5"}, "limit"),
    ("responses.input_items.list", {"response_id": "r", "before": "x"}, "before"),
    ("responses.compact", {"input": 7}, "input"),
    ("responses.count_tokens", {"input": ["a"]}, "input"),
    ("models.list", {"limit": 5}, "limit"),
    ("conversations.create", {"items": "Hi"}, "items"),
    ("conversations.create", {"metadata": "a"}, "metadata"),
    ("conversations.update", {"conversation_id": "c", "metadata": 7}, "metadata"),
    ("conversations.items.create", {"conversation_id": "c", "items": {}}, "items"),
    ("conversations.items.list", {"conversation_id": "c", "order": 1}, "order"),
    ("conversations.items.retrieve", {"conversation_id": "c", "item_id": 7}, "id"),
]


@pytest.mark.parametrize(("method", "params", "param"), OTHERS)
def test_the_other_methods(
    method: str, params: dict[str, Any], param: str, sink: RawServer
) -> None:
    with Client("openai/m", api_key="sk-test", base_url=sink.url) as client:
        act: Any = client
        for name in method.split("."):
            act = getattr(act, name)
        with pytest.raises(ArgumentError) as caught:
            act(**params)
    assert caught.value.param == param


class Reasoning:
    """An object of another library, such as the OpenAI SDK's `Reasoning`."""

    def model_dump(self, **_: Any) -> dict[str, str]:
        return {"effort": "low"}


class Part:
    def model_dump(self, **_: Any) -> dict[str, str]:
        return {"type": "input_text", "text": "Hi"}


class Message:
    def model_dump(self, **_: Any) -> dict[str, Any]:
        return {"role": "user", "content": "Hello"}


def test_objects_of_the_openai_sdk_are_dicts() -> None:
    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response()))

    given: Any = {
        "input": [Message(), {"role": "user", "content": [Part()]}],
        "reasoning": Reasoning(),
        "tools": ({"type": "web_search"} for _ in range(1)),
    }
    with (
        raw_server(serve) as server,
        Client("openai/m", api_key="k", base_url=server.url) as client,
    ):
        client.responses.create(**given)
    sent = server.requests[0].json
    assert sent["reasoning"] == {"effort": "low"}
    assert sent["tools"] == [{"type": "web_search"}]
    assert sent["input"] == [
        {"role": "user", "content": "Hello"},
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
    ]


def test_numbers_may_be_keys_as_in_the_openai_sdk() -> None:
    with Client("openai/m", api_key="k", api="chat") as client:
        from resp_core.client import plan

        messages = [{"role": "user", "content": "Hi"}]
        made = plan.chat_turn({"messages": messages, "logit_bias": {50256: -100}}, False)
        call: Any = client.call_for(made)
        assert b'"logit_bias":{"50256":-100}' in call.prepare().content


@pytest.mark.parametrize("name", ["api_key", "base_url", "api_base", "api_version", "provider",
    "custom_llm_provider", "organization", "project", "azure_ad_token", "base_model", "proxy",
    "openai_api_base", "azure_endpoint"])  # fmt: skip
def test_an_empty_string_is_unset(name: str) -> None:
    """On a client and on a call, whatever the argument."""

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response()))

    with raw_server(serve) as server:
        given: Any = {"api_key": "sk-test", "base_url": server.url}
        on_the_client: Any = {**given, **({} if name in given else {name: ""})}
        with Client("openai/m", **on_the_client) as client:
            if name != "proxy":
                client.responses.create(input="Hi", **{name: ""})  # type: ignore[arg-type]
            else:
                client.responses.create(input="Hi")
    (asked,) = server.requests
    assert asked.headers["authorization"] == "Bearer sk-test"
    assert "openai-organization" not in asked.headers
    assert "openai-project" not in asked.headers


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID",
    "OPENAI_BASE_URL", "HTTPS_PROXY", "HTTP_PROXY", "SSL_CERT_FILE"])  # fmt: skip
def test_an_empty_variable_is_unset(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")
    with pytest.raises(CredentialError, match="OPENAI_API_KEY"):
        Client("openai/m").responses.create(input="Hi")
    url = Client("openai/m", api_key="k").deployment().base_url
    assert url == "https://api.openai.com/v1"
