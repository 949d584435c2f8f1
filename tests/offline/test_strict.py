"""Bad requests get the provider's own refusals."""

from __future__ import annotations

from typing import Any

import pytest

FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
CHAT_FUNCTION = {"type": "function", "function": {"name": "f"}}
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "1"}
REASONING = {"type": "reasoning", "summary": []}
USER = {"role": "user", "content": "hi"}
CHAT_CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CHAT_CALL]}


def json_schema(schema: Any, **more: Any) -> Any:
    return {"type": "json_schema", "name": "x", "schema": schema, "strict": True, **more}


LOOSE = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
OPTIONAL = LOOSE | {"required": [], "additionalProperties": False}
NESTED = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": LOOSE}},
    "required": ["a"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("body", "param", "code", "words"),
    [
        ({"input": "x", "foo": 1}, "foo", "unknown_parameter", "Unknown parameter: 'foo'."),
        ({"input": "x", "stop": ["a"]}, "stop", "unknown_parameter", "stop"),
        ({"input": "x", "model": None}, "model", "missing_required_parameter", "model"),
        ({}, "input", "missing_required_parameter", "input"),
        ({"input": 5}, "input", "invalid_type", "expected one of a string or array"),
        ({"input": "x", "temperature": "hot"}, "temperature", "invalid_type", "a decimal"),
        ({"input": "x", "temperature": 3}, "temperature", "decimal_above_max_value", "<= 2"),
        ({"input": "x", "store": "yes"}, "store", "invalid_type", "a boolean"),
        ({"input": "x", "tools": {}}, "tools", "invalid_type", "an array, but got an object"),
        (
            {"input": "x", "max_output_tokens": 15},
            "max_output_tokens",
            "integer_below_min_value",
            ">= 16, but got 15",
        ),
        ({"input": "x", "max_output_tokens": True}, "max_output_tokens", "invalid_type", "boolean"),
        ({"input": "x", "reasoning": {"effort": "max!"}}, "reasoning.effort", "invalid_value", "'"),
        ({"input": "x", "reasoning": {"x": 1}}, "reasoning.x", "unknown_parameter", "x"),
        ({"input": "x", "service_tier": "gold"}, "service_tier", "invalid_value", "'flex'"),
        ({"input": "x", "include": ["all"]}, "include[0]", "invalid_value", "all"),
        ({"input": "x", "metadata": {"a": 1}}, "metadata.a", "invalid_type", "a string"),
        (
            {"input": "x", "metadata": {str(n): "" for n in range(17)}},
            "metadata",
            "object_above_max_properties",
            "17 properties",
        ),
        (
            {"input": "x", "metadata": {"a": "b" * 513}},
            "metadata.a",
            "string_above_max_length",
            "513",
        ),
        (
            {"input": "x", "safety_identifier": "u" * 129},
            "safety_identifier",
            "string_above_max_length",
            "128",
        ),
        (
            {"input": "x", "previous_response_id": "resp_a", "conversation": "conv_a"},
            None,
            "mutually_exclusive_parameters",
            "previous_response_id",
        ),
        (
            {"input": "x", "previous_response_id": "resp_no"},
            "previous_response_id",
            "previous_response_not_found",
            "Previous response with id 'resp_no' not found.",
        ),
        ({"input": "x", "background": True, "store": False}, "background", None, "store"),
        (
            {"input": "x", "stream_options": {"include_obfuscation": False}},
            "stream_options",
            None,
            "only allowed when 'stream'",
        ),
        ({"input": "x", "tool_choice": "required"}, "tool_choice", None, "'tools' parameter"),
        ({"input": "x", "tool_choice": "any"}, "tool_choice", "invalid_value", "'required'"),
        (
            {"input": "x", "tools": [FUNCTION], "tool_choice": {"type": "function", "name": "g"}},
            "tool_choice",
            None,
            "not found in 'tools'",
        ),
        (
            {"input": "x", "tools": [CHAT_FUNCTION]},
            "tools[0].name",
            "missing_required_parameter",
            "",
        ),
        (
            {"input": "x", "tools": [FUNCTION | {"name": "a b"}]},
            "tools[0].name",
            "invalid_value",
            "",
        ),
        (
            {"input": "x", "tools": [{"name": "f"}]},
            "tools[0].type",
            "missing_required_parameter",
            "",
        ),
        (
            {"input": "x", "tools": [FUNCTION | {"parameters": {"type": "string"}}]},
            "tools[0].parameters",
            "invalid_function_parameters",
            'type: "object"',
        ),
        (
            {"input": "x", "tools": [FUNCTION | {"parameters": OPTIONAL, "strict": True}]},
            "tools[0].parameters",
            "invalid_function_parameters",
            "Missing 'a'.",
        ),
        (
            {
                "input": "x",
                "tools": [{"type": "web_search"}],
                "tool_choice": {"type": "web_search"},
            },
            "tool_choice",
            "unsupported_tool",
            "web_search",
        ),
        (
            {"input": "x", "text": {"format": json_schema(LOOSE)}},
            "text.format.schema",
            "invalid_json_schema",
            "In context=(), 'additionalProperties' is required",
        ),
        (
            {"input": "x", "text": {"format": json_schema(NESTED)}},
            "text.format.schema",
            "invalid_json_schema",
            "In context=('properties', 'a', 'items')",
        ),
        (
            {"input": "x", "text": {"format": {"type": "json_schema", "schema": LOOSE}}},
            "text.format.name",
            "missing_required_parameter",
            "name",
        ),
        (
            {"input": "x", "text": {"format": {"type": "yaml"}}},
            "text.format.type",
            "invalid_value",
            "",
        ),
        ({"input": "x", "text": {"format": {"type": "json_object"}}}, "input", None, "'json'"),
        # items
        (
            {"input": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
            "input[0].content[0]",
            "invalid_value",
            "Supported values are: 'input_text', 'input_image', 'output_text'",
        ),
        (
            {"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "hi"}]}]},
            "input[0].content[0]",
            "invalid_value",
            "'output_text' and 'refusal'",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": {}}]}]},
            "input[0].content[0].image_url",
            "invalid_type",
            "a string",
        ),
        ({"input": ["hi"]}, "input[0]", "invalid_type", "an object, but got a string"),
        ({"input": [{"role": "robot", "content": ""}]}, "input[0].role", "invalid_value", "robot"),
        ({"input": [{"role": "user"}]}, "input[0].content", "missing_required_parameter", ""),
        (
            {"input": [USER | {"provider_data": {}}]},
            "input[0].provider_data",
            "unknown_parameter",
            "",
        ),
        ({"input": [CALL | {"id": "call_1"}, OUTPUT]}, "input[0].id", "invalid_value", "'fc'"),
        ({"input": [USER, CALL]}, "input", None, "No tool output found for function call c1."),
        (
            {"input": [USER, OUTPUT]},
            "input",
            None,
            "No tool call found for function call output with call_id c1.",
        ),
        ({"input": [OUTPUT, CALL]}, "input", None, "No tool call found"),
        ({"input": [CALL | {"arguments": {}}, OUTPUT]}, "input[0].arguments", "invalid_type", ""),
        ({"input": [CALL, OUTPUT | {"output": 5}]}, "input[1].output", "invalid_type", "string"),
        ({"input": [REASONING]}, "input", None, "without its required following item"),
        ({"input": [REASONING, USER]}, "input", None, "without its required following item"),
        (
            {"input": [REASONING | {"encrypted_content": "gAAAAAB"}, CALL, OUTPUT]},
            None,
            "invalid_encrypted_content",
            "could not be verified",
        ),
    ],
)
def test_responses(offline: Any, body: Any, param: Any, code: Any, words: str) -> None:
    status, answer = offline.call("POST", "/v1/responses", {"model": "demo", **body})
    assert status == 400
    error = answer["error"]
    assert (error["param"], error["code"], error["type"]) == (param, code, "invalid_request_error")
    assert words in error["message"]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "item_reference", "id": "msg_unknown"},
        {"id": "msg_unknown"},
        REASONING | {"id": "rs_unknown"},
    ],
)
def test_references_to_what_was_not_stored(offline: Any, item: Any) -> None:
    status, answer = offline.call("POST", "/v1/responses", {"model": "demo", "input": [item, USER]})
    assert status == 404
    assert "Items are not persisted when `store` is set to false" in answer["error"]["message"]


def test_items_and_tools_of_unknown_types_are_accepted(offline: Any) -> None:
    odd = {"type": "hologram_call", "id": "holo_1", "shape": {"x": 1}}
    tools = [{"type": "hologram", "depth": 3}, {"type": "web_search"}, {"type": "computer"}]
    assert offline.respond([odd, USER], tools=tools)["status"] == "completed"


def test_null_means_absent(offline: Any) -> None:
    nothing = dict.fromkeys(("tools", "temperature", "text", "reasoning", "metadata", "include"))
    assert offline.respond("hi", **nothing)["status"] == "completed"


@pytest.mark.parametrize(
    ("body", "param", "code", "words"),
    [
        ({"foo": 1}, "foo", "unknown_parameter", ""),
        ({"input": "x"}, "input", "unknown_parameter", ""),
        ({"messages": []}, "messages", "empty_array", ""),
        ({"messages": None}, "messages", "missing_required_parameter", ""),
        ({"messages": ["hi"]}, "messages[0]", "invalid_type", ""),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter", ""),
        ({"messages": [USER | {"id": "1"}]}, "messages[0].id", "unknown_parameter", ""),
        (
            {"messages": [{"role": "user", "content": None}]},
            "messages[0].content",
            "invalid_type",
            "",
        ),
        ({"messages": [{"role": "assistant"}]}, "messages[0].content", "invalid_type", ""),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_text", "text": "x"}]}]},
            "messages[0].content[0].type",
            "invalid_value",
            "'text', 'image_url'",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "u"}]}]},
            "messages[0].content[0].image_url",
            "invalid_type",
            "an object",
        ),
        (
            {"messages": [USER, {"role": "tool", "tool_call_id": "c1", "content": "1"}]},
            "messages.[1].role",
            None,
            "must be a response to a preceeding message with 'tool_calls'",
        ),
        (
            {"messages": [USER, ASKED]},
            "messages.[2].role",
            None,
            "did not have response messages: c1",
        ),
        ({"messages": [USER, ASKED, USER]}, "messages.[2].role", None, "c1"),
        ({"tools": []}, "tools", "empty_array", ""),
        ({"tools": [FUNCTION]}, "tools[0].function", "missing_required_parameter", ""),
        ({"tool_choice": "auto"}, "tool_choice", None, "only allowed when 'tools'"),
        ({"parallel_tool_calls": False}, "parallel_tool_calls", None, "only allowed when 'tools'"),
        ({"stream_options": {"include_usage": True}}, "stream_options", None, "'stream'"),
        ({"top_logprobs": 2}, "top_logprobs", None, "'logprobs'"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs", "integer_above_max_value", "20"),
        ({"stop": ["1", "2", "3", "4", "5"]}, "stop", "array_above_max_length", ""),
        ({"n": 0}, "n", "integer_below_min_value", ""),
        ({"temperature": 99.0}, "temperature", "decimal_above_max_value", "but got 99.0 instead"),
        ({"reasoning_effort": {"effort": "low"}}, "reasoning_effort", "invalid_type", ""),
        ({"modalities": ["text", "audio"]}, "modalities", "unsupported_value", ""),
        ({"response_format": {"type": "json_object"}}, "messages", None, "'json'"),
        (
            {"response_format": {"type": "json_schema", "json_schema": json_schema(OPTIONAL)}},
            "response_format",
            "invalid_json_schema",
            "Missing 'a'",
        ),
        (
            {"max_tokens": 5, "max_completion_tokens": 5},
            "max_tokens",
            "invalid_parameter_combination",
            "",
        ),
    ],
)
def test_chat(offline: Any, body: Any, param: Any, code: Any, words: str) -> None:
    body = {"model": "demo", "messages": [USER]} | body
    status, answer = offline.call("POST", "/v1/chat/completions", body)
    assert status == 400
    assert (answer["error"]["param"], answer["error"]["code"]) == (param, code)
    assert words in answer["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/v1/responses", b"{not json", 400, "could not parse the JSON body"),
        ("POST", "/v1/responses", b"[1]", 400, "expected an object"),
        ("GET", "/v1/responses", None, 405, "not allowed"),
        ("POST", "/v1/nothing", None, 404, "Invalid URL (POST /v1/nothing)"),
        ("POST", "/responses", None, 404, "Invalid URL (POST /responses)"),
        ("GET", "/v1/responses/resp_no", None, 404, "Response with id 'resp_no' not found."),
        ("DELETE", "/v1/responses/resp_no", None, 404, "not found"),
        ("GET", "/v1/responses/resp_no/input_items", None, 404, "not found"),
        ("POST", "/v1/responses/resp_no/cancel", None, 404, "not found"),
        (
            "GET",
            "/v1/conversations/conv_no",
            None,
            404,
            "Conversation with id 'conv_no' not found.",
        ),
        ("POST", "/v1/embeddings", {"model": "e"}, 400, "Missing required parameter: 'input'."),
        ("POST", "/v1/embeddings", {"model": "e", "input": ""}, 400, "empty"),
        ("POST", "/v1/embeddings", {"model": "e", "input": ["a", 1.5]}, 400, "input[1]"),
    ],
)
def test_paths(offline: Any, method: str, path: str, body: Any, status: int, words: str) -> None:
    given, answer = offline.call(method, path, body)
    assert given == status
    assert words in answer["error"]["message"]
    assert set(answer["error"]) == {"message", "type", "param", "code"}
