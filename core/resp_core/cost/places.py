"""Where a call was processed, and by which factor that changes the price of its tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from resp_core.cost.names import named, undated, zone_of
from resp_core.cost.overlay import (
    AZURE_LISTED,
    AZURE_ZONES,
    GEO_US,
    OPENAI_REGIONS,
    OPENAI_UPLIFT,
    VERTEX_UPLIFT,
)

if TYPE_CHECKING:
    from resp_core.cost.asked import Asked
    from resp_core.cost.usage import Usage

__all__ = ["Place", "factor_of", "listed_cached", "placed"]

_ONE = Decimal(1)
_UPLIFT = Decimal("1.1")


@dataclass(frozen=True, slots=True)
class Place:
    """`zone` None: global. `problem`: why this kind of deployment has no price per token."""

    zone: str | None = None
    batch: bool = False
    problem: str | None = None


def placed(provider: str, asked: Asked) -> Place:
    """What deployment type, data zone, region and the base model's name say together."""
    if provider != "azure":
        return Place()
    kind = re.sub(r"[^a-z]", "", (asked.deployment_type or "global").lower())
    batch = kind.endswith("batch")
    kind = kind.removesuffix("batch").removesuffix("standard")
    if "provisioned" in kind:
        return Place(batch=batch, problem="provisioned deployments are billed by the hour")
    if kind == "developer":
        return Place(batch=batch, problem="the price of developer deployments is not listed")
    said = asked.data_zone
    if said is None and asked.base_model:
        said = named(provider, asked.base_model).zone
    if said is None and kind == "datazone":
        said = asked.region or "unknown"
    if said is None and kind == "" and asked.deployment_type:
        return Place(batch=batch, problem="regional (Standard) prices are not in the tables")
    if said is None:
        return Place(batch=batch)
    zone = zone_of(said)
    if zone is None:
        return Place(batch=batch, problem=f"{said!r} is no known data zone: us, eu or apac")
    return Place(zone=None if zone == "global" else zone, batch=batch)


def factor_of(provider: str, model: str, asked: Asked, usage: Usage, place: Place) -> Decimal | str:
    """The factor on token prices, or why it is not known."""
    if place.problem is not None:
        return place.problem
    if provider == "azure":
        return _azure(model, place.zone)
    if provider == "openai":
        return _openai(model, asked.region)
    if provider == "anthropic":
        geo = usage.geo or asked.region or str((asked.request or {}).get("inference_geo", ""))
        return _UPLIFT if geo.lower() == "us" and GEO_US.search(model) else _ONE
    if provider == "google" and asked.provider.lower().startswith("vertex"):
        region = (asked.region or "global").lower()
        return _UPLIFT if region != "global" and VERTEX_UPLIFT.search(model) else _ONE
    return _ONE


def listed_cached(model: str, place: Place) -> Decimal | None:
    """Azure's own listed price of cached input in a data zone, per million tokens."""
    if place.zone is None:
        return None
    listed = AZURE_LISTED.get(undated(model))
    return None if listed is None else Decimal(listed)


def _azure(model: str, zone: str | None) -> Decimal | str:
    if zone is None:
        return _ONE
    factor = AZURE_ZONES[zone].get(undated(model))
    if factor is None:
        return f"the price of {model} in the data zone {zone} is not in the tables"
    return Decimal(factor)


def _openai(model: str, region: str | None) -> Decimal | str:
    if not region:
        return _ONE
    name = region.lower().removeprefix("https://").partition(".")[0].partition("-")[0]
    if name in ("api", "global") or not OPENAI_UPLIFT.match(model):
        return _ONE
    if name not in OPENAI_REGIONS:
        return f"{region!r} is no region of OpenAI's: {', '.join(sorted(OPENAI_REGIONS))}"
    return _UPLIFT
