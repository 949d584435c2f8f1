"""How the commands write: a console, and tables that cut nothing off."""

from __future__ import annotations

import sys
from collections.abc import Collection

from rich.console import Console
from rich.table import Table

__all__ = ["console_of", "table"]

_WIDTH = 120


class _Plain(Console):
    """Text alone: no colours, no boxes."""


def console_of(plain: bool) -> Console:
    """Where a command writes: as wide as the terminal, and wide where there is none."""
    width = None if sys.stdout.isatty() else _WIDTH
    if plain:
        return _Plain(no_color=True, highlight=False, force_terminal=False, width=width)
    return Console(highlight=False, width=width)


def table(console: Console, title: str, *columns: str, right: Collection[str] = ()) -> Table:
    """An empty table whose long values go on in the next line; `right` names aligned columns."""
    made = Table(title=title, title_justify="left")
    if isinstance(console, _Plain):
        made.box = None
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made
