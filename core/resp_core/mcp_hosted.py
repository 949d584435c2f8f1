"""MCP at a provider that runs it: the flow of one call, with decisions and calls checked.

    HostedTurn.run   check and use up the decisions, make the call, then compare what ran
                     with what was approved, and remember what is asked now

The provider's items and events pass through as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from resp_core.effects import Emit, Load, Record, Save
from resp_core.errors import APIError, ApprovalUnknown, McpIntegrityError
from resp_core.flow import Call
from resp_core.mcp.approval import (
    check_call,
    check_decision,
    decisions_in,
    definition_hash,
    request_of,
    stored_request,
)
from resp_core.mcp.history import fresh_items, input_items
from resp_core.tasks import Turn
from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from resp_core.effects import Answer, Effect, Opened
    from resp_core.flow import Clock, Policy
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
        tools = _without_denied(request.body.get("tools"), approvals)
        if tools is not None:
            request = replace(request, body={**request.body, "tools": tools})
        self._request = request
        self._servers = {server.label: server for server in servers}
        self._approvals = approvals
        self._clock = clock
        self._call = Call(Turn(request), deployment, policy=policy, clock=clock)
        self._items = input_items(request.body.get("input"))
        self._stored: dict[str, JsonObject] = {}
        self._decisions: dict[str, JsonObject] = {}
        self._tools: dict[tuple[str, str], JsonObject] = {}
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
        pending = self._call.pending
        self.record = self.record or self._call.record
        return pending

    def run(self) -> Generator[Effect, Answer, None]:
        """The flow. Raises ApprovalError before anything is sent, McpIntegrityError after."""
        self._learn(self._items)
        self._decisions = decisions_in(fresh_items(self._items))
        yield from self._believe()
        yield from self._take()
        try:
            yield from self._through()
        except APIError as error:
            if not isinstance(error, McpIntegrityError) and self._call.result is None:
                yield from self._give_back()
            raise
        result = self._call.result or {}
        for item in objects(result.get("output")):
            self._check(item)
        yield from self._remember(result)

    def _believe(self) -> Generator[Effect, Answer, None]:
        for id in self._decisions:
            stored: JsonObject | None = yield Load(f"approval:{id}")
            used = (yield Load(f"approval-used:{id}")) if stored is None else None
            if stored is None and used is None:
                if self._approvals.strict:
                    raise ApprovalUnknown(
                        f"The request {id!r} is not known here, and strict_approvals is set. "
                        "Give both processes the same state_store=.",
                        approval_request_id=id,
                    )
                continue  # the provider knows its own requests, and decides
            for shown in [i for i in self._items if i.get("id") == id] or [None]:
                check_decision(
                    id,
                    stored,
                    used=used is not None,
                    scope=self._approvals.scope,
                    now=self._clock.wall(),
                    shown=shown,
                    response_id=self._request.body.get("previous_response_id"),
                )
            if stored is not None:
                self._stored[id] = stored

    def _take(self) -> Generator[Effect, Answer, None]:
        for id in self._stored:
            taken = yield Load(f"approval:{id}", take=True)
            check_decision(
                id,
                taken,
                used=taken is None,
                scope=self._approvals.scope,
                now=self._clock.wall(),
            )
            yield Save(f"approval-used:{id}", {})

    def _give_back(self) -> Generator[Effect, Answer, None]:
        """The provider never took the decisions: they can be sent again."""
        for id, stored in self._stored.items():
            yield Load(f"approval-used:{id}", take=True)
            yield Save(f"approval:{id}", stored)

    def _through(self) -> Generator[Effect, Answer, None]:
        """Run the call; its record says who checked the decisions."""
        flow = self._call.run()
        try:
            effect = flow.send(None)
            while True:
                if isinstance(effect, Emit):
                    for event in effect.events:
                        if event.get("type") == "response.output_item.done":
                            self._check(event["item"])
                elif isinstance(effect, Record):
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

    def _check(self, item: Mapping[str, Any]) -> None:
        """McpIntegrityError for a call that nobody approved, or that ran otherwise."""
        self._learn([dict(item)])
        if item.get("type") != "mcp_call" or item.get("status") == "in_progress":
            return
        server = self._servers.get(as_text(item.get("server_label")))
        id = item.get("approval_request_id")
        if id is None:
            if server is not None and self._needed_approval(server, as_text(item.get("name"))):
                raise McpIntegrityError(
                    f"The provider ran {item.get('name')} of {server.label}, which needs an "
                    "approval, and nobody approved it.",
                    server_label=server.label,
                    ran=dict(item),
                )
            return
        decision = self._decisions.get(id)
        if decision is not None and not decision["approve"]:
            raise McpIntegrityError(
                f"The provider ran {item.get('name')} although it was denied.",
                approved=self._stored.get(id),
                ran=dict(item),
            )
        if id in self._stored:
            check_call(item, self._stored[id])

    def _needed_approval(self, server: McpServer, name: str) -> bool:
        """Whether it is sure that a call had to be approved."""
        tool = self._tools.get((server.label, name))
        if tool is None:
            both = (server.requirement.asks(name, True), server.requirement.asks(name, False))
            return all(both)
        return server.requirement.asks(name, _read_only(tool))

    def _learn(self, items: list[JsonObject]) -> None:
        """Remember the definitions that `mcp_list_tools` items show."""
        for item in items:
            if item.get("type") == "mcp_list_tools":
                for tool in objects(item.get("tools")):
                    key = as_text(item.get("server_label")), as_text(tool.get("name"))
                    self._tools[key] = tool

    def _remember(self, result: JsonObject) -> Generator[Effect, Answer, None]:
        """Keep what is asked now, with all that it is bound to."""
        for item in objects(result.get("output")):
            if item.get("type") != "mcp_approval_request":
                continue
            request = request_of(item)
            tool = self._tools.get((request.server_label, request.name))
            if tool is not None:
                request = replace(request, definition=definition_hash(tool))
            kept = stored_request(
                request,
                response_id=as_text(result.get("id")),
                scope=self._approvals.scope,
                expires=self._clock.wall() + self._approvals.ttl,
            )
            yield Save(f"approval:{request.id}", kept)


def _read_only(tool: Mapping[str, Any]) -> bool:
    return as_object(tool.get("annotations")).get("readOnlyHint") is True


def _without_denied(tools: Any, approvals: ApprovalSettings) -> list[JsonObject] | None:
    """`tools` without what the policy denies outright; None where that changes nothing."""
    if not approvals.policy.rules:
        return None
    changed: list[JsonObject] = []
    for tool in objects(tools):
        if tool.get("type") != "mcp":
            changed.append(tool)
            continue
        label = as_text(tool.get("server_label"))
        allowed = tool.get("allowed_tools")
        names = items_of(allowed) or items_of(as_object(allowed).get("tool_names"))
        if names:
            kept = [n for n in names if not approvals.policy.denied_outright(label, str(n), False)]
            if kept:
                as_filter = {**as_object(allowed), "tool_names": kept}
                fresh: Any = kept if isinstance(allowed, list) else as_filter
                changed.append({**tool, "allowed_tools": fresh})
        elif not approvals.policy.denied_outright(label, "*", False):
            changed.append(tool)
    return changed
