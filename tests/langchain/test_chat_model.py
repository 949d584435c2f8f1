"""ChatResp against a scripted server: what it sends, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from langchain_core import exceptions as lc
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.load import dumps
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from langchain_resp import ChatResp, init_chat_model
from langchain_resp import errors as ours
from resp_core import errors as core
from tests.langchain.server import (
    Server,
    called,
    error,
    refused,
    response,
    said,
    sse,
    stream_of,
    thought,
)

SECRET = "sk-canary-0123456789"


# -- options


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


# -- errors


@pytest.mark.parametrize(
    ("status", "code", "kind", "also", "retryable"),
    [
        (401, None, core.AuthenticationError, lc.ModelAuthenticationError, False),
        (403, None, core.PermissionDeniedError, lc.ModelPermissionDeniedError, False),
        (404, None, core.NotFoundError, lc.ModelNotFoundError, False),
        (400, None, core.BadRequestError, lc.ModelInvalidRequestError, False),
        (
            400,
            "context_length_exceeded",
            core.ContextWindowExceededError,
            lc.ContextOverflowError,
            False,
        ),
        (429, None, core.RateLimitError, lc.ModelRateLimitError, True),
        (429, "insufficient_quota", core.QuotaError, lc.ModelRateLimitError, False),
        (500, None, core.InternalServerError, lc.ModelAPIError, True),
        (503, None, core.OverloadedError, lc.ModelAPIError, True),
        (200, "<html>", core.ProtocolError, lc.ModelAPIError, None),
    ],
)
@pytest.mark.parametrize("way", ["invoke", "stream", "ainvoke", "astream"])
def test_errors_are_ours_and_langchains(
    status: int, code: Any, kind: Any, also: type[Exception], retryable: bool | None, way: str
) -> None:
    def answer(_: Any) -> Any:
        return httpx2.Response(200, text=code) if status == 200 else error(status, code)

    model = Server(answer).model()

    async def consume() -> None:
        async for _ in model.astream("hi"):
            pass

    ways = {
        "invoke": lambda: model.invoke("hi"),
        "stream": lambda: list(model.stream("hi")),
        "ainvoke": lambda: asyncio.run(model.ainvoke("hi")),
        "astream": lambda: asyncio.run(consume()),
    }
    with pytest.raises(kind) as caught:
        ways[way]()
    assert isinstance(caught.value, also)
    if retryable is not None:
        assert caught.value.is_retryable is retryable


def test_a_failure_inside_a_stream_is_a_typed_error_with_what_came() -> None:
    events = stream_of(response(said("hello there")))[:6]
    events.append(
        {"type": "error", "code": "server_error", "message": "broke", "sequence_number": 6}
    )
    seen: list[Any] = []

    class Watch(BaseCallbackHandler):
        def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
            seen.append((error, kwargs["response"]))

    with pytest.raises(lc.ModelAPIError) as caught:
        list(Server(events).model().stream("hi", config={"callbacks": [Watch()]}))
    assert isinstance(caught.value, core.APIError)
    partial = caught.value.partial
    assert partial is not None
    assert partial["status"] == "incomplete"
    ((_, result),) = seen
    text = result.generations[0][0].text
    assert text
    assert "hello there".startswith(text)


def test_a_stream_without_an_end_is_an_error() -> None:
    events = stream_of(response(said("hello")))[:-1]
    with pytest.raises(core.StreamIncomplete):
        list(Server(events).model().stream("hi"))


def test_the_error_callback_gets_status_and_body() -> None:
    seen: list[Any] = []

    class Watch(BaseCallbackHandler):
        def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
            seen.append(kwargs["response"].generations[0][0].message.response_metadata)

    with pytest.raises(core.RateLimitError):
        Server(error(429)).model().invoke("hi", config={"callbacks": [Watch()]})
    assert seen[0]["status_code"] == 429
    assert seen[0]["body"]["error"]["message"] == "no" or seen[0]["body"]["message"] == "no"


def test_every_error_of_the_core_has_a_twin() -> None:
    found = {
        cls
        for cls in vars(core).values()
        if isinstance(cls, type) and issubclass(cls, core.RespError) and cls is not core.RespError
    }
    for cls in found:
        twin = getattr(ours, cls.__name__)
        assert issubclass(twin, cls)
        assert issubclass(twin, lc.ModelError)
        assert twin.is_retryable is cls.is_retryable
    raised = ours.as_langchain(core.RateLimitError("no", status_code=429, retry_after=2.0))
    again = pickle.loads(pickle.dumps(raised))
    assert (type(again), again.retry_after, str(again)) == (ours.RateLimitError, 2.0, "no")


# -- callbacks


class Tokens(BaseCallbackHandler):
    def __init__(self) -> None:
        self.tokens: list[Any] = []
        self.chunks: list[Any] = []

    def on_llm_new_token(self, token: Any, *, chunk: Any = None, **_: Any) -> None:
        self.tokens.append(token)
        self.chunks.append(chunk)


@pytest.mark.parametrize("output", [[said("hello there")], [thought(), said("hello there")]])
def test_tokens_are_strings(output: list[dict[str, Any]]) -> None:
    watch = Tokens()
    list(Server(response(*output)).model().stream("hi", config={"callbacks": [watch]}))
    assert all(type(token) is str for token in watch.tokens)
    assert "".join(watch.tokens) == "hello there"
    assert all(chunk is not None for chunk in watch.chunks)


# -- conversations


def test_a_chain_sends_only_what_is_new() -> None:
    answers = iter(
        [
            response(called("f", "{}", "call_1"), called("g", "{}", "call_2"), id="resp_1"),
            response(said("done"), id="resp_2"),
        ]
    )
    server = Server(lambda _: next(answers))
    model = server.model(use_previous_response_id=True)
    first = model.invoke([HumanMessage("go")])
    history = [
        HumanMessage("go"),
        first,
        ToolMessage("1", tool_call_id="call_1"),
        ToolMessage("2", tool_call_id="call_2"),
    ]
    model.invoke(history)
    assert server.bodies[1]["previous_response_id"] == "resp_1"
    assert server.bodies[1]["input"] == [
        {"type": "function_call_output", "call_id": "call_1", "output": "1"},
        {"type": "function_call_output", "call_id": "call_2", "output": "2"},
    ]
    # a trimmed history, and one that lacks an output
    answers = iter([response(said("x"))] * 2)
    model.invoke([history[1], history[3]])
    assert [item["call_id"] for item in server.bodies[2]["input"]] == ["call_1", "call_2"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_chain_that_the_server_forgot_is_replayed(stream: bool) -> None:
    def script(body: dict[str, Any]) -> Any:
        if "previous_response_id" in body:
            return error(400, "previous_response_not_found", param="previous_response_id")
        return response(said("fine"), id="resp_9")

    server = Server(script)
    model = server.model(use_previous_response_id=True)
    first = model.invoke("one")
    history = [HumanMessage("one"), first, HumanMessage("two")]
    if stream:
        assert "".join(str(c.content) for c in model.stream(history)) == "fine"
    else:
        assert model.invoke(history).content == "fine"
    assert [len(body["input"]) for body in server.bodies] == [1, 1, 3]


def test_reasoning_that_another_organisation_sealed_is_left_out_once() -> None:
    def script(body: dict[str, Any]) -> Any:
        if any(item.get("type") == "reasoning" for item in body["input"]):
            return error(400, "invalid_encrypted_content")
        return response(said("fine"))

    server = Server(script)
    old = AIMessage(
        "a",
        additional_kwargs={
            "output_items": [thought(encrypted_content="x"), {"type": "message", "id": "msg_1"}]
        },
    )
    assert server.model().invoke([HumanMessage("q"), old, HumanMessage("r")]).content == "fine"
    assert [len(body["input"]) for body in server.bodies] == [4, 3]


def test_stateless_calls_ask_for_and_send_sealed_reasoning() -> None:
    server = Server(response(thought(encrypted_content="x"), said("a")))
    model = server.model(model="openai/gpt-5.4", store=False)
    first = model.invoke("one")
    model.invoke([HumanMessage("one"), first, HumanMessage("two")])
    assert server.bodies[0]["include"] == ["reasoning.encrypted_content"]
    assert server.bodies[0]["store"] is False
    kinds = [item.get("type", item.get("role")) for item in server.bodies[1]["input"]]
    assert kinds == ["user", "reasoning", "message", "user"]
    assert "id" not in server.bodies[1]["input"][2]


def test_another_server_gets_what_can_be_seen() -> None:
    here = Server(response(thought("hm", encrypted_content="x"), called("f", '{"a":1}')))
    there = Server(response(said("ok")))
    first = here.model().invoke("one")
    elsewhere = there.model(model="custom/m", base_url="http://localhost:1/v1", api="responses")
    elsewhere.invoke([HumanMessage("one"), first, ToolMessage("2", tool_call_id="call_1")])
    assert there.bodies[0]["input"] == [
        {"role": "user", "content": "one"},
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": "f",
            "arguments": '{"a":1}',
            "status": "completed",
        },
        {"type": "function_call_output", "call_id": "call_1", "output": "2"},
    ]


def test_fifty_conversations_on_one_model_do_not_meet() -> None:
    def script(body: dict[str, Any]) -> Any:
        text = body["input"][-1]["content"]
        return response(said(f"you said {text}"), id=f"resp_{text}")

    model = Server(script).model(use_previous_response_id=True)

    def talk(name: int) -> list[str]:
        history: list[Any] = []
        for turn in range(3):
            history.append(HumanMessage(f"{name}.{turn}"))
            history.append(model.invoke(history))
        return [str(m.content) for m in history if isinstance(m, AIMessage)]

    with ThreadPoolExecutor(16) as pool:
        for name, texts in enumerate(pool.map(talk, range(50))):
            assert texts == [f"you said {name}.{turn}" for turn in range(3)]


# -- clients, loops, copies


def test_clients_are_made_once_and_lazily() -> None:
    model = ChatResp(model="offline/demo")
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(model.client)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(client) for client in found}) == 1


def test_many_event_loops() -> None:
    model = ChatResp(model="offline/demo")
    texts = {str(asyncio.run(model.ainvoke("Hello")).text) for _ in range(3)}
    assert len(texts) == 1


def test_the_client_reaches_stored_responses() -> None:
    model = ChatResp(model="offline/demo", api="responses")
    message = model.invoke("Hello")
    stored = model.client.responses.retrieve(message.response_metadata["id"])
    assert stored.output_text == message.text
    assert model.client.responses.delete(stored.id)["deleted"] is True


@pytest.mark.parametrize("version", [None, "v1"])
def test_a_background_response_is_resumed_as_a_message(version: Any) -> None:
    states = iter(["in_progress", "completed"])

    def script(body: dict[str, Any]) -> Any:
        if body:
            return response(status="queued", background=True, usage=None)
        status = next(states)
        return response(*([said("done")] if status == "completed" else []), status=status)

    model = Server(script).model(output_version=version)
    message = model.invoke("work", background=True)
    assert message.response_metadata["status"] == "queued"
    assert message.response_metadata["finish_reason"] is None
    resumed = model.resume(message, interval=0.001)
    assert resumed.text == "done"
    assert resumed.response_metadata["finish_reason"] == "stop"
    states = iter(["completed"])
    assert asyncio.run(model.aresume("resp_1", interval=0.001)).text == "done"
    with pytest.raises(ours.ArgumentError):
        model.resume(AIMessage("no id"))


def test_chat_answers_keep_their_own_id() -> None:
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-test",
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "a"},
            }
        ],
    }
    metadata = Server(completion).model(api="chat").invoke("hi").response_metadata
    assert (metadata["id"], metadata["system_fingerprint"], metadata["api"]) == (
        "chatcmpl-1",
        "fp_1",
        "chat",
    )


def secretive() -> ChatResp:
    return ChatResp(
        model="openai/gpt-test",
        api_key=SECRET,
        azure_ad_token=SECRET,
        default_headers={"authorization": SECRET, "x-y": SECRET},
        default_query={"sig": SECRET},
        proxy=f"http://u:{SECRET}@localhost:1",
        azure_ad_token_provider=lambda: SECRET,
    )


def test_secrets_stay_inside() -> None:
    model = secretive()
    shown = [
        repr(model),
        str(model),
        repr(model.model_dump()),
        model.model_dump_json(),
        dumps(model),
        repr(model._identifying_params),
        repr(model.asdict()),
        repr(model._get_invocation_params()),
        repr(model.bind_tools([{"type": "mcp", "server_label": "a"}])),
        pickle.dumps(model).decode("latin-1"),
        repr(vars(pickle.loads(pickle.dumps(model)))),
    ]
    assert [text for text in shown if SECRET in text] == []


def test_credentials_of_mcp_servers_are_not_traced() -> None:
    seen: list[Any] = []

    class Watch(BaseCallbackHandler):
        def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
            seen.append((args, kwargs))

    tool = {
        "type": "mcp",
        "server_label": "a",
        "server_url": "https://a.test",
        "authorization": SECRET,
        "headers": {"x": SECRET},
    }
    server = Server(response(said("a")))
    server.model().bind_tools([tool]).invoke("hi", config={"callbacks": [Watch()]})
    list(server.model().bind_tools([tool]).stream("hi", config={"callbacks": [Watch()]}))
    assert SECRET not in repr(seen)
    assert server.bodies[0]["tools"] == server.bodies[1]["tools"] == [tool]


@pytest.mark.parametrize("used", [False, True])
def test_copies_keep_keys_and_pickles_do_not(used: bool) -> None:
    model = Server(response(said("a"))).model(api_key=SECRET)
    if used:
        model.invoke("hi")
        asyncio.run(model.ainvoke("hi"))
    for twin in (copy.copy(model), copy.deepcopy(model), model.model_copy(deep=True)):
        assert twin.api_key is not None
        assert twin.api_key.get_secret_value() == SECRET
        assert twin.http_client is model.http_client
        assert twin.invoke("hi").content == "a"
    revived = pickle.loads(pickle.dumps(model))
    assert revived.api_key is None
    assert revived.model == model.model
    assert revived.http_client is None


def test_a_pickled_model_works_elsewhere() -> None:
    model = ChatResp(model="offline/demo")
    model.invoke("hi")
    assert pickle.loads(pickle.dumps(model)).invoke("Hello").text


# -- the rest


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
    assert init_chat_model("demo", model_provider="offline").model == "offline/demo"


def test_langchains_own_factory_can_be_taught() -> None:
    from langchain.chat_models import init_chat_model as theirs

    from langchain_resp import register_with_langchain

    register_with_langchain()
    model = theirs("resp:offline/demo", temperature=0)
    assert isinstance(model, ChatResp)
    assert model.model == "offline/demo"


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
