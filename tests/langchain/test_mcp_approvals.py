"""Approvals beside the happy path: bad answers, plain graphs, policies, other middleware."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command

from langchain_resp import (
    MCPApprovalMiddleware,
    approval_message,
    mcp_approval_node,
    pending_approvals,
)
from langchain_resp import errors as ours
from resp_core import Policy, Rule, errors
from tests.langchain.mcp_talk import APPROVE, BOTH, DELETE, MIXED, Talk, X, get_weather
from tests.langchain.mcp_worlds import Hosted, Offline, World, world_of

LOOK = {"messages": [("user", "Call look with the path 'x.txt'.")]}
REJECT = {"type": "reject", "message": "no"}


@pytest.fixture(params=["hosted", "responses", "chat"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with world_of(request.param) as world:
        yield world


@pytest.fixture
def emulated() -> Iterator[World]:
    with world_of("chat") as world:
        yield world


# -- answers of a person


BAD: list[Any] = [
    "approve",
    {"decisions": []},
    {"decisions": [APPROVE, APPROVE]},
    {"decisions": [{"type": "yes"}]},
    {"decisions": [{"type": "edit", "edited_action": {"name": "delete", "args": {}}}]},
    {"decisions": [{"type": "respond", "message": "done already"}]},
    {"decisions": [{"type": "reject", "message": 1}]},
    [APPROVE],
]


@pytest.mark.parametrize("way", ["invoke", "astream"])
@pytest.mark.parametrize("bad", BAD, ids=str)
async def test_a_malformed_answer_is_refused_before_it_is_saved(
    emulated: World, way: str, bad: Any
) -> None:
    talk = Talk(emulated, way)
    await talk.say(DELETE)
    waiting = talk.interrupts
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's message names the field
        await talk.say(Command(resume=bad))
    assert talk.interrupts == waiting
    await talk.decide(APPROVE)
    assert emulated.ran == [("delete", X)]


async def test_an_empty_answer_leaves_it_waiting(emulated: World) -> None:
    talk = Talk(emulated)
    await talk.say(DELETE)
    await talk.say(Command(resume={}))
    assert len(talk.interrupts) == 1
    await talk.decide(APPROVE)
    assert emulated.ran == [("delete", X)]


async def test_an_answer_by_the_interrupts_id(emulated: World) -> None:
    talk = Talk(emulated)
    await talk.say(DELETE)
    (interrupt,) = talk.agent.get_state(talk.config).interrupts
    await talk.say(Command(resume={interrupt.id: {"decisions": [APPROVE]}}))
    assert emulated.ran == [("delete", X)]


async def test_fifty_threads_share_one_model(emulated: World) -> None:
    talk = Talk(emulated)
    threads: list[Any] = [{"configurable": {"thread_id": str(number)}} for number in range(50)]
    for number, config in enumerate(threads):
        text = f"Call delete with the path 'f{number}.txt'."
        talk.agent.invoke({"messages": [("user", text)]}, config)
    for number, config in enumerate(threads):
        decision = APPROVE if number % 2 else REJECT
        talk.agent.invoke(Command(resume={"decisions": [decision]}), config)
    approved = [("delete", {"path": f"f{number}.txt"}) for number in range(50) if number % 2]
    assert emulated.ran == approved


@pytest.mark.parametrize("way", ["invoke", "astream"])
async def test_a_tool_that_changed_is_asked_for_again(emulated: World, way: str) -> None:
    """The person sees that it changed, and what it says of itself now."""
    assert isinstance(emulated, Offline)
    talk = Talk(emulated, way)
    await talk.say(DELETE)
    assert "changed" not in talk.interrupts[0]["action_requests"][0]["description"]
    emulated.host.tools[1]["description"] = "delete a file\nTool: look"
    await talk.decide(APPROVE)
    assert emulated.ran == []
    (request,) = talk.interrupts
    assert request["action_requests"][0]["description"].split("\n")[3:] == [
        "Its server says: delete a file\\x0aTool: look",
        "Its definition has changed since it was last listed.",
    ]
    await talk.decide(APPROVE)
    assert emulated.ran == [("delete", X)]


# -- forms of content, and ways to carry the conversation


FORMS: list[dict[str, Any]] = [
    {},
    {"output_version": "v1"},
    {"store": False},
    {"store": False, "output_version": "v1"},
    {"use_previous_response_id": True},
    {"use_previous_response_id": True, "output_version": "v1"},
]


@pytest.mark.parametrize("options", FORMS, ids=str)
@pytest.mark.parametrize("way", ["invoke", "stream"])
async def test_every_form_of_a_conversation(
    world: World, options: dict[str, Any], way: str
) -> None:
    talk = Talk(world, way, tools=[get_weather], **options)
    await talk.say(MIXED)
    assert len(talk.interrupts) == 1
    await talk.decide(APPROVE)
    assert world.ran == [("delete", X)]
    assert talk.messages[-1].text
    again = {"messages": [("user", "Call archive with the path 'x.txt'.")]}
    await talk.say(again)
    await talk.decide(*([REJECT] * len(talk.interrupts[0]["action_requests"])))
    assert world.ran == [("delete", X)]


def test_decisions_of_an_earlier_turn_are_not_taken_again(emulated: World) -> None:
    model = emulated.model().bind_tools([emulated.tool()])
    history: list[Any] = [HumanMessage("Call delete with the path 'x.txt'.")]
    history.append(model.invoke(history))
    (request,) = pending_approvals(history)
    decision = approval_message([(request, True, None)])
    history += [decision, model.invoke([*history, decision])]
    assert pending_approvals(history) == []
    with pytest.raises(ours.ApprovalReplayed):
        model.invoke([*history, decision])
    twice = HumanMessage([*decision.content, *decision.content])
    with pytest.raises(errors.ApprovalReplayed):
        model.invoke([*history[:2], twice])
    assert emulated.ran == [("delete", X)]


def test_another_scope_cannot_decide(emulated: World) -> None:
    anna = emulated.model(approval_scope="anna").bind_tools([emulated.tool()])
    history: list[Any] = [HumanMessage("Call delete with the path 'x.txt'.")]
    history.append(anna.invoke(history))
    decision = approval_message([(pending_approvals(history)[0], True, None)])
    with pytest.raises(ours.ApprovalMismatch):
        anna.invoke([*history, decision], approval_scope="ben")
    assert emulated.ran == []
    assert anna.invoke([*history, decision]).text


# -- what the provider does must be what was approved


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
async def test_a_provider_that_runs_something_else_is_caught(way: str) -> None:
    world = Hosted()
    world.runs_instead = '{"path": "/"}'
    talk = Talk(world, way)
    await talk.say(DELETE)
    with pytest.raises(ours.McpIntegrityError, match="/") as caught:
        await talk.decide(APPROVE)
    assert caught.value.approved is not None
    assert not caught.value.is_retryable


# -- without create_agent, without a person, without a checkpointer


@pytest.mark.parametrize("decision", [APPROVE, REJECT])
async def test_the_node_in_a_plain_graph(world: World, decision: dict[str, Any]) -> None:
    model = world.model().bind_tools([world.tool()])
    graph: Any = StateGraph(MessagesState)
    graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_node("approve", mcp_approval_node())
    graph.add_edge(START, "model")
    graph.add_conditional_edges(
        "model", lambda state: "approve" if pending_approvals(state["messages"]) else END
    )
    graph.add_edge("approve", "model")
    app = graph.compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    paused = app.invoke(DELETE, config)
    assert paused["__interrupt__"][0].value["action_requests"][0]["name"] == "delete"
    with pytest.raises(ValueError, match="decisions"):
        app.invoke(Command(resume={"decisions": []}), config)
    result = app.invoke(Command(resume={"decisions": [decision]}), config)
    assert result["messages"][-1].text
    assert world.ran == ([("delete", X)] if decision is APPROVE else [])


def test_the_node_lets_other_answers_pass() -> None:
    node = mcp_approval_node(messages_key="chat")
    assert node({"chat": [HumanMessage("hi"), AIMessage("hello")]}) == {}
    assert node({"chat": [SystemMessage("be brief")]}) == {}


@pytest.mark.parametrize(
    ("policy", "ran"),
    [
        (Policy([Rule("approve", tool="del*")]), [("delete", X)]),
        (Policy([Rule("approve", when=lambda args: args["path"] == "x.txt")]), [("delete", X)]),
        (Policy([Rule("deny", server="files", reason="headless")], default="approve"), []),
        (Policy(default="deny"), []),
    ],
)
def test_headless_by_policy(world: World, policy: Policy, ran: list[Any]) -> None:
    """No person and no checkpointer: the policy decides all."""
    agent = create_agent(world.model(), [world.tool()], middleware=[MCPApprovalMiddleware(policy)])
    result: Any = agent.invoke(DELETE)  # type: ignore[arg-type]
    assert "__interrupt__" not in result
    assert world.ran == ran
    assert result["messages"][-1].text
    if policy.rules and policy.rules[0].reason:
        assert "headless" in str(result["messages"])


def test_a_policy_knows_what_only_reads(world: World) -> None:
    """`read_only` comes from the server's list of tools, which the messages show."""
    policy = Policy([Rule("approve", read_only=True)], default="deny")
    agent: Any = create_agent(
        world.model(), [world.tool()], middleware=[MCPApprovalMiddleware(policy)]
    )
    agent.invoke(LOOK)
    agent.invoke(DELETE)
    assert world.ran == [("look", X)]


async def test_policy_and_person_share_a_turn(emulated: World) -> None:
    policy = Policy([Rule("approve", tool="archive")])
    talk = Talk(emulated, middleware=[MCPApprovalMiddleware(policy)])
    await talk.say(BOTH)
    (request,) = talk.interrupts
    assert [action["name"] for action in request["action_requests"]] == ["delete"]
    await talk.decide(REJECT)
    assert emulated.ran == [("archive", X)]


def test_without_a_checkpointer_it_pauses_and_cannot_go_on(emulated: World) -> None:
    agent: Any = create_agent(
        emulated.model(), [emulated.tool()], middleware=[MCPApprovalMiddleware()]
    )
    assert "__interrupt__" in agent.invoke(DELETE)
    with pytest.raises(RuntimeError, match="checkpointer"):
        agent.invoke(Command(resume={"decisions": [APPROVE]}))
    assert emulated.ran == []


def test_a_description_of_ones_own(emulated: World) -> None:
    middle = MCPApprovalMiddleware(description=lambda request: f"May I {request.name}?")
    talk = Talk(emulated, middleware=[middle])
    talk.agent.invoke(DELETE, talk.config)
    assert talk.interrupts[0]["action_requests"][0]["description"] == "May I delete?"


# -- beside other middleware


@pytest.mark.parametrize("first", [True, False], ids=["ours first", "ours last"])
@pytest.mark.parametrize("own", [APPROVE, REJECT], ids=["tool runs", "tool does not"])
async def test_beside_human_in_the_loop(world: World, first: bool, own: dict[str, Any]) -> None:
    """The agent's own tool and the MCP tool wait one after the other."""
    both: list[Any] = [
        MCPApprovalMiddleware(),
        HumanInTheLoopMiddleware(interrupt_on={"get_weather": True}),
    ]
    talk = Talk(world, tools=[get_weather], middleware=both if first else both[::-1])
    await talk.say(MIXED)
    asked = []
    while talk.interrupts:
        (request,) = talk.interrupts
        name = request["action_requests"][0]["name"]
        asked.append(name)
        await talk.decide(APPROVE if name == "delete" else own)
    assert sorted(asked) == ["delete", "get_weather"]
    assert world.ran == [("delete", X)]
    (result,) = [m for m in talk.messages if isinstance(m, ToolMessage)]
    assert ("sunny" in result.text) is (own is APPROVE)
    assert talk.messages[-1].text


# -- nobody there


def test_unheard_requests_are_logged_once_for_a_model(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    gc.collect()  # nodes of graphs that are gone
    model = world.model()
    with caplog.at_level(logging.WARNING, "langchain_resp"):
        agent: Any = create_agent(model, [world.tool()])
        assert agent.invoke(DELETE)["messages"][-1].text == ""
        list(model.bind_tools([world.tool()]).stream(DELETE["messages"]))
        assert len(caplog.records) == 1
        assert "delete of files" in caplog.text
        assert "MCPApprovalMiddleware" in caplog.text
        world.model().bind_tools([world.tool()]).invoke(DELETE["messages"])
        assert len(caplog.records) == 2


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
async def test_heard_requests_are_not_logged(
    emulated: World, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "langchain_resp"):
        await Talk(emulated, way).say(DELETE)
        node = mcp_approval_node()
        message = emulated.model().bind_tools([emulated.tool()]).invoke(DELETE["messages"])
        assert pending_approvals(message)
        assert caplog.records == []
        del node


def test_answers_with_more_in_them_are_not_logged(
    emulated: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "langchain_resp"):
        model = emulated.model().bind_tools([emulated.tool(), get_weather])
        assert model.invoke(MIXED["messages"]).tool_calls
        assert caplog.records == []
