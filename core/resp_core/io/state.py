"""State stores: what a call must find again later, such as where a response id lives."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from resp_core.io.counters import CounterStore
    from resp_core.types.json import JsonObject

__all__ = ["MemoryState", "StateStore", "counters_of", "open_state"]


class StateStore(Protocol):
    """Keys and JSON values. Thread-safe. `blocks` says that its methods may wait."""

    blocks: bool

    def load(self, key: str) -> JsonObject | None:
        """The value, or None."""
        ...

    def take(self, key: str) -> JsonObject | None:
        """The value, removed; of many that take a key at once only one gets it."""
        ...

    def save(self, key: str, value: JsonObject) -> None:
        """Keep the value."""
        ...


@runtime_checkable
class _Counting(Protocol):
    def counters(self) -> CounterStore: ...


class MemoryState:
    """In this process only; the oldest of more than `size` entries is forgotten."""

    blocks = False

    def __init__(self, size: int = 4096) -> None:
        self._values: OrderedDict[str, JsonObject] = OrderedDict()
        self._size = size
        self._lock = threading.Lock()
        self._counters: CounterStore | None = None

    def counters(self) -> CounterStore:
        """Budgets, counted in this process too."""
        if self._counters is None:
            from resp_core.io.counters import MemoryCounters

            self._counters = MemoryCounters()
        return self._counters

    def load(self, key: str) -> JsonObject | None:
        with self._lock:
            return self._values.get(key)

    def take(self, key: str) -> JsonObject | None:
        with self._lock:
            return self._values.pop(key, None)

    def save(self, key: str, value: JsonObject) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._size:
                self._values.popitem(last=False)


def open_state(spec: str | StateStore | None) -> StateStore:
    """The store that `state_store=` names: "memory", "sqlite:///path", "redis://…", or itself.

    Raises ArgumentError. Nothing is connected before the first use.
    """
    if spec is None or spec == "memory":
        return MemoryState()
    if not isinstance(spec, str):
        missing = [name for name in ("load", "take", "save") if not hasattr(spec, name)]
        if missing:
            raise ArgumentError(
                f"state_store lacks {' and '.join(missing)}: see StateStore.", param="state_store"
            )
        return spec
    if spec.startswith("sqlite:///"):
        from resp_core.io.state_sqlite import SqliteState

        return SqliteState(spec.removeprefix("sqlite:///"))
    if spec.startswith(("redis://", "rediss://", "unix://")):
        from resp_core.io.state_redis import RedisState

        return RedisState(spec)
    raise ArgumentError(
        f"state_store is {spec.partition(':')[0]!r}…; it may be memory, sqlite:///path, "
        "redis://host, or an object.",
        param="state_store",
    )


def counters_of(state: StateStore) -> CounterStore:
    """Where budgets are counted beside this store: in the same place, if it can.

    A store of the caller's own may have `counters()`; otherwise budgets are counted in memory.
    """
    if not isinstance(state, _Counting):
        from resp_core.io.counters import MemoryCounters

        return MemoryCounters()
    return state.counters()
