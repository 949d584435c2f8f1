"""Batches, and prices of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from resp_core import ArgumentError, Price, clear_prices, cost_of, cost_of_batch, register_price
from tests.cost.arithmetic import chat, dollars, gemini, messages, responses


def line(name: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    return {"custom_id": name, "response": {"status_code": status, "body": body}, "error": None}


@pytest.fixture(autouse=True)
def no_own_prices() -> Iterator[None]:
    yield
    clear_prices()


def test_a_batch_is_priced_by_line_and_failures_are_listed() -> None:
    batch = cost_of_batch(
        [
            line("a", {**chat(1000, 100), "model": "gpt-4.1"}),
            json.dumps(line("b", {**responses(1000, 100, cached=400), "model": "o3-2025-04-16"})),
            json.dumps(line("c", {"error": {"message": "too long"}}, 400)).encode(),
            {"custom_id": "d", "response": None, "error": {"code": "batch_expired"}},
            "",
        ]
    )
    assert batch.total == dollars("1000*1 + 100*4 + 600*1 + 400*0.5 + 100*4")
    assert [(failed.id, failed.error) for failed in batch.failed] == [
        ("c", "too long"),
        ("d", "batch_expired"),
    ]
    assert [cost.tier for cost in batch.costs] == ["batch", "batch"]
    assert batch.to_json()["lines"][2]["error"] == "too long"


def test_batches_of_other_providers() -> None:
    claude = {
        "custom_id": "a",
        "result": {
            "type": "succeeded",
            "message": {**messages(1000, 100), "model": "claude-opus-5"},
        },
    }
    expired = {"custom_id": "b", "result": {"type": "expired"}}
    batch = cost_of_batch([claude, expired])
    assert batch.total == dollars("1000*2.5 + 100*12.5")
    assert [failed.error for failed in batch.failed] == ["expired"]
    google = {"key": "k", "response": gemini(promptTokenCount=1000, candidatesTokenCount=100)}
    assert cost_of_batch([google], model="gemini-2.5-flash").total == dollars(
        "1000*0.15 + 100*1.25"
    )
    azure = line("a", {**chat(1000, 100), "model": "gpt-4o-2024-08-06"})
    assert cost_of_batch([azure], provider="azure").total == dollars("1000*1.25 + 100*5")


def test_a_batch_of_bedrock() -> None:
    good = {"recordId": "r1", "modelInput": {}, "modelOutput": messages(1000, 100)}
    bad = {"recordId": "r2", "modelInput": {}, "error": {"errorCode": 400, "errorMessage": "no"}}
    batch = cost_of_batch([good, bad], model="global.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert batch.total == dollars("1000*1.5 + 100*7.5")
    assert [line.id for line in batch.lines] == ["r1", "r2"]
    assert [line.error for line in batch.failed] == ["no"]


def test_lines_that_are_answers_as_they_are() -> None:
    batch = cost_of_batch([{**chat(1000, 100), "model": "gpt-4.1"}, {"odd": 1}], provider="openai")
    assert [cost.total for cost in batch.costs] == [dollars("1000*1 + 100*4"), None]
    assert batch.failed == ()


def test_one_unknown_line_makes_the_batch_unknown() -> None:
    batch = cost_of_batch([line("a", chat(1, 1)), line("b", {**chat(1, 1), "model": "gpt-4o"})])
    assert batch.total is None
    assert [gap.what for gap in batch.unknown] == ["model"]


def test_a_line_that_is_no_json() -> None:
    with pytest.raises(ArgumentError, match="Line 2"):
        cost_of_batch(["{}", "{oops"])


def test_a_registered_price_wins() -> None:
    register_price("openai/gpt-5", input="1", output=2, cached=0.25, date="2026-11-01")
    cost = cost_of(responses(1000, 100, cached=400), provider="openai", model="gpt-5")
    assert cost.total == dollars("600*1 + 400*0.25 + 100*2")
    assert (cost.source, cost.source_date) == ("own price", "2026-11-01")
    assert cost_of(responses(10, 1), provider="azure", model="gpt-5").total == dollars(
        "10*1.25 + 1*10"
    )


def test_a_price_for_a_server_of_ones_own() -> None:
    register_price("llama3", Price(input=Decimal("0.1"), output=Decimal("0.2")))
    for provider in ("ollama", "vllm", "custom"):
        cost = cost_of(chat(1000, 100), provider=provider, model="llama3")
        assert cost.total == dollars("1000*0.1 + 100*0.2")


def test_prices_of_one_call_win_over_registered_ones() -> None:
    register_price("prod-chat", input=1, output=1)
    own = {"azure/prod-chat": {"input": "3", "output": "4", "batch": "0.5"}}
    body = responses(1000, 100)
    assert cost_of(body, provider="azure", model="prod-chat", prices=own).total == dollars(
        "1000*3 + 100*4"
    )
    batch = cost_of(body, provider="azure", model="prod-chat", prices=own, processing="batch")
    assert batch.total == dollars("1000*1.5 + 100*2")


def test_an_own_price_prices_only_what_it_names() -> None:
    register_price("m", input=1, output=2)
    searched = responses(10, 1, tool_usage={"web_search": {"num_requests": 1}})
    assert cost_of(searched, provider="openai", model="m").total is None
    assert cost_of(responses(1, 1), provider="openai", model="m", service_tier="flex").total is None
    register_price("m", input=1, output=2, web_search="0.02")
    assert cost_of(searched, provider="openai", model="m").total == dollars("10*1 + 1*2", "0.02")


@pytest.mark.parametrize(
    "amounts",
    [{"input": -1}, {"input": "cheap"}, {"inputs": 1}, {}, {"input": float("nan")}],
)
def test_a_wrong_price_is_refused(amounts: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="price of 'm'"):
        register_price("m", **amounts)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="body"):
        cost_of("usage", provider="openai")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="at"):
        cost_of({}, provider="openai", at="yesterday")  # type: ignore[arg-type]
