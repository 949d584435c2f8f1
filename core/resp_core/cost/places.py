"""Where a call was processed, and by which factor that changes the price of its tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from resp_core.cost.names import family, named, undated, zone_of
from resp_core.cost.overlay import (
    AZURE_LISTED,
    AZURE_ZONES,
    GEO_US,
    OPENAI_REGIONS,
    OPENAI_UPLIFT,
    VERTEX_UPLIFT,
)

__all__ = ["Place", "factor_of", "listed_in_zone", "placed"]

_ONE = Decimal(1)
_UPLIFT = Decimal("1.1")


@dataclass(frozen=True, slots=True)
class Place:
    """`zone` (Azure) or `region` None: global. `problem`: why there is no price per token here."""

    zone: str | None = None
    region: str | None = None
    batch: bool = False
    problem: str | None = None


@lru_cache(maxsize=1024)
def placed(
    provider: str,
    kind: str | None,
    data_zone: str | None,
    region: str | None,
    name: str | None,
) -> Place:
    """Where a call was processed, by what is known of it.

    `kind` is the deployment type; `region` may be what the answer says; `name` is the base model's,
    which may say a data zone. All but the last two are Azure's.
    """
    if family(provider) != "azure":
        return Place(region=_regional(provider, region))
    word = re.sub(r"[^a-z]", "", (kind or "global").lower())
    batch = word.endswith("batch")
    word = word.removesuffix("batch").removesuffix("standard")
    if "provisioned" in word or "ptu" in word:
        return Place(batch=batch, problem="provisioned deployments are billed by the hour")
    if word.startswith("developer"):
        return Place(batch=batch, problem="the price of developer deployments is not listed")
    said = data_zone or (named(provider, name).zone if name else None)
    if said is None and word == "datazone":
        said = region or "unknown"
    if said is None and kind and word in ("", "regional") and not batch:
        return Place(batch=batch, problem="regional (Standard) prices are not in the tables")
    if word not in ("", "regional", "global", "datazone"):
        return Place(batch=batch, problem=f"{kind!r} is no known deployment type")
    if said is None:
        return Place(batch=batch)
    zone = zone_of(said)
    if zone is None:
        return Place(batch=batch, problem=f"{said!r} is no known data zone: us, eu or apac")
    return Place(zone=None if zone == "global" else zone, batch=batch)


def _regional(provider: str, region: str | None) -> str | None:
    """The region, where it may change the price: at OpenAI, Anthropic and on Vertex AI."""
    if not region or region.lower() == "global":
        return None
    if provider.lower() in ("openai", "anthropic") or provider.lower().startswith("vertex"):
        return region.lower()
    return None


def factor_of(provider: str, model: str, place: Place) -> Decimal | str:
    """The factor on token prices, or why it is not known."""
    if place.problem is not None:
        return place.problem
    if provider == "azure":
        return _azure(model, place.zone)
    if place.region is None:
        return _ONE
    if provider == "openai":
        return _openai(model, place.region)
    if provider == "anthropic":
        return _UPLIFT if place.region == "us" and GEO_US.search(model) else _ONE
    return _UPLIFT if VERTEX_UPLIFT.search(model) else _ONE


def listed_in_zone(model: str, tier: str, name: str, place: Place) -> Decimal | None:
    """Azure's own listed price of a class in a data zone, per million tokens."""
    if place.zone is None:
        return None
    listed = AZURE_LISTED.get((undated(model), tier, name))
    return None if listed is None else Decimal(listed)


def _azure(model: str, zone: str | None) -> Decimal | str:
    if zone is None:
        return _ONE
    factor = AZURE_ZONES.get(zone, {}).get(undated(model))
    if factor is None:
        return f"the price of {model} in the data zone {zone} is not in the tables"
    return Decimal(factor)


def _openai(model: str, region: str) -> Decimal | str:
    name = region.removeprefix("https://").partition(".")[0].partition("-")[0]
    if name in ("api", "global") or not OPENAI_UPLIFT.match(model):
        return _ONE
    if name not in OPENAI_REGIONS:
        return f"{region!r} is no region of OpenAI's: {', '.join(sorted(OPENAI_REGIONS))}"
    return _UPLIFT
