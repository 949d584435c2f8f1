"""RespLLM as an object: settings, callbacks, errors, text forms, copies, threads, loops."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest
from llama_index.core import Settings
from llama_index.core.base.llms.types import (
    ChatMessage,
    TextBlock,
)
from llama_index.core.callbacks import CallbackManager, CBEventType, TokenCountingHandler
from llama_index.core.callbacks.base_handler import BaseCallbackHandler
from llama_index.core.callbacks.schema import EventPayload
from llama_index.core.callbacks.token_counting import get_tokens_from_response
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.prompts import PromptTemplate
from llama_index.core.rate_limiter import TokenBucketRateLimiter
from llama_index.core.types import BaseOutputParser

from llamaindex_resp import RespEmbedding, RespLLM
from resp_core import Client
from resp_core.errors import RespError, UnsupportedError

HELLO = [ChatMessage(role="user", content="Hello")]


async def drain(stream):
    return [chunk async for chunk in stream]


# --- settings, prompts, callbacks


def test_settings(settings, llm):
    assert Settings.llm is llm
    assert Settings.llm.predict(PromptTemplate("Say {word}"), word="Hello")


def test_stream_of_a_prompt(llm):
    tokens = list(llm.stream(PromptTemplate("{word}"), word="Hello"))
    assert "".join(tokens) == llm.predict(PromptTemplate("{word}"), word="Hello")


async def test_apredict_and_astream(llm):
    prompt = PromptTemplate("{word}")
    tokens = [token async for token in await llm.astream(prompt, word="Hello")]
    assert "".join(tokens) == await llm.apredict(prompt, word="Hello")


def test_completion_to_prompt_is_respected(make_llm):
    llm = make_llm(completion_to_prompt=lambda prompt: f"Repeat: {prompt} twice")
    assert "twice" in llm.complete("Zebra").text
    assert "twice" not in llm.complete("Zebra", formatted=True).text


def test_prompts_of_the_object_reach_the_model(make_llm, events):
    class Shouting(BaseOutputParser):
        def parse(self, output: str) -> str:
            return output.upper()

        def format(self, query: str) -> str:
            return f"{query} Zebra"

    llm = make_llm(system_prompt="You are brief.", output_parser=Shouting())
    assert "ZEBRA" in llm.predict(PromptTemplate("Repeat: {word}"), word="Apple")
    [start] = events.of("LLMChatStartEvent")
    assert [message.role.value for message in start.messages] == ["system", "user"]


def usage(llm, ask) -> tuple[int, int]:
    counter = TokenCountingHandler(tokenizer=lambda text: [0] * 9999)
    llm.callback_manager = CallbackManager([counter])
    ask(llm)
    return counter.prompt_llm_token_count, counter.completion_llm_token_count


def test_usage_is_measured_on_every_endpoint(llm):
    async def ask_async(endpoint):
        await endpoint

    async def read(endpoint):
        await drain(await endpoint)

    asks = [
        lambda m: m.chat(HELLO),
        lambda m: m.complete("Hello"),
        lambda m: list(m.stream_chat(HELLO)),
        lambda m: list(m.stream_complete("Hello")),
        lambda m: asyncio.run(ask_async(m.achat(HELLO))),
        lambda m: asyncio.run(ask_async(m.acomplete("Hello"))),
        lambda m: asyncio.run(read(m.astream_chat(HELLO))),
        lambda m: asyncio.run(read(m.astream_complete("Hello"))),
    ]
    expected = get_tokens_from_response(llm.chat(HELLO))
    assert min(expected) > 0
    assert [usage(llm, ask) for ask in asks] == [expected] * len(asks)


def test_events_once_per_request(llm, events):
    llm.chat(HELLO)
    assert events.names() == ["LLMChatStartEvent", "LLMChatEndEvent"]
    assert all(event.span_id for event in events.events)


def test_events_of_a_stream(llm, events):
    chunks = list(llm.stream_chat(HELLO))
    names = events.names()
    assert names[0] == "LLMChatStartEvent"
    assert names[-1] == "LLMChatEndEvent"
    assert names.count("LLMChatInProgressEvent") == len(chunks)
    assert events.events[-1].response.message.content == llm.chat(HELLO).message.content


def test_events_of_a_completion(llm, events):
    llm.complete("Hello")
    list(llm.stream_complete("Hello"))
    assert events.names().count("LLMCompletionEndEvent") == 2
    assert not events.of("LLMChatStartEvent")


async def test_events_of_async_calls(llm, events):
    await llm.achat(HELLO)
    await drain(await llm.astream_complete("Hello"))
    await drain(await llm.astream_chat(HELLO))
    ends = ("LLMChatStartEvent", "LLMChatEndEvent", "LLMCompletionEndEvent")
    assert [events.names().count(name) for name in ends] == [2, 2, 1]
    assert all(event.span_id for event in events.events)


def test_events_carry_no_key(llm, events):
    llm.chat(HELLO)
    assert "canary" not in repr([event.model_dump() for event in events.events])


@pytest.mark.own
def test_events_carry_no_credential_of_a_call(llm, events):
    server = {"type": "mcp", "server_label": "s", "server_url": "https://e.org"}
    tool = {**server, "authorization": "canary-1", "headers": {"x": "canary-2"}}
    with pytest.raises(RespError):
        llm.chat(HELLO, tools=[tool], extra_headers={"x-token": "canary-3"}, max_tokens=0)
    [start] = events.of("LLMChatStartEvent")
    assert start.additional_kwargs["tools"][0]["server_label"] == "s"
    assert "canary" not in repr([event.model_dump() for event in events.events])


@pytest.mark.own
def test_who_listens_later_hears_the_rest(llm, events):
    handlers = get_dispatcher().event_handlers
    handlers.remove(events)
    stream = llm.stream_chat(HELLO)
    next(stream)
    handlers.append(events)
    chunks = list(stream)
    assert events.names() == ["LLMChatInProgressEvent"] * len(chunks) + ["LLMChatEndEvent"]


class Spans(SimpleSpanHandler):
    """Collects the names of the spans that ended."""

    def names(self) -> list[str]:
        return sorted(span.id_.partition("-")[0] for span in self.completed_spans)


@pytest.fixture
def spans():
    dispatcher = get_dispatcher()
    handler = Spans()
    dispatcher.add_span_handler(handler)
    yield handler
    dispatcher.span_handlers.remove(handler)


@pytest.mark.own
def test_one_span_for_each_method(llm, tools, spans):
    list(llm.stream_chat(HELLO))
    assert spans.names() == ["RespLLM.stream_chat"]
    spans.completed_spans.clear()
    llm.predict_and_call(tools, "What is 6 multiplied by 7?")
    assert spans.names().count("RespLLM.predict_and_call") == 1
    assert spans.names().count("RespLLM.chat") == 1
    assert not spans.open_spans


def test_an_error_in_a_stream_is_an_event(make_llm, events, api_error):
    with pytest.raises(api_error):
        list(make_llm("offline/fault-cut").stream_chat(HELLO))
    assert events.names()[-1] == "ExceptionEvent"


def test_legacy_callbacks_once_per_request(llm):
    class Seen(TokenCountingHandler):
        starts: ClassVar[list] = []

        def on_event_start(self, event_type, payload=None, **kwargs):
            self.starts.append((event_type, payload))
            return super().on_event_start(event_type, payload, **kwargs)

    handler = Seen(tokenizer=str.split)
    handler.starts.clear()
    llm.callback_manager = CallbackManager([handler])
    llm.chat(HELLO)
    list(llm.stream_complete("Hello"))
    kinds = [kind for kind, _ in handler.starts]
    assert kinds == [CBEventType.LLM, CBEventType.LLM]
    assert handler.starts[0][1][EventPayload.MESSAGES] == HELLO
    assert "canary" not in repr(handler.starts)


class Told(BaseCallbackHandler):
    """Collects what old-style callbacks are told."""

    def __init__(self) -> None:
        super().__init__([], [])
        self.ended: list[dict] = []
        self.traces: list[str] = []

    def on_event_start(self, event_type, payload=None, event_id="", parent_id="", **kwargs):
        return event_id

    def on_event_end(self, event_type, payload=None, event_id="", **kwargs):
        if event_type is CBEventType.LLM:
            self.ended.append(payload)

    def start_trace(self, trace_id=None):
        self.traces.append(trace_id)

    def end_trace(self, trace_id=None, trace_map=None):
        self.traces.append(trace_id)


def test_callbacks_are_told_of_errors(make_llm, api_error):
    told = Told()
    llm = make_llm("offline/fault-500", max_retries=0, callback_manager=CallbackManager([told]))
    with pytest.raises(api_error):
        llm.chat(HELLO)
    with pytest.raises(api_error):
        list(llm.stream_complete("Hello"))
    assert [list(payload) for payload in told.ended] == [[EventPayload.EXCEPTION]] * 2


def test_callbacks_are_told_of_a_stream_that_is_closed(llm):
    told = Told()
    llm.callback_manager = CallbackManager([told])
    stream = llm.stream_chat(HELLO)
    next(stream)
    stream.close()
    [payload] = told.ended
    assert isinstance(payload[EventPayload.EXCEPTION], GeneratorExit)


def test_callbacks_have_traces_and_answers(llm):
    told = Told()
    llm.callback_manager = CallbackManager([told])
    llm.chat(HELLO)
    llm.complete("Hello")
    assert told.traces == ["chat", "chat", "completion", "completion"]
    assert [EventPayload.RESPONSE in told.ended[0], EventPayload.COMPLETION in told.ended[1]] == [
        True,
        True,
    ]


def test_a_rate_limiter_is_asked(make_llm):
    class Counted(TokenBucketRateLimiter):
        def acquire(self, *args, **kwargs):
            asked.append(1)

    asked: list[int] = []
    llm = make_llm(rate_limiter=Counted(requests_per_minute=100))
    llm.chat(HELLO)
    llm.complete("Hello")
    assert len(asked) == 2


async def test_a_rate_limiter_is_awaited(make_llm):
    class Counted(TokenBucketRateLimiter):
        async def async_acquire(self, *args, **kwargs):
            asked.append(1)

    asked: list[int] = []
    llm = make_llm(rate_limiter=Counted(requests_per_minute=100))
    await llm.achat(HELLO)
    await drain(await llm.astream_complete("Hello"))
    assert len(asked) == 2


# --- errors


@pytest.mark.parametrize("fault", ["cut", "failed"])
@pytest.mark.parametrize("endpoint", ["stream_chat", "stream_complete"])
def test_a_broken_stream_raises(make_llm, fault, endpoint, api_error):
    llm = make_llm(f"offline/fault-{fault}", max_retries=0)
    with pytest.raises(api_error):
        list(getattr(llm, endpoint)(HELLO if endpoint == "stream_chat" else "Hello"))


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_a_status_is_a_typed_error(make_llm, status, api_error):
    llm = make_llm(f"offline/fault-{status}", max_retries=0)
    with pytest.raises(api_error) as caught:
        llm.chat(HELLO)
    assert caught.value.status_code == status
    assert "canary" not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


# --- text forms, copies, pickles


def test_no_text_form_shows_a_credential(make_llm):
    llm = make_llm(
        default_headers={"x-token": "canary-header"},
        default_query={"sig": "canary-query"},
        built_in_tools=[
            {
                "type": "mcp",
                "server_label": "s",
                "server_url": "https://e.org",
                "authorization": "canary-mcp",
                "headers": {"a": "canary-mcp-header"},
            }
        ],
    )
    llm.client  # noqa: B018 - made, so that it would be in the state
    forms = [
        repr(llm),
        str(llm),
        llm.to_json(),
        repr(llm.to_dict()),
        llm.model_dump_json(),
        repr(getattr(llm, "to_payload", llm.to_dict)()),
        repr(pickle.dumps(llm)),
        repr(llm.client),
        repr(vars(llm)["api_key"]),
    ]
    assert "canary" not in " ".join(forms)


def test_it_can_be_pickled_and_serialised(make_llm):
    llm = make_llm(temperature=0.5)
    revived = pickle.loads(pickle.dumps(llm))
    assert (revived.temperature, revived.metadata.model_name) == (0.5, llm.metadata.model_name)
    assert (
        json.loads(llm.to_json())["class_name"] == llm.class_name() == llm.to_dict()["class_name"]
    )


@pytest.mark.own
def test_pickle_keeps_the_options_and_drops_the_key(make_llm):
    llm = make_llm(temperature=0.5, stop=["x"], completion_to_prompt=lambda p: p)
    revived = pickle.loads(pickle.dumps(llm))
    assert (revived.temperature, revived.stop, revived.model) == (0.5, ["x"], llm.model)
    assert not revived.api_key


@pytest.mark.own
@pytest.mark.parametrize("kind", [RespLLM, RespEmbedding])
def test_the_class_has_a_json_schema(kind):
    fields = kind.model_json_schema()["properties"]
    assert fields["api_key"]["anyOf"][0] == {"type": "string", "format": "password"}


@pytest.mark.own
def test_copies_keep_the_key(make_llm):
    llm = make_llm()
    for copied in (copy.deepcopy(llm), copy.copy(llm), llm.model_copy(deep=True)):
        assert copied.api_key.reveal() == llm.api_key.reveal()


def test_copies_of_a_used_llm_work(make_llm):
    llm = make_llm()
    llm.chat(HELLO)
    for copied in (copy.deepcopy(llm), copy.copy(llm), llm.model_copy(deep=True)):
        assert copied.chat(HELLO).message.content


@pytest.mark.own
def test_from_dict_gives_the_same_model(llm):
    again = RespLLM.from_dict(llm.to_dict())
    assert again.to_dict() == llm.to_dict()


@pytest.mark.own
def test_a_changed_connection_is_used(make_llm):
    llm = make_llm(fresh=True)
    llm.chat(HELLO)
    old = llm.client
    llm.api_key = "other"
    assert llm.client is not old
    old.close()
    assert llm.api_key.reveal() == "other"


# --- clients, threads, loops


@pytest.mark.own
def test_the_client_is_public(llm):
    assert isinstance(llm.client, Client)
    if llm.api == "chat":
        return
    kept = llm.chat(HELLO, store=True)
    stored = llm.client.responses.retrieve(kept.additional_kwargs["response_id"])
    assert stored["output"] == kept.raw["output"]
    assert llm.client.responses.delete(stored["id"])["deleted"]


@pytest.mark.own
def test_a_background_answer_can_be_cancelled_and_resumed(make_llm):
    llm = make_llm()
    if llm.api == "chat":
        with pytest.raises(UnsupportedError, match="background"):
            llm.chat(HELLO, background=True)
        return
    waiting = llm.chat(HELLO, background=True)
    assert (waiting.raw["status"], waiting.additional_kwargs["finish_reason"]) == ("queued", None)
    response_id = waiting.additional_kwargs["response_id"]
    assert llm.client.responses.cancel(response_id)["status"] == "cancelled"

    stream = llm.stream_chat(HELLO, background=True)
    seen = [next(stream) for _ in range(3)]
    stream.close()
    rest = llm.client.responses.retrieve(
        seen[-1].additional_kwargs["response_id"],
        stream=True,
        starting_after=seen[-1].raw["sequence_number"],
    )
    deltas = [event.delta for event in rest if event.type == "response.output_text.delta"]
    said = "".join(chunk.delta for chunk in seen) + "".join(deltas)
    assert said == llm.chat(HELLO).message.content


@pytest.mark.own
async def test_the_same_for_await(llm):
    if llm.api == "chat":
        return
    kept = await llm.achat(HELLO, store=True)
    stored = await llm.async_client.responses.retrieve(kept.additional_kwargs["response_id"])
    assert stored["output"] == kept.raw["output"]
    assert (await llm.async_client.responses.delete(stored["id"]))["deleted"]


def test_a_new_event_loop_each_time(llm):
    texts = [asyncio.run(llm.acomplete("Hello")).text for _ in range(3)]
    assert len(set(texts)) == 1


async def test_streams_side_by_side(llm):
    async def talk(number: int) -> bool:
        stream = await llm.astream_chat([ChatMessage(f"Repeat: Name{number}")])
        return f"Name{number}" in (await drain(stream))[-1].message.content

    assert all(await asyncio.gather(*(talk(n) for n in range(20))))


def test_many_conversations_on_one_object(llm):
    def talk(number: int) -> bool:
        name = f"Name{number}"
        first = ChatMessage(role="user", content=f"My name is {name}.")
        answer = llm.chat([first])
        more = [first, answer.message, ChatMessage(role="user", content="What is my name?")]
        return name in list(llm.stream_chat(more))[-1].message.content

    with ThreadPoolExecutor(10) as pool:
        assert all(pool.map(talk, range(50)))


def test_many_conversations_through_settings(settings):
    """Chat engines that know nothing of each other share the one model of the program."""

    def talk(number: int) -> bool:
        engine = SimpleChatEngine.from_defaults()
        engine.chat(f"My name is Name{number}.")
        text = "".join(engine.stream_chat("What is my name?").response_gen)
        return set(re.findall(r"Name\d+", text)) == {f"Name{number}"}

    with ThreadPoolExecutor(10) as pool:
        assert all(pool.map(talk, range(50)))


async def test_many_async_conversations_on_one_object(llm):
    async def talk(number: int) -> bool:
        name = f"Name{number}"
        first = ChatMessage(role="user", content=f"My name is {name}.")
        answer = await llm.achat([first])
        more = [first, answer.message, ChatMessage(role="user", content="What is my name?")]
        return name in (await llm.achat(more)).message.content

    assert all(await asyncio.gather(*(talk(n) for n in range(50))))


def test_blocks_of_a_message_reach_the_model(llm):
    message = ChatMessage(role="user", blocks=[TextBlock(text="Hello"), TextBlock(text="Bob")])
    assert llm.chat([message]).message.content
