"""ChatResp against a scripted server: what it sends, and what it makes of the answers."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from langchain_core import exceptions as lc
from langchain_core.messages import AIMessage, HumanMessage

from langchain_resp import ChatResp, init_chat_model
from langchain_resp import errors as ours
from resp_core import errors as core
from tests.langchain.server import (
    Server,
    refused,
    response,
    said,
    sse,
    stream_of,
)

SECRET = "sk-canary-0123456789"


def test_every_option_reaches_the_request() -> None:
    server = Server(response(said("a")))
    model = server.model(
        temperature=0.5,
        top_p=0.9,
        max_tokens=50,
        reasoning={"summary": "auto"},
        reasoning_effort="low",
        verbosity="low",
        store=True,
        previous_response_id="resp_0",
        include=["file_search_call.results"],
        truncation="auto",
        service_tier="flex",
        prompt_cache_key="k",
        safety_identifier="s",
        user="u",
        metadata={"team": "a", "run": 1},
        parallel_tool_calls=False,
        top_logprobs=2,
        model_kwargs={"max_tool_calls": 3},
        extra_body={"brand_new": True},
        default_headers={"x-team": "a"},
        default_query={"v": "1"},
    )
    model.bind_tools([{"type": "web_search"}], tool_choice="auto").invoke("hi")
    assert server.bodies[0] == {
        "model": "gpt-test",
        "input": [{"role": "user", "content": "hi"}],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_output_tokens": 50,
        "reasoning": {"summary": "auto", "effort": "low"},
        "text": {"verbosity": "low"},
        "store": True,
        "previous_response_id": "resp_0",
        "include": ["file_search_call.results", "message.output_text.logprobs"],
        "truncation": "auto",
        "service_tier": "flex",
        "prompt_cache_key": "k",
        "safety_identifier": "s",
        "user": "u",
        "metadata": {"team": "a", "run": "1"},
        "parallel_tool_calls": False,
        "top_logprobs": 2,
        "max_tool_calls": 3,
        "tools": [{"type": "web_search"}],
        "tool_choice": "auto",
        "brand_new": True,
    }
    assert server.requests[0].headers["x-team"] == "a"
    assert server.requests[0].url.params["v"] == "1"


def test_options_of_one_call_never_reach_the_body() -> None:
    server = Server(response(said("a")))
    model = server.model()
    message = model.invoke(
        [HumanMessage("hi"), AIMessage("ho"), HumanMessage("hi")],
        api_key=SECRET,
        base_url="http://localhost:1/v1",
        timeout=5,
        max_retries=0,
        extra_headers={"x-a": "b"},
        on_unsupported="drop",
        seed=7,
    )
    assert set(server.bodies[0]) == {"model", "input"}
    assert server.requests[0].url.host == "localhost"
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert server.requests[0].headers["x-a"] == "b"
    assert message.response_metadata["dropped"] == ["seed"]
    with suppress(ours.CredentialError):
        model.invoke("hi", base_url="https://elsewhere.test/v1")
    assert all("key-of-the-test" not in str(r.headers.raw) for r in server.requests)


def test_what_the_target_cannot_take_is_refused_or_listed() -> None:
    server = Server(response(said("a")))
    with pytest.raises(ours.UnsupportedError, match="seed") as caught:
        server.model(seed=7, api="responses").invoke("hi")
    assert isinstance(caught.value, lc.ModelInvalidRequestError)
    assert server.bodies == []
    message = server.model(seed=7, api="responses", on_unsupported="drop").invoke("hi")
    assert message.response_metadata["dropped"] == ["seed"]


def test_a_name_that_no_item_can_carry_is_listed() -> None:
    server = Server(response(said("a")))
    message = server.model().invoke([HumanMessage("hi", name="ann")])
    assert message.response_metadata["dropped"] == ["messages[].name"]


def test_stop_cuts_text_on_the_responses_api() -> None:
    server = Server(response(said("one two three")))
    model = server.model(api="responses")
    assert model.invoke("count", stop=["two"]).content == "one "
    chunks = list(model.stream("count", stop=["two"]))
    assert "".join(str(chunk.content) for chunk in chunks) == "one "
    assert chunks[-1].response_metadata["finish_reason"] == "stop"
    assert "stop" not in server.bodies[0]


def test_metadata_says_what_happened() -> None:
    body = response(said("a"), service_tier="flex")
    headers = {"x-request-id": "req_1", "x-ratelimit-remaining-requests": "7"}
    server = Server(lambda _: httpx2.Response(200, json=body, headers=headers))
    metadata = server.model().invoke("hi").response_metadata
    assert metadata.pop("cost")["total"] is None  # nobody knows a price of this model
    assert metadata == {
        "model_provider": "openai",
        "model_name": "gpt-test",
        "requested_model": "openai/gpt-test",
        "provider": "openai",
        "deployment": "gpt-test",
        "api": "responses",
        "finish_reason": "stop",
        "status": "completed",
        "id": "resp_1",
        "attempts": 1,
        "origin": "openai@api.openai.com",
        "created_at": 1,
        "service_tier": "flex",
        "request_id": "req_1",
        "rate_limits": {"x-ratelimit-remaining-requests": "7"},
    }
    json.dumps(metadata)


def test_an_incomplete_answer_says_so() -> None:
    body = response(
        said("a"), status="incomplete", incomplete_details={"reason": "max_output_tokens"}
    )
    server = Server(body)
    assert server.model().invoke("hi").response_metadata["finish_reason"] == "length"
    *_, last = server.model().stream("hi")
    assert last.response_metadata["finish_reason"] == "length"


def test_refusals() -> None:
    server = Server(response(refused("I will not")))
    for message in (server.model().invoke("hi"), *[_sum(server.model())]):
        assert message.text == ""
        (block,) = message.content
        assert isinstance(block, dict)
        assert block["refusal"] == "I will not"


def _sum(model: ChatResp) -> AIMessage:
    first, *others = model.stream("hi")
    return first + others


def test_factory() -> None:
    assert init_chat_model("azure/dep", temperature=0).model == "azure/dep"
    assert init_chat_model("openai:gpt-5.4-mini").model == "openai/gpt-5.4-mini"
    assert init_chat_model("resp:offline/demo").model == "offline/demo"
    assert init_chat_model(model="demo", model_provider="offline").model == "offline/demo"
    assert init_chat_model("mistralai:m").model == "mistral/m"
    azure = init_chat_model("azure_openai:gpt-5.4", azure_deployment="dep")
    assert (azure.model, azure.base_model) == ("azure/dep", "gpt-5.4")
    with pytest.raises(core.UnknownProviderError, match="nowhere"):
        init_chat_model("nowhere:m")
    with pytest.raises(core.ArgumentError, match="register_with_langchain"):
        init_chat_model("offline/demo", configurable_fields="any")


def test_langchains_own_factory_can_be_taught() -> None:
    from langchain.chat_models import init_chat_model as theirs

    from langchain_resp import register_with_langchain

    register_with_langchain()
    model = theirs("resp:offline/demo", temperature=0)
    assert isinstance(model, ChatResp)
    assert model.model == "offline/demo"
    chosen: Any = theirs("resp:offline/demo", configurable_fields="any", config_prefix="x")
    config = {"configurable": {"x_model": "offline/other", "x_model_provider": "resp"}}
    answer = chosen.bind_tools([]).invoke("Hello", config=config)
    assert answer.response_metadata["requested_model"] == "offline/other"


def test_configurable() -> None:
    from langchain_core.runnables import ConfigurableField

    model = ChatResp(model="offline/demo").configurable_fields(
        model=ConfigurableField(id="model"), temperature=ConfigurableField(id="t")
    )
    message = model.invoke("Hello", config={"configurable": {"model": "offline/other", "t": 0}})
    assert message.response_metadata["requested_model"] == "offline/other"
    either = ChatResp(model="offline/demo").configurable_alternatives(
        ConfigurableField(id="llm"), other=ChatResp(model="offline/other")
    )
    message = either.with_config(configurable={"llm": "other"}).invoke("Hello")
    assert message.response_metadata["requested_model"] == "offline/other"


def test_counting_tokens_needs_no_network() -> None:
    model = ChatResp(model="openai/gpt-5.4-mini")
    assert 1 <= model.get_num_tokens("Hello, world! How are you?") <= 12
    image = HumanMessage(
        [{"type": "image_url", "image_url": {"url": "https://nowhere.invalid/a.png"}}]
    )
    assert model.get_num_tokens_from_messages([image], tools=[int_tool]) > 10


def int_tool(a: int) -> int:
    """Add one."""
    return a + 1


def test_names_for_traces_are_without_the_provider() -> None:
    model = ChatResp(model="azure/dep", base_model="gpt-5.4")
    traced = model._get_ls_params()
    assert (model.model_name, traced["ls_model_name"]) == ("dep", "gpt-5.4")
    assert model._get_ls_params(model="openai/other")["ls_model_name"] == "other"
    assert dict(traced)["resp_provider"] == "azure"


@pytest.mark.parametrize(
    ("options", "given", "streams"),
    [
        ({"disable_streaming": True}, {}, False),
        ({"disable_streaming": "tool_calling"}, {}, True),
        ({"disable_streaming": "tool_calling"}, {"tools": [{"type": "web_search"}]}, False),
        ({}, {}, True),
    ],
)
def test_streaming_can_be_turned_off(options: Any, given: Any, streams: bool) -> None:
    server = Server(response(said("hello there")))
    texts = [chunk.text for chunk in server.model(**options).stream("hi", **given)]
    assert "".join(texts) == "hello there"
    assert server.bodies[0].get("stream", False) is streams


def test_a_plain_call_may_stream() -> None:
    server = Server(response(said("hello there")))
    assert server.model(streaming=True).invoke("hi").text == "hello there"
    assert server.model().invoke("hi", stream=True).text == "hello there"
    assert [body["stream"] for body in server.bodies] == [True, True]


def test_profile() -> None:
    profile = ChatResp(model="openai/gpt-5.4-mini").profile
    assert profile is not None
    assert profile["max_input_tokens"] > 100_000
    assert profile["structured_output"] is True
    assert ChatResp(model="custom/x", base_url="http://localhost:1").profile is None


def test_cache_and_rate_limiter() -> None:
    from langchain_core.caches import InMemoryCache
    from langchain_core.rate_limiters import InMemoryRateLimiter

    server = Server(response(said("a")))
    limiter = InMemoryRateLimiter(requests_per_second=1000, check_every_n_seconds=0.001)
    model = server.model(cache=InMemoryCache(), rate_limiter=limiter)
    assert model.invoke("hi").content == model.invoke("hi").content == "a"
    assert len(server.bodies) == 1


def test_partial_stream_closes() -> None:
    body = sse(stream_of(response(said("hello there"))))
    server = Server(
        lambda _: httpx2.Response(200, content=body, headers={"content-type": "text/event-stream"})
    )
    stream = server.model().stream("hi")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
