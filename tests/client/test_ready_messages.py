"""A plain request may bring its conversation as Chat messages: every kind of server gets it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from resp_core import Client
from resp_core.client.plan import Plan
from resp_core.tasks import Turn
from resp_core.types.request import Request

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
MESSAGES: list[Any] = [
    {"role": "system", "content": "be brief"},
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "42"},
]
ITEMS: list[Any] = [
    {"type": "message", "role": "system", "content": "be brief"},
    {"type": "message", "role": "user", "content": "hi"},
    {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "42"},
]


def sent(api: Any, **body: Any) -> dict[str, Any]:
    client = Client("openai/m", api_key="k", api=api)
    request = Request("responses", {"messages": MESSAGES, **body}, plain=True)
    call: Any = client.call_for(Plan(Turn(request), None, {}))
    return dict(json.loads(call.prepare().content))


def test_a_chat_server_gets_them_as_they_are() -> None:
    body = sent("chat", max_output_tokens=9)
    assert body["messages"] == MESSAGES
    assert body["max_completion_tokens"] == 9
    assert "input" not in body


def test_a_responses_server_gets_items() -> None:
    body = sent("responses", max_output_tokens=9)
    assert body["input"] == ITEMS
    assert body["max_output_tokens"] == 9
    assert "messages" not in body


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_servers_of_tools_see_items(api: Any) -> None:
    client = Client("openai/m", api_key="k", api=api)
    tool = {"type": "mcp", "server_label": "s", "server_url": "https://mcp.example/mcp"}
    request = Request("responses", {"messages": MESSAGES, "tools": [tool]}, plain=True)
    call: Any = client.call_for(Plan(Turn(request), None, {}))
    assert (call._request.body["input"] if api == "chat" else call._items) == ITEMS


def test_an_unknown_field_of_that_name_is_not_one() -> None:
    """Only whoever says that a conversation is plain may bring it so."""
    client = Client("openai/m", api_key="k", api="responses")
    request = Request("responses", {"input": "hi", "messages": MESSAGES})
    call: Any = client.call_for(Plan(Turn(request), None, {}))
    assert json.loads(call.prepare().content)["messages"] == MESSAGES
