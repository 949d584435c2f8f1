"""What is kept of a call so that it can be priced later, or never: numbers, no content."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from resp_core.types.json import empty_object
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resp_core.cost.asked import Asked
    from resp_core.cost.bill import Cost
    from resp_core.cost.custom import Price
    from resp_core.types.json import JsonObject

__all__ = ["Billed", "containers_in", "cost_of_all", "facts_of"]

_KEPT = (
    "model", "modelVersion", "object", "type", "usage", "usageMetadata", "usage_breakdown",
    "service_tier", "serviceTier", "tool_usage", "size", "quality", "duration",
)  # fmt: skip
_CALLS = frozenset(
    ("web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call",
     "shell_call", "x_search_call")
)  # fmt: skip
_OF_CALL = ("type", "status", "action", "container_id", "environment", "size", "quality")
_OF_TOOL = ("type", "container", "model", "size", "quality")


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

    def cost(self) -> Cost:
        """The cost, computed now."""
        from dataclasses import replace

        from resp_core.cost.bill import Cost, Unpriced
        from resp_core.cost.price import price

        if self.free is not None:
            return Cost(Decimal(0), source=self.free)
        if self.untold is not None:
            return Cost(None, unknown=(Unpriced("usage", self.untold),))
        if self.reported is not None:
            body = {**self.body, "usage": {"cost": self.reported}}
            return price(body, self.asked, datetime.fromtimestamp(self.at, UTC))
        found = price(
            self._payable(), self.asked, datetime.fromtimestamp(self.at, UTC), self.prices
        )
        return replace(found, estimated=True) if self.estimate else found

    def _payable(self) -> JsonObject:
        """The answer without uses of containers that were paid for before."""
        if not self.open:
            return self.body
        output = [
            item
            for item in self.body.get("output", [])
            if item.get("container_id") not in self.open
        ]
        return {**self.body, "output": output}


def facts_of(body: JsonObject) -> JsonObject:
    """`body` without what has no part in its price; it costs the same."""
    facts = {name: body[name] for name in _KEPT if name in body}
    output = body.get("output")
    if output:
        facts["output"] = [
            {name: item[name] for name in _OF_CALL if name in item and name != "action"}
            | (
                {"action": {"type": as_object(item["action"]).get("type")}}
                if "action" in item
                else {}
            )
            for item in objects(output)
            if item.get("type") in _CALLS
        ]
        tools = [
            {name: tool[name] for name in _OF_TOOL if name in tool}
            for tool in objects(body.get("tools"))
            if tool.get("type") not in ("function", "custom", "mcp")
        ]
        if tools:
            facts["tools"] = tools
    choices = body.get("choices")
    if choices:
        facts["choices"] = [
            {"message": {"executed_tools": [{"type": tool.get("type")} for tool in ran]}}
            for choice in objects(choices)
            if (ran := objects(as_object(choice.get("message")).get("executed_tools")))
        ]
    return facts


def containers_in(facts: JsonObject) -> tuple[str, ...]:
    """The containers that the calls of an answer ran in."""
    found = (as_text(item.get("container_id")) for item in objects(facts.get("output")))
    return tuple(name for name in found if name)


def cost_of_all(bills: Sequence[Billed]) -> Cost:
    """One cost for everything that was billed."""
    from resp_core.cost.bill import Cost, total_of

    if len(bills) == 1:
        return bills[0].cost()
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
