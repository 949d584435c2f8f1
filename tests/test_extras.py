"""Every dependency is there because code imports it, and every optional one has an extra."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.test_layers import ALL, imported

ROOT = Path(__file__).resolve().parent.parent
#: Import names that are not the distribution's with underscores.
MODULES = {
    "azure-identity": "azure.identity",
    "opentelemetry-api": "opentelemetry",
    "llama-index-core": "llama_index",
    "pyyaml": "yaml",
}
#: Listed for its version alone: it comes with azure-identity.
FLOORS_ONLY = {"azure-core"}
OURS = {"resp_core", "langchain_resp", "llamaindex_resp"}
#: What a declared distribution always brings: langchain the second, pydantic the last two.
PARTS = {"llama_index_instrumentation", "langgraph", "pydantic_core", "typing_extensions"}
#: Imported only when the caller handed in an object of theirs, so it is installed then.
BROUGHT_BY_CALLER = {"httpx", "mcp"}


def declared() -> set[str]:
    """Names of all run-time distributions, optional ones included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    listed = [
        *project["dependencies"],
        *(r for n, reqs in extras.items() if n != "dev" for r in reqs),
    ]
    names = {re.split(r"[\[<>=~! ]", requirement)[0] for requirement in listed}
    return names - {"respkit"} - FLOORS_ONLY


def module_of(distribution: str) -> str:
    return MODULES.get(distribution, distribution.replace("-", "_"))


@cache
def all_imported() -> set[str]:
    return {name for module in ALL for name in imported(module)}


@pytest.mark.parametrize("distribution", sorted(declared()))
def test_each_dependency_is_used(distribution: str) -> None:
    module = module_of(distribution)
    assert [name for name in all_imported() if name == module or name.startswith(f"{module}.")]


def test_each_import_is_declared() -> None:
    known = {module_of(distribution).partition(".")[0] for distribution in declared()}
    tops = {name.partition(".")[0] for name in all_imported()} - {""}
    assert tops <= known | OURS | PARTS | BROUGHT_BY_CALLER | set(sys.stdlib_module_names)
