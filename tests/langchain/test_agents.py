"""Agents, graphs and chains over the offline provider, on either API, sync and async."""

from __future__ import annotations

import json
from typing import Annotated, Any

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
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import InjectedState
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


async def ran(agent: Any, given: Any, way: str, config: Any = None) -> dict[str, Any]:
    """The final state of an agent, run in one of the four ways."""
    if way == "invoke":
        return agent.invoke(given, config)
    if way == "ainvoke":
        return await agent.ainvoke(given, config)
    if way == "stream":
        return list(agent.stream(given, config, stream_mode=["messages", "values"]))[-1][1]
    parts = [part async for part in agent.astream(given, config, stream_mode=MODES)]
    return [state for mode, state in parts if mode == "values"][-1]


WAYS = ["invoke", "ainvoke", "stream", "astream"]
MODES: Any = ["values", "updates", "messages", "custom", "checkpoints", "tasks", "debug"]


@pytest.mark.parametrize("way", WAYS)
async def test_an_agent_with_tools(model: ChatResp, way: str) -> None:
    agent = create_agent(model, TOOLS, system_prompt="Be brief.", checkpointer=InMemorySaver())
    check((await ran(agent, QUESTION, way, thread()))["messages"])


def thread(name: str = "1") -> Any:
    return {"configurable": {"thread_id": name}}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("strategy", [ToolStrategy, ProviderStrategy, None])
async def test_an_agent_with_structured_output(model: ChatResp, strategy: Any, way: str) -> None:
    form = strategy(Report) if strategy else Report
    agent = create_agent(model, TOOLS, response_format=form, checkpointer=InMemorySaver())
    result = await ran(agent, QUESTION, way, thread())
    assert isinstance(result["structured_response"], Report)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("awaited", [False, True])
async def test_every_stream_mode(model: ChatResp, mode: Any, awaited: bool) -> None:
    agent = create_agent(model, [*TOOLS, tell], checkpointer=InMemorySaver())
    asked = {"messages": [("user", "Call tell with the city Paris.")]}
    given: Any = asked if mode == "custom" else QUESTION
    if awaited:
        parts = [part async for part in agent.astream(given, thread(), stream_mode=mode)]
    else:
        parts = list(agent.stream(given, thread(), stream_mode=mode))
    assert parts
    if mode == "custom":
        assert parts == ["telling Paris"]
    if mode == "values":
        check(parts[-1]["messages"])
    if mode == "messages":
        spoken = [m for m, _ in parts if isinstance(m, AIMessage)]
        assert "sunny" in "".join(str(m.text) for m in spoken)
        assert sum("sunny" in str(m.text) for m in spoken) == 1
        assert len(spoken) > 5


@tool
def tell(city: str) -> str:
    """Tell of a city while it runs."""
    get_stream_writer()(f"telling {city}")
    return "told"


async def test_astream_events(model: ChatResp) -> None:
    names = [
        event["event"]
        async for event in create_agent(model, TOOLS).astream_events(QUESTION, version="v2")
    ]
    assert "on_chat_model_stream" in names
    assert "on_tool_end" in names


@pytest.fixture
def strict_msgpack(monkeypatch: pytest.MonkeyPatch) -> None:
    """What LANGGRAPH_STRICT_MSGPACK=true does, which is read when langgraph is imported."""
    monkeypatch.setattr("langgraph.checkpoint.serde._msgpack.STRICT_MSGPACK_ENABLED", True)
    monkeypatch.setattr("langgraph._internal._serde.STRICT_MSGPACK_ENABLED", True)


@pytest.mark.usefixtures("strict_msgpack")
@pytest.mark.parametrize("version", [None, "v1"])
@pytest.mark.parametrize("way", WAYS)
async def test_checkpoints_hold_plain_json(
    model: ChatResp, version: Any, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    reasoning = {"effort": "low", "summary": "auto"}
    options = {"output_version": version, "reasoning": reasoning, "on_unsupported": "drop"}
    blocks = model.model_copy(update=options)
    form = {"title": "Report", **Report.model_json_schema()}
    agent = create_agent(blocks, TOOLS, checkpointer=InMemorySaver(), response_format=form)
    before = (await ran(agent, QUESTION, way, thread()))["messages"]
    assert agent.get_state(thread()).values["messages"] == before
    asked = {"messages": [("user", "And the population of Rome?")]}
    again = await ran(agent, asked, way, thread())
    assert len(again["messages"]) > len(before)
    for message in again["messages"]:
        assert json.loads(message.model_dump_json()) == message.model_dump()
    assert [record for record in caplog.records if record.name.startswith("langgraph")] == []


# -- middleware


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("trigger", [("messages", 4), ("fraction", 0.1)])
async def test_summarisation(model: ChatResp, trigger: Any, way: str) -> None:
    model.profile = {"max_input_tokens": 300}
    middle = SummarizationMiddleware(model=model, trigger=trigger, keep=("messages", 2))
    agent = create_agent(model, TOOLS, middleware=[middle], checkpointer=InMemorySaver())
    history = [("user", f"Fact {n}: the sky is blue.") for n in range(6)]
    given = {"messages": [*history, *QUESTION["messages"]]}
    result = await ran(agent, given, way, thread())
    assert len(result["messages"]) < 10


@pytest.mark.parametrize("way", WAYS)
async def test_fallback_acts_on_our_errors(way: str) -> None:
    down = Server(lambda _: error(503)).model()
    up = ChatResp(model="offline/demo")
    agent = create_agent(
        down, TOOLS, middleware=[ModelFallbackMiddleware(up)], checkpointer=InMemorySaver()
    )
    check((await ran(agent, QUESTION, way, thread()))["messages"])


@pytest.mark.parametrize("way", WAYS)
async def test_retry_acts_on_what_may_be_tried_again(way: str) -> None:
    answers = iter([error(503), error(429), response(said("fine"))])
    server = Server(lambda _: next(answers))
    middle = ModelRetryMiddleware(max_retries=3, initial_delay=0.001, jitter=False)
    agent = create_agent(server.model(), middleware=[middle], checkpointer=InMemorySaver())
    result = await ran(agent, QUESTION, way, thread())
    assert result["messages"][-1].text == "fine"
    assert len(server.bodies) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_retry_leaves_alone_what_stays_wrong(status: int) -> None:
    server = Server(lambda _: error(status))
    middle = ModelRetryMiddleware(max_retries=3, initial_delay=0.001, on_failure="error")
    with pytest.raises(core.APIStatusError):
        create_agent(server.model(), middleware=[middle]).invoke(QUESTION)
    assert len(server.bodies) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("decision", ["approve", "reject", "edit"])
async def test_human_in_the_loop(model: ChatResp, decision: str, way: str) -> None:
    middle = HumanInTheLoopMiddleware(interrupt_on={"get_weather": True})
    agent = create_agent(model, TOOLS, middleware=[middle], checkpointer=InMemorySaver())
    await ran(agent, QUESTION, way, thread())
    assert agent.get_state(thread()).interrupts
    answer: dict[str, Any] = {"type": decision}
    if decision == "edit":
        answer["edited_action"] = {"name": "get_weather", "args": {"city": "Rome"}}
    result = await ran(agent, Command(resume={"decisions": [answer]}), way, thread())
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


@tool
def transfer_to_people(
    state: Annotated[Any, InjectedState], tool_call_id: Annotated[str, InjectedToolCallId]
) -> Command[Any]:
    """Hand over to the colleague who knows populations."""
    told = ToolMessage("Handed over.", tool_call_id=tool_call_id)
    question = HumanMessage("What is the population of Paris?")
    update = {"messages": [*state["messages"], told, question]}
    return Command(goto="people", graph=Command.PARENT, update=update)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("chained", [False, True])
async def test_two_agents_with_a_handoff(model: ChatResp, way: str, chained: bool) -> None:
    model = model.model_copy(update={"use_previous_response_id": chained})
    graph = StateGraph(MessagesState)
    weather = create_agent(model, [get_weather, transfer_to_people], name="weather")
    graph.add_node("weather", weather, destinations=("people",))
    graph.add_node("people", create_agent(model, [get_population], name="people"))
    graph.add_edge(START, "weather")
    graph.add_edge("people", END)
    team = graph.compile(checkpointer=InMemorySaver())
    first = await ran(team, QUESTION, way, thread())
    assert "sunny" in first["messages"][-1].text
    asked = {"messages": [("user", "Call transfer_to_people.")]}
    result = await ran(team, asked, way, thread())
    results = [m.text for m in result["messages"] if isinstance(m, ToolMessage)]
    assert results == [
        "It is sunny in Paris, 21 degrees.",
        "Handed over.",
        "Paris has two million people.",
    ]
    assert "million" in result["messages"][-1].text


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
