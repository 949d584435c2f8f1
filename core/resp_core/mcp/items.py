"""The MCP items of a response that we make, as a provider with MCP of its own would. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import McpError
from resp_core.mcp.arguments import canonical_arguments

if TYPE_CHECKING:
    from resp_core.mcp.approval import ApprovalRequest
    from resp_core.mcp.calls import Outcome
    from resp_core.types.json import JsonObject

__all__ = ["call_item", "finished_call", "list_item", "refused_call", "request_item", "unrun_call"]


def list_item(id: str, label: str, found: list[JsonObject] | McpError) -> JsonObject:
    """What a server offers, or why that is not known."""
    item: JsonObject = {"id": id, "type": "mcp_list_tools", "server_label": label, "tools": []}
    if isinstance(found, McpError):
        return {**item, "error": found.message}
    return {**item, "tools": found}


def request_item(request: ApprovalRequest) -> JsonObject:
    """A call that waits for a decision."""
    return {
        "id": request.id,
        "type": "mcp_approval_request",
        "server_label": request.server_label,
        "name": request.name,
        "arguments": request.arguments,
    }


def call_item(
    id: str, label: str, name: str, arguments: Any, approval: str | None = None
) -> JsonObject:
    """A call that begins; `approval` is the id of the request that allowed it."""
    return {
        "id": id,
        "type": "mcp_call",
        "server_label": label,
        "name": name,
        "arguments": canonical_arguments(arguments),
        "output": None,
        "error": None,
        "status": "in_progress",
        "approval_request_id": approval,
    }


def finished_call(item: JsonObject, outcome: Outcome) -> JsonObject:
    """A call that was made, with what it came to."""
    done = {
        **item,
        "output": outcome.output,
        "error": outcome.error,
        "status": "failed" if outcome.error is not None else "completed",
    }
    if outcome.images:
        done["provider_data"] = {"mcp": {"content": outcome.images}}
    return done


def refused_call(item: JsonObject, text: str) -> JsonObject:
    """A call that is not made; the text tells the model why."""
    error = {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": text}]}
    return {**item, "status": "failed", "error": error, "output": text}


def unrun_call(item: JsonObject, limit: float) -> JsonObject:
    """A call too many."""
    text = f"Not run: max_tool_calls is {limit:g}."
    error = {"type": "mcp_protocol_error", "code": 0, "message": text}
    return {**item, "status": "failed", "error": error, "output": text}
