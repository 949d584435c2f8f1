"""Approvals of MCP tools in LangChain: what waits, and the message that decides it.

A request is an `mcp_approval_request` block of an AIMessage; the answer is a HumanMessage that
holds nothing but `mcp_approval_response` blocks. Both are plain JSON and survive a checkpoint.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from langchain_resp.assistant import assistant_items
from resp_core import ApprovalRequest, approve, deny
from resp_core.mcp.approval import open_requests, with_definitions
from resp_core.mcp.display import display
from resp_core.wire.shape import as_object, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = [
    "approval_message",
    "handles_approvals",
    "handling_approvals",
    "pending_approvals",
    "unheard",
]

logger = logging.getLogger("langchain_resp")

_handling: ContextVar[bool] = ContextVar("langchain_resp_handling_approvals", default=False)
_nodes: WeakSet[Any] = WeakSet()


def pending_approvals(messages: Sequence[BaseMessage] | BaseMessage) -> list[ApprovalRequest]:
    """The requests of the last answer of the model that no later message decides, in order.

    Where the messages show the list of a server's tools, a request knows whether its tool only
    reads.
    """
    given = [messages] if isinstance(messages, BaseMessage) else list(messages)
    last = max((at for at, m in enumerate(given) if isinstance(m, AIMessage)), default=None)
    if last is None:
        return []
    found = open_requests([item for message in given[last:] for item in _mcp_items(message)])
    if not found:
        return []
    return with_definitions(found, [item for m in given[: last + 1] for item in _mcp_items(m)])


def approval_message(
    decisions: Iterable[tuple[str | ApprovalRequest, bool, str | None]],
) -> HumanMessage:
    """The message that decides requests: (request or its id, approved, reason) for each.

    All requests of an answer are decided in one message.
    """
    items = [
        approve(request) if approved else deny(request, reason)
        for request, approved, reason in decisions
    ]
    return HumanMessage([{"type": "non_standard", "value": item} for item in items])


def _mcp_items(message: BaseMessage) -> list[JsonObject]:
    """The MCP items of a message, whatever form its content has."""
    if isinstance(message, AIMessage):
        items = assistant_items(message)
    elif isinstance(message.content, str):
        return []
    else:
        blocks = objects(cast("list[Any]", message.content))
        items = [
            as_object(b.get("value")) if b.get("type") == "non_standard" else b for b in blocks
        ]
    return [item for item in items if str(item.get("type", "")).startswith("mcp_")]


# -- requests that nobody hears


@contextmanager
def handling_approvals() -> Generator[None]:
    """The model's answers inside this block are looked at by somebody who decides requests."""
    token = _handling.set(True)
    try:
        yield
    finally:
        _handling.reset(token)


def handles_approvals(node: Any) -> None:
    """`node` decides the requests of models that it cannot see: no warning while it lives."""
    _nodes.add(node)


def unheard(response: JsonObject) -> bool:
    """Whether an answer only asks for approvals, and nothing is there to give them. Logs it."""
    output = objects(response.get("output"))
    if not any(item.get("type") == "mcp_approval_request" for item in output):
        return False
    asked = open_requests(output)
    speaks = any(item.get("type") in _SPEAKING for item in output)
    if not asked or speaks or _handling.get() or _nodes:
        return False
    calls = ", ".join(
        f"{display(r.name, lines=False)} of {display(r.server_label, lines=False)}" for r in asked
    )
    logger.warning(
        "The answer holds nothing but requests to approve MCP calls (%s), and nothing here "
        "decides them, so the run ends without text. In create_agent use MCPApprovalMiddleware, "
        "in a graph mcp_approval_node, else pending_approvals and approval_message. "
        "This is said once for each model object.",
        calls,
    )
    return True


_SPEAKING = frozenset({"message", "function_call", "custom_tool_call"})
