"""What is kept of a call so that it can be priced later, or never: numbers, no content."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from resp_core.cost.usage import BILLED_CALLS
from resp_core.types.frozen import frozen
from resp_core.types.json import empty_object
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.cost.asked import Asked
    from resp_core.cost.custom import Price
    from resp_core.types.json import JsonObject

__all__ = ["Billed", "containers_in", "facts_of"]

_KEPT = (
    "model", "modelVersion", "object", "type", "usage", "usageMetadata", "usage_breakdown",
    "service_tier", "serviceTier", "tool_usage", "size", "quality", "duration",
)  # fmt: skip
_OF_CALL = ("type", "status", "container_id", "environment", "size", "quality")
_OF_TOOL = ("type", "container", "model", "size", "quality")
_OWN_TOOLS = ("function", "custom", "mcp")


@frozen
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


def facts_of(body: JsonObject) -> JsonObject:
    """`body` without what has no part in its price; it costs the same."""
    facts = {name: body[name] for name in _KEPT if name in body}
    calls = [
        item for item in objects(body.get("output")) if as_text(item.get("type")) in BILLED_CALLS
    ]
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
