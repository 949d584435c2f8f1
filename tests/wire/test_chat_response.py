"""Chat completions -> responses."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core.errors import ProtocolError
from resp_core.wire.chat import decode_response
from resp_core.wire.chat_stream import ChatEvents, usual_response
from resp_core.wire.ids import counted_ids, is_ours, random_ids
from resp_core.wire.losses import Losses

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def completion(message: dict[str, Any], finish: str | None = "stop", **top: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "chatcmpl-1", "created": 5, "model": "m-1", "choices": [choice], **top}


def decode(given: dict[str, Any], request: dict[str, Any] | None = None) -> dict[str, Any]:
    losses = Losses("a server")
    return decode_response(given, request=request or {}, new_id=counted_ids(), losses=losses)


def decode_output(message: dict[str, Any], finish: str | None = "stop") -> list[dict[str, Any]]:
    output = decode(completion(message, finish))["output"]
    return [{k: v for k, v in item.items() if k not in ("id", "status")} for item in output]


def text(content: str, **more: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": content, "annotations": [], "logprobs": []}
    return {"type": "message", "role": "assistant", "content": [{**part, **more}]}


def reasoning(content: str) -> dict[str, Any]:
    parts = [{"type": "reasoning_text", "text": content}]
    return {"type": "reasoning", "summary": [], "content": parts}


def call(arguments: str = "{}") -> dict[str, Any]:
    return {"type": "function_call", "arguments": arguments, "call_id": "c1", "name": "f"}


MARK = {"url": "u", "title": "t", "start_index": 0, "end_index": 1}
MESSAGES: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({"content": "hi"}, [text("hi")]),
    ({"content": ""}, [text("")]),
    ({"content": None}, []),
    ({"content": "", "tool_calls": [CALL]}, [call()]),
    ({"content": "hi", "tool_calls": [CALL]}, [text("hi"), call()]),
    ({"content": None, "tool_calls": None, "reasoning": "hm"}, [reasoning("hm")]),
    ({"content": "hi", "reasoning_content": "hm"}, [reasoning("hm"), text("hi")]),
    (
        {"content": "hi", "reasoning_content": "hm", "reasoning": "hm"},
        [reasoning("hm"), text("hi")],
    ),
    (
        {
            "content": [
                {"type": "thinking", "thinking": [{"text": "hm"}]},
                {"type": "text", "text": "a"},
            ]
        },
        [reasoning("hm"), text("a")],
    ),
    (
        {"content": None, "refusal": "no"},
        [{**text(""), "content": [{"type": "refusal", "refusal": "no"}]}],
    ),
    (
        {"content": "a", "annotations": [{"type": "url_citation", "url_citation": MARK}]},
        [text("a", annotations=[{"type": "url_citation", **MARK}])],
    ),
    (
        {"content": None, "function_call": {"name": "f", "arguments": "{}"}},
        [{**call(), "call_id": "call_rk00000002"}],
    ),
    (
        {"content": None, "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
        [{**call('{"a":1}'), "call_id": "call_rk00000002"}],
    ),
    (
        {"tool_calls": [{"id": "c1", "type": "custom", "custom": {"name": "f", "input": "x"}}]},
        [{"type": "custom_tool_call", "input": "x", "call_id": "c1", "name": "f"}],
    ),
    (
        {"tool_calls": [{**CALL, "extra_content": {"google": {"thought_signature": "s"}}}]},
        [
            {
                **call(),
                "provider_data": {
                    "chat": {"extra_content": {"google": {"thought_signature": "s"}}}
                },
            }
        ],
    ),
    (
        {
            "content": None,
            "audio": {"id": "a1", "data": "AA==", "transcript": "hi", "expires_at": 1},
        },
        [
            {
                **text(""),
                "content": [
                    {
                        "type": "output_audio",
                        "id": "a1",
                        "expires_at": 1,
                        "data": "AA==",
                        "transcript": "hi",
                    }
                ],
            }
        ],
    ),
]


@pytest.mark.parametrize(("message", "output"), MESSAGES)
def test_a_message_becomes_items(message: dict[str, Any], output: list[dict[str, Any]]) -> None:
    assert decode_output(message) == output


@pytest.mark.parametrize(
    ("finish", "status", "details"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("function_call", "completed", None),
        ("eos", "completed", None),
        (None, "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("model_length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
        ("error", "failed", None),
        ("insufficient_system_resource", "failed", None),
    ],
)
def test_the_finish_reason_decides_the_status(finish: Any, status: str, details: Any) -> None:
    response = decode(completion({"content": "hi"}, finish))
    assert (response["status"], response["incomplete_details"]) == (status, details)
    assert (response["error"] is not None) == (status == "failed")
    if finish:
        assert response["provider_data"]["chat"]["choice"]["finish_reason"] == finish


def test_the_servers_own_words_for_a_failure_are_kept() -> None:
    given = completion({"content": "a"}, "error")
    given["choices"][0]["error"] = {"code": 502, "message": "upstream gone"}
    assert decode(given)["error"] == {"code": "502", "message": "upstream gone"}


@pytest.mark.parametrize("arguments", ["", '{"a": ', '{"a": "b'])
def test_a_cut_call_is_marked_and_keeps_its_arguments(arguments: str) -> None:
    cut = {**CALL, "function": {"name": "f", "arguments": arguments}}
    whole, item = decode(completion({"tool_calls": [{**CALL, "id": "c0"}, cut]}, "length"))[
        "output"
    ]
    assert (whole["status"], item["status"], item["arguments"]) == (
        "completed",
        "incomplete",
        arguments,
    )


def test_an_emulated_custom_call_is_turned_back() -> None:
    request = {"tools": [{"type": "custom", "name": "f"}]}
    wrapped = {**CALL, "function": {"name": "f", "arguments": '{"input": "x = 1"}'}}
    (item,) = decode(completion({"tool_calls": [wrapped]}), request)["output"]
    assert (item["type"], item["input"]) == ("custom_tool_call", "x = 1")
    assert (item["status"], item["id"][:4]) == ("completed", "ctc_")
    (item,) = decode(completion({"tool_calls": [CALL]}), request)["output"]
    assert (item["input"], item["status"]) == ("{}", "incomplete")


def test_a_namespaced_call_is_turned_back() -> None:
    tools = [{"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "f"}]}]
    named = {**CALL, "function": {"name": "crm__f", "arguments": "{}"}}
    (item,) = decode(completion({"tool_calls": [named]}), {"tools": tools})["output"]
    assert (item["name"], item["namespace"]) == ("f", "crm")


def test_call_ids_are_unique() -> None:
    calls = decode(completion({"tool_calls": [CALL, CALL, {**CALL, "id": ""}]}))["output"]
    ids = [item["call_id"] for item in calls]
    assert ids[0] == "c1"
    assert len(set(ids)) == 3
    assert all(is_ours(call_id) for call_id in ids[1:])


USAGE: list[tuple[Any, Any]] = [
    (None, None),
    ({}, None),
    ({"prompt_tokens": -1, "completion_tokens": 2}, None),
    ({"prompt_tokens": "3", "completion_tokens": 2}, None),
    ({"prompt_tokens": 3, "completion_tokens": 2}, (3, 2, 5, 0, 0)),
    ({"prompt_tokens": 3, "total_tokens": 5}, (3, 2, 5, 0, 0)),
    ({"prompt_tokens": 3, "completion_tokens": 2, "prompt_cache_hit_tokens": 1}, (3, 2, 5, 1, 0)),
    (
        {
            "prompt_tokens": 3,
            "completion_tokens": 2,
            "total_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": None},
            "completion_tokens_details": {"reasoning_tokens": 1},
        },
        (3, 2, 5, 2, 1),
    ),
    (  # reasoning counted beside the completion
        {
            "prompt_tokens": 3,
            "completion_tokens": 2,
            "total_tokens": 9,
            "completion_tokens_details": {"reasoning_tokens": 4},
        },
        (3, 6, 9, 0, 4),
    ),
]


@pytest.mark.parametrize(("usage", "expected"), USAGE)
def test_usage_is_mapped_and_never_invented(usage: Any, expected: Any) -> None:
    got = decode(completion({"content": "hi"}, usage=usage))["usage"]
    if got is not None:
        got = (
            got["input_tokens"],
            got["output_tokens"],
            got["total_tokens"],
            got["input_tokens_details"]["cached_tokens"],
            got["output_tokens_details"]["reasoning_tokens"],
        )
    assert got == expected


def test_usage_keeps_what_responses_has_no_name_for() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.5, "is_byok": None}
    usage["prompt_tokens_details"] = {"cache_write_tokens": 1, "audio_tokens": 2}
    got = decode(completion({"content": "hi"}, usage=usage))["usage"]
    assert got["cost"] == 0.5
    assert got["input_tokens_details"] == {
        "cache_write_tokens": 1,
        "audio_tokens": 2,
        "cached_tokens": 0,
    }


def test_logprobs_are_carried() -> None:
    entry = {"token": "hi", "logprob": -0.1, "bytes": None, "top_logprobs": []}
    given = completion({"content": "hi"})
    given["choices"][0]["logprobs"] = {"content": [entry], "refusal": None}
    (item,) = decode(given)["output"]
    assert item["content"][0]["logprobs"] == [{**entry, "bytes": []}]


def test_what_chat_says_beside_the_answer_is_kept() -> None:
    extras = {"system_fingerprint": "fp", "x_groq": {"id": "r"}, "service_tier": "default"}
    given = completion({"content": "hi", "executed_tools": [1]}, **extras)
    given["choices"][0]["content_filter_results"] = {"hate": {}}
    response = decode(given)
    assert response["service_tier"] == "default"
    assert response["provider_data"]["chat"] == {
        "id": "chatcmpl-1",
        "system_fingerprint": "fp",
        "x_groq": {"id": "r"},
        "choice": {"finish_reason": "stop", "content_filter_results": {"hate": {}}},
        "message": {"executed_tools": [1]},
    }


def test_the_response_echoes_its_request() -> None:
    request = {
        "instructions": "be brief",
        "metadata": {"a": "b"},
        "temperature": 0.5,
        "tools": [{"type": "mcp", "server_label": "s", "authorization": "key", "headers": {}}],
        "text": {"verbosity": "low"},
        "parallel_tool_calls": False,
    }
    response = decode(completion({"content": "hi"}), request)
    assert response["id"].startswith("resp_")
    assert (response["object"], response["created_at"], response["model"]) == ("response", 5, "m-1")
    assert response["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert response["tools"] == [{"type": "mcp", "server_label": "s"}]
    assert response["parallel_tool_calls"] is False
    assert (response["instructions"], response["metadata"]) == ("be brief", {"a": "b"})
    assert (response["temperature"], response["top_p"]) == (0.5, None)


@pytest.mark.parametrize("choices", [[], None, {}, "x", [None]])
def test_a_completion_without_choices_is_no_answer(choices: Any) -> None:
    with pytest.raises(ProtocolError):
        decode({"id": "x", "choices": choices})


def test_neither_content_nor_end_is_no_answer() -> None:
    with pytest.raises(ProtocolError, match="neither"):
        decode(completion({"content": None}, None))


def test_further_choices_are_noted() -> None:
    given = completion({"content": "a"})
    given["choices"].append({**given["choices"][0], "index": 1})
    losses = Losses("a server")
    response = decode_response(given, request={}, new_id=counted_ids(), losses=losses)
    assert len(response["output"]) == 1
    assert losses.notes == ["only the first of 2 choices was kept"]


def test_ids_are_marked_as_ours() -> None:
    assert random_ids(lambda n: b"\x01" * n)("msg_") == "msg_rk" + "01" * 16
    assert is_ours("msg_rk01")
    assert not is_ours("msg_01")


USED = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


@pytest.mark.parametrize(
    "top",
    [
        {},
        {"usage": None, "service_tier": None, "system_fingerprint": None},
        {"usage": USED, "service_tier": "flex", "system_fingerprint": "fp_1"},
        {"usage": {**USED, "cost": 0.5, "prompt_tokens_details": {"cached_tokens": 1}}},
        {"usage": {"prompt_tokens": -1}},
        {"usage": "many"},
        {"x_groq": {"id": "r", "usage": USED}},
        {"x_groq": None, "more": [1], "p": "pad", "object": "chat.completion"},
        {"created": 1.5, "model": None},
        {"created": None, "service_tier": ""},
        {"created": "today", "model": 3},
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    "message",
    [
        {},
        {"refusal": None},
        {"annotations": []},
        {"refusal": "", "annotations": None},
        {"tool_calls": None, "function_call": None, "audio": None, "reasoning": None, "x": None},
    ],
)
def test_the_short_way_for_a_text_leads_to_the_same(top: Any, message: Any) -> None:
    given = completion({"content": "hi", **message}, **top)
    request = {"model": "asked", "tools": [{"type": "function", "name": "f"}], "store": False}
    short = usual_response(given, given["choices"][0], request, counted_ids())
    events = ChatEvents(request, counted_ids())
    choice = {key: value for key, value in given["choices"][0].items() if key != "index"}
    events.add({**given, "choices": [choice]})
    assert short is not None
    assert short == events.close(done=True)[-1]["response"]
    assert list(short) == list(events.close(done=True)[-1]["response"])


@pytest.mark.parametrize(
    ("message", "choice"),
    [
        ({"content": ""}, {}),
        ({"content": None}, {}),
        ({"content": [{"type": "text", "text": "hi"}]}, {}),
        ({"content": "hi", "refusal": "no"}, {}),
        ({"content": "hi", "annotations": [{"type": "url_citation", "url_citation": MARK}]}, {}),
        ({"content": "hi", "reasoning": "hm"}, {}),
        ({"content": "hi", "tool_calls": []}, {}),
        ({"content": "hi"}, {"logprobs": {"content": []}}),
        ({"content": "hi"}, {"finish_reason": "length"}),
        ({"content": "hi"}, {"finish_reason": None}),
        ({"content": "hi"}, {"stop_reason": "x"}),
    ],
    ids=repr,
)
def test_no_other_answer_takes_it(message: Any, choice: Any) -> None:
    given = completion(message)
    assert usual_response(given, {**given["choices"][0], **choice}, {}, counted_ids()) is None


def test_a_response_repeats_its_request_zeros_and_all() -> None:
    request = {
        "model": "asked",
        "temperature": 0,
        "top_p": 0.0,
        "top_logprobs": 0,
        "instructions": "",
        "user": None,
        "truncation": None,
        "store": True,
        "metadata": {"a": "b"},
        "include": ["x"],
        "input": "hi",
        "more": 1,
    }
    response = decode(completion({"content": "hi"}), request)
    for name in ("temperature", "top_p", "top_logprobs", "instructions", "store", "metadata"):
        assert response[name] == request[name], name
    assert response["include"] == ["x"]
    assert response["user"] is None
    assert response["truncation"] == "disabled"
    assert "input" not in response
    assert "more" not in response
    bare = decode(completion({"content": "hi"}))
    assert (bare["tool_choice"], bare["truncation"], bare["top_logprobs"]) == (
        "auto",
        "disabled",
        0,
    )
    assert bare["output"] is not decode(completion({"content": "hi"}))["output"]
