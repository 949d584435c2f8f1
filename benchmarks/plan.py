"""What is measured and what must be reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["TARGETS", "WORKLOADS", "Column", "Target", "Workload"]


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of a workload: `key` in the measured JSON, times `scale`, shown as `label`."""

    key: str
    label: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of work.

    `kind` is how it is run: "import" and "first" in a new process each time, "growth" and "soak"
    in one new process, everything else in a long-lived one. `method` is the driver's method; a
    driver without it is left out. `heavy` work runs in fewer rounds.
    """

    key: str
    title: str
    kind: str
    method: str
    command: dict[str, Any] = field(default_factory=dict[str, Any])
    columns: tuple[Column, ...] = ()
    groups: tuple[str, ...] = ("core", "langchain", "llamaindex")
    heavy: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """`column` of `workload` is at most `limit`.

    `against` names the floor of which it is a ratio, or a workload ("#async1") of the same
    system; None: the figure itself.
    """

    workload: str
    column: str
    limit: float
    against: str | None = None


_MS = Column("cpu", "CPU ms/call", 1e3)
_ACCOUNT = Column("cpu", "CPU µs/call", 1e6)
_US = Column("cpu", "CPU µs/event", 1e6)
_TTFT = Column("ttft", "first text ms", 1e3)
_COLD = (Column("cpu", "CPU s"), Column("rss", "RSS MiB"))
_FORBIDDEN = Column("forbidden", "forbidden modules")

WORKLOADS = (
    Workload(
        "import", "Cold import", "import", "imports", columns=(*_COLD, _FORBIDDEN), heavy=True
    ),
    Workload(
        "first",
        "Process start to first completed call",
        "first",
        "call",
        columns=_COLD,
        heavy=True,
    ),
    Workload("call", "Sequential call", "loop", "call", columns=(_MS,)),
    Workload(
        "account",
        "Cost of one call: labels, facts, price, row of the ledger",
        "loop",
        "account",
        columns=(_ACCOUNT,),
        groups=("core",),
    ),
    *(
        Workload(
            f"async{concurrency}",
            f"Async calls, {concurrency} at once, answers after 10 ms",
            "concurrent",
            "acall",
            {"concurrency": concurrency, "each": each, "delay": 10},
            (_MS, Column("p99", "p99 ms", 1e3)),
            heavy=concurrency > 1,
        )
        for concurrency, each in ((1, 40), (50, 8), (200, 4))
    ),
    Workload("stream", "Stream, 2,000 deltas", "streams", "stream", columns=(_US, _TTFT)),
    Workload("astream", "Async stream, 2,000 deltas", "streams", "astream", columns=(_US, _TTFT)),
    Workload(
        "stream20k",
        "Stream, 20,000 deltas",
        "streams",
        "stream",
        {"events": 20000},
        (_US,),
        heavy=True,
    ),
    Workload(
        "astream20k",
        "Async stream, 20,000 deltas",
        "streams",
        "astream",
        {"events": 20000},
        (_US,),
        heavy=True,
    ),
    Workload(
        "paced",
        "Stream, one event per read (300 µs apart)",
        "streams",
        "stream",
        {"events": 1000, "pace": 300},
        (_US,),
        heavy=True,
    ),
    Workload(
        "apaced",
        "Async stream, one event per read (300 µs apart)",
        "streams",
        "astream",
        {"events": 1000, "pace": 300},
        (_US,),
        heavy=True,
    ),
    Workload(
        "add",
        "The user adds the chunks up, 2,000 deltas",
        "streams",
        "add_chunks",
        columns=(_US,),
        groups=("langchain",),
    ),
    Workload(
        "growth",
        "Memory growth over a stream of 20,000 deltas",
        "growth",
        "stream",
        {"events": 20000},
        (Column("rss", "RSS MiB"),),
        heavy=True,
    ),
    Workload(
        "long",
        "200 messages with tool calls and 20 tools, one call",
        "loop",
        "long",
        {"warm": 4},
        (_MS,),
    ),
    Workload(
        "bind",
        "The same, `bind_tools` on every call",
        "loop",
        "long_bind",
        {"warm": 4},
        (_MS,),
        groups=("langchain",),
    ),
    Workload(
        "soak",
        "Soak, 1,000 calls",
        "soak",
        "call",
        {"calls": 1000, "warm": 300},
        (Column("slope", "RSS KiB/1,000 calls"), Column("connections", "connections opened")),
        heavy=True,
    ),
)

_HTTPX = "floor-httpx"
_LC = "lc-core-floor"
_LI = "li-core-floor"
_SOAK = (Target("soak", "slope", 50), Target("soak", "connections", 0))


def _streams(limit: float, against: str = _HTTPX) -> tuple[Target, ...]:
    names = ("stream", "astream", "stream20k", "astream20k")
    return tuple(Target(name, "cpu", limit, against) for name in names)


def _concurrent(fifty: float, two_hundred: float) -> tuple[Target, ...]:
    """Milliseconds of CPU a call."""
    return (
        Target("async50", "cpu", fifty / 1e3),
        Target("async200", "cpu", two_hundred / 1e3),
        Target("async200", "cpu", 2.2, "#async1"),
    )


TARGETS: dict[str, tuple[Target, ...]] = {
    "core": (
        Target("import", "cpu", 2.0, _HTTPX),
        Target("import", "rss", 45),
        Target("import", "forbidden", 0),
        Target("first", "cpu", 1.5, _HTTPX),
        Target("call", "cpu", 1.3, _HTTPX),
        Target("account", "cpu", 60 / 1e6),
        *_concurrent(1.0, 1.2),
        *_streams(1.5),
        Target("stream20k", "cpu", 1.15, "#stream"),
        Target("astream20k", "cpu", 1.15, "#astream"),
        Target("paced", "cpu", 1.3, _HTTPX),
        Target("apaced", "cpu", 1.3, _HTTPX),
        Target("growth", "rss", 2),
        Target("long", "cpu", 1.6, _HTTPX),
        *_SOAK,
    ),
    "core-aiohttp": (
        Target("async200", "cpu", 0.8 / 1e3),
        Target("astream", "cpu", 0.7, _HTTPX),
        Target("astream20k", "cpu", 0.7, _HTTPX),
    ),
    "langchain": (
        Target("import", "cpu", 1.4, _LC),
        Target("first", "cpu", 1.3, _LC),
        Target("call", "cpu", 1.8, _HTTPX),
        *_concurrent(1.3, 2.0),
        *_streams(3.0),
        Target("paced", "cpu", 2.4, _HTTPX),
        Target("apaced", "cpu", 1.8, _HTTPX),
        Target("add", "cpu", 1.9, _LC),
        Target("growth", "rss", 1.2, _LC),
        Target("long", "cpu", 2.0, _HTTPX),
        Target("bind", "cpu", 2.3, "floor-httpx#long"),
        *_SOAK,
    ),
    "llamaindex": (
        Target("import", "cpu", 1.1, _LI),
        Target("first", "cpu", 1.1, _LI),
        Target("call", "cpu", 1.7, _HTTPX),
        *_concurrent(1.3, 2.0),
        *_streams(2.6),
        Target("paced", "cpu", 2.1, _HTTPX),
        Target("apaced", "cpu", 1.6, _HTTPX),
        Target("growth", "rss", 2),
        Target("long", "cpu", 1.3, _LI),
        *_SOAK,
    ),
}
