"""Whatever comes in, an answer goes out: 2xx, or a refusal in the envelope."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.offline import OfflineRequest, OfflineState, handle

WEATHER = {
    "name": "get_weather",
    "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}
FORMAT = {"name": "x", "schema": {"type": "object", "properties": {"a": {"enum": ["b"]}}}}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c", "output": "1"}
CHAT_CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
BODIES: dict[str, Any] = {
    "/v1/responses": {
        "model": "demo",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Weather in Paris?"}]},
            CALL,
            OUTPUT,
        ],
        "instructions": "Be brief.",
        "tools": [{"type": "function", **WEATHER}, {"type": "custom", "name": "c"}],
        "tool_choice": {"type": "function", "name": "get_weather"},
        "text": {"format": {"type": "json_schema", **FORMAT}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["message.output_text.logprobs"],
        "top_logprobs": 1,
        "metadata": {"a": "b"},
        "max_output_tokens": 20,
        "stream": False,
    },
    "/v1/chat/completions": {
        "model": "demo",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Weather in Paris?"}]},
            {"role": "assistant", "content": None, "tool_calls": [CHAT_CALL]},
            {"role": "tool", "tool_call_id": "c", "content": "1"},
        ],
        "tools": [{"type": "function", "function": WEATHER}],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        "response_format": {"type": "json_schema", "json_schema": FORMAT},
        "stop": ["x"],
        "stream": True,
        "stream_options": {"include_usage": True},
        "logprobs": True,
    },
    "/v1/completions": {
        "model": "demo",
        "prompt": ["Say hello.", "Say bye."],
        "stop": ["x"],
        "stream": True,
        "stream_options": {"include_usage": True},
        "logprobs": 2,
        "n": 2,
        "echo": True,
        "suffix": "!",
    },
    "/v1/embeddings": {"model": "demo", "input": ["a", "b"], "dimensions": 4},
    "/v1/responses/compact": {"model": "demo", "input": [CALL, OUTPUT]},
    "/v1/responses/input_tokens": {"model": "demo", "input": [CALL], "tools": []},
    "/v1/conversations": {"items": [CALL], "metadata": {}},
}
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-9, 99),
        st.floats(-9, 9),
        st.text(max_size=5),
        st.sampled_from(["user", "function", "message", "reasoning", "json_object", "auto"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.text(max_size=4), st.sampled_from(["type", "name", "role", "id", "text"])),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    inner = enumerate(value) if isinstance(value, list) else value.items()
    found: list[tuple[Any, ...]] = []
    for key, each in inner:
        found.append((*here, key))
        if isinstance(each, (dict, list)):
            found += places(each, (*here, key))
    return found


@given(st.data())
def test_bent_requests(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(BODIES)))
    body = copy.deepcopy(BODIES[path])
    for _ in range(data.draw(st.integers(1, 3))):
        open_places = places(body)
        if not open_places:
            break
        *way, last = data.draw(st.sampled_from(open_places))
        holder = body
        for step in way:
            holder = holder[step]
        if data.draw(st.booleans()) and isinstance(holder, dict):
            del holder[last]
        else:
            holder[last] = data.draw(JSON)
    check(path, orjson.dumps(body))


@given(st.sampled_from(sorted(BODIES)), JSON)
def test_any_body(path: str, body: Any) -> None:
    check(path, orjson.dumps(body))


@given(st.text(), st.binary(max_size=40), st.sampled_from(["GET", "POST", "DELETE", "PATCH", ""]))
def test_any_path(path: str, body: bytes, method: str) -> None:
    reply = handle(OfflineRequest(method, path, {}, {}, body), OfflineState())
    assert reply.status in (200, 400, 404, 405)


def test_deep_requests() -> None:
    schema = b'{"anyOf":[' * 450 + b'{"type":"string"}' + b"]}" * 450
    wanted = b'{"type":"json_schema","name":"x","strict":true,"schema":%b}' % schema
    check("/v1/responses", b'{"model":"d","input":"x","text":{"format":%b}}' % wanted)
    check("/v1/responses", b"[" * 5000 + b"]" * 5000)


MARKS = ("Context:", "Query:\n", "Thought: ", "Action: ", "Information: ", "<context>", "\n-----\n")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["\n", " ", "1,", "A ", "a", "-", "'k', ", "1+", "Begin! ", *MARKS]
)
def test_no_text_is_slow_to_read(text: str) -> None:
    check("/v1/responses", orjson.dumps({"model": "d", "input": text * (40_000 // len(text))}))


def check(path: str, raw: bytes) -> None:
    reply = handle(OfflineRequest("POST", path, {}, {}, raw), OfflineState())
    body = b"".join(reply.chunks)
    if reply.status != 200:
        assert reply.status in (400, 404)
        assert set(orjson.loads(body)["error"]) == {"message", "type", "param", "code"}
    elif not reply.streamed:
        assert isinstance(orjson.loads(body), dict)
