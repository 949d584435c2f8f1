"""The ledger in a database server, through SQLAlchemy (extra `postgres`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import ArgumentError
from resp_core.io.ledger_rows import COLUMNS
from resp_core.io.ledger_sqlite import from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resp_core.types.json import JsonObject

__all__ = ["SqlSink"]


class SqlSink:
    """Rows in the table `resp_calls` of a Postgres database. Connects on first use."""

    def __init__(self, url: str) -> None:
        for scheme in ("postgresql://", "postgres://"):
            if url.startswith(scheme):
                url = "postgresql+psycopg://" + url.removeprefix(scheme)
        self._url = url
        self._engine: Any = None

    def write(self, rows: Sequence[JsonObject]) -> None:
        """Add rows in one transaction."""
        from sqlalchemy import text

        names = ", ".join(COLUMNS)
        marks = ", ".join(f":{name}" for name in COLUMNS)
        with self._open().begin() as connection:
            if rows:
                connection.execute(
                    text(f"INSERT INTO resp_calls ({names}) VALUES ({marks})"),
                    [to_text(row) for row in rows],
                )

    def read(self, since: float = 0.0) -> Iterable[JsonObject]:
        """The rows since then, oldest first."""
        from sqlalchemy import text

        names = ", ".join(COLUMNS)
        with self._open().connect() as connection:
            found = connection.execute(
                text(f"SELECT {names} FROM resp_calls WHERE started >= :since ORDER BY started"),
                {"since": since},
            )
            return [from_text(dict(row)) for row in found.mappings()]

    def close(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _open(self) -> Any:
        if self._engine is None:
            try:
                import psycopg  # noqa: F401  # pyright: ignore[reportUnusedImport]
                from sqlalchemy import create_engine, text
            except ImportError as error:
                raise ArgumentError(
                    "A Postgres ledger needs SQLAlchemy and psycopg: pip install "
                    '"respkit[postgres]".',
                    param="ledger",
                ) from error
            engine = create_engine(self._url, pool_pre_ping=True, pool_size=1)
            columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
            with engine.begin() as connection:
                connection.execute(text(f"CREATE TABLE IF NOT EXISTS resp_calls ({columns})"))
                connection.execute(
                    text("CREATE INDEX IF NOT EXISTS resp_calls_started ON resp_calls (started)")
                )
            self._engine = engine
        return self._engine
