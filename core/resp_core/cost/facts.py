"""What is kept of a call so that it can be priced later, or never: numbers, no content."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from resp_core.cost.usage import BILLED_CALLS
from resp_core.types.json import empty_object
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resp_core.cost.asked import Asked
    from resp_core.cost.bill import Cost
    from resp_core.cost.custom import Price
    from resp_core.cost.usage import Usage
    from resp_core.types.json import JsonObject

__all__ = ["Billed", "containers_in", "cost_of_all", "facts_of"]

_KEPT = (
    "model", "modelVersion", "object", "type", "usage", "usageMetadata", "usage_breakdown",
    "service_tier", "serviceTier", "tool_usage", "size", "quality", "duration",
)  # fmt: skip
_OF_CALL = ("type", "status", "container_id", "environment", "size", "quality")
_OF_TOOL = ("type", "container", "model", "size", "quality")
_OWN_TOOLS = ("function", "custom", "mcp")


@dataclass(frozen=True, slots=True)
class Billed:
    """One answer as far as its price goes; see `facts_of`.

    `reported` is what a proxy's header said the call cost. `open` are containers whose session
    was paid before. `free` says why nothing is billed, `untold` why nothing is known. `estimate`:
    the counts are ours, of a stream that was walked away from.
    """

    body: JsonObject
    asked: Asked
    at: float
    prices: Mapping[str, Price] = field(default_factory=empty_object)
    reported: str | None = None
    open: frozenset[str] = frozenset()
    free: str | None = None
    untold: str | None = None
    estimate: bool = False
    _usage: Usage | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def usage(self) -> Usage | None:
        """What was counted, read once; None where nothing is billed or nothing is known."""
        if self.free is not None or self.untold is not None:
            return None
        if self._usage is None:
            from resp_core.cost.dialects import usage_of
            from resp_core.cost.names import family

            asked = self.asked
            model = asked.base_model or asked.model
            found = usage_of(self.body, provider=family(asked.provider), model=model)
            object.__setattr__(self, "_usage", found)
        return self._usage

    def cost(self) -> Cost:
        """The cost, computed now."""
        from resp_core.cost.bill import Cost, Unpriced
        from resp_core.cost.dialects import usage_of
        from resp_core.cost.price import price_of

        if self.free is not None:
            return Cost(Decimal(0), source=self.free)
        usage, body = self.usage, self.body
        if usage is None:
            return Cost(None, unknown=(Unpriced("usage", str(self.untold)),))
        if self.reported is not None:
            usage = usage_of({"usage": {"cost": self.reported}})
        elif self.open:
            unpaid = (one for one in usage.containers if one.id not in self.open)
            usage = replace(usage, containers=tuple(unpaid))
        at = datetime.fromtimestamp(self.at, UTC)
        found = price_of(usage, body, self.asked, at, self.prices)
        return replace(found, estimated=True) if self.estimate else found


def facts_of(body: JsonObject) -> JsonObject:
    """`body` without what has no part in its price; it costs the same."""
    facts = {name: body[name] for name in _KEPT if name in body}
    calls = [item for item in objects(body.get("output")) if item.get("type") in BILLED_CALLS]
    if calls:
        facts["output"] = [_call(item) for item in calls]
    if (calls or "tool_usage" in facts) and body.get("tools"):
        facts["tools"] = [
            {name: tool[name] for name in _OF_TOOL if name in tool}
            for tool in objects(body["tools"])
            if tool.get("type") not in _OWN_TOOLS
        ]
    if body.get("choices"):
        facts["choices"] = [
            {"message": {"executed_tools": [{"type": tool.get("type")} for tool in ran]}}
            for choice in objects(body["choices"])
            if (ran := objects(as_object(choice.get("message")).get("executed_tools")))
        ]
    return facts


def _call(item: JsonObject) -> JsonObject:
    """An item of a hosted tool's call, with the kind of its action alone."""
    kept = {name: item[name] for name in _OF_CALL if name in item}
    if "action" in item:
        kept["action"] = {"type": as_object(item["action"]).get("type")}
    return kept


def containers_in(facts: JsonObject) -> tuple[str, ...]:
    """The containers that the calls of an answer ran in."""
    found = (as_text(item.get("container_id")) for item in objects(facts.get("output")))
    return tuple(name for name in found if name)


def cost_of_all(bills: Sequence[Billed]) -> Cost:
    """One cost for everything that was billed."""
    if len(bills) == 1:
        return bills[0].cost()
    from resp_core.cost.bill import Cost, total_of

    costs = [bill.cost() for bill in bills]
    parts = tuple(part for cost in costs for part in cost.parts)
    unknown = tuple(dict.fromkeys(gap for cost in costs for gap in cost.unknown))
    last = costs[-1] if costs else Cost(Decimal(0), source="nothing was sent")
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
