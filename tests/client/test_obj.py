"""Results in an OpenAI user's hands: attributes, items, dumps; and still the JSON that came."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import orjson
import pytest

from resp_core import Client
from resp_core.client.obj import Obj, Result, plain

CLICK = {"type": "click", "x": 1, "keys": ["SHIFT"]}
BODY: dict[str, Any] = {
    "id": "resp_1",
    "output": [
        {"type": "reasoning", "summary": []},
        {"type": "computer_call", "action": CLICK, "pending_safety_checks": []},
        {
            "type": "message",
            "content": [
                {"type": "output_text", "text": "Hello, "},
                {"type": "refusal", "refusal": "no"},
                {"type": "output_text", "text": "you."},
            ],
        },
        {"type": "function_call", "name": "f", "arguments": "{}", "async": True},
        {"type": "not_yet_invented", "new_field": {"deep": [{"a": 1}]}},
    ],
    "error": None,
    "usage": {"input_tokens": 3, "input_tokens_details": {}},
}


def made() -> Result:
    return Result(copy.deepcopy(BODY))


def test_it_reads_both_ways() -> None:
    result = made()
    assert result.id == result["id"] == "resp_1"
    assert result.output[1].action.x == result["output"][1]["action"]["x"] == 1
    assert result.output[4].new_field.deep[0].a == 1
    assert result.usage.input_tokens == result["usage"]["input_tokens"]
    assert isinstance(result.output[0], Obj)
    assert result.output[0] is result.output[0], "it is wrapped once"
    assert "output" in result
    assert result.get("nope", 7) == 7
    assert isinstance(result, dict)


def test_fields_win_over_the_methods_of_a_dict() -> None:
    action = made().output[1].action
    assert action.keys == ["SHIFT"]
    assert dict(action) == {**action} == CLICK


def test_what_is_absent() -> None:
    """Optional fields of the API read as None, as they do with the OpenAI SDK; others do not."""
    result = made()
    assert result.error is None
    assert result.incomplete_details is None
    assert result.usage.input_tokens_details.cached_tokens is None
    assert result.output[3].namespace is None
    with pytest.raises(AttributeError, match="no_such_field"):
        _ = result.no_such_field
    assert not hasattr(result, "delta"), "a common way to tell events apart"
    assert getattr(result, "delta", 5) == 5


def test_words_of_python_have_an_underscore() -> None:
    assert made().output[3].async_ is True
    assert Obj({"schema": {"type": "object"}}).schema_.type == "object"
    assert made().output[1].async_ is None


def test_the_text_of_an_answer() -> None:
    assert made().output_text == "Hello, you."
    assert Result({"output": []}).output_text == ""
    assert Result({}).output_text == ""


def test_an_attribute_can_be_set() -> None:
    result = made()
    result.id = "resp_2"
    assert result["id"] == "resp_2"


def test_it_stays_the_json_that_came() -> None:
    result = made()
    _ = result.output[2].content[0].text, result.output[4].new_field.deep[0]
    assert result == BODY
    assert orjson.dumps(result) == orjson.dumps(BODY)
    assert json.loads(json.dumps(result)) == BODY
    assert list(result) == list(BODY)


def test_dumps() -> None:
    result = made()
    dumped = result.model_dump()
    assert dumped == result.to_dict() == result.model_dump(mode="json", by_alias=True) == BODY
    assert type(dumped["output"][1]["action"]) is dict
    dumped["output"][1]["action"]["x"] = 5
    assert result.output[1].action.x == 1, "a dump is a copy"
    assert "error" not in result.model_dump(exclude_none=True)
    assert "error" not in result.model_dump(exclude_defaults=True)
    assert "error" in result.model_dump(exclude_unset=True), "it was sent"
    assert set(result.model_dump(include={"id", "usage"})) == {"id", "usage"}
    assert set(result.model_dump(exclude={"output"})) == {"id", "error", "usage"}
    assert result.model_dump_json().encode() == orjson.dumps(BODY)
    assert json.loads(result.model_dump_json(indent=2)) == BODY
    assert json.loads(result.to_json(exclude_none=True)) == result.model_dump(exclude_none=True)
    assert "\n" in result.to_json()
    assert "\n" not in result.to_json(indent=None)


def test_copies_and_pickles() -> None:
    result = made()
    for again in (copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert again == BODY
        assert type(again) is Result
        assert again.output[1].action.keys == ["SHIFT"]
    inner = pickle.loads(pickle.dumps(result.output[1].action))
    assert inner == CLICK


def test_plain_takes_anything() -> None:
    assert plain([Obj({"a": Obj({"b": None})})], exclude_none=True) == [{"a": {}}]


def test_a_chat_completion() -> None:
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {}}}]
    with Client("offline/demo") as client:
        messages = [{"role": "user", "content": "Weather in Paris?"}]
        made = client.chat.completions.create(messages=messages, tools=tools)
        assert made.choices[0].message.tool_calls[0].function.name == "get_weather"
        json.loads(made.choices[0].message.tool_calls[0].function.arguments)
        assert made.choices[0].message.content is None
        assert made.choices[0].finish_reason == "tool_calls"
        assert made.usage.prompt_tokens_details.cached_tokens == 0
        assert made.usage.completion_tokens_details.reasoning_tokens == 0
        plainly = client.chat.completions.create(messages=[{"role": "user", "content": "Hi"}])
        assert plainly.choices[0].message.tool_calls is None
        assert plainly.choices[0].message.audio is None
