"""`resp doctor`: installed packages, credentials by name, and where a model's calls go."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from rich.table import Table

from resp_core import providers
from resp_core.credentials import environ, pick
from resp_core.route.deployment import Connection
from resp_core.route.resolve import describe, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

__all__ = ["run_doctor"]

_PACKAGES = (
    "respkit",
    "httpx2",
    "httpcore2",
    "pydantic",
    "orjson",
    "genai-prices",
    "langchain-core",
    "langchain",
    "llama-index-core",
    "azure-identity",
    "tiktoken",
    "httpx-aiohttp",
)


def run_doctor(model: str | None, from_file: Iterable[str], console: Console) -> None:
    """Print the report. Raises ArgumentError for a model that cannot be resolved."""
    console.print(f"Python {platform.python_version()}, {platform.system()}")
    console.print(_installed())
    console.print(_credentials(frozenset(from_file)))
    if model is not None:
        console.print(_route(model))


def _installed() -> Table:
    table = Table("package", "version", title="Installed", title_justify="left")
    for name in _PACKAGES:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "not installed"
        table.add_row(name, found)
    return table


def _credentials(from_file: frozenset[str]) -> Table:
    env = environ()
    table = Table(
        "provider", "key", "address", title="Credentials and addresses", title_justify="left"
    )
    for name in providers.names():
        provider = providers.get(name)
        key, base = pick(env, provider.key_env), pick(env, provider.base_env)
        if key is not None:
            said = _source(key[0], from_file)
        elif not provider.key_required:
            said = "not needed"
        else:
            said = f"set {provider.key_env[0]}" if provider.key_env else "pass api_key="
        address = _source(base[0], from_file) if base is not None else provider.base_url or "-"
        table.add_row(name, said, address)
    return table


def _source(name: str, from_file: frozenset[str]) -> str:
    return f"{name} (.env)" if name in from_file else f"{name} (environment)"


def _route(model: str) -> Table:
    table = Table("what", "value", title=f"Calls for {model}", title_justify="left")
    for name, value in describe(resolve(model, Connection(), environ())).items():
        table.add_row(name, "-" if value is None else str(value))
    return table
