"""Parameter rules: what is renamed, what is refused, and that nothing else is touched."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.errors import UnsupportedError
from resp_core.models.profile import profile_of, unknown
from resp_core.models.rules import apply_rules
from resp_core.types.request import Wire
from resp_core.wire.losses import Losses

Body = dict[str, Any]


def fit(body: Body, wire: Wire, model: str, provider: str = "openai") -> tuple[Body, Losses]:
    losses = Losses(f"{provider}/{model}", "drop")
    before = copy.deepcopy(body)
    fitted = apply_rules(body, wire, profile_of(model, provider=provider), losses)
    assert body == before
    return fitted, losses


REWRITTEN: list[tuple[str, str, Wire, Body, Body]] = [
    ("openai", "o3", "chat", {"max_tokens": 9, "n": 1}, {"max_completion_tokens": 9, "n": 1}),
    ("openai", "gpt-5-chat", "chat", {"max_tokens": 9}, {"max_completion_tokens": 9}),
    (
        "openai",
        "o3",
        "chat",
        {"max_tokens": 9, "max_completion_tokens": 9},
        {"max_completion_tokens": 9},
    ),
    (
        "openai",
        "o3",
        "chat",
        {"max_tokens": 9, "max_completion_tokens": None},
        {"max_completion_tokens": 9},
    ),
    (
        "openai",
        "o3",
        "chat",
        {"reasoning_effort": {"effort": "low", "summary": None}},
        {"reasoning_effort": "low"},
    ),
    ("openai", "o3", "chat", {"reasoning_effort": {}}, {}),
    ("openai", "o3", "chat", {"top_p": 1.0, "presence_penalty": 0, "logprobs": False}, {}),
    ("openai", "o3", "responses", {"top_p": 1, "top_logprobs": 0}, {}),
    ("azure", "o3", "chat", {"parallel_tool_calls": False}, {}),
    ("openai", "gpt-5-pro", "responses", {"parallel_tool_calls": False}, {}),
    (
        "openai",
        "gpt-5-mini",
        "chat",
        {"parallel_tool_calls": False, "reasoning_effort": "minimal"},
        {"reasoning_effort": "minimal"},
    ),
]


@pytest.mark.parametrize(("provider", "model", "wire", "body", "expected"), REWRITTEN)
def test_rewritten_and_noted(
    provider: str, model: str, wire: Wire, body: Body, expected: Body
) -> None:
    fitted, losses = fit(body, wire, model, provider)
    assert fitted == expected
    assert not losses.dropped
    assert losses.notes or "max_completion_tokens" in body


REFUSED: list[tuple[str, str, Wire, Body, str]] = [
    ("openai", "o3", "chat", {"temperature": 0}, "temperature"),
    ("openai", "o3", "responses", {"temperature": 0.2}, "temperature"),
    ("openai", "gpt-5", "chat", {"top_p": 0.5}, "top_p"),
    ("openai", "gpt-5", "chat", {"presence_penalty": 1}, "presence_penalty"),
    ("openai", "gpt-5", "chat", {"logprobs": True}, "logprobs"),
    ("openai", "gpt-5", "chat", {"logit_bias": {"1": 2}}, "logit_bias"),
    ("openai", "gpt-5", "responses", {"top_logprobs": 3}, "top_logprobs"),
    ("openai", "gpt-5.5", "chat", {"temperature": 0}, "temperature"),
    (
        "openai",
        "gpt-5.1",
        "responses",
        {"temperature": 0, "reasoning": {"effort": "high"}},
        "temperature",
    ),
    ("openai", "gpt-5.2-chat", "chat", {"temperature": 0}, "temperature"),
    ("openai", "o3", "chat", {"reasoning_effort": "none"}, "reasoning_effort"),
    ("openai", "o3", "responses", {"reasoning": {"effort": "minimal"}}, "reasoning.effort"),
    ("openai", "gpt-5-pro", "responses", {"reasoning": {"effort": "low"}}, "reasoning.effort"),
    ("openai", "gpt-6-astra", "responses", {"reasoning": {"effort": "none"}}, "reasoning.effort"),
    ("openai", "gpt-5.2-pro", "responses", {"reasoning": {"effort": "none"}}, "reasoning.effort"),
    ("openai", "gpt-5.6", "chat", {"reasoning_effort": "max"}, "reasoning_effort"),
    (
        "openai",
        "gpt-5",
        "responses",
        {"parallel_tool_calls": True, "reasoning": {"effort": "minimal"}},
        "parallel_tool_calls",
    ),
    (
        "openai",
        "o3",
        "chat",
        {"reasoning_effort": {"effort": "low", "summary": "auto"}},
        "reasoning_effort.summary",
    ),
    ("openai", "o3", "chat", {"max_tokens": 1, "max_completion_tokens": 2}, "max_tokens"),
    ("azure", "o4-mini", "chat", {"parallel_tool_calls": True}, "parallel_tool_calls"),
    ("azure", "my-o3", "responses", {"parallel_tool_calls": True}, "parallel_tool_calls"),
]


@pytest.mark.parametrize(("provider", "model", "wire", "body", "param"), REFUSED)
def test_refused_by_name_or_dropped_on_request(
    provider: str, model: str, wire: Wire, body: Body, param: str
) -> None:
    profile = profile_of(model, provider=provider)
    with pytest.raises(UnsupportedError) as caught:
        apply_rules(body, wire, profile, Losses("there"))
    assert caught.value.param == param
    fitted, losses = fit(body, wire, model, provider)
    assert losses.dropped == [param]
    assert apply_rules(fitted, wire, profile, Losses("there")) is fitted


UNTOUCHED: list[tuple[str, str, Wire, Body]] = [
    ("openai", "gpt-4o", "chat", {"max_tokens": 9, "temperature": 0, "logprobs": True}),
    ("openai", "o3", "chat", {"temperature": 1, "max_completion_tokens": 9}),
    ("openai", "o3", "chat", {"temperature": None, "top_p": None}),
    ("openai", "o3", "responses", {"max_output_tokens": 9, "parallel_tool_calls": True}),
    ("openai", "o3", "responses", {"reasoning": {"effort": "low", "summary": "auto"}}),
    ("openai", "gpt-5.1", "chat", {"temperature": 0, "top_p": 0.1, "logprobs": True}),
    ("openai", "gpt-5.4-mini", "responses", {"temperature": 0, "reasoning": {}}),
    ("openai", "gpt-5.5", "chat", {"temperature": 0, "reasoning_effort": "none"}),
    ("openai", "gpt-5.6", "responses", {"reasoning": {"effort": "max", "mode": "pro"}}),
    ("openai", "gpt-5-chat-latest", "chat", {"temperature": 0}),
    ("openai", "gpt-5", "chat", {"parallel_tool_calls": True, "reasoning_effort": "low"}),
    ("azure", "gpt-4o", "chat", {"parallel_tool_calls": True, "max_tokens": 3}),
    ("azure", "video3", "chat", {"parallel_tool_calls": True, "max_tokens": 3}),
]


@pytest.mark.parametrize(("provider", "model", "wire", "body"), UNTOUCHED)
def test_untouched(provider: str, model: str, wire: Wire, body: Body) -> None:
    losses = Losses("there")
    assert apply_rules(body, wire, profile_of(model, provider=provider), losses) is body
    assert not losses.notes


@given(
    st.dictionaries(
        st.sampled_from(["temperature", "max_tokens", "reasoning_effort", "reasoning", "x"]),
        st.none() | st.integers() | st.text() | st.dictionaries(st.text(), st.integers()),
    ),
    st.sampled_from(["chat", "responses"]),
)
def test_an_unknown_model_passes_untouched(body: Body, wire: Wire) -> None:
    assert apply_rules(body, wire, unknown("mine"), Losses("there")) is body
    for model in ("o3", "gpt-5.1", "gpt-6-astra"):
        apply_rules(body, wire, profile_of(model, provider="azure"), Losses("there", "drop"))
