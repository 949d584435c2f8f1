"""Laws of usage and cost, whatever the numbers."""

from __future__ import annotations

import copy
from decimal import Decimal, getcontext, localcontext
from typing import Any
from unittest import mock

from hypothesis import example, given, settings
from hypothesis import strategies as st

from resp_core import cost_of, usage_of
from resp_core.cost import dialects
from resp_core.cost.facts import facts_of
from tests.cost.arithmetic import chat, gemini, messages, modal, responses

COUNT = st.integers(0, 10**7)
MODELS = st.sampled_from(["gpt-5", "gpt-5.4", "gpt-5.6-sol", "gpt-4.1", "gpt-6.1-sol", "o3"])
TIERS = st.sampled_from([None, "default", "flex", "priority"])
NAMES = st.sampled_from(
    """usage input_tokens output_tokens prompt_tokens completion_tokens total_tokens cached_tokens
    input_tokens_details prompt_tokens_details usageMetadata promptTokenCount cost model output
    type tool_usage web_search num_requests image_gen service_tier iterations content candidates
    server_tool_use billed_units seconds choices tools data size quality""".split()
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def splits(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Input, and how much of it was cached and written; output."""
    into = draw(COUNT)
    cached = draw(st.integers(0, into))
    return into, cached, draw(st.integers(0, into - cached)), draw(COUNT)


def total(body: dict[str, Any], **known: Any) -> Decimal:
    cost = cost_of(body, **{"provider": "openai", **known})
    assert cost.total is not None
    assert sum((part.amount for part in cost.parts), Decimal(0)) == cost.total
    return cost.total


@given(splits())
def test_classes_sum_to_the_totals(counts: tuple[int, int, int, int]) -> None:
    into, cached, written, out = counts
    usage = usage_of(responses(into, out, cached=cached, written=written), provider="openai")
    assert (usage.input_tokens, usage.output_tokens) == (into, out)
    claude = messages(
        into - cached - written,
        out,
        cache_read_input_tokens=cached,
        cache_creation_input_tokens=written,
    )
    assert usage_of(claude, provider="anthropic").tokens == usage.tokens


@given(COUNT, COUNT, COUNT, st.data())
def test_modalities_sum_to_the_totals(
    text: int, audio: int, image: int, data: st.DataObject
) -> None:
    into = text + audio + image
    cached = data.draw(st.integers(0, into))
    inner = {"audio_tokens": audio, "image_tokens": image, "cached_tokens": cached}
    usage = usage_of(chat(into, 5, inner), provider="openai")
    assert usage.problems == []
    assert usage.input_tokens == into
    google = gemini(
        promptTokenCount=into,
        candidatesTokenCount=5,
        promptTokensDetails=modal(text=text, audio=audio, image=image),
    )
    assert usage_of(google, provider="gemini").input_tokens == into


@given(splits(), MODELS, TIERS)
def test_cached_is_never_dearer(
    counts: tuple[int, int, int, int], model: str, tier: str | None
) -> None:
    into, cached, _, out = counts
    known = {"model": model, "service_tier": tier}
    if tier == "priority" or (tier == "flex" and model == "gpt-4.1"):
        known["service_tier"] = None
    assert total(responses(into, out, cached=cached), **known) <= total(
        responses(into, out), **known
    )


@given(splits(), COUNT, COUNT, MODELS)
def test_more_costs_more(
    counts: tuple[int, int, int, int], more_in: int, more_out: int, model: str
) -> None:
    into, cached, written, out = counts
    less = total(responses(into, out, cached=cached, written=written), model=model)
    more = total(
        responses(into + more_in, out + more_out, cached=cached, written=written), model=model
    )
    assert less <= more


@given(splits(), MODELS)
def test_an_unknown_part_makes_the_total_unknown(
    counts: tuple[int, int, int, int], model: str
) -> None:
    into, cached, _, out = counts
    body = responses(into, out, cached=cached, output=[{"type": "image_generation_call"}])
    cost = cost_of(body, provider="openai", model=model)
    assert cost.total is None
    assert cost.known == total(responses(into, out, cached=cached), model=model)


@given(splits(), MODELS)
def test_the_callers_decimal_context_plays_no_part(
    counts: tuple[int, int, int, int], model: str
) -> None:
    into, cached, _, out = counts
    body = responses(into, out, cached=cached)
    with localcontext() as context:
        context.prec = 3
        rounded = cost_of(body, provider="openai", model=model).total
    assert getcontext().prec == 28
    assert rounded == cost_of(body, provider="openai", model=model).total


@given(st.dictionaries(NAMES, JUNK, max_size=6), st.sampled_from(
    "openai azure anthropic gemini bedrock xai perplexity cohere groq".split()
))  # fmt: skip
def test_nothing_is_raised_and_nothing_is_free_by_accident(
    body: dict[str, Any], provider: str
) -> None:
    cost = cost_of(body, provider=provider, model="gpt-5")
    assert (cost.total is None) == bool(cost.unknown)
    assert cost.total is None or cost.total >= 0
    cost.to_json()


ODD = st.sampled_from(
    [None, True, -1, 0, 1.5, 10**400, float("nan"), float("inf"), "", "12", [], ["a"], [{}], {},
     {"a": 1}, "9" * 500]
)  # fmt: skip
WHOLE: list[tuple[str, dict[str, Any]]] = [
    ("openai", {**responses(900, 90, cached=100), "model": "gpt-5", "service_tier": "flex",
     "tools": [{"type": "web_search"}, {"type": "image_generation", "model": "gpt-image-1"}],
     "tool_usage": {"web_search": {"num_requests": 1}, "image_gen": {"input_tokens": 1}},
     "output": [{"type": "code_interpreter_call", "container_id": "c"},
                {"type": "web_search_call", "action": {"type": "search"}}]}),
    ("anthropic", {"type": "message", "model": "claude-opus-5-5",
     "content": [{"type": "server_tool_use", "name": "code_execution"}], "usage": {
     "input_tokens": 9, "output_tokens": 9, "cache_creation_input_tokens": 5,
     "cache_creation": {"ephemeral_1h_input_tokens": 5}, "service_tier": "batch",
     "server_tool_use": {"web_search_requests": 1},
     "iterations": [{"type": "compaction", "input_tokens": 1, "output_tokens": 1}]}}),
    ("gemini", {"modelVersion": "gemini-2.5-pro", "candidates": [{"groundingMetadata": {
     "webSearchQueries": ["a"], "groundingChunks": [{"web": {}}]}}], "usageMetadata": {
     "promptTokenCount": 9, "candidatesTokenCount": 3, "cachedContentTokenCount": 1,
     "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}], "trafficType": "ON_DEMAND"}}),
    ("groq", {"model": "groq/compound", "choices": [{"message": {"executed_tools": [
     {"type": "search"}]}}], "usage": {"prompt_tokens": 5, "completion_tokens": 5},
     "usage_breakdown": {"models": [{"model": "openai/gpt-oss-120b", "usage": {
     "prompt_tokens": 5, "completion_tokens": 5}}]}}),
    ("perplexity", {"model": "sonar", "usage": {"prompt_tokens": 5, "completion_tokens": 5,
     "cost": {"total_cost": 0.1}, "search_context_size": "low", "num_search_queries": 1}}),
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, each in inner:
        found.append((*path, key))
        if isinstance(each, dict | list):
            found += places(each, (*path, key))
    return found


@given(st.sampled_from(WHOLE), st.data())
def test_nothing_that_a_server_says_breaks_the_bill(
    sample: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    provider, body = sample[0], copy.deepcopy(sample[1])
    for path in data.draw(st.lists(st.sampled_from(places(body)), min_size=1, max_size=3)):
        holder: Any = body
        try:
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = data.draw(ODD)
        except (TypeError, LookupError):
            continue  # what was replaced before held it
    for each in (body, facts_of(body)):
        cost = cost_of(each, provider=provider, at=1795132800)
        assert cost.total is None or (cost.total.is_finite() and cost.total >= 0)
        assert bool(cost.unknown) == (cost.total is None)
        cost.to_json()


ANY_COUNT = st.one_of(
    st.integers(0, 9), st.sampled_from([None, -1, True, 3.0, 2.5, "4", 10**13, {}, [1]])
)
DETAILS = st.one_of(
    st.dictionaries(
        st.sampled_from(
            ["cached_tokens", "cache_write_tokens", "audio_tokens", "reasoning_tokens", "more"]
        ),
        ANY_COUNT,
    ),
    st.sampled_from([None, [], "x"]),
)
PLAUSIBLE = st.fixed_dictionaries(
    {
        "input_tokens": st.integers(0, 9),
        "output_tokens": st.integers(0, 9),
        "input_tokens_details": st.dictionaries(
            st.sampled_from(["cached_tokens", "cache_write_tokens", "audio_tokens"]),
            st.integers(0, 9),
        ),
    },
    optional={
        "total_tokens": st.integers(0, 30),
        "output_tokens_details": st.dictionaries(
            st.sampled_from(["reasoning_tokens", "audio_tokens"]), st.integers(0, 9)
        ),
    },
)
ANSWER = st.fixed_dictionaries(
    {
        "object": st.sampled_from(["response", "response", "list", None]),
        "usage": st.one_of(
            PLAUSIBLE,
            PLAUSIBLE,
            st.fixed_dictionaries(
                {},
                optional={
                    "input_tokens": ANY_COUNT,
                    "output_tokens": ANY_COUNT,
                    "total_tokens": ANY_COUNT,
                    "input_tokens_details": DETAILS,
                    "output_tokens_details": DETAILS,
                    "cost": ANY_COUNT,
                },
            ),
            st.none(),
        ),
    },
    optional={
        "model": st.sampled_from(["gpt-5", "gpt-image-1", "gpt-4o-transcribe", None]),
        "service_tier": st.sampled_from(["flex", None]),
        "output": st.just([]),
        "tool_usage": st.just({"web_search": {"num_requests": 2}}),
    },
)


TEXT = {
    "object": "response",
    "model": "m",
    "usage": {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": 5,
        "total_tokens": 30,
    },
}


@settings(max_examples=500)
@example(TEXT, "google", None)
@example(TEXT, "perplexity", None)
@example({**TEXT, "model": "gpt-image-1"}, "openai", None)
@example(TEXT, "openai", "images")
@given(
    ANSWER,
    st.sampled_from(["openai", "azure", "google", "anthropic", "perplexity", "x-ai", ""]),
    st.sampled_from([None, "responses", "messages", "images"]),
)
def test_the_short_way_for_text_counts_the_same(
    answer: Any, provider: str, api: str | None
) -> None:
    said = dialects.usage_of(answer, provider=provider, api=api)
    with mock.patch.object(dialects, "usual_usage", return_value=None):
        assert said == dialects.usage_of(answer, provider=provider, api=api)


def test_most_answers_take_it() -> None:
    usage = {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 14,
    }
    found = dialects.usual_usage({"object": "response", "model": "m", "usage": usage})
    assert found is not None
    assert found.tokens == {"cached": 4, "input": 5, "output": 5}
    assert found.reasoning == 2
