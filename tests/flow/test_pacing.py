"""Pacing by x-ratelimit headers: many calls against a small limit all pass, in virtual time."""

from __future__ import annotations

import heapq
from typing import Any

import pytest

from resp_core.effects import Open, Opened, Read, Sleep
from resp_core.errors import RespError
from resp_core.flow import Call, Clock, Policy
from resp_core.offline import OfflineRequest, OfflineState, handle
from resp_core.route.limits import Paces
from resp_core.route.retry import RetryPolicy
from tests.flow.stage import JSON, Stage, Watch, accepted, call_of, refused

TRIP = 0.02  # seconds that a request takes


class World:
    """Calls side by side against the offline server, with one clock that jumps."""

    def __init__(self, model: str) -> None:
        self.watch = Watch()
        self.model = model
        self.state = OfflineState(clock=lambda: self.watch.now)
        self.refusals = 0
        self.failures: list[RespError] = []

    def run(self, calls: list[Call]) -> None:
        queue: list[tuple[float, int, Any, Any]] = []
        for number, call in enumerate(calls):
            # None of them starts in the very same instant.
            heapq.heappush(queue, (self.watch.now + number * 1e-4, number, call.run(), None))
        while queue:
            at, number, flow, answer = heapq.heappop(queue)
            self.watch.now = max(self.watch.now, at)
            try:
                effect = flow.send(answer)
            except StopIteration:
                continue
            except RespError as error:
                self.failures.append(error)
                continue
            wait, reply = self._perform(effect, number)
            heapq.heappush(queue, (self.watch.now + wait, number, flow, reply))

    def _perform(self, effect: Any, number: int) -> tuple[float, Any]:
        match effect:
            case Sleep(seconds):
                return seconds, None
            case Open():
                body = b'{"model":"%b","input":"Hi %d"}' % (self.model.encode(), number)
                reply = handle(OfflineRequest("POST", "/v1/responses", body=body), self.state)
                self.refusals += reply.status == 429
                self._bodies = getattr(self, "_bodies", {})
                self._bodies[number] = [b"".join(reply.chunks), b""]
                return TRIP, Opened(reply.status, reply.headers)
            case Read():
                return 0.0, self._bodies[number].pop(0)
        return 0.0, None


def test_forty_calls_against_a_limit_of_four() -> None:
    world, paces = World("fault-limit-4"), Paces()
    began = world.watch.now
    calls = [call_of(world.watch, paces=paces) for _ in range(40)]
    world.run(calls)
    assert world.failures == []
    assert all(call.result for call in calls)
    assert 9.0 <= world.watch.now - began < 15.0  # 40 calls at 4 a second
    # Only those that were under way before the limit was known are refused, and few after.
    assert world.refusals <= 50


def test_without_pacing_most_of_them_fail() -> None:
    """What the pacing is for: each call on its own cannot know of the others."""
    world = World("fault-limit-4")
    world.run([call_of(world.watch) for _ in range(40)])
    assert len(world.failures) > 20


def test_calls_that_come_later_wait_their_turn() -> None:
    world, paces = World("fault-limit-4"), Paces()
    world.run([call_of(world.watch, paces=paces) for _ in range(8)])
    before = world.refusals
    world.run([call_of(world.watch, paces=paces) for _ in range(8)])
    assert world.failures == []
    assert world.refusals - before <= 4


def test_room_costs_nothing_and_ends_the_pacing() -> None:
    paces, watch = Paces(), Watch()
    room = {
        "x_ratelimit_limit_requests": "100",
        "x_ratelimit_remaining_requests": "99",
        "x_ratelimit_reset_requests": "600ms",
    }
    none_left = room | {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "60s"}

    def one(headers: dict[str, str]) -> float:
        stage = Stage(call_of(watch, paces=paces), watch)
        waited = 0.0
        while isinstance(stage.effect, Sleep):
            waited += stage.expect(Sleep).seconds  # type: ignore[union-attr]
        stage.play(*accepted(**headers))
        return waited

    assert one(room) == 0.0
    assert one(none_left) == 0.0  # it says: from now on
    assert one(none_left) == pytest.approx(0.66)
    assert one(none_left) == pytest.approx(0.66)
    watch.now += 60
    assert one(room) == 0.0
    assert [one(room) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_a_wait_that_is_too_long_is_left_to_the_server() -> None:
    paces, watch = Paces(), Watch()
    first = Stage(call_of(watch, paces=paces), watch)
    with pytest.raises(RespError):
        first.play(*refused(429, retry_after="600"), (object, None))
    second = Stage(call_of(watch, paces=paces, policy=Policy(timeout=30)), watch)
    assert isinstance(second.effect, Open)


def test_without_retries_nobody_waits() -> None:
    paces, watch = Paces(), Watch()
    once = Policy(retry=RetryPolicy(max_retries=0))
    first = Stage(call_of(watch, paces=paces, policy=once), watch)
    with pytest.raises(RespError):
        first.play(*refused(429, retry_after="9"), (object, None))
    again = Stage(call_of(watch, paces=paces, policy=once), watch)
    assert isinstance(again.effect, Open)
    assert Stage(call_of(watch, paces=paces), watch).effect == Sleep(9.0)


def test_another_model_or_key_is_another_limit() -> None:
    paces = Paces()
    paces.learn("a", 429, {"retry-after": "5"}, 0.0)
    assert paces.reserve("a", 0.0) == 5.0
    assert paces.reserve("b", 0.0) == 0.0


def test_the_oldest_pace_is_forgotten() -> None:
    paces = Paces(size=2)
    for key in "abc":
        paces.learn(key, 429, {"retry-after": "5"}, 0.0)
    assert [paces.reserve(key, 0.0) for key in "abc"] == [0.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("reset", "apart"),
    [
        ("6ms", 0.006),
        ("1s", 1.0),
        ("1", 1.0),
        ("2m59.5s", 179.5),
        ("1h0m1s", 3601.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-1s", 0.0),
        ("1s" * 100, 0.0),
    ],
)
def test_reading_a_reset(reset: str, apart: float) -> None:
    headers = {
        "x-ratelimit-limit-requests": "1",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": reset,
    }
    paces = Paces()
    paces.learn("a", 200, headers, 0.0)
    assert paces.reserve("a", 0.0) == pytest.approx(apart * 1.1)


def test_a_call_without_headers_is_not_paced() -> None:
    watch = Watch()
    stage = Stage(call_of(watch, paces=Paces()), watch)
    stage.play((Open, Opened(200, JSON)))
    assert isinstance(stage.effect, Read)


def test_clock_is_the_monotonic_one() -> None:
    """A wall clock that jumps changes neither deadlines nor places."""
    watch = Watch()
    clock = watch.clock()
    jumps = iter([0.0, 1e9, -1e9, 5.0])
    jumpy = Clock(clock.monotonic, lambda: next(jumps, 0.0), clock.random, clock.new_id)
    call = call_of(watch)
    call.clock = jumpy
    stage = Stage(call, watch)
    stage.play(*refused(429, retry_after="3"))
    assert stage.effect == Sleep(3.0)
    stage.play((Sleep, None), *accepted())
    assert stage.call.result is not None
