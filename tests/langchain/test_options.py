"""The constructor's names: those of other classes too, each taken, or refused with a remedy."""

from __future__ import annotations

import asyncio
import copy
import json
import subprocess
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from langchain_resp import ChatResp, RespEmbeddings
from langchain_resp.options import ALIASES
from langchain_resp.request import call_options
from resp_core import AsyncClient, Client
from resp_core import errors as core
from resp_core.client.options import ClientOptions
from tests.conftest import peer_python
from tests.langchain.server import Server, response, said, sse, stream_of


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ({"model_name": "openai/x"}, "model", "openai/x"),
        ({"api_base": "http://localhost"}, "base_url", "http://localhost"),
        ({"openai_api_base": "http://localhost"}, "base_url", "http://localhost"),
        ({"azure_endpoint": "https://a.openai.azure.com"}, "provider", "azure"),
        ({"azure_deployment": "dep"}, "model", "azure/dep"),
        ({"azure_deployment": "dep", "model": "gpt-5"}, "base_model", "gpt-5"),
        ({"max_output_tokens": 5}, "max_tokens", 5),
        ({"stop_sequences": ["x"]}, "stop", ["x"]),
        ({"request_timeout": 3}, "timeout", 3.0),
        ({"use_responses_api": False}, "api", "chat"),
        ({"custom_llm_provider": "groq"}, "provider", "groq"),
    ],
)
def test_names_of_other_integrations_work(given: dict[str, Any], name: str, value: Any) -> None:
    options = (
        given
        if {"model", "model_name", "azure_deployment"} & set(given)
        else {
            "model": "m",
            **given,
        }
    )
    assert getattr(ChatResp(**options), name) == value


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"model": "offline/demo", "temprature": 1}, "temprature"),
        ({"model": "offline/demo", "temperature": "hot"}, "temperature"),
        ({"model": "offline/demo", "api": "grpc"}, "api"),
        ({"model": "offline/demo", "base_url": "http://a", "api_base": "http://b"}, "base_url"),
        ({}, "model"),
        ({"model": ""}, "model"),
    ],
)
def test_bad_options_are_named(given: dict[str, Any], param: str) -> None:
    with pytest.raises(core.ArgumentError) as caught:
        ChatResp(**given)
    assert caught.value.param == param
    assert isinstance(caught.value, ValueError)


#: Values for names of other classes, where "word" is none.
VALUES: dict[str, Any] = {
    "api_key": lambda: "key",
    "async_client": AsyncClient(model="offline/demo"),
    "azure_ad_async_token_provider": lambda: "token",
    "azure_endpoint": "https://a.test",
    "base_url": "https://a.test",
    "cache": False,
    "callbacks": [],
    "chunk_size": 5,
    "client": Client(model="offline/demo"),
    "context_management": [{"type": "compaction"}],
    "custom_get_token_ids": len,
    "default_headers": {"x-a": "b"},
    "default_query": {"a": "b"},
    "dimensions": 5,
    "disable_streaming": "tool_calling",
    "extra_body": {"a": 1},
    "frequency_penalty": 0.1,
    "headers": {"x-a": "b"},
    "http_async_client": httpx2.AsyncClient(),
    "http_client": httpx2.Client(),
    "include": ["file_search_call.results"],
    "include_response_headers": True,
    "logit_bias": {50256: -100},
    "logprobs": True,
    "max_completion_tokens": 5,
    "max_retries": 5,
    "max_tokens": 5,
    "metadata": {"team": "a"},
    "model_kwargs": {"max_tool_calls": 3},
    "n": 1,
    "openai_api_base": "https://a.test",
    "openai_api_type": "azure",
    "openai_proxy": "http://localhost:1",
    "presence_penalty": 0.1,
    "profile": {"max_input_tokens": 5},
    "prompt_cache_options": {"mode": "explicit"},
    "rate_limiter": None,
    "reasoning": {"effort": "low"},
    "request_timeout": 5,
    "seed": 5,
    "store": True,
    "stream_chunk_timeout": 5,
    "stream_usage": True,
    "streaming": True,
    "tags": ["a"],
    "temperature": 0,
    "timeout": 5,
    "top_logprobs": 2,
    "top_p": 0.5,
    "use_previous_response_id": True,
    "use_responses_api": True,
    "verbose": False,
}
#: Names that have no counterpart here; the message says what to do.
REFUSED = {
    "ChatResp": {
        "disabled_params",
        "http_socket_options",
        "model_version",
        "root_async_client",
        "root_client",
        "validate_base_url",
    },
    "RespEmbeddings": {
        "allowed_special",
        "check_embedding_ctx_length",
        "disallowed_special",
        "embedding_ctx_length",
        "retry_max_seconds",
        "retry_min_seconds",
        "show_progress_bar",
        "skip_empty",
        "tiktoken_enabled",
        "tiktoken_model_name",
        "validate_base_url",
    },
}
FIELDS_OF_PEER = """
import json
from langchain_openai import AzureChatOpenAI, AzureOpenAIEmbeddings, ChatOpenAI, OpenAIEmbeddings
names = {}
for cls in (ChatOpenAI, AzureChatOpenAI, OpenAIEmbeddings, AzureOpenAIEmbeddings):
    fields = cls.model_fields
    names[cls.__name__] = sorted({*fields, *(f.alias for f in fields.values() if f.alias)})
print(json.dumps(names))
"""


@pytest.mark.peer
@pytest.mark.slow
def test_every_name_of_langchain_openai_is_taken_or_refused_with_a_remedy() -> None:
    done = subprocess.run(
        [peer_python("openai3"), "-W", "ignore", "-c", FIELDS_OF_PEER],
        capture_output=True,
        text=True,
        check=True,
    )
    for peer, names in json.loads(done.stdout).items():
        made: Any = RespEmbeddings if "Embeddings" in peer else ChatResp
        refused: set[str] = set()
        for name in names:
            given = {name: VALUES.get(name, "word")}
            named = {"model", "model_name", "azure_deployment", "deployment_name", "deployment"}
            model = {} if name in named else {"model": "offline/demo"}
            message = refusal_of(made, {**model, **given})
            if message is not None:
                refused.add(name)
                assert message.startswith(f"There is no option {name!r}. "), message
                assert "extra_body" not in message
        assert refused == REFUSED[made.__name__] & set(names)


def refusal_of(made: Callable[..., Any], given: dict[str, Any]) -> str | None:
    try:
        made(**given)
    except core.ArgumentError as error:
        return error.message
    return None


@pytest.mark.parametrize("name", sorted(ClientOptions.__annotations__))
def test_every_option_of_the_client_has_its_name_here(name: str) -> None:
    if name == "track":  # of one call
        assert "track" in call_options({"track": 1})
    else:
        for made in (ChatResp, RespEmbeddings):
            assert ALIASES.get(name, name) in made.model_fields


def test_none_means_not_said() -> None:
    model = ChatResp(model="offline/demo", max_retries=None, streaming=None, api=None)
    assert (model.max_retries, model.streaming, model.api) == (2, False, "auto")
    assert "streaming" not in model.model_fields_set


def test_parameters_without_a_field_reach_the_request() -> None:
    server = Server(response(said("a")))
    given = {"max_tool_calls": 3, "prompt_cache_retention": "24h", "instructions": "Be brief."}
    server.model(**given, model_kwargs={"max_tool_calls": 4}).invoke("hi")
    assert {name: server.bodies[0][name] for name in given} == {**given, "max_tool_calls": 4}
    with pytest.raises(core.ArgumentError, match="temperature"):
        RespEmbeddings(model="offline/embed", temperature=0)


def test_a_key_may_be_a_function_that_each_attempt_asks() -> None:
    keys = iter(["one", "two", "three", "four"])
    again = httpx2.Response(500, headers={"retry-after": "0"})
    server = Server(lambda _: again if len(server.bodies) == 1 else response(said("a")))

    async def akey() -> SecretStr | str:
        return next(keys)

    model = server.model(api_key=lambda: next(keys), max_retries=1)
    model.invoke("hi")
    asyncio.run(model.ainvoke("hi"))
    asyncio.run(server.model(api_key=akey).ainvoke("hi"))
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer one", "Bearer two", "Bearer three", "Bearer four"]
    assert "one" not in repr(model)


# -- a client of the caller's own


def test_a_client_of_ones_own_serves_both_ways() -> None:
    server = Server(response(said("a")))
    options = {
        "api_key": "key-of-the-test",
        "http_client": httpx2.Client(transport=httpx2.MockTransport(server.answer)),
        "http_async_client": httpx2.AsyncClient(transport=httpx2.MockTransport(server.aanswer)),
    }
    client = Client("openai/gpt-test", timeout=7, **options)  # type: ignore[misc, arg-type]
    model = ChatResp(client=client)
    assert model.model == "openai/gpt-test"
    assert model.client is client
    model.invoke("hi")
    asyncio.run(model.ainvoke("hi"))
    asyncio.run(ChatResp(async_client=AsyncClient("openai/x", **options)).ainvoke("hi"))  # type: ignore[misc, arg-type]
    ChatResp(async_client=AsyncClient("openai/x", **options)).invoke("hi")  # type: ignore[misc, arg-type]
    assert [body["model"] for body in server.bodies] == ["gpt-test", "gpt-test", "x", "x"]
    assert model.async_client.settings == client.settings
    other = ChatResp(client=client, model="openai/other", max_retries=0)
    other.invoke("hi")
    assert server.bodies[-1]["model"] == "other"
    assert other.client.settings.policy.timeout == 7
    assert copy.deepcopy(model).client is client
    assert RespEmbeddings(client=client).client is client


def test_a_client_gives_its_key_to_its_own_provider_only() -> None:
    client = Client("openai/gpt-test", api_key="key-of-the-test")
    with pytest.raises(core.CredentialError, match="GROQ_API_KEY"):
        ChatResp(client=client, model="groq/llama").invoke("hi")


@pytest.mark.parametrize("name", ["client", "async_client"])
def test_a_client_of_another_package_is_refused(name: str) -> None:
    with pytest.raises(core.ArgumentError, match="api_key=") as caught:
        ChatResp(model="offline/demo", **{name: httpx2.Client()})
    assert caught.value.param == name


def test_what_a_call_stored_an_awaited_one_finds() -> None:
    model = ChatResp(model="offline/demo")
    assert model.client.state is model.async_client._wiring.state


def test_azure_asks_the_awaited_provider_in_awaited_calls() -> None:
    server = Server(response(said("a")))

    async def awaited() -> str:
        return "awaited"

    model = server.model(
        model="azure/dep",
        azure_endpoint="https://a.openai.azure.com",
        api_key=None,
        azure_ad_token_provider=lambda: "blocking",
        azure_ad_async_token_provider=awaited,
    )
    model.invoke("hi")
    asyncio.run(model.ainvoke("hi"))
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer blocking", "Bearer awaited"]


# -- what ChatOpenAI's own options do


@pytest.mark.parametrize(("told", "asked"), [(None, True), (True, True), (False, False)], ids=str)
def test_stream_usage(told: bool | None, asked: bool) -> None:
    server = Server(completion_chunks)
    for model, options in (
        (server.model(api="chat", stream_usage=told), {}),
        (server.model(api="chat"), {"stream_usage": told}),
    ):
        list(model.stream("hi", **options))
        assert server.bodies[-1]["stream_options"] == {"include_usage": asked}
    list(Server(response(said("a"))).model(stream_usage=told).stream("hi"))  # always there


def completion_chunks(_: dict[str, Any]) -> httpx2.Response:
    choice = {"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}
    data = json.dumps({"id": "c", "model": "gpt-test", "choices": [choice]})
    content = f"data: {data}\n\ndata: [DONE]\n\n".encode()
    return httpx2.Response(200, content=content, headers={"content-type": "text/event-stream"})


def test_response_headers_are_given_where_asked() -> None:
    headers = {"x-request-id": "req_1", "set-cookie": "secret", "openai-version": "2020-10-01"}
    body = response(said("a"))
    server = Server(
        lambda given: (
            httpx2.Response(200, headers=headers, json=body)
            if not given.get("stream")
            else httpx2.Response(
                200,
                headers={**headers, "content-type": "text/event-stream"},
                content=sse(stream_of(body)),
            )
        )
    )
    assert "headers" not in server.model().invoke("hi").response_metadata
    model = server.model(include_response_headers=True)
    first, *others = model.stream("hi")
    for message in (model.invoke("hi"), first + others):
        found = message.response_metadata["headers"]
        assert (found["x-request-id"], found["openai-version"]) == ("req_1", "2020-10-01")
        assert "set-cookie" not in found


def test_several_choices_are_refused_and_token_ids_are_names() -> None:
    server = Server(completion)
    with pytest.raises(core.UnsupportedError, match="one call for each"):
        server.model(api="chat", n=2).invoke("hi")
    server.model(api="chat", n=1, logit_bias={50256: -100}).invoke("hi")
    assert (server.bodies[0]["n"], server.bodies[0]["logit_bias"]) == (1, {"50256": -100})


def completion(_: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": "a"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "model": "gpt-test", "choices": [choice]}


def test_the_callers_own_tokenizer_counts() -> None:
    model = ChatResp(model="offline/demo", custom_get_token_ids=lambda text: [1] * len(text))
    assert model.get_num_tokens("four") == 4
    named = ChatResp(model="azure/my-deployment", tiktoken_model_name="gpt-4o")
    assert named.get_num_tokens("Hello") == ChatResp(model="openai/gpt-4o").get_num_tokens("Hello")
