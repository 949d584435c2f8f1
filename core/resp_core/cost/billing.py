"""From what was kept of a call to what it used and cost: loaded when somebody first looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from resp_core.cost.bill import Cost, Unpriced, total_of
from resp_core.cost.dialects import usage_of
from resp_core.cost.names import family
from resp_core.cost.price import price_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resp_core.cost.facts import Billed
    from resp_core.cost.usage import Usage

__all__ = ["cost_of_all", "usage_in"]

_NOTHING = Cost(Decimal(0), source="nothing was sent")


def usage_in(bill: Billed) -> Usage | None:
    """What an answer counted; None where nothing is billed or nothing is known."""
    if bill.free is not None or bill.untold is not None:
        return None
    asked = bill.asked
    model = asked.base_model or asked.model
    return usage_of(bill.body, provider=family(asked.provider), model=model)


def cost_of_all(bills: Sequence[Billed], uses: Sequence[Usage | None]) -> Cost:
    """One cost for everything that was billed; `uses` is the usage in each bill."""
    costs = [_cost(bill, usage) for bill, usage in zip(bills, uses, strict=True)]
    if len(costs) == 1:
        return costs[0]
    parts = tuple(part for cost in costs for part in cost.parts)
    unknown = tuple(dict.fromkeys(gap for cost in costs for gap in cost.unknown))
    last = costs[-1] if costs else _NOTHING
    return Cost(
        total=None if unknown else total_of(parts),
        parts=parts,
        priced_as=last.priced_as,
        tier=last.tier,
        source=last.source,
        source_date=last.source_date,
        estimated=any(cost.estimated for cost in costs),
        unknown=unknown,
    )


def _cost(bill: Billed, usage: Usage | None) -> Cost:
    if bill.free is not None:
        return Cost(Decimal(0), source=bill.free)
    if usage is None:
        return Cost(None, unknown=(Unpriced("usage", str(bill.untold)),))
    if bill.reported is not None:
        usage = usage_of({"usage": {"cost": bill.reported}})
    elif bill.open:
        unpaid = (one for one in usage.containers if one.id not in bill.open)
        usage = replace(usage, containers=tuple(unpaid))
    at = datetime.fromtimestamp(bill.at, UTC)
    found = price_of(usage, bill.body, bill.asked, at, bill.prices)
    return replace(found, estimated=True) if bill.estimate else found
