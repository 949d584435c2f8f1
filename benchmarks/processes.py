"""The server's process and the clients' processes."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.peers import ROOT, interpreter

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["Client", "ClientError", "Server", "System", "cold"]

JsonObject = dict[str, Any]


class ClientError(Exception):
    """The measured library failed, or its process ended."""


@dataclass(frozen=True, slots=True)
class System:
    """A driver class and where it lives."""

    module: str
    driver: Any

    @property
    def name(self) -> str:
        return str(self.driver.name)

    @property
    def python(self) -> Path | None:
        return interpreter(self.driver.environment)


def _environment() -> dict[str, str]:
    """Our own packages on the path; no proxy between a client and the loopback; no tracing.

    Byte code is written, as it is for an installed package.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if "proxy" not in name.lower() and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join((str(ROOT / "core"), str(ROOT))),
        "PYTHONWARNINGS": "ignore",
        "LANGSMITH_TRACING": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }


class Server:
    """The loopback server, in a process of its own."""

    def __enter__(self) -> Server:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=_environment(),
            start_new_session=True,  # an interrupt is ours to handle
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self._control = http.client.HTTPConnection("127.0.0.1", self.port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._control.close()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stats(self) -> JsonObject:
        """Connections accepted, requests answered, events sent, CPU seconds."""
        self._control.request("GET", "/stats")
        return json.loads(self._control.getresponse().read())


class Client:
    """A long-lived measured process of one system."""

    def __init__(self, system: System, origin: str) -> None:
        self._process = subprocess.Popen(
            [str(system.python), "-m", "benchmarks.client", system.module, system.name, origin],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=_environment(),
            start_new_session=True,
        )

    def run(self, command: JsonObject) -> JsonObject:
        """Send a command, wait for its answer; raises ClientError."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ClientError(f"the process ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise ClientError(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


def cold(system: System, kind: str, origin: str) -> JsonObject:
    """One cold start ("import" or "first"); raises ClientError with the last line it printed."""
    command = [str(system.python), "-m", "benchmarks.cold", kind]
    done = subprocess.run(
        [*command, system.module, system.name, origin],
        capture_output=True,
        text=True,
        env=_environment(),
        check=False,
    )
    if done.returncode:
        raise ClientError((done.stderr.strip().splitlines() or ["no output"])[-1][:500])
    answer: JsonObject = json.loads(done.stdout.splitlines()[-1])
    return {**answer, "forbidden": len(answer["forbidden"]), "loaded": answer["forbidden"]}
