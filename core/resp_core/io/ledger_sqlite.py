"""The ledger in an SQLite file: what `resp` uses unless told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.io.ledger_rows import COLUMNS
from resp_core.io.sqlite_file import SqliteFile
from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resp_core.types.json import JsonObject

__all__ = ["SqliteSink", "from_text", "to_text"]

_JSON = ("usage", "unknown", "tags", "metadata")


class SqliteSink:
    """Shared by the processes of one machine (WAL); readable by the owner alone."""

    def __init__(self, path: str) -> None:
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        self._file = SqliteFile(
            path,
            f"CREATE TABLE IF NOT EXISTS calls ({columns})",
            "CREATE INDEX IF NOT EXISTS calls_started ON calls (started)",
        )

    def write(self, rows: Sequence[JsonObject]) -> None:
        """Add rows in one transaction."""
        names = ", ".join(COLUMNS)
        marks = ", ".join("?" * len(COLUMNS))
        with self._file.transaction() as db:
            db.executemany(
                f"INSERT INTO calls ({names}) VALUES ({marks})",
                [_values(row) for row in rows],
            )

    def read(self, since: float = 0.0) -> Iterable[JsonObject]:
        """The rows since then, oldest first."""
        names = ", ".join(COLUMNS)
        with self._file.transaction() as db:
            found = db.execute(
                f"SELECT {names} FROM calls WHERE started >= ? ORDER BY started", (since,)
            ).fetchall()
        return [from_text(dict(zip(COLUMNS, row, strict=True))) for row in found]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _values(row: JsonObject) -> tuple[Any, ...]:
    texts = to_text(row)
    return tuple(texts[name] for name in COLUMNS)


def to_text(row: JsonObject) -> JsonObject:
    """A row for a table: lists and objects as JSON text."""
    return {**row, **{name: dumps(row[name]).decode() for name in _JSON}}


def from_text(row: dict[str, Any]) -> JsonObject:
    """A row of a table as it was written."""
    return {**row, **{name: loads(row[name].encode()) for name in _JSON}}
