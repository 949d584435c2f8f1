"""Interleaved rounds: in every round each system does the same work, one after the other."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.processes import Client, ClientError, Server, System, cold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.plan import Workload

__all__ = ["Pace", "Results", "measure"]

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to measure: rounds, rounds of heavy work, CPU seconds of one turn."""

    rounds: int = 7
    heavy: int = 3
    budget: float = 0.25


@dataclass(slots=True)
class Results:
    """Figures by workload, system and round; a failed system has an error instead.

    `complete` holds the workloads that ran to their end.
    """

    figures: dict[str, dict[str, list[Figures]]] = field(
        default_factory=dict[str, dict[str, list[Figures]]]
    )
    errors: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    complete: set[str] = field(default_factory=set[str])

    def add(self, workload: str, system: str, figures: Figures) -> None:
        """Keep one round's figures."""
        self.figures.setdefault(workload, {}).setdefault(system, []).append(figures)

    def fail(self, workload: str, system: str, error: str) -> None:
        """Remember that the system cannot do this work."""
        self.errors[workload, system] = error


def measure(
    workloads: Iterable[Workload], systems: list[System], server: Server, pace: Pace
) -> Results:
    """Run everything; a system that fails at some work is left out of that work only.

    An interrupt ends the measuring: what has been measured by then is returned.
    """
    results = Results()
    clients = _Clients(server)
    try:
        for workload in workloads:
            able = [system for system in systems if _does(system, workload)]
            if not any(system.driver.group in workload.groups for system in able):
                results.complete.add(workload.key)
                continue
            print(f"{workload.key}: {len(able)} systems", file=sys.stderr, flush=True)
            _all_rounds(workload, able, clients, pace, results)
            results.complete.add(workload.key)
    except KeyboardInterrupt:
        print("interrupted: the tables hold what was measured", file=sys.stderr)
    finally:
        clients.close()
    return results


def _does(system: System, workload: Workload) -> bool:
    return system.python is not None and hasattr(system.driver, workload.method)


def _all_rounds(
    workload: Workload, systems: list[System], clients: _Clients, pace: Pace, results: Results
) -> None:
    command = {
        "kind": workload.kind,
        "method": workload.method,
        "budget": pace.budget,
        "events": 2000,
        **workload.command,
    }
    # A first cold start fills the page cache and writes byte code: it is not counted.
    discarded = 1 if workload.kind in ("import", "first") else 0
    rounds = pace.heavy if workload.heavy else pace.rounds
    for number in range(rounds + discarded):
        for system in systems:
            if (workload.key, system.name) in results.errors:
                continue
            try:
                figures = clients.run(system, command)
            except ClientError as error:
                results.fail(workload.key, system.name, str(error))
                print(f"  {system.name}: {error}", file=sys.stderr, flush=True)
                continue
            if number >= discarded:
                results.add(workload.key, system.name, figures)


class _Clients:
    """Client processes, each started at its first command."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open: dict[str, Client] = {}

    def run(self, system: System, command: Figures) -> Figures:
        """Do one command in the process that it needs."""
        kind = command["kind"]
        if kind in ("import", "first"):
            return cold(system, kind, self._server.origin)
        if kind in ("growth", "soak"):
            return self._fresh(system, command)
        client = self._open.get(system.name)
        if client is None:
            client = self._open[system.name] = Client(system, self._server.origin)
        return client.run(command)

    def _fresh(self, system: System, command: Figures) -> Figures:
        client = Client(system, self._server.origin)
        try:
            if command["kind"] == "soak":
                client.run({**command, "kind": "warm"})
            before = self._server.stats()["connections"]
            figures = client.run(command)
            return {**figures, "connections": self._server.stats()["connections"] - before}
        finally:
            client.close()

    def close(self) -> None:
        """End every process."""
        for client in self._open.values():
            client.close()
