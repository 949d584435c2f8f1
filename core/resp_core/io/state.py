"""State stores: what a call must find again later, such as where a response id lives."""

from __future__ import annotations

import threading
from array import array
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
        self._origins = _Origins()
        self._size = size
        self._room = most_bytes
        self._lock = threading.Lock()

    def load(self, key: str) -> JsonObject | None:
        """The value, or None."""
        with self._lock:
            found = self._origins.find(key) if _is_origin(key) else self._values.get(key)
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
        if _is_origin(key):
            with self._lock:
                return self._origins.add(key, kept)
        kept = _own(kept)
        with self._lock:
            self._room += len(self._values.pop(key, b"")) - len(kept)
            self._values[key] = kept
            while len(self._values) > self._size or (self._room < 0 and len(self._values) > 1):
                self._room += len(self._values.popitem(last=False)[1])


class _Origins:
    """Where the newest `most` responses live, in ten bytes each, as every call adds one.

    Calls go to few places, so each place is kept once; an id is kept as its 64-bit hash.
    """

    def __init__(self, most: int = 16384) -> None:
        self._most = most
        self._oldest = 0
        self._ids = array("q")
        self._at = array("H")
        self._places: dict[bytes, int] = {}

    def add(self, key: str, place: bytes) -> None:
        at = self._places.get(place)
        if at is None:
            at = self._number(place)
        if len(self._ids) < self._most:
            self._ids.append(hash(key))
            self._at.append(at)
        else:
            self._ids[self._oldest] = hash(key)
            self._at[self._oldest] = at
            self._oldest = (self._oldest + 1) % self._most

    def find(self, key: str) -> bytes | None:
        """The place of the newest such id."""
        wanted, ids = hash(key), self._ids
        for back in range(1, len(ids) + 1):
            at = self._oldest - back
            if ids[at] == wanted:
                return list(self._places)[self._at[at]]
        return None

    def _number(self, place: bytes) -> int:
        if len(self._places) > 0xFFFF:  # no client calls so many servers: begin anew
            self._places.clear()
            del self._ids[:], self._at[:]
            self._oldest = 0
        number = self._places[_own(place)] = len(self._places)
        return number


def _own(data: bytes) -> bytes:
    """A copy in a buffer of its own size: the bytes that orjson gives sit in 4 KiB."""
    return bytes(memoryview(data))


def _is_origin(key: str) -> bool:
    return key.startswith("origin:")


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
