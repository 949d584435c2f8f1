"""Chat written out as a prompt; the answers are read in tests/recordings/test_completions.py."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core.client.params import CHAT_FIELDS
from resp_core.errors import ArgumentError, UnsupportedError
from resp_core.wire.completions import encode_request
from resp_core.wire.losses import Losses

USER = {"role": "user", "content": "Hi"}


def encode(losses: Losses | None = None, **chat: Any) -> dict[str, Any]:
    given = {"model": "m", "messages": [USER], **chat}
    return encode_request(given, losses or Losses("a server"))


@pytest.mark.parametrize(
    ("messages", "prompt"),
    [
        ([USER], "Hi"),
        ([{"role": "user", "content": [{"type": "text", "text": "a"}, {"text": "b"}]}], "a\nb"),
        (
            [{"role": "system", "content": "Be brief."}, USER],
            "System: Be brief.\n\nUser: Hi\n\nAssistant:",
        ),
        (
            [USER, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "More"}],
            "User: Hi\n\nAssistant: Hello\n\nUser: More\n\nAssistant:",
        ),
        ([{"role": "developer", "content": "Be brief."}], "System: Be brief.\n\nAssistant:"),
    ],
)
def test_messages_become_a_prompt(messages: list[Any], prompt: str) -> None:
    losses = Losses("a server")
    assert encode(losses, messages=messages) == {"model": "m", "prompt": prompt}
    written_out = any("written out" in note for note in losses.notes)
    assert written_out == prompt.endswith("Assistant:")


def test_the_limit_of_the_api_is_noted() -> None:
    losses = Losses("a server")
    encode(losses)
    assert any("16 tokens" in note for note in losses.notes)
    losses = Losses("a server")
    encode(losses, max_tokens=100)
    assert losses.notes == []


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"max_completion_tokens": 5}, {"max_tokens": 5}),
        ({"max_tokens": 5}, {"max_tokens": 5}),
        ({"logprobs": True, "top_logprobs": 3}, {"logprobs": 3}),
        ({"logprobs": True}, {"logprobs": 0}),
        ({"logprobs": False}, {}),
        ({"temperature": 0.5, "stop": ["x"], "n": 2, "seed": 1, "user": "u"}, None),
        ({"suffix": "end", "best_of": 3}, None),
        ({"tools": [], "tool_choice": "auto", "store": False, "parallel_tool_calls": True}, {}),
        ({"response_format": {"type": "text"}, "modalities": ["text"], "metadata": {}}, {}),
    ],
)
def test_parameters(given: dict[str, Any], sent: dict[str, Any] | None) -> None:
    expected = given if sent is None else sent
    assert encode(**given) == {"model": "m", "prompt": "Hi", **expected}


LOST: dict[str, Any] = {
    "audio": {"voice": "v"},
    "function_call": {"name": "f"},
    "functions": [{"name": "f"}],
    "metadata": {"a": "b"},
    "modalities": ["text", "audio"],
    "moderation": {"model": "m"},
    "prediction": {"type": "content", "content": "x"},
    "prompt_cache_key": "k",
    "prompt_cache_options": {"mode": "explicit"},
    "prompt_cache_retention": "24h",
    "reasoning_effort": "low",
    "response_format": {"type": "json_object"},
    "safety_identifier": "s",
    "service_tier": "flex",
    "store": True,
    "tool_choice": "required",
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "verbosity": "low",
    "web_search_options": {},
}


@pytest.mark.parametrize("name", LOST)
def test_what_it_lacks_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnsupportedError, match="Completions API") as caught:
        encode(**{name: LOST[name]})
    assert caught.value.param == name
    losses = Losses("a server", "drop")
    assert encode(losses, **{name: LOST[name]}) == {"model": "m", "prompt": "Hi"}
    assert losses.dropped == [name]


def test_every_chat_parameter_is_thought_of() -> None:
    sent = {
        "max_completion_tokens", "max_tokens", "logprobs", "top_logprobs", "temperature", "top_p",
        "n", "stop", "seed", "user", "logit_bias", "frequency_penalty", "presence_penalty",
        "stream_options", "parallel_tool_calls",
    }  # fmt: skip
    azure = {"data_sources", "dataSources", "enhancements"}
    assert sent | LOST.keys() | azure | {"model", "messages"} == CHAT_FIELDS


CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("message", "error", "param"),
    [
        ({"role": "tool", "tool_call_id": "c", "content": "x"}, ArgumentError, "messages[0].role"),
        (
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            UnsupportedError,
            "messages[0].tool_calls",
        ),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]},
            UnsupportedError,
            "messages[0].content[0]",
        ),
        ("Hi", ArgumentError, "messages[0]"),
    ],
)
def test_what_no_prompt_can_hold(message: Any, error: Any, param: str) -> None:
    with pytest.raises(error) as caught:
        encode(messages=[message])
    assert caught.value.param == param
