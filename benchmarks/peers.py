"""Interpreters: our own, and an environment for each family of peers.

Peers pin each other's dependencies (openai 2 against 3), so each family has a virtual environment
of its own beside the package, built once by `python -m benchmarks --install-peers` and known by a
hash of its requirements. The floor's environment is built whenever it is missing.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["REQUIREMENTS", "ROOT", "install", "interpreter", "versions"]

ROOT = Path(__file__).resolve().parent.parent

# httpx imports its command line when rich is there: the floor is measured without it.
REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "floor": ("httpx==0.28.1", "httpx2>=2.16", "aiohttp>=3.14", "orjson>=3.11", "sniffio"),
    "openai3": ("openai>=3,<4", "langchain-openai>=1.7,<2"),
    "litellm": ("litellm>=1.106,<2", "mcp"),
    "llamaindex": ("llama-index-llms-openai>=0.8,<0.9",),
}


def _directory(environment: str) -> Path:
    return ROOT / f".venv-bench-{environment}"


def _stamp(environment: str) -> str:
    return hashlib.sha256("\n".join(REQUIREMENTS[environment]).encode()).hexdigest()[:16]


def interpreter(environment: str) -> Path | None:
    """The Python of that environment, or None when it is not installed (or is out of date)."""
    if environment == "main":
        return Path(sys.executable)
    directory = _directory(environment)
    stamp = directory / "requirements.hash"
    if not stamp.exists() or stamp.read_text().strip() != _stamp(environment):
        return None
    return directory / "bin" / "python"


def install(environments: Iterable[str] = REQUIREMENTS) -> None:
    """Build those environments that are missing, all at once; SystemExit if pip fails."""
    building: dict[str, subprocess.Popen[bytes]] = {}
    for environment in environments:
        requirements = REQUIREMENTS[environment]
        if interpreter(environment) is None:
            directory = _directory(environment)
            subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)
            pip = [str(directory / "bin" / "python"), "-m", "pip", "install", "-q"]
            building[environment] = subprocess.Popen([*pip, *requirements])
    failed = [environment for environment, pip in building.items() if pip.wait() != 0]
    for environment in building.keys() - set(failed):
        (_directory(environment) / "requirements.hash").write_text(_stamp(environment))
    if failed:
        raise SystemExit(f"pip failed for {', '.join(sorted(failed))}")


_SHOWN = (
    "httpx",
    "httpx2",
    "aiohttp",
    "orjson",
    "openai",
    "litellm",
    "langchain-core",
    "langchain-openai",
    "llama-index-core",
    "llama-index-llms-openai",
)
_VERSIONS = f"""
from importlib.metadata import PackageNotFoundError, version
for name in {_SHOWN!r}:
    try:
        print(name, version(name), end=", ")
    except PackageNotFoundError:
        pass
"""


def versions(environment: str) -> str:
    """The versions that matter in that environment; "not installed" without it."""
    python = interpreter(environment)
    if python is None:
        return "not installed"
    done = subprocess.run(
        [str(python), "-c", _VERSIONS], capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip(", ")
