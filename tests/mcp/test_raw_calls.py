"""The two calls of LiteLLM's documentation, raw: the tool, then the decision as an item."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from resp_core import Client
from tests.conftest import ROOT
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


# -- word for word

STEP_1 = """
from typing import Optional

# Configure MCP Tools
MCP_TOOLS = [
    {
        "type": "mcp",
        "server_label": "deepwiki",
        "server_url": "https://mcp.deepwiki.com/mcp",
        "allowed_tools": ["ask_question"]
    }
]

# Step 1: Make initial request - OpenAI will use MCP LIST and return MCP calls for approval
response = litellm.responses(
    model="openai/gpt-4.1",
    tools=MCP_TOOLS,
    input="What transport protocols does the 2025-03-26 version of the MCP spec support?"
)

# Get the MCP approval ID
mcp_approval_id = None
for output in response.output:
    if output.type == "mcp_approval_request":
        mcp_approval_id = output.id
        break
"""
STEP_2 = """
# Step 2: Send followup with approval for the MCP call
response_with_mcp_call = litellm.responses(
    model="openai/gpt-4.1",
    tools=MCP_TOOLS,
    input=[
        {
            "type": "mcp_approval_response",
            "approve": True,
            "approval_request_id": mcp_approval_id
        }
    ],
    previous_response_id=response.id,
)
print(response_with_mcp_call)
"""
PROXY = """
from resp_core import Client as OpenAI

# Initialize client with your proxy URL
client = OpenAI(
    base_url="http://localhost:4000",  # Your proxy URL
    api_key="your-api-key"             # Your proxy API key
)
"""
DEEPWIKI = [
    {
        "name": "ask_question",
        "description": "Ask what the MCP spec says: versions, transport protocols, messages",
        "inputSchema": {
            "type": "object",
            "properties": {"repoName": {"type": "string"}, "question": {"type": "string"}},
            "required": ["repoName", "question"],
        },
    },
    {"name": "read_wiki_contents", "inputSchema": {"type": "object"}},
]
ASKED = "What transport protocols does the 2025-03-26 version of the MCP spec support?"


def script(text: str, host: Host, base_url: str) -> list[str]:
    """Run a script of the documentation in a process of its own; the lines that it prints.

    Only addresses are changed: the MCP server's, and those of OpenAI and of the proxy.
    """
    text = text.replace("https://mcp.deepwiki.com/mcp", host.url)
    text = text.replace("http://localhost:4000", f"{base_url}/v1")
    paths = os.pathsep.join([str(ROOT / "core"), str(ROOT)])
    env = {**os.environ, "PYTHONPATH": paths, "OPENAI_API_KEY": "sk-test"}
    done = subprocess.run(
        [sys.executable, "-c", text],
        env={**env, "OPENAI_BASE_URL": f"{base_url}/v1", "CUSTOM_API_KEY": "sk-test"},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def beginning(world: str, base_url: str, store: str, form: str) -> str:
    """What stands for `import litellm`; with form "stream" the same calls are streamed."""
    settings = {"base_url": f"{base_url}/v1", "state_store": store}
    if world == "emulated-chat":
        settings["api"] = "chat"
    provider = "custom" if world == "emulated-responses" else "openai"
    return f"""
import resp_core
resp_core.configure(**{settings!r})

class litellm:
    @staticmethod
    def responses(*, model, **params):
        model = model.replace("openai", {provider!r})
        if {form == "plain"}:
            return resp_core.responses(model=model, **params)
        with resp_core.responses(model=model, stream=True, **params) as stream:
            return [event for event in stream][-1].response
"""


KINDS = "print([item.type for item in response_with_mcp_call.output])"


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "another-process"])
def test_word_for_word(
    world: str, form: str, elsewhere: bool, host: Host, offline_server: Any, tmp_path: Any
) -> None:
    host.tools = DEEPWIKI
    store = f"sqlite:///{tmp_path}/state.db"
    begun = beginning(world, offline_server.url, store, form)
    if elsewhere:
        told = "import json\nprint(json.dumps([response.id, mcp_approval_id]))"
        first = script(begun + STEP_1 + told, host, offline_server.url)
        assert host.calls == []
        kept = "class response: id, mcp_approval_id = " + str(json.loads(first[-1]))
        known = f"{kept}\nmcp_approval_id = response.mcp_approval_id\n"
        tools = STEP_1[: STEP_1.index("# Step 1")]
        second = script(begun + tools + known + STEP_2 + KINDS, host, offline_server.url)
    else:
        second = script(begun + STEP_1 + STEP_2 + KINDS, host, offline_server.url)
    assert second[-1] == "['mcp_call', 'message']"
    assert host.calls == [("ask_question", {"repoName": "MCP", "question": ASKED})]


@pytest.mark.slow
def test_the_module_is_litellm_by_another_name(host: Host, offline_server: Any) -> None:
    """Nothing between: `import litellm` is `import resp_core as litellm`."""
    host.tools = DEEPWIKI
    text = "import resp_core as litellm\n" + STEP_1 + STEP_2 + KINDS
    assert script(text, host, offline_server.url)[-1] == "['mcp_call', 'message']"
    assert len(host.calls) == 1


@pytest.mark.slow
def test_through_a_client_in_place_of_the_sdk(host: Host, offline_server: Any) -> None:
    """The snippet for the proxy, with our client in place of OpenAI's."""
    host.tools = DEEPWIKI
    steps = (STEP_1 + STEP_2).replace("litellm.responses", "client.responses.create")
    assert script(PROXY + steps + KINDS, host, offline_server.url)[-1] == "['mcp_call', 'message']"
    assert len(host.calls) == 1
