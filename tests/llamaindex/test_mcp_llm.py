"""What surrounds approvals: engines, callbacks, warnings, what is refused, what is never shown."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest
from llama_index.core import Settings, SummaryIndex
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.schema import Document
from llama_index.core.workflow import Context, JsonPickleSerializer

from llamaindex_resp import MCPApprovalRequiredEvent, mcp_approval_tool, pending_approvals
from resp_core import ArgumentError, Policy, Rule, Verdict
from tests.llamaindex.mcp_worlds import BOTH, DELETE, WEATHER, made, user
from tests.llamaindex.test_mcp_agents import agent_of
from tests.mcp.host import hosting
from tests.mcp.talk import WORLDS

SECRET = "sentinel-6c1f0e"
RAN = [("delete", {"path": "b.txt"})]


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


# -- engines


def test_a_chat_engine(make, host):
    engine = SimpleChatEngine.from_defaults(llm=make(on_mcp_approval=lambda request: True))
    assert "delete did b.txt" in engine.chat(DELETE).response
    assert engine.chat("Hello").response.startswith("Hello")
    assert host.calls == RAN


def test_a_streaming_chat_engine(make, host):
    engine = SimpleChatEngine.from_defaults(llm=make(on_mcp_approval=lambda request: True))
    answer = engine.stream_chat(DELETE)
    said = "".join(answer.response_gen)
    assert "delete did b.txt" in said
    assert engine.chat("Hello").response.startswith("Hello")
    assert host.calls == RAN


@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
def test_a_query_engine(make, host, streaming):
    llm = make(on_mcp_approval=Policy([Rule("approve")]))
    index = SummaryIndex.from_documents([Document(text="Files live on the files server.")])
    engine = index.as_query_engine(llm=llm, streaming=streaming)
    assert str(engine.query(DELETE))
    assert all(call in (("delete", {"path": "b.txt"}),) for call in host.calls)


async def test_a_coroutine_decides(make, host):
    async def ask(request):
        return Verdict("approve")

    assert (
        "delete did b.txt"
        in (await make(on_mcp_approval=ask).achat([user(DELETE)])).message.content
    )
    with pytest.raises(ArgumentError, match="async methods"):
        make(on_mcp_approval=ask).chat([user(DELETE)])
    assert host.calls == RAN


@pytest.mark.parametrize("said", [None, "yes", 1, (True,)], ids=str)
def test_a_callback_must_say_a_decision(make, host, said):
    with pytest.raises(ArgumentError, match="True, False or a Verdict"):
        make(on_mcp_approval=lambda request: said).chat([user(DELETE)])
    assert host.calls == []


def test_a_call_does_not_go_on_for_ever(make, host):
    """A model that asks again and again is stopped; what it asks last is left undecided."""
    seen = []

    def deny(request):
        seen.append(request.id)
        return False

    answer = make(on_mcp_approval=deny).chat([user(DELETE)])
    assert len(seen) == len(set(seen)) <= 16
    assert answer.message.content
    assert host.calls == []


def test_read_only_tools_are_known_to_the_policy(make, host):
    llm = make(on_mcp_approval=Policy([Rule("approve", read_only=True)], default="deny"))
    first = llm.chat([user("look at the path 'a.txt'")])
    assert host.calls == [("look", {"path": "a.txt"})]
    # The tools were listed in an earlier answer only.
    llm.chat([user("look at the path 'a.txt'"), first.message, user("look at the path 'c.txt'")])
    assert host.calls[-1] == ("look", {"path": "c.txt"})
    llm.chat([user(DELETE)])
    assert len(host.calls) == 2


# -- deciding by hand


def test_all_requests_are_decided_together(make):
    llm = make()
    answer = llm.chat([user(BOTH)])
    one, other = pending_approvals(answer)
    with pytest.raises(ArgumentError, match=other.id):
        llm.approve(answer, {one.id: True})
    with pytest.raises(ArgumentError, match="mcpr_other"):
        llm.approve(answer, {one.id: True, other.id: True, "mcpr_other": True})
    with pytest.raises(ArgumentError, match="mcpr_other"):
        llm.approve(llm.chat([user("Hello")]), {"mcpr_other": True})


def test_completions_say_what_waits(make):
    answer = make().complete(DELETE)
    assert [request.name for request in pending_approvals(answer)] == ["delete"]


def test_messages_survive_json(make, host):
    llm = make()
    answer = llm.chat([user(DELETE)])
    [request] = pending_approvals(answer)
    history = [user(DELETE), answer.message, *llm.approve(answer, {request.id: True})]
    again = [ChatMessage.model_validate_json(message.model_dump_json()) for message in history]
    assert "delete did b.txt" in llm.chat(again).message.content
    assert host.calls == RAN


# -- nobody there


def test_a_request_that_nobody_hears_is_told_once(make, caplog):
    llm = make()
    with caplog.at_level(logging.WARNING, "llamaindex_resp"):
        llm.chat([user(DELETE)])
        list(llm.stream_chat([user(DELETE)]))
    [record] = caplog.records
    assert "delete of files" in record.getMessage()
    assert "mcp_approval_tool" in record.getMessage()


def test_no_warning_where_somebody_decides(make, caplog):
    with caplog.at_level(logging.WARNING, "llamaindex_resp"):
        make().chat_with_tools([mcp_approval_tool(), WEATHER], DELETE)
        make(on_mcp_approval=lambda request: False).chat([user(DELETE)])
        make().chat([user("Hello")])
    assert caplog.records == []


def test_without_the_tool_nothing_becomes_a_tool_call(make):
    llm = make()
    answer = llm.chat_with_tools([WEATHER], DELETE)
    assert llm.get_tool_calls_from_response(answer, error_on_no_tool_call=False) == []


# -- secrets and copies


@pytest.mark.filterwarnings("ignore:Skipping serialization of known unserializable")
async def test_credentials_of_the_server_are_nowhere(make, host, events, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    llm = make(
        {"authorization": SECRET, "headers": {"x-team": SECRET}},
        state_store=f"sqlite:///{tmp_path / 'state.db'}",
    )
    agent = agent_of(llm)
    handler = agent.run(DELETE)
    async for event in handler.stream_events():
        if isinstance(event, MCPApprovalRequiredEvent):
            saved = json.dumps(handler.ctx.to_dict(serializer=JsonPickleSerializer()))
            assert isinstance(handler.ctx, Context)
            break
    await handler.cancel_run()
    answer = llm.chat([user(DELETE)])
    shown = [repr(llm), str(llm), str(llm.to_dict()), llm.to_json(), str(llm.to_payload())]
    shown += [saved, answer.message.model_dump_json(), caplog.text]
    shown += [repr(event) for event in events.events]
    assert not any(SECRET in text for text in shown)
    for data in [pickle.dumps(llm), *(path.read_bytes() for path in tmp_path.iterdir())]:
        assert SECRET.encode() not in data
    assert any(SECRET in str(headers) for headers in host.headers)


def test_copies_decide_too_and_pickles_do_not(make, host):
    llm = make(on_mcp_approval=lambda request: True)
    assert copy.deepcopy(llm).on_mcp_approval is llm.on_mcp_approval
    assert pickle.loads(pickle.dumps(llm)).on_mcp_approval is None
    Settings.llm = llm
    try:
        assert "delete did b.txt" in Settings.llm.complete(DELETE).text
    finally:
        Settings._llm = None
