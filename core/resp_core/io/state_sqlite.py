"""The state store in an SQLite file: shared by the processes of one machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from resp_core.io.sqlite_file import SqliteFile
from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    from resp_core.io.counters import CounterStore
    from resp_core.types.json import JsonObject

__all__ = ["SqliteState"]

_KEPT = 30 * 24 * 3600.0  # seconds that an entry stays
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS state "
    "(key TEXT PRIMARY KEY, value BLOB NOT NULL, at REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS state_at ON state (at)",
)


class SqliteState:
    """Keys and JSON values in a table; writes wait for each other up to 5 s."""

    blocks = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = SqliteFile(path, *_SCHEMA)

    def load(self, key: str) -> JsonObject | None:
        """The value, or None."""
        return self._one("SELECT value FROM state WHERE key = ?", key)

    def take(self, key: str) -> JsonObject | None:
        """The value, removed."""
        return self._one("DELETE FROM state WHERE key = ? RETURNING value", key)

    def save(self, key: str, value: JsonObject) -> None:
        """Keep the value; entries of more than 30 days go."""
        now = time.time()
        with self._file.transaction() as connection:
            connection.execute(
                "INSERT INTO state (key, value, at) VALUES (?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value, at = excluded.at",
                (key, dumps(value), now),
            )
            connection.execute("DELETE FROM state WHERE at < ?", (now - _KEPT,))

    def counters(self) -> CounterStore:
        """Budgets, counted in the same place."""
        from resp_core.io.counters import SqliteCounters

        return SqliteCounters(self._path)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _one(self, sql: str, key: str) -> JsonObject | None:
        with self._file.transaction() as connection:
            row = connection.execute(sql, (key,)).fetchone()
        return None if row is None else loads(row[0])
