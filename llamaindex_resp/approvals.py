"""`mcp_approval_tool`: an agent's run waits while a person decides on an MCP call.

Put the tool among an agent's tools. The model never sees it: the LLM turns each approval request
of an answer into a call of it, so FunctionAgent and AgentWorkflow run approvals like any tool,
side by side and mixed with the agent's own. Only explicit approvals count.
"""

# LlamaIndex finds the Context parameter by its annotation object: annotations must not be text.

from importlib import import_module
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from llama_index.core.tools import FunctionTool
from llama_index.core.workflow import Context, HumanResponseEvent, InputRequiredEvent

from llamaindex_resp.decisions import APPROVAL_TOOL, decision_text, description_of
from resp_core.mcp.approval import ApprovalRequest
from resp_core.mcp.arguments import canonical_arguments
from resp_core.mcp.display import display
from resp_core.mcp.policy import Policy, Verdict

__all__ = ["MCPApprovalRequiredEvent", "MCPApprovalTool", "mcp_approval_tool"]

_YES = frozenset({"y", "yes", "approve", "approved", "true"})
_NO = frozenset({"n", "no", "deny", "denied", "reject", "rejected", "false", ""})


class MCPApprovalRequiredEvent(InputRequiredEvent):
    """A run waits for a decision on an MCP call; `arguments` is canonical JSON text.

    `description` and `read_only` are what the tool's server says of it; `changed`: its definition
    is not the one that was listed before.

    Answer with `HumanResponseEvent(approval_request_id=..., approve=True)`, or with
    `approve=False, reason=...`; `response="yes"` or "no" will do as well. A run restored from a
    saved context sends this event again for every request that still waits.
    """

    prefix: str
    approval_request_id: str
    server_label: str
    name: str
    arguments: str
    read_only: bool = False
    description: str = ""
    changed: bool = False


class MCPApprovalTool(FunctionTool):
    """The tool that `mcp_approval_tool` makes; `RespLLM` knows it by its mark."""

    decides_mcp_approvals = True


class _Run:
    """What a tool remembers of one run: the requests shown to a person, and those decided."""

    def __init__(self) -> None:
        self.shown: set[str] = set()
        self.done: set[str] = set()


def mcp_approval_tool(
    policy: Policy | None = None, timeout: float | None = None
) -> MCPApprovalTool:
    """The tool that asks a person to approve the MCP calls of an agent.

    `policy` answers what its rules decide. A person who says nothing for `timeout` seconds has
    denied; None waits as long as the run does.
    """
    rules = policy or Policy()
    runs: WeakKeyDictionary[Any, _Run] = WeakKeyDictionary()

    async def mcp_approval(
        ctx: Context,
        approval_request_id: str,
        server_label: str,
        name: str,
        arguments: str,
        read_only: bool = False,
        description: str = "",
        changed: bool = False,
    ) -> str:
        request = ApprovalRequest(
            id=approval_request_id,
            server_label=server_label,
            name=name,
            arguments=canonical_arguments(arguments),
            read_only=read_only,
            tool={"name": name, "description": description},
            changed=changed,
        )
        run = runs.setdefault(ctx.store, _Run())
        if request.id in run.done:
            _stay(request, answered=True)
        verdict = rules.decide(request)
        if verdict.decision == "ask":
            verdict = await _ask(ctx, request, run, timeout)
        run.done.add(request.id)
        return decision_text(request, verdict.decision == "approve", verdict.reason)

    made = MCPApprovalTool.from_defaults(
        async_fn=mcp_approval,
        name=APPROVAL_TOOL,
        description="Asks a person to approve a call of an MCP tool. Never called by the model.",
    )
    assert isinstance(made, MCPApprovalTool)
    return made


async def _ask(
    ctx: Context, request: ApprovalRequest, run: _Run, patience: float | None
) -> Verdict:
    """A person's decision. The step is run again when it comes, so this happens twice."""
    try:
        answer = await ctx.wait_for_event(
            HumanResponseEvent,
            waiter_id=_waiter(request),
            requirements={"approval_request_id": request.id},
            timeout=patience,
        )
    except TimeoutError:
        return Verdict("deny", reason=f"nobody decided within {patience:g} seconds")
    except Exception:  # the run is suspended by an exception
        if request.id not in run.shown:
            run.shown.add(request.id)
            ctx.write_event_to_stream(_question(request))
        raise
    # A restored run forgets which answer each request waits for, until its steps ran again:
    # an answer for one would decide them all.
    if answer.get("approval_request_id", default=None) != request.id:
        _stay(request)
    return _verdict(answer)


def _question(request: ApprovalRequest) -> MCPApprovalRequiredEvent:
    changed = " (its definition has changed)" if request.changed else ""
    return MCPApprovalRequiredEvent(
        prefix=(
            f"Approve {display(request.name, lines=False)} of "
            f"{display(request.server_label, lines=False)}{changed} with "
            f"{display(request.arguments, 100_000, lines=False)}? "
        ),
        approval_request_id=request.id,
        server_label=request.server_label,
        name=request.name,
        arguments=request.arguments,
        read_only=request.read_only,
        description=description_of(request),
        changed=request.changed,
    )


def _verdict(answer: HumanResponseEvent) -> Verdict:
    """What a person said: anything but a clear yes denies."""
    approve = answer.get("approve", default=None)
    reason = answer.get("reason", default=None)
    said = str(answer.get("response", default="") or "").strip()
    if approve is None and said.lower() in _YES:
        approve = True
    if approve is True:
        return Verdict("approve")
    if reason is None and said.lower() not in _NO:
        reason = said
    return Verdict("deny", reason=None if reason is None else str(reason))


def _waiter(request: ApprovalRequest) -> str:
    return f"{APPROVAL_TOOL}:{request.id}"


def _stay(request: ApprovalRequest, answered: bool = False) -> NoReturn:
    """Suspend the step under the same name as before: under a new one, two would wait.

    An `answered` request must not give a second result: what it waits for never comes.
    """
    results = import_module("workflows.runtime.types.results")  # where its types are not told
    raise results.WaitingForEvent(
        results.AddWaiter(
            waiter_id=_waiter(request),
            requirements={
                "approval_request_id": f"{request.id} (decided)" if answered else request.id
            },
            timeout=None,
            event_type=HumanResponseEvent,
            waiter_event=None,
        )
    )
