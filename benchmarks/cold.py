"""One cold start: what an import, or the way to the first completed call, costs a new process.

Run as `python -m benchmarks.cold import|first MODULE NAME ORIGIN`; prints one JSON object. Only
what the measured library needs is imported before the clock is read.
"""

from __future__ import annotations

import sys
import time

__all__ = ["FORBIDDEN", "main"]

FORBIDDEN = ("openai", "tiktoken", "azure", "langchain", "llama_index", "genai_prices")


def _cpu_of_import(statement: str) -> float:
    start = time.process_time()
    exec(statement, {})  # the statement is a constant of a file in `systems`
    return time.process_time() - start


def _rss_mib() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Measure, then print."""
    from benchmarks.endpoint import Endpoint
    from benchmarks.systems import find

    kind, module, name, origin = sys.argv[1:]
    driver = find(module, name)
    if kind == "import":
        cpu = _cpu_of_import(driver.imports)
    else:
        driver(Endpoint(origin)).call()
        cpu = time.process_time()
    rss = _rss_mib()
    modules = len(sys.modules)
    loaded = {loaded.split(".")[0].replace("langchain_core", "langchain") for loaded in sys.modules}
    forbidden = sorted(loaded & set(FORBIDDEN))

    import json

    print(
        json.dumps(
            {"cpu": cpu, "rss": rss, "modules": modules, "forbidden": forbidden, "peak": rss}
        )
    )


if __name__ == "__main__":
    main()
