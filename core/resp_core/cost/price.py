"""From an answer to its cost: which table entry, which tier, which region; then the bill."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from resp_core.cost.bill import Bill, Cost
from resp_core.cost.charges import charge_all
from resp_core.cost.dialects import unwrapped, usage_of
from resp_core.cost.names import family
from resp_core.cost.overlay import SELF_HOSTED
from resp_core.cost.rates import Rates
from resp_core.cost.tariff import Names, only_parts, tariff_of
from resp_core.wire.shape import as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.cost.asked import Asked
    from resp_core.cost.custom import Price
    from resp_core.cost.tariff import Tariff
    from resp_core.cost.usage import Usage
    from resp_core.types.json import JsonObject

__all__ = ["price", "price_of", "tier_of"]

_DEFAULT = frozenset(
    ("", "auto", "default", "standard", "standard_only", "on_demand", "on-demand", "none")
)


def price(
    body: JsonObject, asked: Asked, at: datetime, prices: Mapping[str, Price] | None = None
) -> Cost:
    """The cost of an answer at the prices of `at`. Raises nothing for what it cannot price."""
    body = unwrapped(body)
    usage = usage_of(
        body,
        provider=family(asked.provider),
        api=asked.api,
        model=asked.base_model or asked.model,
        request=asked.request,
    )
    return price_of(usage, body, asked, at, prices)


def price_of(
    usage: Usage,
    body: JsonObject,
    asked: Asked,
    at: datetime,
    prices: Mapping[str, Price] | None = None,
) -> Cost:
    """The cost of an answer whose usage has been read."""
    request = asked.request or {}
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    region = usage.geo or asked.region or as_text(request.get("inference_geo")) or None
    names, tier = _names(body, asked, request), tier_of(body, usage, asked)
    tariff = tariff_of(asked, names, tier, region, at, prices)
    bill = Bill()
    if usage.reported_cost is not None and _says(asked.provider, tariff):
        bill.charge("reported", 1, usage.reported_cost)
        provider, name = family(asked.provider), next(iter(names.in_order()), "")
        return bill.cost(Rates(provider, name, source=f"reported by {provider}"), tier)
    if tariff is None and any(share.instead for share in usage.shares):
        tariff = only_parts(asked, next(iter(names.in_order()), ""), tier, at)
    if tariff is None:
        return _unpriced(bill, family(asked.provider), usage, tier, names)
    charge_all(bill, usage, tariff, asked, body)
    return bill.cost(tariff.rates, tariff.tier)


def _says(provider: str, tariff: Tariff | None) -> bool:
    """Whether what the answer says it cost is the bill: not where another sells the model."""
    return family(provider) != "azure" and not (tariff is not None and tariff.rates.own)


def _unpriced(bill: Bill, provider: str, usage: Usage, tier: str, names: Names) -> Cost:
    tried = " or ".join(dict.fromkeys(names.in_order()))
    if provider == "offline" and not names.base:
        return bill.cost(Rates("offline", "", source="the offline provider bills nothing"), tier)
    for problem in usage.problems:
        bill.miss("usage", problem)
    if not tried:
        bill.miss("model", "neither the answer nor the call names a model: pass model=")
    elif provider in SELF_HOSTED:
        bill.miss(
            "model",
            f"{tried} runs on a server of your own: pass base_model= or register_price() to give "
            "it a price",
        )
    else:
        bill.miss(
            "model",
            f"the tables have no price for {tried} at {provider}: pass base_model= or "
            "register_price()",
        )
    return bill.cost(None, tier)


def _names(body: JsonObject, asked: Asked, request: JsonObject) -> Names:
    """Explicit base model; else what answered; else what was asked."""
    if asked.base_model:
        return Names(base=asked.base_model)
    answered = as_text(body.get("model")) or as_text(
        body.get("modelVersion", body.get("model_version"))
    )
    others = (asked.model,) if asked.model else ()
    if request.get("model"):
        others = (*others, as_text(request["model"]))
    return Names(answered, others)


def tier_of(body: JsonObject, usage: Usage, asked: Asked) -> str:
    """Served tier, else asked tier, else default; batch processing is a tier of its own."""
    if asked.processing and asked.processing.lower() in ("batch", "batches"):
        return "batch"
    request = asked.request or {}
    if usage.speed == "fast" or (usage.speed is None and request.get("speed") == "fast"):
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
    if tier == "fast" and family(asked.provider) in ("openai", "azure"):
        return "priority"  # its other name
    return "default" if tier in _DEFAULT else tier
