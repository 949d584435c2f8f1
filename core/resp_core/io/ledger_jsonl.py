"""The ledger as JSON Lines: one row per line, appended; readable by the owner alone."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from resp_core.types.json import JsonObject

__all__ = ["JsonLinesSink"]


class JsonLinesSink:
    """Rows in a file that any number of processes of one machine may append to."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def write(self, rows: Sequence[JsonObject]) -> None:
        """Append rows, all of them or none. Raises OSError."""
        data = b"".join(dumps(row) + b"\n" for row in rows)
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            with _alone(file):
                before = os.fstat(file).st_size
                if before and os.pread(file, 1, before - 1) != b"\n":
                    data = b"\n" + data  # somebody died within a line
                _append(file, data, before)
        finally:
            os.close(file)

    def read(self, since: float = 0.0) -> Iterable[JsonObject]:
        """The rows since then; a line that was cut off is passed over."""
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    row = loads(line)
                    if row["started"] >= since:
                        yield row

    def close(self) -> None:
        """Nothing is held open."""


def _append(file: int, data: bytes, before: int) -> None:
    """A full disk takes a part of the data and reports it as success: that part is taken back."""
    try:
        if os.write(file, data) != len(data):
            raise OSError("no space left on the disk")
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(file, before)
        raise


@contextlib.contextmanager
def _alone(file: int) -> Generator[None]:
    """Keep other processes from appending meanwhile, where the system has locks for that."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
