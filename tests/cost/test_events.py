"""Cost accounting leaves the events of a stream alone. What it takes is measured in benchmarks/."""

from __future__ import annotations

import pytest

from resp_core import Client, track_costs


def test_events_carry_nothing() -> None:
    client = Client("offline/demo")
    with track_costs() as costs:
        events = list(client.responses.create(input="Hello", stream=True))
    assert not [event for event in events if "cost" in event]
    assert costs.calls == 1


def test_nothing_is_priced_before_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    priced: list[object] = []
    monkeypatch.setattr(
        "resp_core.cost.billing.cost_of_all", lambda billed, uses: priced.append((billed, uses))
    )
    client = Client("offline/demo", base_model="openai/gpt-5.4")
    for _ in client.responses.create(input="Hello", stream=True):
        pass
    answer = client.responses.create(input="Hello")
    assert priced == []
    assert answer.record is not None
    _ = answer.record.cost
    assert len(priced) == 1
