"""Responses answers -> LlamaIndex responses."""

from __future__ import annotations

import base64

import pytest
from llama_index.core.base.llms.types import (
    AudioBlock,
    CitationBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

from llamaindex_resp.answers import Asked, chat_response, completion_response, single_call
from llamaindex_resp.messages import to_items
from llamaindex_resp.tools import selections

USAGE = {
    "input_tokens": 7,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 12,
}


def message(text: str, **part) -> dict:
    content = [{"type": "output_text", "text": text, "annotations": [], **part}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": content}


def call(arguments: str = '{"a": 1}', call_id: str = "call_1", **fields) -> dict:
    return {
        "type": "function_call",
        "id": f"fc_{call_id}",
        "call_id": call_id,
        "name": "add",
        "arguments": arguments,
        **fields,
    }


def response(*items: dict, **fields) -> dict:
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "output": list(items),
        "usage": USAGE,
        **fields,
    }


def incomplete(reason: str, *items: dict) -> dict:
    return response(*items, status="incomplete", incomplete_details={"reason": reason})


def test_plain_text_leaves_no_extras_in_the_history():
    answer = chat_response(response(message("Hi.")))
    assert answer.message.content == "Hi."
    assert answer.message.additional_kwargs == {}
    assert answer.raw["usage"] == USAGE
    assert type(answer.raw) is dict


def test_usage_has_the_names_that_counters_read():
    kwargs = chat_response(response(message("Hi."))).additional_kwargs
    assert [kwargs[f"{k}_tokens"] for k in ("prompt", "completion", "total")] == [7, 5, 12]


def test_unknown_usage_is_not_zero():
    kwargs = chat_response(response(message("Hi."), usage=None)).additional_kwargs
    assert "prompt_tokens" not in kwargs


def test_what_is_missing_of_usage_is_left_out():
    kwargs = chat_response(response(message("Hi."), usage={"output_tokens": 3})).additional_kwargs
    assert kwargs["completion_tokens"] == 3
    assert kwargs.keys().isdisjoint({"prompt_tokens", "total_tokens"})


def test_an_empty_answer_is_an_empty_string():
    assert chat_response(response()).message.content == ""


def test_two_messages_are_joined_by_a_newline():
    assert chat_response(response(message("a"), message("b"))).message.content == "a\nb"


def test_thinking_keeps_id_and_signature():
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": t} for t in ("One.", "Two.")],
        "encrypted_content": "gAAA",
    }
    [block, text] = chat_response(response(item, message("x"))).message.blocks
    assert block == ThinkingBlock(
        content="One.\n\nTwo.",
        num_tokens=3,
        additional_information={"id": "rs_1", "encrypted_content": "gAAA"},
    )
    assert text == TextBlock(text="x")


def test_tokens_of_several_thoughts_are_not_told_apart():
    thoughts = [
        {"type": "reasoning", "id": f"rs_{n}", "summary": [{"type": "summary_text", "text": "Hm."}]}
        for n in range(2)
    ]
    blocks = chat_response(response(*thoughts, message("x"))).message.blocks
    assert [block.num_tokens for block in blocks[:2]] == [None, None]


def test_calls_are_blocks_and_openai_objects():
    answer = chat_response(response(call(), call("", "call_2")))
    assert [b for b in answer.message.blocks if isinstance(b, ToolCallBlock)] == [
        ToolCallBlock(tool_call_id="call_1", tool_name="add", tool_kwargs={"a": 1}),
        ToolCallBlock(tool_call_id="call_2", tool_name="add", tool_kwargs={}),
    ]
    functions = [c.function for c in answer.message.additional_kwargs["tool_calls"]]
    assert [(f.name, f.arguments) for f in functions] == [("add", '{"a": 1}'), ("add", "{}")]
    assert answer.additional_kwargs["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("item", "schemas", "whole"),
    [
        (call('{"a": 1'), None, True),
        (call("[1]"), None, True),
        (call("nonsense"), None, True),
        (call('{"a": 1}', status="incomplete"), None, False),
        (call(""), None, False),
        (call(""), {"add": {"required": ["a"]}}, True),
    ],
)
def test_a_call_that_was_cut_or_is_not_json_never_becomes_one(item, schemas, whole):
    body = response(item) if whole else incomplete("max_output_tokens", item)
    answer = chat_response(body, Asked(schemas=schemas))
    assert selections(answer.message, demanded=False) == []
    assert "tool_calls" not in answer.message.additional_kwargs
    [broken] = answer.message.additional_kwargs["invalid_tool_calls"]
    assert broken["arguments"] == item["arguments"]
    with pytest.raises(ValueError, match="cannot be run: add"):
        selections(answer.message, demanded=True)


def test_empty_arguments_are_a_call_where_the_schema_asks_for_nothing():
    answer = chat_response(response(call("")), Asked(schemas={"add": {"required": []}}))
    assert selections(answer.message, demanded=True)[0].tool_kwargs == {}


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter"), (None, "incomplete")],
)
def test_an_incomplete_answer_says_so(reason, finish):
    answer = chat_response(incomplete(reason, message("half")))
    assert answer.additional_kwargs["finish_reason"] == finish
    assert answer.message.additional_kwargs["incomplete_details"] == {"reason": reason}


def test_a_refusal_is_visible_twice():
    item = message("")
    item["content"] = [{"type": "refusal", "refusal": "No."}]
    answer = chat_response(response(item))
    assert answer.message.content == "No."
    assert answer.additional_kwargs["refusal"] == "No."
    assert answer.message.additional_kwargs["refusal"] == "No."


def test_citations_quote_the_text():
    notes = [
        {
            "type": "url_citation",
            "start_index": 0,
            "end_index": 3,
            "url": "https://e.org",
            "title": "E",
        },
        {"type": "file_citation", "index": 4, "file_id": "file_1", "filename": "a.txt"},
    ]
    answer = chat_response(response(message("Yes, it is.", annotations=notes)))
    assert answer.message.content == "Yes, it is."
    [web, file] = [b for b in answer.message.blocks if isinstance(b, CitationBlock)]
    assert (web.cited_content.text, web.source, web.title) == ("Yes", "https://e.org", "E")
    assert (file.source, file.title) == ("file_1", "a.txt")
    assert answer.additional_kwargs["annotations"] == notes


def test_hosted_items_are_kept_in_order():
    search = {"type": "web_search_call", "id": "ws_1", "action": {"type": "search"}}
    new = {"type": "hologram_call", "id": "h_1", "beam": 1}
    answer = chat_response(response(search, new, message("x")))
    assert answer.message.additional_kwargs["response_items"] == [search, new, message("x")]
    assert answer.additional_kwargs["built_in_tool_calls"] == [search, new]


def test_a_generated_image_is_an_image_block():
    data = base64.b64encode(b"\x89PNG bytes").decode()
    item = {"type": "image_generation_call", "id": "ig_1", "result": data, "output_format": "png"}
    [image] = [b for b in chat_response(response(item)).message.blocks if isinstance(b, ImageBlock)]
    assert image.resolve_image().read() == b"\x89PNG bytes"
    item["result"] = "not base64!"
    assert not chat_response(response(item)).message.content


def test_a_spoken_answer_is_its_transcript_and_an_audio_block():
    data = base64.b64encode(b"RIFF").decode()
    said = {"type": "output_audio", "id": "audio_1", "data": data, "transcript": "Hi."}
    item = {"type": "message", "role": "assistant", "content": [said]}
    answer = chat_response(response(item), Asked(audio_format="wav"))
    assert answer.message.content == "Hi."
    [audio] = [b for b in answer.message.blocks if isinstance(b, AudioBlock)]
    assert (audio.resolve_audio().read(), audio.format) == (b"RIFF", "wav")
    assert to_items([answer.message]) == [item]


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled"])
def test_an_answer_that_is_not_over_has_no_finish_reason(status):
    assert chat_response(response(status=status)).additional_kwargs["finish_reason"] is None


def test_logprobs():
    token = {
        "token": "Hi",
        "logprob": -0.1,
        "bytes": [72, 105],
        "top_logprobs": [{"token": "Ho", "logprob": -2.0, "bytes": None}],
    }
    [[chosen, other]] = chat_response(response(message("Hi", logprobs=[token]))).logprobs
    assert (chosen.token, chosen.logprob, chosen.bytes) == ("Hi", -0.1, [72, 105])
    assert (other.token, other.bytes) == ("Ho", [])


def test_a_completion_has_the_same_facts():
    done = completion_response(chat_response(response(message("Hi."))))
    assert (done.text, done.raw["usage"], done.additional_kwargs["total_tokens"]) == (
        "Hi.",
        USAGE,
        12,
    )


def test_one_call_at_a_time():
    answer = single_call(chat_response(response(call(), call(call_id="call_2"))))
    assert [s.tool_id for s in selections(answer.message, demanded=True)] == ["call_1"]
    assert len(answer.message.additional_kwargs["tool_calls"]) == 1
