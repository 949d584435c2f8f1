"""MCP at a provider that runs it: the flow of one call, with decisions and calls checked.

    HostedTurn.run   check and use up the decisions, make the call, and look at what comes:
                     compare what ran with what was approved, and remember what is asked

The provider's items and events pass through as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resp_core.effects import Emit, Record
from resp_core.errors import APIError, ApprovalError, McpIntegrityError
from resp_core.flow import Call
from resp_core.mcp.approval import decisions_in
from resp_core.mcp.catalog import Catalog
from resp_core.mcp.denials import without_denied
from resp_core.mcp.history import fresh_items, input_items, is_our_item, model_items
from resp_core.mcp.integrity import Witness
from resp_core.mcp.ledger import Ledger
from resp_core.mcp.relay import relay
from resp_core.route.retry import never_begun
from resp_core.tasks import Turn
from resp_core.wire.replay import without_mcp_calls
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from resp_core.effects import Answer, Effect, Opened
    from resp_core.errors import RespError
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
        self._items = items = input_items(request.body.get("input"))
        self._continues = request.body.get("previous_response_id")
        self._decisions = decisions_in(_decisive(items))
        pointed = any(item.get("type") == "item_reference" for item in items)
        elsewhere = pointed or request.body.get("conversation") is not None
        self._witness = Witness(servers, items, self._decisions, elsewhere=elsewhere)
        changed: JsonObject = {}
        tools = objects(request.body.get("tools"))
        kept = without_denied(tools, servers, approvals.policy, self._witness.tools)
        if kept is not None:
            changed["tools"] = kept
        sent = _as_provider_takes(items, stores=request.body.get("store") is not False)
        if sent is not items:
            changed["input"] = sent
        if changed:
            request = replace(request, body={**request.body, **changed})
        if any(decision["approve"] for decision in self._decisions.values()):
            # What has been approved must not be done twice because an answer got lost.
            policy = replace(policy, retry=replace(policy.retry, only_unsent=True))
        self._call = Call(Turn(request), deployment, policy=policy, clock=clock)
        self._ledger = Ledger(approvals, clock.wall, servers)
        self._response_id = ""
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
        try:
            known = yield from self._ledger.believe(
                self._decisions, self._items, self._continues, others_know=True
            )
            yield from self._ledger.take(known)
        except ApprovalError as error:
            yield from self._fail(error)
            raise
        self._witness.known = known
        try:
            yield from relay(self._call.run(), self._passed)
        except McpIntegrityError as error:
            error.partial = self._call.result
            yield from self._fail(error)
            raise
        except APIError as error:
            refused = self.opened is None or self.opened.status >= 400
            if refused and never_begun(error):
                yield from self._ledger.give_back(known)
            raise

    def _passed(self, effect: Effect) -> Generator[Effect, Answer, Effect]:
        """Each finished item is looked at before the caller sees it."""
        if isinstance(effect, Emit):
            for event in effect.events:
                if event.get("type") == "response.output_item.done":
                    yield from self._see([event["item"]])
                elif "response" in event:
                    response = as_object(event["response"])
                    self._response_id = as_text(response.get("id")) or self._response_id
                    yield from self._see(objects(response.get("output")))
        elif isinstance(effect, Record):
            result = self._call.result or {}
            self._response_id = as_text(result.get("id")) or self._response_id
            yield from self._see(objects(result.get("output")))
            self.record = self._noted(effect.record)
            return Record(self.record)
        return effect

    def _see(self, items: list[JsonObject]) -> Generator[Effect, Answer, None]:
        """Check what ran, and keep what is asked with all that its decision is bound to."""
        for item in items:
            for request in self._witness.see(item):
                yield from self._ledger.ask_once(request, self._response_id)

    def _fail(self, error: RespError) -> Generator[Effect, Answer, None]:
        """The record of a call that was not made, or not to its end; its budget is given back."""
        owed = [each for each in self._call.pending.values() if not isinstance(each, Record)]
        call = self._call.record or self._call.so_far()
        self.record = replace(self._noted(call), status="failed", error=type(error).__name__)
        yield from owed
        yield Record(self.record)

    def _noted(self, record: CallRecord) -> CallRecord:
        if not self._decisions:
            return record
        known = len(self._witness.known) == len(self._decisions)
        return replace(record, approvals_checked="here" if known else "provider")


def _as_provider_takes(items: list[JsonObject], *, stores: bool) -> list[JsonObject]:
    """`items` as they are, where they can be: what we ran is a function's call to a provider."""
    if any(is_our_item(item) for item in items):
        items = model_items(items, Catalog(()), ours_only=True)
    if not stores and any(item.get("type") == "mcp_call" for item in items):
        items = without_mcp_calls(items)
    return items


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
