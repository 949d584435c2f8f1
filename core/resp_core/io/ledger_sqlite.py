"""The ledger in an SQLite file: what `resp` uses unless told otherwise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from resp_core.io.ledger_rows import COLUMNS
from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from resp_core.types.json import JsonObject

__all__ = ["SqliteSink", "from_text", "to_text"]

_JSON = ("usage", "unknown", "tags", "metadata")


class SqliteSink:
    """Shared by the processes of one machine (WAL); readable by the owner alone."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._pid = os.getpid()

    def write(self, rows: Sequence[JsonObject]) -> None:
        """Add rows in one transaction."""
        names = ", ".join(COLUMNS)
        marks = ", ".join("?" * len(COLUMNS))
        with self._open() as db:
            db.executemany(
                f"INSERT INTO calls ({names}) VALUES ({marks})",
                [_values(row) for row in rows],
            )

    def read(self, since: float = 0.0) -> Iterable[JsonObject]:
        """The rows since then, oldest first."""
        names = ", ".join(COLUMNS)
        found = self._open().execute(
            f"SELECT {names} FROM calls WHERE started >= ? ORDER BY started", (since,)
        )
        return [from_text(dict(zip(COLUMNS, row, strict=True))) for row in found]

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _open(self) -> sqlite3.Connection:
        if self._db is None or self._pid != os.getpid():
            import sqlite3

            if not os.path.exists(self._path):
                os.makedirs(os.path.dirname(os.path.abspath(self._path)), exist_ok=True)
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            db = sqlite3.connect(self._path, timeout=5.0, check_same_thread=False)
            db.execute("PRAGMA journal_mode = WAL")
            columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
            with db:
                db.execute(f"CREATE TABLE IF NOT EXISTS calls ({columns})")
                db.execute("CREATE INDEX IF NOT EXISTS calls_started ON calls (started)")
            self._db, self._pid = db, os.getpid()
        return self._db


def _values(row: JsonObject) -> tuple[Any, ...]:
    texts = to_text(row)
    return tuple(texts[name] for name in COLUMNS)


def to_text(row: JsonObject) -> JsonObject:
    """A row for a table: lists and objects as JSON text."""
    return {**row, **{name: dumps(row[name]).decode() for name in _JSON}}


def from_text(row: dict[str, Any]) -> JsonObject:
    """A row of a table as it was written."""
    return {**row, **{name: loads(row[name].encode()) for name in _JSON}}
