"""The measured process: one library, one connection pool, commands on standard input.

Run as `python -m benchmarks.client MODULE NAME ORIGIN`. Each line is a JSON command and is
answered by one JSON line. CPU is user + system time of this process, all its threads.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
import time
from statistics import median
from typing import Any

from benchmarks.endpoint import Endpoint
from benchmarks.payloads import DELTA_CHARS
from benchmarks.systems import find

__all__ = ["main"]

JsonObject = dict[str, Any]


class Client:
    """Runs commands on drivers of one system; one driver for each shape of answer."""

    def __init__(self, module: str, name: str, origin: str) -> None:
        self._driver = find(module, name)
        self._origin = origin
        self._drivers: dict[tuple[int, int, int], Any] = {}
        self._runner = asyncio.Runner()

    def run(self, command: JsonObject) -> JsonObject:
        """Do one command; an exception is answered as `{"error": ...}`."""
        kind = command["kind"]
        operation = getattr(self, f"_{kind}")
        return operation(command)

    def close(self) -> None:
        """Close the async clients and the loop."""
        for driver in self._drivers.values():
            if hasattr(driver, "aclose"):
                self._runner.run(driver.aclose())
        self._runner.close()

    def _on(self, command: JsonObject) -> Any:
        shape = (command.get("events", 2000), command.get("delay", 0), command.get("pace", 0))
        if shape not in self._drivers:
            self._drivers[shape] = self._driver(Endpoint(self._origin, *shape))
        return self._drivers[shape]

    def _loop(self, command: JsonObject) -> JsonObject:
        """Repeat one synchronous call for `budget` seconds of CPU."""
        method = getattr(self._on(command), command["method"])
        for _ in range(command.get("warm", 20)):
            method()
        count, budget, most = 0, command["budget"], command.get("most", 100_000)
        wall, cpu = time.perf_counter(), time.process_time()
        while count < most:
            method()
            count += 1
            if count % 8 == 0 and time.process_time() - cpu >= budget:
                break
        spent = time.process_time() - cpu
        return {"cpu": spent / count, "wall": (time.perf_counter() - wall) / count}

    def _streams(self, command: JsonObject) -> JsonObject:
        """Repeat one stream for `budget` seconds of CPU; figures are per text delta."""
        driver = self._on(command)
        chars = command["events"] * DELTA_CHARS
        asynchronous = command["method"] == "astream"
        read = self._read_async if asynchronous else self._read
        read(driver, command["method"])
        if command.get("warm", 1) > 1:
            read(driver, command["method"])
        count, good, firsts = 0, True, list[float]()
        wall, cpu = time.perf_counter(), time.process_time()
        while count == 0 or time.process_time() - cpu < command["budget"]:
            got, first = read(driver, command["method"])
            good = good and got == chars
            firsts.append(first)
            count += 1
        spent = time.process_time() - cpu
        events = count * command["events"]
        return {
            "cpu": spent / events,
            "wall": (time.perf_counter() - wall) / events,
            "ttft": median(firsts),
            "complete": good,
        }

    def _read(self, driver: Any, method: str) -> tuple[int, float]:
        start, first, chars = time.perf_counter(), 0.0, 0
        for text in getattr(driver, method)():
            if not first and text:
                first = time.perf_counter() - start
            chars += len(text)
        return chars, first

    def _read_async(self, driver: Any, method: str) -> tuple[int, float]:
        async def read() -> tuple[int, float]:
            start, first, chars = time.perf_counter(), 0.0, 0
            async for text in getattr(driver, method)():
                if not first and text:
                    first = time.perf_counter() - start
                chars += len(text)
            return chars, first

        return self._runner.run(read())

    def _concurrent(self, command: JsonObject) -> JsonObject:
        """`concurrency` tasks of `each` calls; one round of it opens the connections."""
        driver = self._on(command)
        latencies: list[float] = []

        async def task(calls: int) -> None:
            for _ in range(calls):
                start = time.perf_counter()
                await driver.acall()
                latencies.append(time.perf_counter() - start)

        async def batch(calls: int) -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(command["concurrency"]):
                    group.create_task(task(calls))

        self._runner.run(batch(1))
        latencies.clear()
        wall, cpu = time.perf_counter(), time.process_time()
        self._runner.run(batch(command["each"]))
        spent, took = time.process_time() - cpu, time.perf_counter() - wall
        count = len(latencies)
        return {
            "cpu": spent / count,
            "wall": took / count,
            "p99": sorted(latencies)[int(count * 0.99) - 1],
        }

    def _growth(self, command: JsonObject) -> JsonObject:
        """MiB by which the peak of one long stream exceeds the memory before it."""
        small = self._on({**command, "events": 2000})
        for _ in range(3):
            self._read(small, command["method"])
        large = self._on(command)
        gc.collect()
        _reset_peak()
        before = _memory("VmRSS")
        got, _ = self._read(large, command["method"])
        grown = (_memory("VmHWM") - before) / 1024
        return {"rss": grown, "complete": got == command["events"] * DELTA_CHARS}

    def _soak(self, command: JsonObject) -> JsonObject:
        """Slope of the memory over many calls, KiB per 1,000 calls, by least squares."""
        method = self._on(command).call
        calls = command["calls"]
        for _ in range(command["warm"]):
            method()
        gc.collect()
        samples: list[tuple[int, int]] = []
        for number in range(calls):
            method()
            if number % 25 == 24:
                samples.append((number, _memory("VmRSS")))
        return {"slope": _slope(samples) * 1000, "threads": threading.active_count()}

    def _warm(self, command: JsonObject) -> JsonObject:
        """One call, so that what is opened once is open."""
        self._on(command).call()
        return {}


def _slope(samples: list[tuple[int, int]]) -> float:
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    above = sum((x - mean_x) * (y - mean_y) for x, y in samples)
    return above / sum((x - mean_x) ** 2 for x, _ in samples)


def _memory(field: str) -> int:
    """A field of /proc/self/status, KiB."""
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith(field + ":"))
    return int(line.split()[1])


def _reset_peak() -> None:
    with open("/proc/self/clear_refs", "w", encoding="ascii") as clear:
        clear.write("5")


def main() -> None:
    """Answer commands until standard input ends."""
    client = Client(*sys.argv[1:4])
    out = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints must not mix with the answers
    for line in sys.stdin:
        try:
            answer = client.run(json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(answer), file=out, flush=True)
    client.close()


if __name__ == "__main__":
    main()
