"""State stores: what a call must find again later, such as where a response id lives."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["MemoryState", "StateStore"]


class StateStore(Protocol):
    """Keys and JSON values. Thread-safe."""

    def load(self, key: str) -> JsonObject | None:
        """The value, or None."""
        ...

    def save(self, key: str, value: JsonObject) -> None:
        """Keep the value."""
        ...


class MemoryState:
    """In this process only; the oldest of more than `size` entries is forgotten."""

    def __init__(self, size: int = 4096) -> None:
        self._values: OrderedDict[str, JsonObject] = OrderedDict()
        self._size = size
        self._lock = threading.Lock()

    def load(self, key: str) -> JsonObject | None:
        with self._lock:
            return self._values.get(key)

    def save(self, key: str, value: JsonObject) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._size:
                self._values.popitem(last=False)
