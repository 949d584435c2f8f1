"""Where budgets are counted: in memory, in an SQLite file, or in Redis. All-or-nothing each."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from resp_core.effects import Refusal
from resp_core.errors import ArgumentError, StoreError
from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable

    from resp_core.effects import Counters
    from resp_core.types.json import JsonObject

__all__ = ["CounterStore", "MemoryCounters", "RedisCounters", "SqliteCounters"]

logger = logging.getLogger("resp_core")

_PREFIX = "{respkit}:"  # the braces keep all keys on one node of a cluster
_AWAY = 5.0  # seconds before a server that did not answer is asked again
#: KEYS: one hash per line, with the field "spent" and one per reservation ("amount expiry").
#: ARGV: operation, id, expiry (s from now), then per line amount, limit, kept.
_SCRIPT = """
local now = tonumber(redis.call('TIME')[1])
local op, id, hold = ARGV[1], ARGV[2], tonumber(ARGV[3])
for i, key in ipairs(KEYS) do
  if op == 'reserve' then
    local used = 0
    local entries = redis.call('HGETALL', key)
    for j = 1, #entries, 2 do
      local field, value = entries[j], entries[j + 1]
      if field == 'spent' then
        used = used + tonumber(value)
      else
        local amount, expiry = string.match(value, '^(%d+) (%d+)$')
        if tonumber(expiry) <= now then
          redis.call('HDEL', key, field)
        else
          used = used + tonumber(amount)
        end
      end
    end
    if used + tonumber(ARGV[3 * i + 1]) > tonumber(ARGV[3 * i + 2]) then
      return {i, string.format('%.0f', used)}
    end
  end
end
for i, key in ipairs(KEYS) do
  if op == 'reserve' then
    redis.call('HSET', key, id, ARGV[3 * i + 1] .. ' ' .. string.format('%.0f', now + hold))
  else
    redis.call('HDEL', key, id)
    redis.call('HINCRBY', key, 'spent', ARGV[3 * i + 1])
  end
  local kept = tonumber(ARGV[3 * i + 3])
  if kept > 0 then
    redis.call('EXPIRE', key, kept)
  end
end
return {0, '0'}
"""


class CounterStore(Protocol):
    """Counts budgets. Thread-safe. `blocks` says that `count` may wait."""

    blocks: bool

    def count(self, effect: Counters) -> Refusal | None:
        """Reserve or settle, all lines or none; the line that refused, if one did."""
        ...


class MemoryCounters:
    """In this process only."""

    blocks = False

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lines: dict[str, JsonObject] = {}
        self._lock = threading.Lock()

    def count(self, effect: Counters) -> Refusal | None:
        """Reserve or settle."""
        with self._lock:
            return count_in(self._lines, effect, self._clock())


class SqliteCounters:
    """In the file of an SQLite state store, shared by the processes of one machine."""

    blocks = True

    def __init__(self, path: str, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    def count(self, effect: Counters) -> Refusal | None:
        """Reserve or settle, in one transaction."""
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(self._path, timeout=5.0, isolation_level=None)) as db:
            db.execute("CREATE TABLE IF NOT EXISTS counters (key TEXT PRIMARY KEY, value BLOB)")
            db.execute("BEGIN IMMEDIATE")
            keys = [line.key for line in effect.lines]
            marks = ",".join("?" * len(keys))
            rows = db.execute(f"SELECT key, value FROM counters WHERE key IN ({marks})", keys)
            lines: dict[str, JsonObject] = {key: loads(value) for key, value in rows}
            refusal = count_in(lines, effect, self._clock())
            db.executemany(
                "INSERT INTO counters VALUES (?, ?) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [(key, dumps(value)) for key, value in lines.items()],
            )
            db.execute("COMMIT")
        return refusal


class RedisCounters:
    """In Redis, shared by machines: one script, so that nothing comes between.

    Where the server does not answer within `timeout` seconds, calls are counted in this process
    alone for the next few seconds, which the log says once, unless `strict` or the budget is.
    """

    blocks = True

    def __init__(self, url: str, *, timeout: float = 1.0, strict: bool = False) -> None:
        self._url = url
        self._timeout = timeout
        self._strict = strict
        self._client: Any = None
        self._lock = threading.Lock()
        self._local = MemoryCounters()
        self._warned = False
        self._away_until = 0.0

    def count(self, effect: Counters) -> Refusal | None:
        """Reserve or settle."""
        try:
            import redis
        except ImportError as error:
            raise ArgumentError(
                'Budgets in Redis need redis: pip install "respkit[redis]".', param="state_store"
            ) from error

        strict = self._strict or effect.strict
        if time.monotonic() < self._away_until and not strict:
            return self._local.count(effect)
        keys = [_PREFIX + line.key for line in effect.lines]
        numbers = [n for line in effect.lines for n in (line.amount, line.limit, line.kept)]
        try:
            client = self._connect(redis)
            line, used = client.eval(
                _SCRIPT, len(keys), *keys, effect.op, effect.id, int(effect.hold), *numbers
            )
        except redis.RedisError as error:
            if strict:
                raise StoreError(
                    f"Budgets are counted in Redis, which does not answer: {error}. Nothing was "
                    "sent."
                ) from error
            self._away_until = time.monotonic() + _AWAY
            if not self._warned:
                self._warned = True
                logger.exception("Redis does not answer: budgets count in this process alone")
            return self._local.count(effect)
        return None if line == 0 else Refusal(line - 1, int(used))

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connect(self, redis: Any) -> Any:
        with self._lock:
            if self._client is None:
                self._client = redis.Redis.from_url(
                    self._url,
                    socket_timeout=self._timeout,
                    socket_connect_timeout=self._timeout,
                )
            return self._client


def count_in(lines: dict[str, JsonObject], effect: Counters, now: float) -> Refusal | None:
    """Reserve or settle in a table of `{"spent": int, "held": {id: [amount, expiry]}}`."""
    found = [lines.setdefault(line.key, {"spent": 0, "held": {}}) for line in effect.lines]
    if effect.op == "reserve":
        for place, (line, counter) in enumerate(zip(effect.lines, found, strict=True)):
            held = counter["held"]
            for name in [name for name, (_, expiry) in held.items() if expiry <= now]:
                del held[name]
            used = counter["spent"] + sum(amount for amount, _ in held.values())
            if used + line.amount > line.limit:
                return Refusal(place, used)
    for line, counter in zip(effect.lines, found, strict=True):
        if effect.op == "reserve":
            counter["held"][effect.id] = [line.amount, now + effect.hold]
        else:
            counter["held"].pop(effect.id, None)
            counter["spent"] += line.amount
    return None
