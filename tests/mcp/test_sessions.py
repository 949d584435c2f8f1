"""Opened sessions of the `mcp` package, over stdio: each version in its own environment."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, peer_python

pytestmark = [pytest.mark.peer, pytest.mark.slow]
ASKED = ["mcp_list_tools", "mcp_approval_request"]
RAN = ["mcp_call", "message"]


@pytest.fixture(scope="module", params=["mcp1", "mcp2"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    log = tmp_path_factory.mktemp(request.param) / "log.jsonl"
    script = Path(__file__).parent / "opened.py"
    done = subprocess.run(
        [peer_python(request.param), "-W", "error::RuntimeWarning", str(script), str(log)],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert "never awaited" not in done.stderr
    cases, outside, elsewhere = map(json.loads, done.stdout.splitlines())
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    return {
        **cases,
        "version": request.param,
        "outside": outside,
        "elsewhere": elsewhere,
        "calls": calls,
    }


@pytest.mark.parametrize(
    ("case", "path"), [("async", "a.txt"), ("from a thread", "b.txt"), ("another loop", "a.txt")]
)
def test_asked_and_approved(found: Any, case: str, path: str) -> None:
    assert found[case] == [ASKED, RAN, f"deleted {path}"]


@pytest.mark.parametrize(
    ("case", "path"), [("a client", "a.txt"), ("a client from a thread", "b.txt")]
)
def test_a_client_of_the_second_version(found: Any, case: str, path: str) -> None:
    assert found.get(case, [ASKED, RAN, f"deleted {path}"]) == [ASKED, RAN, f"deleted {path}"]
    assert (case in found) is (found["version"] == "mcp2")


@pytest.mark.parametrize("case", ["from its own loop", "two from its own loop"])
def test_its_own_loop_is_not_blocked(found: Any, case: str) -> None:
    param, said = found[case]
    assert param == "session"
    assert "async client" in said


def test_a_slow_tool(found: Any) -> None:
    assert "'files'" in found["late"]
    assert "0.5 s" in found["late"]


def test_what_ran(found: Any) -> None:
    paths = [call[1]["path"] for call in found["calls"] if call[0] == "delete"]
    more = ["a.txt", "b.txt"] if found["version"] == "mcp2" else []
    assert paths == ["a.txt", "b.txt", "a.txt", *more]


def test_after_the_end(found: Any) -> None:
    assert found["closed"][0] == "McpConnectionError"
    assert found["outside"][0] == "session"
    assert "event loop" in found["elsewhere"]
    assert "OpenSession(ClientSession)" in found["repr"]
