"""What a model without hosted MCP is shown of a conversation that has MCP items. Pure."""

from __future__ import annotations

import hashlib
from itertools import groupby
from typing import TYPE_CHECKING, Any

from resp_core.mcp.arguments import canonical_arguments
from resp_core.mcp.catalog import function_name
from resp_core.wire.ids import is_ours
from resp_core.wire.replay import mcp_output
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.mcp.catalog import Catalog
    from resp_core.types.json import JsonObject

__all__ = ["decides_ours", "fresh_items", "input_items", "is_our_item", "model_items"]

_NOT_DECIDED = "Not run: nobody approved this call."
_MCP = ("mcp_call", "mcp_approval_request", "mcp_approval_response", "mcp_list_tools")
_MODEL_MADE = frozenset(
    {"reasoning", "function_call", "custom_tool_call", "mcp_call", "mcp_approval_request"}
)


def input_items(value: Any) -> list[JsonObject]:
    """A request's `input` as items."""
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    return objects(value)


def fresh_items(items: list[JsonObject]) -> list[JsonObject]:
    """What the caller adds after the last thing that the model made."""
    last = max((at for at, item in enumerate(items) if _is_models(item)), default=-1)
    return items[last + 1 :]


def _is_models(item: Mapping[str, Any]) -> bool:
    return item.get("type") in _MODEL_MADE or item.get("role") == "assistant"


def decides_ours(given: Any) -> bool:
    """Whether a request's `input` decides what was asked here, and so is to be run here."""
    return any(
        item.get("type") == "mcp_approval_response" and is_our_item(item)
        for item in fresh_items(input_items(given))
    )


def model_items(
    items: list[JsonObject], catalog: Catalog, *, ours_only: bool = False
) -> list[JsonObject]:
    """`items` with MCP calls as function calls and their outputs, and without the rest of MCP.

    A request that was denied, or never decided, is a call whose output says so. Where calls of
    the caller's own tools stand among them, all were made at once: outputs come after the last.
    `ours_only` leaves the items of a provider with MCP of its own as they are.
    """

    def is_taken(item: JsonObject) -> bool:
        return item.get("type") in _MCP and (is_our_item(item) or not ours_only)

    def is_call(item: JsonObject) -> bool:
        return is_taken(item) or item.get("type") in ("function_call", "custom_tool_call")

    ran = {item.get("approval_request_id") for item in items if item.get("type") == "mcp_call"}
    decisions = {
        item.get("approval_request_id"): item
        for item in items
        if item.get("type") == "mcp_approval_response"
    }
    seen = [item for item in items if not is_taken(item) or _is_shown(item, ran)]
    plan: list[JsonObject] = []
    for are_calls, run in groupby(seen, is_call):
        if not are_calls:
            plan += run
            continue
        calls = [_as_calls(item, decisions, catalog) for item in run]
        if any(len(call) == 1 for call in calls):  # the caller has to answer some
            plan += [call[0] for call in calls]
            plan += [output for call in calls for output in call[1:]]
        else:
            plan += [part for call in calls for part in call]
    return plan


def _is_shown(item: JsonObject, ran: set[Any]) -> bool:
    kind = item.get("type")
    if kind in ("mcp_approval_response", "mcp_list_tools"):
        return False
    return kind != "mcp_approval_request" or item.get("id") not in ran


def is_our_item(item: Mapping[str, Any]) -> bool:
    """Whether an MCP item was made here, or decides what was asked here."""
    decides = item.get("type") == "mcp_approval_response"
    return is_ours(str(item.get("approval_request_id" if decides else "id")))


def _as_calls(
    item: JsonObject, decisions: Mapping[Any, JsonObject], catalog: Catalog
) -> list[JsonObject]:
    """A call as the model knows it, with its output where it is ours to give."""
    if item["type"] == "mcp_call":
        return _shown_call(item, _output_of(item), catalog)
    if item["type"] == "mcp_approval_request":
        return _shown_call(item, _undone(decisions.get(item.get("id"))), catalog)
    return [item]


def _shown_call(item: Mapping[str, Any], output: Any, catalog: Catalog) -> list[JsonObject]:
    """An MCP call as the function call and output that the model knows."""
    label, name = as_text(item.get("server_label")), as_text(item.get("name"))
    tool = catalog.by_name(label, name)
    call_id = "call_" + hashlib.sha256(as_text(item.get("id")).encode()).hexdigest()[:24]
    return [
        {
            "type": "function_call",
            "call_id": call_id,
            "name": tool.function if tool is not None else function_name(name),
            "arguments": canonical_arguments(item.get("arguments") or ""),
        },
        {"type": "function_call_output", "call_id": call_id, "output": output},
    ]


def _output_of(item: Mapping[str, Any]) -> Any:
    """What a call gave, for the model: text, or parts where there are images."""
    text = mcp_output(dict(item))
    raw = objects(as_object(as_object(item.get("provider_data")).get("mcp")).get("content"))
    images = [part for part in raw if part.get("type") == "image" and part.get("data")]
    if not images:
        return text
    return [
        {"type": "input_text", "text": text},
        *(
            {
                "type": "input_image",
                "image_url": f"data:{part.get('mimeType', 'image/png')};base64,{part['data']}",
            }
            for part in images
        ),
    ]


def _undone(decision: Mapping[str, Any] | None) -> str:
    if decision is None:
        return _NOT_DECIDED
    if decision.get("approve"):
        return "Approved before; its result is not in this conversation."
    reason = as_text(decision.get("reason"))
    return f"Denied by the user: {reason}" if reason else "Denied by the user."
