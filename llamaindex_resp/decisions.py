"""Approvals of MCP calls as LlamaIndex messages: what waits, and what was decided. Pure.

A request is plain JSON in `additional_kwargs["mcp_approval_requests"]` of the answer; a decision
is a message of role "tool" whose `tool_call_id` is the request's id and whose text is JSON. It
says what the person saw, so that a request changed afterwards is not the one that was approved.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast

import orjson
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms.llm import ToolSelection

from resp_core.errors import ApprovalMismatch, ArgumentError
from resp_core.mcp.approval import (
    ApprovalRequest,
    approve,
    deny,
    open_requests,
    request_of,
    with_definitions,
)
from resp_core.mcp.arguments import canonical_arguments
from resp_core.mcp.display import display
from resp_core.mcp.history import fresh_items
from resp_core.mcp.policy import Policy, Verdict
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse, CompletionResponse
    from llama_index.core.tools.types import BaseTool

    from resp_core.types.json import JsonObject

__all__ = [
    "APPROVAL_TOOL",
    "MARK",
    "REQUESTS",
    "Decider",
    "approval_messages",
    "approval_selections",
    "decide",
    "decide_async",
    "decision_item",
    "decision_text",
    "description_of",
    "is_approval_tool",
    "is_request_id",
    "pending_approvals",
    "request_notes",
    "warn_unheard",
    "with_fresh_decisions",
]

logger = logging.getLogger("llamaindex_resp")

#: Name of the tool that asks a person; see `llamaindex_resp.approvals`.
APPROVAL_TOOL = "mcp_approval"
#: Where an answer keeps the requests that nobody has decided yet.
REQUESTS = "mcp_approval_requests"
#: Marks a call, then its answer, as one whose requests become calls of the approval tool.
MARK = "mcp_approval_tool"

#: Decides one request: True, False, or a Verdict. "ask" leaves it undecided.
Decider: TypeAlias = Callable[[ApprovalRequest], "bool | Verdict | Awaitable[bool | Verdict]"]
Decision: TypeAlias = "bool | tuple[bool, str | None]"


# -- what waits


def request_notes(items: list[JsonObject], earlier: Iterable[JsonObject]) -> list[JsonObject]:
    """The undecided requests among the items of an answer, as JSON.

    `earlier` are the items before it, where the servers' tools may have been listed.
    """
    found = open_requests(items)
    if not found:
        return []
    return [
        {
            "id": request.id,
            "server_label": request.server_label,
            "name": request.name,
            "arguments": request.arguments,
            "read_only": request.read_only,
            "description": description_of(request),
            "changed": request.changed,
        }
        for request in with_definitions(found, [*earlier, *items])
    ]


def pending_approvals(
    answer: ChatResponse | CompletionResponse | ChatMessage,
) -> list[ApprovalRequest]:
    """The MCP calls that wait for a decision in an answer, in order."""
    message: Any = getattr(answer, "message", answer)
    return [_noted(note) for note in objects(message.additional_kwargs.get(REQUESTS))]


def _noted(note: JsonObject) -> ApprovalRequest:
    return replace(
        request_of(note),
        read_only=note.get("read_only") is True,
        tool={"name": note.get("name"), "description": as_text(note.get("description"))},
        changed=note.get("changed") is True,
    )


def description_of(request: ApprovalRequest) -> str:
    """What the server says of a tool; empty where that is not known."""
    return as_text((request.tool or {}).get("description"))


def is_approval_tool(tool: BaseTool) -> bool:
    """Whether a tool is one that `mcp_approval_tool` made."""
    return getattr(tool, "decides_mcp_approvals", False) is True


def is_request_id(call_id: Any, requests: Mapping[str, JsonObject]) -> TypeGuard[str]:
    """Whether a tool message answers an approval request, known or not."""
    return isinstance(call_id, str) and (call_id in requests or call_id.startswith("mcpr_"))


def approval_selections(answer: ChatResponse) -> list[ToolSelection]:
    """A call of the approval tool for each request, where the tool was given with the call."""
    if not cast("JsonObject", vars(answer)["additional_kwargs"]).get(MARK):
        return []
    return [
        ToolSelection(
            tool_id=request.id,
            tool_name=APPROVAL_TOOL,
            tool_kwargs={
                "approval_request_id": request.id,
                "server_label": request.server_label,
                "name": request.name,
                "arguments": request.arguments,
                "read_only": request.read_only,
                "description": description_of(request),
                "changed": request.changed,
            },
        )
        for request in pending_approvals(answer)
    ]


def warn_unheard(answer: ChatResponse) -> bool:
    """Say that an answer only asks for approvals and nothing gives them; whether it was said."""
    kwargs = answer.message.additional_kwargs
    if answer.message.content or kwargs.get("tool_calls"):
        return False
    calls = ", ".join(
        f"{display(request.name, lines=False)} of {display(request.server_label, lines=False)}"
        for request in pending_approvals(answer)
    )
    logger.warning(
        "The answer holds nothing but requests to approve MCP calls (%s), and nothing here "
        "decides them, so there is no text. Give an agent mcp_approval_tool(), an engine's LLM "
        "on_mcp_approval=, or send the messages of llm.approve(response, {id: True}). "
        "This is said once for each model object.",
        calls,
    )
    return True


# -- decisions


def decision_text(request: ApprovalRequest, approved: bool, reason: str | None = None) -> str:
    """The text of a decision message: the decision, and what was shown to whoever took it."""
    said: JsonObject = {
        "approve": approved,
        "server_label": request.server_label,
        "name": request.name,
        "arguments": request.arguments,
    }
    if reason is not None:
        said["reason"] = reason
    return orjson.dumps(said).decode()


def decision_item(request_id: str, text: str, shown: JsonObject | None = None) -> JsonObject:
    """A decision message as an input item; anything but an explicit approval denies.

    Raises ApprovalMismatch where the request in the history (`shown`) is not what was approved.
    """
    try:
        said = as_object(orjson.loads(text))
    except orjson.JSONDecodeError:
        said = {}
    if said.get("approve") is not True:
        reason = as_text(said.get("reason")) or None
        if "approve" not in said:
            reason = f"No decision was taken: {display(text, 200)}" if text else None
        return deny(request_id, reason)
    if shown is not None and "name" in said:
        _compare(request_id, said, request_of(shown))
    return approve(request_id)


def _compare(request_id: str, said: JsonObject, shown: ApprovalRequest) -> None:
    seen = (said.get("server_label"), said["name"], canonical_arguments(said.get("arguments")))
    known = (shown.server_label, shown.name, shown.arguments)
    if seen != known:
        raise ApprovalMismatch(
            f"The request {request_id!r} is {known[1]} of {known[0]} with {known[2]}, but what "
            f"was approved is {seen[1]} of {seen[0]} with {seen[2]}. Nothing was sent.",
            approval_request_id=request_id,
        )


def approval_messages(
    requests: Sequence[ApprovalRequest], decisions: Mapping[str, Decision]
) -> list[ChatMessage]:
    """The messages that decide `requests`: by id True, False, or (False, the reason).

    Raises ArgumentError unless exactly the requests are decided: they are answered together.
    """
    known = {request.id for request in requests}
    strange = [repr(id) for id in decisions if id not in known]
    if strange:
        raise ArgumentError(
            f"Not asked for in this answer: {', '.join(strange)}.", param="decisions"
        )
    left = [repr(id) for id in known if id not in decisions]
    if left:
        raise ArgumentError(
            f"Not decided: {', '.join(left)}. The requests of an answer are decided together.",
            param="decisions",
        )
    return [_message(request, decisions[request.id]) for request in requests]


def _message(request: ApprovalRequest, decision: Decision) -> ChatMessage:
    approved, reason = decision if isinstance(decision, tuple) else (decision, None)
    return ChatMessage(
        role=MessageRole.TOOL,
        content=decision_text(request, approved is True, reason),
        additional_kwargs={"tool_call_id": request.id},
    )


def with_fresh_decisions(plan: list[JsonObject], items: list[JsonObject]) -> list[JsonObject]:
    """`plan` with every new decision of `items`: whether one is believed is not decided here."""
    fresh = [i for i in fresh_items(items) if i.get("type") == "mcp_approval_response"]
    return [*plan, *(item for item in fresh if not any(item is kept for kept in plan))]


# -- who decides where nobody can be asked


def decide(
    decider: Decider | Policy | None, requests: Sequence[ApprovalRequest]
) -> list[ChatMessage]:
    """The decisions on all requests, or nothing where one is left to a person.

    Raises what the callback raises, and ArgumentError where it must be awaited or says something
    else than a decision: then nothing is sent.
    """
    if decider is None:
        return []
    said: list[Any] = []
    for request in requests:
        answer = _asked(decider, request)
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            raise ArgumentError(
                "on_mcp_approval is a coroutine function, which only the async methods can call.",
                param="on_mcp_approval",
            )
        said.append(answer)
    return _decided(requests, said)


async def decide_async(
    decider: Decider | Policy | None, requests: Sequence[ApprovalRequest]
) -> list[ChatMessage]:
    """`decide` for callbacks that may be coroutine functions."""
    if decider is None:
        return []
    said: list[Any] = []
    for request in requests:
        answer = _asked(decider, request)
        said.append(await answer if inspect.isawaitable(answer) else answer)
    return _decided(requests, said)


def _asked(decider: Decider | Policy, request: ApprovalRequest) -> Any:
    return decider.decide(request) if isinstance(decider, Policy) else decider(request)


def _decided(requests: Sequence[ApprovalRequest], said: Sequence[Any]) -> list[ChatMessage]:
    verdicts = [_verdict(answer) for answer in said]
    if any(verdict.decision == "ask" for verdict in verdicts):
        return []
    return [
        _message(request, (verdict.decision == "approve", verdict.reason))
        for request, verdict in zip(requests, verdicts, strict=True)
    ]


def _verdict(answer: Any) -> Verdict:
    if isinstance(answer, Verdict):
        return answer
    if isinstance(answer, bool):
        return Verdict("approve" if answer else "deny")
    raise ArgumentError(
        f"on_mcp_approval must say True, False or a Verdict, not {type(answer).__name__}: "
        "nothing was decided.",
        param="on_mcp_approval",
    )
