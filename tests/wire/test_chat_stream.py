"""Chat chunks -> Responses events, for orderly servers and the others."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core.errors import StreamIncomplete
from resp_core.wire.chat_fold import ChatFold
from resp_core.wire.chat_stream import ChatEvents
from resp_core.wire.ids import counted_ids
from resp_core.wire.validate import validate

STOP: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
DONE_CALLS = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}


def chunk(**delta: Any) -> dict[str, Any]:
    return {"id": "c", "created": 1, "model": "m", "choices": [{"index": 0, "delta": delta}]}


def fragment(index: Any = 0, id: Any = None, name: Any = None, arguments: Any = None) -> Any:
    function = {"name": name, "arguments": arguments}
    call = {
        "index": index,
        "id": id,
        "function": {k: v for k, v in function.items() if v is not None},
    }
    return chunk(tool_calls=[{k: v for k, v in call.items() if v is not None}])


def stream(*chunks: dict[str, Any], done: bool = True, **request: Any) -> list[dict[str, Any]]:
    events = ChatEvents(request, counted_ids())
    out = [event for each in chunks for event in events.add(each)]
    out += events.close(done)
    validate(out)
    return out


def answer(*chunks: dict[str, Any], **request: Any) -> dict[str, Any]:
    return stream(*chunks, **request)[-1]["response"]


def texts(response: dict[str, Any]) -> list[str]:
    items = [item for item in response["output"] if item["type"] == "message"]
    return [part["text"] for item in items for part in item["content"]]


def calls(response: dict[str, Any]) -> list[tuple[str, str, str]]:
    items = [item for item in response["output"] if item["type"] == "function_call"]
    return [(item["call_id"], item["name"], item["arguments"]) for item in items]


def test_a_text_stream_in_full() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
    out = stream(
        chunk(role="assistant", content=""), chunk(content="a"), chunk(content="é"), STOP, usage
    )
    assert [event["type"].removeprefix("response.") for event in out] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert out[0]["response"]["status"] == "in_progress"
    response = out[-1]["response"]
    assert texts(response) == ["aé"]
    assert response["usage"]["total_tokens"] == 3
    assert response["id"] == out[0]["response"]["id"]


TWO = [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]
CALLS: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str, str]]]] = {
    "in turn": (
        [
            fragment(0, "a", "f", ""),
            fragment(0, None, None, '{"x"'),
            fragment(0, None, None, ":1}"),
            fragment(1, "b", "g", '{"y":2}'),
        ],
        TWO,
    ),
    "interleaved": (
        [
            fragment(0, "a", "f", '{"x"'),
            fragment(1, "b", "g", '{"y"'),
            fragment(0, None, None, ":1}"),
            fragment(1, None, None, ":2}"),
        ],
        TWO,
    ),
    "both in one chunk": (
        [
            chunk(
                tool_calls=[
                    {"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"x":1}'}},
                    {"index": 1, "id": "b", "function": {"name": "g", "arguments": '{"y":2}'}},
                ]
            )
        ],
        TWO,
    ),
    "id and name in every fragment": (
        [
            fragment(0, "a", "f", '{"x"'),
            fragment(0, "a", "f", ":1}"),
            fragment(1, "b", "g", '{"y":2}'),
        ],
        TWO,
    ),
    "always index 0": ([fragment(0, "a", "f", '{"x":1}'), fragment(0, "b", "g", '{"y":2}')], TWO),
    "no index": ([fragment(None, "a", "f", '{"x":1}'), fragment(None, "b", "g", '{"y":2}')], TWO),
    "no index, in fragments": (
        [
            fragment(None, "a", "f", '{"x"'),
            fragment(None, None, None, ":1}"),
            fragment(None, "b", "g", '{"y":2}'),
        ],
        TWO,
    ),
    "no ids, whole calls at index 0": (
        [fragment(0, None, "f", '{"x":1}'), fragment(0, None, "g", '{"y":2}')],
        [("call_rk00000002", "f", '{"x":1}'), ("call_rk00000004", "g", '{"y":2}')],
    ),
    "a new id for every fragment": (
        [fragment(0, "a", "f", '{"x"'), fragment(0, "a2", None, ":1}")],
        [("a", "f", '{"x":1}')],
    ),
    "one id for two calls": (
        [fragment(0, "a", "f", '{"x":1}'), fragment(1, "a", "g", '{"y":2}')],
        [("a", "f", '{"x":1}'), ("call_rk00000003", "g", '{"y":2}')],
    ),
    "arguments as an object": ([fragment(0, "a", "f", {"x": 1})], [("a", "f", '{"x":1}')]),
    "arguments before the name": (
        [fragment(0, "a", None, '{"x"'), fragment(0, None, "f", ":1}")],
        [("a", "f", '{"x":1}')],
    ),
    "no arguments": ([fragment(0, "a", "f")], [("a", "f", "")]),
    "old function_call": (
        [
            chunk(function_call={"name": "f", "arguments": '{"x"'}),
            chunk(function_call={"arguments": ":1}"}),
        ],
        [("call_rk00000002", "f", '{"x":1}')],
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_are_told_apart(name: str) -> None:
    chunks, expected = CALLS[name]
    response = answer(*chunks, DONE_CALLS)
    assert calls(response) == expected
    assert {item["status"] for item in response["output"]} == {"completed"}


@pytest.mark.parametrize("name", [name for name in CALLS if name != "old function_call"])
def test_the_fold_tells_calls_apart_alike(name: str) -> None:
    chunks, expected = CALLS[name]
    fold = ChatFold()
    for each in [*chunks, DONE_CALLS]:
        fold.add(each)
    fold.close(done=True)
    (choice,) = fold.result()["choices"]
    got = [call["function"] for call in choice["message"]["tool_calls"]]
    if name == "arguments as an object":
        got = [{**function, "arguments": '{"x":1}'} for function in got]
    assert [(f["name"], f["arguments"]) for f in got] == [(n, a) for _, n, a in expected]


ODD: dict[str, list[dict[str, Any]]] = {
    "delta null": [chunk(content="ab"), {"choices": [{"index": 0, "delta": None}]}, STOP],
    "choices null": [chunk(content="ab"), {"choices": None}, STOP],
    "azure's first chunk": [
        {"choices": [], "prompt_filter_results": [{}]},
        chunk(content="ab"),
        STOP,
    ],
    "content as a list": [chunk(content=[{"type": "text", "text": "ab"}]), STOP],
    "nulls everywhere": [
        chunk(role=None, content="a", tool_calls=None, refusal=None, reasoning_content=None),
        chunk(role="", content="b", function_call=None, annotations=None, audio=None),
        STOP,
    ],
    "another choice": [
        chunk(content="ab"),
        {"choices": [{"index": 1, "delta": {"content": "other"}, "finish_reason": "stop"}]},
        STOP,
    ],
    "a whole message": [
        {"choices": [{"index": 0, "message": {"content": "ab"}, "finish_reason": "stop"}]}
    ],
    "finish with the last text": [
        chunk(content="a"),
        {"choices": [{"index": 0, "delta": {"content": "b"}, "finish_reason": "stop"}]},
    ],
    "empty finish reason, then [DONE]": [
        chunk(content="ab"),
        {"choices": [{"index": 0, "delta": {}, "finish_reason": ""}]},
    ],
    "only [DONE]": [chunk(content="a"), chunk(content="b")],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_chunks_are_understood(name: str) -> None:
    response = answer(*ODD[name])
    assert texts(response) == ["ab"]
    assert response["status"] == "completed"


USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk(content="a"), STOP, {"choices": [], "usage": USAGE}],
        [chunk(content="a"), {**STOP, "usage": USAGE}],
        [
            {**chunk(content="a"), "usage": {**USAGE, "completion_tokens": 1}},
            {**STOP, "usage": USAGE},
        ],
        [chunk(content="a"), {**chunk(content="b"), "usage": USAGE}, STOP],
        [chunk(content="a"), {**STOP, "x_groq": {"usage": USAGE}}],
        [chunk(content="a"), {"choices": [{**STOP["choices"][0], "usage": USAGE}]}],
    ],
)
def test_usage_is_found_in_any_chunk(chunks: list[dict[str, Any]]) -> None:
    assert answer(*chunks)["usage"]["output_tokens"] == 2


def test_usage_that_never_came_is_unknown() -> None:
    assert answer(chunk(content="a"), STOP)["usage"] is None


def test_reasoning_text_and_calls_follow_each_other() -> None:
    response = answer(
        chunk(reasoning_content="h"),
        chunk(reasoning_content="m"),
        chunk(content="a"),
        fragment(0, "a", "f", "{}"),
        chunk(content="b"),
        DONE_CALLS,
    )
    types = [item["type"] for item in response["output"]]
    assert types == ["reasoning", "message", "function_call", "message"]
    assert response["output"][0]["content"] == [{"type": "reasoning_text", "text": "hm"}]


def test_signed_reasoning_is_put_together() -> None:
    detail = {"type": "reasoning.text", "index": 0, "format": "x"}
    response = answer(
        chunk(reasoning="a", reasoning_details=[{**detail, "text": "a"}]),
        chunk(reasoning="b", reasoning_details=[{**detail, "text": "b", "signature": "s"}]),
        chunk(content="hi"),
        STOP,
    )
    whole = {**detail, "text": "ab", "signature": "s"}
    own = response["output"][0]["provider_data"]["openrouter"]
    assert own == {"reasoning_details": [whole]}


def test_an_annotation_and_logprobs_are_streamed() -> None:
    entry = {"token": "a", "logprob": 0.0, "bytes": [97], "top_logprobs": []}
    first = chunk(content="a")
    first["choices"][0]["logprobs"] = {"content": [entry]}
    mark = {"type": "url_citation", "url_citation": {"url": "u"}}
    out = stream(first, chunk(annotations=[mark]), STOP)
    (part,) = out[-1]["response"]["output"][0]["content"]
    assert part["logprobs"] == [entry]
    assert part["annotations"] == [{"type": "url_citation", "url": "u"}]
    assert "response.output_text.annotation.added" in [event["type"] for event in out]


def test_audio_fragments_with_padding_are_one_sound() -> None:
    response = answer(
        chunk(audio={"id": "a1", "transcript": "h"}),
        chunk(audio={"data": "YQ=="}),
        chunk(audio={"data": "Yg==", "transcript": "i", "expires_at": 9}),
        STOP,
    )
    assert response["output"][0]["content"] == [
        {"type": "output_audio", "id": "a1", "expires_at": 9, "data": "YWI=", "transcript": "hi"}
    ]


def test_an_emulated_custom_call_is_held_until_it_is_whole() -> None:
    tools = [{"type": "custom", "name": "run"}]
    out = stream(
        fragment(0, "a", "run", '{"inp'),
        fragment(0, None, None, 'ut":"x"}'),
        DONE_CALLS,
        tools=tools,
    )
    deltas = [event["delta"] for event in out if event["type"].endswith(".delta")]
    assert deltas == ["x"]
    assert out[-1]["response"]["output"][0]["type"] == "custom_tool_call"


# --- streams without an end --------------------------------------------------------------------


def unfinished(*chunks: dict[str, Any], done: bool = False) -> dict[str, Any] | None:
    events = ChatEvents({}, counted_ids())
    for each in chunks:
        events.add(each)
    with pytest.raises(StreamIncomplete) as raised:
        events.close(done)
    return raised.value.partial


def test_a_cut_stream_never_passes_for_complete() -> None:
    assert unfinished() is None
    assert unfinished(done=True) is None
    empty = unfinished(chunk(role="assistant"), done=True)
    assert empty is not None
    assert empty["output"] == []
    partial = unfinished(chunk(content="a"), fragment(0, "a", "f", '{"x": 1}'))
    assert partial is not None
    assert partial["status"] == "incomplete"
    assert texts(partial) == ["a"]
    assert [item["status"] for item in partial["output"]] == ["completed", "incomplete"]


@pytest.mark.parametrize("arguments", ["", '{"x"'])
def test_a_cut_call_is_incomplete_whatever_ended_the_stream(arguments: str) -> None:
    length = {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}
    for ending in ([length], []):  # the server's limit, or [DONE] without a reason
        response = answer(fragment(0, "a", "f", arguments), *ending)
        (item,) = response["output"]
        assert (item["status"], item["arguments"]) == ("incomplete", arguments)
        assert response["status"] == "incomplete"


def test_a_call_whose_name_never_came_is_incomplete() -> None:
    (item,) = answer(fragment(0, "a", None, "{}"), DONE_CALLS)["output"]
    assert (item["name"], item["status"]) == ("", "incomplete")


def test_a_text_cut_by_the_limit_is_incomplete() -> None:
    length = {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}
    out = stream(chunk(content="a"), length)
    assert out[-1]["type"] == "response.incomplete"
    assert out[-1]["response"]["output"][0]["status"] == "incomplete"


def test_chunks_are_not_changed() -> None:
    import copy

    chunks = [
        chunk(
            reasoning="a",
            reasoning_details=[{"type": "t", "index": 0, "text": "a"}],
            other={"a": []},
        ),
        chunk(
            reasoning="b",
            reasoning_details=[{"type": "t", "index": 0, "text": "b"}],
            other={"a": [1]},
        ),
        fragment(0, "a", "f", "{}"),
        STOP,
    ]
    before = copy.deepcopy(chunks)
    answer(*chunks)
    fold = ChatFold()
    for each in chunks:
        fold.add(each)
    assert chunks == before


# --- the fold ----------------------------------------------------------------------------------


def folded(*chunks: dict[str, Any]) -> dict[str, Any]:
    fold = ChatFold()
    for each in chunks:
        fold.add(each)
    fold.close(done=True)
    return fold.result()


def test_a_fold_keeps_every_choice_and_field() -> None:
    second = {"choices": [{"index": 1, "delta": {"content": "b"}, "finish_reason": "length"}]}
    got = folded(
        {**chunk(role="assistant", content="", channel="x"), "x_groq": {"id": "r"}},
        second,
        chunk(content="a", reasoning_content="h", channel="x", executed_tools=[1]),
        chunk(reasoning_content="m", refusal=None),
        {**STOP, "system_fingerprint": "fp", "usage": USAGE},
    )
    first, other = got["choices"]
    assert first["message"] == {
        "role": "assistant",
        "content": "a",
        "channel": "x",
        "reasoning_content": "hm",
        "executed_tools": [1],
        "refusal": None,
    }
    assert (other["message"]["content"], other["finish_reason"]) == ("b", "length")
    assert (got["object"], got["id"], got["x_groq"]) == ("chat.completion", "c", {"id": "r"})
    assert (got["usage"], got["system_fingerprint"]) == (USAGE, "fp")


def test_a_fold_without_an_end_is_incomplete() -> None:
    fold = ChatFold()
    fold.add(chunk(content="a"))
    with pytest.raises(StreamIncomplete) as raised:
        fold.close(done=False)
    assert raised.value.partial is not None
    assert raised.value.partial["choices"][0]["message"]["content"] == "a"


def test_a_first_chunk_about_the_prompt_names_no_model() -> None:
    prompt = {"id": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []}
    response = answer(prompt, chunk(content="a"), chunk(content="b"), STOP, model="asked")
    assert (response["model"], response["created_at"]) == ("m", 1)
    nameless = [{"choices": [{"index": 0, "delta": {"content": "a"}}]}, STOP]
    assert answer(*nameless, model="asked")["model"] == "asked"
