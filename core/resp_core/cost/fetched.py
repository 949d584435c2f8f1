"""The hook through which price tables that the user fetched come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Tables", "fetched", "provide"]

#: The providers of the tables, and the name of their source.
Tables: TypeAlias = "tuple[list[Any], str]"

_load: Callable[[], Tables | None] = lambda: None  # noqa: E731


def provide(load: Callable[[], Tables | None]) -> None:
    """`load` is asked once, when a price is first needed; None from it: use those that came
    with the package."""
    global _load
    _load = load


def fetched() -> Tables | None:
    """What the user fetched, if anything."""
    return _load()
