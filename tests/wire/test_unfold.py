"""Finished responses as legal streams, whatever items they hold."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core.errors import StreamIncomplete
from resp_core.wire.unfold import unfold
from resp_core.wire.validate import validate

TEXT = {"type": "output_text", "text": "hi", "annotations": [{"type": "file_path"}], "logprobs": []}
ITEMS: dict[str, dict[str, Any]] = {
    "message": {"content": [TEXT, {"type": "refusal", "refusal": "no"}], "role": "assistant"},
    "empty message": {"type": "message", "content": [], "role": "assistant"},
    "unknown part": {"type": "message", "content": [{"type": "output_smell", "smell": "tea"}]},
    "reasoning": {
        "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": ""}],
        "content": [{"type": "reasoning_text", "text": "b"}],
        "encrypted_content": "x",
    },
    "bare reasoning": {"type": "reasoning", "summary": []},
    "function_call": {"call_id": "c", "name": "f", "arguments": '{"a":1}'},
    "cut call": {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a'},
    "custom_tool_call": {"call_id": "c", "name": "f", "input": ""},
    "mcp_call": {"name": "f", "arguments": "{}", "output": "x", "error": None},
    "failed mcp_call": {"type": "mcp_call", "name": "f", "arguments": "{}", "error": {"code": 1}},
    "mcp_list_tools": {"tools": [{"name": "f"}]},
    "mcp_approval_request": {"name": "f", "arguments": "{}"},
    "web_search_call": {"action": {"type": "search"}},
    "file_search_call": {"queries": ["q"], "results": None},
    "code_interpreter_call": {"code": "1 + 1", "outputs": None},
    "image_generation_call": {"result": "AA=="},
    "computer_call": {"call_id": "c", "actions": [{"type": "wait"}]},
    "not_yet_invented": {"anything": [1, 2]},
}


def item(name: str) -> dict[str, Any]:
    return {"id": f"x_{name}", "type": name, "status": "completed", **ITEMS[name]}


@pytest.mark.parametrize("name", ITEMS)
def test_every_item_makes_a_legal_stream(name: str) -> None:
    response = {"id": "resp_1", "status": "completed", "output": [item(name), item("message")]}
    events = unfold(response)
    assert validate(events) is response
    added = [event["item"] for event in events if event["type"] == "response.output_item.added"]
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert done == response["output"]
    assert [each["id"] for each in added] == [each["id"] for each in done]
    assert all("sequence_number" not in event for event in events)


def test_texts_are_carried_by_deltas() -> None:
    output = [item("message"), item("function_call"), item("reasoning")]
    events = unfold({"id": "r", "output": output})
    deltas = [event["delta"] for event in events if event["type"].endswith(".delta")]
    assert deltas == ["hi", "no", '{"a":1}', "a", "b"]


@pytest.mark.parametrize("status", ["incomplete", "failed"])
def test_the_last_event_says_how_it_ended(status: str) -> None:
    response = {"id": "r", "status": status, "output": [], "error": {"code": "x"}}
    assert unfold(response)[-1] == {"type": f"response.{status}", "response": response}


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled"])
def test_what_is_not_finished_has_no_stream(status: str) -> None:
    response = {"id": "r", "status": status, "output": []}
    with pytest.raises(StreamIncomplete, match=status) as caught:
        unfold(response)
    assert caught.value.partial == response
