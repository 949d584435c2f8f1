"""The matrix of approvals has no hole: every cell is a test, in the core and in both frameworks."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.mcp.talk import FORMS, WAYS

OUTCOMES = ("approve", "deny", "mixed", "replayed", "forged", "tampered")
MODULES = {
    "core": "tests/mcp/test_matrix.py",
    "langchain": "tests/langchain/test_mcp_matrix.py",
    "llamaindex": "tests/llamaindex/test_mcp_matrix.py",
}
#: Who runs MCP, by the names that the modules have for it.
WORLDS = {
    "hosted": "hosted",
    "emulated-chat": "emulated",
    "emulated-responses": "emulated",
    "responses": "hosted",  # LangChain: the offline provider's own API
    "chat": "emulated",
}
#: LangChain's four ways to call.
CALLS = {
    "invoke": ("sync", "plain"),
    "ainvoke": ("async", "plain"),
    "stream": ("sync", "stream"),
    "astream": ("async", "stream"),
}
Cell = tuple[str, str, str, str, str]


def collected() -> list[Cell]:
    """(framework, who runs MCP, way, form, outcome) of each test that pytest finds."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:randomly"]
    done = subprocess.run(
        [*command, *MODULES.values()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    lines = [line for line in done.stdout.splitlines() if "::" in line]
    assert lines, done.stdout + done.stderr
    return [cell for line in lines if (cell := _cell(line))]


def _cell(line: str) -> Cell | None:
    path, _, test = line.partition("::")
    named = re.fullmatch(r"test_(\w+)\[(.+)\]", test)
    if named is None or named[1] not in OUTCOMES:
        return None
    world = max((w for w in WORLDS if w in named[2]), key=len)
    rest = named[2].replace(world, "").split("-")
    call = next(
        (CALLS[part] for part in rest if part in CALLS and path == MODULES["langchain"]), None
    )
    way, form = call or (_one_of(WAYS, rest), _one_of(FORMS, rest))
    framework = next(name for name, module in MODULES.items() if module == path)
    return framework, WORLDS[world], way, form, named[1]


def _one_of(names: tuple[str, ...], parts: list[str]) -> str:
    return next(name for name in names if name in parts)


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_every_cell_is_a_test() -> None:
    found = collected()
    wanted = set(itertools.product(MODULES, ("hosted", "emulated"), WAYS, FORMS, OUTCOMES))
    assert wanted - set(found) == set()
    assert len(wanted) == 144
    print(f"{len(wanted)} cells of the matrix, {len(found)} tests in them")
