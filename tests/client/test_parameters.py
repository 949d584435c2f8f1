"""Every parameter of both APIs, to servers of both, plain and streamed: sent, mapped, or refused
by name. What is in no row here would be a parameter that nobody thought of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from resp_core import Client
from resp_core.client.params import CHAT_FIELDS, RESPONSE_FIELDS
from resp_core.errors import UnsupportedError
from tests.rawserver import (
    Peer,
    RawServer,
    answer,
    chat_frames,
    completion,
    frames,
    raw_server,
    response,
    streamed,
)

FLAT = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}
NESTED = {"type": "function", "function": {k: v for k, v in FLAT.items() if k != "type"}}
EMPTY = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
SCHEMA = {"name": "n", "schema": EMPTY, "strict": True}
FORMAT = {"type": "json_schema", **SCHEMA}
RESPONSE_FORMAT = {"type": "json_schema", "json_schema": SCHEMA}
LOGPROBS = "message.output_text.logprobs"
LOCATION = {"type": "approximate", "approximate": {"city": "Rome"}}
SEARCH = {"type": "web_search", "user_location": {"type": "approximate", "city": "Rome"}}

Sent = dict[str, Any]
#: What a server is sent, or the parameter that the refusal names.
Outcome = Sent | str

SAME = object()

#: parameter of `responses.create`, value, what else is given, then the outcome at a Responses
#: server and at a Chat server. SAME: it is sent as it was given.
RESPONSES: list[tuple[str, Any, Sent, Any, Any]] = [
    ("access_programs", {"cyber": "standard"}, {}, SAME, "access_programs"),
    ("background", True, {}, SAME, "background"),
    ("context_management", [{"type": "compaction"}], {}, SAME, "context_management"),
    ("conversation", "conv_1", {}, SAME, "conversation"),
    ("conversation", {"id": "conv_1"}, {}, SAME, "conversation"),
    ("image", {"context_compression": "auto"}, {}, SAME, "image"),
    ("include", [LOGPROBS], {}, SAME, {"logprobs": True}),
    ("include", ["code_interpreter_call.outputs"], {}, SAME, "include[code_interpreter_call."),
    ("instructions", "Be brief.", {}, SAME, {}),  # the first message there: see below
    ("max_output_tokens", 20, {}, SAME, {"max_completion_tokens": 20}),
    ("max_tool_calls", 2, {}, SAME, "max_tool_calls"),
    ("metadata", {"a": "b"}, {}, SAME, SAME),
    ("moderation", {"model": "m"}, {}, SAME, SAME),
    ("parallel_tool_calls", False, {"tools": [FLAT]}, SAME, SAME),
    ("previous_response_id", "resp_1", {}, SAME, "previous_response_id"),
    ("prompt", {"id": "pmpt_1"}, {}, SAME, "prompt"),
    ("prompt_cache_key", "k", {}, SAME, SAME),
    ("prompt_cache_options", {"mode": "explicit"}, {}, SAME, SAME),
    ("prompt_cache_retention", "24h", {}, SAME, SAME),
    ("reasoning", {"effort": "low"}, {}, SAME, {"reasoning_effort": "low"}),
    ("reasoning", {"summary": "auto"}, {}, SAME, "reasoning.summary"),
    ("safety_identifier", "s", {}, SAME, SAME),
    ("service_tier", "flex", {}, SAME, SAME),
    ("store", True, {}, SAME, SAME),
    ("store", False, {}, SAME, {}),  # as Chat does unasked
    ("temperature", 0.5, {}, SAME, SAME),
    ("text", {"format": FORMAT}, {}, SAME, {"response_format": RESPONSE_FORMAT}),
    ("text", {"verbosity": "low"}, {}, SAME, {"verbosity": "low"}),
    ("text_format", FORMAT, {}, {"text": {"format": FORMAT}}, {"response_format": RESPONSE_FORMAT}),
    ("tool_choice", "required", {"tools": [FLAT]}, SAME, SAME),
    ("tools", [FLAT], {}, SAME, {"tools": [NESTED]}),
    ("top_logprobs", 3, {}, SAME, {"logprobs": True, "top_logprobs": 3}),
    ("top_p", 0.4, {}, SAME, SAME),
    ("truncation", "auto", {}, SAME, "truncation"),
    ("user", "u", {}, SAME, SAME),
    ("verbosity", "low", {}, {"text": {"verbosity": "low"}}, SAME),
    # Chat's own, for callers who speak Responses and may reach a Chat server.
    ("audio", {"voice": "alloy", "format": "wav"}, {}, "audio", SAME),
    ("frequency_penalty", 0.2, {}, "frequency_penalty", SAME),
    ("logit_bias", {"5": -100}, {}, "logit_bias", SAME),
    ("modalities", ["text", "audio"], {}, "modalities", SAME),
    ("n", 2, {}, "n", "n"),
    ("n", 1, {}, {}, SAME),
    ("prediction", {"type": "content", "content": "x"}, {}, "prediction", SAME),
    ("presence_penalty", 0.1, {}, "presence_penalty", SAME),
    ("seed", 1, {}, "seed", SAME),
    ("stop", ["zzz"], {}, {}, SAME),  # cut here: see test_stop
]

#: The same of `chat.completions.create`, at a Responses server and at a Chat server.
CHAT: list[tuple[str, Any, Sent, Any, Any]] = [
    ("audio", {"voice": "alloy", "format": "wav"}, {}, "audio", SAME),
    ("frequency_penalty", 0.2, {}, "frequency_penalty", SAME),
    ("frequency_penalty", 0, {}, {}, SAME),
    ("function_call", "auto", {"functions": [NESTED["function"]]}, {"tool_choice": "auto"}, SAME),
    ("functions", [NESTED["function"]], {}, {"tools": [FLAT]}, SAME),
    ("logit_bias", {"5": -100}, {}, "logit_bias", SAME),
    ("logprobs", True, {}, {"include": [LOGPROBS]}, SAME),
    ("max_completion_tokens", 30, {}, {"max_output_tokens": 30}, SAME),
    ("max_tokens", 30, {}, {"max_output_tokens": 30}, SAME),
    ("max_tokens", 5, {}, {"max_output_tokens": 16}, SAME),  # the least that Responses takes
    ("metadata", {"a": "b"}, {}, SAME, SAME),
    ("modalities", ["text", "audio"], {}, "modalities", SAME),
    ("moderation", {"model": "m"}, {}, SAME, SAME),
    ("n", 2, {}, "n", SAME),
    ("parallel_tool_calls", False, {"tools": [NESTED]}, SAME, SAME),
    ("prediction", {"type": "content", "content": "x"}, {}, "prediction", SAME),
    ("presence_penalty", 0.1, {}, "presence_penalty", SAME),
    ("prompt_cache_key", "k", {}, SAME, SAME),
    ("prompt_cache_options", {"mode": "explicit"}, {}, SAME, SAME),
    ("prompt_cache_retention", "24h", {}, SAME, SAME),
    ("reasoning_effort", "low", {}, {"reasoning": {"effort": "low"}}, SAME),
    ("response_format", {"type": "json_object"}, {}, {"text": {"format": {"type": "json_object"}}},
     SAME),
    ("response_format", RESPONSE_FORMAT, {}, {"text": {"format": FORMAT}}, SAME),
    ("safety_identifier", "s", {}, SAME, SAME),
    ("seed", 1, {}, "seed", SAME),
    ("service_tier", "flex", {}, SAME, SAME),
    ("stop", "zzz", {}, {}, SAME),
    ("store", True, {}, SAME, SAME),
    ("temperature", 0.5, {}, SAME, SAME),
    ("tool_choice", "required", {"tools": [NESTED]}, SAME, SAME),
    ("tool_choice", {"type": "function", "function": {"name": "f"}}, {"tools": [NESTED]},
     {"tool_choice": {"type": "function", "name": "f"}}, SAME),
    ("tools", [NESTED], {}, {"tools": [FLAT]}, SAME),
    ("top_logprobs", 3, {"logprobs": True}, SAME, SAME),
    ("top_p", 0.4, {}, SAME, SAME),
    ("user", "u", {}, SAME, SAME),
    ("verbosity", "low", {}, {"text": {"verbosity": "low"}}, SAME),
    ("web_search_options", {"user_location": LOCATION}, {}, {"tools": [SEARCH]}, SAME),
    # Azure's own: for the server to understand.
    ("data_sources", [{"type": "azure_search"}], {}, SAME, SAME),
    ("dataSources", [{"type": "AzureComputerVision"}], {}, SAME, SAME),
    ("enhancements", {"ocr": {"enabled": True}}, {}, SAME, SAME),
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    """Answers in the API that it is asked in."""

    def serve(peer: Peer) -> None:
        while asked := peer.ask():
            chat = "/chat/" in asked.path
            if asked.json.get("stream"):
                peer.send(streamed(*(chat_frames() if chat else frames())))
            else:
                peer.send(answer(completion() if chat else response()))

    with raw_server(serve) as running:
        yield running


def send(server: RawServer, api: Any, resource: str, stream: bool, params: Sent) -> Sent:
    """The body that the server got."""
    before = len(server.requests)
    with Client("openai/some-model", api_key="k", base_url=server.url, api=api) as client:
        if resource == "responses":
            made: Any = client.responses.create(input="Hi", stream=stream, **params)
        else:
            messages = [{"role": "user", "content": "Hi"}]
            made = client.chat.completions.create(messages=messages, stream=stream, **params)
        if stream:
            list(made)
    (asked,) = server.requests[before:]
    assert asked.path == ("/v1/responses" if api == "responses" else "/v1/chat/completions")
    return asked.json


def rows(table: list[tuple[str, Any, Sent, Any, Any]]) -> list[Any]:
    return [
        pytest.param(name, value, beside, api, outcome, id=f"{name}={value} to {api}")
        for name, value, beside, at_responses, at_chat in table
        for api, outcome in (("responses", at_responses), ("chat", at_chat))
    ]


def check(
    server: RawServer, resource: str, api: str, stream: bool, name: str, row: tuple[Any, Sent, Any]
) -> None:
    value, beside, outcome = row
    bare = send(server, api, resource, stream, beside)
    if isinstance(outcome, str):
        before = len(server.requests)
        with pytest.raises(UnsupportedError) as caught:
            send(server, api, resource, stream, {**beside, name: value})
        assert len(server.requests) == before, "it was sent all the same"
        assert (caught.value.param or "").startswith(outcome)
        assert outcome in str(caught.value)
        return
    sent = send(server, api, resource, stream, {**beside, name: value})
    expected = {name: value} if outcome is SAME else outcome
    conversation = {"messages", "input"}
    assert {k: v for k, v in sent.items() if k not in conversation} == (
        {k: v for k, v in {**bare, **expected}.items() if k not in conversation}
    )


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(("name", "value", "beside", "api", "outcome"), rows(RESPONSES))
def test_responses(
    name: str, value: Any, beside: Sent, api: str, outcome: Any, stream: bool, server: RawServer
) -> None:
    check(server, "responses", api, stream, name, (value, beside, outcome))


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(("name", "value", "beside", "api", "outcome"), rows(CHAT))
def test_chat(
    name: str, value: Any, beside: Sent, api: str, outcome: Any, stream: bool, server: RawServer
) -> None:
    check(server, "chat", api, stream, name, (value, beside, outcome))


def test_no_parameter_is_without_a_row() -> None:
    elsewhere = {"model", "input", "messages", "stream_options"}
    assert {row[0] for row in RESPONSES} == RESPONSE_FIELDS - elsewhere
    assert {row[0] for row in CHAT} == CHAT_FIELDS - elsewhere


def test_instructions_go_first_to_a_chat_server(server: RawServer) -> None:
    sent = send(server, "chat", "responses", False, {"instructions": "Be brief."})
    assert sent["messages"] == [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]


@pytest.mark.parametrize("resource", ["responses", "chat"])
@pytest.mark.parametrize("api", ["responses", "chat"])
def test_stream_options(resource: str, api: str, server: RawServer) -> None:
    """They go with streams. Chat tells the usage only when asked, so a bridge asks."""
    asked = {"stream_options": {"include_obfuscation": False}}
    streamed_body = send(server, api, resource, True, asked)
    assert streamed_body["stream"] is True
    if resource == api or api == "responses":
        assert streamed_body["stream_options"] == {"include_obfuscation": False}
    else:
        assert streamed_body["stream_options"] == {
            "include_obfuscation": False,
            "include_usage": True,
        }
    plain = send(server, api, resource, False, asked)
    assert "stream_options" not in plain
    assert "stream" not in plain


def test_stream_options_of_a_plain_call_are_noted(server: RawServer) -> None:
    with Client("openai/some-model", api_key="k", base_url=server.url) as client:
        made = client.responses.create(input="Hi", stream_options={"include_obfuscation": False})
    assert any("stream_options" in note for note in made.record.notes)


@pytest.mark.parametrize("stream", [False, True])
def test_what_was_left_out_is_on_the_record(stream: bool, server: RawServer) -> None:
    with Client("openai/some-model", api_key="k", base_url=server.url, api="responses") as client:
        messages = [{"role": "user", "content": "Hi"}]
        made: Any = client.chat.completions.create(
            messages=messages, seed=7, n=2, stream=stream, on_unsupported="drop"
        )
        if stream:
            list(made)
        assert set(made.record.dropped) == {"seed", "n"}
