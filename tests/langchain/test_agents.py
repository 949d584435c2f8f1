"""Agents, graphs and chains over the offline provider, on either API, sync and async."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    HumanInTheLoopMiddleware,
    ModelFallbackMiddleware,
    ModelRetryMiddleware,
    SummarizationMiddleware,
)
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command
from pydantic import BaseModel

from langchain_resp import ChatResp
from resp_core import errors as core
from tests.langchain.server import Server, called, error, response, said

APIS = ["responses", "chat"]


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"It is sunny in {city}, 21 degrees."


@tool
def get_population(city: str) -> str:
    """How many people live in a city."""
    return f"{city} has two million people."


TOOLS = [get_weather, get_population]
QUESTION = {"messages": [("user", "What is the weather in Paris?")]}


class Report(BaseModel):
    """A weather report."""

    city: str
    summary: str


@pytest.fixture(params=APIS)
def model(request: pytest.FixtureRequest) -> ChatResp:
    return ChatResp(model="offline/demo", api=request.param)


def check(messages: list[Any]) -> None:
    """Question, call, result, answer."""
    assert [type(message) for message in messages][:3] == [HumanMessage, AIMessage, ToolMessage]
    assert messages[1].tool_calls[0]["args"] == {"city": "Paris"}
    assert "sunny" in messages[2].text
    assert "sunny" in messages[-1].text


def test_an_agent_with_tools(model: ChatResp) -> None:
    check(create_agent(model, TOOLS, system_prompt="Be brief.").invoke(QUESTION)["messages"])


async def test_an_agent_with_tools_awaited(model: ChatResp) -> None:
    result = await create_agent(model, TOOLS).ainvoke(QUESTION)
    check(result["messages"])


@pytest.mark.parametrize("strategy", [ToolStrategy, ProviderStrategy, None])
def test_an_agent_with_structured_output(model: ChatResp, strategy: Any) -> None:
    form = strategy(Report) if strategy else Report
    result = create_agent(model, TOOLS, response_format=form).invoke(QUESTION)
    assert isinstance(result["structured_response"], Report)


@pytest.mark.parametrize(
    "mode", ["values", "updates", "messages", "custom", "checkpoints", "tasks", "debug"]
)
def test_every_stream_mode(model: ChatResp, mode: Any) -> None:
    agent = create_agent(model, TOOLS, checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    parts = list(agent.stream(QUESTION, config, stream_mode=mode))
    if mode == "custom":
        return
    assert parts
    if mode == "values":
        check(parts[-1]["messages"])
    if mode == "messages":
        text = "".join(str(m.text) for m, _ in parts if isinstance(m, AIMessage))
        assert "sunny" in text
        assert sum("sunny" in str(m.text) for m, _ in parts if isinstance(m, AIMessage)) == 1
        assert len([m for m, _ in parts if isinstance(m, AIMessage)]) > 5


async def test_several_stream_modes_at_once(model: ChatResp) -> None:
    agent = create_agent(model, TOOLS)
    modes = {mode async for mode, _ in agent.astream(QUESTION, stream_mode=["updates", "messages"])}
    assert modes == {"updates", "messages"}


async def test_astream_events(model: ChatResp) -> None:
    names = [
        event["event"]
        async for event in create_agent(model, TOOLS).astream_events(QUESTION, version="v2")
    ]
    assert "on_chat_model_stream" in names
    assert "on_tool_end" in names


@pytest.mark.parametrize("version", [None, "v1"])
def test_checkpoints_hold_plain_json(
    model: ChatResp, version: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGGRAPH_STRICT_MSGPACK", "true")
    blocks = model.model_copy(update={"output_version": version, "reasoning": {"effort": "low"}})
    agent = create_agent(blocks, TOOLS, checkpointer=InMemorySaver(), response_format=Report)
    config: Any = {"configurable": {"thread_id": "1"}}
    before = agent.invoke(QUESTION, config)["messages"]
    assert agent.get_state(config).values["messages"] == before
    again = agent.invoke({"messages": [("user", "And the population of Rome?")]}, config)
    assert len(again["messages"]) > len(before)


# -- middleware


def test_summarisation(model: ChatResp) -> None:
    middle = SummarizationMiddleware(model=model, trigger=("messages", 4), keep=("messages", 2))
    agent = create_agent(model, TOOLS, middleware=[middle])
    history = [("user", f"Fact {n}: the sky is blue.") for n in range(6)]
    result = agent.invoke({"messages": [*history, *QUESTION["messages"]]})
    assert len(result["messages"]) < 10


def test_fallback_acts_on_our_errors() -> None:
    down = Server(lambda _: error(503)).model()
    up = ChatResp(model="offline/demo")
    agent = create_agent(down, TOOLS, middleware=[ModelFallbackMiddleware(up)])
    check(agent.invoke(QUESTION)["messages"])


def test_retry_acts_on_our_errors() -> None:
    answers = iter([error(503), error(429), response(said("fine"))])
    server = Server(lambda _: next(answers))
    middle = ModelRetryMiddleware(
        max_retries=3, initial_delay=0.001, jitter=False, retry_on=(core.APIStatusError,)
    )
    result = create_agent(server.model(), [], middleware=[middle]).invoke(QUESTION)
    assert result["messages"][-1].text == "fine"
    assert len(server.bodies) == 3


@pytest.mark.parametrize("decision", ["approve", "reject", "edit"])
def test_human_in_the_loop(model: ChatResp, decision: Literal["approve", "reject", "edit"]) -> None:
    middle = HumanInTheLoopMiddleware(interrupt_on={"get_weather": True})
    agent = create_agent(model, TOOLS, middleware=[middle], checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    paused = agent.invoke(QUESTION, config)
    assert "__interrupt__" in paused
    answer: dict[str, Any] = {"type": decision}
    if decision == "edit":
        answer["edited_action"] = {"name": "get_weather", "args": {"city": "Rome"}}
    result = agent.invoke(Command(resume={"decisions": [answer]}), config)
    results = [m for m in result["messages"] if isinstance(m, ToolMessage)]
    if decision == "edit":
        assert "Rome" in results[0].text
    elif decision == "approve":
        assert "sunny" in results[0].text
    else:
        assert results[0].status == "error"


# -- calls that must not run


@pytest.mark.parametrize("arguments", ['{"city": "Par', '{"city": "Paris"', "[1]", '{"city"'])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("version", [None, "v1"])
def test_a_cut_call_is_never_run(arguments: str, stream: bool, version: Any) -> None:
    ran: list[str] = []

    @tool
    def act(city: str) -> str:
        """Act."""
        ran.append(city)
        return "done"

    body = response(
        called("act", arguments, status="incomplete"),
        status="incomplete",
        incomplete_details={"reason": "max_output_tokens"},
    )
    model = Server(body).model(output_version=version)
    agent = create_agent(model, [act])
    if stream:
        parts = list(agent.stream(QUESTION, stream_mode=["messages", "values"]))
        messages = parts[-1][1]["messages"]
    else:
        messages = agent.invoke(QUESTION)["messages"]
    assert ran == []
    assert messages[-1].tool_calls == []
    assert len(messages[-1].invalid_tool_calls) == 1


@pytest.mark.filterwarnings("ignore:.*_achat_model_stream_v3. is in beta")
async def test_a_cut_call_is_never_run_under_v3_events() -> None:
    body = response(called("act", '{"city": "Par', status="incomplete"), status="incomplete")
    stream = await Server(body).model().astream_events("go", version="v3")
    message = await stream.output
    assert message.tool_calls == []


# -- graphs and chains


def test_two_agents_with_a_handoff(model: ChatResp) -> None:
    weather = create_agent(model, [get_weather], name="weather")
    people = create_agent(model, [get_population], name="people")

    def route(state: MessagesState) -> Command[Literal["weather", "people"]]:
        last = str(state["messages"][-1].text).lower()
        return Command(goto="people" if "population" in last else "weather")

    def hand_over(state: MessagesState) -> dict[str, Any]:
        result = weather.invoke(state)
        return {"messages": [*result["messages"], HumanMessage("And the population of Paris?")]}

    graph = StateGraph(MessagesState)
    graph.add_node("route", route)
    graph.add_node("weather", hand_over)
    graph.add_node("people", people)
    graph.add_edge(START, "route")
    graph.add_edge("weather", "people")
    graph.add_edge("people", END)
    result = graph.compile().invoke(QUESTION)
    results = [m.text for m in result["messages"] if isinstance(m, ToolMessage)]
    assert [("sunny" in text, "million" in text) for text in results] == [
        (True, False),
        (False, True),
    ]


def test_a_history_with_a_hole_still_runs(model: ChatResp) -> None:
    agent = create_agent(model, TOOLS)
    first = agent.invoke(QUESTION)["messages"]
    for cut in ([first[1]], first[2:], [first[0], first[1]], [first[0], first[3], first[2]]):
        result = agent.invoke({"messages": [*cut, HumanMessage("Hello")]})
        assert result["messages"][-1].text


def test_chains_batch(model: ChatResp) -> None:
    chain = ChatPromptTemplate.from_template("Say {word}") | model | StrOutputParser()
    assert len(chain.batch([{"word": "a"}, {"word": "b"}])) == 2
    assert "".join(chain.stream({"word": "a"})) == chain.invoke({"word": "a"})


async def test_chains_abatch(model: ChatResp) -> None:
    chain = ChatPromptTemplate.from_template("Say {word}") | model | StrOutputParser()
    assert len(await chain.abatch([{"word": str(n)} for n in range(20)])) == 20


def test_with_retry_and_with_fallbacks() -> None:
    answers = iter([error(500), response(said("fine"))])
    server = Server(lambda _: next(answers))
    again = server.model().with_retry(
        retry_if_exception_type=(core.InternalServerError,), wait_exponential_jitter=False
    )
    assert again.invoke("hi").text == "fine"
    down = Server(lambda _: error(429, "insufficient_quota")).model()
    up = ChatResp(model="offline/demo")
    assert down.with_fallbacks([up], exceptions_to_handle=(core.QuotaError,)).invoke("Hello").text
    assert list(down.with_fallbacks([up]).stream("Hello"))
