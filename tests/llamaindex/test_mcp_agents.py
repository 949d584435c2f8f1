"""Approvals inside runs: agents and workflows pause, a person decides, the run goes on."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
from llama_index.core.agent.workflow import (
    AgentWorkflow,
    FunctionAgent,
    ToolCallResult,
)
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.workflow import Context, HumanResponseEvent, JsonPickleSerializer

from llamaindex_resp import MCPApprovalRequiredEvent, mcp_approval_tool
from resp_core import ApprovalMismatch, Policy, Rule
from tests.conftest import ROOT
from tests.llamaindex.mcp_worlds import BOTH, DELETE, FREE_LOOK, MIXED, WEATHER, made
from tests.mcp.conftest import Peer
from tests.mcp.host import hosting
from tests.mcp.talk import WORLDS

pytestmark = pytest.mark.filterwarnings("ignore:Skipping serialization of known unserializable")

RAN = [("delete", {"path": "b.txt"})]
YES = {"approve": True}
#: The plain JsonSerializer leaves the memory out, without which a paused run cannot go on.
SERIALIZER = JsonPickleSerializer()
NO = {"approve": False, "reason": "keep that file"}


@pytest.fixture
def host():
    with hosting() as running:
        yield running


@pytest.fixture(params=WORLDS)
def make(request, offline_server, host):
    """Makes a RespLLM of one world."""
    llms = []

    def made_llm(tool=None, **options):
        llms.append(made(request.param, offline_server.url, host, tool or {}, **options))
        return llms[-1]

    yield made_llm
    for llm in llms:
        llm.client.close()


def agent_of(llm, *, workflow=False, streaming=True, approval=None, tools=()):
    agent = FunctionAgent(
        name="agent",
        description="does it all",
        tools=[approval or mcp_approval_tool(), *tools],
        llm=llm,
        streaming=streaming,
    )
    return AgentWorkflow(agents=[agent]) if workflow else agent


async def run(agent, message, decide, **options):
    """The result, the questions that were asked, and the tools that were run."""
    handler = agent.run(message, **options)
    asked, calls = [], []
    async for event in handler.stream_events():
        if isinstance(event, MCPApprovalRequiredEvent):
            asked.append(event)
            answer(handler, event, **decide(event))
        elif isinstance(event, ToolCallResult):
            calls.append(event.tool_name)
    return await handler, asked, calls


def answer(handler, event, **said):
    decision = HumanResponseEvent(approval_request_id=event.approval_request_id, **said)
    handler.ctx.send_event(decision)


@pytest.mark.parametrize("workflow", [False, True], ids=["agent", "workflow"])
@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
async def test_approve(make, host, workflow, streaming):
    agent = agent_of(make(), workflow=workflow, streaming=streaming)
    result, [event], calls = await run(agent, DELETE, lambda event: YES)
    assert (event.server_label, event.name) == ("files", "delete")
    assert event.arguments == '{"path":"b.txt"}'
    assert "delete of files" in event.prefix
    assert calls == ["mcp_approval"]
    assert host.calls == RAN
    assert "delete did b.txt" in str(result)


@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
async def test_deny(make, host, streaming):
    agent = agent_of(make(), streaming=streaming)
    result, _, _ = await run(agent, DELETE, lambda event: NO)
    assert host.calls == []
    assert "keep that file" in str(result)


@pytest.mark.parametrize("workflow", [False, True], ids=["agent", "workflow"])
@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
async def test_mixed_with_the_users_own_tool(make, host, workflow, streaming):
    llm = make({"require_approval": FREE_LOOK})
    agent = agent_of(llm, workflow=workflow, streaming=streaming, tools=[WEATHER])
    result, asked, calls = await run(
        agent, MIXED, lambda event: YES if event.name == "archive" else NO
    )
    assert {event.name for event in asked} == {"delete", "archive"}
    assert sorted(calls) == ["get_weather", "mcp_approval", "mcp_approval"]
    assert sorted(host.calls) == [("archive", {"path": "b.txt"}), ("look", {"path": "b.txt"})]
    for said in ("sunny", "archive did b.txt", "keep that file"):
        assert said in str(result)


async def test_a_conversation_goes_on_after_it(make, host):
    llm = make()
    agent, memory = agent_of(llm), ChatMemoryBuffer.from_defaults(llm=llm)
    await run(agent, DELETE, lambda event: YES, memory=memory)
    result, asked, _ = await run(agent, "Hello", lambda event: YES, memory=memory)
    assert str(result).startswith("Hello")
    assert asked == []
    assert host.calls == RAN


async def test_the_model_never_sees_the_tool(make):
    prepared = make()._prepare_chat_with_tools([mcp_approval_tool(), WEATHER], "Hello")
    assert [tool["name"] for tool in prepared["tools"]] == ["get_weather"]
    alone = make()._prepare_chat_with_tools([mcp_approval_tool()], "Hello", tool_required=True)
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & alone.keys()


@pytest.mark.parametrize(
    ("said", "approved"),
    [
        ({"response": "yes"}, True),
        ({"response": " Approve "}, True),
        ({"response": "no"}, False),
        ({"response": "sure, why not"}, False),
        ({"response": ""}, False),
        ({}, False),
        ({"approve": "true"}, False),
        ({"approve": 1}, False),
        ({"approve": False, "response": "yes"}, False),
    ],
    ids=str,
)
async def test_only_a_clear_yes_approves(make, host, said, approved):
    await run(agent_of(make()), DELETE, lambda event: said)
    assert host.calls == (RAN if approved else [])


async def test_free_text_is_the_reason(make, host):
    result, _, _ = await run(agent_of(make()), DELETE, lambda event: {"response": "ask Ada first"})
    assert "ask Ada first" in str(result)


async def test_a_policy_needs_no_person(make, host):
    rules = Policy([Rule("approve", tool="archive"), Rule("deny", tool="del*", reason="never")])
    agent = agent_of(make(), approval=mcp_approval_tool(rules))
    result, asked, _ = await run(agent, BOTH, lambda event: YES)
    assert asked == []
    assert host.calls == [("archive", {"path": "b.txt"})]
    assert "never" in str(result)


@pytest.mark.parametrize("world", [name for name in WORLDS if name != "hosted"])
@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
async def test_a_tool_that_changed_is_asked_for_again(offline_server, host, world, streaming):
    """The event says that it changed, and what it says of itself now."""
    llm = made(world, offline_server.url, host, {})
    agent = agent_of(llm, streaming=streaming)

    def decide(event):
        host.tools[1]["description"] = "wipe a disk"
        return YES

    _, asked, _ = await run(agent, DELETE, decide)
    assert [(event.description, event.changed) for event in asked] == [
        ("delete a file", False),
        ("wipe a disk", True),
    ]
    assert "its definition has changed" in asked[1].prefix
    assert host.calls == RAN
    llm.client.close()


async def test_nobody_answers_in_time(make, host):
    agent = agent_of(make(), approval=mcp_approval_tool(timeout=0.05))
    handler = agent.run(DELETE)
    assert "nobody decided" in str(await handler)
    assert host.calls == []


async def test_a_changed_call_is_not_the_one_that_was_approved(make, host):
    """What a person saw is compared with what would run."""
    agent = agent_of(make())
    handler = agent.run(DELETE)
    async for event in handler.stream_events():
        if isinstance(event, MCPApprovalRequiredEvent):
            saved = handler.ctx.to_dict(serializer=SERIALIZER)
            break
    await handler.cancel_run()
    text = json.dumps(saved)
    # The pending call of the tool is what is shown after a restart.
    shown = text.replace("b.txt", "harmless.txt")
    ctx = Context.from_dict(agent, json.loads(shown), serializer=SERIALIZER)
    restored = agent.run(ctx=ctx)
    with pytest.raises(ApprovalMismatch):
        await finish(restored, lambda event: YES)
    assert host.calls == []


# -- restored runs


async def pause(agent, message, count):
    """A run stopped while `count` requests wait, as JSON text."""
    handler = agent.run(message)
    waiting = []
    async for event in handler.stream_events():
        if isinstance(event, MCPApprovalRequiredEvent):
            waiting.append(event)
            if len(waiting) == count:
                break
    saved = json.dumps(handler.ctx.to_dict(serializer=SERIALIZER))
    await handler.cancel_run()
    return saved, {event.name: event.approval_request_id for event in waiting}


async def finish(handler, decide):
    async for event in handler.stream_events():
        if isinstance(event, MCPApprovalRequiredEvent):
            answer(handler, event, **decide(event))
    return await handler


@pytest.mark.parametrize("workflow", [False, True], ids=["agent", "workflow"])
async def test_a_restored_run_asks_again(make, host, workflow):
    agent = agent_of(make(), workflow=workflow)
    saved, ids = await pause(agent, BOTH, 2)
    ctx = Context.from_dict(agent, json.loads(saved), serializer=SERIALIZER)
    asked = []

    def decide(event):
        asked.append(event.approval_request_id)
        return YES if event.name == "archive" else NO

    result = await finish(agent.run(ctx=ctx), decide)
    assert sorted(asked) == sorted(ids.values())
    assert host.calls == [("archive", {"path": "b.txt"})]
    assert "keep that file" in str(result)


@pytest.mark.parametrize("first", ["archive", "delete"])
async def test_an_answer_is_for_its_own_request_only(make, host, first):
    """Sent before the restored steps wait again, one answer reaches every waiter, or none."""
    agent = agent_of(make())
    saved, ids = await pause(agent, BOTH, 2)
    ctx = Context.from_dict(agent, json.loads(saved), serializer=SERIALIZER)
    handler = agent.run(ctx=ctx)
    handler.ctx.send_event(HumanResponseEvent(approval_request_id=ids[first], approve=True))
    results = []
    async for event in handler.stream_events():
        if isinstance(event, ToolCallResult):
            results.append(event.tool_id)
        if isinstance(event, MCPApprovalRequiredEvent):
            answer(handler, event, **(YES if event.name == first else NO))
    assert "keep that file" in str(await handler)
    assert host.calls == [(first, {"path": "b.txt"})]
    assert sorted(results) == sorted(ids.values())  # one result for each call


@pytest.mark.parametrize("approved", ["archive", "delete"])
async def test_all_answers_sent_early(make, host, approved):
    """Each call has one result and its own decision, however soon the answers come."""
    agent = agent_of(make())
    saved, ids = await pause(agent, BOTH, 2)
    ctx = Context.from_dict(agent, json.loads(saved), serializer=SERIALIZER)
    handler = agent.run(ctx=ctx)
    for name, id in ids.items():
        handler.ctx.send_event(HumanResponseEvent(approval_request_id=id, approve=name == approved))
    await finish(handler, lambda event: {"approve": event.name == approved})
    assert host.calls == [(approved, {"path": "b.txt"})]


async def test_two_runs_do_not_hear_each_other(make, host):
    llm = make()
    one, two = agent_of(llm), agent_of(llm)

    async def go(agent, path, said):
        return await run(agent, f"delete the path '{path}'", lambda event: said)

    await asyncio.gather(go(one, "a.txt", YES), go(two, "b.txt", NO))
    assert host.calls == [("delete", {"path": "a.txt"})]


# -- real servers


@pytest.fixture(scope="module", params=["mcp1", "mcp2"])
def peer(request, tmp_path_factory):
    running = Peer(request.param, tmp_path_factory.mktemp(request.param))
    yield running
    running.stop()


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("world", WORLDS)
async def test_against_real_servers(peer, offline_server, world, streaming):
    """The server's own log: what was approved ran once, what was denied never."""
    peer.forget()
    llm = made(world, offline_server.url, peer, {})
    agent = agent_of(llm, streaming=streaming)
    _, asked, _ = await run(agent, BOTH, lambda event: YES if event.name == "archive" else NO)
    assert sorted(event.name for event in asked) == ["archive", "delete"]
    assert peer.calls == [("archive", {"path": "b.txt"})]
    llm.client.close()


RESUME = """
import asyncio, json, sys
saved, arguments = json.loads(sys.stdin.read())
sys.path[:0] = sys.argv[1:]
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.workflow import Context, HumanResponseEvent, JsonPickleSerializer
from llama_index.core.utils import get_tokenizer
from llamaindex_resp import MCPApprovalRequiredEvent, RespLLM, mcp_approval_tool

get_tokenizer()  # points tiktoken to the vocabulary that LlamaIndex brings: the memory needs one

async def main():
    agent = FunctionAgent(
        name="agent", tools=[mcp_approval_tool()], llm=RespLLM(**arguments)
    )
    ctx = Context.from_dict(agent, json.loads(saved), serializer=JsonPickleSerializer())
    handler = agent.run(ctx=ctx)
    async for event in handler.stream_events():
        if isinstance(event, MCPApprovalRequiredEvent):
            handler.ctx.send_event(
                HumanResponseEvent(
                    approval_request_id=event.approval_request_id,
                    approve=event.name == "archive",
                    reason="keep that file",
                )
            )
    print(await handler)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("kept", [True, False], ids=["same-store", "another-store"])
async def test_a_run_resumes_in_another_process(make, host, tmp_path, kept):
    store = f"sqlite:///{tmp_path / 'state.db'}"
    llm = make(state_store=store)
    saved, _ = await pause(agent_of(llm), BOTH, 2)
    arguments = {
        "model": llm.model,
        "api": llm.api,
        "base_url": llm.base_url,
        "built_in_tools": llm.built_in_tools,
        "state_store": store if kept else None,
        "strict_approvals": True,
        **({"api_key": "sk-test"} if llm.model.startswith("custom") else {}),
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "ignore", "-c", RESUME, str(ROOT / "core"), str(ROOT)],
        input=json.dumps([saved, arguments]),
        capture_output=True,
        text=True,
        timeout=50,
    )
    if kept:
        assert done.returncode == 0, done.stderr
        assert "archive did b.txt" in done.stdout
        assert "keep that file" in done.stdout
        assert host.calls == [("archive", {"path": "b.txt"})]
    else:
        assert "ApprovalUnknown" in done.stderr
        assert host.calls == []
