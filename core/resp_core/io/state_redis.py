"""The state store in Redis: shared by machines."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from resp_core.errors import ArgumentError
from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    from resp_core.io.counters import CounterStore
    from resp_core.types.json import JsonObject

__all__ = ["RedisState"]

_PREFIX = "respkit:"
_KEPT = 30 * 24 * 3600  # seconds that an entry stays


class RedisState:
    """Connects on first use. Raises redis' own errors where the server cannot be reached."""

    blocks = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._client: Any = None

    def load(self, key: str) -> JsonObject | None:
        """The value, or None."""
        return _read(self._connect().get(_PREFIX + key))

    def take(self, key: str) -> JsonObject | None:
        """The value, removed."""
        return _read(self._connect().getdel(_PREFIX + key))

    def save(self, key: str, value: JsonObject) -> None:
        """Keep the value for 30 days."""
        self._connect().set(_PREFIX + key, dumps(value), ex=_KEPT)

    def counters(self) -> CounterStore:
        """Budgets, counted in the same place."""
        from resp_core.io.counters import RedisCounters

        return RedisCounters(self._url)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connect(self) -> Any:
        with self._lock:
            if self._client is None:
                try:
                    import redis
                except ImportError as error:
                    raise ArgumentError(
                        'A redis:// store needs redis: pip install "respkit[redis]".',
                        param="state_store",
                    ) from error
                self._client = redis.Redis.from_url(self._url)  # pyright: ignore[reportUnknownMemberType]
            return self._client


def _read(value: bytes | None) -> JsonObject | None:
    return None if value is None else loads(value)
