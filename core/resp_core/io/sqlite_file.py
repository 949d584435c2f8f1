"""One connection to an SQLite file for each process, shared by its threads."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import finalize

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator

__all__ = ["SqliteFile"]


class SqliteFile:
    """Made when first used: the file (readable by its owner alone), WAL, and `schema`.

    Writers of other processes are waited for up to 5 s.
    """

    def __init__(self, path: str, *schema: str) -> None:
        self._path = path
        self._schema = schema
        self._lock = threading.RLock()
        self._open: dict[int, sqlite3.Connection] = {}  # by process: after a fork, another
        finalize(self, _close, self._open)

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """The connection, alone: committed at the end, rolled back where something is raised."""
        with self._lock, self._connection() as connection:
            yield connection

    def close(self) -> None:
        """Close this process's connection; the next use makes another."""
        with self._lock:
            _close(self._open)

    def _connection(self) -> sqlite3.Connection:
        found = self._open.get(os.getpid())
        if found is None:
            import sqlite3

            if not os.path.exists(self._path):
                os.makedirs(os.path.dirname(os.path.abspath(self._path)), exist_ok=True)
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            found = sqlite3.connect(self._path, timeout=5.0, check_same_thread=False)
            try:
                found.execute("PRAGMA journal_mode = WAL")
                with found:
                    for statement in self._schema:
                        found.execute(statement)
            except BaseException:
                found.close()
                raise
            self._open[os.getpid()] = found
        return found


def _close(connections: dict[int, sqlite3.Connection]) -> None:
    """A parent's connection is not ours to close."""
    connection = connections.pop(os.getpid(), None)
    if connection is not None:
        connection.close()
