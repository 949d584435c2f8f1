"""`python -m benchmarks`: floors, ours and peers in one run, as a Markdown table.

The exit status is 1 when a target is missed, with `--strict`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

from benchmarks.peers import ENVIRONMENTS, ROOT, interpreter, versions
from benchmarks.plan import WORKLOADS
from benchmarks.processes import Server, System
from benchmarks.rounds import Pace, measure
from benchmarks.selfcheck import check_server
from benchmarks.systems import systems
from benchmarks.table import absolute, as_json, as_markdown, verdicts

__all__ = ["main"]

QUICK = Pace(rounds=3, heavy=1, budget=0.12)
FULL = Pace()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--only", choices=["core", "langchain", "llamaindex"])
    parser.add_argument("--no-peers", action="store_true", help="floors and ours alone")
    parser.add_argument("--system", action="append", help="only systems of this name, and floors")
    parser.add_argument("--work", help="only these workloads, separated by commas")
    parser.add_argument("--rounds", type=int, help="rounds of every workload")
    parser.add_argument("--json", action="store_true", help="print JSON in place of Markdown")
    parser.add_argument("--out", type=Path, help="write the document there as well")
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    return parser.parse_args()


def _chosen(arguments: argparse.Namespace) -> list[System]:
    found = [System(module, driver) for module, driver in systems()]
    if arguments.only:
        kept = (arguments.only, "floor-httpx")
        found = [s for s in found if s.driver.group in kept or s.name in kept]
    if arguments.no_peers:
        found = [s for s in found if s.driver.environment in ("main", "floor")]
    if arguments.system:
        found = [s for s in found if "floor" in s.name or s.name in arguments.system]
    return found


def _about(pace: Pace, took: float, floor: float | None) -> list[str]:
    return [
        "Written by `python -m benchmarks`. A loopback server in a process of its own serves "
        "prebuilt bytes; each library runs in a client process under its own interpreter. All "
        "systems take turns in every round. CPU is user + system time of the client process; "
        "a ratio is the median of the ratios of the same round. Compare ratios: absolute figures "
        "are those of this machine at that time.",
        "",
        f"Python {platform.python_version()}, {os.cpu_count()} cores; "
        f"{pace.rounds} rounds ({pace.heavy} of heavy work), {took / 60:.0f} minutes."
        + (f" A sequential call of floor-httpx costs {floor * 1e3:.2f} ms here." if floor else ""),
        "",
        *(f"- {name}: {versions(name)}" for name in ("main", *ENVIRONMENTS)),
    ]


def main() -> int:
    """Run the benchmarks; the exit status."""
    arguments = _arguments()
    if interpreter("floor") is None:
        raise SystemExit("The floor has no environment: python3 scripts/envs.py bench")
    pace = QUICK if arguments.quick else FULL
    if arguments.rounds:
        pace = Pace(arguments.rounds, arguments.rounds, pace.budget)
    keys = set(arguments.work.split(",")) if arguments.work else {w.key for w in WORKLOADS}
    chosen = _chosen(arguments)
    start = time.perf_counter()
    with Server() as server:
        alone = check_server(server)
        results = measure([w for w in WORKLOADS if w.key in keys], chosen, server, pace)
    floor = absolute(results, "call", "floor-httpx", "cpu")
    about = _about(pace, time.perf_counter() - start, floor)
    if left := [w.title for w in WORKLOADS if w.key in keys and w.key not in results.complete]:
        about += ["", f"Not measured or cut short in this run: {'; '.join(left)}."]
    document = as_markdown(results, chosen, alone, about)
    if arguments.out:
        (ROOT / arguments.out).write_text(document)
    if arguments.json:
        print(json.dumps(as_json(results, chosen, alone), indent=1))
    else:
        print(document)
    missed = [verdict for verdict in verdicts(results, chosen) if not verdict.met]
    return 1 if arguments.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
