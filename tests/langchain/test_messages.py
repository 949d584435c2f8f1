"""LangChain messages of every kind -> input items."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.utils import convert_to_messages

from langchain_resp.chunks import message_of
from langchain_resp.messages import to_chat, to_items
from resp_core.errors import ArgumentError, UnsupportedError
from resp_core.wire.chat import ChatOptions, encode_request
from resp_core.wire.chat_server import with_input
from resp_core.wire.losses import Losses
from resp_core.wire.replay import ORIGIN, plan_replay
from tests.langchain.server import Server, called, refused, response, said, thought

DATA = "aGVsbG8="
PNG = f"data:image/png;base64,{DATA}"
PDF = f"data:application/pdf;base64,{DATA}"


def items(*messages: BaseMessage) -> list[dict[str, Any]]:
    return to_items(messages)[0]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (HumanMessage("hi"), {"role": "user", "content": "hi"}),
        (SystemMessage("hi"), {"role": "system", "content": "hi"}),
        (
            SystemMessage("hi", additional_kwargs={"__openai_role__": "developer"}),
            {"role": "developer", "content": "hi"},
        ),
        (ChatMessage("hi", role="developer"), {"role": "developer", "content": "hi"}),
        (AIMessage("hi"), {"role": "assistant", "content": "hi"}),
        (
            ToolMessage("out", tool_call_id="c"),
            {"type": "function_call_output", "call_id": "c", "output": "out"},
        ),
        (
            ToolMessage("bad", tool_call_id="c", status="error", artifact=object()),
            {"type": "function_call_output", "call_id": "c", "output": "bad"},
        ),
        (
            FunctionMessage("out", name="f"),
            {"type": "function_call_output", "call_id": "call_f", "output": "out"},
        ),
    ],
)
def test_plain_messages(message: BaseMessage, expected: dict[str, Any]) -> None:
    assert items(message) == [expected]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ("hi", {"type": "input_text", "text": "hi"}),
        ({"type": "text", "text": "hi"}, {"type": "input_text", "text": "hi"}),
        (
            {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}},
            {"type": "input_text", "text": "hi"},
        ),
        ({"type": "input_text", "text": "hi"}, {"type": "input_text", "text": "hi"}),
        # images: OpenAI, v1, v0, Anthropic, Responses
        (
            {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
            {"type": "input_image", "image_url": PNG, "detail": "low"},
        ),
        ({"type": "image_url", "image_url": PNG}, {"type": "input_image", "image_url": PNG}),
        (
            {"type": "image", "base64": DATA, "mime_type": "image/png"},
            {"type": "input_image", "image_url": PNG},
        ),
        (
            {"type": "image", "url": "https://a.test/a.png", "extras": {"detail": "high"}},
            {"type": "input_image", "image_url": "https://a.test/a.png", "detail": "high"},
        ),
        ({"type": "image", "file_id": "file_1"}, {"type": "input_image", "file_id": "file_1"}),
        (
            {"type": "image", "source_type": "base64", "data": DATA, "mime_type": "image/png"},
            {"type": "input_image", "image_url": PNG},
        ),
        (
            {"type": "image", "source_type": "url", "url": "https://a.test/a.png"},
            {"type": "input_image", "image_url": "https://a.test/a.png"},
        ),
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": DATA},
            },
            {"type": "input_image", "image_url": PNG},
        ),
        (
            {"type": "input_image", "image_url": PNG, "detail": "auto"},
            {"type": "input_image", "image_url": PNG, "detail": "auto"},
        ),
        # files
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
            {"type": "input_file", "filename": "a.pdf", "file_data": PDF},
        ),
        (
            {"type": "file", "base64": DATA, "mime_type": "application/pdf"},
            {"type": "input_file", "filename": "file.pdf", "file_data": PDF},
        ),
        (
            {
                "type": "file",
                "base64": DATA,
                "mime_type": "application/pdf",
                "extras": {"filename": "b.pdf"},
            },
            {"type": "input_file", "filename": "b.pdf", "file_data": PDF},
        ),
        ({"type": "file", "file_id": "file_1"}, {"type": "input_file", "file_id": "file_1"}),
        (
            {"type": "file", "url": "https://a.test/a.pdf"},
            {"type": "input_file", "file_url": "https://a.test/a.pdf"},
        ),
        (
            {
                "type": "document",
                "title": "d.pdf",
                "source": {"type": "base64", "media_type": "application/pdf", "data": DATA},
            },
            {"type": "input_file", "filename": "d.pdf", "file_data": PDF},
        ),
        (
            {"type": "document", "source": {"type": "text", "data": "words"}},
            {"type": "input_text", "text": "words"},
        ),
        ({"type": "text-plain", "text": "words"}, {"type": "input_text", "text": "words"}),
        # sound
        (
            {"type": "audio", "base64": DATA, "mime_type": "audio/mpeg"},
            {"type": "input_audio", "input_audio": {"data": DATA, "format": "mp3"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}},
            {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}},
        ),
        # what no rule knows
        ({"type": "brand_new", "x": 1}, {"type": "brand_new", "x": 1}),
        (
            {"type": "non_standard", "value": {"type": "brand_new", "x": 1}},
            {"type": "brand_new", "x": 1},
        ),
    ],
)
def test_content_blocks(block: Any, part: dict[str, Any]) -> None:
    assert items(HumanMessage([block])) == [{"role": "user", "content": [part]}]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "video", "url": "https://a.test/a.mp4"},
        {"type": "image", "base64": DATA},
        {"type": "image"},
        {"type": "file"},
        {"type": "audio", "url": "https://a.test/a.wav"},
    ],
)
def test_blocks_that_cannot_be_sent_are_refused(block: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError):
        items(HumanMessage([block]))


def test_unknown_roles_are_refused() -> None:
    with pytest.raises(ArgumentError):
        items(ChatMessage("hi", role="narrator"))


@pytest.mark.parametrize("wrap", [False, True])
def test_approvals_stand_beside_the_message(wrap: bool) -> None:
    answer: dict[str, Any] = {
        "type": "mcp_approval_response",
        "approval_request_id": "mcpr_1",
        "approve": True,
    }
    block = {"type": "non_standard", "value": answer} if wrap else answer
    assert items(HumanMessage(["first", block, "last"])) == [
        {"role": "user", "content": [{"type": "input_text", "text": "first"}]},
        answer,
        {"role": "user", "content": [{"type": "input_text", "text": "last"}]},
    ]


def test_tool_results_with_media_and_lists() -> None:
    (item,) = items(
        ToolMessage(
            [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": PNG}}],
            tool_call_id="c",
        )
    )
    assert item["output"] == [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": PNG},
    ]
    (item,) = items(ToolMessage([{"type": "text", "text": "only"}], tool_call_id="c"))
    assert item["output"] == "only"


def test_anthropic_histories() -> None:
    history: list[BaseMessage] = [
        AIMessage(
            [
                {"type": "thinking", "thinking": "secret", "signature": "s"},
                {"type": "text", "text": "let me see"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
            ],
            tool_calls=[{"id": "toolu_1", "name": "f", "args": {"a": 1}}],
            response_metadata={"model_provider": "anthropic"},
        ),
        HumanMessage([{"type": "tool_result", "tool_use_id": "toolu_1", "content": "42"}]),
    ]
    plan = plan_replay(items(*history), origin="openai@a")
    assert plan == [
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "let me see", "annotations": []}],
        },
        {"type": "function_call", "call_id": "toolu_1", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call_output", "call_id": "toolu_1", "output": "42"},
    ]


def test_custom_and_computer_calls_get_their_own_kind_of_output() -> None:
    computer = {
        "type": "computer_call",
        "id": "cu_1",
        "call_id": "call_2",
        "action": {"type": "screenshot"},
        "pending_safety_checks": [],
    }
    custom = {
        "type": "custom_tool_call",
        "id": "ct_1",
        "call_id": "call_1",
        "name": "c",
        "input": "x",
    }
    message = message_of(response(custom, computer), {}, blocks=True)
    assert message.tool_calls[0]["args"] == {"__arg1": "x"}
    screenshot = ToolMessage(
        [{"type": "image_url", "image_url": {"url": PNG}}],
        tool_call_id="call_2",
        additional_kwargs={"acknowledged_safety_checks": [{"id": "s"}]},
    )
    made = items(message, ToolMessage("done", tool_call_id="call_1"), screenshot)
    assert made[:2] == [custom, computer]
    assert made[2] == {"type": "custom_tool_call_output", "call_id": "call_1", "output": "done"}
    assert made[3] == {
        "type": "computer_call_output",
        "call_id": "call_2",
        "output": {"type": "computer_screenshot", "image_url": PNG},
        "acknowledged_safety_checks": [{"id": "s"}],
    }


OUTPUTS: list[list[dict[str, Any]]] = [
    [said("hello")],
    [thought(encrypted_content="x"), said("hello", phase="final_answer")],
    [thought("aloud"), said("hello"), called("f", '{"a":1}')],
    [thought(), called("f", '{"a":1}', "call_1"), called("g", '{"b":"ü"}', "call_2")],
    [refused("no")],
    [said("a", phase="commentary"), said("b", id="msg_2", phase="final_answer")],
    [
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "q"},
        },
        said("found"),
    ],
    [
        {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "s", "tools": [{"name": "t"}]},
        {
            "type": "mcp_call",
            "id": "mcp_1",
            "server_label": "s",
            "name": "t",
            "arguments": '{"a":1}',
            "output": "42",
            "error": None,
        },
        said("done"),
    ],
    [
        {
            "type": "mcp_approval_request",
            "id": "mcpr_1",
            "server_label": "s",
            "name": "t",
            "arguments": "{}",
        }
    ],
    [
        {
            "type": "code_interpreter_call",
            "id": "ci_1",
            "status": "completed",
            "code": "1+1",
            "container_id": "c",
            "outputs": None,
        }
    ],
    [{"type": "brand_new", "id": "x_1", "deep": {"er": [1]}}],
    [{"type": "compaction", "id": "cmp_1", "encrypted_content": "x"}],
]


def essence(output: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What must come back: everything but `status` and empty fields."""
    return [
        {key: value for key, value in item.items() if value is not None and key != "status"}
        for item in output
    ]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("version", ["default", "blocks", "v1"])
def test_an_answer_comes_back_as_the_items_that_it_was(
    output: list[dict[str, Any]], version: str
) -> None:
    message = message_of(
        response(*output), {"model_provider": "openai"}, blocks=version != "default"
    )
    if version == "v1":
        message = message.model_copy(
            update={
                "content": message.content_blocks,
                "response_metadata": {"model_provider": "openai", "output_version": "v1"},
            }
        )
    back = essence(items(message))
    wanted = essence(output)
    if version == "default" and isinstance(message.content, str) and len(output) == 1:
        wanted = [{"role": "assistant", "content": "hello"}]
    assert back == wanted


def test_edited_calls_count() -> None:
    message = message_of(
        response(thought("hm"), called("f", '{"a":1}', "call_1"), called("g", "{}", "call_2")),
        {},
        blocks=True,
    )
    edited = message.model_copy(
        update={
            "tool_calls": [{"id": "call_1", "name": "f", "args": {"a": 2}, "type": "tool_call"}]
        }
    )
    assert [
        (item.get("name"), item.get("arguments"), item.get("id")) for item in items(edited)[1:]
    ] == [("f", '{"a":2}', "fc_call_1")]


def test_unreadable_calls_are_sent_only_with_their_result() -> None:
    message = message_of(response(called("f", '{"a": ')), {}, blocks=False)
    assert items(message) == []
    sent = items(message, ToolMessage("try again", tool_call_id="call_1"))
    assert sent[0]["arguments"] == '{"unreadable_arguments":"{\\"a\\": "}'


def test_origins_are_marked() -> None:
    message = message_of(response(said("a")), {"origin": "openai@x"}, blocks=False)
    assert [item[ORIGIN] for item in items(message)] == ["openai@x"]


def test_what_openai_dicts_make() -> None:
    history = convert_to_messages(
        [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "u"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "c",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"a": 1}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "42"},
        ]
    )
    assert [item.get("type") or item["role"] for item in items(*history)] == [
        "system",
        "user",
        "function_call",
        "function_call_output",
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=8,
    )
)
def test_any_arguments_are_sent_as_json(value: Any) -> None:
    import json

    message = AIMessage("", tool_calls=[{"id": "c", "name": "f", "args": {"v": value}}])
    (item,) = items(message)
    assert json.loads(item["arguments"]) == {"v": value}


IDS = st.sampled_from(["a", "b", "c", "", "x" * 65])
CALLS = st.lists(IDS, max_size=3).map(
    lambda ids: [{"name": "f", "args": {"n": 1}, "id": id, "type": "tool_call"} for id in ids]
)
HISTORIES = st.lists(
    st.one_of(
        st.just(HumanMessage("question")),
        st.just(SystemMessage("rule")),
        st.just(HumanMessage([{"type": "text", "text": "parts"}])),
        st.just(HumanMessage("named", name="ann")),
        IDS.map(lambda id: ToolMessage("result", tool_call_id=id)),
        st.builds(
            lambda text, calls, origin: AIMessage(
                text, tool_calls=calls, response_metadata={"origin": origin} if origin else {}
            ),
            st.sampled_from(["", "said"]),
            CALLS,
            st.sampled_from([None, "here", "elsewhere"]),
        ),
    ),
    max_size=8,
)


@given(HISTORIES)
def test_a_plain_history_holds_as_it_is(messages: list[BaseMessage]) -> None:
    found = to_items(messages, "here")
    one_by_one = [item for message in messages for item in to_items([message], "here").items]
    assert found.items == one_by_one
    if found.plain:
        assert plan_replay(found.items, origin="here") == found.items
        assert plan_replay(found.items, stored=False, origin="elsewhere") == found.items


def as_chat(body: dict[str, Any]) -> dict[str, Any]:
    losses = Losses("a server", on_unsupported="drop")
    return encode_request(body, {}, options=ChatOptions(), losses=losses)


@settings(max_examples=400)
@given(HISTORIES)
@example(
    [
        AIMessage(
            "",
            tool_calls=[{"name": "f", "args": {}, "id": "a"}, {"name": "f", "args": {}, "id": "b"}],
        ),
        ToolMessage("1", tool_call_id="b"),
        ToolMessage("2", tool_call_id="a"),
    ]
)
def test_a_plain_history_is_the_same_by_the_short_way_to_chat(messages: list[BaseMessage]) -> None:
    """Written as messages, or as items that become messages; and back again."""
    ready = to_chat(messages, "here")
    if ready is None:
        return
    found = to_items(messages, "here")
    assert found.plain
    assert as_chat({"messages": ready})["messages"] == as_chat({"input": found.items})["messages"]
    back = with_input({"messages": ready, "model": "m"}, losses=Losses("a server"))
    assert as_chat(back) == as_chat({"input": found.items, "model": "m"})


def test_instructions_stand_before_ready_messages() -> None:
    said = [{"role": "user", "content": "hi"}]
    assert as_chat({"messages": said, "instructions": "be brief"})["messages"] == [
        {"role": "developer", "content": "be brief"},
        *said,
    ]
    spoken = [{"role": "system", "content": "x"}, *said]
    assert as_chat({"messages": spoken, "instructions": "be brief"})["messages"][0] == {
        "role": "system",
        "content": "be brief",
    }
    with pytest.raises(ArgumentError, match="input and messages"):
        as_chat({"messages": said, "input": "hi"})


def test_most_histories_are_plain() -> None:
    call = {"name": "f", "args": {"n": 1}, "id": "a", "type": "tool_call"}
    history = [
        SystemMessage("rule"),
        HumanMessage("question"),
        AIMessage("let me see", tool_calls=[call, {**call, "id": "b"}]),
        ToolMessage("1", tool_call_id="b"),
        ToolMessage("2", tool_call_id="a"),
        AIMessage("answer", response_metadata={"origin": "here", "model_provider": "openai"}),
    ]
    assert to_items(history, "here").plain
    in_order = [*history[:3], history[4], history[3], history[5]]
    assert to_chat(in_order, "here") is not None
    assert to_chat(history, "here") is None  # the answers stand in another order than the calls
    assert to_chat([*in_order, AIMessage("more")], "here") is None  # two answers in a row
    assert to_chat(history, "elsewhere") is None
    assert to_chat(history[:3], "here") is None
    assert not to_items(history, "elsewhere").plain
    assert not to_items(history[:3], "here").plain
    assert not to_items([*history[:3], history[1], *history[3:]], "here").plain


AUDIO = {"id": "audio_1", "data": "UklGRg==", "expires_at": 1, "transcript": "Hello there"}


@pytest.mark.parametrize("version", [None, "v1"])
def test_speech_is_a_standard_block_and_comes_back_by_its_id(version: Any) -> None:
    message = {"role": "assistant", "content": None, "audio": AUDIO}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    server = Server({"id": "c", "model": "gpt-audio", "choices": [choice]})
    model = server.model(api="chat", output_version=version, audio={"voice": "alloy"})
    answer = model.invoke("hi")
    assert answer.content_blocks == [
        {
            "type": "audio",
            "base64": "UklGRg==",
            "mime_type": "audio/wav",
            "id": "audio_1",
            "extras": {"expires_at": 1, "transcript": "Hello there"},
        }
    ]
    history = [HumanMessage("hi"), answer, HumanMessage("again")]
    model.invoke(history)
    sent = server.bodies[-1]["messages"][1]
    assert sent == {"role": "assistant", "content": None, "audio": {"id": "audio_1"}}
    server.model(api="chat", base_url="https://another.test/v1").invoke(history)
    assert server.bodies[-1]["messages"][1] == {"role": "assistant", "content": "Hello there"}


def test_sound_of_other_origin_cannot_stand_in_an_answer() -> None:
    block = {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}
    assert to_items([AIMessage([block, {"type": "text", "text": "a"}])]).items == [
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "a", "annotations": []}],
        }
    ]
