"""Interpreters: our own, and an environment of `scripts/envs.py` for each family of peers.

Peers pin each other's dependencies (openai 2 against 3), so each family has one of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripts.envs import ENVS, GROUPS, STAMP

__all__ = ["ENVIRONMENTS", "ROOT", "interpreter", "versions"]

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = GROUPS["bench"]


def interpreter(environment: str) -> Path | None:
    """The Python of that environment; None where it has not been built."""
    if environment == "main":
        return Path(sys.executable)
    folder = ROOT / ENVS[environment].folder
    return folder / "bin" / "python" if (folder / STAMP).exists() else None


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
