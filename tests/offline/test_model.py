"""What the offline model says and calls."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

NUMBER = {"type": "integer"}
TEXT = {"type": "string"}


def function(name: str, description: str = "", **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "name": name, "description": description, "parameters": schema}


UNIT = {"type": "string", "enum": ["celsius", "fahrenheit"]}
WEATHER = function("get_weather", "Get the current weather in a city.", city=TEXT)
WEATHER_UNIT = function("get_weather", "Get the current weather.", city=TEXT, unit=UNIT)
MULTIPLY = function("multiply", "Multiply two numbers.", a=NUMBER, b=NUMBER)
ADD = function("add", "Add two numbers.", a=NUMBER, b=NUMBER)
SEARCH = function("search_docs", "Search the documentation.", query=TEXT)
EMAIL = function("send_email", "Send an email.", to=TEXT | {"format": "email"}, subject=TEXT)
TIME = function("get_current_time", "The time now.")
BILLING = function("transfer_to_billing", "Hand the user to the billing agent.")
TECH = function("transfer_to_tech", "Hand the user to the technical agent.")
HANDOFF = function(
    "handoff",
    "Useful for handing off to another agent.\n\nCurrently available agents: \n"
    "ResearchAgent: searches the web\nWriteAgent: writes reports\n",
    to_agent=TEXT,
    reason=TEXT,
)
ALL = [WEATHER, MULTIPLY, ADD, SEARCH, EMAIL, TIME]


def called(response: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (item["name"], orjson.loads(item["arguments"]))
        for item in response["output"]
        if item["type"] == "function_call"
    ]


def text(response: dict[str, Any]) -> str:
    return "".join(
        part["text"]
        for item in response["output"]
        if item["type"] == "message"
        for part in item["content"]
    )


@pytest.mark.parametrize(
    ("prompt", "tools", "expected"),
    [
        ("What is the weather in Paris?", ALL, [("get_weather", {"city": "Paris"})]),
        ("How's the weather in New York City?", ALL, [("get_weather", {"city": "New York City"})]),
        (
            "What is the weather in Paris and London?",
            ALL,
            [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "London"})],
        ),
        (
            "Weather in Oslo, in fahrenheit please",
            [WEATHER_UNIT],
            [("get_weather", {"city": "Oslo", "unit": "fahrenheit"})],
        ),
        ("What is 3 times 4?", ALL, [("multiply", {"a": 3, "b": 4})]),
        ("What is 3 + 4?", ALL, [("add", {"a": 3, "b": 4})]),
        ("Please multiply 12 by 30.", ALL, [("multiply", {"a": 12, "b": 30})]),
        (
            "What is the weather in Rome, and what is 2 * 5?",
            ALL,
            [("get_weather", {"city": "Rome"}), ("multiply", {"a": 2, "b": 5})],
        ),
        (
            "Search the docs for 'retry policy'",
            ALL,
            [("search_docs", {"query": "retry policy"})],
        ),
        (
            'Send an email to ann@example.com with subject "Lunch"',
            ALL,
            [("send_email", {"to": "ann@example.com", "subject": "Lunch"})],
        ),
        ("What time is it?", ALL, [("get_current_time", {})]),
        ("Tell me about cats.", ALL, []),
        ("Hello!", ALL, []),
        ("I have a question on my billing", [BILLING, TECH], [("transfer_to_billing", {})]),
        (
            "What is the value of magic_function(3)? Use the tool.",
            [function("magic_function", "Applies a magic function.", input=NUMBER)],
            [("magic_function", {"input": 3})],
        ),
        (
            "Please write a report on bees",
            [HANDOFF],
            [("handoff", {"to_agent": "WriteAgent", "reason": "Please write a report on bees"})],
        ),
    ],
)
def test_tools_follow_the_prompt(offline: Any, prompt: str, tools: Any, expected: Any) -> None:
    assert called(offline.respond(prompt, tools=tools)) == expected


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        ("auto", True, ["get_weather", "multiply"]),
        ("auto", False, ["get_weather"]),
        ("none", True, []),
        ("required", True, ["get_weather", "multiply"]),
        ({"type": "function", "name": "add"}, True, ["add"]),
        (
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "multiply"}],
            },
            True,
            ["multiply"],
        ),
    ],
)
def test_tool_choice(offline: Any, choice: Any, parallel: bool, expected: list[str]) -> None:
    prompt = "What is the weather in Rome, and what is 2 * 5?"
    response = offline.respond(prompt, tools=ALL, tool_choice=choice, parallel_tool_calls=parallel)
    assert [name for name, _ in called(response)] == expected


def test_required_calls_something_even_where_nothing_matches(offline: Any) -> None:
    response = offline.respond("Hello!", tools=[MULTIPLY], tool_choice="required")
    assert called(response) == [("multiply", {"a": 1, "b": 1})]


def test_outputs_are_told_and_no_call_is_made_twice(offline: Any) -> None:
    prompt = "What is the weather in Paris, and what is 2 * 5?"
    first = offline.respond(prompt, tools=ALL, parallel_tool_calls=False)
    weather = first["output"][0]
    outputs = [{"type": "function_call_output", "call_id": weather["call_id"], "output": "18 °C"}]
    second = offline.respond(
        outputs, tools=ALL, parallel_tool_calls=False, previous_response_id=first["id"]
    )
    assert called(second) == [("multiply", {"a": 2, "b": 5})]
    outputs = [
        {"type": "function_call_output", "call_id": second["output"][0]["call_id"], "output": "10"}
    ]
    third = offline.respond(outputs, tools=ALL, previous_response_id=second["id"])
    assert text(third) == "The weather in Paris: 18 °C. multiply(2, 5): 10."


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("18 °C, sunny", "The weather in Paris: 18 °C, sunny."),
        ("It's always sunny in Paris!", "It's always sunny in Paris!"),
        ('{"temp_c": 18, "sky": "clear"}', "The weather in Paris: temp c: 18, sky: clear."),
        ("", "get_weather gave nothing back."),
        ([{"type": "input_text", "text": "18"}], "The weather in Paris: 18."),
    ],
)
def test_how_an_output_is_told(offline: Any, output: Any, expected: str) -> None:
    call = {"call_id": "c", "name": "get_weather", "arguments": '{"city":"Paris"}'}
    history = [
        {"role": "user", "content": "What is the weather in Paris?"},
        {"type": "function_call", **call},
        {"type": "function_call_output", "call_id": "c", "output": output},
    ]
    assert text(offline.respond(history, tools=ALL)) == expected


def test_a_forced_tool_is_not_called_again(offline: Any) -> None:
    schema = function("Answer", "The final answer.", text=TEXT)
    prompt = "What is the weather in Paris?"
    first = offline.respond(prompt, tools=[WEATHER, schema], tool_choice="required")
    assert [name for name, _ in called(first)] == ["get_weather"]
    output = {"call_id": first["output"][0]["call_id"], "output": "mild"}
    second = offline.respond(
        [{"type": "function_call_output", **output}],
        previous_response_id=first["id"],
        tools=[WEATHER, schema],
        tool_choice="required",
    )
    assert called(second) == [("Answer", {"text": "The weather in Paris: mild."})]


def test_a_handoff_is_no_news(offline: Any) -> None:
    prompt = "I have a question on my billing: what is the weather in Rome?"
    tools = [BILLING, WEATHER]
    history: list[Any] = [{"role": "user", "content": prompt}]
    for _ in range(2):
        calls = offline.respond(history, tools=tools, parallel_tool_calls=False)["output"]
        output = {"call_id": calls[0]["call_id"], "output": "mild"}
        history += [*calls, {"type": "function_call_output", **output}]
    assert text(offline.respond(history, tools=tools)) == "The weather in Rome: mild."


def test_custom_tools_get_text(offline: Any) -> None:
    tool = {"type": "custom", "name": "run_python", "description": "Runs Python code"}
    prompt = "Run this python:\n```py\nprint(1)\n```"
    (item,) = offline.respond(prompt, tools=[tool])["output"]
    assert (item["type"], item["name"], item["input"]) == (
        "custom_tool_call",
        "run_python",
        "print(1)",
    )
    output = {"type": "custom_tool_call_output", "call_id": item["call_id"], "output": "1"}
    history = [{"role": "user", "content": prompt}, item, output]
    assert text(offline.respond(history, tools=[tool])) == "run_python(): 1."


def test_namespaces_come_back(offline: Any) -> None:
    space = {"type": "namespace", "name": "crm", "description": "", "tools": [WEATHER]}
    (item,) = offline.respond("Weather in Bern?", tools=[space])["output"]
    assert (item["name"], item["namespace"]) == ("get_weather", "crm")


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Hello", "Hello! I am the offline model. Ask me anything, no key is needed."),
        ("Say exactly: pong", "pong"),
        ("Reply with just the word 'banana'", "banana"),
        ("What is 12 / 4?", "12 / 4 = 3"),
        ("What is 1 / 0?", "That cannot be divided: the second number is 0."),
    ],
)
def test_plain_answers(offline: Any, prompt: str, expected: str) -> None:
    assert text(offline.respond(prompt)) == expected


def test_it_remembers_what_was_said(offline: Any) -> None:
    first = offline.respond("Hi, my name is Bob.")
    second = offline.respond("What is my name?", previous_response_id=first["id"])
    assert text(second) == "Your name is Bob."


def test_the_answer_says_that_it_is_offline(offline: Any) -> None:
    for name in ("demo", "offline/demo", "offline-demo"):
        assert offline.respond("hi", model=name)["model"] == "offline-demo"


def test_refusals(offline: Any) -> None:
    part = {"type": "refusal", "refusal": "I'm sorry, I can't assist with that."}
    (message,) = offline.respond("Please refuse this request.")["output"]
    assert message["content"] == [part]
    (choice,) = offline.chat("Please refuse this request.")["choices"]
    assert (choice["message"]["content"], choice["message"]["refusal"]) == (None, part["refusal"])
    assert choice["finish_reason"] == "stop"


def test_reasoning(offline: Any) -> None:
    asked = {"effort": "high", "summary": "auto"}
    response = offline.respond("Think about bees", reasoning=asked, store=False)
    reasoning, message = response["output"]
    assert reasoning["summary"][0]["type"] == "summary_text"
    details = response["usage"]["output_tokens_details"]
    assert 0 < details["reasoning_tokens"] < response["usage"]["output_tokens"]
    follow = {"role": "user", "content": "And wasps?"}
    assert offline.respond([reasoning, message, follow], store=False)["status"] == "completed"
    bent = reasoning | {"encrypted_content": reasoning["encrypted_content"][:-4] + "AAAA"}
    body = {"model": "demo", "input": [bent, message, follow]}
    status, answer = offline.call("POST", "/v1/responses", body)
    assert (status, answer["error"]["code"]) == (400, "invalid_encrypted_content")


@pytest.mark.parametrize(
    ("reasoning", "items", "summaries"),
    [
        (None, 1, 0),
        ({"effort": "none"}, 1, 0),
        ({"effort": "low"}, 2, 0),
        ({"summary": "concise"}, 2, 1),
    ],
)
def test_reasoning_comes_when_asked_for(
    offline: Any, reasoning: Any, items: int, summaries: int
) -> None:
    output = offline.respond("hi", reasoning=reasoning)["output"]
    assert len(output) == items
    assert len(output[0].get("summary", [])) == summaries
    assert "encrypted_content" not in output[0]


def test_chat_reasons_unseen(offline: Any) -> None:
    completion = offline.chat("hi", reasoning_effort="high")
    assert completion["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert set(completion["choices"][0]["message"]) == {
        "role",
        "content",
        "refusal",
        "annotations",
    }


def test_limits(offline: Any) -> None:
    response = offline.respond("Tell me about all the bees in the world", max_output_tokens=16)
    assert response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert response["usage"]["output_tokens"] == 16
    (choice,) = offline.chat("Tell me about bees", max_tokens=3)["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", "You said:")
    nested = {"type": "function", "function": {k: v for k, v in WEATHER.items() if k != "type"}}
    (choice,) = offline.chat("Weather in Paris?", tools=[nested], max_tokens=4)["choices"]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["tool_calls"][0]["function"]["arguments"] == '{"city'


def test_stop(offline: Any) -> None:
    (choice,) = offline.chat("Hello", stop=[" model", "offline"])["choices"]
    assert choice["message"]["content"] == "Hello! I am the "
    assert choice["finish_reason"] == "stop"


def test_logprobs(offline: Any) -> None:
    include = ["message.output_text.logprobs"]
    response = offline.respond("Hello", include=include, top_logprobs=2)
    part = response["output"][0]["content"][0]
    assert "".join(each["token"] for each in part["logprobs"]) == part["text"]
    assert {len(each["top_logprobs"]) for each in part["logprobs"]} == {2}
    (choice,) = offline.chat("Hello", logprobs=True)["choices"]
    tokens = [bytes(each["bytes"]).decode() for each in choice["logprobs"]["content"]]
    assert "".join(tokens) == choice["message"]["content"]


def test_old_functions_on_chat(offline: Any) -> None:
    old = {k: v for k, v in WEATHER.items() if k != "type"}
    (choice,) = offline.chat("Weather in Paris?", functions=[old])["choices"]
    assert choice["finish_reason"] == "function_call"
    assert choice["message"]["function_call"] == {
        "name": "get_weather",
        "arguments": '{"city":"Paris"}',
    }
    history = [
        {"role": "user", "content": "Weather in Paris?"},
        {"role": "assistant", "content": None, "function_call": choice["message"]["function_call"]},
        {"role": "function", "name": "get_weather", "content": "18 °C"},
    ]
    (choice,) = offline.chat(*history, functions=[old])["choices"]
    assert choice["message"]["content"] == "The weather in Paris: 18 °C."


def test_several_choices(offline: Any) -> None:
    completion = offline.chat("Hello", n=3)
    assert [choice["index"] for choice in completion["choices"]] == [0, 1, 2]


def test_the_same_request_gets_the_same_answer(offline: Any) -> None:
    other = type(offline)()
    body = {"model": "demo", "input": "What is the weather in Paris?", "tools": ALL}
    assert offline.call("POST", "/v1/responses", body) == other.call("POST", "/v1/responses", body)
    again = offline.call("POST", "/v1/responses", body)
    assert again != other.call("POST", "/v1/responses", body | {"user": "x"})
    assert again == other.call("POST", "/v1/responses", body)


def test_ids_of_equal_requests_differ_within_one_server(offline: Any) -> None:
    ids = {offline.respond("hi")["id"] for _ in range(5)}
    assert len(ids) == 5
