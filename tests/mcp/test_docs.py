"""docs/mcp.md, run from top to bottom as a reader would."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from tests.test_readme import BLOCK, ROOT

SAID = [
    ["http://127.0.0.1:"],
    ["MCP server: folder", "Tool: delete_file", "draft.txt was deleted", "delete_file {"],
    ["delete_file of folder: deny, by rule 2", "only old files may go"],
    ["MCP server: folder", "Tool: delete_file", "Denied by the user: keep it"],
    ["Approve delete_file of folder", "old.txt was deleted"],
]


@pytest.mark.filterwarnings("ignore:Skipping serialization of known unserializable")
def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "document"}
    blocks = BLOCK.findall((ROOT / "docs" / "mcp.md").read_text())
    assert len(blocks) == len(SAID)
    for block, expected in zip(blocks, SAID, strict=True):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(block, "docs/mcp.md", "exec"), names)
        for said in expected:
            assert said in out.getvalue(), out.getvalue()
