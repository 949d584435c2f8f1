"""`MCPApprovalMiddleware` for `create_agent`, and `mcp_approval_node` for a plain graph.

Both pause the graph with one interrupt per turn, in the payload of HumanInTheLoopMiddleware,
and go on with one message that holds all decisions. What a policy decides needs no person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, cast

from langchain_core.messages import AIMessage

from langchain_resp.approvals import (
    approval_message,
    handles_approvals,
    handling_approvals,
    pending_approvals,
)
from resp_core import ApprovalRequest, Policy

try:
    from langchain.agents.middleware import AgentMiddleware, hook_config
    from langgraph.types import interrupt
except ImportError as error:  # pragma: no cover - needs an environment without langchain
    raise ImportError(
        "MCPApprovalMiddleware needs langchain and langgraph: pip install langchain"
    ) from error
from pydantic import Field
from typing_extensions import TypedDict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from langchain_core.messages import BaseMessage, HumanMessage

__all__ = ["MCPApprovalMiddleware", "mcp_approval_node"]


class MCPApprovalMiddleware(AgentMiddleware[Any, Any, Any]):
    """Pauses an agent before a hosted or emulated MCP call that needs an approval.

    `policy` answers what its rules decide; the rest is one `interrupt` for a person, who
    approves or rejects each call: the Responses API can neither edit arguments nor respond in a
    tool's place. Resume with `Command(resume={"decisions": [{"type": "approve"}, {"type":
    "reject", "message": "why"}]})`, by position. A malformed answer is refused before it is
    saved, so the thread can be resumed again.

    Without a checkpointer LangGraph can pause but not resume: then let `policy` decide all
    (`Policy(rules, default="deny")`).
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        description: Callable[[ApprovalRequest], str] = ApprovalRequest.describe,
    ) -> None:
        super().__init__()
        self.policy = policy or Policy()
        self._describe = description

    def wrap_model_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Call the model; its requests will be decided here."""
        with handling_approvals():
            return handler(request)

    async def awrap_model_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """The same, awaited."""
        with handling_approvals():
            return await handler(request)

    @hook_config(can_jump_to=["model"])
    def after_model(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """Decide what the last answer asks for; the model speaks again with the decisions."""
        answer = _decided(state["messages"], self.policy, self._describe)
        if answer is None:
            return None
        last = next(m for m in reversed(state["messages"]) if isinstance(m, AIMessage))
        # Calls of the agent's own tools must run first: the API wants all outputs together.
        return {"messages": [answer]} | ({} if last.tool_calls else {"jump_to": "model"})

    @hook_config(can_jump_to=["model"])
    async def aafter_model(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """The same; deciding needs no waiting of its own."""
        return self.after_model(state, runtime)


def mcp_approval_node(
    policy: Policy | None = None,
    *,
    description: Callable[[ApprovalRequest], str] = ApprovalRequest.describe,
    messages_key: str = "messages",
) -> Callable[[Any], dict[str, Any]]:
    """A node for a StateGraph: put it after the model, and the model after it.

    It adds the message with the decisions, or nothing where nothing waits.
    """
    chosen = policy or Policy()

    def decide(state: Any) -> dict[str, Any]:
        answer = _decided(state[messages_key], chosen, description)
        return {} if answer is None else {messages_key: [answer]}

    handles_approvals(decide)
    return decide


class _Decision(TypedDict):
    type: Literal["approve", "reject"]
    message: NotRequired[str]


def _decided(
    messages: Sequence[BaseMessage],
    policy: Policy,
    description: Callable[[ApprovalRequest], str],
) -> HumanMessage | None:
    """One message with all decisions of a turn; pure but for the interrupt."""
    pending = pending_approvals(messages)
    if not pending:
        return None
    verdicts = {request.id: policy.decide(request) for request in pending}
    asked = [request for request in pending if verdicts[request.id].decision == "ask"]
    said = dict(zip((r.id for r in asked), _ask(asked, description) if asked else [], strict=True))
    return approval_message(
        (
            request,
            said[request.id]["type"] == "approve"
            if request.id in said
            else verdicts[request.id].decision == "approve",
            said[request.id].get("message") if request.id in said else verdicts[request.id].reason,
        )
        for request in pending
    )


def _ask(
    requests: list[ApprovalRequest], description: Callable[[ApprovalRequest], str]
) -> list[_Decision]:
    payload = {
        "action_requests": [
            {
                "name": request.name,
                "args": dict(request.parsed_arguments()),
                "description": description(request),
            }
            for request in requests
        ],
        "review_configs": [
            {"action_name": request.name, "allowed_decisions": ["approve", "reject"]}
            for request in requests
        ],
    }
    answer = interrupt(payload, response_schema=_schema(len(requests)))
    return cast("list[_Decision]", answer["decisions"])


def _schema(count: int) -> Any:
    """What an answer must be: LangGraph checks it before the answer is saved."""
    decisions = Annotated[list[_Decision], Field(min_length=count, max_length=count)]
    return TypedDict("Decisions", {"decisions": decisions})  # type: ignore[misc,operator]
