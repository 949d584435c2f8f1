"""What importing costs: no socket, no thread, nothing heavy, nothing of the other framework."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

HEAVY = {
    "aiohttp", "anthropic", "azure", "genai_prices", "httpx", "httpx2", "langchain",
    "langchain_core", "litellm", "llama_index", "numpy", "openai", "opentelemetry", "pydantic",
    "redis", "requests", "rich", "sqlalchemy", "tiktoken", "typer", "yaml",
}  # fmt: skip

#: Imports `package` under an audit hook; prints what it opened, started and loaded.
PROBE = """
import importlib, json, sys, threading
seen = []
sys.addaudithook(lambda event, args: seen.append(event))
importlib.import_module(sys.argv[1])
watched = ("socket.connect", "socket.getaddrinfo", "socket.__new__", "subprocess.Popen")
print(json.dumps({
    "opened": sorted({event for event in seen if event in watched}),
    "threads": threading.active_count(),
    "loaded": sorted({name.partition(".")[0] for name in sys.modules}),
}))
"""


def probe(package: str) -> dict[str, Any]:
    command = [sys.executable, "-c", PROBE, package]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return dict(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "banned"),
    [
        ("resp_core", HEAVY),
        ("langchain_resp", {"openai", "llama_index", "litellm", "azure", "typer"}),
        ("llamaindex_resp", {"openai", "langchain", "langchain_core", "litellm", "azure", "typer"}),
    ],
)
def test_importing_is_quiet_and_light(package: str, banned: set[str]) -> None:
    found = probe(package)
    # urllib3, which both frameworks bring, makes a socket to ask whether there is IPv6.
    assert set(found["opened"]) <= ({"socket.__new__"} if package != "resp_core" else set())
    assert found["threads"] == 1
    assert set(found["loaded"]) & banned == set()
