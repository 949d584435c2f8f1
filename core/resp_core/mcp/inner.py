"""What one turn of the model is asked, where we run MCP: the tools as functions. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.mcp.catalog import tool_choice_of
from resp_core.mcp.history import model_items
from resp_core.wire.shape import objects

if TYPE_CHECKING:
    from resp_core.mcp.catalog import Catalog
    from resp_core.types.json import JsonObject

__all__ = ["call_limit", "inner_body"]

_OURS = ("previous_response_id", "max_tool_calls", "tools", "tool_choice", "input")


def call_limit(body: JsonObject) -> float:
    """How many calls `max_tool_calls` allows in one response."""
    limit = body.get("max_tool_calls")
    return float("inf") if limit is None else float(limit)


def inner_body(
    body: JsonObject,
    conversation: list[JsonObject],
    catalog: Catalog,
    *,
    base: str | None,
    first: bool,
    spent: bool,
) -> JsonObject:
    """The request of one turn. `body` is the caller's, `conversation` all items so far.

    `base` is a response of the server's own that it continues; `first`: nothing has been called
    yet; `spent`: no call is allowed any more.
    """
    made = {name: value for name, value in body.items() if name not in _OURS}
    if base is not None:
        made["previous_response_id"] = base
    made["input"] = model_items(conversation, catalog)
    tools = [tool for tool in objects(body.get("tools")) if tool.get("type") != "mcp"]
    if not (spent and tools):  # some tool must be there for a choice to be sent
        tools += [tool.as_function() for tool in catalog.tools]
    if tools:
        made["tools"] = tools
        choice = _choice(body.get("tool_choice"), catalog, first=first, spent=spent)
        if choice is not None:
            made["tool_choice"] = choice
    return made


def _choice(choice: Any, catalog: Catalog, *, first: bool, spent: bool) -> Any:
    """A forced choice holds for the first turn: after its calls the model is free."""
    if spent:
        return "none"
    if choice in (None, "none", "auto"):
        return choice
    if not first or not catalog.tools:
        return "auto"
    return tool_choice_of(choice, catalog)
