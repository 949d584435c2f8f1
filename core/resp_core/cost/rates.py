"""The rates of one model at one time in one tier: genai-prices under our overlay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from resp_core.cost.bill import EXACT
from resp_core.cost.listed import LONG, listed
from resp_core.cost.names import undated
from resp_core.cost.overlay import EXTRA, IMAGES, REVIEWED
from resp_core.cost.tables import from_tables, snapshot_date, source_name, table_of

if TYPE_CHECKING:
    from resp_core.cost.custom import Price
    from resp_core.cost.listed import Row

__all__ = [
    "Rate",
    "Rates",
    "find_entry",
    "own_rates",
    "rates_at",
    "rates_of",
]

#: Whose tables are searched for a provider's models, in this order.
_SEARCHED = {"azure": ("openai", "azure", "anthropic"), "google": ("google", "anthropic")}
#: What may follow the name that a table matches by its beginning: dates, versions, states.
_SUFFIX = re.compile(
    r"(?:[-@:.](?:v?\d[\d.\-:v]*|latest|preview|exp|experimental|beta|default|customtools|free))*"
)
_FREE = re.compile(r":free$|moderation|^gemma-")
_ONE = Decimal(1)
_REVIEWED = datetime.fromisoformat(REVIEWED).replace(hour=12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rate:
    """A price per so many units.

    `steps` are pairs: beyond so many input tokens, another price holds for the whole call.
    """

    price: Decimal
    steps: tuple[tuple[int, Decimal], ...] = ()

    def at(self, input_tokens: int) -> Decimal:
        """The price for a call with that many input tokens."""
        found = self.price
        for start, price in self.steps:
            if input_tokens > start:
                found = price
        return found


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of a model by the names of genai-prices (`input_mtok`, ...).

    `short_to`: beyond so many input tokens this tier has no price. `missing` are rates that the
    standard tier has and this one lacks. `no_tier` names a tier that has no price at all.
    """

    provider: str
    model: str
    rates: Mapping[str, Rate] = field(default_factory=dict[str, Rate])
    source: str = ""
    source_date: str | None = None
    short_to: int | None = None
    missing: frozenset[str] = frozenset()
    no_tier: str | None = None
    estimated: bool = False
    free: bool = False
    own: bool = False

    def find(self, *keys: str) -> Rate | None:
        """The first of `keys` that has a rate; None where the tier lacks one it should have."""
        for key in keys:
            if key in self.missing:
                return None
            if key in self.rates:
                return self.rates[key]
        return None


def rates_of(provider: str, model: str, tier: str, at: datetime) -> Rates | None:
    """The rates of `model` at `provider` in `tier` ("default", "batch", "flex", ...)."""
    found = find_entry(provider, model)
    return None if found is None else rates_at(*found, tier, at.astimezone(UTC))


@lru_cache(maxsize=512)
def own_rates(name: str, price: Price, tier: str) -> Rates:
    """The user's price as rates."""
    factor = _ONE if tier == "default" else _factors(price).get(tier)
    tokens = _ONE if factor is None else factor
    rates = {
        key: Rate(EXACT.multiply(amount, tokens if scaled else scale))
        for part, key, scale, scaled in _OWN
        if (amount := getattr(price, part)) is not None
    }
    provider, _, model = name.rpartition("/")
    return Rates(
        provider,
        model,
        rates,
        source="own price",
        source_date=price.date,
        no_tier=None if factor is not None else tier,
        own=True,
    )


def _factors(price: Price) -> dict[str, Decimal | None]:
    return {"batch": price.batch, "flex": price.flex, "priority": price.priority}


_OWN: tuple[tuple[str, str, Decimal, bool], ...] = (
    *((name, f"{key}_mtok", _ONE, True) for name, key in (
        ("input", "input"), ("output", "output"), ("cached", "cache_read"),
        ("cache_write", "cache_write"), ("cache_write_1h", "cache_write_1h"),
        ("input_audio", "input_audio"), ("output_audio", "output_audio"),
        ("cached_audio", "cache_audio_read"), ("input_image", "input_image"),
        ("output_image", "output_image"), ("cached_image", "cache_image_read"),
    )),
    ("image", "image", _ONE, False),
    ("audio_second", "audio_hours", Decimal(3600), False),
    ("character", "input_mchars", Decimal(10**6), False),
    ("page", "input_document_kpages", Decimal(1000), False),
    ("request", "requests_kcount", Decimal(1000), False),
    ("web_search", "web_searches_kcount", Decimal(1000), False),
    ("file_search", "storage_searches_kcount", Decimal(1000), False),
    ("container", "container", _ONE, False),
)  # fmt: skip


@from_tables
@lru_cache(maxsize=4096)
def find_entry(provider: str, model: str) -> tuple[str, str] | None:
    """The table and the entry for a model; tables are searched in their order."""
    name = _plain(model)
    if (provider, name) in listed() and "default" in listed()[provider, name]:
        return provider, name
    for where in _SEARCHED.get(provider, (provider,)):
        if "default" in listed().get((where, name), ()):
            return where, name
        table = table_of(where)
        info = None if table is None else table.find_model(model)
        if info is not None and _means(info.match, model.lower()):
            return where, info.id
    if (provider, undated(model)) in IMAGES:
        return provider, undated(model)
    # A dated snapshot that the tables do not list costs what its alias costs.
    return find_entry(provider, undated(model)) if undated(model) != model.lower() else None


def _plain(model: str) -> str:
    """A model's name in the list: lower case; of fine-tuned ones the base model alone."""
    name = model.lower()
    if not name.startswith("ft:"):
        return name
    return f"ft:{undated(name.removeprefix('ft:').partition(':')[0])}"


@from_tables
@lru_cache(maxsize=4096)
def _info(provider: str, model: str) -> Any:
    """The entry of genai-prices; None for what only we list."""
    table = table_of(provider)
    return next((info for info in table.models if info.id == model), None) if table else None


def _means(match: Any, model: str) -> bool:
    """Whether a table's entry is this model, and not a cousin whose name begins like it."""
    kind = type(match).__name__
    if kind == "ClauseOr":
        return any(_means(clause, model) for clause in match.or_)
    if kind == "ClauseAnd":
        return all(_means(clause, model) for clause in match.and_)
    if not match.is_match(model) and not _dated(match, model):
        return False
    if kind == "ClauseStartsWith":
        start = match.starts_with.lower()
        return start.startswith(("ft:", "gemma-")) or bool(_SUFFIX.fullmatch(_rest(model, start)))
    return True


def _rest(model: str, start: str) -> str:
    rest = model.removeprefix(start)
    # "gpt-5-nano-" and "claude-sonnet-4-2025" end within the part that varies.
    return f"-{rest}" if rest and not start[-1].isalpha() and rest[0].isalnum() else rest


def _dated(match: Any, model: str) -> bool:
    """The tables also know dates without dashes: `gpt-5.2-20251211`."""
    dashed = re.sub(r"-(20\d\d)(\d\d)(\d\d)(?=$|-|:)", r"-\1-\2-\3", model)
    return dashed != model and match.is_match(dashed)


def rates_at(provider: str, model: str, tier: str, at: datetime) -> Rates:
    """The rates of an entry at a time."""
    info, rows = _info(provider, model), listed().get((provider, model), {})
    standard = {} if info is None else _rates(info.get_prices(at))
    extra = EXTRA.get((provider, model), {})
    standard |= {key: Rate(Decimal(price)) for key, price in extra.items()}
    base = Rates(
        provider,
        model,
        standard,
        *((source_name(), snapshot_date()) if info else (f"overlay {REVIEWED}", REVIEWED)),
        free=info is not None and not standard and bool(_FREE.search(model)),
    )
    if "default" in rows:
        base = _overlaid(base, rows["default"])
    if tier == "default":
        return base
    if info is None:
        return _overlaid(base, rows[tier]) if tier in rows else _without_tier(base, tier)
    # A tier was listed beside a standard price, and holds as long as that one does.
    if tier in rows and info.get_prices(at) == info.get_prices(_REVIEWED):
        return _overlaid(base, rows[tier])
    return _varied(base, info, tier, at)


def _rates(price: Any) -> dict[str, Rate]:
    return {key: _rate(value) for key, value in price.__dict__.items() if value is not None}


def _rate(value: Any) -> Rate:
    if isinstance(value, Decimal):
        return Rate(value)
    return Rate(value.base, tuple((step.start, step.price) for step in value.tiers))


def _overlaid(base: Rates, row: Row) -> Rates:
    """The standard rates with those of a listed tier in the place of their prices of tokens."""
    start = LONG.get(base.provider, 0)
    rates: dict[str, Rate] = {}
    for key, text in row.items():
        price, *beyond = (Decimal(part) for part in text.split())
        rates[key] = Rate(price, tuple((start, more) for more in beyond))
    tokens = {key for key in base.rates if key.endswith("_mtok")}
    fees = {key: rate for key, rate in base.rates.items() if key not in tokens}
    return replace(
        base,
        rates=fees | rates,
        source=f"overlay {REVIEWED}",
        source_date=REVIEWED,
        missing=frozenset(tokens - rates.keys()),
        short_to=_short(base.rates, rates),
    )


def _varied(base: Rates, info: Any, tier: str, at: datetime) -> Rates:
    """The tier's own prices over the standard ones, which hold where it names none."""
    wanted = _WHEN.get(tier, {"service_tier": tier})
    variants = [v for v in info.price_variants or () if v.when == wanted]
    if base.provider == "anthropic" and tier in ("fast", "priority"):
        variants = [v for v in info.price_variants or () if v.when == {"speed": tier}]
    active = [v for v in variants if v.constraint is None or v.constraint.active(at)]
    estimated = False
    if variants and not active:
        active, estimated = _earlier(info, variants, at), True
    if not active:
        return _without_tier(base, tier)
    changed: dict[str, Rate] = {}
    for variant in active:
        for key, rate in _rates(variant.prices).items():
            changed.setdefault(key, rate)
    return replace(
        base,
        rates={**base.rates, **changed},
        short_to=_short(base.rates, changed),
        estimated=estimated,
    )


_WHEN = {"batch": {"processing": "batch"}}


def _earlier(info: Any, variants: list[Any], at: datetime) -> list[Any]:
    """Tiers before the day on which the tables first saw them: the same, if the rest was."""
    first = min(variants, key=lambda variant: variant.constraint.start_date)
    start = first.constraint.start_date
    seen = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return [first] if info.get_prices(at) == info.get_prices(seen) else []


def _short(standard: Mapping[str, Rate], changed: Mapping[str, Rate]) -> int | None:
    """Where the standard tier has long-context prices and the changed one names none."""
    for key, rate in changed.items():
        steps = standard[key].steps if key in standard else ()
        if steps and not rate.steps:
            return steps[0][0]
    return None


def _without_tier(base: Rates, tier: str) -> Rates:
    if tier == "default" or (base.provider == "groq" and tier == "flex"):
        return base  # Groq's flex costs the same and may be refused
    return replace(base, no_tier=tier)
