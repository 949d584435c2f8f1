"""The `resp` command, run in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from resp_core.cli.app import app
from tests.loops import own_loop

Resp = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    """LlamaIndex makes the thread's loop where there is none, and nobody closes that one."""
    with own_loop():
        yield


@pytest.fixture
def resp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resp:
    """Runs `resp` with arguments: its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(arguments))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return run
