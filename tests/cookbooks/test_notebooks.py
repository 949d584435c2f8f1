"""Every notebook runs from top to bottom, offline, and is kept without outputs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT, peer_python

NOTEBOOKS = sorted((ROOT / "cookbooks").glob("*.ipynb"))
#: Notebooks that start a server written with the `mcp` package.
WITH_MCP = frozenset({"mcp_approvals.ipynb"})


def environment(notebook: Path, folder: Path) -> dict[str, str]:
    """The kernel's: this checkout, a home of its own, and no way to the internet."""
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "core"), str(ROOT)]),
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    if notebook.name in WITH_MCP:
        env["MCP_PYTHON"] = peer_python("mcp2")
    return env


def read(notebook: Path) -> Any:
    return nbformat.read(notebook, as_version=4)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    book = read(notebook)
    client = NotebookClient(
        book,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute(env=environment(notebook, tmp_path))
    outputs = [out for cell in book.cells for out in cell.get("outputs", ())]
    assert outputs
    said = "".join(out["text"] for out in outputs if out.get("name") == "stderr")
    assert "Warning" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_kept_without_outputs(notebook: Path) -> None:
    for cell in read(notebook).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_says_how_to_switch_to_a_key(notebook: Path) -> None:
    text = "\n".join(cell.source for cell in read(notebook).cells)
    assert 'MODEL = "offline/demo"' in text
    assert "OPENAI_API_KEY" in text
