"""What real servers and requests were seen to do, one small test each."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core.errors import ArgumentError, UnsupportedError
from resp_core.providers import get
from resp_core.route.deployment import Connection
from resp_core.route.resolve import resolve
from resp_core.tasks import Operate, Turn
from resp_core.types.json import loads
from resp_core.types.request import Request
from resp_core.wire.chat import ChatOptions, encode_request
from resp_core.wire.chat_server import ChatChunks
from resp_core.wire.losses import Losses


@pytest.mark.parametrize("place", [1, None])
def test_text_under_a_content_index_that_the_item_lacks_is_sent_once(place: int | None) -> None:
    chunks = ChatChunks("chatcmpl-1", include_usage=False)
    part = {"type": "output_text", "text": "five", "annotations": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}
    delta = {"type": "response.output_text.delta", "output_index": 0, "delta": "five"}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {"id": "resp_1", "model": "m"}},
        delta | ({} if place is None else {"content_index": place}),
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"status": "completed", "output": [item]}},
    ]
    deltas = [c["choices"][0]["delta"] for event in events for c in chunks.add(event)]
    assert "".join(delta.get("content") or "" for delta in deltas) == "five"


def encode(body: dict[str, Any], losses: Losses) -> dict[str, Any]:
    return encode_request(body, {}, options=ChatOptions(), losses=losses)


def test_what_only_the_first_server_stored_is_named_before_what_hangs_on_it() -> None:
    answer = {"type": "function_call_output", "call_id": "call_1", "output": "42"}
    with pytest.raises(UnsupportedError) as caught:
        encode({"input": [answer], "previous_response_id": "resp_1"}, Losses("the server"))
    assert caught.value.param == "previous_response_id"


def test_the_answer_to_a_dropped_call_goes_with_it() -> None:
    call = {"type": "tool_search_call", "call_id": "call_1", "arguments": {}}
    answer = {"type": "function_call_output", "call_id": "call_1", "output": "found"}
    question = {"role": "user", "content": "hello"}
    losses = Losses("the server", "drop")
    sent = encode({"input": [question, call, answer]}, losses)
    assert sent["messages"] == [question]
    assert losses.dropped == ["input[1]"]


def test_an_mcp_call_without_an_output_has_an_empty_result() -> None:
    call = {"type": "mcp_call", "id": "mcp_1", "name": "ask", "arguments": "{}", "output": None}
    sent = encode({"input": [call]}, Losses("the server"))
    assert sent["messages"][-1]["content"] == ""


def prepared(model: str | None, provider: str | None = None, **request: Any) -> dict[str, Any]:
    deployment = resolve(model, Connection(provider=provider), {"OPENAI_API_KEY": "a-key"})
    return loads(Turn(Request(**request)).prepare(deployment, Losses("it")).content)


def test_a_stored_prompt_needs_no_model() -> None:
    body = {"prompt": {"id": "pmpt_1"}}
    assert prepared(None, "openai", wire="responses", body=body) == body
    with pytest.raises(ArgumentError, match="No model is named") as caught:
        prepared(None, "openai", wire="responses", body={"input": "hello"})
    assert caught.value.param == "model"


def test_counting_tokens_of_a_stored_prompt_names_no_model() -> None:
    deployment = resolve(None, Connection(provider="openai"), {"OPENAI_API_KEY": "a-key"})
    task = Operate("responses.count_tokens", body={"prompt": {"id": "pmpt_1"}}, with_model=True)
    assert b"model" not in task.prepare(deployment, Losses("it")).content


def test_a_provider_sees_the_fields_of_its_own_in_extra_body() -> None:
    assert get("deepseek").reads_extra == {"thinking"}
    function = {"name": "add", "arguments": "{}"}
    call = {"id": "call_1", "type": "function", "function": function}
    messages = [{"role": "assistant", "content": None, "tool_calls": [call]}]
    environ = {"DEEPSEEK_API_KEY": "a-key"}
    deployment = resolve("deepseek/deepseek-v4-flash", Connection(), environ)

    def sent(**extra: Any) -> Any:
        request = Request("chat", {"messages": messages}, extra_body=extra)
        return loads(Turn(request).prepare(deployment, Losses("it")).content)

    assert sent(thinking={"type": "disabled"})["messages"] == messages
    assert sent()["messages"][0]["reasoning_content"] == " "
