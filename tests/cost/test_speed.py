"""What cost accounting adds to a call: CPU time, measured as the best of several rounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from resp_core import Client, track_costs
from resp_core.client.params import CallOptions
from resp_core.client.spending import Spending
from resp_core.cost.account import Seen
from resp_core.cost.facts import Billed, facts_of
from resp_core.cost.price import Asked
from resp_core.io.ledger_rows import row_of
from resp_core.tasks import Operate

#: Microseconds on a quiet machine of 2020 are half of this; other work may run beside the tests.
LIMIT = 150
BODY: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "gpt-5.4-2026-03-05",
    "service_tier": "default",
    "output": [
        {"type": "reasoning", "summary": []},
        {"type": "message", "content": [{"type": "output_text", "text": "x" * 4000}]},
        {"type": "function_call", "name": "f", "arguments": "{}"},
    ],
    "tools": [{"type": "function", "name": "f", "parameters": {}}],
    "usage": {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": 100},
        "output_tokens": 100,
        "output_tokens_details": {"reasoning_tokens": 50},
        "total_tokens": 1100,
    },
}


def microseconds(work: Callable[[], object], rounds: int = 7, times: int = 300) -> float:
    work()
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(times):
            work()
        best = min(best, (time.process_time() - begun) / times)
    return best * 1e6


@pytest.mark.slow
def test_keeping_the_facts_and_pricing_them() -> None:
    task = Operate("responses", body={"input": "x", "user": "u", "metadata": {"a": "b"}})
    spending, seen, options = Spending(), Seen(), CallOptions()
    asked = Asked(provider="openai", model="gpt-5.4")
    kept = microseconds(lambda: (spending.account(task, options, seen), facts_of(BODY)))
    bill = Billed(facts_of(BODY), asked, time.time())
    priced = microseconds(bill.cost)
    print(f"kept {kept:.1f} us, priced {priced:.1f} us")
    assert kept + priced < LIMIT


@pytest.mark.slow
def test_a_row_of_the_ledger() -> None:
    client = Client("offline/demo", base_model="openai/gpt-5.4")
    record = client.responses.create(input="x").record
    assert record is not None
    assert record.cost.total
    assert microseconds(lambda: row_of(record)) < LIMIT


def test_events_carry_nothing() -> None:
    client = Client("offline/demo")
    with track_costs() as costs:
        events = list(client.responses.create(input="Hello", stream=True))
    assert not [event for event in events if "cost" in event]
    assert costs.calls == 1
