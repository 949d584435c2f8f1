"""State stores: what a call must find again later, such as where a response id lives."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from resp_core.errors import ArgumentError
from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    from resp_core.io.counters import CounterStore
    from resp_core.types.json import JsonObject

__all__ = ["MemoryState", "StateStore", "counters_of", "open_state"]


class StateStore(Protocol):
    """Keys and JSON values. Thread-safe.

    `blocks` says that its methods may wait: async calls then use it in a thread.
    """

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
    """In this process only: at most `size` entries and `most_bytes` of JSON, the newest."""

    blocks = False

    def __init__(self, size: int = 4096, most_bytes: int = 64 * 1024 * 1024) -> None:
        self._values: OrderedDict[str, bytes] = OrderedDict()
        self._size = size
        self._room = most_bytes
        self._lock = threading.Lock()

    def load(self, key: str) -> JsonObject | None:
        """The value, or None."""
        with self._lock:
            found = self._values.get(key)
        return None if found is None else loads(found)

    def take(self, key: str) -> JsonObject | None:
        """The value, removed."""
        with self._lock:
            found = self._values.pop(key, None)
            self._room += len(found or b"")
        return None if found is None else loads(found)

    def save(self, key: str, value: JsonObject) -> None:
        """Keep the value, as it is now."""
        kept = dumps(value)
        with self._lock:
            self._room += len(self._values.pop(key, b"")) - len(kept)
            self._values[key] = kept
            while len(self._values) > self._size or (self._room < 0 and len(self._values) > 1):
                self._room += len(self._values.popitem(last=False)[1])


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
