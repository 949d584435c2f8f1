"""Responses requests -> Chat bodies: a row for every field, and one for every loss."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from resp_core.errors import ArgumentError, UnsupportedError
from resp_core.types.functions import Functions
from resp_core.wire.chat import ChatOptions, encode_request
from resp_core.wire.losses import Losses

OPENAI = ChatOptions()
OTHER = ChatOptions(
    developer_role=False,
    max_tokens_param="max_tokens",
    stream_options=False,
    custom_tools=False,
    strict=False,
    reasoning_in="reasoning_content",
)
USER = [{"role": "user", "content": "hi"}]
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
ANSWER = {"type": "function_call_output", "call_id": "c1", "output": "ok"}
TOOL_CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL_ANSWER = {"role": "tool", "tool_call_id": "c1", "content": "ok"}
FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}}
NESTED = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "low"}
CHAT_IMAGE = {
    "type": "image_url",
    "image_url": {"url": "data:image/png;base64,AA", "detail": "low"},
}


def encode(
    body: dict[str, Any], options: ChatOptions = OPENAI, chat_only: dict[str, Any] | None = None
) -> dict[str, Any]:
    return encode_request(body, chat_only or {}, options=options, losses=Losses("a server"))


def encode_items(items: Any, options: ChatOptions = OPENAI) -> list[dict[str, Any]]:
    return encode({"input": items}, options)["messages"]


# --- fields ------------------------------------------------------------------------------------

FIELDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"temperature": 0.5, "top_p": 0.1}, {"temperature": 0.5, "top_p": 0.1}),
    ({"max_output_tokens": 50}, {"max_completion_tokens": 50}),
    ({"reasoning": {"effort": "low"}}, {"reasoning_effort": "low"}),
    ({"reasoning": {"effort": None, "context": "auto", "mode": "standard"}}, {}),
    ({"text": {"verbosity": "low"}}, {"verbosity": "low"}),
    ({"text": {"format": {"type": "text"}}}, {}),
    (
        {"text": {"format": {"type": "json_object"}}},
        {"response_format": {"type": "json_object"}},
    ),
    (
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True}}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": {}, "strict": True},
            }
        },
    ),
    ({"top_logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
    ({"top_logprobs": 0}, {}),
    ({"include": ["message.output_text.logprobs"]}, {"logprobs": True}),
    ({"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
    ({"service_tier": "flex"}, {"service_tier": "flex"}),
    ({"store": True}, {"store": True}),
    ({"store": False}, {}),
    ({"safety_identifier": "s", "user": "u"}, {"safety_identifier": "s", "user": "u"}),
    ({"prompt_cache_key": "k"}, {"prompt_cache_key": "k"}),
    ({"prompt_cache_retention": "24h"}, {"prompt_cache_retention": "24h"}),
    (
        {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}},
        {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}},
    ),
    ({"moderation": {"model": "m"}}, {"moderation": {"model": "m"}}),
    (
        {"stream": True, "stream_options": {"include_obfuscation": False}},
        {"stream_options": {"include_obfuscation": False}},
    ),
    ({"truncation": "disabled", "background": False, "max_tool_calls": None}, {}),
    ({"tools": [], "tool_choice": "auto", "parallel_tool_calls": False}, {}),
    ({"tools": [FUNCTION], "parallel_tool_calls": True}, {"tools": [NESTED]}),
    (
        {"tools": [FUNCTION], "parallel_tool_calls": False, "tool_choice": "required"},
        {"tools": [NESTED], "parallel_tool_calls": False, "tool_choice": "required"},
    ),
    ({"top_k": 5}, {"top_k": 5}),
]


@pytest.mark.parametrize(("given", "expected"), FIELDS)
def test_a_field_is_mapped(given: dict[str, Any], expected: dict[str, Any]) -> None:
    chat = encode({"model": "m", "input": "hi", **given})
    assert chat == {"model": "m", "messages": USER, **expected}


LOST: list[tuple[dict[str, Any], str]] = [
    ({"background": True}, "background"),
    ({"truncation": "auto"}, "truncation"),
    ({"max_tool_calls": 3}, "max_tool_calls"),
    ({"prompt": {"id": "p"}}, "prompt"),
    ({"context_management": [{"type": "compaction"}]}, "context_management"),
    ({"access_programs": {"cyber": "standard"}}, "access_programs"),
    ({"image": {"context_compression": "enabled"}}, "image"),
    ({"service_tier": "ultrafast"}, "service_tier"),
    ({"reasoning": {"summary": "auto"}}, "reasoning.summary"),
    ({"reasoning": {"generate_summary": "auto"}}, "reasoning.generate_summary"),
    ({"reasoning": {"context": "all_turns"}}, "reasoning.context"),
    ({"reasoning": {"mode": "pro"}}, "reasoning.mode"),
    ({"text": {"format": {"type": "grammar"}}}, "text.format"),
    ({"text": {"voice": "x"}}, "text.voice"),
    ({"include": ["reasoning.encrypted_content"]}, "include[reasoning.encrypted_content]"),
    ({"prompt_cache_options": {"ttl": "12h"}}, "prompt_cache_options.ttl"),
    ({"prompt_cache_options": {"prewarm": True}}, "prompt_cache_options.prewarm"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"tools": [{"type": "mcp", "server_label": "s"}]}, "tools[0]"),
    ({"tools": [{"type": "web_search"}]}, "tools[0]"),
    ({"tools": [{"type": "code_interpreter"}]}, "tools[0]"),
    ({"tools": [{"type": "not_yet_invented"}]}, "tools[0]"),
    ({"tools": [{**FUNCTION, "defer_loading": True}]}, "tools[0].defer_loading"),
    ({"tools": [FUNCTION], "tool_choice": {"type": "file_search"}}, "tool_choice"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
    ({"input": [{"id": "msg_1"}]}, "input[0]"),
    ({"input": [{"type": "compaction", "encrypted_content": "x"}]}, "input[0]"),
    ({"input": [{"type": "web_search_call", "id": "ws_1"}]}, "input[0]"),
    ({"input": [{"type": "not_yet_invented"}]}, "input[0]"),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
        "input[0].content[0].file_id",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "u"}]}]},
        "input[0].content[0].file_url",
    ),
    ({"input": [{"role": "user", "content": [{"type": "input_smell"}]}]}, "input[0].content[0]"),
]


@pytest.mark.parametrize(("given", "param"), LOST)
def test_what_cannot_be_carried_is_refused_by_name(given: dict[str, Any], param: str) -> None:
    with pytest.raises(UnsupportedError) as raised:
        encode({"model": "m", "input": "hi", **given})
    assert raised.value.param == param
    losses = Losses("a server", on_unsupported="drop")
    encode_request({"model": "m", "input": "hi", **given}, {}, options=OPENAI, losses=losses)
    assert losses.dropped == [param]


@pytest.mark.parametrize("field", ["previous_response_id", "conversation"])
def test_state_on_the_server_is_refused_even_where_losses_are_allowed(field: str) -> None:
    losses = Losses("a server", on_unsupported="drop")
    with pytest.raises(UnsupportedError, match=field):
        encode_request({"input": "hi", field: "x_1"}, {}, options=OPENAI, losses=losses)


def test_chat_only_parameters_are_sent_as_they_are() -> None:
    only = {"stop": ["x"], "seed": 1, "n": 1, "logit_bias": None}
    chat = encode({"input": "hi"}, chat_only=only)
    assert chat == {"messages": USER, "stop": ["x"], "seed": 1, "n": 1}
    with pytest.raises(UnsupportedError, match="'n'"):
        encode({"input": "hi"}, chat_only={"n": 2})


def test_a_server_may_differ() -> None:
    body = {
        "instructions": "be brief",
        "input": "hi",
        "max_output_tokens": 9,
        "tools": [{**FUNCTION, "strict": True}],
        "stream_options": {"include_obfuscation": False},
    }
    assert encode(body, OTHER) == {
        "messages": [{"role": "system", "content": "be brief"}, *USER],
        "max_tokens": 9,
        "tools": [NESTED],
    }


def test_a_parameter_that_the_server_refuses_is_lost() -> None:
    options = ChatOptions(refuses=frozenset({"metadata"}))
    with pytest.raises(UnsupportedError, match="metadata"):
        encode({"input": "hi", "metadata": {"a": "b"}}, options)


# --- items -------------------------------------------------------------------------------------

ITEMS: list[tuple[Any, list[dict[str, Any]]]] = [
    ("hi", USER),
    ([{"role": "user", "content": "hi"}], USER),
    ([{"type": "message", "role": "user", "content": "hi"}], USER),
    (
        [{"role": "developer", "content": "a"}, *USER, {"role": "system", "content": "b"}],
        [{"role": "developer", "content": "a"}, *USER, {"role": "system", "content": "b"}],
    ),
    (
        [{"role": "user", "content": [{"type": "input_text", "text": "a"}, IMAGE]}],
        [{"role": "user", "content": [{"type": "text", "text": "a"}, CHAT_IMAGE]}],
    ),
    (
        [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}],
        [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}],
    ),
    (
        [{"role": "user", "content": [{"type": "input_text", "text": "a", "cache_control": {}}]}],
        [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {}}]}],
    ),
    (
        [{"role": "assistant", "content": "a", "id": "msg_1", "prefix": True}],
        [{"role": "assistant", "content": "a", "prefix": True}],
    ),
    (
        [{"role": "assistant", "content": [{"type": "output_text", "text": "a"}]}],
        [{"role": "assistant", "content": "a"}],
    ),
    (
        [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}],
        [
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            }
        ],
    ),
    (
        [{"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}],
        [{"role": "assistant", "content": None, "refusal": "no"}],
    ),
    (
        [CALL, ANSWER],
        [{"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]}, TOOL_ANSWER],
    ),
    (
        [{"role": "assistant", "content": "a"}, CALL, ANSWER],
        [{"role": "assistant", "content": "a", "tool_calls": [TOOL_CALL]}, TOOL_ANSWER],
    ),
    (  # two turns: the call before the second message has to be answered first
        [CALL, {"role": "assistant", "content": "a"}, ANSWER],
        [
            {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]},
            TOOL_ANSWER,
            {"role": "assistant", "content": "a"},
        ],
    ),
    (  # an output that comes late is moved behind its call
        [CALL, *USER, ANSWER],
        [{"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]}, TOOL_ANSWER, *USER],
    ),
    (  # the same call_id in two turns
        [CALL, ANSWER, CALL, {**ANSWER, "output": "again"}],
        [
            {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]},
            TOOL_ANSWER,
            {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]},
            {**TOOL_ANSWER, "content": "again"},
        ],
    ),
    (
        [CALL, {**ANSWER, "output": [{"type": "input_text", "text": "a"}]}],
        [
            {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]},
            {**TOOL_ANSWER, "content": [{"type": "text", "text": "a"}]},
        ],
    ),
    (
        [{"type": "mcp_call", "id": "c1", "name": "f", "arguments": "{}", "output": "ok"}],
        [{"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]}, TOOL_ANSWER],
    ),
]


@pytest.mark.parametrize(("items", "messages"), ITEMS)
def test_items_become_messages(items: Any, messages: list[dict[str, Any]]) -> None:
    assert encode_items(items) == messages


def test_instructions_speak_as_the_input_does() -> None:
    """OpenAI wants one of the two roles in a request, not both."""
    system = {"role": "system", "content": "Be kind."}
    sent = encode({"input": [system, *USER], "instructions": "Be brief."})["messages"]
    assert sent == [{"role": "system", "content": "Be brief."}, system, *USER]
    sent = encode({"input": USER, "instructions": "Be brief."})["messages"]
    assert sent == [{"role": "developer", "content": "Be brief."}, *USER]


def test_outputs_are_sorted_behind_their_calls() -> None:
    second = {**CALL, "call_id": "c2"}
    items = [CALL, second, {**ANSWER, "call_id": "c2", "output": "two"}, ANSWER]
    messages = encode_items(items)
    assert [m.get("tool_call_id") for m in messages] == [None, "c1", "c2"]
    assert [call["id"] for call in messages[0]["tool_calls"]] == ["c1", "c2"]


def test_images_of_a_tool_follow_in_a_user_message() -> None:
    items = [CALL, {**ANSWER, "output": [IMAGE]}]
    _, tool, user = encode_items(items)
    assert [part["type"] for part in tool["content"]] == ["text"]
    assert user == {"role": "user", "content": [CHAT_IMAGE]}
    _, tool = encode_items(items, ChatOptions(tool_images=True))
    assert tool["content"] == [CHAT_IMAGE]


def test_reasoning_goes_back_only_where_it_is_wanted() -> None:
    thought = {"type": "reasoning", "summary": [], "content": [{"text": "hm"}]}
    details = [{"type": "reasoning.text", "text": "hm", "signature": "s"}]
    thought["provider_data"] = {"openrouter": {"reasoning_details": details}}
    items = [thought, {"role": "assistant", "content": "a"}]
    assert encode_items(items) == [{"role": "assistant", "content": "a"}]
    told = {"role": "assistant", "content": "a", "reasoning": "hm", "reasoning_details": details}
    assert encode_items(items, ChatOptions(reasoning_in="reasoning")) == [told]


@pytest.mark.parametrize(
    ("items", "param"),
    [
        ([CALL], "input"),
        ([ANSWER], "input[0]"),
        ([CALL, ANSWER, ANSWER], "input[2]"),
        ([{"type": "function_call", "name": "f", "arguments": ""}, ANSWER], "input[0]"),
        ([{"role": "wizard", "content": "hi"}], "input[0].role"),
        ([{"role": "user", "content": 5}], "input[0].content"),
        ([CALL, {**ANSWER, "output": {"a": 1}}], "input[1].output"),
        (["hi"], "input[0]"),
        (7, "input"),
    ],
)
def test_an_input_that_is_no_conversation_is_refused(items: Any, param: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        encode_items(items)
    assert raised.value.param == param


def test_the_request_is_not_changed() -> None:
    import copy

    body = {"input": [CALL, {**ANSWER, "output": [IMAGE]}], "tools": [FUNCTION], "text": {}}
    before = copy.deepcopy(body)
    encode(body)
    assert body == before


# --- tools -------------------------------------------------------------------------------------

GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /a/"}
CUSTOM = {"type": "custom", "name": "run", "description": "Runs.", "format": GRAMMAR}

TOOLS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({**FUNCTION, "strict": True}, {"function": {**NESTED["function"], "strict": True}}),
    ({**FUNCTION, "strict": False}, {"function": {**NESTED["function"], "strict": False}}),
    ({**FUNCTION, "strict": None, "description": None}, NESTED),
    ({**FUNCTION, "cache_control": {}}, {**NESTED, "cache_control": {}}),
    (
        CUSTOM,
        {
            "type": "custom",
            "custom": {
                "name": "run",
                "description": "Runs.",
                "format": {
                    "type": "grammar",
                    "grammar": {"syntax": "lark", "definition": "start: /a/"},
                },
            },
        },
    ),
    ({"type": "openrouter:web_search"}, {"type": "openrouter:web_search"}),
]


@pytest.mark.parametrize(("tool", "expected"), TOOLS)
def test_a_tool_is_nested(tool: dict[str, Any], expected: dict[str, Any]) -> None:
    (encoded,) = encode({"input": "hi", "tools": [tool]})["tools"]
    assert encoded == {"type": "function", **expected}


def test_a_custom_tool_is_emulated_where_the_server_has_none() -> None:
    item = {"type": "custom_tool_call", "call_id": "c1", "name": "run", "input": 'a "b"'}
    output = {"type": "custom_tool_call_output", "call_id": "c1", "output": "ok"}
    body = {"tools": [CUSTOM], "tool_choice": {"type": "custom", "name": "run"}}
    chat = encode({**body, "input": [item, output]}, OTHER)
    function = chat["tools"][0]["function"]
    assert function["parameters"]["required"] == ["input"]
    assert "start: /a/" in function["description"]
    assert chat["tool_choice"] == {"type": "function", "function": {"name": "run"}}
    call = chat["messages"][0]["tool_calls"][0]["function"]
    assert call == {"name": "run", "arguments": '{"input":"a \\"b\\""}'}
    native = encode({**body, "input": [item, output]})["messages"][0]["tool_calls"][0]
    assert native["custom"] == {"name": "run", "input": 'a "b"'}


def test_a_namespace_is_flattened() -> None:
    space = {"type": "namespace", "name": "crm", "description": "CRM.", "tools": [FUNCTION]}
    call = {**CALL, "namespace": "crm"}
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function"}]}
    allowed["tools"][0]["name"] = "f"
    chat = encode({"tools": [space], "input": [call, ANSWER], "tool_choice": allowed})
    assert chat["tools"][0]["function"]["name"] == "crm__f"
    assert chat["tools"][0]["function"]["description"] == "CRM."
    assert chat["messages"][0]["tool_calls"][0]["function"]["name"] == "crm__f"
    reference = {"type": "function", "function": {"name": "crm__f"}}
    assert chat["tool_choice"] == {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "auto", "tools": [reference]},
    }


def test_names_must_differ_after_flattening() -> None:
    space = {"type": "namespace", "name": "a", "tools": [{**FUNCTION, "name": "b"}]}
    with pytest.raises(ArgumentError, match="a__b"):
        encode({"input": "hi", "tools": [space, {**FUNCTION, "name": "a__b"}]})


def test_web_search_where_the_model_searches() -> None:
    place = {"type": "approximate", "city": "Bern"}
    tool = {"type": "web_search", "search_context_size": "low", "user_location": place}
    options = ChatOptions(web_search_options=True)
    chat = encode({"input": "hi", "tools": [tool]}, options)
    assert chat["web_search_options"] == {
        "search_context_size": "low",
        "user_location": {"type": "approximate", "approximate": {"city": "Bern"}},
    }
    assert "tools" not in chat
    with pytest.raises(UnsupportedError, match="filters"):
        encode({"input": "hi", "tools": [{**tool, "filters": {"allowed_domains": []}}]}, options)


USUAL = (
    {"role": "user", "content": "hi"},
    {"type": "message", "role": "assistant", "content": "ok"},
    {"role": "assistant", "content": ""},
    CALL,
    {**CALL, "call_id": "c2"},
    {**CALL, "name": ""},
    ANSWER,
    {**ANSWER, "call_id": "c2"},
    {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "hm"}]},
    {"role": "system", "content": "be brief"},
)


SECOND = {**ANSWER, "call_id": "c2"}


@settings(max_examples=1000)
@example([{**CALL, "call_id": "c2"}, SECOND, ANSWER, SECOND], OPENAI)
@given(st.lists(st.sampled_from(USUAL), max_size=10), st.sampled_from([OPENAI, OTHER]))
def test_usual_items_become_what_the_general_way_makes_of_them(
    items: list[dict[str, Any]], options: ChatOptions
) -> None:
    def messages(given: list[dict[str, Any]]) -> Any:
        try:
            return encode({"input": given}, options)["messages"]
        except ArgumentError as error:
            return error.param

    # A field that is null says nothing, but the item is no longer of a usual shape.
    assert messages(items) == messages([{**item, "phase": None} for item in items])


def test_functions_are_encoded_once_and_what_is_lost_is_told_each_time() -> None:
    def flat(**more: Any) -> dict[str, Any]:
        return {"type": "function", "name": "f", "parameters": {}, **more}

    usual = Functions([flat(strict=True)])
    first = encode({"input": "hi", "tools": usual}, OPENAI)["tools"]
    assert first == [
        {"type": "function", "function": {"name": "f", "parameters": {}, "strict": True}}
    ]
    assert encode({"input": "hi", "tools": usual}, OPENAI)["tools"] is first
    for _ in range(2):
        losses = Losses("a server")
        body = {"input": "hi", "tools": usual}
        found = encode_request(body, {}, options=ChatOptions(strict=False), losses=losses)
        assert "strict" not in found["tools"][0]["function"]
        assert any("strict" in note for note in losses.notes)
    odd = Functions([flat(defer_loading=True)])
    for _ in range(2):
        losses = Losses("a server", on_unsupported="drop")
        encode_request({"input": "hi", "tools": odd}, {}, options=OPENAI, losses=losses)
        assert losses.dropped == ["tools[0].defer_loading"]
