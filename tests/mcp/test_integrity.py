"""A provider that runs what nobody approved: the caller hears of it, with both calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resp_core import ApprovalUnknown, McpIntegrityError, approve, deny, pending_approvals
from tests.mcp.host import Host
from tests.mcp.talk import FORMS, WAYS, Talk, items

pytestmark = pytest.mark.parametrize("form", FORMS)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return request.param


def paused(talk: Talk, host: Host, **fields: Any) -> tuple[dict[str, Any], Any]:
    first = talk.ask(
        model="offline/demo", input="delete the path 'b.txt'", tools=[host.tool(**fields)]
    )
    return first, pending_approvals(first)[0]


def test_other_arguments(way: str, form: str, host: Host, talk_to: Callable[..., Talk]) -> None:
    talk = talk_to("hosted", way, form, model="fault-mcp-tampered")
    first, request = paused(talk, host)
    with pytest.raises(McpIntegrityError) as caught:
        talk.ask(input=[approve(request)], previous_response_id=first["id"], tools=[host.tool()])
    error = caught.value
    assert error.approved is not None
    assert error.ran is not None
    assert error.approved["arguments"] == '{"path":"b.txt"}'
    assert error.ran["arguments"] == '{"path":"b.txt.other"}'
    assert "b.txt.other" in str(error)
    assert talk.records[-1].status == "failed"
    assert talk.records[-1].error == "McpIntegrityError"
    assert len(talk.records) == 2
    if form == "plain":
        assert error.partial is not None
        assert items(error.partial, "mcp_call")


def test_unasked(way: str, form: str, host: Host, talk_to: Callable[..., Talk]) -> None:
    talk = talk_to("hosted", way, form, model="fault-mcp-unasked")
    with pytest.raises(McpIntegrityError, match="nobody approved") as caught:
        talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    assert caught.value.approved is None
    assert caught.value.ran is not None
    assert caught.value.ran["name"] == "delete"
    assert caught.value.server_label == "files"


def test_denied_but_ran(way: str, form: str, host: Host, talk_to: Callable[..., Talk]) -> None:
    talk = talk_to("hosted", way, form, model="fault-mcp-denied-ran")
    first, request = paused(talk, host)
    with pytest.raises(McpIntegrityError, match="denied"):
        talk.ask(input=[deny(request)], previous_response_id=first["id"], tools=[host.tool()])


def test_ran_twice(way: str, form: str, host: Host, talk_to: Callable[..., Talk]) -> None:
    """One approval is good for one call."""
    talk = talk_to("hosted", way, form, model="fault-mcp-twice")
    first, request = paused(talk, host)
    with pytest.raises(McpIntegrityError, match="twice for one approval") as caught:
        talk.ask(input=[approve(request)], previous_response_id=first["id"], tools=[host.tool()])
    assert caught.value.approved is not None
    assert caught.value.ran is not None
    assert caught.value.server_label == "files"


def test_one_request_for_two_calls(
    way: str, form: str, host: Host, talk_to: Callable[..., Talk]
) -> None:
    """Who approves the one would approve the other."""
    talk = talk_to("hosted", way, form, model="fault-mcp-same-id")
    with pytest.raises(McpIntegrityError, match=r"one approval request, 'mcpr_same', two calls"):
        talk.ask(input="delete and archive the path 'b.txt'", tools=[host.tool()])
    assert host.calls == []


def test_a_request_id_used_again_for_another_call(
    way: str, form: str, host: Host, talk_to: Callable[..., Talk]
) -> None:
    talk = talk_to("hosted", way, form, model="fault-mcp-same-id")
    talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])  # the same one: no harm
    with pytest.raises(McpIntegrityError, match="two calls"):
        talk.ask(input="archive the path 'b.txt'", tools=[host.tool()])
    assert host.calls == []


def test_a_tool_that_changed_after_its_approval(
    way: str, form: str, host: Host, talk_to: Callable[..., Talk]
) -> None:
    """The provider lists it anew, as the list was not sent back, and runs what it has become."""
    talk = talk_to("hosted", way, form)
    first, request = paused(talk, host)
    host.tools = [{**tool, "description": "wipe the disk"} for tool in host.tools]
    again = [item for item in first["output"] if item["type"] != "mcp_list_tools"]
    user = {"role": "user", "content": "delete the path 'b.txt'"}
    with pytest.raises(McpIntegrityError, match="definition has changed since") as caught:
        talk.ask(input=[user, *again, approve(request)], tools=[host.tool()])
    assert caught.value.approved is not None
    assert caught.value.approved["name"] == "delete"


def test_what_is_asked_is_kept_before_it_is_seen(
    way: str, form: str, host: Host, talk_to: Callable[..., Talk]
) -> None:
    """A reader who leaves at the request can still decide it, and only it."""
    talk = talk_to("hosted", way, form)
    params: dict[str, Any] = {"input": "delete the path 'b.txt'", "tools": [host.tool()]}

    def leave(event: Any) -> bool:
        item = event.get("item") or {}
        done = event["type"] == "response.output_item.done"
        return done and item.get("type") == "mcp_approval_request"

    if form == "stream":
        asked = talk.leave(leave, **params)["item"]
    else:
        (asked,) = items(talk.ask(**params), "mcp_approval_request")
    kept = talk.options["state_store"].load(f"approval:{asked['id']}")
    assert kept is not None
    assert kept["name"] == "delete"
    assert kept["response_id"].startswith("resp_")
    assert kept["definition"]


@pytest.mark.parametrize("decided", [approve, deny])
def test_a_refused_decision_is_on_the_record(
    way: str, form: str, host: Host, talk_to: Callable[..., Talk], world: str, decided: Any
) -> None:
    talk = talk_to(world, way, form)
    with pytest.raises(ApprovalUnknown):
        talk.ask(input=[decided("mcpr_x")], tools=[host.tool()], strict_approvals=True)
    (record,) = talk.records
    assert (record.status, record.error, record.attempts) == ("failed", "ApprovalUnknown", ())


@pytest.mark.parametrize(
    "approval",
    [
        "never",
        {"never": {"tool_names": ["delete"]}},
        {"never": {"read_only": False}},
    ],
)
def test_what_need_not_be_asked_is_no_offence(
    way: str, form: str, host: Host, talk_to: Callable[..., Talk], approval: Any
) -> None:
    talk = talk_to("hosted", way, form)
    response = talk.ask(
        input="delete the path 'b.txt'", tools=[host.tool(require_approval=approval)]
    )
    assert items(response, "mcp_call")
    assert host.calls == [("delete", {"path": "b.txt"})]


def test_read_only_tools_of_an_earlier_list(
    way: str, form: str, host: Host, talk_to: Callable[..., Talk]
) -> None:
    """The follow-up lists nothing; what is not known is not held against the provider."""
    talk = talk_to("hosted", way, form)
    tool = host.tool(require_approval={"never": {"read_only": True}})
    first = talk.ask(input="reply with exactly: hello", tools=[tool])
    second = talk.ask(
        input="look at the path 'a.txt'", previous_response_id=first["id"], tools=[tool]
    )
    assert items(second, "mcp_call")
    assert not items(second, "mcp_list_tools")


def test_a_lost_answer_is_not_asked_for_again(
    way: str, form: str, host: Host, talk_to: Callable[..., Talk]
) -> None:
    """An approved call may have run when the provider fails: nothing is sent twice."""
    talk = talk_to("hosted-loopback", way, form, model="fault-500@1", max_retries=2)
    first, request = paused(talk, host)
    again: dict[str, Any] = {
        "input": [approve(request)],
        "previous_response_id": first["id"],
        "tools": [host.tool()],
    }
    with pytest.raises(Exception, match="500") as caught:
        talk.ask(**again)
    assert caught.value.attempts == 1
    with pytest.raises(Exception, match="decided before"):
        talk.ask(**again)
    assert host.calls == []


def test_a_refused_decision_can_be_sent_again(
    way: str, form: str, host: Host, talk_to: Callable[..., Talk]
) -> None:
    talk = talk_to("hosted-loopback", way, form, model="fault-429-quota@1")
    first, request = paused(talk, host)
    again: dict[str, Any] = {
        "input": [approve(request)],
        "previous_response_id": first["id"],
        "tools": [host.tool()],
    }
    with pytest.raises(Exception, match="429"):
        talk.ask(**again)
    talk.ask(**again)
    assert host.calls == [("delete", {"path": "b.txt"})]
