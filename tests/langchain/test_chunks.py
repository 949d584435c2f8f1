"""From events to chunks to messages: what is shown how, and which calls may run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk

from langchain_resp.blocks import KEPT
from langchain_resp.calls import UNREADABLE, raw_args
from langchain_resp.chunks import ChunkBuilder
from tests.langchain.equal import METADATA, facts, plain, summed
from tests.langchain.server import (
    Server,
    called,
    refused,
    response,
    said,
    stream_of,
    thought,
)

WEB = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "x"}}
URL = {
    "type": "url_citation",
    "url": "https://a.test",
    "title": "a",
    "start_index": 0,
    "end_index": 1,
}


def cited(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [URL, {**URL, "title": "b"}]}
    return said("", content=[part])


@pytest.mark.parametrize(
    ("output", "content"),
    [
        ([said("hello")], "hello"),
        ([], ""),
        ([said("hello"), called("f", "{}")], "hello"),
        ([thought(), said("hello")], "hello"),
        ([said("hello", phase="final_answer")], "hello"),
        ([cited("hello")], "hello"),
    ],
)
def test_text_stays_text(output: list[dict[str, Any]], content: str) -> None:
    answer = response(*output)
    assert plain(answer, blocks=False).content == content
    assert summed(stream_of(answer), answer, blocks=False).content == content


@pytest.mark.parametrize(
    ("output", "types"),
    [
        ([thought("hm"), said("a")], ["reasoning", "text"]),
        ([refused("no")], ["refusal"]),
        ([said("a", phase="commentary"), said("b", id="msg_2")], ["text", "text"]),
        ([WEB, cited("a")], ["web_search_call", "text"]),
        ([thought(), WEB, said("a")], ["reasoning", "web_search_call", "text"]),
        ([{"type": "brand_new", "x": 1}, said("a")], ["brand_new", "text"]),
    ],
)
def test_what_a_string_cannot_hold_makes_blocks(
    output: list[dict[str, Any]], types: list[str]
) -> None:
    answer = response(*output)
    message = plain(answer, blocks=False)
    assert isinstance(message.content, list)
    assert [block["type"] for block in message.content if isinstance(block, dict)] == types
    assert facts(summed(stream_of(answer), answer, blocks=False)) == facts(message)


ITEMS = st.lists(
    st.sampled_from(
        [
            said("hello there"),
            said("more", id="msg_2", phase="commentary"),
            cited("cited text"),
            refused("I will not"),
            thought("thinking aloud"),
            thought(encrypted_content="sealed"),
            thought(encrypted_content="sealed", content=[], id="rs_2"),
            thought("aloud", encrypted_content="sealed", id="rs_3"),
            {"type": "compaction", "id": "cmp_1", "encrypted_content": "sealed", "x": "y"},
            {
                "type": "reasoning",
                "id": "rs_rk1",
                "summary": [],
                "content": [{"type": "reasoning_text", "text": "raw thoughts"}],
            },
            called("f", '{"a": 1}', "call_1"),
            called("g", "", "call_2"),
            called("h", '{"a": ', "call_3"),
            called("i", "[1]", "call_4", status="incomplete"),
            {
                "type": "custom_tool_call",
                "id": "ct_1",
                "call_id": "call_5",
                "name": "c",
                "input": "x",
            },
            WEB,
        ]
    ),
    max_size=6,
    unique_by=lambda item: item.get("call_id") or id(item),
)


FORMS: list[dict[str, Any]] = [{}, {"reasoning": {"summary": "auto"}}, {"output_version": "v1"}]


@given(ITEMS, st.sampled_from(FORMS), st.integers(1, 5))
def test_the_sum_is_the_message(
    output: list[dict[str, Any]], form: dict[str, Any], pieces: int
) -> None:
    answer = response(*output)

    def script(body: dict[str, Any]) -> Any:
        return sealed_anew(stream_of(answer, pieces)) if body.get("stream") else answer

    model = Server(script).model(**form)
    first, *others = model.stream("hi")
    assert facts(first + others) == facts(model.invoke("hi"))


def sealed_anew(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events as servers send them: each has an encryption of its own, the last one counts."""
    return [
        {**event, "item": {**event["item"], "encrypted_content": f"sealed {number}"}}
        if "encrypted_content" in event.get("item", {})
        else event
        for number, event in enumerate(events)
    ]


CUT = [
    '{"city": "Par',
    '{"city": "Paris"',
    '{"city": "Paris"} and',
    "{'city': 1}",
    "[1]",
    "7",
    '"x"',
]


@pytest.mark.parametrize("arguments", CUT)
@pytest.mark.parametrize("blocks", [False, True])
def test_a_cut_call_never_becomes_a_tool_call(arguments: str, blocks: bool) -> None:
    answer = response(called("weather", arguments), status="incomplete")
    for message in (
        plain(answer, blocks=blocks),
        summed(stream_of(answer), answer, blocks=blocks),
    ):
        assert message.tool_calls == []
        (invalid,) = message.invalid_tool_calls
        assert (invalid["name"], raw_args(invalid["args"])) == ("weather", arguments)
        assert (invalid["args"] or "").startswith(UNREADABLE)
    # nor while the stream runs, nor in any part of the sum
    builder = ChunkBuilder(blocks=blocks)
    full: AIMessageChunk | None = None
    for event in stream_of(answer):
        chunk = builder.add(event)
        if chunk is not None:
            full = chunk if full is None else full + chunk
            assert full.tool_calls == []


def test_a_call_whose_end_never_came_is_invalid() -> None:
    whole = response(called("weather", '{"city": "Paris"}'))
    events = [e for e in stream_of(whole) if e["type"] != "response.output_item.done"][:-1]
    answer = response(called("weather", '{"city": "Pa', status="incomplete"), status="incomplete")
    message = summed(events, answer, blocks=False)
    assert message.tool_calls == []
    assert len(message.invalid_tool_calls) == 1


def test_empty_arguments_are_an_empty_object_unless_cut() -> None:
    assert plain(response(called("f", "")), blocks=False).tool_calls[0]["args"] == {}
    assert plain(response(called("f", "", status="incomplete")), blocks=False).tool_calls == []


def test_interleaved_calls_keep_their_arguments() -> None:
    answer = response(called("f", '{"a": 1}', "call_1"), called("g", '{"b": 2}', "call_2"))
    first = [e for e in stream_of(answer) if e.get("output_index") == 0]
    second = [e for e in stream_of(answer) if e.get("output_index") == 1]
    mixed = [event for pair in zip(first, second, strict=True) for event in pair]
    message = summed(mixed, answer, blocks=False)
    assert [(c["name"], c["args"]) for c in message.tool_calls] == [
        ("f", {"a": 1}),
        ("g", {"b": 2}),
    ]


def test_a_final_text_that_no_delta_brought_is_shown() -> None:
    answer = response(said("hello"))
    events = [e for e in stream_of(answer) if not e["type"].endswith(".delta")]
    assert summed(events, answer, blocks=False).content == "hello"
    assert summed([], answer, blocks=True).text == "hello"


def test_invisible_reasoning_is_kept_for_the_next_request() -> None:
    answer = response(thought(encrypted_content="x"), said("a"), called("f", "{}"))
    kept = plain(answer, blocks=False).additional_kwargs[KEPT]
    assert kept[0] == {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
    assert [(item["type"], item["id"]) for item in kept[1:]] == [
        ("message", "msg_1"),
        ("function_call", "fc_call_1"),
    ]


def test_usage_and_metadata_come_once_and_last() -> None:
    answer = response(thought("hm"), said("hello there"))
    builder = ChunkBuilder(blocks=False)
    chunks = [c for c in map(builder.add, stream_of(answer)) if c is not None]
    last = builder.finish(answer, dict(METADATA))
    assert all(chunk.usage_metadata is None and not chunk.chunk_position for chunk in chunks)
    assert last.chunk_position == "last"
    assert last.usage_metadata == {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    indices = [b["index"] for c in chunks for b in c.content if isinstance(b, dict)]
    assert indices == sorted(indices)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        {},
        {"input_tokens": "3"},
        {"input_tokens": -1, "output_tokens": 2},
        {"input_tokens": 1.5, "output_tokens": 1},
    ],
)
def test_usage_that_makes_no_sense_is_unknown(usage: Any) -> None:
    assert plain(response(said("a"), usage=usage), blocks=False).usage_metadata is None
