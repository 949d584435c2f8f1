"""Prices of the user's own: a contract's, a fine-tuned model's, a server's in the cellar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from resp_core.cost.usage import decimal_of
from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Price",
    "Prices",
    "clear_prices",
    "own_price",
    "prices_of",
    "register_price",
    "registered",
]


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs in US dollars. None: no price, so using it makes a cost unknown.

    Per million tokens: `input`, `output`, `cached`, `cache_write`, `cache_write_1h` and those of
    audio and images. The others are per one: image, second of audio, character, page, request,
    hosted web search, hosted file search, container session. `cached` and `cache_write` fall back
    to `input`. `batch`, `flex` and `priority` are factors on token prices in those tiers. `date`
    says since when the price holds, for people. Numbers and decimal strings will do. Raises
    ArgumentError.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    cached: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    input_audio: Decimal | None = None
    output_audio: Decimal | None = None
    cached_audio: Decimal | None = None
    input_image: Decimal | None = None
    output_image: Decimal | None = None
    cached_image: Decimal | None = None
    image: Decimal | None = None
    audio_second: Decimal | None = None
    character: Decimal | None = None
    page: Decimal | None = None
    request: Decimal | None = None
    web_search: Decimal | None = None
    file_search: Decimal | None = None
    container: Decimal | None = None
    batch: Decimal | None = None
    flex: Decimal | None = None
    priority: Decimal | None = None
    date: str | None = None

    def __post_init__(self) -> None:
        for name in _NAMES:
            amount = getattr(self, name)
            if amount is not None:
                object.__setattr__(self, name, _dollars(amount, f"A price, {name}"))


Prices: TypeAlias = Mapping[str, "Price | Mapping[str, Any]"]
_NAMES = tuple(name.name for name in fields(Price) if name.name != "date")
_registered: dict[str, Price] = {}


def register_price(model: str, price: Price | None = None, /, **amounts: Any) -> Price:
    """Give `model` ("provider/name", or a name at any provider) a price for this process.

    `amounts` are `Price`'s fields, as numbers or decimal strings. The user's price wins over
    every table. Raises ArgumentError.
    """
    if not model.strip("/ "):
        raise ArgumentError("The price needs a model's name.", param="model")
    found = _price(model, amounts) if price is None else price
    _registered[model.lower()] = found
    return found


def clear_prices() -> None:
    """Forget all registered prices."""
    _registered.clear()


def registered() -> Mapping[str, Price]:
    """The prices registered so far, by model."""
    return MappingProxyType(_registered)


def prices_of(table: Prices) -> dict[str, Price]:
    """A table from configuration, checked. Raises ArgumentError that names the entry."""
    return {
        name.lower(): entry if isinstance(entry, Price) else _price(name, entry)
        for name, entry in table.items()
    }


def own_price(
    providers: Iterable[str], model: str, table: Mapping[str, Price] | None
) -> tuple[str, Price] | None:
    """The user's price for `model`: with its provider first, then by name alone."""
    if not table and not _registered:
        return None
    model = model.lower()
    for prices in (table or {}, _registered):
        for name in (*(f"{provider}/{model}" for provider in providers), model):
            if name in prices:
                return name, prices[name]
    return None


def _price(model: str, amounts: Mapping[str, Any]) -> Price:
    values: dict[str, Any] = {}
    for name, value in amounts.items():
        if name == "date":
            values[name] = str(value)
            continue
        if name not in _NAMES:
            raise ArgumentError(
                f"The price of {model!r} has no part {name!r}; it may have {', '.join(_NAMES)}.",
                param="prices",
            )
        values[name] = _dollars(value, f"The price of {model!r}, {name}")
    if not values:
        raise ArgumentError(f"The price of {model!r} is empty.", param="prices")
    return Price(**values)


def _dollars(value: Any, what: str) -> Decimal:
    found = decimal_of(value)
    if found is None or found < 0:
        raise ArgumentError(f"{what}: {value!r} is no amount of dollars.", param="prices")
    return found
