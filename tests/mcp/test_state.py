"""State stores: one contract, three stores; a taken value is taken once."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from resp_core import ApprovalReplayed, ArgumentError, approve, pending_approvals
from resp_core.io.state import MemoryState, StateStore, open_state
from tests.mcp.host import Host
from tests.mcp.processes import continued
from tests.mcp.talk import WAYS, Talk


@pytest.fixture(params=["memory", "sqlite", "redis"])
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return _spec(request, tmp_path)


@pytest.fixture(params=["sqlite", "redis"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store that other clients and processes see too."""
    return _spec(request, tmp_path)


def _spec(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "redis":
        return request.getfixturevalue("redis_url")
    return "memory" if request.param == "memory" else f"sqlite:///{folder}/state.db"


@pytest.fixture
def store(spec: str) -> Iterator[StateStore]:
    opened = open_state(spec)
    yield opened
    close = getattr(opened, "close", None)
    if close is not None:
        close()


def test_save_load_take(store: StateStore) -> None:
    value = {"a": [1, "ü", None], "b": {"c": 1.5}}
    store.save("k", value)
    value["a"] = "changed after"
    assert store.load("k") == {"a": [1, "ü", None], "b": {"c": 1.5}}
    assert store.load("other") is None
    store.save("k", {"new": True})
    assert store.take("k") == {"new": True}
    assert store.take("k") is None
    assert store.load("k") is None


def test_what_is_loaded_is_the_readers_own(store: StateStore) -> None:
    store.save("own", {"list": []})
    loaded = store.load("own")
    assert loaded is not None
    loaded["list"].append(1)
    assert store.load("own") == {"list": []}


def test_of_many_takers_one_wins(store: StateStore) -> None:
    for round in range(10):
        store.save("raced", {"round": round})
        begin = threading.Barrier(8)

        def take(_: int, begin: threading.Barrier = begin) -> Any:
            begin.wait()
            return store.take("raced")

        with ThreadPoolExecutor(8) as threads:
            taken = [value for value in threads.map(take, range(8)) if value is not None]
        assert taken == [{"round": round}]


def test_memory_is_bounded() -> None:
    store = MemoryState(size=3, most_bytes=1000)
    for number in range(5):
        store.save(f"k{number}", {"n": number})
    assert [store.load(f"k{n}") is None for n in range(5)] == [True, True, False, False, False]
    store.save("big", {"text": "x" * 900})
    store.save("bigger", {"text": "x" * 2000})
    assert store.load("big") is None
    assert store.load("bigger") is not None
    store.take("bigger")
    store.save("small", {"a": 1})
    assert store.load("small") == {"a": 1}


def test_the_file_is_private(tmp_path: Path) -> None:
    store = open_state(f"sqlite:///{tmp_path}/state.db")
    store.save("k", {})
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "state.db").stat().st_mode) == 0o600
    store.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("spec", ["mysql://x", "state.db", object()])
def test_what_is_no_store(spec: Any) -> None:
    with pytest.raises(ArgumentError, match="state_store"):
        open_state(spec)


def test_a_store_of_ones_own(host: Host) -> None:
    class Own:
        blocks = False

        def __init__(self) -> None:
            self.kept: dict[str, str] = {}

        def load(self, key: str) -> Any:
            return json.loads(self.kept.get(key, "null"))

        def take(self, key: str) -> Any:
            return json.loads(self.kept.pop(key, "null"))

        def save(self, key: str, value: Any) -> None:
            self.kept[key] = json.dumps(value)

    own = Own()
    talk = Talk("emulated-chat", store=own)
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    (request,) = pending_approvals(first)
    kept = json.loads(own.kept[f"approval:{request.id}"])
    assert kept["schema"] == 1
    assert (kept["server_label"], kept["name"]) == ("files", "delete")
    talk.ask(input=[approve(request)], previous_response_id=first["id"], tools=[host.tool()])
    assert host.calls == [("delete", {"path": "b.txt"})]


@pytest.mark.parametrize("way", WAYS)
def test_a_whole_conversation(shared: str, way: str, host: Host) -> None:
    talk = Talk("emulated-chat", way, store=shared)
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    (request,) = pending_approvals(first)
    again: dict[str, Any] = {
        "input": [approve(request)],
        "previous_response_id": first["id"],
        "tools": [host.tool()],
    }
    talk.ask(**again)
    with pytest.raises(ApprovalReplayed):
        talk.ask(**again)
    assert host.calls == [("delete", {"path": "b.txt"})]


@pytest.mark.slow
def test_two_processes_race_for_one_decision(shared: str, host: Host) -> None:
    talk = Talk("emulated-chat", store=shared)
    first = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    (request,) = pending_approvals(first)
    again = {
        "input": [approve(request)],
        "previous_response_id": first["id"],
        "tools": [host.tool()],
    }
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda _: continued(talk.options, again), range(3)))
    assert sorted("raised" in each for each in found) == [False, True, True]
    assert host.calls == [("delete", {"path": "b.txt"})]
