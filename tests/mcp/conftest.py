"""Servers to talk to: our own in a thread, and real ones of the `mcp` package, 1.x and 2.x."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import peer_python
from tests.mcp.host import Host, hosting
from tests.mcp.talk import WORLDS, Talk
from tests.servers import free_port, wait_for

HERE = Path(__file__).parent


@pytest.fixture
def host() -> Iterator[Host]:
    with hosting() as running:
        yield running


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def talk_to(offline_server: Any) -> Callable[..., Talk]:
    """Makes a conversation; the Responses server that is emulated upon is on loopback."""

    def make(world: str, way: str = "sync", form: str = "plain", **options: Any) -> Talk:
        return Talk(world, way, form, base_url=offline_server.url, **options)

    return make


class Peer:
    """A real server in a process of its own; `calls` and `requests` are its own log."""

    def __init__(self, kind: str, folder: Path, mode: str = "plain") -> None:
        self.kind = kind
        self.mode = mode
        self.log = folder / "log.jsonl"
        self.http_log = folder / "log.jsonl.http"
        self.port = free_port()
        self.start()

    def start(self) -> None:
        """Run it, again at the same address after a stop."""
        script, port, log = str(HERE / "peer.py"), str(self.port), str(self.log)
        self.process = subprocess.Popen(
            [peer_python(self.kind), script, port, log, self.mode],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.port, self.process)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """The tool calls that ran."""
        return _lines(self.log)

    @property
    def requests(self) -> list[tuple[str, dict[str, str]]]:
        """The method of each request, and those of its headers that MCP defines."""
        return _lines(self.http_log)

    def tool(self, label: str = "files", **fields: Any) -> dict[str, Any]:
        return {"type": "mcp", "server_label": label, "server_url": self.url, **fields}

    def forget(self) -> None:
        """Begin new logs."""
        self.log.unlink(missing_ok=True)
        self.http_log.unlink(missing_ok=True)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def _lines(file: Path) -> list[tuple[str, dict[str, Any]]]:
    lines = file.read_text().splitlines() if file.exists() else []
    return [(name, fields) for name, fields in map(json.loads, lines)]


@pytest.fixture(scope="module", params=["mcp1", "mcp2"])
def running_peer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Peer]:
    running = Peer(request.param, tmp_path_factory.mktemp(request.param))
    yield running
    running.stop()


@pytest.fixture
def peer(running_peer: Peer) -> Peer:
    """A real server with an empty log."""
    running_peer.forget()
    return running_peer
