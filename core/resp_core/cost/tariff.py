"""Whose rates hold for a call: by its models, tier, place and time. Looked up once, then kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from resp_core.cost.bill import EXACT, per_of
from resp_core.cost.custom import own_price, registered
from resp_core.cost.names import family, readings
from resp_core.cost.overlay import SELF_HOSTED
from resp_core.cost.places import Place, factor_of, listed_in_zone, placed
from resp_core.cost.rates import Rates, find_entry, own_rates, rates_at
from resp_core.cost.tables import from_tables, timed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.cost.asked import Asked
    from resp_core.cost.custom import Price
    from resp_core.cost.rates import Rate

__all__ = ["Names", "Tariff", "only_parts", "other_tariff", "tariff_of"]

#: Whose tables are searched for a base model that was named without its provider.
_MAKERS = ("openai", "anthropic", "google", "mistral", "deepseek", "x-ai")

_ONE = Decimal(1)
#: Class of tokens -> the rates it may be priced by; the first that exists.
_RATES: dict[str, tuple[str, ...]] = {
    "input": ("input_text_mtok", "input_mtok"),
    "cached": ("cache_text_read_mtok", "cache_read_mtok", "input_mtok"),
    "cache_write": ("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok",),
    "cache_write_12h": ("cache_write_12h_mtok",),
    "input_audio": ("input_audio_mtok",),
    "input_image": ("input_image_mtok", "input_mtok"),
    "input_video": ("input_video_mtok", "input_mtok"),
    "cached_audio": ("cache_audio_read_mtok", "input_audio_mtok"),
    "cached_image": ("cache_image_read_mtok", "cache_read_mtok", "input_image_mtok", "input_mtok"),
    "cached_video": ("cache_video_read_mtok", "cache_read_mtok", "input_video_mtok", "input_mtok"),
    "output": ("output_text_mtok", "output_mtok"),
    "output_audio": ("output_audio_mtok",),
    "output_image": ("output_image_mtok",),
    "output_video": ("output_video_mtok",),
    "reasoning": ("output_reasoning_mtok",),
    "citation": ("output_citation_mtok",),
}
_NO_OUTPUT = ("output_text_mtok", "output_mtok")


class Names(NamedTuple):
    """A call's models: what answered, else what was asked for; `base` was said outright, and then
    it is the only one."""

    answered: str = ""
    asked: tuple[str, ...] = ()
    base: str = ""

    def in_order(self) -> tuple[str, ...]:
        """The names to look for, one after the other."""
        if self.base:
            return (self.base,)
        return (self.answered, *self.asked) if self.answered else self.asked


@dataclass(slots=True, eq=False)
class Tariff:
    """The rates of one model in one tier at one place, and what one unit of a class costs then.

    `provider` is who sends the bill, `model` the name that the rates were found by. `problem` says
    why tokens have no price there.
    """

    provider: str
    model: str
    rates: Rates
    tier: str
    place: Place
    at: datetime
    factor: Decimal = _ONE
    problem: str | None = None
    _steps: tuple[int, ...] = ()
    _units: dict[tuple[str, int], Decimal | None] = field(
        default_factory=dict[tuple[str, int], "Decimal | None"], repr=False
    )

    def __post_init__(self) -> None:
        found = factor_of(self.provider, self.model, self.place)
        if isinstance(found, str):
            self.problem = found
        else:
            self.factor = found
        starts = {start for rate in self.rates.rates.values() for start, _ in rate.steps}
        self._steps = tuple(sorted(starts))

    def gap(self) -> tuple[str, str] | None:
        """What has no price at all here, the tier or the place, and why."""
        if self.rates.no_tier is not None:
            missing = f"the tables have no {self.rates.no_tier!r} price for {self.rates.model}"
            return "tier", missing
        return None if self.problem is None else ("region", self.problem)

    def unit(self, name: str, input_tokens: int) -> Decimal | None:
        """The price of one token of a class in a call with so many input tokens."""
        step = 0
        for start in self._steps:
            if input_tokens > start:
                step = start
        key = name, step
        if key not in self._units:
            self._units[key] = self._unit(name, input_tokens)
        return self._units[key]

    def _unit(self, name: str, input_tokens: int) -> Decimal | None:
        listed = listed_in_zone(self.model, self.tier, name, self.place)
        if listed is not None:
            return EXACT.divide(listed, Decimal(10**6))
        key, rate = self._rate(name)
        if rate is None:
            return None
        price = EXACT.multiply(rate.at(input_tokens), self.factor)
        return EXACT.divide(price, Decimal(per_of(key)))

    def _rate(self, name: str) -> tuple[str, Rate | None]:
        """The first rate that fits; none where the tier lacks one that the standard has."""
        for key in self._keys(name):
            rate = self.rates.rates.get(key)
            if rate is not None:
                return key, rate
            if key in self.rates.missing:
                break
        return "", None

    def _keys(self, name: str) -> tuple[str, ...]:
        if name == "unsplit":  # all of it went in where nothing can come out
            return () if self.rates.find(*_NO_OUTPUT) else _RATES["input"]
        keys = _RATES.get(name, (f"output_{name}_mtok",))
        model = self.rates.model
        if self.rates.own and name.startswith(("input_", "cached_")):
            return (*keys, "input_mtok")
        if self.provider == "google" and name in ("input_audio", "cached_audio"):
            read = ("cache_read_mtok",) if name[0] == "c" else ()
            return (*keys, *read, "input_mtok")
        if name == "output_audio" and "tts" in model:
            return (*keys, "output_mtok")  # all that such a model puts out is audio
        if name == "output_image" and "image" in model:
            return (*keys, "output_mtok")
        return keys


def tariff_of(
    asked: Asked,
    names: Names,
    tier: str,
    region: str | None,
    at: datetime,
    own: Mapping[str, Price] | None = None,
) -> Tariff | None:
    """The tariff of the first name that has one: by the user's own prices, else by the tables."""
    where = (asked.provider, asked.deployment_type, asked.data_zone, region)
    if own or registered():
        for name in names.in_order():
            found = _own(asked.provider, name, bool(names.base), own)
            if found is not None:
                place = placed(*where, names.base or asked.model)
                tier = "batch" if place.batch else tier
                rates = own_rates(*found, tier)
                return Tariff(family(asked.provider), name, rates, tier, place, at)
    minute = at.hour * 60 + at.minute if names.base or family(asked.provider) in timed() else 0
    return _listed(where, names, tier, at.toordinal(), minute)


def _own(
    provider: str, name: str, explicit: bool, table: Mapping[str, Price] | None
) -> tuple[str, Price] | None:
    for named in readings(provider, name, answered=False, explicit=explicit):
        found = own_price((provider.lower(), named.provider), named.model, table)
        if found is not None:
            return found
    return own_price((), name, table)


class _Entry(NamedTuple):
    """An entry of a table, and the name that it was found by."""

    name: str
    table: str
    id: str


@from_tables
@lru_cache(maxsize=2048)
def _listed(
    where: tuple[str, str | None, str | None, str | None],
    names: Names,
    tier: str,
    day: int,
    minute: int,
) -> Tariff | None:
    entry = _entry(family(where[0]), names)
    if entry is None:
        return None
    place = placed(*where, names.base or next(iter(names.asked), None))
    tier = "batch" if place.batch else tier
    at = datetime.fromordinal(day).replace(hour=minute // 60, minute=minute % 60, tzinfo=UTC)
    rates = rates_at(entry.table, entry.id, tier, at)
    if rates.free and where[0].lower().startswith("vertex"):
        return None  # free at the Gemini API alone; there it runs on machines by the hour
    return Tariff(family(where[0]), entry.name, rates, tier, place, at)


def _entry(provider: str, names: Names) -> _Entry | None:
    """The entry of the first name that has one."""
    for name in names.in_order():
        answered = name == names.answered
        for named in readings(provider, name, answered=answered, explicit=bool(names.base)):
            if named.provider in SELF_HOSTED or named.provider == "offline":
                tables = _MAKERS if names.base else ()
            else:
                tables = (named.provider,)
            for table in tables:
                found = find_entry(table, named.model)
                if found is not None:
                    return _Entry(named.model, *found)
    return None


def other_tariff(tariff: Tariff, model: str, tier: str) -> Tariff | None:
    """The tariff of another model that had a part in the same call."""
    where = (tariff.provider, None, None, None)
    return _listed(where, Names(base=model), tier, tariff.at.toordinal(), 0)


def only_parts(asked: Asked, name: str, tier: str, at: datetime) -> Tariff:
    """The tariff of a system that bills nothing but the models and tools it used."""
    provider = family(asked.provider)
    return Tariff(provider, name, Rates(provider, name), tier, Place(), at)
