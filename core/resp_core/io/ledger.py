"""The ledger: one row per call, written by a thread of its own, never in the way of an answer.

`Ledger` is a hook: it takes records, and writes them in batches to a sink. What a sink cannot
take goes to a spool file, and is tried again; what cannot even be spooled is counted and said.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from resp_core.errors import ArgumentError, LedgerError
from resp_core.io.ledger_jsonl import JsonLinesSink
from resp_core.io.ledger_rows import row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["Ledger", "MemorySink", "Sink", "open_ledger", "open_sink"]

logger = logging.getLogger("resp_core")

_BATCH = 500
_WAIT = 0.2  # seconds that a row may wait for company
_RETRY = 5.0  # seconds before a sink that failed is tried again
_PATIENCE = 2.0  # seconds that a call waits for a strict ledger to be tried
_MOST = 50_000  # records that may wait


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


class Ledger:
    """Takes records as a hook does and writes them behind the caller's back.

    `spool` is a file for rows that the sink refused. `dropped` counts rows that neither took.
    `strict`: while the sink refuses rows, no new call is begun.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        spool: str | None = None,
        strict: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sink = sink
        self.strict = strict
        self.dropped = 0
        self.closed = False
        self._spool = None if spool is None else JsonLinesSink(spool)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._failure: Exception | None = None
        self._tried = False
        self._try_at = float("-inf")
        self._writing = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._taken: deque[CallRecord] = deque()
        self._waiting: deque[threading.Event] = deque()
        self._awake, self._hurry = threading.Event(), threading.Event()

    def __call__(self, record: CallRecord, /) -> None:
        """Take a record; returns at once."""
        if self._thread is None or self._pid != os.getpid():
            self._start()
        if len(self._taken) >= _MOST:
            self._drop(1, "too many are waiting to be written")
            return
        self._taken.append(record)
        if not self._awake.is_set():
            self._awake.set()

    def check(self) -> None:
        """Before a call begins. Raises LedgerError where the ledger is strict and is failing."""
        if not self.strict:
            return
        answers = True
        if self._monotonic() >= self._try_at and (self._failure or not self._tried):
            self._start()
            answers = self.flush(_PATIENCE)
        why = self._failure or (None if answers else "it does not answer")
        if len(self._taken) >= _MOST:
            why = "too many calls are waiting to be written"
        if why is not None:
            raise LedgerError(
                f"The ledger is strict and cannot be written: {why}. Nothing was sent."
            )

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was taken is written or spooled; False: it took too long."""
        if self._thread is None or self._pid != os.getpid():
            return True
        done = threading.Event()
        self._waiting.append(done)
        self._hurry.set()
        self._awake.set()
        return done.wait(timeout)

    def close(self) -> None:
        """Write what is left and end the thread. A record that comes later begins a new one."""
        with self._lock:
            thread, self._thread = self._thread, None
            self.closed = True
            self._hurry.set()
            self._awake.set()
        if thread is not None and self._pid == os.getpid():
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
            if self._pid != os.getpid():  # a fork: what waits is the parent's
                self._pid = os.getpid()
                self._begin()
            self.closed = False
            self._thread = threading.Thread(target=self._work, name="respkit-ledger", daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def _work(self) -> None:
        me = threading.current_thread()
        while True:
            self._awake.wait(None if self._failure is None else _RETRY)
            self._hurry.wait(_WAIT)
            self._awake.clear()
            self._hurry.clear()
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            self._write_all()
            for done in waiting:
                done.set()
            if self._thread is not me and not self._taken:
                return

    def _write_all(self) -> None:
        with self._writing:
            while True:
                records = [self._taken.popleft() for _ in range(min(len(self._taken), _BATCH))]
                rows = [row for record in records if (row := self._row(record)) is not None]
                if not self._write(rows):
                    self._keep(rows)
                if not self._taken:
                    return

    def _row(self, record: CallRecord) -> JsonObject | None:
        try:
            return row_of(record)
        except Exception:  # a record must not cost the others their place
            logger.exception("a call cannot be written to the ledger")
            self._drop(1, "it cannot be written")
            return None

    def _write(self, rows: list[JsonObject]) -> bool:
        """Whether the sink took the rows, and those in the spool before them."""
        if self._failure is not None and self._monotonic() < self._try_at:
            return False
        self._tried = True
        try:
            self._unspool()
            if rows or self.strict:
                self.sink.write(rows)
        except Exception as error:
            if self._failure is None:
                kept = "Calls are spooled." if self._spool else "There is no spool file."
                logger.error("The ledger cannot be written: %s. %s", error, kept)
            self._failure = error
            self._try_at = self._monotonic() + _RETRY
            return False
        if self._failure is not None:
            logger.warning("The ledger can be written again; what was spooled is in it.")
        self._failure = None
        return True

    def _keep(self, rows: list[JsonObject]) -> None:
        if not rows:
            return
        try:
            if self._spool is None:
                raise OSError("there is no spool file")
            self._spool.write(rows)
        except OSError as error:
            self._drop(len(rows), error)

    def _unspool(self) -> None:
        if self._spool is None or not self._spool.path.exists():
            return
        rows = list(self._spool.read())
        if rows:
            self.sink.write(rows)
        self._spool.path.unlink()

    def _drop(self, count: int, why: object) -> None:
        with self._lock:
            self.dropped += count
        logger.error("%d calls are lost to the ledger: %s", count, why)


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
            f"ledger has the scheme {spec.partition('://')[0]!r}; it may be memory, a path, "
            "sqlite:///path, jsonl:///path or postgresql://...",
            param="ledger",
        )
    from resp_core.io.ledger_sqlite import SqliteSink

    return SqliteSink(spec.removeprefix("sqlite:///"))


def open_ledger(spec: str | Ledger | Sink, *, strict: bool = False) -> Ledger:
    """The ledger that `ledger=` names, or is; the same name is the same ledger in a process.

    It spools beside a file, else below the home folder. `strict`: while it cannot be written, no
    new call is begun, but LedgerError raised.
    """
    found = _ledger(spec)
    found.strict = found.strict or strict
    return found


def _ledger(spec: str | Ledger | Sink) -> Ledger:
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
