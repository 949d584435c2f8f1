"""The contract of a LlamaIndex LLM, over both APIs, offline and behind Azure's addresses."""

from __future__ import annotations

import copy

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    LLMMetadata,
    MessageRole,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.tools import FunctionTool

from llamaindex_resp import RespLLM, ToolCallError
from resp_core.errors import ArgumentError, UnsupportedError

HELLO = [ChatMessage(role="user", content="Hello")]
SUM = "What is 6 multiplied by 7?"


async def drain(stream):
    return [chunk async for chunk in stream]


# --- the eight endpoints


def test_chat(llm):
    response = llm.chat(HELLO)
    assert response.message.role is MessageRole.ASSISTANT
    assert response.message.content.startswith("Hello!")


async def test_achat(llm):
    assert (await llm.achat(HELLO)).message.content == llm.chat(HELLO).message.content


def test_complete(llm):
    assert llm.complete("Hello").text == llm.chat(HELLO).message.content


async def test_acomplete(llm):
    assert (await llm.acomplete("Hello")).text == llm.complete("Hello").text


def check_stream(chunks, texts, whole):
    assert len(chunks) > 3
    assert "".join(chunk.delta for chunk in chunks) == texts[-1] == whole
    so_far = ""
    for chunk, text in zip(chunks, texts, strict=True):
        so_far += chunk.delta
        assert text == so_far


def test_stream_chat_is_cumulative(llm):
    chunks = list(llm.stream_chat(HELLO))
    check_stream(chunks, [c.message.content for c in chunks], llm.chat(HELLO).message.content)


async def test_astream_chat_is_cumulative(llm):
    chunks = await drain(await llm.astream_chat(HELLO))
    check_stream(chunks, [c.message.content for c in chunks], llm.chat(HELLO).message.content)


def test_stream_complete_is_cumulative(llm):
    chunks = list(llm.stream_complete("Hello"))
    check_stream(chunks, [c.text for c in chunks], llm.complete("Hello").text)


async def test_astream_complete_is_cumulative(llm):
    chunks = await drain(await llm.astream_complete("Hello"))
    check_stream(chunks, [c.text for c in chunks], llm.complete("Hello").text)


def test_the_last_chunk_is_the_whole_answer(llm):
    plain, last = llm.chat(HELLO), list(llm.stream_chat(HELLO))[-1]
    assert last.message == plain.message
    assert last.raw["usage"] == plain.raw["usage"]
    ours = ("prompt_tokens", "completion_tokens", "total_tokens", "finish_reason", "api")
    assert [last.additional_kwargs[k] for k in ours] == [plain.additional_kwargs[k] for k in ours]


@pytest.mark.parametrize("stream", [False, True])
def test_raw_is_a_plain_dict_with_usage(llm, stream):
    response = list(llm.stream_chat(HELLO))[-1] if stream else llm.chat(HELLO)
    assert type(response.raw) is dict
    assert response.raw["usage"]["total_tokens"] == response.additional_kwargs["total_tokens"] > 0


def test_the_api_used_is_on_the_answer(llm):
    assert llm.chat(HELLO).additional_kwargs["api"] == llm.api


async def test_streams_are_generators_that_can_be_closed(llm):
    stream = llm.stream_chat(HELLO)
    next(stream)
    stream.close()
    chunks = await llm.astream_chat(HELLO)
    await anext(chunks)
    await chunks.aclose()


def test_streaming_as_an_option_changes_nothing_but_the_wire(make_llm):
    plain, streamed = make_llm().chat(HELLO), make_llm(streaming=True).chat(HELLO)
    assert streamed.message == plain.message
    assert streamed.delta is None


async def test_streaming_as_an_option_for_await(make_llm):
    assert (await make_llm(streaming=True).achat(HELLO)).message.content.startswith("Hello!")


# --- options


def test_stop_is_honoured_on_every_api(make_llm):
    whole = make_llm().complete("Hello").text
    cut = whole.partition("Ask")[0]
    llm = make_llm(stop="Ask")
    assert llm.complete("Hello").text == cut
    chunks = list(llm.stream_complete("Hello"))
    assert chunks[-1].text == "".join(c.delta for c in chunks) == cut
    assert chunks[-1].additional_kwargs["finish_reason"] == "stop"


def test_options_of_a_call_win(make_llm):
    assert make_llm(stop=["!"]).complete("Hello", stop=["offline"]).text.endswith("I am the ")


def test_max_tokens_cuts_and_says_so(make_llm):
    answer = make_llm(max_tokens=16).complete("Repeat: " + "word " * 60)
    assert answer.additional_kwargs["finish_reason"] == "length"
    last = list(make_llm(max_tokens=16).stream_chat([ChatMessage("Repeat: " + "word " * 60)]))[-1]
    assert last.message.additional_kwargs["incomplete_details"] == {"reason": "max_output_tokens"}


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


def test_logprobs(make_llm):
    llm = make_llm(top_logprobs=2)
    tokens = llm.chat(HELLO).logprobs
    assert "".join(token[0].token for token in tokens).startswith("Hello!")
    assert len(tokens[0]) == 3
    assert list(llm.stream_chat(HELLO))[-1].logprobs == tokens


# --- metadata


def test_metadata(llm):
    assert isinstance(llm.metadata, LLMMetadata)
    assert llm.metadata.is_chat_model
    assert llm.metadata.is_function_calling_model


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


# --- history


def test_a_system_prompt_and_turns(llm):
    history = [
        ChatMessage(role="system", content="You are brief."),
        ChatMessage(role="user", content="My name is Ada."),
        llm.chat([ChatMessage("My name is Ada.")]).message,
        ChatMessage(role="user", content="What is my name?"),
    ]
    assert "Ada" in llm.chat(history).message.content


def test_the_history_is_never_changed(llm, tools):
    history = [ChatMessage(role="user", content=SUM)]
    before = copy.deepcopy(history)
    llm.chat_with_tools(tools, "and now?", chat_history=history)
    list(llm.stream_chat_with_tools(tools, "and now?", chat_history=history))
    llm.chat(history)
    assert history == before


def test_a_tool_turn_is_replayed(llm, tools):
    asked = [ChatMessage(role="user", content=SUM)]
    answer = llm.chat_with_tools(tools, chat_history=asked)
    [call] = llm.get_tool_calls_from_response(answer)
    result = ChatMessage(
        role="tool", content="42", additional_kwargs={"tool_call_id": call.tool_id}
    )
    final = llm.chat_with_tools(tools, chat_history=[*asked, answer.message, result])
    assert "42" in final.message.content


def test_a_streamed_tool_turn_is_replayed_after_json(llm, tools):
    asked = [ChatMessage(role="user", content=SUM)]
    answer = list(llm.stream_chat_with_tools(tools, chat_history=asked))[-1]
    [call] = llm.get_tool_calls_from_response(answer)
    message = ChatMessage.model_validate_json(answer.message.model_dump_json())
    result = ChatMessage(
        role="tool", content="42", additional_kwargs={"tool_call_id": call.tool_id}
    )
    assert "42" in llm.chat([*asked, message, result]).message.content


def test_reasoning_is_shown_and_replayed(make_llm):
    llm = make_llm(
        reasoning={"effort": "low"}
        if make_llm().api == "chat"
        else {"effort": "low", "summary": "auto"}
    )
    asked = [ChatMessage(role="user", content="Think: what is 6 times 7?")]
    answer = llm.chat(asked)
    if llm.api == "responses":
        [thought] = [b for b in answer.message.blocks if isinstance(b, ThinkingBlock)]
        assert thought.content
        assert thought.additional_information["id"].startswith("rs_")
    more = llm.chat([*asked, answer.message, ChatMessage(role="user", content="Sure?")])
    assert more.message.content


@pytest.mark.parametrize("store", [True, False])
def test_reasoning_with_and_without_a_storing_server(make_llm, store, tools):
    llm = make_llm(reasoning="low", store=store)
    asked = [ChatMessage(role="user", content=SUM)]
    answer = llm.chat_with_tools(tools, chat_history=asked)
    [call] = llm.get_tool_calls_from_response(answer)
    result = ChatMessage(
        role="tool", content="42", additional_kwargs={"tool_call_id": call.tool_id}
    )
    assert "42" in llm.chat([*asked, answer.message, result]).message.content


def test_a_refusal_is_visible(llm):
    asked = [ChatMessage(role="user", content="Please refuse this request.")]
    for answer in (llm.chat(asked), list(llm.stream_chat(asked))[-1]):
        assert answer.message.additional_kwargs["refusal"]
        assert answer.message.content == answer.message.additional_kwargs["refusal"]


# --- tools


@pytest.mark.parametrize("stream", [False, True])
def test_tool_calls(llm, tools, stream):
    ask = llm.stream_chat_with_tools if stream else llm.chat_with_tools
    answer = ask(tools, SUM)
    answer = list(answer)[-1] if stream else answer
    [call] = llm.get_tool_calls_from_response(answer)
    assert (call.tool_name, call.tool_kwargs) == ("multiply", {"a": 6, "b": 7})
    [block] = [b for b in answer.message.blocks if isinstance(b, ToolCallBlock)]
    assert block.tool_call_id == call.tool_id
    assert answer.message.additional_kwargs["tool_calls"][0].function.name == "multiply"


async def test_tool_calls_async(llm, tools):
    answer = await llm.achat_with_tools(tools, SUM)
    assert llm.get_tool_calls_from_response(answer)[0].tool_kwargs == {"a": 6, "b": 7}
    answers = await drain(await llm.astream_chat_with_tools(tools, SUM))
    assert llm.get_tool_calls_from_response(answers[-1])[0].tool_kwargs == {"a": 6, "b": 7}


def test_every_chunk_of_a_call_can_be_asked_for_calls(llm, tools):
    for chunk in llm.stream_chat_with_tools(tools, SUM):
        for call in llm.get_tool_calls_from_response(chunk, error_on_no_tool_call=False):
            assert isinstance(call.tool_kwargs, dict)


@pytest.mark.parametrize("choice", ["get_weather", {"type": "function", "name": "get_weather"}])
def test_a_tool_can_be_forced(llm, tools, choice):
    answer = llm.chat_with_tools(tools, "Hello Paris", tool_choice=choice)
    assert llm.get_tool_calls_from_response(answer)[0].tool_name == "get_weather"


def test_chat_shaped_tool_choices_are_understood(llm, tools):
    choice = {"type": "function", "function": {"name": "get_weather"}}
    answer = llm.chat_with_tools(tools, "Hello Paris", tool_choice=choice)
    assert llm.get_tool_calls_from_response(answer)[0].tool_name == "get_weather"


def test_a_call_can_be_required(llm, tools):
    answer = llm.chat_with_tools(tools, "Hello there", tool_required=True)
    assert llm.get_tool_calls_from_response(answer)


def test_no_call_where_one_is_demanded(llm):
    with pytest.raises(ToolCallError, match="0 tool calls"):
        llm.get_tool_calls_from_response(llm.chat(HELLO))
    assert llm.get_tool_calls_from_response(llm.chat(HELLO), error_on_no_tool_call=False) == []


def test_no_tools_at_all(llm):
    assert llm.chat_with_tools([], "Hello", tool_required=True).message.content


def test_parallel_calls_and_one_at_a_time(llm, tools):
    both = "What is the weather in Paris and in Rome?"
    answer = llm.chat_with_tools(tools, both, allow_parallel_tool_calls=True)
    assert len(llm.get_tool_calls_from_response(answer)) == 2
    answer = llm.chat_with_tools(tools, both, allow_parallel_tool_calls=False)
    assert len(llm.get_tool_calls_from_response(answer)) == 1


def test_strict_tools(make_llm, tools):
    answer = make_llm(strict=True).chat_with_tools(tools, SUM)
    assert make_llm().get_tool_calls_from_response(answer)[0].tool_name == "multiply"


def test_predict_and_call(llm, tools):
    assert str(llm.predict_and_call(tools, SUM)) == "42"


async def test_apredict_and_call(llm, tools):
    assert str(await llm.apredict_and_call(tools, SUM)) == "42"


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


def test_hosted_tools_go_with_every_call(make_llm):
    llm = make_llm(built_in_tools=[{"type": "web_search"}])
    if llm.api == "chat":
        with pytest.raises(UnsupportedError, match="web_search"):
            llm.complete("Hello")
    else:
        assert llm.complete("Hello").text
