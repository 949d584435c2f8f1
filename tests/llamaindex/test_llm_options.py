"""What RespLLM has beyond the contract: its options, what is known of models, hosted tools."""

from __future__ import annotations

import pytest
from llama_index.core.agent.workflow import AgentOutput, FunctionAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.tools import FunctionTool

from llamaindex_resp import RespLLM
from resp_core.errors import ArgumentError, UnsupportedError

pytestmark = pytest.mark.own

HELLO = [ChatMessage(role="user", content="Hello")]


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0.2, "top_p": 0.9},
        {"user": "u", "safety_identifier": "s"},
        {"metadata": {"k": "v"}},
        {"service_tier": "default"},
        {"verbosity": "low"},
        {"store": False},
        {"parallel_tool_calls": False},
        {"model_kwargs": {"prompt_cache_key": "k"}},
        {"default_headers": {"x-team": "a"}, "default_query": {"trace": "1"}},
        {"timeout": 30, "max_retries": 0},
    ],
    ids=lambda options: next(iter(options)),
)
def test_options_reach_a_strict_server(make_llm, options):
    assert make_llm(**options).chat(HELLO).message.content.startswith("Hello!")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"temprature": 1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"model_kwargs": {"tempratur": 1}}, "temperature"),
        ({"base_url": "http://a", "api_base": "http://b"}, "the same"),
        ({"max_tokens": 5, "max_output_tokens": 6}, "the same"),
        ({"timeout": -1}, "timeout"),
        ({"api": "carrier-pigeon"}, "api"),
    ],
)
def test_a_wrong_option_is_named_before_any_request(options, match):
    with pytest.raises(ArgumentError, match=match):
        RespLLM("offline/demo", **options)


def test_a_wrong_option_of_a_call_is_named(llm):
    with pytest.raises(ArgumentError, match="seeds"):
        llm.chat(HELLO, seeds=1)


def test_errors_never_show_the_value():
    with pytest.raises(ArgumentError) as caught:
        RespLLM("offline/demo", api_key={"k": "sk-canary-0123456789"})
    assert "canary" not in repr(caught.value)


def test_chat_parameters_are_refused_where_they_mean_nothing(make_llm):
    llm = make_llm(model_kwargs={"seed": 7})
    if llm.api == "chat":
        assert llm.complete("Hello").text
        return
    with pytest.raises(UnsupportedError, match="seed"):
        llm.complete("Hello")
    answer = make_llm(model_kwargs={"seed": 7}, on_unsupported="drop").complete("Hello")
    assert answer.additional_kwargs["dropped"] == ["seed"]


@pytest.mark.parametrize("model", ["openai/gpt-99-future", "azure/my-deployment", "groq/x/y"])
def test_metadata_of_any_name_without_a_key(model):
    metadata = RespLLM(model).metadata
    assert metadata.context_window > metadata.num_output


def test_metadata_comes_from_facts_and_can_be_overridden():
    assert RespLLM("openai/gpt-5").metadata.context_window == 400_000
    assert RespLLM("azure/mine", base_model="gpt-5").metadata.context_window == 400_000
    metadata = RespLLM(
        "openai/gpt-5", context_window=1000, num_output=10, is_function_calling_model=False
    ).metadata
    assert (metadata.context_window, metadata.num_output) == (1000, 10)
    assert not metadata.is_function_calling_model


def test_the_api_used_is_on_the_answer(llm):
    assert llm.chat(HELLO).additional_kwargs["api"] == llm.api


def test_streaming_as_an_option_changes_nothing_but_the_wire(make_llm):
    plain, streamed = make_llm().chat(HELLO), make_llm(streaming=True).chat(HELLO)
    assert streamed.message == plain.message
    assert streamed.delta is None


async def test_streaming_as_an_option_for_await(make_llm):
    assert (await make_llm(streaming=True).achat(HELLO)).message.content.startswith("Hello!")


def test_tools_are_converted_once(llm):
    calls = []

    class Counted(FunctionTool):
        pass

    tool = Counted.from_defaults(lambda a: a, name="f", description="d")
    schema = tool.metadata.fn_schema
    original = schema.model_json_schema

    def counting(*args, **kwargs):
        calls.append(1)
        return original(*args, **kwargs)

    schema.model_json_schema = counting
    llm.chat_with_tools([tool], "Hello")
    llm.chat_with_tools([tool], "Hello")
    assert len(calls) == 1


async def test_one_call_at_a_time_holds_for_agents_too(make_llm, tools):
    agent = FunctionAgent(tools=tools, llm=make_llm(parallel_tool_calls=False), streaming=False)
    handler = agent.run("What is the weather in Paris and in Rome?")
    rounds = [e.tool_calls async for e in handler.stream_events() if isinstance(e, AgentOutput)]
    await handler
    assert len(rounds[0]) == 1


def test_hosted_tools_go_with_every_call(make_llm):
    llm = make_llm(built_in_tools=[{"type": "web_search"}])
    if llm.api == "chat":
        with pytest.raises(UnsupportedError, match="web_search"):
            llm.complete("Hello")
    else:
        assert llm.complete("Hello").text
