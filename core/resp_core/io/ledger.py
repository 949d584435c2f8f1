"""The ledger: one row per call, written by a thread of its own, never in the way of an answer.

`Ledger` is a hook: it takes records, and writes them in batches to a sink. What a sink cannot
take goes to a spool file, and is tried again; what cannot even be spooled is counted and said.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import queue
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from resp_core.errors import ArgumentError
from resp_core.io.ledger_rows import row_of
from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["JsonLinesSink", "Ledger", "MemorySink", "Sink", "open_ledger", "open_sink"]

logger = logging.getLogger("resp_core")

_BATCH = 200
_WAIT = 0.2  # seconds that a row may wait for company
_RETRY = 5.0
_QUEUED = 50_000
_STOP: Any = object()


class Sink(Protocol):
    """Where rows go. Used by one thread at a time."""

    def write(self, rows: Sequence[JsonObject]) -> None:
        """Add rows, all or none; what it raises sends them to the spool."""
        ...

    def read(self, since: float = 0.0) -> Iterable[JsonObject]:
        """The rows of calls begun since then (seconds since the epoch)."""
        ...

    def close(self) -> None:
        """Done with it."""
        ...


class MemorySink:
    """Rows in this process; for tests and notebooks."""

    def __init__(self) -> None:
        self.rows: list[JsonObject] = []

    def write(self, rows: Sequence[JsonObject]) -> None:
        """Keep rows."""
        self.rows.extend(rows)

    def read(self, since: float = 0.0) -> Iterable[JsonObject]:
        """The rows since then."""
        return [row for row in self.rows if row["started"] >= since]

    def close(self) -> None:
        """Nothing to do."""


class JsonLinesSink:
    """One JSON object per line, appended; readable by the owner alone."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def write(self, rows: Sequence[JsonObject]) -> None:
        """Append rows with one write."""
        data = b"".join(dumps(row) + b"\n" for row in rows)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, data)
        finally:
            os.close(file)

    def read(self, since: float = 0.0) -> Iterable[JsonObject]:
        """The rows since then; a line that was cut off is passed over."""
        if not self._path.exists():
            return
        with self._path.open("rb") as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    row = loads(line)
                    if row["started"] >= since:
                        yield row

    def close(self) -> None:
        """Nothing is held open."""


class Ledger:
    """Takes records as a hook does and writes them behind the caller's back.

    `spool` is a file for rows that the sink refused. `dropped` counts rows that neither took.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        spool: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sink = sink
        self.dropped = 0
        self._spool = None if spool is None else JsonLinesSink(spool)
        self._spool_path = None if spool is None else Path(spool)
        self._queue: queue.Queue[Any] = queue.Queue(_QUEUED)
        self._monotonic = monotonic
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._said = False
        self._retry_at = 0.0
        self.closed = False

    def __call__(self, record: CallRecord, /) -> None:
        """Take a record; returns at once."""
        if self._thread is None or self._pid != os.getpid():
            self._start()
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self._drop(1)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was taken is written or spooled; False: it took too long."""
        if self._thread is None or self._pid != os.getpid():
            return True
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout)

    def close(self) -> None:
        """Write what is left and end the thread. A record that comes later begins a new one."""
        with self._lock:
            self.closed = True
            thread, self._thread = self._thread, None
        if thread is not None and self._pid == os.getpid():
            self._queue.put(_STOP)
            thread.join(10.0)
        self.sink.close()
        atexit.unregister(self.close)

    def read(self, since: float = 0.0) -> list[JsonObject]:
        """The rows since then, those in the spool included."""
        self.flush()
        rows = list(self.sink.read(since))
        if self._spool is not None:
            rows += self._spool.read(since)
        return rows

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None and self._pid == os.getpid():
                return
            if self._pid != os.getpid():  # a fork: the parent's queue is the parent's
                self._pid = os.getpid()
                self._queue = queue.Queue(_QUEUED)
            self._thread = threading.Thread(target=self._work, name="respkit-ledger", daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def _work(self) -> None:
        while True:
            taken = [self._queue.get()]
            until = self._monotonic() + _WAIT
            while len(taken) < _BATCH and not _is_signal(taken[-1]):
                try:
                    taken.append(self._queue.get(timeout=max(until - self._monotonic(), 0)))
                except queue.Empty:
                    break
            self._write([one for one in taken if not _is_signal(one)])
            for one in taken:
                if isinstance(one, threading.Event):
                    one.set()
            if taken[-1] is _STOP:
                return

    def _write(self, records: list[CallRecord]) -> None:
        rows: list[JsonObject] = []
        for record in records:
            try:
                rows.append(row_of(record))
            except Exception:  # a record must not cost the others their place
                logger.exception("a call cannot be written to the ledger")
                self._drop(1)
        if not rows:
            return
        if self._monotonic() >= self._retry_at:
            try:
                self._unspool()
                self.sink.write(rows)
            except Exception as error:
                self._retry_at = self._monotonic() + _RETRY
                if not self._said:
                    self._said = True
                    logger.error("The ledger cannot be written: %s. Calls are spooled.", error)
            else:
                self._said = False
                return
        self._keep(rows)

    def _keep(self, rows: list[JsonObject]) -> None:
        try:
            if self._spool is None:
                raise OSError("there is no spool file")
            self._spool.write(rows)
        except OSError as error:
            logger.error("%d calls are lost to the ledger: %s", len(rows), error)
            self._drop(len(rows))

    def _unspool(self) -> None:
        path = self._spool_path
        if self._spool is None or path is None or not path.exists():
            return
        rows = list(self._spool.read())
        if rows:
            self.sink.write(rows)
        path.unlink()

    def _drop(self, count: int) -> None:
        with self._lock:
            self.dropped += count


def _is_signal(one: Any) -> bool:
    return one is _STOP or isinstance(one, threading.Event)


def open_sink(spec: str) -> Sink:
    """The sink that `spec` names: "memory", a path or "sqlite:///path", "jsonl:///path", or
    "postgresql://…" (extra `postgres`). Raises ArgumentError."""
    if spec == "memory":
        return MemorySink()
    if spec.startswith(("postgresql", "postgres://")):
        from resp_core.io.ledger_sql import SqlSink

        return SqlSink(spec)
    for scheme in ("jsonl:///", "jsonl://"):
        if spec.startswith(scheme):
            return JsonLinesSink(spec.removeprefix(scheme))
    if spec.endswith((".jsonl", ".ndjson")):
        return JsonLinesSink(spec)
    if "://" in spec and not spec.startswith("sqlite:///"):
        raise ArgumentError(
            f"ledger is {spec!r}; it may be memory, a path, sqlite:///path, jsonl:///path or "
            "postgresql://...",
            param="ledger",
        )
    from resp_core.io.ledger_sqlite import SqliteSink

    return SqliteSink(spec.removeprefix("sqlite:///"))


def open_ledger(spec: str | Ledger | Sink) -> Ledger:
    """The ledger that `ledger=` names, or is; the same name is the same ledger in a process.

    It spools beside a file, else below the home folder.
    """
    if isinstance(spec, Ledger):
        return spec
    if not isinstance(spec, str):
        return Ledger(spec)
    plain = spec.partition(":///")[2] or spec
    if spec == "memory":
        return Ledger(MemorySink())
    with _opening:
        found = _opened.get(spec)
        if found is None or found.closed:
            found = _opened[spec] = _open(spec, plain)
        return found


_opening = threading.Lock()
_opened: dict[str, Ledger] = {}


def _open(spec: str, plain: str) -> Ledger:
    if "://" in spec and not spec.startswith(("sqlite:///", "jsonl:///")):
        plain = str(Path.home() / ".respkit" / "ledger")
        Path(plain).parent.mkdir(parents=True, exist_ok=True)
    return Ledger(open_sink(spec), spool=f"{plain}.spool.jsonl")
