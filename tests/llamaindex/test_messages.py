"""LlamaIndex messages -> Responses items."""

from __future__ import annotations

import base64
import copy
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llama_index.core.base.llms.types import (
    AudioBlock,
    CacheControl,
    CachePoint,
    ChatMessage,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from llamaindex_resp.answers import Asked, chat_response
from llamaindex_resp.messages import to_items
from resp_core.errors import ArgumentError, UnsupportedError

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "add",
    "arguments": '{"a": 1,  "b": 2}',
    "status": "completed",
}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Adding."}],
    "encrypted_content": "gAAA",
}
MCP = {
    "type": "mcp_call",
    "id": "mcp_1",
    "name": "search",
    "server_label": "docs",
    "arguments": "{}",
    "output": "found",
    "approval_request_id": None,
}
SAID = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "phase": "final_answer",
    "content": [{"type": "output_text", "text": "Three.", "annotations": [], "logprobs": []}],
}


def answer(*items: dict, **fields) -> ChatMessage:
    response = {"id": "resp_1", "status": "completed", "output": list(items), **fields}
    return chat_response(response).message


def result(text: str = "3", call_id: str = "call_1") -> ChatMessage:
    return ChatMessage(role="tool", content=text, additional_kwargs={"tool_call_id": call_id})


def user(*blocks) -> ChatMessage:
    return ChatMessage(role="user", blocks=list(blocks))


@pytest.mark.parametrize("role", ["system", "developer", "user"])
def test_plain_text_is_a_string(role):
    assert to_items([ChatMessage(role=role, content="Hi")]) == [{"role": role, "content": "Hi"}]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (TextBlock(text="a"), {"type": "input_text", "text": "a"}),
        (
            ImageBlock(url="https://e.org/a.png", detail="low"),
            {"type": "input_image", "image_url": "https://e.org/a.png", "detail": "low"},
        ),
        (
            ImageBlock(image=PNG),
            {
                "type": "input_image",
                "image_url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}",
            },
        ),
        (
            DocumentBlock(data=b"%PDF-1.4 x", title="a.pdf"),
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,JVBERi0xLjQgeA==",
            },
        ),
        (
            DocumentBlock(url="https://e.org/a.pdf"),
            {"type": "input_file", "file_url": "https://e.org/a.pdf"},
        ),
        (
            AudioBlock(audio=b"RIFF data", format="wav"),
            {
                "type": "input_audio",
                "input_audio": {"data": base64.b64encode(b"RIFF data").decode(), "format": "wav"},
            },
        ),
        (
            CitationBlock(cited_content="said", source="s", title="t", additional_location_info={}),
            {"type": "input_text", "text": "said"},
        ),
    ],
)
def test_every_block_that_has_a_form(block, part):
    items = to_items([user(TextBlock(text="look"), block)])
    assert items[0]["content"][-1] == part


def test_an_open_file_is_encoded_too():
    [item] = to_items([user(ImageBlock(image=io.BytesIO(PNG), image_mimetype="image/png"))])
    assert item["content"][0]["image_url"].endswith(base64.b64encode(PNG).decode())


def test_a_document_without_a_type_is_still_a_data_url():
    [item] = to_items([user(DocumentBlock(data=b"plain", title="a.txt"))])
    assert item["content"][0]["file_data"].startswith("data:application/octet-stream;base64,")


def test_a_citable_block_names_its_source():
    [item] = to_items([user(CitableBlock(title="T", source="S", content="body"))])
    assert [part["text"] for part in item["content"]] == ["T (S):", "body"]


@pytest.mark.parametrize(("ttl", "mark"), [("5m", {}), ("30m", {"ttl": "30m"})])
def test_a_cache_point_marks_the_part_before_it(ttl, mark):
    point = CachePoint(cache_control=CacheControl(type="ephemeral", ttl=ttl))
    [item] = to_items([user(TextBlock(text="long"), point, TextBlock(text="short"))])
    assert item["content"] == [
        {
            "type": "input_text",
            "text": "long",
            "prompt_cache_breakpoint": {"mode": "explicit", **mark},
        },
        {"type": "input_text", "text": "short"},
    ]


@pytest.mark.parametrize(
    "block",
    [VideoBlock(url="https://e.org/v.mp4"), AudioBlock(url="https://e.org/a.mp3"), ThinkingBlock()],
)
def test_what_has_no_form_is_refused_by_name(block):
    with pytest.raises(UnsupportedError, match=type(block).__name__):
        to_items([user(block)])


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (ImageBlock(image=PNG), "ImageBlock"),
        (AudioBlock(audio=b"RIFF data"), "AudioBlock"),
        (DocumentBlock(data=b"%PDF-1.4 x"), "DocumentBlock"),
        (CachePoint(cache_control=CacheControl(type="ephemeral")), "CachePoint"),
    ],
)
def test_what_an_assistant_cannot_have_said_is_refused_not_dropped(block, words):
    message = ChatMessage(role="assistant", blocks=[TextBlock(text="see"), block])
    with pytest.raises(UnsupportedError, match=words):
        to_items([message])


def test_an_image_that_the_server_made_goes_back_as_its_item():
    data = base64.b64encode(PNG).decode()
    item = {"type": "image_generation_call", "id": "ig_1", "result": data, "status": "completed"}
    message = answer(item, SAID)
    assert isinstance(message.blocks[-1], ImageBlock)
    assert to_items([message]) == [item, SAID]


def test_a_cache_point_with_nothing_before_it_is_refused():
    point = CachePoint(cache_control=CacheControl(type="ephemeral"))
    with pytest.raises(ArgumentError, match="CachePoint"):
        to_items([user(point)])


def test_an_untouched_answer_is_replayed_byte_for_byte():
    items = [REASONING, MCP, SAID]
    replayed = to_items([user(TextBlock(text="q")), answer(*items), user(TextBlock(text="more"))])
    assert json.dumps(replayed[1:4]) == json.dumps(items)


def test_it_is_replayed_exactly_after_json_too():
    message = ChatMessage.model_validate_json(answer(REASONING, CALL).model_dump_json())
    assert to_items([message, result()])[:2] == [REASONING, CALL]


def test_a_changed_answer_is_rebuilt_and_keeps_what_the_server_ran():
    message = answer(MCP, SAID)
    message.blocks = [TextBlock(text="Four.")]
    assert to_items([message]) == [
        MCP,
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Four.", "annotations": []}],
        },
    ]


def test_reasoning_is_rebuilt_from_a_thinking_block():
    message = answer(REASONING, CALL)
    del message.additional_kwargs["response_items"]
    assert to_items([message, result()])[0] == REASONING


def test_large_numbers_of_a_call_stay_exact():
    big = 2**70 + 1
    message = answer({**CALL, "arguments": f'{{"a": {big}}}'})
    assert message.blocks == [
        ToolCallBlock(tool_call_id="call_1", tool_name="add", tool_kwargs={"a": big})
    ]
    del message.additional_kwargs["response_items"], message.additional_kwargs["tool_calls"]
    assert json.loads(to_items([message, result()])[0]["arguments"]) == {"a": big}


def test_arguments_that_are_no_json_are_refused():
    block = ToolCallBlock(tool_call_id="c", tool_name="add", tool_kwargs={"a": object()})
    message = ChatMessage(role="assistant", blocks=[block])
    with pytest.raises(ArgumentError, match="add are no JSON"):
        to_items([message, result(call_id="c")])


def test_old_style_calls_count_once():
    message = answer(CALL)
    del message.additional_kwargs["response_items"]
    old = ChatMessage(
        role="assistant",
        additional_kwargs={
            "tool_calls": [
                {"id": "call_2", "type": "function", "function": {"name": "f", "arguments": "{}"}}
            ]
        },
    )
    items = to_items([message, result(), old, result(call_id="call_2")])
    assert [item["type"] for item in items] == ["function_call", "function_call_output"] * 2
    assert items[2]["name"] == "f"


def test_a_tool_result_keeps_images():
    image = ImageBlock(url="https://e.org/a.png")
    message = ChatMessage(
        role="tool",
        blocks=[TextBlock(text="see"), image],
        additional_kwargs={"tool_call_id": "call_1"},
    )
    output = to_items([answer(CALL), message])[-1]["output"]
    assert [part["type"] for part in output] == ["input_text", "input_image"]


def test_a_result_without_an_id_answers_the_open_call_of_its_name():
    message = ChatMessage(role="function", content="3", additional_kwargs={"name": "add"})
    assert to_items([answer(CALL), message])[-1] == {
        "type": "function_call_output",
        "call_id": "call_1",
        "output": "3",
    }


def test_a_result_that_answers_nothing_is_refused():
    with pytest.raises(ArgumentError, match="tool_call_id"):
        to_items([ChatMessage(role="tool", content="3")])


def test_custom_calls_get_custom_outputs():
    call = {"type": "custom_tool_call", "id": "ct_1", "call_id": "c", "name": "sql", "input": "x"}
    message = answer(call)
    assert message.blocks == [
        ToolCallBlock(tool_call_id="c", tool_name="sql", tool_kwargs={"input": "x"})
    ]
    items = to_items([message, result(call_id="c")])
    assert items == [call, {"type": "custom_tool_call_output", "call_id": "c", "output": "3"}]


def test_a_cut_call_is_not_replayed_nor_the_reasoning_before_it():
    cut = {**CALL, "arguments": '{"a": 1', "status": "incomplete"}
    message = answer(REASONING, cut, status="incomplete")
    assert to_items([message, user(TextBlock(text="again"))]) == [
        {"role": "user", "content": "again"}
    ]


def test_items_of_a_user_message_go_as_they_are():
    approval = {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True}
    request = {"type": "mcp_approval_request", "id": "mcpr_1", "name": "n", "arguments": "{}"}
    message = ChatMessage(role="user", additional_kwargs={"response_items": [approval]})
    assert to_items([answer(request), message]) == [request, approval]


def test_store_false_leaves_out_what_the_server_cannot_find():
    bare = {k: v for k, v in REASONING.items() if k != "encrypted_content"}
    items = to_items([answer(bare, CALL), result()], stored=False)
    assert [item["type"] for item in items] == ["function_call", "function_call_output"]
    items = to_items([answer(REASONING, CALL), result()], stored=False)
    assert items[0]["encrypted_content"] == "gAAA"


def test_opaque_state_stays_with_the_server_it_came_from():
    response = {"id": "r", "status": "completed", "output": [REASONING, CALL]}
    message = chat_response(response, Asked(origin="a")).message
    assert to_items([message, result()], origin="a")[0] == REASONING
    items = to_items([message, result()], origin="b")
    assert [item["type"] for item in items] == ["function_call", "function_call_output"]
    assert "id" not in items[0]
    assert "_origin" not in items[0]


def test_the_messages_are_never_changed():
    messages = [user(TextBlock(text="q")), answer(REASONING, MCP, CALL), result(), answer(SAID)]
    before = copy.deepcopy([message.model_dump() for message in messages])
    to_items(messages, stored=False, origin="elsewhere")
    assert [message.model_dump() for message in messages] == before


_TURNS = [
    [answer(REASONING, CALL), result()],
    [answer(MCP, SAID)],
    [answer({**REASONING, "id": "rs_2"}, SAID)],
    [ChatMessage(role="user", content="go on")],
    [answer({**CALL, "call_id": "x"}, {**CALL, "call_id": "y"}), result(call_id="y")],
]


@given(st.permutations(range(len(_TURNS))), st.data(), st.booleans())
def test_any_trimmed_history_still_holds(picks, data, stored):
    history = [message for pick in picks for message in _TURNS[pick]]
    start = data.draw(st.integers(0, len(history)))
    items = to_items(history[start:], stored=stored)
    calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
    outputs = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    assert sorted(calls) == sorted(outputs)
    kinds = [item.get("type", "message") for item in items]
    for kind, following in zip(kinds, [*kinds, None][1:], strict=True):
        assert kind != "reasoning" or following in ("function_call", "message", "mcp_call")


def test_roles_of_the_model_are_all_assistant():
    for role in (MessageRole.CHATBOT, MessageRole.MODEL):
        [item] = to_items([ChatMessage(role=role, content="x")])
        assert item["role"] == "assistant"
