"""`resp demo --mcp`: the prompt, and what the server did."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from resp_core.cli.app import app
from resp_core.cli.demo_server import FolderServer


def run(*args: str, typed: str = "") -> str:
    done = CliRunner().invoke(
        app, ["demo", "--mcp", "--plain", "--no-env-file", "--no-ledger", *args], input=typed
    )
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    ("args", "typed", "approved"),
    [
        (["--yes"], "", True),
        (["--no"], "", False),
        ([], "y\n", True),
        ([], "n\n", False),
        ([], "", False),
    ],
)
def test_a_person_decides(args: list[str], typed: str, approved: bool) -> None:
    shown = run(*args, typed=typed)
    assert "delete_file" in shown
    assert '{"name":"draft.txt"}' in shown
    assert "folder" in shown
    assert "Delete a file of the folder for good." in shown
    ran = shown.partition("What the server ran:")[2]
    assert "list_files {}" in ran
    if approved:
        assert 'delete_file {"name":"draft.txt"}' in ran
        assert "Files left: invoice.txt, notes.txt" in ran
    else:
        assert "delete_file" not in ran
        assert "Files left: draft.txt, invoice.txt, notes.txt" in ran


def test_the_flags_go_with_it() -> None:
    assert CliRunner().invoke(app, ["demo", "--yes"]).exit_code == 2


def test_the_server_stays_in_its_folder(tmp_path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out.txt").write_text("x")
    server = FolderServer(tmp_path / "in")
    for name in ("../out.txt", "/etc/passwd", "", ".", "nothing"):
        with pytest.raises(ValueError, match="there is no"):
            server.call("delete_file", {"name": name})
    with pytest.raises(ValueError, match="there is no"):
        server.call("drop", {})
    assert (tmp_path / "out.txt").exists()
    server._server.server_close()
