"""`resp config`: whether a configuration is right, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from resp_core.cli.layout import table
from resp_core.config import rows
from resp_core.config.shown import REFERENCE
from resp_core.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from resp_core.cli.start import Start
    from resp_core.config import Configuration

__all__ = ["check", "settings_table", "show"]


def check(start: Start, console: Console) -> None:
    """Say that it is right: what is wrong was raised when it was read. Raises ConfigError."""
    found = _configuration(start)
    count = len(found.options)
    console.print(Text(f"{found.name}: good, {count} setting{'s' if count != 1 else ''}"))
    _warn(found, console)


def show(start: Start, console: Console) -> None:
    """Print every setting with its credentials masked. Raises ConfigError."""
    found = _configuration(start)
    console.print(settings_table(found, start, console))
    _warn(found, console)


def settings_table(found: Configuration, start: Start, console: Console) -> Table:
    """The settings as they were written, and which variable a reference was read from."""
    made = table(console, f"Settings of {found.name}", "setting", "value", "from")
    for place, text in rows(found.document):
        variable = text.removeprefix(REFERENCE)
        origin = start.source(variable) if text.startswith(REFERENCE) else found.name
        made.add_row(Text(place), Text(text), Text(origin))
    return made


def _configuration(start: Start) -> Configuration:
    if start.configuration is None:
        raise ConfigError("Name a file: resp config check FILE, or set RESP_CONFIG.", param="FILE")
    return start.configuration


def _warn(found: Configuration, console: Console) -> None:
    for place in found.literal:
        console.print(
            Text(f"{place} holds a credential as plain text: {REFERENCE}NAME keeps it out")
        )
