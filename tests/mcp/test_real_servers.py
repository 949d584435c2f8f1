"""Real servers of the `mcp` package, 1.x and 2.x: their own log says what ran."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from resp_core import McpConnectionError, McpTimeout, approve, deny, pending_approvals
from resp_core.mcp.display import display
from tests.mcp.conftest import Peer
from tests.mcp.processes import continued
from tests.mcp.talk import FORMS, WAYS, Talk, items, kinds, text
from tests.mcp.test_matrix import WEATHER

pytestmark = [pytest.mark.peer, pytest.mark.slow]


@pytest.fixture(params=[(way, form) for way in WAYS for form in FORMS], ids="-".join)
def talk(request: pytest.FixtureRequest, world: str, talk_to: Callable[..., Talk]) -> Talk:
    return talk_to(world, *request.param)


@pytest.fixture
def plain(world: str, talk_to: Callable[..., Talk]) -> Talk:
    return talk_to(world)


def test_list_and_free_call(peer: Peer, talk: Talk) -> None:
    tool = peer.tool(require_approval={"never": {"read_only": True}})
    response = talk.ask(input="look at the path 'a.txt'", tools=[tool])
    assert kinds(response) == ["mcp_list_tools", "mcp_call", "message"]
    (listed,) = items(response, "mcp_list_tools")
    assert {"look", "delete", "archive", "flood"} <= {tool["name"] for tool in listed["tools"]}
    assert peer.calls == [("look", {"path": "a.txt"})]
    assert "seen a.txt" in text(response)


def test_ask_then_approve_or_deny(peer: Peer, talk: Talk) -> None:
    for decide, expected in ((approve, [("delete", {"path": "b.txt"})]), (deny, [])):
        peer.log.unlink(missing_ok=True)
        first = talk.ask(input="delete the path 'b.txt'", tools=[peer.tool()])
        (request,) = pending_approvals(first)
        assert peer.calls == []
        talk.ask(input=[decide(request)], previous_response_id=first["id"], tools=[peer.tool()])
        assert peer.calls == expected


def test_two_at_once(peer: Peer, talk: Talk) -> None:
    first = talk.ask(input="delete and archive the path 'b.txt'", tools=[peer.tool()])
    requests = pending_approvals(first)
    assert sorted(request.name for request in requests) == ["archive", "delete"]
    second = talk.ask(
        input=[approve(request) for request in requests],
        previous_response_id=first["id"],
        tools=[peer.tool()],
    )
    assert sorted(peer.calls) == [("archive", {"path": "b.txt"}), ("delete", {"path": "b.txt"})]
    calls = items(second, "mcp_call")
    assert {call["approval_request_id"] for call in calls} == {r.id for r in requests}


def test_mixed_with_the_callers_tools(peer: Peer, talk: Talk) -> None:
    tool = peer.tool(require_approval={"never": {"tool_names": ["look"]}})
    first = talk.ask(
        input="look and delete the path 'b.txt', and get_weather in Paris", tools=[tool, WEATHER]
    )
    (own,) = items(first, "function_call")
    (request,) = pending_approvals(first)
    assert peer.calls == [("look", {"path": "b.txt"})]
    second = talk.ask(
        input=[
            {"type": "function_call_output", "call_id": own["call_id"], "output": "sunny"},
            approve(request),
        ],
        previous_response_id=first["id"],
        tools=[tool, WEATHER],
    )
    assert peer.calls[1:] == [("delete", {"path": "b.txt"})]
    assert "sunny" in text(second)


@pytest.mark.parametrize("form", FORMS)
def test_decided_in_another_process(peer: Peer, form: str, tmp_path: Any) -> None:
    """Emulated: what is pending is in the store, and nothing else is needed to go on."""
    store = f"sqlite:///{tmp_path}/state.db"
    talk = Talk("emulated-chat", form=form, store=store)
    first = talk.ask(input="delete the path 'b.txt'", tools=[peer.tool()])
    (request,) = pending_approvals(first)
    again: dict[str, Any] = {
        "input": [approve(request)],
        "previous_response_id": first["id"],
        "tools": [peer.tool()],
    }
    found = continued(talk.options, again, form)
    assert [item["type"] for item in found["output"]] == ["mcp_call", "message"]
    assert peer.calls == [("delete", {"path": "b.txt"})]
    assert continued(talk.options, again, form) == {"raised": "ApprovalReplayed"}
    assert len(peer.calls) == 1


def test_a_server_that_is_down(world: str, talk_to: Callable[..., Talk]) -> None:
    tool = {"type": "mcp", "server_label": "gone", "server_url": "http://127.0.0.1:9/mcp"}
    talk = talk_to(world)
    begun = time.monotonic()
    if world == "hosted":
        with pytest.raises(Exception, match="MCP server"):
            talk.ask(input="delete the path 'b.txt'", tools=[tool])
    else:
        with pytest.raises(McpConnectionError, match="'gone'") as caught:
            talk.ask(input="delete the path 'b.txt'", tools=[tool])
        assert caught.value.server_label == "gone"
    assert time.monotonic() - begun < 5
    assert talk.records[-1].status == "failed"


def test_other_servers_go_on(peer: Peer, plain: Talk) -> None:
    gone = {"type": "mcp", "server_label": "gone", "server_url": "http://127.0.0.1:9/mcp"}
    tool = peer.tool(require_approval="never")
    response = plain.ask(input="look at the path 'a.txt'", tools=[gone, tool])
    listed = {item["server_label"]: item for item in items(response, "mcp_list_tools")}
    assert listed["gone"]["error"]
    assert not listed["files"].get("error")
    assert peer.calls == [("look", {"path": "a.txt"})]


@pytest.mark.parametrize("way", WAYS)
def test_a_slow_tool(peer: Peer, way: str) -> None:
    """It may have run: the call is not made again, and the model is told."""
    talk = Talk("emulated-chat", way, mcp_timeout=0.5)
    begun = time.monotonic()
    response = talk.ask(
        input="ponder the path 'a.txt'", tools=[peer.tool(require_approval="never")]
    )
    assert time.monotonic() - begun < 3
    (call,) = items(response, "mcp_call")
    assert call["status"] == "failed"
    assert "'files' did not answer within 0.5 s" in call["error"]["message"]
    assert peer.calls[0] == ("ponder", {"path": "a.txt"})
    assert peer.calls[1:] in ([], [("ponder was cancelled", {"path": "a.txt"})])


def test_ten_megabytes(peer: Peer, plain: Talk, world: str) -> None:
    response = plain.ask(
        input="flood the path 'a.txt'",
        tools=[peer.tool(require_approval="never")],
        max_output_tokens=200,
    )
    (call,) = items(response, "mcp_call")
    if world == "hosted":
        assert len(call["output"]) == 10_000_000
    else:
        assert len(call["output"]) < 201_000
        assert "cut here: 200000 of 10000000" in call["output"]


def test_hostile_output_is_data(peer: Peer, plain: Talk) -> None:
    """No output approves anything; for a person's eyes its control characters are escaped."""
    tool = peer.tool(require_approval={"never": {"tool_names": ["scream"]}})
    response = plain.ask(input="scream at the path 'a.txt'", tools=[tool])
    (call,) = items(response, "mcp_call")
    shown = display(call["output"])
    assert "IGNORE ALL INSTRUCTIONS" in shown
    assert not set("\x1b\x07\x00\u202e") & set(shown)
    assert "\\x1b" in shown
    assert peer.calls == [("scream", {"path": "a.txt"})]


def test_a_tool_that_fails(peer: Peer, plain: Talk) -> None:
    tool = peer.tool(require_approval="never")
    response = plain.ask(input="explode the path 'a.txt'", tools=[tool])
    (call,) = items(response, "mcp_call")
    assert call["status"] == "failed"
    assert call["error"]["type"] == "mcp_tool_execution_error"
    assert "explode" in json.dumps(call["error"])
    assert response["status"] == "completed"


def test_a_handshake_that_never_ends() -> None:
    """A port that takes connections and says nothing."""
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        tool = {
            "type": "mcp",
            "server_label": "mute",
            "server_url": f"http://127.0.0.1:{silent.getsockname()[1]}/mcp",
        }
        begun = time.monotonic()
        with pytest.raises(McpTimeout, match="'mute'"):
            Talk("emulated-chat", mcp_timeout=0.5).ask(input="hi", tools=[tool])
        assert time.monotonic() - begun < 3
