"""The two calls of LiteLLM's documentation, raw: the tool, then the decision as an item."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core import Client
from tests.mcp.conftest import Peer
from tests.mcp.host import Host
from tests.mcp.processes import continued
from tests.mcp.talk import FORMS, Talk


def options_of(world: str, base_url: str, store: str) -> dict[str, Any]:
    shared = {"state_store": store, "max_retries": 0}
    if world == "hosted":
        return {"model": "offline/demo", "base_url": f"{base_url}/v1", **shared}
    if world == "emulated-chat":
        return {"model": "offline/demo", "base_url": f"{base_url}/v1", "api": "chat", **shared}
    return {
        "model": "custom/demo",
        "base_url": f"{base_url}/v1",
        "api": "responses",
        "api_key": "sk-test",
        **shared,
    }


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "another-process"])
def test_the_documented_calls(
    world: str, form: str, elsewhere: bool, host: Host, offline_server: Any, tmp_path: Any
) -> None:
    options = options_of(world, offline_server.url, f"sqlite:///{tmp_path}/state.db")
    mcp_tool = {
        "type": "mcp",
        "server_label": "deepwiki",
        "server_url": host.url,
        "require_approval": "always",
    }
    with Client(**options) as client:
        first = ask(client, form, input="delete the path 'b.txt'", tools=[mcp_tool])
    mcp_approval_id = None
    for output in first["output"]:
        if output["type"] == "mcp_approval_request":
            mcp_approval_id = output["id"]
            break
    assert mcp_approval_id
    follow_up: dict[str, Any] = {
        "previous_response_id": first["id"],
        "input": [
            {
                "type": "mcp_approval_response",
                "approve": True,
                "approval_request_id": mcp_approval_id,
            }
        ],
        "tools": [mcp_tool],
    }
    if elsewhere:
        second = continued(options, follow_up, form)
    else:
        with Client(**options) as client:
            second = ask(client, form, **follow_up)
    assert [item["type"] for item in second["output"]] == ["mcp_call", "message"]
    assert second["output"][0]["approval_request_id"] == mcp_approval_id
    assert host.calls == [("delete", {"path": "b.txt"})]


def ask(client: Client, form: str, **params: Any) -> Any:
    if form == "plain":
        return client.responses.create(**params)
    with client.responses.create(**params, stream=True) as stream:
        return [event for event in stream][-1]["response"]


@pytest.mark.slow
def test_without_a_shared_store_the_text_says_what_to_do(host: Host) -> None:
    first = Talk("emulated-chat").ask(input="delete the path 'b.txt'", tools=[host.tool()])
    decision = {
        "type": "mcp_approval_response",
        "approve": True,
        "approval_request_id": first["output"][1]["id"],
    }
    with pytest.raises(Exception, match="state_store"):
        Talk("emulated-chat").ask(
            input=[decision], previous_response_id=first["id"], tools=[host.tool()]
        )
    with pytest.raises(Exception, match="state_store"):
        Talk("emulated-chat").ask(
            input=[{"role": "user", "content": "x"}, *first["output"], decision],
            tools=[host.tool()],
        )
    assert host.calls == []


@pytest.mark.peer
@pytest.mark.slow
def test_against_a_real_server(peer: Peer, world: str, offline_server: Any, tmp_path: Any) -> None:
    options = options_of(world, offline_server.url, f"sqlite:///{tmp_path}/state.db")
    tool = peer.tool(require_approval="always")
    with Client(**options) as client:
        first = client.responses.create(input="delete the path 'b.txt'", tools=[tool])
    decision = {
        "type": "mcp_approval_response",
        "approve": True,
        "approval_request_id": first.output[1].id,
    }
    follow_up = {"previous_response_id": first.id, "input": [decision], "tools": [tool]}
    second = continued(options, follow_up)
    assert second["output"][0]["output"] == "deleted b.txt"
    assert peer.calls == [("delete", {"path": "b.txt"})]
