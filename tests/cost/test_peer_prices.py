"""Our prices against litellm's table: every difference is known and explained in docs/prices.md."""

from __future__ import annotations

import importlib.util
import json
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = "litellm/model_prices_and_context_window_backup.json"


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    """litellm's prices, from the environment that `make test` builds for them."""
    for folder in (".venv-litellm", ".venv-peers"):
        for file in (ROOT / folder).glob(f"lib/python3*/site-packages/{FILE}"):
            return dict(json.loads(file.read_text()))
    pytest.skip("no environment with litellm's table: python3 scripts/envs.py litellm")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare", ROOT / "scripts/compare_prices.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["compare"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def explained() -> list[tuple[str, str]]:
    """The rows of the page: patterns of models and of rates."""
    page = (ROOT / "docs" / "prices.md").read_text()
    cells = [line.split("|") for line in page.splitlines() if line.startswith("| `")]
    return [(row[1].strip(" `"), row[2].strip(" `")) for row in cells if len(row) == 7]


@pytest.mark.peer
def test_every_difference_is_explained(table: dict[str, Any], script: ModuleType) -> None:
    known, found = script.compare(table)
    page = (ROOT / "docs" / "prices.md").read_text()
    assert f"{known} models" in page
    assert f"The\n{len(found)} that differ" in page
    rows = explained()
    used: set[tuple[str, str]] = set()
    for one in found:
        fits = [r for r in rows if fnmatchcase(one.model, r[0]) and fnmatchcase(one.rate, r[1])]
        assert fits, f"{one} is not explained"
        used.update(fits)
    assert set(rows) == used, "the page explains what no longer differs"
