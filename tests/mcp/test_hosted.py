"""MCP run by the provider: what is sent on, what is checked, and who checked it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from resp_core import ApprovalUnknown, Client, approve, pending_approvals
from resp_core.io.state import MemoryState
from resp_core.mcp.catalog import Catalog
from resp_core.mcp.history import model_items
from resp_core.wire.replay import without_mcp_calls
from tests.mcp.host import Host
from tests.mcp.talk import FORMS, Talk, items, kinds, text


@pytest.mark.parametrize("form", FORMS)
def test_a_decision_that_this_store_does_not_know(
    form: str, host: Host, talk_to: Callable[..., Talk]
) -> None:
    """The provider decides, and the record says so; strict callers raise instead."""
    first = talk_to("hosted").ask(input="delete the path 'b.txt'", tools=[host.tool()])
    elsewhere = talk_to("hosted", form=form)
    again: dict[str, Any] = {
        "input": [approve(pending_approvals(first)[0])],
        "previous_response_id": first["id"],
        "tools": [host.tool()],
    }
    with pytest.raises(ApprovalUnknown, match="state_store"):
        elsewhere.ask(**again, strict_approvals=True)
    assert host.calls == []
    elsewhere.ask(**again)
    assert host.calls == [("delete", {"path": "b.txt"})]
    assert elsewhere.records[-1].approvals_checked == "provider"


def test_an_approval_hidden_before_later_items_is_checked_too(
    host: Host, talk_to: Callable[..., Talk]
) -> None:
    talk = talk_to("hosted")
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    decision = approve(pending_approvals(first)[0])
    shown = [
        {**item, "arguments": '{"path":"/"}'} if item["type"] == "mcp_approval_request" else item
        for item in first["output"]
    ]
    later = [{"role": "assistant", "content": "well"}, {"role": "user", "content": "go on"}]
    with pytest.raises(Exception, match="changed after it was made"):
        talk.ask(
            input=[{"role": "user", "content": "x"}, *shown, decision, *later], tools=[host.tool()]
        )
    assert host.calls == []


@pytest.mark.parametrize("form", FORMS)
def test_outputs_survive_a_server_that_stores_nothing(
    form: str, host: Host, talk_to: Callable[..., Talk]
) -> None:
    talk = talk_to("hosted", form=form)
    tool = host.tool(require_approval="never")
    asked = {"role": "user", "content": "look at the path 'a.txt'"}
    first = talk.ask(input=[asked], tools=[tool], store=False)
    assert host.asked.count("tools/list") == 1
    # The user asks nothing new: without the output the model would look again.
    history = [asked, *(item for item in first["output"] if item["type"] != "message")]
    second = talk.ask(input=history, tools=[tool], store=False)
    assert kinds(second) == ["message"]
    assert "look did a.txt" in text(second)
    assert len(host.calls) == 1
    assert host.asked.count("tools/list") == 1, "the list was replayed"


def test_what_is_sent_when_nothing_is_stored(host: Host) -> None:
    sent: list[Any] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, json={"id": "resp_1", "output": [], "status": "completed"})

    listed = {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "files", "tools": []}
    asked = {
        "type": "mcp_approval_request",
        "id": "mcpr_1",
        "server_label": "files",
        "name": "delete",
        "arguments": "{}",
    }
    ran = {
        "type": "mcp_call",
        "id": "mcp_1",
        "server_label": "files",
        "name": "delete",
        "arguments": "{}",
        "output": "gone",
        "error": None,
        "approval_request_id": "mcpr_1",
    }
    items_in = [listed, asked, approve("mcpr_1"), ran, {"role": "user", "content": "and now?"}]
    with httpx2.Client(transport=httpx2.MockTransport(answer)) as guest:
        client = Client("openai/m", api_key="sk-x", http_client=guest)
        for store in (True, False):
            client.responses.create(input=items_in, tools=[host.tool()], store=store)
    import orjson

    stored, stateless = (orjson.loads(request.content)["input"] for request in sent)
    assert stored == items_in
    assert [item.get("type", "message") for item in stateless] == [
        "mcp_list_tools",
        "function_call",
        "function_call_output",
        "message",
    ]
    assert stateless[2]["output"] == "gone"


def test_what_is_sent_after_we_ran_a_call(host: Host) -> None:
    """The provider's own items as they are, ours as the calls of a function."""
    sent: list[Any] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(json.loads(request.content)["input"])
        return httpx2.Response(200, json={"id": "resp_1", "output": [], "status": "completed"})

    def call(id: str) -> dict[str, Any]:
        fields = {"server_label": "files", "name": "look", "arguments": "{}", "error": None}
        return {"type": "mcp_call", "id": id, "output": "seen", **fields}

    listed = {"type": "mcp_list_tools", "server_label": "files", "tools": []}
    theirs = [{**listed, "id": "mcpl_1"}, call("mcp_1")]
    ours = [{**listed, "id": "mcpl_rk1"}, call("mcp_rk1")]
    user = {"role": "user", "content": "and now?"}
    with httpx2.Client(transport=httpx2.MockTransport(answer)) as guest:
        client = Client("openai/m", api_key="sk-x", http_client=guest)
        client.responses.create(input=[*theirs, *ours, user], tools=[host.tool()])
        client.responses.create(input=[*theirs, user], tools=[host.tool()])
    assert sent[0][:2] == theirs
    kinds = [item.get("type") for item in sent[0][2:]]
    assert kinds == ["function_call", "function_call_output", None]
    assert sent[0][3]["output"] == "seen"
    assert sent[1] == [*theirs, user]


#: `mcp_call.error` in all the shapes that it has, or had, and what is left of it for a model.
ERRORS: list[tuple[Any, Any, str]] = [
    (None, "gone", "gone"),
    (None, None, ""),
    ("it broke", None, "Error: it broke"),
    ({"type": "http_error", "code": 502, "message": "bad gateway"}, None, "Error: bad gateway"),
    ({"type": "mcp_protocol_error", "code": -32602, "message": "no"}, "", "Error: no"),
    (
        {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": "no file"}]},
        None,
        "Error: no file",
    ),
    ({"type": "mcp_tool_execution_error", "content": []}, "what it said", "Error: what it said"),
    ({"type": "something_new"}, None, "Error: the tool failed"),
    ({"type": "mcp_tool_execution_error", "content": "odd"}, None, "Error: the tool failed"),
]


@pytest.mark.parametrize(("error", "output", "said"), ERRORS)
@pytest.mark.parametrize("arguments", ['{"path":"a"}', {"path": "a"}])
def test_errors_of_calls_reach_the_model(
    error: Any, output: Any, said: str, arguments: Any
) -> None:
    """Also the arguments that Azure shows as an object."""
    item = {
        "type": "mcp_call",
        "id": "mcp_1",
        "server_label": "files",
        "name": "look",
        "arguments": arguments,
        "error": error,
        "output": output,
    }
    call, result = model_items([item], Catalog(()))
    assert (call["name"], call["arguments"]) == ("look", '{"path":"a"}')
    assert result["output"] == said
    if error is not None or output is not None:
        call, result = without_mcp_calls([item])
        assert (call["arguments"], result["output"]) == ('{"path":"a"}', said)


@pytest.mark.parametrize("form", FORMS)
def test_fields_of_the_tool_pass_as_they_are(form: str) -> None:
    sent: list[Any] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        import orjson

        sent.append(orjson.loads(request.content))
        body = {"id": "resp_1", "object": "response", "output": [], "status": "completed"}
        if form == "plain":
            return httpx2.Response(200, json=body)
        event = {"type": "response.completed", "response": body, "sequence_number": 0}
        return httpx2.Response(
            200,
            content=b"data: " + orjson.dumps(event) + b"\n\n",
            headers={"content-type": "text/event-stream"},
        )

    tools = [
        {
            "type": "mcp",
            "server_label": "mail",
            "connector_id": "connector_gmail",
            "authorization": "ya29.x",
            "require_approval": {"always": {"tool_names": ["send"]}, "never": {"read_only": True}},
            "allowed_tools": {"read_only": False, "tool_names": ["send"]},
            "server_description": "mail",
            "defer_loading": True,
            "allowed_callers": ["direct"],
        },
        {"type": "mcp", "server_label": "t", "tunnel_id": "tun_1", "headers": {"a": "b"}},
    ]
    choice = {"type": "mcp", "server_label": "mail", "name": "send"}
    with httpx2.Client(transport=httpx2.MockTransport(answer)) as guest:
        client = Client("openai/m", api_key="sk-x", http_client=guest, state_store=MemoryState())
        made = client.responses.create(
            input="hi", tools=tools, tool_choice=choice, stream=form == "stream"
        )
        list(made)
    assert sent[0]["tools"] == tools
    assert sent[0]["tool_choice"] == choice


def test_two_at_once_and_in_order(host: Host, talk_to: Callable[..., Talk]) -> None:
    talk = talk_to("hosted")
    first = talk.ask(input="delete and archive the path 'b.txt'", tools=[host.tool()])
    requests = pending_approvals(first)
    second = talk.ask(
        input=[approve(request) for request in reversed(requests)],
        previous_response_id=first["id"],
        tools=[host.tool()],
    )
    assert {call["approval_request_id"] for call in items(second, "mcp_call")} == {
        request.id for request in requests
    }
    assert len(host.calls) == 2
