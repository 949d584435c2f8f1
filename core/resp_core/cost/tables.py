"""The price tables of genai-prices, or those that the user fetched in their place.

The package holds some 18,000 objects, which every full garbage collection would walk. So a
program keeps the tables of the providers that it asks for; the rest goes again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any, TypeVar

from resp_core.cost.fetched import fetched
from resp_core.cost.overlay import REVIEWED
from resp_core.wire.shape import items_of

if TYPE_CHECKING:
    from resp_core.cost.fetched import Tables

__all__ = ["forget", "from_tables", "snapshot_date", "source_name", "table_of", "timed"]

_VERIFIED = re.compile(r"(?:verified|checked) on (20\d\d-\d\d-\d\d)")
Cached = TypeVar("Cached")

_from_tables: list[Any] = []


def from_tables(cached: Cached) -> Cached:
    """Marks a cached function of the tables, to be forgotten when these change."""
    _from_tables.append(cached)
    return cached


def forget() -> None:
    """Drop what was looked up, after the tables have changed."""
    for cached in _from_tables:
        cached.cache_clear()


def table_of(provider: str) -> Any:
    """The table of one provider; None where there is none."""
    return _kept().table(provider)


@from_tables
@cache
def source_name() -> str:
    """The name and version of the tables that base prices come from."""
    from importlib.metadata import version

    tables = _fetched()
    if tables is not None:
        return tables[1]
    return f"genai-prices {version('genai-prices')}"


def snapshot_date() -> str:
    """The latest day on which the tables say that a price was checked."""
    return _kept().facts().checked


def timed() -> frozenset[str]:
    """The providers that have prices by the time of day."""
    return _kept().facts().timed


@from_tables
@cache
def _fetched() -> Tables | None:
    return fetched()


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of all tables: their providers, when they were checked last, and which
    have prices by the time of day."""

    providers: frozenset[str]
    checked: str
    timed: frozenset[str]


class _Kept:
    """The tables that were asked for, and the facts of all."""

    def __init__(self) -> None:
        self._tables: dict[str, Any] = {}
        self._facts: _Facts | None = None

    def table(self, provider: str) -> Any:
        if provider not in self._tables and (
            self._facts is None or provider in self._facts.providers
        ):
            found = _all()
            if self._facts is None:
                self._facts = _facts_of(found)
            self._tables[provider] = next((t for t in found if t.id == provider), None)
        return self._tables.get(provider)

    def facts(self) -> _Facts:
        if self._facts is None:
            self._facts = _facts_of(_all())
        return self._facts


@from_tables
@cache
def _kept() -> _Kept:
    return _Kept()


def _facts_of(tables: list[Any]) -> _Facts:
    days = [
        day
        for table in tables
        for model in table.models
        for day in _VERIFIED.findall(model.price_comments or "")
    ]
    by_time = (t.id for t in tables if any(_by_time(model.prices) for model in t.models))
    return _Facts(
        providers=frozenset(table.id for table in tables),
        checked=max(days, default=REVIEWED),
        timed=frozenset(by_time),
    )


def _all() -> list[Any]:
    """All tables. Those of the package are made anew each time, in some 10 ms."""
    tables = _fetched()
    if tables is not None:
        return tables[0]
    from genai_prices import data_snapshot

    if data_snapshot._custom_snapshot is not None:  # pyright: ignore[reportPrivateUsage]
        return data_snapshot._custom_snapshot.providers  # pyright: ignore[reportPrivateUsage]
    spec = find_spec("genai_prices.data")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.providers


def _by_time(prices: Any) -> bool:
    return any(hasattr(entry.constraint, "start_time") for entry in items_of(prices))
