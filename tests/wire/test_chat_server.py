"""Chat requests -> Responses requests, and the answers back."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core.errors import ArgumentError, UnsupportedError
from resp_core.wire.chat_fold import ChatFold
from resp_core.wire.chat_server import ChatChunks, chunks_of, decode_request, encode_response
from resp_core.wire.losses import Losses
from resp_core.wire.unfold import unfold

TOOL_CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
ANSWER = {"type": "function_call_output", "call_id": "c1", "output": "ok"}
USER = {"role": "user", "content": "hi"}
ITEM = {"type": "message", "role": "user", "content": "hi"}


def decode(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return decode_request(body, losses=Losses("a server"))


def decode_messages(*messages: Any) -> Any:
    return decode({"messages": list(messages)})[0]["input"]


def said(*parts: Any) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(parts)}


def text(content: str) -> dict[str, Any]:
    return {"type": "output_text", "text": content}


FLAT = {
    "type": "function",
    "name": "f",
    "parameters": {"type": "object", "properties": {}},
    "strict": False,
}
FIELDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "m", "temperature": 1}, {"model": "m", "temperature": 1}),
    ({"max_tokens": 50}, {"max_output_tokens": 50}),
    ({"max_tokens": 50, "max_completion_tokens": 60}, {"max_output_tokens": 60}),
    ({"max_tokens": 1}, {"max_output_tokens": 16}),
    ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
    ({"verbosity": "low"}, {"text": {"verbosity": "low"}}),
    ({"logprobs": True}, {"include": ["message.output_text.logprobs"]}),
    (
        {"logprobs": True, "top_logprobs": 3},
        {"include": ["message.output_text.logprobs"], "top_logprobs": 3},
    ),
    (
        {"response_format": {"type": "json_object"}},
        {"text": {"format": {"type": "json_object"}}},
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}},
    ),
    ({"store": True}, {"store": True}),
    ({"metadata": {"a": "b"}, "user": "u"}, {"metadata": {"a": "b"}, "user": "u"}),
    ({"stream": True, "stream_options": {"include_usage": True}}, {}),
    (
        {"stream_options": {"include_usage": True, "include_obfuscation": False}},
        {"stream_options": {"include_obfuscation": False}},
    ),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, {"tools": [FLAT]}),
    (
        {"tools": [{"function": {"name": "f", "strict": True}}]},
        {"tools": [{**FLAT, "strict": True}]},
    ),
    (
        {"functions": [{"name": "f"}], "function_call": "auto"},
        {"tools": [FLAT], "tool_choice": "auto"},
    ),
    (
        {"functions": [{"name": "f"}], "function_call": {"name": "f"}},
        {"tools": [FLAT], "tool_choice": {"type": "function", "name": "f"}},
    ),
    (
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"tool_choice": {"type": "function", "name": "f"}},
    ),
    (
        {
            "web_search_options": {
                "user_location": {"type": "approximate", "approximate": {"city": "B"}}
            }
        },
        {"tools": [{"type": "web_search", "user_location": {"type": "approximate", "city": "B"}}]},
    ),
    ({"n": 1, "stop": None, "presence_penalty": 0.0, "modalities": ["text"]}, {}),
    ({"parallel_tool_calls": False}, {"parallel_tool_calls": False}),
    ({"top_k": 5}, {"top_k": 5}),
]


@pytest.mark.parametrize(("given", "expected"), FIELDS)
def test_a_field_is_mapped(given: dict[str, Any], expected: dict[str, Any]) -> None:
    request, chat_only = decode({"messages": [USER], **given})
    assert request == {"input": [ITEM], "store": False, **expected}
    assert chat_only == {}


def test_what_responses_lacks_is_set_apart() -> None:
    only = {"stop": "x", "seed": 1, "n": 2, "presence_penalty": 1, "audio": {"voice": "v"}}
    request, chat_only = decode({"messages": [USER], **only})
    assert chat_only == only
    assert request == {"input": [ITEM], "store": False}


CUSTOM_CALL = {"id": "c1", "type": "custom", "custom": {"name": "run", "input": "x"}}
IMAGE = {"type": "image_url", "image_url": {"url": "u", "detail": "low"}}
MESSAGES: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = [
    (
        [{"role": "system", "content": "s"}, USER],
        [{**ITEM, "role": "system", "content": "s"}, ITEM],
    ),
    (
        [{"role": "user", "content": [{"type": "text", "text": "a"}, IMAGE]}],
        [
            {
                **ITEM,
                "content": [
                    {"type": "input_text", "text": "a"},
                    {"type": "input_image", "image_url": "u", "detail": "low"},
                ],
            }
        ],
    ),
    (
        [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}],
        [{**ITEM, "content": [{"type": "input_file", "file_id": "f"}]}],
    ),
    ([{"role": "assistant", "content": "a"}], [said(text("a"))]),
    ([{"role": "assistant", "content": ""}], [said(text(""))]),
    (
        [{"role": "assistant", "content": None, "refusal": "no"}],
        [said({"type": "refusal", "refusal": "no"})],
    ),
    (
        [
            {"role": "assistant", "content": "", "tool_calls": [TOOL_CALL]},
            {"role": "tool", "tool_call_id": "c1", "name": "f", "content": "ok"},
        ],
        [CALL, ANSWER],
    ),
    (
        [
            {"role": "assistant", "content": "a", "tool_calls": [TOOL_CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "ok"}]},
        ],
        [said(text("a")), CALL, {**ANSWER, "output": [{"type": "input_text", "text": "ok"}]}],
    ),
    (
        [
            {"role": "assistant", "content": None, "tool_calls": [CUSTOM_CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "ok"},
        ],
        [
            {"type": "custom_tool_call", "call_id": "c1", "name": "run", "input": "x"},
            {**ANSWER, "type": "custom_tool_call_output"},
        ],
    ),
    (
        [
            {"role": "assistant", "content": None, "function_call": TOOL_CALL["function"]},
            {"role": "function", "name": "f", "content": "ok"},
        ],
        [{**CALL, "call_id": "call_0"}, {**ANSWER, "call_id": "call_0"}],
    ),
]


@pytest.mark.parametrize(("messages", "items"), MESSAGES)
def test_messages_become_items(messages: list[Any], items: list[Any]) -> None:
    assert decode_messages(*messages) == items


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({**USER, "name": "bob"}, "messages[0].name"),
        ({"role": "assistant", "audio": {"id": "a"}}, "messages[0].audio"),
        ({"role": "assistant", "content": "a", "prefix": True}, "messages[0].prefix"),
        ({"role": "user", "content": [{"type": "input_audio"}]}, "messages[0].content[0]"),
        ({"role": "user", "content": [{"type": "video_url"}]}, "messages[0].content[0]"),
    ],
)
def test_what_cannot_be_carried_is_refused_by_name(message: Any, param: str) -> None:
    with pytest.raises(UnsupportedError) as raised:
        decode_messages(message)
    assert raised.value.param == param


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (None, "messages"),
        (["hi"], "messages[0]"),
        ([{"role": "wizard"}], "messages[0].role"),
        ([{"role": "user", "content": None}], "messages[0].content"),
        ([{"role": "tool", "content": "x"}], "messages[0].tool_call_id"),
        ([{"role": "function", "name": "f", "content": "x"}], "messages[0]"),
        (
            [{"role": "assistant", "tool_calls": [{"id": "x"}]}],
            "messages[0].tool_calls[0].function",
        ),
    ],
)
def test_messages_that_are_no_conversation_are_refused(messages: Any, param: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        decode({"messages": messages})
    assert raised.value.param == param


# --- answers -----------------------------------------------------------------------------------


def response(*output: dict[str, Any], status: str = "completed", **more: Any) -> dict[str, Any]:
    base = {"id": "resp_1", "created_at": 5.0, "model": "m", "status": status}
    return {**base, "output": list(output), **more}


def message(content: str, **more: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": content, "annotations": []}
    base = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    return {**base, "content": [part], **more}


FUNCTION_CALL = {"id": "fc_1", "status": "completed", **CALL}
CUSTOM = {"id": "ctc_1", "type": "custom_tool_call", "call_id": "c1", "name": "run", "input": "x"}
SUMMARY = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
THOUGHT = {"id": "rs_1", "type": "reasoning", "summary": SUMMARY}
REFUSED = {**message(""), "content": [{"type": "refusal", "refusal": "no"}]}
MARKED_PART = {
    "type": "output_text",
    "text": "a",
    "annotations": [{"type": "url_citation", "url": "u"}],
}

ANSWERS: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "text": (response(message("a")), {"content": "a"}, "stop"),
    "two messages": (response(message("a"), message("b", id="msg_2")), {"content": "ab"}, "stop"),
    "call": (response(FUNCTION_CALL), {"tool_calls": [TOOL_CALL]}, "tool_calls"),
    "custom call": (response(CUSTOM), {"tool_calls": [CUSTOM_CALL]}, "tool_calls"),
    "namespaced call": (
        response({**FUNCTION_CALL, "namespace": "n"}),
        {"tool_calls": [{**TOOL_CALL, "function": {"name": "n__f", "arguments": "{}"}}]},
        "tool_calls",
    ),
    "refusal": (response(REFUSED), {"refusal": "no"}, "stop"),
    "reasoning": (
        response(THOUGHT, message("a")),
        {"content": "a", "reasoning_content": "a\n\nb"},
        "stop",
    ),
    "commentary": (
        response(message("c", phase="commentary"), message("a", id="msg_2", phase="final_answer")),
        {"content": "a", "reasoning_content": "c"},
        "stop",
    ),
    "annotation": (
        response({**message(""), "content": [MARKED_PART]}),
        {
            "content": "a",
            "annotations": [{"type": "url_citation", "url_citation": {"url": "u"}}],
        },
        "stop",
    ),
    "nothing": (response(), {}, "stop"),
    "length": (
        response(
            message("a"), status="incomplete", incomplete_details={"reason": "max_output_tokens"}
        ),
        {"content": "a"},
        "length",
    ),
    "filter": (
        response(status="incomplete", incomplete_details={"reason": "content_filter"}),
        {},
        "content_filter",
    ),
    "steered": (
        response(status="incomplete", incomplete_details={"reason": "steered"}),
        {},
        "stop",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_response_becomes_a_completion(name: str) -> None:
    given, expected, finish = ANSWERS[name]
    got = encode_response(given, completion_id="chatcmpl-1")
    assert (got["id"], got["object"], got["created"]) == ("chatcmpl-1", "chat.completion", 5)
    (choice,) = got["choices"]
    assert choice["message"] == {"role": "assistant", "content": None, "refusal": None, **expected}
    assert choice["finish_reason"] == finish


@pytest.mark.parametrize("name", ANSWERS)
def test_the_chunks_add_up_to_the_completion(name: str) -> None:
    given, _, _ = ANSWERS[name]
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    given = {**given, "usage": usage}
    chunks, fold = ChatChunks("chatcmpl-1", include_usage=True), ChatFold()
    out = [chunk for event in unfold(given) for chunk in chunks.add(event)]
    for chunk in out:
        fold.add(chunk)
    fold.close(done=True)
    assert len({(chunk["id"], chunk["created"]) for chunk in out}) == 1
    whole, expected = fold.result(), encode_response(given, completion_id="chatcmpl-1")
    assert without_empty(whole["choices"][0]) == without_empty(expected["choices"][0])
    assert whole["usage"] == expected["usage"]


def without_empty(choice: dict[str, Any]) -> dict[str, Any]:
    message = {k: v for k, v in choice["message"].items() if v not in (None, "")}
    return {**choice, "message": message}


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_did_not_finish_has_no_finish_reason(status: str) -> None:
    got = encode_response(response(status=status), completion_id="x")
    assert got["choices"][0]["finish_reason"] is None


def test_items_without_a_chat_form_are_kept() -> None:
    search = {"id": "ws_1", "type": "web_search_call", "status": "completed"}
    got = encode_response(response(search, message("a")), completion_id="x")
    assert got["provider_data"] == {"responses": {"id": "resp_1", "output": [search]}}


def test_the_usage_chunk_comes_only_when_asked_for() -> None:
    given = response(message("a"), usage={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3})
    quiet = ChatChunks("x", include_usage=False)
    out = [chunk for event in unfold(given) for chunk in quiet.add(event)]
    assert all("usage" not in chunk for chunk in out)
    asked = ChatChunks("x", include_usage=True)
    out = [chunk for event in unfold(given) for chunk in asked.add(event)]
    assert [chunk["usage"] for chunk in out[:-1]] == [None] * (len(out) - 1)
    assert (out[-1]["choices"], out[-1]["usage"]["total_tokens"]) == ([], 3)


def test_calls_are_counted_without_the_other_items() -> None:
    given = response(THOUGHT, message("a"), FUNCTION_CALL, {**FUNCTION_CALL, "call_id": "c2"})
    chunks = ChatChunks("x", include_usage=False)
    deltas = [c["choices"][0]["delta"] for event in unfold(given) for c in chunks.add(event)]
    calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
    assert [(call["index"], call.get("id")) for call in calls] == [
        (0, "c1"),
        (0, None),
        (1, "c2"),
        (1, None),
    ]


def test_items_that_come_only_with_the_end_are_sent() -> None:
    given = response(THOUGHT, message("a"), FUNCTION_CALL)
    chunks, fold = ChatChunks("x", include_usage=False), ChatFold()
    for chunk in chunks.add({"type": "response.completed", "response": given}):
        fold.add(chunk)
    got = fold.result()["choices"][0]
    assert got["message"]["content"] == "a"
    assert got["message"]["tool_calls"] == [TOOL_CALL]
    assert got["finish_reason"] == "tool_calls"


def test_a_completion_as_chunks_folds_to_itself() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "a", "tool_calls": [TOOL_CALL]},
        "logprobs": None,
        "finish_reason": "tool_calls",
    }
    second = {
        **choice,
        "index": 1,
        "message": {"role": "assistant", "content": None, "refusal": "no"},
    }
    whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "usage": usage}
    whole["choices"] = [choice, second]
    fold = ChatFold()
    for chunk in chunks_of(whole, include_usage=True):
        fold.add(chunk)
    fold.close(done=True)
    assert fold.result() == whole
