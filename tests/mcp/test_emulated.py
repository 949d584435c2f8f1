"""MCP run by us: what is offered to the model, what is kept, and what is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from resp_core import (
    ApprovalUnknown,
    ArgumentError,
    Budget,
    Client,
    InternalServerError,
    McpConnectionError,
    Policy,
    UnsupportedError,
    approve,
    deny,
    pending_approvals,
)
from resp_core.errors import RespError
from resp_core.mcp.catalog import catalog_of
from resp_core.mcp.server import mcp_servers
from tests.mcp.host import TOOLS, Handler, Host, hosting
from tests.mcp.talk import FORMS, Talk, items, kinds, text

EMULATED = ("emulated-chat", "emulated-responses")


@pytest.fixture(params=[(world, form) for world in EMULATED for form in FORMS], ids="-".join)
def talk(request: pytest.FixtureRequest, talk_to: Callable[..., Talk]) -> Talk:
    world, form = request.param
    return talk_to(world, form=form)


def sent_to(offline_server: Any) -> list[dict[str, Any]]:
    return list(offline_server.state._responses.values())


def test_a_changed_tool_is_asked_for_again(talk: Talk, host: Host) -> None:
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    (request,) = pending_approvals(first)
    host.tools = [{**tool, "description": tool["description"] + "!"} for tool in TOOLS]
    second = talk.ask(
        input=[approve(request)], previous_response_id=first["id"], tools=[host.tool()]
    )
    assert kinds(second) == ["mcp_list_tools", "mcp_approval_request"]
    assert host.calls == []
    (again,) = pending_approvals(second, first["output"])
    assert again.id != request.id
    assert again.changed
    assert not request.changed
    assert again.tool is not None
    assert again.tool["description"] == "delete a file!"
    assert "definition has changed" in again.describe()
    third = talk.ask(input=[approve(again)], previous_response_id=second["id"], tools=[host.tool()])
    assert kinds(third) == ["mcp_call", "message"], "the list is shown once"
    assert items(third, "mcp_call")[0]["approval_request_id"] == again.id
    assert host.calls == [("delete", {"path": "b.txt"})]


def test_a_tool_that_is_gone(talk: Talk, host: Host) -> None:
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    host.tools = [tool for tool in TOOLS if tool["name"] != "delete"]
    second = talk.ask(
        input=[approve(pending_approvals(first)[0])],
        previous_response_id=first["id"],
        tools=[host.tool()],
    )
    (call,) = items(second, "mcp_call")
    assert call["status"] == "failed"
    assert "does not offer delete" in call["output"]
    assert host.calls == []


def test_a_server_that_is_down_costs_no_decision(talk: Talk, host: Host) -> None:
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    again: dict[str, Any] = {
        "input": [approve(pending_approvals(first)[0])],
        "previous_response_id": first["id"],
        "tools": [host.tool()],
    }

    def down(handler: Handler, message: dict[str, Any]) -> bool:
        handler.send_raw(503, b"", "text/plain")
        return True

    works, host.answer = host.answer, down
    with pytest.raises(McpConnectionError):
        talk.ask(**again)
    host.answer = works
    talk.ask(**again)
    assert host.calls == [("delete", {"path": "b.txt"})]


def test_nothing_runs_if_the_request_cannot_be_sent(host: Host) -> None:
    talk = Talk("emulated-chat")
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    again: dict[str, Any] = {
        "input": [approve(pending_approvals(first)[0])],
        "previous_response_id": first["id"],
        "tools": [host.tool()],
    }
    with pytest.raises(UnsupportedError):
        talk.ask(**again, context_management=[{"type": "compaction"}])
    assert host.calls == []
    talk.ask(**again)
    assert len(host.calls) == 1


def test_what_ran_is_not_lost_when_the_model_fails(
    host: Host, talk_to: Callable[..., Talk]
) -> None:
    """The call has been made, so it is not made again; the conversation goes on from it."""
    talk = talk_to("emulated-chat", model="demo")
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    with pytest.raises(InternalServerError) as caught:
        talk.ask(
            model="offline/fault-500",
            input=[approve(pending_approvals(first)[0])],
            previous_response_id=first["id"],
            tools=[host.tool()],
        )
    partial = caught.value.partial
    assert partial is not None
    assert [item["type"] for item in partial["output"]] == ["mcp_call"]
    assert talk.records[-1].status == "failed"
    assert talk.records[-1].response_id == partial["id"]
    second = talk.ask(
        input="what did it say?", previous_response_id=partial["id"], tools=[host.tool()]
    )
    assert second["status"] == "completed"
    assert host.calls == [("delete", {"path": "b.txt"})]


def test_all_requests_of_a_response_are_answered_together(talk: Talk, host: Host) -> None:
    first = talk.ask(input="delete and archive the path 'b.txt'", tools=[host.tool()])
    one, other = pending_approvals(first)
    again = {"previous_response_id": first["id"], "tools": [host.tool()]}
    with pytest.raises(ArgumentError, match=other.id):
        talk.ask(input=[approve(one)], **again)
    assert host.calls == []
    talk.ask(input=[approve(one), deny(other)], **again)
    assert [name for name, _ in host.calls] == [one.name]


def test_a_request_that_nobody_answered_is_no_obstacle(talk: Talk, host: Host) -> None:
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    second = talk.ask(
        input="archive the path 'c.txt'", previous_response_id=first["id"], tools=[host.tool()]
    )
    (request,) = pending_approvals(second)
    third = talk.ask(
        input=[approve(request)], previous_response_id=second["id"], tools=[host.tool()]
    )
    assert items(third, "mcp_call")
    assert host.calls == [("archive", {"path": "c.txt"})]


def test_an_old_request_cannot_be_decided(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from resp_core.client import wiring

    talk = Talk("emulated-chat")
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    now = wiring._CLOCK.wall
    later = replace(wiring._CLOCK, wall=lambda: now() + 8 * 24 * 3600)
    monkeypatch.setattr(wiring, "_CLOCK", later)
    with pytest.raises(ApprovalUnknown, match="too old"):
        talk.ask(
            input=[approve(pending_approvals(first)[0])],
            previous_response_id=first["id"],
            tools=[host.tool()],
        )


def test_max_tool_calls(talk: Talk, host: Host) -> None:
    response = talk.ask(
        input="look, delete and archive the path 'b.txt'",
        tools=[host.tool(require_approval="never")],
        max_tool_calls=2,
    )
    assert len(host.calls) == 2
    calls = items(response, "mcp_call")
    assert [call["status"] for call in calls] == ["completed", "completed", "failed"]
    assert "max_tool_calls is 2" in calls[2]["error"]["message"]
    assert kinds(response)[-1] == "message"


def test_a_model_that_never_stops_calling(host: Host) -> None:
    """It is stopped after sixteen turns; the answer says so, and keeps what was done."""
    turns: list[Any] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent = json.loads(request.content)
        if request.url.host == "127.0.0.1":
            answered = {"jsonrpc": "2.0", "id": sent.get("id"), "result": host.result_of(sent)}
            return httpx2.Response(200 if "id" in sent else 202, json=answered)
        turns.append(sent)
        function = {"name": "look", "arguments": json.dumps({"path": str(len(turns))})}
        call = {"id": f"call_{len(turns)}", "type": "function", "function": function}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        return httpx2.Response(200, json={"id": "c", "model": "m", "choices": [choice]})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as guest:
        client = Client("groq/m", api_key="gsk-test", http_client=guest)
        response = client.responses.create(
            input="go on", tools=[host.tool(require_approval="never")]
        )
    assert response.status == "incomplete"
    assert response.incomplete_details == {"reason": "max_turns"}
    assert len(turns) == len(host.calls) == 16
    assert [message["role"] for message in turns[-1]["messages"][-2:]] == ["assistant", "tool"]


@pytest.mark.parametrize(
    ("choice", "ran"),
    [
        ("none", []),
        ("required", ["look"]),
        ({"type": "mcp", "server_label": "files", "name": "archive"}, ["archive"]),
        (
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "mcp", "server_label": "files", "name": "look"}],
            },
            [],
        ),
    ],
)
def test_tool_choice(
    choice: Any, ran: list[str], host: Host, talk_to: Callable[..., Talk], world: str
) -> None:
    talk = talk_to(world)
    tool = host.tool(require_approval="never")
    talk.ask(input="reply with exactly: hello", tools=[tool], tool_choice=choice)
    assert [name for name, _ in host.calls] == ran


def test_tool_choice_of_what_is_not_offered(
    host: Host, talk_to: Callable[..., Talk], world: str
) -> None:
    choice = {"type": "mcp", "server_label": "files", "name": "nothing"}
    talk = talk_to(world)
    with pytest.raises(RespError) as caught:
        talk.ask(input="hi", tools=[host.tool()], tool_choice=choice)
    assert "ool" in str(caught.value)
    (record,) = talk.records
    assert (record.status, record.error) == ("failed", type(caught.value).__name__)
    if world != "hosted":
        assert record.attempts == ()
        assert host.asked[-1] == "DELETE", "the session is ended all the same"


def test_two_servers_with_tools_of_one_name(talk: Talk, host: Host) -> None:
    """And a function of the caller's own with that name, which is never run by us."""
    own = {
        "type": "function",
        "name": "archive",
        "parameters": {"type": "object", "properties": {}},
    }
    with hosting() as other:
        tools = [
            host.tool(require_approval="never"),
            other.tool("others", require_approval="never"),
            own,
        ]
        response = talk.ask(input="delete the path 'b.txt'", tools=tools)
        labels = {item["server_label"] for item in items(response, "mcp_call")}
        assert labels == {"files", "others"}
        assert {item["name"] for item in items(response, "mcp_call")} == {"delete"}
        assert host.calls == other.calls == [("delete", {"path": "b.txt"})]
        response = talk.ask(input="archive it", tools=tools)
        assert [item["name"] for item in items(response, "function_call")] == ["archive"]
        assert len(host.calls) == 1


def test_what_a_server_is_for(host: Host) -> None:
    """`server_description` reaches the model with each of the server's tools."""
    (server,) = mcp_servers([host.tool(server_description="Ada's own files")])
    listed: list[Any] = [{"name": "look", "description": "look at it"}, {"name": "bare"}]
    made = catalog_of([(server, listed)], set(), Policy()).tools
    assert [tool.as_function()["description"] for tool in made] == [
        "look at it\nIts server, files: Ada's own files",
        "Its server, files: Ada's own files",
    ]
    with pytest.raises(ArgumentError, match="server_description"):
        mcp_servers([host.tool(server_description=7)])


def test_deferred_tools_are_shown_at_once_and_that_is_said(talk: Talk, host: Host) -> None:
    response = talk.ask(
        input="look at the path 'a.txt'",
        tools=[host.tool(require_approval="never", defer_loading=True)],
    )
    assert items(response, "mcp_call")
    assert any("defer_loading of files" in note for note in talk.records[-1].notes)


def test_a_budget_is_not_held_by_a_stream_that_was_left(host: Host) -> None:
    """What a turn had reserved is settled, also where nobody reads on."""
    prices = {"offline/demo": {"input": "2", "output": "10"}}
    with Client("offline/demo", api="chat", prices=prices, budgets=[Budget("15")]) as client:
        for _ in range(3):  # each reserves ten dollars
            with client.responses.create(
                input="hello", tools=[host.tool()], max_output_tokens=1_000_000, stream=True
            ) as stream:
                next(event for event in stream if event.type == "response.output_text.delta")


@pytest.mark.parametrize(
    ("params", "fields"),
    [
        ({"background": True}, {}),
        ({"conversation": "conv_1"}, {}),
        ({}, {"server_url": None, "connector_id": "connector_gmail", "authorization": "x"}),
        ({}, {"server_url": None, "tunnel_id": "tun_1"}),
        ({}, {"allowed_callers": ["code_interpreter"]}),
    ],
)
def test_what_only_a_provider_can_do(host: Host, params: Any, fields: Any) -> None:
    tool = {name: value for name, value in host.tool(**fields).items() if value is not None}
    with pytest.raises(UnsupportedError):
        Talk("emulated-chat").ask(input="hi", tools=[tool], **params)
    assert host.asked == []


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "mcp"},
        {"type": "mcp", "server_label": "a"},
        {"type": "mcp", "server_label": "a", "server_url": "ftp://x"},
        {"type": "mcp", "server_label": "a", "server_url": "http://x", "connector_id": "y"},
        {"type": "mcp", "server_label": "a", "server_url": "http://127.0.0.1/", "headers": [1]},
        {"type": "mcp", "server_label": "a", "server_url": "http://127.0.0.1/", "allowed_tools": 1},
    ],
)
def test_what_is_no_tool(tool: Any, world: str, talk_to: Callable[..., Talk]) -> None:
    with pytest.raises(ArgumentError):
        talk_to(world).ask(input="hi", tools=[tool])


def test_labels_tell_servers_apart(host: Host, world: str, talk_to: Callable[..., Talk]) -> None:
    with pytest.raises(ArgumentError, match="labelled"):
        talk_to(world).ask(input="hi", tools=[host.tool(), host.tool()])


def test_continued_without_the_tools(talk: Talk, host: Host) -> None:
    """A response that we made is known to us alone, with or without MCP tools in the next call."""
    first = talk.ask(input="look at the path 'a.txt'", tools=[host.tool(require_approval="never")])
    second = talk.ask(input="reply with exactly: done", previous_response_id=first["id"])
    assert text(second) == "done"
    third = talk.ask(input="what is my name?", previous_response_id=second["id"])
    assert third["status"] == "completed"


def test_it_continues_a_response_of_the_providers_own(
    host: Host, talk_to: Callable[..., Talk]
) -> None:
    talk = talk_to("emulated-responses")
    first = talk.ask(input="My name is Ada")
    assert not first["id"].startswith("resp_rk")
    second = talk.ask(
        input="look at the path 'a.txt'",
        previous_response_id=first["id"],
        tools=[host.tool(require_approval="never")],
    )
    third = talk.ask(
        input="what is my name?", previous_response_id=second["id"], tools=[host.tool()]
    )
    assert "Ada" in text(third)


def test_store_false_keeps_nothing_but_the_requests(talk: Talk, host: Host) -> None:
    store = talk.options["state_store"]
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()], store=False)
    (request,) = pending_approvals(first)
    assert store.load(f"response:{first['id']}") is None
    kept = store.load(f"approval:{request.id}")
    assert kept["schema"] == 1
    assert json.loads(json.dumps(kept)) == kept


def test_the_record_covers_all_turns(talk: Talk, host: Host) -> None:
    response = talk.ask(
        input="look at the path 'a.txt'", tools=[host.tool(require_approval="never")]
    )
    (record,) = talk.records
    assert len(record.attempts) == 2
    assert len(record.billed) == 2
    assert record.status == "completed"
    assert record.response_id == response["id"]
    assert record.usage == response["usage"]
    assert record.usage["total_tokens"] == (
        record.usage["input_tokens"] + record.usage["output_tokens"]
    )
    assert record.stream == (talk.form == "stream")
    assert record.seconds >= sum(attempt.seconds for attempt in record.attempts) * 0.9
    if talk.form == "stream":
        assert 0 < record.first_token <= record.seconds


def test_walking_away(host: Host) -> None:
    talk = Talk("emulated-chat")
    from resp_core import Client

    with Client(**talk.options) as client:
        stream = client.responses.create(
            input="look at the path 'a.txt'",
            tools=[host.tool(require_approval="never")],
            stream=True,
        )
        for event in stream:
            if event["type"] == "response.mcp_list_tools.completed":
                break
        stream.close()
    (record,) = talk.records
    assert record.status == "cancelled"
    assert host.calls == []


def test_arguments_that_are_no_object(host: Host, talk_to: Callable[..., Talk]) -> None:
    """A model's broken call is never run with empty arguments; the model hears of it."""
    talk = talk_to("emulated-chat", model="fault-badtool@1")
    response = talk.ask(
        input="delete the path 'b.txt'", tools=[host.tool(require_approval="never")]
    )
    first = items(response, "mcp_call")[0]
    assert first["status"] == "failed"
    assert "no JSON object" in first["output"]
    assert ("delete", {}) not in host.calls


def test_a_call_of_a_tool_that_was_not_offered(host: Host, talk_to: Callable[..., Talk]) -> None:
    """It is the caller's to answer, and nothing is run."""
    talk = talk_to("emulated-chat", model="fault-undeclared")
    response = talk.ask(input="hi", tools=[host.tool(require_approval="never")])
    assert [item["name"] for item in items(response, "function_call")] == ["delete_everything"]
    assert host.calls == []
