"""`resp spend`: where the money went, as a table, CSV, JSON, bars or a page."""

from __future__ import annotations

import csv
import html
import json
import re
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from resp_core.cli.layout import table
from resp_core.cost.bill import text_of
from resp_core.errors import ArgumentError
from resp_core.io.ledger import open_ledger

if TYPE_CHECKING:
    from rich.console import Console

    from resp_core.types.json import JsonObject

__all__ = [
    "BY",
    "LEDGER",
    "Group",
    "bars",
    "grouped",
    "page",
    "rows_of",
    "said",
    "show",
    "since_of",
    "total_of",
    "write_csv",
    "write_json",
]

LEDGER = Path.home() / ".respkit" / "ledger.db"
BY = ("user", "model", "tag", "day", "deployment", "provider")
_BAR = 40
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(slots=True)
class Group:
    """The sums of one user, model, tag, day ...; `cost` is what is known, in US dollars."""

    name: str
    calls: int = 0
    failed: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = field(default_factory=Decimal)
    unknown: int = 0
    estimated: int = 0

    def add(self, row: JsonObject) -> None:
        """Count a row of the ledger."""
        self.calls += 1
        self.failed += row["status"] == "failed"
        self.input_tokens += row["input_tokens"] or 0
        self.cached_tokens += row["cached_tokens"] or 0
        self.output_tokens += row["output_tokens"] or 0
        self.cost += Decimal(row["known_cost"])
        self.unknown += row["cost"] is None
        self.estimated += bool(row["estimated"])

    def to_json(self) -> JsonObject:
        """The sums as JSON."""
        return {
            "name": self.name,
            "calls": self.calls,
            "failed": self.failed,
            "input_tokens": self.input_tokens,
            "cached_tokens": self.cached_tokens,
            "output_tokens": self.output_tokens,
            "cost": text_of(self.cost),
            "unknown": self.unknown,
            "estimated": self.estimated,
        }


def grouped(rows: Iterable[JsonObject], by: str) -> list[Group]:
    """The rows summed up, dearest first; days in their order. A call counts for each of its tags.

    Raises ArgumentError for another `by`.
    """
    if by not in BY:
        raise ArgumentError(f"--by is one of {', '.join(BY)}, not {by!r}.", param="by")
    found: dict[str, Group] = {}
    for row in rows:
        for name in _names(row, by):
            found.setdefault(name, Group(name)).add(row)
    groups = sorted(found.values(), key=lambda group: group.name)
    return groups if by == "day" else sorted(groups, key=lambda group: -group.cost)


def _names(row: JsonObject, by: str) -> list[str]:
    if by == "tag":
        return row["tags"] or ["(none)"]
    if by == "day":
        return [datetime.fromtimestamp(row["started"], UTC).strftime("%Y-%m-%d")]
    if by == "user":
        return [row["user_id"] or row["safety_identifier"] or "(none)"]
    if by == "model":
        return [f"{row['provider']}/{row['model'] or row['deployment']}"]
    return [row[by] or "(none)"]


def rows_of(ledger: str, since: str) -> list[JsonObject]:
    """The rows of a ledger (by default the one of `resp`) since then. Raises ArgumentError."""
    path = ledger or str(LEDGER)
    if "://" not in path and not Path(path).exists():
        raise ArgumentError(
            f"There is no ledger at {path}: give a client ledger={path!r}, or pass --ledger.",
            param="ledger",
        )
    return open_ledger(path).read(since_of(since, time.time()))


def since_of(text: str, now: float) -> float:
    """`24h`, `7d`, `2026-11-01` or "" (everything) as seconds since the epoch."""
    if not text:
        return 0.0
    span = re.fullmatch(r"(\d+)([mhdw])", text)
    if span:
        return now - int(span[1]) * _UNITS[span[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentError(
            f"--since is a span like 24h or 7d, or a date like 2026-11-01, not {text!r}.",
            param="since",
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def show(groups: list[Group], by: str, console: Console, *, chart: bool) -> None:
    """Print the table, and bars under it."""
    numbers = ("calls", "failed", "tokens in", "cached", "tokens out", "USD")
    made = table(console, f"Spend by {by}", by, *numbers, right=numbers)
    for group in [*groups, total_of(groups)] if by != "tag" else groups:
        made.add_row(
            Text(group.name),
            f"{group.calls:,}",
            str(group.failed or ""),
            f"{group.input_tokens:,}",
            f"{group.cached_tokens:,}",
            f"{group.output_tokens:,}",
            said(group),
        )
    console.print(made)
    if any(group.unknown for group in groups):
        console.print("+ ?: some calls have no known price; see --json, or resp prices --check")
    if chart:
        for line in bars(groups):
            console.print(Text(line))


def said(group: Group) -> str:
    """The cost, marked where it is estimated (~) or not all known (+ ?)."""
    return f"{'~' if group.estimated else ''}{group.cost:.6f}{' + ?' if group.unknown else ''}"


def total_of(groups: list[Group]) -> Group:
    """The sum of all groups."""
    total = Group("total")
    for group in groups:
        for name in Group.__slots__:
            if name != "name":
                setattr(total, name, getattr(total, name) + getattr(group, name))
    return total


def bars(groups: list[Group]) -> list[str]:
    """One bar per group, the longest for the dearest."""
    most = max((group.cost for group in groups), default=Decimal(0)) or Decimal(1)
    wide = max((len(group.name) for group in groups), default=0)
    return [
        f"{group.name:<{wide}}  {'█' * int(group.cost / most * _BAR):<{_BAR}} {said(group)}"
        for group in groups
    ]


def write_csv(groups: list[Group]) -> None:
    """The groups as CSV on standard output."""
    writer = csv.writer(sys.stdout)
    writer.writerow([name for name in Group.__slots__])
    for group in groups:
        row = group.to_json()
        writer.writerow([_safe(row[name]) for name in Group.__slots__])


def _safe(value: object) -> object:
    """A label that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t" else value


def write_json(groups: list[Group], by: str) -> None:
    """The groups as JSON on standard output."""
    print(json.dumps({"by": by, "groups": [group.to_json() for group in groups]}, indent=2))


def page(rows: list[JsonObject]) -> str:
    """A page with plots that opens anywhere: no script, nothing fetched."""
    total = total_of(grouped(rows, "day"))
    sections = "".join(
        f"<section><h2>By {by}</h2>{_plot(grouped(rows, by))}</section>"
        for by in ("day", "model", "user", "tag", "deployment")
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Spend</title>'
        "<style>body{font:15px system-ui,sans-serif;margin:2rem auto;max-width:60rem;"
        "padding:0 1rem}h1,h2{font-weight:600}svg{width:100%;height:auto}text{font:13px "
        "system-ui,sans-serif}rect{fill:#3b6fd4}</style>"
        f"<h1>{html.escape(said(total))} USD in {total.calls:,} calls</h1>{sections}</html>\n"
    )


def _plot(groups: list[Group]) -> str:
    shown = groups[:40]
    most = max((group.cost for group in shown), default=Decimal(0)) or Decimal(1)
    lines = "".join(
        f'<text x="230" y="{24 * n + 17}" text-anchor="end">{html.escape(group.name[:34])}</text>'
        f'<rect x="240" y="{24 * n + 4}" width="{float(group.cost / most) * 480:.1f}" height="17"/>'
        f'<text x="{248 + float(group.cost / most) * 480:.1f}" y="{24 * n + 17}">'
        f"{html.escape(said(group))}</text>"
        for n, group in enumerate(shown)
    )
    return f'<svg viewBox="0 0 900 {24 * len(shown) + 8}" role="img">{lines}</svg>'
