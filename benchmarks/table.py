"""Figures to a Markdown document and to JSON."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.plan import TARGETS, WORKLOADS, Column, Target, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.processes import System
    from benchmarks.rounds import Results

__all__ = ["Verdict", "absolute", "as_json", "as_markdown", "verdicts"]

_FLOORS = {"core": "floor-httpx", "langchain": "lc-core-floor", "llamaindex": "li-core-floor"}
_TITLES = {"core": "Core", "langchain": "LangChain", "llamaindex": "LlamaIndex"}
_BY_KEY = {workload.key: workload for workload in WORKLOADS}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target of one system: what was measured, and whether it is met."""

    system: str
    workload: Workload
    column: Column
    target: Target
    value: float | None

    @property
    def met(self) -> bool:
        return self.value is not None and self.value <= self.target.limit

    @property
    def word(self) -> str:
        if self.value is None:
            return "not measured"
        return "pass" if self.met else "miss"


def _values(results: Results, workload: str, system: str, column: str) -> list[float]:
    rounds = results.figures.get(workload, {}).get(system, [])
    return [float(figures[column]) for figures in rounds if column in figures]


def absolute(results: Results, workload: str, system: str, column: str) -> float | None:
    """Median over the rounds, unscaled; None when not measured."""
    values = _values(results, workload, system, column)
    return median(values) if values else None


def _ratio(results: Results, workload: str, system: str, column: str, against: str) -> float | None:
    """Median of the ratios of the same round; `against` is a system, "#workload" or both."""
    other, _, other_workload = against.partition("#")
    values = _values(results, workload, system, column)
    floors = _values(results, other_workload or workload, other or system, column)
    if not values or not floors:
        return None
    if len(values) == len(floors) and min(floors) > 0:
        return median(v / f for v, f in zip(values, floors, strict=True))
    return median(values) / median(floors) if median(floors) > 0 else None


def verdicts(results: Results, systems: Iterable[System]) -> list[Verdict]:
    """Every target of every system of ours whose workload ran."""
    found: list[Verdict] = []
    for system in systems:
        for target in TARGETS.get(system.driver.targets or "", ()):
            workload = _BY_KEY[target.workload]
            if target.workload not in results.figures:
                continue
            column = next(c for c in workload.columns if c.key == target.column)
            measured = (target.workload, system.name, target.column)
            if target.against is None:
                value = absolute(results, *measured)
            else:
                value = _ratio(results, *measured, target.against)
            found.append(Verdict(system.name, workload, column, target, value))
    return found


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _header(cells: list[str]) -> list[str]:
    return [_row(cells), _row(["---", *["---:"] * (len(cells) - 1)])]


def _verdict_row(verdict: Verdict) -> str:
    target = verdict.target
    scale = verdict.column.scale if target.against is None else 1
    value = None if verdict.value is None else verdict.value * scale
    unit = verdict.column.label if target.against is None else f"x {target.against}"
    unit = unit.replace("x #", "x same system, ").replace("floor-httpx#long", "floor-httpx, long")
    cells = [
        verdict.system,
        verdict.workload.title,
        f"{verdict.column.label}, {unit}" if target.against else unit,
        _number(value),
        f"<= {_number(target.limit * scale)}",
        verdict.word,
    ]
    return _row(cells)


def _targets_part(found: list[Verdict]) -> list[str]:
    if not found:
        return []
    met = sum(verdict.met for verdict in found)
    lines = ["## Targets", "", f"{met} of {len(found)} met.", ""]
    lines += _header(["system", "workload", "figure", "measured", "target", "verdict"])
    return [*lines, *map(_verdict_row, found), ""]


def _workload_part(workload: Workload, group: str, results: Results, names: list[str]) -> list[str]:
    measured = results.figures.get(workload.key, {})
    rows: list[tuple[float, list[str]]] = []
    floors = dict.fromkeys(("floor-httpx", _FLOORS[group]))
    for name in names:
        if name not in measured:
            continue
        first = workload.columns[0]
        cells = [name]
        for column in workload.columns:
            value = absolute(results, workload.key, name, column.key)
            cells.append(_number(None if value is None else value * column.scale))
        ratios = [_ratio(results, workload.key, name, first.key, floor) for floor in floors]
        incomplete = any(figures.get("complete") is False for figures in measured[name])
        cells += [*map(_number, ratios), *(["text incomplete"] if incomplete else [""])]
        rows.append((absolute(results, workload.key, name, first.key) or 0, cells))
    blank = [""] * (len(workload.columns) + len(floors))
    errors = [
        _row([name, *blank, results.errors[workload.key, name][:120].replace("|", "/")])
        for name in names
        if (workload.key, name) in results.errors
    ]
    if not rows and not errors:
        return []
    labels = [column.label for column in workload.columns]
    lines = [f"### {workload.title}", ""]
    lines += _header(["system", *labels, *(f"x {floor}" for floor in floors), ""])
    lines += [_row(cells) for _, cells in sorted(rows, key=lambda row: row[0])]
    return [*lines, *errors, ""]


def _group_part(group: str, results: Results, systems: list[System]) -> list[str]:
    names = [
        system.name
        for system in systems
        if system.driver.group == group or system.name == "floor-httpx"
    ]
    lines = [f"## {_TITLES[group]}", ""]
    for workload in WORKLOADS:
        if group in workload.groups:
            lines += _workload_part(workload, group, results, names)
    return lines


def as_markdown(
    results: Results, systems: list[System], server: dict[str, float], about: list[str]
) -> str:
    """The whole document."""
    lines = ["# Benchmarks", "", *about, ""]
    absent = [system.name for system in systems if system.python is None]
    if absent:
        lines += [f"Not installed: {', '.join(absent)}.", ""]
    lines += _targets_part(verdicts(results, systems))
    lines += ["## The server alone", ""]
    lines += _header(["figure", "value"])
    lines += [_row([label, _number(value)]) for label, value in server.items()]
    lines.append("")
    for group in dict.fromkeys(system.driver.group for system in systems):
        lines += _group_part(group, results, systems)
    return "\n".join(lines).rstrip() + "\n"


def as_json(results: Results, systems: list[System], server: dict[str, float]) -> dict[str, Any]:
    """Every round's figures, the verdicts and what is missing."""
    return {
        "server": server,
        "not_installed": [system.name for system in systems if system.python is None],
        "errors": [[*key, error] for key, error in results.errors.items()],
        "figures": results.figures,
        "targets": [
            {
                "system": verdict.system,
                "workload": verdict.workload.key,
                "figure": verdict.column.key,
                "against": verdict.target.against,
                "value": verdict.value,
                "limit": verdict.target.limit,
                "verdict": verdict.word,
            }
            for verdict in verdicts(results, systems)
        ],
    }
