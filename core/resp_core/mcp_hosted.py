"""MCP at a provider that runs it: the flow of one call, with decisions and calls checked.

    HostedTurn.run   check and use up the decisions, make the call, then compare what ran
                     with what was approved, and remember what is asked now

The provider's items and events pass through as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from resp_core.effects import Emit, Record
from resp_core.errors import APIError, ArgumentError, McpIntegrityError
from resp_core.flow import Call
from resp_core.mcp.approval import (
    check_call,
    decisions_in,
    definition_hash,
    open_requests,
    read_only_of,
    with_definitions,
)
from resp_core.mcp.history import fresh_items, input_items
from resp_core.mcp.ledger import Ledger
from resp_core.route.retry import never_begun
from resp_core.tasks import Turn
from resp_core.wire.replay import without_mcp_calls
from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from resp_core.effects import Answer, Effect, Opened
    from resp_core.flow import Clock, Policy
    from resp_core.mcp.policy import Policy as ApprovalPolicy
    from resp_core.mcp.server import McpServer
    from resp_core.mcp.settings import ApprovalSettings
    from resp_core.observe.record import CallRecord
    from resp_core.route.deployment import Deployment
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Request

__all__ = ["HostedTurn"]


class HostedTurn:
    """A call whose MCP tools the provider runs. A flow around one `Call`."""

    def __init__(
        self,
        request: Request,
        deployment: Deployment,
        servers: list[McpServer],
        *,
        policy: Policy,
        clock: Clock,
        approvals: ApprovalSettings,
    ) -> None:
        self._items = input_items(request.body.get("input"))
        self._tools: dict[tuple[str, str], JsonObject] = {}
        self._learn(self._items)
        tools = _without_denied(request.body.get("tools"), servers, approvals.policy, self._tools)
        if tools is not None:
            request = replace(request, body={**request.body, "tools": tools})
        ran = any(item.get("type") == "mcp_call" for item in self._items)
        if request.body.get("store") is False and ran:
            request = replace(
                request, body={**request.body, "input": without_mcp_calls(self._items)}
            )
        self._request = request
        self._servers = {server.label: server for server in servers}
        self._ledger = Ledger(approvals, clock.wall)
        self._decisions = decisions_in(_decisive(self._items))
        if any(decision["approve"] for decision in self._decisions.values()):
            # What has been approved must not be done twice because an answer got lost.
            policy = replace(policy, retry=replace(policy.retry, only_unsent=True))
        self._call = Call(Turn(request), deployment, policy=policy, clock=clock)
        self._stored: dict[str, JsonObject] = {}
        self.record: CallRecord | None = None

    def prepare(self) -> None:
        """Encode the request; raises ArgumentError."""
        self._call.prepare()

    @property
    def result(self) -> JsonObject | None:
        """The response; None until the end."""
        return self._call.result

    @property
    def opened(self) -> Opened | None:
        """Status and headers of the answer."""
        return self._call.opened

    @property
    def pending(self) -> Mapping[str, Effect]:
        """The record of a call that was walked away from."""
        if self.record is not None:
            return {}
        pending = self._call.pending
        self.record = self._call.record
        return pending

    def run(self) -> Generator[Effect, Answer, None]:
        """The flow. Raises ApprovalError before anything is sent, McpIntegrityError after."""
        continues = self._request.body.get("previous_response_id")
        self._stored = yield from self._ledger.believe(
            self._decisions, self._items, continues, others_know=True
        )
        yield from self._ledger.take(self._stored)
        try:
            yield from self._through()
        except McpIntegrityError as error:
            error.partial = self._call.result
            call = self._call.record or self._call.so_far()
            self.record = replace(self._noted(call), status="failed", error=type(error).__name__)
            yield Record(self.record)
            raise
        except APIError as error:
            refused = self.opened is None or self.opened.status >= 400
            if refused and never_begun(error):
                yield from self._ledger.give_back(self._stored)
            raise
        yield from self._remember(self._call.result or {})

    def _through(self) -> Generator[Effect, Answer, None]:
        """Run the call; its events, its answer and its record pass by here."""
        flow = self._call.run()
        try:
            effect = flow.send(None)
            while True:
                if isinstance(effect, Emit):
                    for event in effect.events:
                        if event.get("type") == "response.output_item.done":
                            self._check(event["item"])
                elif isinstance(effect, Record):
                    for item in objects((self._call.result or {}).get("output")):
                        self._check(item)
                    self.record = self._noted(effect.record)
                    effect = Record(self.record)
                try:
                    answer = yield effect
                except Exception as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(answer)
        except StopIteration:
            return
        finally:
            flow.close()

    def _noted(self, record: CallRecord) -> CallRecord:
        if not self._decisions:
            return record
        known = len(self._stored) == len(self._decisions)
        return replace(record, approvals_checked="here" if known else "provider")

    # -- what ran

    def _check(self, item: JsonObject) -> None:
        """McpIntegrityError for a call that nobody approved, or that ran otherwise."""
        self._learn([item])
        if item.get("type") != "mcp_call" or item.get("status") == "in_progress":
            return
        label, name = as_text(item.get("server_label")), as_text(item.get("name"))
        id = item.get("approval_request_id")
        decision = self._decisions.get(id) if isinstance(id, str) else None
        if decision is None:
            if id is not None and self._decided_elsewhere():
                return
            server = self._servers.get(label)
            if server is not None and self._needed_approval(server, name):
                raise McpIntegrityError(
                    f"The provider ran {name} of {label} with {item.get('arguments')}, which needs "
                    "an approval, and nobody approved it.",
                    server_label=label,
                    ran=dict(item),
                )
            return
        stored = self._stored.get(str(id))
        if not decision["approve"]:
            raise McpIntegrityError(
                f"The provider ran {name} of {label} although it was denied.",
                server_label=label,
                approved=stored,
                ran=dict(item),
            )
        if stored is not None:
            check_call(item, stored)
            self._check_definition(item, stored)

    def _decided_elsewhere(self) -> bool:
        """Whether the provider may hold a decision that this request only points to."""
        pointed = any(item.get("type") == "item_reference" for item in self._items)
        return pointed or self._request.body.get("conversation") is not None

    def _check_definition(self, item: JsonObject, stored: Mapping[str, Any]) -> None:
        """What was approved is a tool as it was described then."""
        key = as_text(item.get("server_label")), as_text(item.get("name"))
        tool, pinned = self._tools.get(key), stored.get("definition")
        if tool is not None and pinned and definition_hash(tool) != pinned:
            raise McpIntegrityError(
                f"The provider ran {key[1]} of {key[0]}, whose definition has changed since the "
                "call was approved.",
                server_label=key[0],
                approved=dict(stored),
                ran=dict(item),
            )

    def _needed_approval(self, server: McpServer, name: str) -> bool:
        """Whether it is sure that a call had to be approved."""
        read_only = read_only_of(self._tools.get((server.label, name)))
        known = (True, False) if read_only is None else (read_only,)
        return all(server.requirement.asks(name, each) for each in known)

    def _learn(self, items: list[JsonObject]) -> None:
        """Remember the definitions that `mcp_list_tools` items show."""
        for item in items:
            if item.get("type") == "mcp_list_tools":
                for tool in objects(item.get("tools")):
                    key = as_text(item.get("server_label")), as_text(tool.get("name"))
                    self._tools[key] = tool

    def _remember(self, result: JsonObject) -> Generator[Effect, Answer, None]:
        """Keep what is asked now, with all that it is bound to."""
        output = objects(result.get("output"))
        response_id = as_text(result.get("id"))
        for request in with_definitions(open_requests(output), [*self._items, *output]):
            yield self._ledger.ask(request, response_id)


def _decisive(items: list[JsonObject]) -> list[JsonObject]:
    """The decisions that the provider may act on: new ones, and approvals of what has not run."""
    ran = {item.get("approval_request_id") for item in items if item.get("type") == "mcp_call"}
    old = items[: len(items) - len(fresh_items(items))]
    left = [
        item
        for item in old
        if item.get("type") == "mcp_approval_response"
        and item.get("approve")
        and item.get("approval_request_id") not in ran
    ]
    return left + fresh_items(items)


def _without_denied(
    tools: Any,
    servers: list[McpServer],
    policy: ApprovalPolicy,
    known: Mapping[tuple[str, str], JsonObject],
) -> list[JsonObject] | None:
    """`tools` without what the policy denies outright; None where that changes nothing.

    Raises ArgumentError where a denial cannot be brought home to the provider.
    """
    by_label = {server.label: server for server in servers}
    if not any(policy.may_deny(label) for label in by_label):
        return None
    changed: list[JsonObject] = []
    for tool in objects(tools):
        server = by_label.get(as_text(tool.get("server_label")))
        if tool.get("type") != "mcp" or server is None or not policy.may_deny(server.label):
            changed.append(tool)
            continue
        listed = {name: each for (label, name), each in known.items() if label == server.label}
        kept = _allowed(tool.get("allowed_tools"), server, policy, listed)
        if kept is not None:
            changed.append({**tool, **kept})
    return changed


def _allowed(
    allowed: Any, server: McpServer, policy: ApprovalPolicy, listed: Mapping[str, JsonObject]
) -> JsonObject | None:
    """What to change in a tool of a server whose calls may be denied; None: leave it out."""
    label = server.label
    if policy.denies_server(label):
        return None
    names = items_of(allowed) or items_of(as_object(allowed).get("tool_names")) or list(listed)
    kept = [name for name in map(str, names) if not _denied(policy, label, name, listed)]
    unasked = [name for name in kept if _runs_unasked(server, policy, name, listed)]
    if unasked or (not names and not _always_asks(server)):
        raise ArgumentError(
            f"The policy denies calls of {label!r}, which the provider runs without asking"
            f"{': ' + ', '.join(unasked) if unasked else ''}. Let require_approval ask for them, "
            "or name the tools that may run in allowed_tools.",
            param="require_approval",
        )
    if not names or kept == names:
        return {}
    if not kept:
        return None
    return {
        "allowed_tools": {**as_object(allowed), "tool_names": kept}
        if isinstance(allowed, dict)
        else kept
    }


def _denied(
    policy: ApprovalPolicy, label: str, name: str, listed: Mapping[str, JsonObject]
) -> bool:
    """Whether a tool is denied whatever its arguments; one that may do more than read counts so."""
    return policy.denied_outright(label, name, read_only_of(listed.get(name)) is True)


def _runs_unasked(
    server: McpServer, policy: ApprovalPolicy, name: str, listed: Mapping[str, JsonObject]
) -> bool:
    """Whether a denial that hangs on the arguments would come too late for a tool."""
    read_only = read_only_of(listed.get(name))
    known = (True, False) if read_only is None else (read_only,)
    depends = any(
        rule.decision == "deny" and rule.when is not None and rule.names(server.label, name, each)
        for rule in policy.rules
        for each in known
    )
    return depends and not all(server.requirement.asks(name, each) for each in known)


def _always_asks(server: McpServer) -> bool:
    """Whether every tool waits for a decision, whatever its name."""
    needed = server.requirement
    return not needed.never_all and needed.never.names is None and needed.never.read_only is None
