"""The state store in an SQLite file: shared by the processes of one machine."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    import sqlite3

    from resp_core.io.counters import CounterStore
    from resp_core.types.json import JsonObject

__all__ = ["SqliteState"]

_KEPT = 30 * 24 * 3600.0  # seconds that an entry stays


class SqliteState:
    """One connection per thread and process; writes wait for each other up to 5 s."""

    blocks = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._local = threading.local()

    def load(self, key: str) -> JsonObject | None:
        """The value, or None."""
        row = self._run("SELECT value FROM state WHERE key = ?", key).fetchone()
        return None if row is None else loads(row[0])

    def take(self, key: str) -> JsonObject | None:
        """The value, removed."""
        with self._connection() as connection:
            row = connection.execute(
                "DELETE FROM state WHERE key = ? RETURNING value", (key,)
            ).fetchone()
        return None if row is None else loads(row[0])

    def save(self, key: str, value: JsonObject) -> None:
        """Keep the value; entries of more than 30 days go."""
        now = time.time()
        with self._connection() as connection:
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
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _run(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return self._connection().execute(sql, values)

    def _connection(self) -> sqlite3.Connection:
        local = self._local
        if getattr(local, "connection", None) is None or local.pid != os.getpid():
            import sqlite3

            if not os.path.exists(self._path):
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            local.connection = sqlite3.connect(self._path, timeout=5.0)
            local.pid = os.getpid()
            local.connection.execute("PRAGMA journal_mode = WAL")
            with local.connection as connection:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS state "
                    "(key TEXT PRIMARY KEY, value BLOB NOT NULL, at REAL NOT NULL)"
                )
                connection.execute("CREATE INDEX IF NOT EXISTS state_at ON state (at)")
        return local.connection
