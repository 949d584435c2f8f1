"""`stream_events` v3: a legal stream of events for every kind of answer, and the same message."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.tools import Tool, tool
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream

from langchain_resp import ChatResp
from tests.langchain.server import Server, called, refused, response, said, thought

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")

CITED = {"type": "url_citation", "url": "https://a.test", "start_index": 0, "end_index": 1}
OUTPUTS: dict[str, list[dict[str, Any]]] = {
    "text": [said("hello there")],
    "reasoning": [thought("thinking aloud", encrypted_content="sealed"), said("hello")],
    "calls": [called("f", '{"a": 1}', "call_1"), called("g", '{"b": 2}', "call_2")],
    "reasoning and call": [thought("thinking"), called("f", '{"a": 1}')],
    "cut call": [called("f", '{"a": ', status="incomplete")],
    "refusal": [refused("I will not")],
    "commentary": [
        said("working on it", phase="commentary", id="msg_0"),
        called("f", "{}"),
        said("done", phase="final_answer", id="msg_2"),
    ],
    "web search": [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "s"}},
        said("", content=[{"type": "output_text", "text": "found", "annotations": [CITED]}]),
    ],
    "code": [
        {
            "type": "code_interpreter_call",
            "id": "ci_1",
            "status": "completed",
            "code": "1 + 1",
            "container_id": "c",
            "outputs": [{"type": "logs", "logs": "2"}],
        },
        said("2"),
    ],
    "mcp": [
        {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "s", "tools": []},
        {
            "type": "mcp_call",
            "id": "mcp_1",
            "server_label": "s",
            "name": "t",
            "arguments": "{}",
            "output": "ok",
            "error": None,
        },
        said("ok"),
    ],
    "image": [{"type": "image_generation_call", "id": "ig_1", "result": "AA=="}],
    "custom": [
        {"type": "custom_tool_call", "id": "ct_1", "call_id": "c", "name": "n", "input": "free"}
    ],
    "compaction": [
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "sealed", "x": 1},
        said("a"),
    ],
    "unknown": [{"type": "brand_new", "id": "bn_1", "x": 1}, said("a")],
}


@pytest.mark.parametrize("version", [None, "v1"])
@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
async def test_events_are_legal_and_make_the_message(
    output: list[dict[str, Any]], awaited: bool, version: Any
) -> None:
    model = Server(response(*output)).model(output_version=version)
    stream: Any
    if awaited:
        stream = await model.astream_events("hi", version="v3")
        events = [event async for event in stream]
        message = await stream.output
    else:
        stream = model.stream_events("hi", version="v3")
        events = list(stream)
        message = stream.output
    assert_valid_event_stream(events)
    plain = model.invoke("hi")
    assert str(message.text) == str(plain.text)
    assert message.tool_calls == plain.tool_calls
    assert message.usage_metadata == plain.usage_metadata
    invalid = [[call["args"] for call in m.invalid_tool_calls] for m in (message, plain)]
    assert invalid[0] == invalid[1]
    assert message.response_metadata.get("refusal") == plain.response_metadata.get("refusal")
    # A string and its blocks do not show invalid calls; langchain-core 1.8 drops refusals here.
    if not (plain.invalid_tool_calls or plain.response_metadata.get("refusal")):
        kinds = [[block["type"] for block in m.content_blocks] for m in (message, plain)]
        assert kinds[0] == kinds[1]
        values = [[block.get("value") for block in m.content_blocks] for m in (message, plain)]
        assert values[0] == values[1]


async def test_a_refusal_is_whole_in_its_event() -> None:
    stream: Any = Server(response(refused("I will not"))).model().stream_events("hi", version="v3")
    (finished,) = [event for event in stream if event["event"] == "content-block-finish"]
    assert "I will not" in str(finished["content"])
    assert stream.output.response_metadata["refusal"] == "I will not"


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


@pytest.mark.parametrize("version", [None, "v1"])
async def test_a_custom_tool_runs_under_v3_events_and_plainly(version: Any) -> None:
    ran: list[str] = []

    def act(text: str) -> str:
        ran.append(text)
        return f"did {text}"

    free = Tool(name="act", description="Act.", func=act, metadata={"type": "custom_tool"})
    call = {"type": "custom_tool_call", "id": "ct_1", "call_id": "c", "name": "act", "input": "x"}

    def script(body: dict[str, Any]) -> Any:
        return response(said("done") if len(body["input"]) > 1 else call)

    server = Server(script)
    agent = create_agent(server.model(output_version=version), [free])
    asked: Any = {"messages": [("user", "go")]}
    agent.invoke(asked)
    stream: Any = await agent.astream_events(asked, version="v3")
    await stream.output()
    assert ran == ["x", "x"]
    for body in (server.bodies[1], server.bodies[3]):
        sent = {key: body["input"][1][key] for key in ("type", "call_id", "name", "input")}
        assert sent == {key: call[key] for key in sent}
        assert body["input"][2] == {
            "type": "custom_tool_call_output",
            "call_id": "c",
            "output": "did x",
        }


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_an_agent_under_v3_events(api: Any) -> None:
    agent = create_agent(ChatResp(model="offline/demo", api=api), [get_weather])
    asked: Any = {"messages": [("user", "What is the weather in Paris?")]}
    stream: Any = await agent.astream_events(asked, version="v3")
    texts = [str(await message.text) async for message in stream.messages]
    assert "sunny" in texts[-1]
    assert "sunny" in (await stream.output())["messages"][-1].text
