"""Fixtures of the recordings suite, and its figures at the end of the run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from resp_core import Client
from tests.recordings import sweeps
from tests.recordings.serving import Replay


@pytest.fixture(scope="session")
def replay() -> Replay:
    """The transport that serves recorded answers inside the client."""
    return Replay()


@pytest.fixture(scope="session")
def client(replay: Replay) -> Iterator[Client]:
    """A client whose answers are recordings."""
    with httpx2.Client(transport=replay) as guest:
        yield Client(http_client=guest, max_retries=0)


@pytest.fixture
def sweep(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Run a check over a group, record the figures and fail with what failed."""

    def run(group: sweeps.Group, aspect: str, check: sweeps.Check) -> None:
        found = sweeps.Sweep(group, aspect)
        found.over(check)
        found.finish(record_property)

    return run


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many exchanges were served and read, by provider, API and aspect."""
    found = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in getattr(report, "user_properties", [])
        if name == sweeps.PROPERTY
    ]
    if not found:
        return
    write = terminalreporter.write_line
    terminalreporter.section("recordings")
    for line in _table(found):
        write(line)
    allowed: Counter[str] = Counter()
    exempt: dict[str, str] = {}
    for sweep in found:
        allowed.update(sweep["allowed"])
        exempt |= sweep["exempt"]
    write("differences that are meant (checks):")
    for reason, count in allowed.most_common():
        write(f"  {count:5} {reason}")
    write(f"exempt recordings: {len(exempt) or 'none'}")
    for reason, count in Counter(exempt.values()).most_common():
        write(f"  {count:5} {reason}")
    for reason, count in found[0]["left_out"].items():
        write(f"  {count:5} not counted: {reason}")


def _table(found: list[dict[str, Any]]) -> list[str]:
    rows: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    bad: set[str] = set()
    aspects: list[str] = []
    for sweep in found:
        key = sweep["provider"], sweep["api"]
        wrong = len(sweep["failed"]) + len(sweep["exempt"])
        total = len(sweep["names"])
        if sweep["aspect"] not in aspects:
            aspects.append(sweep["aspect"])
        rows[key][sweep["aspect"]] = f"{total - wrong}/{total}" if wrong else str(total)
        names[key].update(sweep["names"])
        bad.update(sweep["failed"], sweep["exempt"])
    widths = [max(len(aspect), 9) for aspect in aspects]
    head = "".join(f" {a:>{w}}" for a, w in zip(aspects, widths, strict=True))
    lines = [f"{'provider':<11}{'api':<14}{'exchanges':>9}{head}"]
    for key in sorted(rows):
        cells = (rows[key].get(a, "-") for a in aspects)
        line = "".join(f" {c:>{w}}" for c, w in zip(cells, widths, strict=True))
        lines.append(f"{key[0]:<11}{key[1]:<14}{len(names[key]):>9}{line}")
    everything = set().union(*names.values())
    good = len(everything - bad)
    lines.append(
        f"recordings: {good} of {len(everything)} exchanges hold in every aspect "
        f"({100 * good / len(everything):.2f} %)"
    )
    return lines
