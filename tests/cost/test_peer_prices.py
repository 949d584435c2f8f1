"""Our prices against litellm's table: every difference is known and explained in docs/prices.md."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = "litellm/model_prices_and_context_window_backup.json"


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    for folder in (".venv-peers", ".venv-bench-litellm"):
        for file in (ROOT / folder).glob(f"lib/python3*/site-packages/{FILE}"):
            return dict(json.loads(file.read_text()))
    pytest.skip("no environment with litellm: python3 scripts/envs.py peers")


def compare(table: dict[str, Any]) -> Any:
    spec = importlib.util.spec_from_file_location("compare", ROOT / "scripts/compare_prices.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["compare"] = module
    spec.loader.exec_module(module)
    return module.compare(table)


@pytest.mark.peer
def test_every_difference_is_explained(table: dict[str, Any]) -> None:
    known, found = compare(table)
    assert known > 300
    page = (ROOT / "docs" / "prices.md").read_text()
    unexplained = [one for one in found if f"| {one.model} | {one.rate} |" not in page]
    assert unexplained == []
    assert page.count("_mtok |") == len(found), "the page explains what no longer differs"
