"""The state in memory: where responses live, small enough to be kept for every call."""

from __future__ import annotations

import tracemalloc

from resp_core.io.state import MemoryState

HERE, THERE = {"base_url": "https://here"}, {"base_url": "https://there"}


def test_the_newest_place_counts() -> None:
    state = MemoryState()
    for id, place in (("a", HERE), ("b", THERE), ("a", THERE)):
        state.save(f"origin:{id}", place)
    assert state.load("origin:a") == state.load("origin:b") == THERE
    assert state.load("origin:c") is None


def test_the_oldest_are_forgotten_and_no_id_costs_more_than_some_bytes() -> None:
    state = MemoryState()
    state.save("origin:first", THERE)
    tracemalloc.start()
    for number in range(16384 + 100):
        state.save(f"origin:{number}", HERE)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used < 16384 * 16
    assert state.load("origin:first") is None
    assert state.load("origin:99") is None
    assert state.load("origin:100") == state.load("origin:16483") == HERE


def test_places_without_number_begin_anew() -> None:
    state = MemoryState()
    for number in range(0x10000 + 2):
        state.save(f"origin:{number}", {"base_url": f"https://{number}"})
    assert state.load("origin:1") is None
    assert state.load(f"origin:{0x10001}") == {"base_url": f"https://{0x10001}"}
