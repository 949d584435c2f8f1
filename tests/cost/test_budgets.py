"""Budgets: nothing is sent beyond them, whoever races, and what crashed comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from resp_core import (
    ArgumentError,
    AsyncClient,
    Budget,
    BudgetExceeded,
    Budgets,
    CallRecord,
    Client,
    Price,
    PriceUnknown,
    StoreError,
    track_costs,
)
from resp_core.cost.budget import budgets_of, resets_at
from resp_core.effects import Counters, Line, Refusal
from resp_core.io.counters import CounterStore, MemoryCounters, RedisCounters, SqliteCounters

ROOT = Path(__file__).resolve().parents[2]
#: A cent per call, whatever its tokens, so that sums are told at a glance.
CENT = {"offline/demo": {"input": "0", "output": "0", "request": "0.01"}}
TOKENS = {"offline/demo": {"input": "1", "output": "1"}}


def reserve(id: str, *amounts: tuple[str, int, int], hold: float = 60) -> Counters:
    lines = tuple(Line(key, amount, limit) for key, amount, limit in amounts)
    return Counters("reserve", id, lines, hold)


@pytest.fixture(params=["memory", "sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> CounterStore:
    if request.param == "memory":
        return MemoryCounters()
    if request.param == "sqlite":
        return SqliteCounters(str(tmp_path / "state.db"))
    redis = RedisCounters(request.getfixturevalue("redis_url"), timeout=5, strict=True)
    redis._connect(__import__("redis")).flushall()
    return redis


def test_all_lines_or_none(store: CounterStore) -> None:
    assert store.count(reserve("a", ("day", 60, 100), ("user", 60, 1000))) is None
    assert store.count(reserve("b", ("user", 60, 1000), ("day", 60, 100))) == Refusal(1, 60)
    assert store.count(reserve("c", ("user", 940, 1000))) is None, "b took nothing"
    settled = Counters("settle", "a", (Line("day", 10, 100), Line("user", 10, 1000)), 0)
    assert store.count(settled) is None
    assert store.count(reserve("d", ("day", 90, 100))) is None
    assert store.count(reserve("e", ("day", 1, 100))) == Refusal(0, 100)


def test_a_reservation_that_nobody_settled_comes_back(store: CounterStore) -> None:
    assert store.count(reserve("a", ("day", 100, 100), hold=0)) is None
    assert store.count(reserve("b", ("day", 100, 100))) is None
    assert store.count(reserve("c", ("day", 1, 100))) == Refusal(0, 100)


def test_large_amounts_stay_exact(store: CounterStore) -> None:
    limit = 9_000_000 * 10**9
    assert store.count(reserve("a", ("total", limit - 1, limit))) is None
    settled = Counters("settle", "a", (Line("total", limit - 1, limit),), 0)
    assert store.count(settled) is None
    assert store.count(reserve("b", ("total", 2, limit))) == Refusal(0, limit - 1)
    assert store.count(reserve("c", ("total", 1, limit))) is None


def test_racing_threads_never_take_too_much(store: CounterStore) -> None:
    def one(number: int) -> bool:
        return store.count(reserve(f"r{number}", ("day", 5, 100))) is None

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(one, range(200))) == 20


def test_a_call_beyond_the_budget_is_not_sent() -> None:
    seen: list[CallRecord] = []
    budget = Budget("0.001", window="day", name="trial")
    client = Client("offline/demo", prices=TOKENS, budgets=[budget], hooks=[seen.append])
    client.responses.create(input="one", max_output_tokens=500)
    with pytest.raises(BudgetExceeded) as caught:
        client.responses.create(input="two", max_output_tokens=1000)
    error = caught.value
    assert error.budget == "trial"
    assert error.limit == Decimal("0.001")
    assert error.left is not None
    assert seen[0].cost.total is not None
    assert error.left == Decimal("0.001") - seen[0].cost.total
    assert error.needed is not None
    assert error.needed > error.left
    assert error.resets_at is not None
    assert error.resets_at.hour == 0
    assert "trial of 0.001 USD has" in str(error)
    assert "Nothing was sent. It resets at" in str(error)
    assert seen[1].attempts == ()
    assert seen[1].error == "BudgetExceeded"
    assert seen[1].cost.total == 0
    client.responses.create(input="small", max_output_tokens=50)


def test_what_was_reserved_is_settled_to_what_it_cost() -> None:
    # Each reserves 4,096 tokens and uses few: settled, many fit one after the other.
    client = Client("offline/demo", prices=TOKENS, budgets=Budget("0.005"))
    with track_costs() as costs:
        for _ in range(10):
            client.responses.create(input="short")
    assert costs.total is not None
    assert costs.total < Decimal("0.005")


def test_a_failed_and_an_abandoned_call_give_back() -> None:
    client = Client("offline/demo", prices=TOKENS, budgets=Budget("0.0045"))
    for _ in range(3):
        with pytest.raises(Exception, match=r"400|fault"):
            client.responses.create(input="x", model="offline/fault-400")
        stream = client.responses.create(input="x", stream=True)
        next(stream)
        stream.close()
    assert client.responses.create(input="still room").output_text


def test_budgets_by_user_tag_model_and_key() -> None:
    budgets = [
        Budget("0.0042", by="user"),
        Budget("0.0042", by="tag", only="night"),
        Budget("0", by="user", only="mallory"),
    ]
    client = Client("offline/demo", prices=CENT | TOKENS, budgets=budgets)
    for user in ("ann", "bob"):
        client.chat.completions.create(messages=[{"role": "user", "content": "x"}], user=user)
    with pytest.raises(BudgetExceeded, match="total budget of user mallory"):
        client.chat.completions.create(messages=[{"role": "user", "content": "x"}], user="mallory")
    client.responses.create(input="x", tags=["day"], safety_identifier="c")
    client.responses.create(input="x", tags=["night"], safety_identifier="d")
    priced = Client("offline/demo", prices=TOKENS, budgets=Budget("0", by="model"))
    with pytest.raises(BudgetExceeded, match="model offline/demo"):
        priced.responses.create(input="x")
    keyed = Client("offline/demo", prices=TOKENS, budgets=Budget("0", by="key"), api_key="sk-1")
    with pytest.raises(BudgetExceeded) as caught:
        keyed.responses.create(input="x")
    assert "sk-1" not in str(caught.value)


def test_an_unknown_price_is_blocked_warned_of_or_assumed() -> None:
    seen: list[CallRecord] = []
    options: dict[str, Any] = {"budgets": Budget("1"), "base_model": "gpt-none"}
    with pytest.raises(PriceUnknown, match=r"offline/demo is not known.*Nothing was sent"):
        Client("offline/demo", **options).responses.create(input="x")
    warned = Client("offline/demo", on_unknown_price="warn", hooks=[seen.append], **options)
    with pytest.warns(UserWarning, match="no budget counts it"):
        warned.responses.create(input="x")
    dear = Price(input=Decimal(1000), output=Decimal(1000))
    assumed = Client("offline/demo", on_unknown_price=dear, **options)
    with pytest.raises(BudgetExceeded, match="total budget"):
        assumed.responses.create(input="x")
    cheap = Price(input=Decimal(1), output=Decimal(1))
    Client("offline/demo", on_unknown_price=cheap, **options).responses.create(input="x")


def test_looking_up_needs_no_budget() -> None:
    client = Client("offline/demo", prices=TOKENS)
    made = client.responses.create(input="x")
    poor = client.with_options(budgets=Budget("0"))
    assert poor.responses.retrieve(made.id).id == made.id


@pytest.mark.parametrize(
    "options",
    [
        {"limit": -1},
        {"limit": "much"},
        {"limit": 1, "window": "year"},
        {"limit": 1, "by": "team"},
    ],
)
def test_a_wrong_budget_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="budget"):
        Budget(**options)
    with pytest.raises(ArgumentError, match="on_unknown_price"):
        Budgets(on_unknown_price="hope")  # type: ignore[arg-type]


def test_budgets_from_plain_values() -> None:
    plain = {"limit": "1.5", "window": "day", "by": "user"}
    expected = (Budget("1.5", "day", "user"),)
    for given in (plain, [plain], (Budget("1.5", "day", "user"),), Budgets(expected)):
        assert budgets_of(given).budgets == expected
    base = Budgets(on_unknown_price="warn")
    assert budgets_of([plain], base).on_unknown_price == "warn"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("much", "list of Budget"),
        ([1], "its fields"),
        ({"limit": 1, "per": "day"}, "no field 'per'"),
        ({"window": "day"}, "to have a limit"),
    ],
)
def test_what_is_no_budget(given: Any, why: str) -> None:
    with pytest.raises(ArgumentError, match=why):
        budgets_of(given)
    with pytest.raises(ArgumentError, match=why):
        Client("offline/demo", budgets=given)


def test_when_budgets_begin_again() -> None:
    now = datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC)
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    assert [resets_at(w, now) for w in ("minute", "day", "month", "total")] == [
        new_year,
        new_year,
        new_year,
        None,
    ]


def test_two_hundred_calls_at_once_in_one_process() -> None:
    """Each may cost up to 1,000 output tokens; the budget is 20 such calls."""

    async def run() -> tuple[int, Decimal]:
        budget = Budget("0.0215", window="day")  # 20 times 1,000 and the input's few
        async with AsyncClient("offline/demo", prices=TOKENS, budgets=budget) as client:
            with track_costs() as costs:
                made = await asyncio.gather(
                    *(client.responses.create(input="go", max_output_tokens=1000)
                      for _ in range(200)),
                    return_exceptions=True,
                )  # fmt: skip
        refused = [one for one in made if isinstance(one, BudgetExceeded)]
        assert len(refused) + costs.calls - len(refused) == 200
        return sum(not isinstance(one, BaseException) for one in made), costs.known

    answered, spent = asyncio.run(run())
    assert answered >= 20
    assert spent <= Decimal("0.0215")


CALLER = """
import asyncio, sys
from resp_core import AsyncClient, Budget, BudgetExceeded
async def main(url, count):
    prices = {"offline/demo": {"input": "0", "output": "0", "request": "0.01"}}
    budget = Budget("0.20", name="shared")
    async with AsyncClient("offline/demo", prices=prices, budgets=budget, state_store=url) as c:
        made = await asyncio.gather(*(c.responses.create(input="go") for _ in range(count)),
                                    return_exceptions=True)
    wrong = [m for m in made if isinstance(m, BaseException) and not isinstance(m, BudgetExceeded)]
    print(sum(not isinstance(m, BaseException) for m in made), repr(wrong[:1]))
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.slow
def test_two_hundred_calls_at_once_in_three_processes(redis_url: str) -> None:
    """A cent each and a budget of 20 cents: exactly 20 are answered."""
    import redis

    redis.Redis.from_url(redis_url).flushall()
    callers = [
        subprocess.Popen(
            [sys.executable, "-c", CALLER, redis_url, str(count)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": f"{ROOT / 'core'}:{ROOT}", "PATH": "/usr/bin:/bin"},
        )
        for count in (67, 67, 66)
    ]
    said = [caller.communicate(timeout=50)[0].split(maxsplit=1) for caller in callers]
    assert [wrong.strip() for _, wrong in said] == ["[]", "[]", "[]"]
    assert sum(int(count) for count, _ in said) == 20


@pytest.mark.slow
def test_a_killed_process_gives_its_reservation_back(redis_url: str) -> None:
    import redis

    redis.Redis.from_url(redis_url).flushall()
    code = (
        "import os, sys\n"
        "from resp_core.effects import Counters, Line\n"
        "from resp_core.io.counters import RedisCounters\n"
        "store = RedisCounters(sys.argv[1], timeout=5, strict=True)\n"
        "assert store.count(Counters('reserve', 'x', (Line('k', 100, 100),), 1)) is None\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, redis_url],
        env={"PYTHONPATH": f"{ROOT / 'core'}:{ROOT}", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == -9
    store = RedisCounters(redis_url, timeout=5, strict=True)
    assert store.count(reserve("y", ("k", 100, 100))) == Refusal(0, 100)
    client = redis.Redis.from_url(redis_url)
    seconds, _ = client.time()
    client.hset("{respkit}:k", "x", f"100 {seconds - 1}")  # the hold has run out
    assert store.count(reserve("z", ("k", 100, 100))) is None


def test_redis_down_counts_in_this_process_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = RedisCounters(f"unix://{tmp_path / 'nobody.sock'}")
    assert store.count(reserve("a", ("day", 60, 100))) is None
    assert store.count(reserve("b", ("day", 60, 100))) == Refusal(0, 60)
    assert [record.message for record in caplog.records] == [
        "Redis does not answer: budgets count in this process alone"
    ]
    strict = RedisCounters(f"unix://{tmp_path / 'nobody.sock'}", strict=True)
    with pytest.raises(StoreError, match="nobody"):
        strict.count(reserve("a", ("day", 60, 100)))


def test_redis_down_may_end_calls() -> None:
    nobody = "redis://127.0.0.1:9/0"
    limits = Budgets((Budget("1"),), on_store_error="fail")
    client = Client("offline/demo", prices=TOKENS, budgets=limits, state_store=nobody)
    with pytest.raises(StoreError, match="Nothing was sent"):
        client.responses.create(input="x", store=False)
    with pytest.raises(ArgumentError, match="on_store_error"):
        Budgets(on_store_error="hope")  # type: ignore[arg-type]
