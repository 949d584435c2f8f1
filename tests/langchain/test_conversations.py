"""What of a conversation is sent again, and what is not."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool

from langchain_resp import ChatResp
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


def echoing(**options: Any) -> ChatResp:
    """A model that says what it was told last, and names its answer after it."""

    def script(body: dict[str, Any]) -> Any:
        text = body["input"][-1]["content"]
        call = called("f", json.dumps({"a": text}), f"call_{text}", id=f"fc_{text}")
        return response(said(f"you said {text}", id=f"msg_{text}"), call, id=f"resp_{text}")

    return Server(script).model(**options)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"use_previous_response_id": True},
    {"store": False},
    {"output_version": "v1"},
]


def check_talk(name: int, history: list[Any]) -> None:
    """Nothing in a conversation is of another."""
    answers = [message for message in history if isinstance(message, AIMessage)]
    for turn, answer in enumerate(answers):
        assert answer.text == f"you said {name}.{turn}"
        assert answer.response_metadata["id"] == f"resp_{name}.{turn}"
        assert [call["args"] for call in answer.tool_calls] == [{"a": f"{name}.{turn}"}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("stream", [False, True])
def test_fifty_conversations_on_one_model_do_not_meet(options: Any, stream: bool) -> None:
    model = echoing(**options)

    def talk(name: int) -> list[Any]:
        history: list[Any] = []
        for turn in range(3):
            history.append(HumanMessage(f"{name}.{turn}"))
            if stream:
                first, *others = model.stream(history)
                history.append(first + others)
            else:
                history.append(model.invoke(history))
        return history

    with ThreadPoolExecutor(16) as pool:
        for name, history in enumerate(pool.map(talk, range(50))):
            check_talk(name, history)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("stream", [False, True])
async def test_fifty_awaited_conversations_do_not_meet(options: Any, stream: bool) -> None:
    model = echoing(**options)

    async def talk(name: int) -> list[Any]:
        history: list[Any] = []
        for turn in range(3):
            history.append(HumanMessage(f"{name}.{turn}"))
            if stream:
                whole: Any = None
                async for chunk in model.astream(history):
                    await asyncio.sleep(0)
                    whole = chunk if whole is None else whole + chunk
                history.append(whole)
            else:
                history.append(await model.ainvoke(history))
        return history

    histories = await asyncio.gather(*(talk(name) for name in range(50)))
    for name, history in enumerate(histories):
        check_talk(name, history)


# -- histories that were cut, handed over or interrupted


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


@tool
def get_population(city: str) -> str:
    """How many people live in a city."""
    return f"two million in {city}"


TOOLS = [get_weather, get_population]
KINDS: dict[str, dict[str, Any]] = {
    "responses": {"api": "responses"},
    "stateless": {"api": "responses", "store": False},
    "chained": {"api": "responses", "use_previous_response_id": True},
    "chat": {"api": "chat"},
    "v1": {"api": "responses", "output_version": "v1", "store": False},
}


def offline(kind: str) -> ChatResp:
    return ChatResp(model="offline/demo", reasoning_effort="low", **KINDS[kind])


@cache
def talk_of(kind: str) -> list[Any]:
    """A conversation with reasoning and parallel calls."""
    agent = create_agent(offline(kind), TOOLS)
    messages: list[Any] = []
    for asked in ("What is the weather in Paris and the population of Rome?", "And in Oslo?"):
        messages = agent.invoke({"messages": [*messages, HumanMessage(asked)]})["messages"]
    assert sum(len(m.tool_calls) for m in messages if isinstance(m, AIMessage)) > 2
    return messages


@given(
    st.sampled_from(sorted(KINDS)),
    st.sampled_from(sorted(KINDS)),
    st.permutations(range(12)),
    st.integers(0, 12),
    st.booleans(),
)
def test_any_part_of_a_history_makes_a_valid_request(
    made_by: str, sent_to: str, order: list[int], count: int, in_order: bool
) -> None:
    history = talk_of(made_by)
    kept = [place for place in order if place < len(history)][:count]
    cut = [history[place] for place in (sorted(kept) if in_order else kept)]
    answer = offline(sent_to).bind_tools(TOOLS).invoke([*cut, HumanMessage("Hello")])
    assert answer.response_metadata["status"] == "completed"
