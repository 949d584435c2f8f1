"""A conversation that goes on with another provider: one that runs MCP, or one that does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resp_core import approve, deny, pending_approvals
from resp_core.io.state import MemoryState
from tests.mcp.host import Host
from tests.mcp.talk import FORMS, WORLDS, Talk, items, kinds, text

PICTURE = {"type": "image", "data": "aGk=", "mimeType": "image/png"}
LOOK = {"role": "user", "content": "look at the path 'a.txt'"}
DELETE = {"role": "user", "content": "delete the path 'b.txt'"}
DONE = {"role": "user", "content": "say exactly: done"}
SWITCHES = [(one, other) for one in WORLDS for other in WORLDS if one != other]


@pytest.fixture(params=SWITCHES, ids=" to ".join)
def switch(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_what_was_called_is_known(
    switch: tuple[str, str], form: str, store: bool, host: Host, talk_to: Callable[..., Talk]
) -> None:
    """Calls and their outputs, pictures too; the provider, strict as it is, takes the history."""
    host.results["look"] = {"content": [{"type": "text", "text": "seen"}, PICTURE]}
    one, other = (talk_to(world, form=form) for world in switch)
    tool = host.tool(require_approval="never")
    first = one.ask(input=[LOOK], tools=[tool], store=store)
    for tools in ([tool], []):
        history = [LOOK, *first["output"], DONE]
        assert text(other.ask(input=history, tools=tools, store=store)) == "done"
    again = [LOOK, *(item for item in first["output"] if item["type"] != "message")]
    second = other.ask(input=again, tools=[tool], store=store)
    assert kinds(second)[-1] == "message"
    assert host.calls == [("look", {"path": "a.txt"})]


@pytest.mark.parametrize("decide", [approve, deny])
def test_decided_elsewhere(
    switch: tuple[str, str], host: Host, talk_to: Callable[..., Talk], decide: Any
) -> None:
    """A request of ours is run by us, whoever the model's provider is now. What a provider asked
    is asked again here: its list does not show the whole definition that was approved."""
    store = MemoryState()
    one, other = (talk_to(world, store=store) for world in switch)
    first = one.ask(input=[DELETE], tools=[host.tool()])
    (request,) = pending_approvals(first)
    history = [DELETE, *first["output"], decide(request)]
    second = other.ask(input=history, tools=[host.tool()])
    if decide is deny:
        assert host.calls == []
        return
    if switch[0] == "hosted":
        assert host.calls == []
        (again,) = pending_approvals(second)
        request, history = again, [*history, *second["output"], approve(again)]
        second = other.ask(input=history, tools=[host.tool()])
    assert host.calls == [("delete", {"path": "b.txt"})]
    (call,) = items(second, "mcp_call")
    assert call["approval_request_id"] == request.id
    with pytest.raises(Exception, match="decided before"):
        other.ask(input=history, tools=[host.tool()])
    assert len(host.calls) == 1


def test_an_undecided_request_is_no_obstacle(
    switch: tuple[str, str], host: Host, talk_to: Callable[..., Talk]
) -> None:
    one, other = (talk_to(world) for world in switch)
    first = one.ask(input=[DELETE], tools=[host.tool()])
    history = [DELETE, *first["output"], DONE]
    answer = other.ask(input=history, tools=[host.tool()])
    assert text(answer) == "done"
    assert host.calls == []
