"""What a cost consists of, and the arithmetic: exact, without rounding, whatever the context."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from resp_core.cost.rates import Rate, Rates
    from resp_core.types.json import JsonObject

__all__ = ["EXACT", "Bill", "Cost", "Part", "Unpriced", "per_of", "text_of", "total_of"]

#: Enough for any count times any price; a user's own decimal context plays no part.
EXACT = Context(prec=60)
_ZERO = Decimal(0)
#: How many units a rate is for, by the end of its name.
_PER = {
    "_mtok": 10**6,
    "_mchars": 10**6,
    "_kcount": 1000,
    "_kpages": 1000,
    "_hours": 3600,
    "_gpixels": 10**9,
}


class Part(NamedTuple):
    """`quantity` of one class at `unit_price` US dollars each."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal

    def to_json(self) -> JsonObject:
        """The part as JSON, amounts as decimal strings."""
        return {
            "class": self.name,
            "quantity": text_of(self.quantity),
            "unit_price": text_of(self.unit_price),
            "amount": text_of(self.amount),
        }


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Something that was used and has no price, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call cost in US dollars.

    `total` is exact, or None when anything in `unknown` keeps it from being known; the `parts`
    that could be priced are there either way, and `known` is their sum. `priced_as` names the
    entry of the price table, `tier` the one that was served, `source` and `source_date` the table
    and the day it was last checked. `estimated`: it rests on an estimate (a stream that was walked
    away from, a free quota that an answer does not show).
    """

    total: Decimal | None
    parts: tuple[Part, ...] = ()
    priced_as: str | None = None
    tier: str = "default"
    source: str | None = None
    source_date: str | None = None
    estimated: bool = False
    unknown: tuple[Unpriced, ...] = ()

    @property
    def known(self) -> Decimal:
        """The sum of the parts: the total, or a lower bound of it."""
        return self.total if self.total is not None else total_of(self.parts)

    def to_json(self) -> JsonObject:
        """The cost as JSON, amounts as decimal strings."""
        return {
            "total": None if self.total is None else text_of(self.total),
            "currency": "USD",
            "parts": [part.to_json() for part in self.parts],
            "priced_as": self.priced_as,
            "tier": self.tier,
            "source": self.source,
            "source_date": self.source_date,
            "estimated": self.estimated,
            "unknown": [{"what": gap.what, "why": gap.why} for gap in self.unknown],
        }

    def __str__(self) -> str:
        if self.total is None:
            return "unknown (" + "; ".join(str(gap) for gap in self.unknown) + ")"
        return f"{'about ' if self.estimated else ''}{text_of(self.total)} USD"


@dataclass(slots=True)
class Bill:
    """Adds parts up; what has no price is listed and makes the total unknown."""

    parts: list[Part] = field(default_factory=lambda: [])
    unknown: list[Unpriced] = field(default_factory=lambda: [])
    estimated: bool = False

    def miss(self, what: str, why: str) -> None:
        """Note that `what` has no price."""
        gap = Unpriced(what, why)
        if gap not in self.unknown:
            self.unknown.append(gap)

    def add(self, name: str, quantity: int, unit: Decimal) -> None:
        """`quantity` at `unit` US dollars each."""
        count = Decimal(quantity)
        self.parts.append(Part(name, count, unit, EXACT.multiply(count, unit)))

    def charge(self, name: str, quantity: Decimal | int, price: Decimal, per: int = 1) -> None:
        """`quantity` at `price` per `per` of them."""
        count, each = Decimal(quantity), Decimal(per)
        # Multiplied first: an hour has no number of seconds that divides a price exactly.
        amount = EXACT.divide(EXACT.multiply(count, price), each)
        self.parts.append(Part(name, count, EXACT.divide(price, each), amount))

    def rated(self, name: str, quantity: Decimal | int, key: str, rate: Rate) -> None:
        """`quantity` at a rate of the tables."""
        self.charge(name, quantity, rate.price, per_of(key))

    def cost(self, rates: Rates | None, tier: str) -> Cost:
        """The finished cost."""
        return Cost(
            total=None if self.unknown else total_of(self.parts),
            parts=tuple(self.parts),
            priced_as=None if rates is None else f"{rates.provider}/{rates.model}".lstrip("/"),
            tier=tier,
            source=None if rates is None else rates.source,
            source_date=None if rates is None else rates.source_date,
            estimated=self.estimated,
            unknown=tuple(self.unknown),
        )


@cache
def per_of(key: str) -> int:
    """How many units a rate of this name is for."""
    end = key[key.rfind("_") :] if "_" in key else key
    return _PER.get(end, 1)


def total_of(parts: list[Part] | tuple[Part, ...]) -> Decimal:
    """The sum of the parts' amounts."""
    total = _ZERO
    for part in parts:
        total = EXACT.add(total, part.amount)
    return total


def text_of(number: Decimal) -> str:
    """A decimal number without exponent and without zeros that say nothing."""
    text = str(number)
    if "E" in text:
        text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
