"""Approvals of MCP tools in LangChain: what waits, and the message that decides it. Pure.

A request is an `mcp_approval_request` block of an AIMessage; the answer is a HumanMessage that
holds nothing but `mcp_approval_response` blocks. Both are plain JSON and survive a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from resp_core import ApprovalRequest, approve, deny
from resp_core.mcp.approval import display, open_requests
from resp_core.wire.shape import as_object, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["approval_message", "describe", "pending_approvals"]


def pending_approvals(messages: Sequence[BaseMessage] | BaseMessage) -> list[ApprovalRequest]:
    """The requests of the last answer of the model that no later message decides, in order."""
    given = [messages] if isinstance(messages, BaseMessage) else list(messages)
    last = max((at for at, m in enumerate(given) if isinstance(m, AIMessage)), default=None)
    if last is None:
        return []
    return open_requests([item for message in given[last:] for item in _mcp_items(message)])


def approval_message(
    decisions: Iterable[tuple[str | ApprovalRequest, bool, str | None]],
) -> HumanMessage:
    """The message that decides requests: (request or its id, approved, reason) for each."""
    items = [
        approve(request) if approved else deny(request, reason)
        for request, approved, reason in decisions
    ]
    return HumanMessage([{"type": "non_standard", "value": item} for item in items])


def describe(request: ApprovalRequest) -> str:
    """A request for a person's eyes: server, tool and all arguments, unprintables escaped."""
    return (
        f"MCP server: {display(request.server_label)}\n"
        f"Tool: {display(request.name)}\n"
        f"Arguments: {display(request.arguments)}"
    )


def _mcp_items(message: BaseMessage) -> list[JsonObject]:
    content: Any = message.content
    if not isinstance(content, list):
        return []
    blocks = objects(cast("list[Any]", content))
    found = [as_object(b.get("value")) if b.get("type") == "non_standard" else b for b in blocks]
    # v1 content shows calls that ran as server tools; the requests they answer are named there.
    for block in blocks:
        extras = as_object(block.get("extras"))
        if block.get("type") == "server_tool_call" and extras.get("approval_request_id"):
            id = extras["approval_request_id"]
            found.append({"type": "mcp_call", "approval_request_id": id})
    return [item for item in found if str(item.get("type", "")).startswith("mcp_")]


def arguments_of(request: ApprovalRequest) -> Mapping[str, Any]:
    """The arguments as a dict, for the payload of an interrupt."""
    return request.parsed_arguments()
