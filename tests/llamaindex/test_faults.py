"""Streams that are walked away from, that break off, and that lie about their tool calls."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.tools import FunctionTool

from llamaindex_resp import RespLLM, ToolCallError
from resp_core import CallRecord
from resp_core.errors import (
    APIError,
    APITimeoutError,
    ResponseFailedError,
    StreamIncomplete,
    StreamInterrupted,
)
from tests.rawserver import STREAM, Peer, chunk, event, raw_server, streamed

HELLO = [ChatMessage(role="user", content="Hello")]


def started(*more: dict[str, Any]) -> list[bytes]:
    begun = {"id": "resp_1", "status": "in_progress", "output": []}
    return [event({"type": "response.created", "response": begun}), *map(event, more)]


def delta(text: str) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "output_index": 0, "delta": text}


def call(arguments: str, index: int = 0, **fields: Any) -> dict[str, Any]:
    item = {
        "type": "function_call",
        "id": f"fc_{index}",
        "call_id": f"call_{index}",
        "name": "add",
        "arguments": arguments,
    }
    return item | fields


def added(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {
        "type": "response.output_item.added",
        "output_index": index,
        "item": item | {"arguments": ""},
    }


def fragment(text: str, index: int = 0) -> dict[str, Any]:
    return {"type": "response.function_call_arguments.delta", "output_index": index, "delta": text}


def ended(*items: dict[str, Any], status: str = "completed", **fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    response = {"id": "resp_1", "status": status, "output": list(items), "usage": usage} | fields
    return {"type": f"response.{status}", "response": response}


def serving(*events: dict[str, Any]) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        while peer.ask() is not None:
            peer.send(streamed(*started(*events)))

    return script


def model(url: str, **options: Any) -> RespLLM:
    there = {"base_url": url, "api": "responses", "api_key": "k", "max_retries": 0}
    return RespLLM("custom/m", **there, **options)


def until_closed(peer: Peer) -> None:
    peer.ask()
    peer.send(STREAM + b"".join(map(chunk, started(delta("one"), delta("two")))))
    assert peer.until_gone() < 5


def test_a_stream_that_is_closed_early_ends_the_connection():
    with raw_server(until_closed) as server:
        stream = model(server.url).stream_chat(HELLO)
        assert next(stream).delta == "one"
        stream.close()
        assert server.gone.wait(1)


async def test_an_async_stream_is_over_when_its_close_returns():
    records: list[CallRecord] = []
    with raw_server(until_closed) as server:
        llm = model(server.url, hooks=[records.append])
        stream = await llm.astream_complete("Hello")
        await anext(stream)
        await stream.aclose()
        assert [record.status for record in records] == ["cancelled"]


def test_a_timeout_of_one_call_ends_it():
    with raw_server(until_closed) as server:
        llm = model(server.url)
        with pytest.raises(APITimeoutError):
            list(llm.stream_chat(HELLO, timeout=0.3))


def test_a_stream_that_is_dropped_ends_the_connection():
    with raw_server(until_closed) as server:
        for chunk_ in model(server.url).stream_complete("Hello"):
            assert chunk_.text == "one"
            break
        assert server.gone.wait(1)


async def test_an_async_stream_that_is_closed_early_ends_the_connection():
    with raw_server(until_closed) as server:
        stream = await model(server.url).astream_chat(HELLO)
        assert (await anext(stream)).delta == "one"
        await stream.aclose()
        assert await asyncio.to_thread(server.gone.wait, 1)


async def test_a_cancelled_task_ends_the_connection():
    async def read(llm: RespLLM) -> None:
        async for _ in await llm.astream_chat(HELLO):
            seen.set()

    with raw_server(until_closed) as server:
        seen = asyncio.Event()
        task = asyncio.create_task(read(model(server.url)))
        await asyncio.wait_for(seen.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.gone.wait, 1)


def test_a_reset_inside_a_stream_raises_with_what_came():
    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(STREAM + b"".join(map(chunk, started(delta("half an ans")))))
        peer.server.there.wait(5)
        peer.reset()

    with raw_server(script) as server:
        stream = model(server.url).stream_chat(HELLO)
        assert next(stream).message.content == "half an ans"
        server.there.set()
        with pytest.raises(StreamInterrupted) as caught:
            next(stream)
        assert caught.value.partial is not None


def test_a_clean_end_without_its_terminal_event_raises():
    with raw_server(serving(delta("half"))) as server, pytest.raises(StreamIncomplete):
        list(model(server.url).stream_chat(HELLO))


@pytest.mark.parametrize(
    "last",
    [
        {"type": "error", "code": "server_error", "message": "boom"},
        {"type": "error", "error": {"type": "server_error", "message": "boom"}},
        ended(status="failed", error={"code": "server_error", "message": "boom"}),
    ],
)
def test_an_error_inside_a_stream_raises(last):
    with raw_server(serving(delta("half"), last)) as server:
        stream = model(server.url).stream_chat(HELLO)
        assert next(stream).delta == "half"
        with pytest.raises(ResponseFailedError, match="boom"):
            list(stream)


CUT = [
    pytest.param([added(call("")), fragment('{"a": 1, "b"')], id="no-end"),
    pytest.param(
        [
            added(call("")),
            fragment('{"a": 1, "b"'),
            ended(
                call('{"a": 1, "b"', status="incomplete"),
                status="incomplete",
                incomplete_details={"reason": "max_output_tokens"},
            ),
        ],
        id="length",
    ),
    pytest.param([added(call("")), fragment("{a: 1}"), ended(call("{a: 1}"))], id="not-json"),
    pytest.param([added(call("")), fragment("[1]"), ended(call("[1]"))], id="no-object"),
    pytest.param([added(call("")), ended(call(""))], id="no-arguments"),
]


def demand(llm: RespLLM, tool: FunctionTool) -> None:
    *_, last = llm.stream_chat_with_tools([tool], "Add")
    llm.get_tool_calls_from_response(last)


@pytest.mark.parametrize("events", CUT)
async def test_a_call_that_was_cut_or_is_not_json_is_never_run(events):
    ran: list[int] = []

    def add(a: int, b: int) -> int:
        """Add."""
        ran.append(a)
        return a + b

    tool = FunctionTool.from_defaults(add)
    with raw_server(serving(*events)) as server:
        llm = model(server.url)
        agent = FunctionAgent(tools=[tool], llm=llm)
        try:
            result = await agent.run("Add")
            assert result.tool_calls == []
        except APIError:
            pass
        with pytest.raises((ToolCallError, StreamIncomplete)):
            demand(llm, tool)
    assert ran == []


def test_of_two_calls_the_whole_one_is_kept_and_the_other_named():
    events = [ended(call('{"a": 1, "b": 2}'), call('{"a": ', 1, status="incomplete"))]
    with raw_server(serving(*events)) as server:
        llm = model(server.url)
        answer = list(llm.stream_chat(HELLO))[-1]
        [kept] = llm.get_tool_calls_from_response(answer, error_on_no_tool_call=False)
        assert kept.tool_kwargs == {"a": 1, "b": 2}
        with pytest.raises(ToolCallError, match="ended inside"):
            llm.get_tool_calls_from_response(answer)


def test_of_two_calls_that_were_not_asked_for_the_first_is_kept():
    events = [ended(call('{"a": 1, "b": 2}'), call('{"a": 3, "b": 4}', 1))]
    with raw_server(serving(*events)) as server:
        llm = model(server.url)
        llm.streaming = True
        tool = FunctionTool.from_defaults(lambda a, b: a + b, name="add", description="Add")
        answer = llm.chat_with_tools([tool], "Add")
        [kept] = llm.get_tool_calls_from_response(answer)
        assert kept.tool_kwargs == {"a": 1, "b": 2}
        answer = llm.chat_with_tools([tool], "Add", allow_parallel_tool_calls=True)
        assert len(llm.get_tool_calls_from_response(answer)) == 2
        llm.parallel_tool_calls = False
        answer = llm.chat_with_tools([tool], "Add", allow_parallel_tool_calls=True)
        assert len(llm.get_tool_calls_from_response(answer)) == 1


def test_interleaved_calls_of_one_name():
    events = [
        added(call("", 0), 0),
        added(call("", 1), 1),
        fragment('{"a": 1, ', 0),
        fragment('{"a": 3, ', 1),
        fragment('"b": 2}', 0),
        fragment('"b": 4}', 1),
        ended(call('{"a": 1, "b": 2}', 0), call('{"a": 3, "b": 4}', 1)),
    ]
    with raw_server(serving(*events)) as server:
        llm = model(server.url)
        chunks = list(llm.stream_chat(HELLO))
        shown = [
            [c.tool_kwargs for c in llm.get_tool_calls_from_response(chunk_, False)]
            for chunk_ in chunks
        ]
        assert shown[-2] == shown[-1] == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
        assert shown[3] == [{"a": 1}, {"a": 3}]


def test_a_tool_that_is_not_there_is_a_typed_error():
    def other(a: int) -> int:
        """Another tool."""
        return a

    script = serving(ended(call('{"a": 1}')))
    with raw_server(script) as server:
        llm = model(server.url)
        llm.streaming = True
        with pytest.raises(ToolCallError, match="not there: 'add'"):
            llm.predict_and_call([FunctionTool.from_defaults(other)], "Add")


def test_streaming_as_an_option_keeps_no_chunks():
    """Each chunk holds the text so far: together they would be 500 times the text."""
    piece = "x" * 1000
    said = {"type": "output_text", "text": piece * 500, "annotations": []}
    message = {"type": "message", "role": "assistant", "content": [said]}

    async def ask(llm: RespLLM) -> str | None:
        return (await llm.achat(HELLO)).message.content

    with raw_server(serving(*[delta(piece)] * 500, ended(message))) as server:
        llm = model(server.url)
        llm.streaming = True
        for asked in (lambda: llm.chat(HELLO).message.content, lambda: asyncio.run(ask(llm))):
            tracemalloc.start()
            assert asked() == piece * 500
            assert tracemalloc.get_traced_memory()[1] < 20e6
            tracemalloc.stop()


def test_a_dropped_stream_is_told_to_the_callbacks(events):
    with raw_server(until_closed) as server:
        stream = model(server.url).stream_chat(HELLO)
        next(stream)
        stream.close()
    assert events.names()[-1] == "ExceptionEvent"
