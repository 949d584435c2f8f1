"""What is measured: one file per library, each with a tuple `SYSTEMS` of driver classes.

A driver class is a plain class with these attributes:

    name         shown in the tables
    group        "core", "langchain" or "llamaindex": whose tables it appears in
    environment  which interpreter runs it: "main", or an environment of scripts/envs.py
    targets      which targets it must meet, or None: a floor or a peer
    imports      the statement whose cost is the cold import

It is built with an `Endpoint` and has those of the methods below that its library can do. A
method does one operation; streams yield pieces of text.

    call() acall() stream() astream() add_chunks() long() long_bind() account() aclose()

Nothing of the library is imported before a driver is built.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["MODULES", "find", "systems"]

MODULES = (
    "floor_httpx",
    "floor_httpx2",
    "floor_aiohttp",
    "ours_core",
    "openai_sdk",
    "litellm_sdk",
    "floor_langchain",
    "ours_langchain",
    "langchain_openai_models",
    "floor_llamaindex",
    "ours_llamaindex",
    "llamaindex_openai",
)


def systems() -> list[tuple[str, Any]]:
    """(module, driver class) of every system, floors first within each group."""
    return [
        (module, driver)
        for module in MODULES
        for driver in import_module(f"benchmarks.systems.{module}").SYSTEMS
    ]


def find(module: str, name: str) -> Any:
    """The driver class of that name in that module."""
    drivers = import_module(f"benchmarks.systems.{module}").SYSTEMS
    return next(driver for driver in drivers if driver.name == name)
