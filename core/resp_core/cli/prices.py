"""`resp prices`: what a model costs here, how old the tables are, and the command to renew them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from rich.text import Text

from resp_core.cli.layout import table
from resp_core.cost.bill import text_of
from resp_core.cost.names import named
from resp_core.cost.overlay import REVIEWED
from resp_core.cost.rates import rates_of
from resp_core.cost.tables import snapshot_date, source_name
from resp_core.errors import ArgumentError
from resp_core.io import price_file

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["check", "show", "update"]

_TIERS = ("default", "flex", "priority", "batch", "ultrafast")
_OLD = 60


def show(model: str, console: Console) -> None:
    """The rates of "provider/name" today. Raises ArgumentError for one without a price."""
    provider, slash, name = model.partition("/")
    if not slash:
        raise ArgumentError(f"Write provider/name, not {model!r}.", param="model")
    found = named(provider, name)
    now = datetime.now(UTC)
    made = table(console, f"{model}: US dollars", "tier", "rate", "price", "in long calls")
    for tier in _TIERS:
        rates = rates_of(found.provider, found.model, tier, now)
        if rates is None:
            raise ArgumentError(f"The tables have no price for {model}.", param="model")
        if rates.no_tier is not None:
            continue
        for key, rate in rates.rates.items():
            steps = (f"{text_of(price)} beyond {start:,}" for start, price in rate.steps)
            made.add_row(tier, Text(key), text_of(rate.price), ", ".join(steps))
    console.print(made)
    console.print(f"{source_name()}, last checked {snapshot_date()}; corrections of {REVIEWED}")


def check(console: Console, today: date | None = None) -> bool:
    """Say how old the tables are; False if that is long. Raises ConfigError for a broken file."""
    today = today or datetime.now(UTC).date()
    age = (today - date.fromisoformat(snapshot_date())).days
    console.print(f"{source_name()}: last checked {snapshot_date()}, {age} days ago")
    reviewed = (today - date.fromisoformat(REVIEWED)).days
    console.print(f"corrections: reviewed {REVIEWED}, {reviewed} days ago")
    console.print(f"fetched tables: {_fetched(today)}", markup=False)
    if age > _OLD:
        console.print("The tables are old: pip install -U genai-prices, or resp prices update")
    return age <= _OLD


def _fetched(today: date) -> str:
    kept = price_file.read_prices()
    if kept is None:
        return "none"
    day = date.fromisoformat(str(kept["fetched"])[:10])
    said = f"{price_file.PRICE_FILE}, {(today - day).days} days ago, from {kept['url']}"
    used = kept.get("beside") == version("genai-prices")
    return said if used else f"{said}; not used, as genai-prices was upgraded since"


def update(console: Console, url: str = "") -> None:
    """Fetch the newest tables. Raises APIConnectionError, ArgumentError or ConfigError."""
    models = price_file.fetch_prices(url or price_file.URL, price_file.PRICE_FILE)
    console.print(f"{models:,} models in {price_file.PRICE_FILE}", markup=False)
