"""Structured prediction, by JSON schema, by tools and in the prompt's words."""

from __future__ import annotations

from typing import Generic, TypeVar

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.prompts import ChatPromptTemplate, PromptTemplate
from llama_index.core.types import PydanticProgramMode
from pydantic import BaseModel, Field

from llamaindex_resp import StructuredOutputError, ToolCallError
from llamaindex_resp.structured import GrowingObject
from resp_core.errors import RefusalError

T = TypeVar("T")
MODES = [PydanticProgramMode.DEFAULT, PydanticProgramMode.FUNCTION, PydanticProgramMode.LLM]
PROMPT = PromptTemplate("Write a song about {topic}. It is 3 minutes long.")


class Verse(BaseModel):
    """A verse."""

    line: str


class Song(BaseModel):
    """A song."""

    title: str = Field(description="the title")
    minutes: int
    verses: list[Verse]


@pytest.mark.parametrize("mode", MODES)
def test_predict(make_llm, mode):
    song = make_llm(pydantic_program_mode=mode).structured_predict(Song, PROMPT, topic="rain")
    assert isinstance(song, Song)
    assert song.minutes == 3


@pytest.mark.parametrize("mode", MODES)
async def test_apredict(make_llm, mode):
    llm = make_llm(pydantic_program_mode=mode)
    assert isinstance(await llm.astructured_predict(Song, PROMPT, topic="rain"), Song)


@pytest.mark.parametrize("mode", MODES[:2])
def test_stream(make_llm, mode):
    llm = make_llm(pydantic_program_mode=mode)
    grown = list(llm.stream_structured_predict(Song, PROMPT, topic="rain"))
    assert len(grown) > 1
    assert isinstance(grown[-1], Song)
    assert grown[-1] == llm.structured_predict(Song, PROMPT, topic="rain")
    assert not isinstance(grown[0], Song) or grown[0] != grown[-1]


@pytest.mark.parametrize("mode", MODES[:2])
async def test_astream(make_llm, mode):
    llm = make_llm(pydantic_program_mode=mode)
    stream = await llm.astream_structured_predict(Song, PROMPT, topic="rain")
    grown = [song async for song in stream]
    assert len(grown) > 1
    assert isinstance(grown[-1], Song)


def test_as_structured_llm(llm):
    answer = llm.as_structured_llm(Song).chat([ChatMessage("A song of 3 minutes")])
    assert Song.model_validate_json(answer.message.content) == answer.raw


async def test_as_structured_llm_async(llm):
    answer = await llm.as_structured_llm(Song).achat([ChatMessage("A song of 3 minutes")])
    assert isinstance(answer.raw, Song)


def test_as_structured_llm_streamed(llm):
    chunks = list(llm.as_structured_llm(Song).stream_chat([ChatMessage("A song of 3 minutes")]))
    assert Song.model_validate_json(chunks[-1].message.content).minutes == 3


async def test_as_structured_llm_streamed_async(llm):
    stream = await llm.as_structured_llm(Song).astream_chat([ChatMessage("A song of 3 minutes")])
    chunks = [chunk async for chunk in stream]
    assert Song.model_validate_json(chunks[-1].message.content).minutes == 3


def test_complete_of_a_structured_llm(llm):
    answer = llm.as_structured_llm(Song).complete("A song of 3 minutes")
    assert Song.model_validate_json(answer.text).minutes == 3


def test_a_prompt_of_messages(llm):
    system = ChatMessage(role="system", content="You write songs.")
    prompt = ChatPromptTemplate(
        [system, ChatMessage("A song about {topic}. It is 3 minutes long.")]
    )
    assert llm.structured_predict(Song, prompt, topic="rain").minutes == 3


def test_tokens_of_a_prediction_are_measured(llm):
    counter = TokenCountingHandler(tokenizer=lambda text: [0] * 9999)
    llm.callback_manager = CallbackManager([counter])
    llm.structured_predict(Song, PROMPT, topic="rain")
    assert 0 < counter.total_llm_token_count < 9999


def test_events_are_those_of_the_base_class(llm, events):
    llm.structured_predict(Song, PROMPT, topic="rain")
    assert events.names() == [
        "LLMStructuredPredictStartEvent",
        "LLMChatStartEvent",
        "LLMChatEndEvent",
        "LLMStructuredPredictEndEvent",
    ]


def test_events_of_a_stream(llm, events):
    grown = list(llm.stream_structured_predict(Song, PROMPT, topic="rain"))
    names = events.names()
    assert names.count("LLMStructuredPredictInProgressEvent") == len(grown)
    assert names[0] == "LLMStructuredPredictStartEvent"
    assert names[-1] == "LLMStructuredPredictEndEvent"
    assert events.events[-1].output == grown[-1]


@pytest.mark.own
def test_events_of_a_stream_name_their_span(llm, events):
    list(llm.stream_structured_predict(Song, PROMPT, topic="rain"))
    told = [event for event in events.events if "Structured" in event.class_name()]
    assert len({event.span_id for event in told}) == 1
    assert told[0].span_id.startswith("RespLLM.stream_structured_predict-")


@pytest.mark.own
def test_openais_mode_is_that_of_tools(make_llm):
    llm = make_llm(pydantic_program_mode=PydanticProgramMode.OPENAI)
    assert llm.structured_predict(Song, PROMPT, topic="rain").minutes == 3


@pytest.mark.own
def test_a_generic_class_by_a_tool(make_llm):
    class Box(BaseModel, Generic[T]):
        item: T

    llm = make_llm(pydantic_program_mode=PydanticProgramMode.FUNCTION)
    box = llm.structured_predict(Box[int], PromptTemplate("A box with item 3"))
    assert isinstance(box.item, int)


@pytest.mark.own
def test_options_for_the_program_do_not_reach_the_server(llm):
    kwargs = {"tool_required": True, "allow_parallel_tool_calls": True, "temperature": 0.1}
    assert llm.structured_predict(Song, PROMPT, llm_kwargs=kwargs, topic="rain").minutes == 3


def test_the_system_prompt_goes_along(make_llm, events):
    make_llm(system_prompt="You write songs.").structured_predict(Song, PROMPT, topic="rain")
    [start] = events.of("LLMChatStartEvent")
    assert start.messages[0].content == "You write songs."


@pytest.mark.own
def test_a_refusal_is_an_error(llm):
    with pytest.raises(RefusalError):
        llm.structured_predict(Song, PromptTemplate("Please refuse this request."))
    with pytest.raises(RefusalError):
        list(llm.stream_structured_predict(Song, PromptTemplate("Please refuse this request.")))


@pytest.mark.own
def test_an_answer_that_was_cut_is_an_error(make_llm):
    llm = make_llm(max_tokens=16)
    prompt = PromptTemplate("Write a song about " + "very heavy rain " * 20)
    with pytest.raises((StructuredOutputError, ToolCallError), match=r"cut|ended inside"):
        llm.structured_predict(Song, prompt)


def test_a_free_form_class_still_works(llm):
    class Bag(BaseModel):
        name: str
        things: dict[str, str]

    assert llm.structured_predict(Bag, PromptTemplate("A bag named Ada")).name


@pytest.mark.own
def test_partial_objects_grow():
    song = GrowingObject(Song)
    shown = [
        song.read(text)
        for text in (
            "",
            '{"tit',
            '{"title": "Ra',
            '{"title": "Ra',
            '{"title": "Rain", "minutes": 3',
        )
    ]
    assert shown[0] is None
    assert shown[1].title is None
    assert shown[2].title == "Ra"
    assert shown[3] is None
    assert shown[4].minutes == 3
    done = song.read('{"title": "Rain", "minutes": 3, "verses": []}')
    assert done == Song(title="Rain", minutes=3, verses=[])
