"""The rates of one model at one time in one tier: genai-prices under our overlay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from resp_core.cost.fetched import fetched
from resp_core.cost.names import undated
from resp_core.cost.overlay import AZURE, EXTRA, IMAGES, REVIEWED, TIERS

if TYPE_CHECKING:
    from resp_core.cost.custom import Price
    from resp_core.cost.fetched import Tables

__all__ = [
    "Rate",
    "Rates",
    "forget",
    "own_rates",
    "rates_of",
    "snapshot_date",
    "source_name",
]

#: Which tables are searched for a provider's models, in this order.
_SEARCHED = {
    "azure": ("azure overlay", "openai", "azure", "anthropic"),
    "google": ("google", "anthropic"),
}
#: What may follow the name that a table matches by its beginning: dates, versions, states.
_SUFFIX = re.compile(
    r"(?:[-@:.](?:v?\d[\d.\-:v]*|latest|preview|exp|experimental|beta|default|customtools|free))*"
)
_VERIFIED = re.compile(r"(?:verified|checked) on (20\d\d-\d\d-\d\d)")
_FREE = re.compile(r":free$|moderation")
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Rate:
    """A price per so many units; beyond `over` input tokens `beyond` holds for the whole call."""

    price: Decimal
    over: int | None = None
    beyond: Decimal | None = None

    def at(self, input_tokens: int) -> Decimal:
        """The price for a call with that many input tokens."""
        if self.over is not None and self.beyond is not None and input_tokens > self.over:
            return self.beyond
        return self.price


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of a model by the names of genai-prices (`input_mtok`, ...).

    `short_to`: beyond so many input tokens this tier has no price. `missing` are rates that the
    standard tier has and this one lacks. `wanted`: the tier has no price at all.
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
    found = _find(provider, model)
    if found is None:
        return None
    where, info = found
    if isinstance(info, Rates):
        return _without_tier(info, tier)
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    minute = at.hour * 60 + at.minute if _depends_on_time(where, info.id) else None
    return _resolved(where, info.id, tier, at.date(), minute)


def own_rates(name: str, price: Price, tier: str) -> Rates:
    """The user's price as rates."""
    factor = _ONE if tier in ("default", "standard") else getattr(price, tier, None)
    rates = {
        key: Rate(amount * (factor or _ONE) * scale if scaled else amount * scale)
        for name_, key, scale, scaled in _OWN
        if (amount := getattr(price, name_)) is not None
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


def forget() -> None:
    """Drop what was looked up, after the tables have changed."""
    for cached in (
        _fetched,
        _providers,
        _find,
        _resolved,
        _info,
        _depends_on_time,
        snapshot_date,
        source_name,
    ):
        cached.cache_clear()


@cache
def _fetched() -> Tables | None:
    return fetched()


@cache
def source_name() -> str:
    """The name and version of the tables that base prices come from."""
    from importlib.metadata import version

    fetched = _fetched()
    if fetched is not None:
        return fetched[1]

    return f"genai-prices {version('genai-prices')}"


@cache
def snapshot_date() -> str:
    """The latest day on which the tables say that a price was checked."""
    found = [
        day
        for provider in _providers().values()
        for model in provider.models
        for day in _VERIFIED.findall(model.price_comments or "")
    ]
    return max(found, default=REVIEWED)


@cache
def _providers() -> dict[str, Any]:
    from genai_prices.data_snapshot import get_snapshot

    fetched = _fetched()
    providers = get_snapshot().providers if fetched is None else fetched[0]
    return {provider.id: provider for provider in providers}


@lru_cache(maxsize=4096)
def _find(provider: str, model: str) -> tuple[str, Any] | None:
    tables = _providers()
    for where in _SEARCHED.get(provider, (provider,)):
        if where == "azure overlay":
            row = _azure().get(model.lower())
            if row is not None:
                return where, row
        elif where in tables:
            info = tables[where].find_model(model)
            if info is not None and _means(info.match, model.lower()):
                return where, info
    if (provider, undated(model)) in IMAGES:
        return provider, Rates(provider, model, {}, f"overlay {REVIEWED}", REVIEWED)
    return None


@lru_cache(maxsize=4096)
def _info(provider: str, model: str) -> Any:
    return next(info for info in _providers()[provider].models if info.id == model)


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
        return start.startswith("ft:") or bool(_SUFFIX.fullmatch(_rest(model, start)))
    return True


def _rest(model: str, start: str) -> str:
    rest = model.removeprefix(start)
    # "gpt-5-nano-" and "claude-sonnet-4-2025" end within the part that varies.
    return f"-{rest}" if rest and not start[-1].isalpha() and rest[0].isalnum() else rest


def _dated(match: Any, model: str) -> bool:
    """The tables also know dates without dashes: `gpt-5.2-20251211`."""
    dashed = re.sub(r"-(20\d\d)(\d\d)(\d\d)(?=$|-|:)", r"-\1-\2-\3", model)
    return dashed != model and match.is_match(dashed)


@cache
def _azure() -> dict[str, Rates]:
    found: dict[str, Rates] = {}
    for line in AZURE.split("\n")[1:-1]:
        name, *prices = line.split()
        keys = ("input_mtok", "cache_read_mtok", "output_mtok")
        rates = {
            key: Rate(Decimal(price))
            for key, price in zip(keys, prices, strict=True)
            if price != "-"
        }
        found[name] = Rates("azure", name, rates, f"overlay {REVIEWED}", REVIEWED)
    return found


@lru_cache(maxsize=4096)
def _depends_on_time(provider: str, model: str) -> bool:
    prices = _info(provider, model).prices
    return isinstance(prices, list) and any(
        hasattr(entry.constraint, "start_time") for entry in _listed(prices)
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]


@lru_cache(maxsize=4096)
def _resolved(provider: str, model: str, tier: str, day: date, minute: int | None) -> Rates:
    info = _info(provider, model)
    at = datetime(day.year, day.month, day.day, *divmod(minute or 0, 60), tzinfo=UTC)
    standard = _rates(info.get_prices(at))
    extra = EXTRA.get((provider, model), {})
    standard |= {key: Rate(Decimal(price)) for key, price in extra.items()}
    base = Rates(
        provider,
        model,
        standard,
        source_name(),
        snapshot_date(),
        free=not standard and bool(_FREE.search(model)),
    )
    if tier == "default":
        return base
    row = TIERS.get((provider, model, tier))
    if row is not None:
        return _overlaid(base, *row)
    return _varied(base, info, tier, at)


def _rates(price: Any) -> dict[str, Rate]:
    return {key: _rate(value) for key, value in price.__dict__.items() if value is not None}


def _rate(value: Any) -> Rate:
    if isinstance(value, Decimal):
        return Rate(value)
    # Tables have at most one step; were there more, the first would hold beyond its start.
    step = value.tiers[0] if value.tiers else None
    return Rate(value.base, step.start, step.price) if step else Rate(value.base)


def _overlaid(base: Rates, start: int, row: Mapping[str, str]) -> Rates:
    rates: dict[str, Rate] = {}
    for key, text in row.items():
        prices = [Decimal(part) for part in text.split()]
        rates[key] = Rate(prices[0], start, prices[1]) if len(prices) == 2 else Rate(prices[0])
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
        over = standard[key].over if key in standard else None
        if over is not None and rate.over is None:
            return over
    return None


def _without_tier(base: Rates, tier: str) -> Rates:
    if tier == "default" or (base.provider == "groq" and tier == "flex"):
        return base  # Groq's flex costs the same and may be refused
    return replace(base, no_tier=tier)
