"""The contract of a LlamaIndex LLM, over both APIs, offline and behind Azure's addresses."""

from __future__ import annotations

import copy
from typing import Literal

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    LLMMetadata,
    MessageRole,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.callbacks.token_counting import get_tokens_from_response
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

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
    check_stream(chunks, [c.message.content or "" for c in chunks], llm.chat(HELLO).message.content)


async def test_astream_chat_is_cumulative(llm):
    chunks = await drain(await llm.astream_chat(HELLO))
    check_stream(chunks, [c.message.content or "" for c in chunks], llm.chat(HELLO).message.content)


def test_stream_complete_is_cumulative(llm):
    chunks = list(llm.stream_complete("Hello"))
    check_stream(chunks, [c.text for c in chunks], llm.complete("Hello").text)


async def test_astream_complete_is_cumulative(llm):
    chunks = await drain(await llm.astream_complete("Hello"))
    check_stream(chunks, [c.text for c in chunks], llm.complete("Hello").text)


def test_the_last_chunk_is_the_whole_answer(llm):
    plain, last = llm.chat(HELLO), list(llm.stream_chat(HELLO))[-1]
    assert last.message.role == plain.message.role
    assert last.message.blocks == plain.message.blocks


def test_the_last_chunk_has_the_token_counts(llm):
    plain, last = llm.chat(HELLO), list(llm.stream_chat(HELLO))[-1]
    assert get_tokens_from_response(last) == get_tokens_from_response(plain)


@pytest.mark.own
def test_the_last_chunk_says_all_that_the_answer_says(llm):
    plain, last = llm.chat(HELLO), list(llm.stream_chat(HELLO))[-1]
    assert last.message == plain.message
    assert last.raw["usage"] == plain.raw["usage"]
    ours = ("prompt_tokens", "completion_tokens", "total_tokens", "finish_reason", "api")
    assert [last.additional_kwargs[k] for k in ours] == [plain.additional_kwargs[k] for k in ours]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.own
def test_raw_is_a_plain_dict_with_usage(llm, stream):
    response = list(llm.stream_chat(HELLO))[-1] if stream else llm.chat(HELLO)
    assert type(response.raw) is dict
    assert response.raw["usage"]["total_tokens"] == response.additional_kwargs["total_tokens"] > 0


async def test_streams_are_generators_that_can_be_closed(llm):
    stream = llm.stream_chat(HELLO)
    next(stream)
    stream.close()
    chunks = await llm.astream_chat(HELLO)
    await anext(chunks)
    await chunks.aclose()


# --- options


@pytest.mark.own
def test_stop_is_honoured_on_every_api(make_llm):
    whole = make_llm().complete("Hello").text
    cut = whole.partition("Ask")[0]
    llm = make_llm(stop="Ask")
    assert llm.complete("Hello").text == cut
    chunks = list(llm.stream_complete("Hello"))
    assert chunks[-1].text == "".join(c.delta for c in chunks) == cut
    assert chunks[-1].additional_kwargs["finish_reason"] == "stop"


@pytest.mark.own
def test_options_of_a_call_win(make_llm):
    assert make_llm(stop=["!"]).complete("Hello", stop=["offline"]).text.endswith("I am the ")


def test_max_tokens_cuts(make_llm):
    said = "Repeat: " + "word " * 60
    assert len(make_llm(max_tokens=16).complete(said).text) < len(make_llm().complete(said).text)


@pytest.mark.own
def test_an_answer_that_was_cut_says_so(make_llm):
    answer = make_llm(max_tokens=16).complete("Repeat: " + "word " * 60)
    assert answer.additional_kwargs["finish_reason"] == "length"
    last = list(make_llm(max_tokens=16).stream_chat([ChatMessage("Repeat: " + "word " * 60)]))[-1]
    assert last.message.additional_kwargs["incomplete_details"] == {"reason": "max_output_tokens"}


def test_logprobs(make_llm):
    llm = make_llm(top_logprobs=2)
    tokens = llm.chat(HELLO).logprobs
    assert "".join(token[0].token for token in tokens).startswith("Hello!")
    assert len(tokens[0]) >= 2


def test_the_last_chunk_has_the_logprobs(make_llm):
    llm = make_llm(top_logprobs=2)
    assert list(llm.stream_chat(HELLO))[-1].logprobs == llm.chat(HELLO).logprobs


# --- metadata


def test_metadata(llm):
    assert isinstance(llm.metadata, LLMMetadata)
    assert llm.metadata.is_chat_model
    assert llm.metadata.is_function_calling_model


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


def test_reasoning_is_shown_and_replayed(make_llm, api):
    llm = make_llm(
        reasoning={"effort": "low"} if api == "chat" else {"effort": "low", "summary": "auto"}
    )
    asked = [ChatMessage(role="user", content="Think: what is 6 times 7?")]
    answer = llm.chat(asked)
    if api == "responses":
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


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_visible(llm, stream):
    asked = [ChatMessage(role="user", content="Please refuse this request.")]
    answer = list(llm.stream_chat(asked))[-1] if stream else llm.chat(asked)
    places = (answer.message.additional_kwargs, answer.additional_kwargs)
    assert answer.message.content or any(place.get("refusal") for place in places)


@pytest.mark.own
def test_a_refusal_is_said_twice(llm):
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


def test_tool_calls_are_where_chat_engines_look(llm, tools):
    message = llm.chat_with_tools(tools, SUM).message
    assert message.additional_kwargs["tool_calls"][0].function.name == "multiply"


async def test_tool_calls_async(llm, tools):
    answer = await llm.achat_with_tools(tools, SUM)
    assert llm.get_tool_calls_from_response(answer)[0].tool_kwargs == {"a": 6, "b": 7}
    answers = await drain(await llm.astream_chat_with_tools(tools, SUM))
    assert llm.get_tool_calls_from_response(answers[-1])[0].tool_kwargs == {"a": 6, "b": 7}


def test_every_chunk_of_a_call_can_be_asked_for_calls(llm, tools):
    for chunk in llm.stream_chat_with_tools(tools, SUM):
        for call in llm.get_tool_calls_from_response(chunk, error_on_no_tool_call=False):
            assert isinstance(call.tool_kwargs, dict)


def test_a_tool_can_be_forced(llm, tools):
    answer = llm.chat_with_tools(tools, "Hello Paris", tool_choice="get_weather")
    assert llm.get_tool_calls_from_response(answer)[0].tool_name == "get_weather"


@pytest.mark.own
def test_a_tool_can_be_forced_in_the_words_of_either_api(llm, tools):
    choice = {"type": "function", "name": "get_weather"}
    answer = llm.chat_with_tools(tools, "Hello Paris", tool_choice=choice)
    assert llm.get_tool_calls_from_response(answer)[0].tool_name == "get_weather"


@pytest.mark.own
def test_chat_shaped_tool_choices_are_understood(llm, tools):
    choice = {"type": "function", "function": {"name": "get_weather"}}
    answer = llm.chat_with_tools(tools, "Hello Paris", tool_choice=choice)
    assert llm.get_tool_calls_from_response(answer)[0].tool_name == "get_weather"


def test_a_call_can_be_required(llm, tools):
    answer = llm.chat_with_tools(tools, "Hello there", tool_required=True)
    assert llm.get_tool_calls_from_response(answer)


def test_no_call_where_one_is_demanded(llm):
    with pytest.raises(ValueError, match="0 tool calls"):
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


def test_a_message_may_come_beside_the_history(llm, tools):
    history = [ChatMessage(role="user", content="Hello")]
    asked = ChatMessage(role="user", content=SUM)
    answer = llm.chat_with_tools(tools, asked, chat_history=history)
    assert llm.get_tool_calls_from_response(answer)[0].tool_name == "multiply"


def test_a_choice_of_no_tool(llm, tools):
    answer = llm.chat_with_tools(tools, SUM, tool_choice="none")
    assert llm.get_tool_calls_from_response(answer, error_on_no_tool_call=False) == []
    assert answer.message.content


async def test_parallel_calls_of_a_stream(llm, tools):
    both = "What is the weather in Paris and in Rome?"
    stream = await llm.astream_chat_with_tools(tools, both, allow_parallel_tool_calls=True)
    calls = llm.get_tool_calls_from_response((await drain(stream))[-1])
    assert sorted(call.tool_kwargs["city"] for call in calls) == ["Paris", "Rome"]
    assert len({call.tool_id for call in calls}) == 2


def test_a_tool_without_parameters(llm):
    def get_time() -> str:
        """Get the time."""
        return "noon"

    tool = FunctionTool.from_defaults(get_time)
    answer = llm.chat_with_tools([tool], "What is the time?", tool_required=True)
    [call] = llm.get_tool_calls_from_response(answer)
    assert (call.tool_name, call.tool_kwargs) == ("get_time", {})


class Place(BaseModel):
    city: str
    country: str = "France"


class Travel(BaseModel):
    """Travel to a place."""

    to: Place
    by: Literal["train", "bus"]
    stops: list[int] | None = None


def test_a_tool_with_nested_parameters(llm):
    tool = FunctionTool.from_defaults(Travel, name="travel", fn_schema=Travel)
    answer = llm.chat_with_tools([tool], "Travel to the city Paris by train", tool_required=True)
    [call] = llm.get_tool_calls_from_response(answer)
    assert Travel(**call.tool_kwargs).to.city


def test_errors_of_tools_are_the_callers_choice(llm):
    def get_weather(city: str) -> str:
        """Get the weather in a city."""
        raise RuntimeError("no such city")

    tool, asked = FunctionTool.from_defaults(get_weather), "What is the weather in Paris?"
    assert "no such city" in str(llm.predict_and_call([tool], asked))
    with pytest.raises(ValueError, match="no such city"):
        llm.predict_and_call([tool], asked, error_on_tool_error=True)


def test_an_answer_in_place_of_a_call(llm, tools):
    said = llm.predict_and_call(tools, "Hello", error_on_no_tool_call=False)
    assert (said.response.startswith("Hello!"), said.sources) == (True, [])
    with pytest.raises(ValueError, match="0 tool calls"):
        llm.predict_and_call(tools, "Hello")
