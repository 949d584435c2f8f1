"""The twelve worked examples, to the last digit."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from resp_core import cost_of
from tests.cost.arithmetic import dollars, items, responses

CASES: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    (
        "P1",
        responses(12000, 500, cached=8000),
        {"provider": "openai", "model": "gpt-4.1"},
        "4000*2 + 8000*0.5 + 500*8",
        "",
    ),
    (
        "P2",
        responses(10000, 1200, cached=4000, written=2000, reasoning=800),
        {"provider": "openai", "model": "gpt-5.6-sol"},
        "4000*4 + 4000*0.4 + 2000*5 + 1200*20",
        "",
    ),
    (
        "P3",
        responses(300000, 2000),
        {"provider": "openai", "model": "gpt-5.4"},
        "300000*5 + 2000*22.5",
        "",
    ),
    (
        "P4",
        responses(272000, 1000),
        {"provider": "openai", "model": "gpt-5.4"},
        "272000*2.5 + 1000*15",
        "",
    ),
    (
        "P5",
        responses(50000, 3000, cached=20000),
        {"provider": "openai", "model": "gpt-6.1-sol", "service_tier": "flex"},
        "30000*1 + 20000*0.05 + 3000*5",
        "",
    ),
    (
        "P6",
        responses(5000, 700, service_tier="priority"),
        {"provider": "openai", "model": "gpt-6-astra", "service_tier": "fast"},
        "5000*20 + 700*100",
        "",
    ),
    (
        "P7",
        responses(1500, 100),
        {"provider": "openai", "model": "o1-pro"},
        "1500*150 + 100*600",
        "",
    ),
    (
        "P8",
        responses(20000, 900, tool_usage={"web_search": {"num_requests": 3}}),
        {"provider": "openai", "model": "gpt-5"},
        "20000*1.25 + 900*10",
        "3*0.01",
    ),
    (
        "P9",
        responses(
            6000,
            400,
            output=[
                *items("file_search_call", "file_search_call"),
                {"type": "code_interpreter_call", "container_id": "cntr_1"},
            ],
        ),
        {"provider": "openai", "model": "gpt-4.1"},
        "6000*2 + 400*8",
        "2*0.0025 + 0.03",
    ),
    (
        "P10",
        responses(100000, 20000),
        {"provider": "openai", "model": "o3", "processing": "batch"},
        "100000*1 + 20000*4",
        "",
    ),
    (
        "P11",
        responses(3000, 250, cached=1000),
        {
            "provider": "azure",
            "model": "prod-chat",
            "base_model": "gpt-4.1",
            "deployment_type": "GlobalStandard",
        },
        "2000*2 + 1000*0.5 + 250*8",
        "",
    ),
    (
        "P12",
        responses(8000, 600, cached=3000),
        {
            "provider": "azure",
            "base_model": "gpt-5.6-sol",
            "deployment_type": "DataZoneStandard",
            "data_zone": "eu",
        },
        "5000*4.4 + 3000*0.44 + 600*22",
        "",
    ),
]
TOTALS = "0.016 0.0516 1.545 0.695 0.046 0.17 0.285 0.064 0.0502 0.18 0.0065 0.03652".split()


@pytest.mark.parametrize(("name", "body", "known", "tokens", "fees"), CASES)
def test_worked_example(
    name: str, body: dict[str, Any], known: dict[str, Any], tokens: str, fees: str
) -> None:
    cost = cost_of(body, **known, at=date(2026, 11, 20))
    assert cost.unknown == ()
    assert cost.total == dollars(tokens, fees)
    assert cost.to_json()["total"] == TOTALS[int(name[1:]) - 1]
    assert not cost.estimated
