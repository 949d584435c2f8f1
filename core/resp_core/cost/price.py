"""From an answer to its cost: which table entry, which tier, which region; then the bill."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from resp_core.cost.bill import Bill, Cost
from resp_core.cost.charges import charge_all
from resp_core.cost.custom import own_price
from resp_core.cost.dialects import unwrapped, usage_of
from resp_core.cost.names import family, named
from resp_core.cost.overlay import SELF_HOSTED
from resp_core.cost.places import placed
from resp_core.cost.rates import Rates, own_rates, rates_of
from resp_core.wire.shape import as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from resp_core.cost.asked import Asked
    from resp_core.cost.custom import Price
    from resp_core.cost.usage import Usage
    from resp_core.types.json import JsonObject

__all__ = ["price", "tier_of"]

_DEFAULT = frozenset(
    ("", "auto", "default", "standard", "standard_only", "on_demand", "on-demand", "none")
)


def price(
    body: JsonObject, asked: Asked, at: datetime, prices: Mapping[str, Price] | None = None
) -> Cost:
    """The cost of an answer at the prices of `at`. Raises nothing for what it cannot price."""
    body = unwrapped(body)
    request = asked.request or {}
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    provider = family(asked.provider)
    usage = usage_of(body, provider=provider, api=asked.api, request=request)
    place = placed(provider, asked)
    tier = tier_of(body, usage, asked, "batch" if place.batch else None)
    bill = Bill()
    rates, tried = _rates(provider, body, asked, tier, at, prices)
    if usage.reported_cost is not None and _says(provider, rates):
        bill.charge("reported", 1, usage.reported_cost)
        source = Rates(provider, _model_name(body, asked), source=f"reported by {provider}")
        return bill.cost(source, tier)
    if rates is None:
        return _unpriced(bill, provider, usage, tier, tried, free=asked.base_model is None)
    charge_all(bill, usage, rates, asked, body, provider=provider, tier=tier, at=at, place=place)
    return bill.cost(rates, tier)


def _says(provider: str, rates: Rates | None) -> bool:
    """Whether what the answer says it cost is the bill: not where another sells the model."""
    return provider != "azure" and not (rates is not None and rates.own)


def _unpriced(
    bill: Bill, provider: str, usage: Usage, tier: str, tried: tuple[str, ...], *, free: bool
) -> Cost:
    if provider == "offline" and free:
        return bill.cost(Rates("offline", "", source="the offline provider bills nothing"), tier)
    for problem in usage.problems:
        bill.miss("usage", problem)
    if not tried:
        bill.miss("model", "neither the answer nor the call names a model: pass model=")
    elif provider in SELF_HOSTED:
        bill.miss(
            "model",
            f"{' or '.join(tried)} runs on a server of your own: pass base_model= or "
            "register_price() to give it a price",
        )
    else:
        bill.miss(
            "model",
            f"the tables have no price for {' or '.join(tried)} at {provider}: pass base_model= "
            "or register_price()",
        )
    return bill.cost(None, tier)


def _rates(
    provider: str,
    body: JsonObject,
    asked: Asked,
    tier: str,
    at: datetime,
    prices: Mapping[str, Price] | None,
) -> tuple[Rates | None, tuple[str, ...]]:
    """The rates of the first name that has some, and the names that were tried."""
    tried: list[str] = []
    for name in _names(body, asked):
        found = named(provider, name)
        own = own_price((asked.provider.lower(), provider, found.provider), found.model, prices)
        own = own or own_price((), name, prices)
        if own is not None:
            return own_rates(own[0], own[1], tier), ()
        if found.provider not in SELF_HOSTED and found.provider != "offline":
            rates = rates_of(found.provider, found.model, tier, at)
            if rates is not None:
                return rates, ()
        elif asked.base_model is not None:
            rates = _by_name_alone(found.model, tier, at)
            if rates is not None:
                return rates, ()
        tried.append(name)
    return None, tuple(dict.fromkeys(tried))


def _by_name_alone(model: str, tier: str, at: datetime) -> Rates | None:
    """The rates of a base model that was named without its provider."""
    for provider in ("openai", "anthropic", "google", "mistral", "deepseek", "x-ai"):
        rates = rates_of(provider, model, tier, at)
        if rates is not None:
            return rates
    return None


def _names(body: JsonObject, asked: Asked) -> Iterator[str]:
    """Explicit base model; else what answered; else what was asked."""
    if asked.base_model:
        yield asked.base_model
        return
    answered = as_text(body.get("model")) or as_text(
        body.get("modelVersion", body.get("model_version"))
    )
    for name in (answered, asked.model, as_text((asked.request or {}).get("model"))):
        if name:
            yield name


def _model_name(body: JsonObject, asked: Asked) -> str:
    return next(_names(body, asked), "")


def tier_of(body: JsonObject, usage: Usage, asked: Asked, processing: str | None = None) -> str:
    """Served tier, else asked tier, else default; batch processing is a tier of its own."""
    if (processing or asked.processing or "").lower() == "batch":
        return "batch"
    request = asked.request or {}
    if usage.speed == "fast" or request.get("speed") == "fast":
        return "fast"
    served = body.get("service_tier")
    if served == "default":
        return served
    if isinstance(served, dict):
        served = as_object(served).get("type")
    tier = as_text(served) or usage.tier or ""
    if not tier:
        tier = asked.service_tier or as_text(request.get("service_tier"))
    tier = tier.lower()
    return "default" if tier in _DEFAULT else tier
