"""Streams say the same as plain answers, and keep the rules of their wire."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from resp_core.wire.validate import validate

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
CUSTOM = {"type": "custom", "name": "run_python"}
BODIES: dict[str, dict[str, Any]] = {
    "text": {"input": "Tell me about bees"},
    "text, other alphabets": {"input": "蜜蜂について教えて 🐝"},
    "tool": {"input": "Weather in Paris?", "tools": [WEATHER]},
    "two tools": {"input": "Weather in Paris and Rome?", "tools": [WEATHER]},
    "custom tool": {"input": "Run python `1+1`", "tools": [CUSTOM]},
    "refusal": {"input": "Please refuse"},
    "reasoning": {"input": "Bees?", "reasoning": {"effort": "high", "summary": "auto"}},
    "hidden reasoning": {"input": "Bees?", "reasoning": {"effort": "low"}, "store": False},
    "limit": {"input": "Tell me about bees", "max_output_tokens": 16},
    "limit in reasoning": {
        "input": "Bees?",
        "reasoning": {"effort": "max", "summary": "auto"},
        "max_output_tokens": 16,
    },
    "logprobs": {"input": "Hello", "include": ["message.output_text.logprobs"], "top_logprobs": 1},
    "background": {"input": "Hello", "background": True},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_responses(offline: Any, body: Any) -> None:
    events = offline.stream("/v1/responses", body)
    streamed = validate(events)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    plain = offline.respond(**body)
    if body.get("background"):
        assert plain["status"] == "queued"
        return
    for same in ("status", "usage", "incomplete_details", "model", "tools"):
        assert streamed[same] == plain[same]
    assert without_ids(streamed["output"]) == without_ids(plain["output"])


def without_ids(items: Any) -> Any:
    return [
        {key: value for key, value in item.items() if key not in ("id", "call_id")}
        for item in items
    ]


def test_deltas_are_words(offline: Any) -> None:
    events = offline.stream("/v1/responses", {"input": "Hello"})
    deltas = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
    assert deltas[:4] == ["Hello", "!", " I", " am"]


def test_frames_carry_the_event_name(offline: Any) -> None:
    body = {"model": "demo", "input": "Hello", "stream": True}
    for frame in offline.send("POST", "/v1/responses", body).chunks:
        name, data, *_ = frame.split(b"\n")
        assert name == b"event: " + orjson.loads(data.removeprefix(b"data: "))["type"].encode()


CHATS: dict[str, dict[str, Any]] = {
    "text": {"prompt": "Tell me about bees"},
    "tools": {"prompt": "Weather in Paris and Rome?", "tools": True},
    "refusal": {"prompt": "Please refuse"},
    "limit": {"prompt": "Tell me about bees", "max_tokens": 5},
    "several": {"prompt": "Hello", "n": 2},
    "logprobs": {"prompt": "Hello", "logprobs": True, "top_logprobs": 2},
}


@pytest.mark.parametrize("body", CHATS.values(), ids=CHATS.keys())
def test_chat(offline: Any, body: Any) -> None:
    body = dict(body)
    if body.pop("tools", None):
        function = {key: value for key, value in WEATHER.items() if key != "type"}
        body["tools"] = [{"type": "function", "function": function}]
    body["messages"] = [{"role": "user", "content": body.pop("prompt")}]
    plain = offline.call("POST", "/v1/chat/completions", {"model": "demo", **body})[1]
    asked = body | {"stream_options": {"include_usage": True}}
    *chunks, last, done = offline.stream("/v1/chat/completions", asked)
    assert done == b"[DONE]"
    assert (last["choices"], last["usage"]) == ([], plain["usage"])
    assert len({(chunk["id"], chunk["created"]) for chunk in chunks}) == 1
    assert all(chunk["usage"] is None for chunk in chunks)
    for choice in plain["choices"]:
        assert folded(chunks, choice["index"]) == comparable(choice)


def comparable(choice: dict[str, Any]) -> dict[str, Any]:
    message = choice["message"]
    calls = [call["function"] for call in message.get("tool_calls", [])]
    return {
        "content": message["content"] or "",
        "refusal": message["refusal"] or "",
        "calls": calls,
        "finish": choice["finish_reason"],
        "logprobs": (choice["logprobs"] or {}).get("content", []),
    }


def folded(chunks: list[Any], index: int) -> dict[str, Any]:
    result: dict[str, Any] = {"content": "", "refusal": "", "calls": [], "logprobs": []}
    for chunk in chunks:
        for choice in chunk["choices"]:
            if choice["index"] != index:
                continue
            delta = choice["delta"]
            result["content"] += delta.get("content") or ""
            result["refusal"] += delta.get("refusal") or ""
            result["logprobs"] += (choice["logprobs"] or {}).get("content", [])
            result["finish"] = choice["finish_reason"]
            for call in delta.get("tool_calls", []):
                if "id" in call:
                    result["calls"].append({"name": call["function"]["name"], "arguments": ""})
                result["calls"][call["index"]]["arguments"] += call["function"]["arguments"]
    return result


def test_usage_comes_only_when_asked_for(offline: Any) -> None:
    messages = [{"role": "user", "content": "Hello"}]
    *chunks, done = offline.stream("/v1/chat/completions", {"messages": messages})
    assert done == b"[DONE]"
    assert not any("usage" in chunk for chunk in chunks)
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
