"""Every recorded answer with usage is priced, or listed as unknown with a reason we know of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from resp_core import Cost, cost_of
from resp_core.cost.dialects import unwrapped, usage_object
from resp_core.cost.facts import facts_of
from resp_core.wire.chat_output import decode_usage
from tests.cost.answers import Answer, answers

#: Why a recorded answer may have no price. Anything else is a defect of ours.
REASONS = re.compile(
    r"model: .* runs on a server of your own"
    r"|model: neither the answer nor the call names a model"
    r"|model: the tables have no price for .* at (ai21|aws|cohere|databricks|gateway|groq"
    r"|huggingface|mistral|openrouter|snowflake|voyageai|writer):"
    r"|code_execution: billed by (container hours|the hour)"
    r"|web_search(_preview)?: (Azure bills|deepseek has no listed)"
    r"|image_generation: the image model is not said"
    r"|tier: the tables have no 'provisioned' price"
    r"|(in|out)put_audio: gpt-4o-mini has no price"
    r"|usage: \d+ cached and 0 written tokens are more"
    r"|usage: the usage has no number of (in|out)put tokens"
)
FREE = re.compile(r":free$|^offline")


@cache
def priced(folder: Path) -> tuple[tuple[Answer, Cost], ...]:
    return tuple(_priced(folder))


def _priced(folder: Path) -> Iterator[tuple[Answer, Cost]]:
    for answer in answers(folder):
        if usage_object(unwrapped(answer.body)) is not None:
            yield (
                answer,
                cost_of(
                    answer.body,
                    provider=answer.provider,
                    model=answer.asked_model,
                    api=answer.api,
                    request=answer.request,
                    at=1795132800,
                ),
            )


@pytest.mark.slow
def test_priced_or_unknown_for_a_known_reason(recordings: Path) -> None:
    strange = {
        (answer.name, str(gap))
        for answer, cost in priced(recordings)
        for gap in cost.unknown
        if not REASONS.match(str(gap))
    }
    assert strange == set()
    known = Counter(cost.total is not None for _, cost in priced(recordings))
    assert known[True] > 4000
    assert known[False] < 300


@pytest.mark.slow
def test_nothing_is_free_by_accident(recordings: Path) -> None:
    free = [
        answer.name
        for answer, cost in priced(recordings)
        if cost.total == 0
        and not FREE.search(cost.priced_as or "")
        and any(part.quantity for part in cost.parts)
    ]
    assert free == []


@pytest.mark.slow
def test_our_sums_are_what_providers_say_they_charged(recordings: Path) -> None:
    """xAI and Perplexity report their charge: computed from tokens and tools it is the same."""
    compared = 0
    for answer, cost in priced(recordings):
        reported = (cost.source or "").startswith("reported by") and cost.total
        usage = answer.body.get("usage")
        if not reported or answer.provider not in ("xai", "perplexity") or not usage:
            continue
        if answer.api not in ("chat", "responses") or "123456" in str(usage):
            continue  # the one with 123456 ticks was made up by its recorder
        silent = {name: n for name, n in usage.items() if name not in ("cost", "cost_in_usd_ticks")}
        ours = cost_of(
            {**answer.body, "usage": silent},
            provider=answer.provider,
            model=answer.asked_model,
            api=answer.api,
            request=answer.request,
            at=1795132800,
        )
        assert ours.total is not None, answer.name
        # Perplexity rounds its parts to a hundred-thousandth of a dollar.
        slack = Decimal("0.00002") if answer.provider == "perplexity" else Decimal("1e-9")
        assert abs(ours.total - cost.known) <= slack, answer.name
        compared += 1
    assert compared > 60


@pytest.mark.slow
def test_what_a_record_keeps_costs_the_same(recordings: Path) -> None:
    for answer, cost in priced(recordings):
        if answer.api in ("chat", "responses", "embeddings") and "usage" in answer.body:
            kept = cost_of(
                facts_of(answer.body),
                provider=answer.provider,
                model=answer.asked_model,
                at=1795132800,
            )
            assert kept == cost, answer.name


@pytest.mark.slow
def test_a_translated_answer_costs_the_same(recordings: Path) -> None:
    for answer, cost in priced(recordings):
        usage = answer.body.get("usage")
        if answer.api != "chat" or not isinstance(usage, dict):
            continue
        decoded = decode_usage(usage)
        if decoded is None or answer.body.get("usage_breakdown") or answer.body.get("x_groq"):
            continue
        body = {name: v for name, v in answer.body.items() if name != "choices"}
        ours = cost_of(
            {**body, "usage": decoded},
            provider=answer.provider,
            model=answer.asked_model,
            at=1795132800,
        )
        assert (ours.total, ours.tier) == (cost.total, cost.tier), answer.name
