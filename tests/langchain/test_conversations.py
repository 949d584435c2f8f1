"""What of a conversation is sent again, and what is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from tests.langchain.server import (
    Server,
    called,
    error,
    response,
    said,
    thought,
)


def test_a_chain_sends_only_what_is_new() -> None:
    answers = iter(
        [
            response(called("f", "{}", "call_1"), called("g", "{}", "call_2"), id="resp_1"),
            response(said("done"), id="resp_2"),
        ]
    )
    server = Server(lambda _: next(answers))
    model = server.model(use_previous_response_id=True)
    first = model.invoke([HumanMessage("go")])
    history = [
        HumanMessage("go"),
        first,
        ToolMessage("1", tool_call_id="call_1"),
        ToolMessage("2", tool_call_id="call_2"),
    ]
    model.invoke(history)
    assert server.bodies[1]["previous_response_id"] == "resp_1"
    assert server.bodies[1]["input"] == [
        {"type": "function_call_output", "call_id": "call_1", "output": "1"},
        {"type": "function_call_output", "call_id": "call_2", "output": "2"},
    ]
    # a trimmed history, and one that lacks an output
    answers = iter([response(said("x"))] * 2)
    model.invoke([history[1], history[3]])
    assert [item["call_id"] for item in server.bodies[2]["input"]] == ["call_1", "call_2"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_chain_that_the_server_forgot_is_replayed(stream: bool) -> None:
    def script(body: dict[str, Any]) -> Any:
        if "previous_response_id" in body:
            return error(400, "previous_response_not_found", param="previous_response_id")
        return response(said("fine"), id="resp_9")

    server = Server(script)
    model = server.model(use_previous_response_id=True)
    first = model.invoke("one")
    history = [HumanMessage("one"), first, HumanMessage("two")]
    if stream:
        assert "".join(str(c.content) for c in model.stream(history)) == "fine"
    else:
        assert model.invoke(history).content == "fine"
    assert [len(body["input"]) for body in server.bodies] == [1, 1, 3]


def test_reasoning_that_another_organisation_sealed_is_left_out_once() -> None:
    def script(body: dict[str, Any]) -> Any:
        if any(item.get("type") == "reasoning" for item in body["input"]):
            return error(400, "invalid_encrypted_content")
        return response(said("fine"))

    server = Server(script)
    old = AIMessage(
        "a",
        additional_kwargs={
            "output_items": [thought(encrypted_content="x"), {"type": "message", "id": "msg_1"}]
        },
    )
    assert server.model().invoke([HumanMessage("q"), old, HumanMessage("r")]).content == "fine"
    assert [len(body["input"]) for body in server.bodies] == [4, 3]


def test_stateless_calls_ask_for_and_send_sealed_reasoning() -> None:
    server = Server(response(thought(encrypted_content="x"), said("a")))
    model = server.model(model="openai/gpt-5.4", store=False)
    first = model.invoke("one")
    model.invoke([HumanMessage("one"), first, HumanMessage("two")])
    assert server.bodies[0]["include"] == ["reasoning.encrypted_content"]
    assert server.bodies[0]["store"] is False
    kinds = [item.get("type", item.get("role")) for item in server.bodies[1]["input"]]
    assert kinds == ["user", "reasoning", "message", "user"]
    assert "id" not in server.bodies[1]["input"][2]


def test_another_server_gets_what_can_be_seen() -> None:
    here = Server(response(thought("hm", encrypted_content="x"), called("f", '{"a":1}')))
    there = Server(response(said("ok")))
    first = here.model().invoke("one")
    elsewhere = there.model(model="custom/m", base_url="http://localhost:1/v1", api="responses")
    elsewhere.invoke([HumanMessage("one"), first, ToolMessage("2", tool_call_id="call_1")])
    assert there.bodies[0]["input"] == [
        {"role": "user", "content": "one"},
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": "f",
            "arguments": '{"a":1}',
            "status": "completed",
        },
        {"type": "function_call_output", "call_id": "call_1", "output": "2"},
    ]


def test_fifty_conversations_on_one_model_do_not_meet() -> None:
    def script(body: dict[str, Any]) -> Any:
        text = body["input"][-1]["content"]
        return response(said(f"you said {text}"), id=f"resp_{text}")

    model = Server(script).model(use_previous_response_id=True)

    def talk(name: int) -> list[str]:
        history: list[Any] = []
        for turn in range(3):
            history.append(HumanMessage(f"{name}.{turn}"))
            history.append(model.invoke(history))
        return [str(m.content) for m in history if isinstance(m, AIMessage)]

    with ThreadPoolExecutor(16) as pool:
        for name, texts in enumerate(pool.map(talk, range(50))):
            assert texts == [f"you said {name}.{turn}" for turn in range(3)]
