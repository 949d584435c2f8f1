"""MCP on servers that do not have it: the flow of one response over several turns of the model.

    EmulatedTurn.run   resume what was decided, list the tools, then turn after turn:
                       the model speaks; its calls of MCP tools run, or wait for a decision

The model is offered the tools as functions. What the caller sees is what a server with MCP of
its own would have sent: `mcp_list_tools`, `mcp_call`, `mcp_approval_request`, and one
`response.completed`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from resp_core.effects import All, Emit, Load, Record, Save
from resp_core.errors import APIError, ArgumentError, McpError, RespError, StreamInterrupted
from resp_core.flow import Call
from resp_core.mcp.approval import decisions_in
from resp_core.mcp.arguments import arguments_of
from resp_core.mcp.calls import Outcome, call_tool, list_tools
from resp_core.mcp.catalog import Catalog, catalog_of
from resp_core.mcp.history import fresh_items, input_items
from resp_core.mcp.inner import call_limit, inner_body
from resp_core.mcp.items import (
    call_item,
    finished_call,
    list_item,
    refused_call,
    request_item,
    unrun_call,
)
from resp_core.mcp.ledger import Ledger
from resp_core.mcp.outer import OuterResponse, merged_record
from resp_core.mcp.peer import McpLimits, McpPeer
from resp_core.mcp.relay import relay
from resp_core.mcp.server import check_emulated
from resp_core.tasks import Turn
from resp_core.wire.chat_output import skeleton
from resp_core.wire.ids import is_ours
from resp_core.wire.shape import as_text, objects

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from resp_core.effects import Answer, Effect, Opened
    from resp_core.flow import Clock, Policy
    from resp_core.mcp.catalog import CatalogTool
    from resp_core.mcp.server import McpServer
    from resp_core.mcp.settings import ApprovalSettings
    from resp_core.observe.record import CallRecord
    from resp_core.route.deployment import Deployment
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Request

__all__ = ["EmulatedTurn"]

#: Calls that the caller has to answer.
_CALLERS = frozenset(
    {
        "function_call",
        "custom_tool_call",
        "computer_call",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
    }
)
_Runs = list[tuple["JsonObject", "CatalogTool"]]


class EmulatedTurn:
    """One response whose MCP calls we run. A flow like `Call`, made of several of them."""

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
        check_emulated(request.body, servers)
        self.result: JsonObject | None = None
        self.record: CallRecord | None = None
        self.opened: Opened | None = None
        self._request = request
        self._deployment = deployment
        self._servers = servers
        self._policy = policy
        self._clock = clock
        self._approvals = approvals
        self._ledger = Ledger(approvals, clock.wall, servers)
        self._begun, self._wall = clock.monotonic(), clock.wall()
        self._deadline = self._begun + policy.timeout
        limits = McpLimits(self._deadline, clock.monotonic, approvals.timeout)
        self._peers = {server.label: McpPeer(server, limits) for server in servers}
        self._catalog = Catalog(())
        self._items: list[JsonObject] = []  # the conversation so far, as the caller sees it
        self._base: str | None = None  # a response of the provider's own that it continues
        self._inner: Call | None = None
        self._records: list[CallRecord] = []
        self._limit = call_limit(request.body)
        self._ran = 0
        self._turn = 0
        self._decided = False
        self._asked: list[str] = []
        self._id = clock.new_id("resp_")
        response = skeleton(
            {**request.body, "store": request.body.get("store") is not False},
            response_id=self._id,
            created_at=int(self._wall),
            model=deployment.model,
        )
        self._outer = OuterResponse(
            response,
            streams=request.stream,
            is_ours=lambda name: self._catalog.by_function(name) is not None,
        )

    @property
    def pending(self) -> Mapping[str, Effect]:
        """The record of a call that was walked away from, and what the servers are to hear."""
        owed: dict[str, Effect] = {}
        if self.record is None:
            if self._inner is not None:
                owed |= self._inner.pending
            inner = owed.pop("record", None)
            self._records += [inner.record] if isinstance(inner, Record) else []
            self.record = self._merged_record("cancelled")
            owed["record"] = Record(self.record)
        goodbyes = [peer.goodbye() for peer in self._peers.values() if peer.owes_goodbye()]
        return owed | ({"goodbye": All(goodbyes)} if goodbyes else {})

    def prepare(self) -> None:
        """Encode the request, as far as it is known already. Raises ArgumentError."""
        if self._request.body.get("previous_response_id") is None:
            self._items = input_items(self._request.body.get("input"))
            self._inner_call().prepare()

    def run(self) -> Generator[Effect, Answer, None]:
        """The flow. Raises RespError; nothing is sent to anyone if a decision is refused."""
        try:
            yield from self._respond()
        except RespError as error:
            if isinstance(error, APIError) and (self._ran or error.partial is None):
                error.partial = self._outer.partial()
            if self._ran:  # what has been done is not lost: the response can be continued
                yield from self._keep()
            closed = isinstance(error, StreamInterrupted) and error.code == "closed"
            self.record = self._merged_record("cancelled" if closed else "failed", error)
            yield Record(self.record)
            raise
        self.result = self._outer.response
        self.record = self._merged_record(self.result["status"])
        yield Record(self.record)

    def _respond(self) -> Generator[Effect, Answer, None]:
        self._items = yield from self._history()
        decisions = decisions_in(fresh_items(self._items))
        self._decided = bool(decisions)
        continues = self._request.body.get("previous_response_id")
        decided = yield from self._ledger.believe(decisions, self._items, continues)
        yield from self._ledger.demand_all(decisions, decided)
        listed = yield from self._list()
        self._turn = int(self._decided)
        self._inner_call().prepare()  # what cannot be sent is said before anything is done
        yield from self._ledger.take(decided)
        yield Emit(self._outer.begin())
        yield from self._emit_lists(listed)
        yield from self._run_decided(decisions, decided)
        if self._asked:
            yield from self._end("completed", None)
        else:
            yield from self._turns()

    # -- what came before

    def _history(self) -> Generator[Effect, Answer, list[JsonObject]]:
        body = self._request.body
        items = input_items(body.get("input"))
        previous = body.get("previous_response_id")
        if previous is None:
            return items
        stored: JsonObject | None = yield Load(f"response:{previous}")
        if stored is None:
            if decisions_in(items) or (self._servers and is_ours(str(previous))):
                raise ArgumentError(
                    f"The response {previous!r} is not known here: it was made without MCP tools, "
                    "or with store=False, or by another process, which then needs the same "
                    "state_store= (sqlite:///… or redis://…).",
                    param="previous_response_id",
                )
            self._base = previous  # made without MCP: the provider may know it
            return items
        self._base = stored.get("base")
        return [*objects(stored["input"]), *objects(stored["output"]), *items]

    # -- decisions

    def _run_decided(
        self, decisions: Mapping[str, JsonObject], decided: Mapping[str, JsonObject]
    ) -> Generator[Effect, Answer, None]:
        """Run what was approved; a tool that has changed since is asked for again."""
        runs: _Runs = []
        for id, stored in decided.items():
            if not decisions[id]["approve"]:
                continue
            label, name = stored["server_label"], stored["name"]
            tool = self._catalog.by_name(label, name)
            call = self._new_call(label, name, stored["arguments"], id)
            if tool is None:
                yield from self._refuse(call, f"Not run: {label} does not offer {name} now.")
            elif self._denied_by_policy(tool, stored["arguments"]):
                yield from self._refuse(call, "Not run: denied by policy.")
            elif tool.definition != stored["definition"]:
                yield from self._ask(tool, stored["arguments"])
            else:
                runs.append((call, tool))
        yield from self._run(runs)

    def _denied_by_policy(self, tool: CatalogTool, arguments: Any) -> bool:
        return self._approvals.policy.decide(tool.request("", arguments)).decision == "deny"

    # -- tools

    def _list(
        self,
    ) -> Generator[Effect, Answer, list[tuple[McpServer, list[JsonObject] | McpError]]]:
        """The tools of all servers, asked afresh: an old list could hide a changed tool."""
        answers: list[list[JsonObject] | McpError] = yield All(
            [list_tools(self._peers[server.label]) for server in self._servers]
        )
        listed = list(zip(self._servers, answers, strict=True))
        errors = [answer for answer in answers if isinstance(answer, McpError)]
        if errors and len(errors) == len(answers):
            raise errors[0]
        own = {
            as_text(tool.get("name"))
            for tool in objects(self._request.body.get("tools"))
            if tool.get("type") in ("function", "custom")
        }
        known = [(server, found) for server, found in listed if isinstance(found, list)]
        self._catalog = catalog_of(known, own, self._approvals.policy)
        return listed

    def _emit_lists(
        self, listed: list[tuple[McpServer, list[JsonObject] | McpError]]
    ) -> Generator[Effect, Answer, None]:
        """An `mcp_list_tools` item for each server that the conversation knows otherwise or not."""
        shown = {
            item.get("server_label"): item.get("tools")
            for item in self._items
            if item.get("type") == "mcp_list_tools"
        }
        for server, found in listed:
            if isinstance(found, list):
                found = [t for t in found if self._catalog.by_name(server.label, t["name"])]
            if server.label not in shown or shown[server.label] != found:
                item = list_item(self._clock.new_id("mcpl_"), server.label, found)
                yield Emit(self._outer.add(item))

    # -- the model's turns

    def _turns(self) -> Generator[Effect, Answer, None]:
        for _ in range(self._approvals.max_turns):
            result = yield from self._model_turn()
            status = result.get("status")
            if status != "completed":
                yield from self._end(str(status), result.get("incomplete_details"))
                return
            goes_on = yield from self._answer_calls(objects(result.get("output")))
            if not goes_on:
                yield from self._end("completed", None)
                return
        yield from self._end("incomplete", {"reason": "max_turns"})

    def _model_turn(self) -> Generator[Effect, Answer, JsonObject]:
        self._inner = inner = self._inner_call()
        self._turn += 1
        self._outer.inner_turn()
        inner.prepare()
        yield from relay(inner.run(), self._passed)
        self.opened = inner.opened
        result = inner.result or {}
        self._outer.inner_done(result)
        return result

    def _inner_call(self) -> Call:
        return self._call(
            inner_body(
                self._request.body,
                [*self._items, *self._outer.output],
                self._catalog,
                base=self._base,
                first=not self._turn,
                spent=self._ran >= self._limit,
            )
        )

    def _call(self, body: JsonObject) -> Call:
        left = max(self._deadline - self._clock.monotonic(), 0.001)
        return Call(
            Turn(replace(self._request, body=body)),
            self._deployment,
            policy=replace(self._policy, timeout=left),
            clock=self._clock,
        )

    def _passed(self, effect: Effect) -> Generator[Effect, Answer, Effect | None]:
        """An inner call's events are moved, its record is kept; it leaves nothing in the store."""
        yield from ()
        if isinstance(effect, Emit):
            events = self._outer.inner_events(effect.events)
            return Emit(events) if events else None
        if isinstance(effect, Record):
            self._records.append(effect.record)
            return None
        return None if isinstance(effect, Save) else effect

    def _answer_calls(self, output: list[JsonObject]) -> Generator[Effect, Answer, bool]:
        """Run, ask for or deny the calls of a turn; True if the model is to speak again."""
        runs: _Runs = []
        waits = answered = False
        for item in output:
            tool = self._our_tool(item)
            if tool is None:
                if not self._request.stream:
                    self._outer.keep(item)
                waits = waits or item.get("type") in _CALLERS
                continue
            asked = yield from self._decide(tool, item.get("arguments"), runs)
            waits = waits or asked
            answered = answered or not asked
        yield from self._run(runs)
        return answered and not waits

    def _our_tool(self, item: Mapping[str, Any]) -> CatalogTool | None:
        if item.get("type") != "function_call":
            return None
        return self._catalog.by_function(as_text(item.get("name")))

    def _decide(
        self, tool: CatalogTool, arguments: Any, runs: _Runs
    ) -> Generator[Effect, Answer, bool]:
        """Put a call among `runs`, fail it, or ask for it; True if it waits for a decision."""
        call = self._new_call(tool.server.label, tool.name, arguments)
        if arguments_of(call["arguments"]) is None:
            yield from self._refuse(call, "Not run: its arguments are no JSON object.")
            return False
        verdict = self._approvals.policy.decide(tool.request("", arguments))
        if verdict.decision == "deny":
            reason = f": {verdict.reason}" if verdict.reason else "."
            yield from self._refuse(call, f"Denied by policy{reason}")
            return False
        if not tool.needs_approval() or verdict.decision == "approve":
            runs.append((call, tool))
            return False
        yield from self._ask(tool, arguments)
        return True

    def _ask(self, tool: CatalogTool, arguments: Any) -> Generator[Effect, Answer, None]:
        """An approval request: shown to the caller, and kept with all that it is bound to."""
        request = tool.request(self._clock.new_id("mcpr_"), arguments)
        yield self._ledger.ask(request, self._id)
        self._asked.append(request.id)
        yield Emit(self._outer.add(request_item(request)))

    # -- calls

    def _new_call(
        self, label: str, name: str, arguments: Any, approval: str | None = None
    ) -> JsonObject:
        return call_item(self._clock.new_id("mcp_"), label, name, arguments, approval)

    def _refuse(self, call: JsonObject, text: str) -> Generator[Effect, Answer, None]:
        yield Emit(self._outer.add(refused_call(call, text)))

    def _run(self, runs: _Runs) -> Generator[Effect, Answer, None]:
        """Run calls side by side; each becomes a finished `mcp_call`."""
        if not runs:
            return
        allowed = runs[: int(min(max(self._limit - self._ran, 0), len(runs)))]
        yield Emit([event for item, _ in runs for event in self._outer.begin_call(item)])
        self._ran += len(runs)
        flows = [
            call_tool(
                self._peers[tool.server.label], tool.name, arguments_of(item["arguments"]) or {}
            )
            for item, tool in allowed
        ]
        outcomes: list[Outcome] = (yield All(flows)) if flows else []
        done = [
            *(finished_call(item, out) for (item, _), out in zip(allowed, outcomes, strict=True)),
            *(unrun_call(item, self._limit) for item, _ in runs[len(allowed) :]),
        ]
        yield Emit([event for item in done for event in self._outer.end_call(item)])

    # -- the end

    def _end(self, status: str, details: JsonObject | None) -> Generator[Effect, Answer, None]:
        events = self._outer.finish(status, details, self._clock.wall())
        yield from self._keep()
        if events:
            yield Emit(events)

    def _keep(self) -> Generator[Effect, Answer, None]:
        """What the next request needs to go on from here."""
        if self._asked:
            yield self._ledger.asked(self._asked, self._id)
        if self._request.body.get("store") is not False:
            kept = {
                "schema": 1,
                "base": self._base,
                "input": self._items,
                "output": self._outer.output,
            }
            yield Save(f"response:{self._id}", kept)

    def _merged_record(self, status: Any, error: RespError | None = None) -> CallRecord:
        none = self._call({"input": ""}).so_far  # of a response that did not come to a call
        merged = merged_record(self._records or [none()], self._wall)
        notes = [note for peer in self._peers.values() for note in peer.notes]
        notes += [
            f"defer_loading of {server.label}: its tools were shown to the model at once"
            for server in self._servers
            if server.deferred
        ]
        return replace(
            merged,
            status=status,
            stream=self._request.stream,
            seconds=self._clock.monotonic() - self._begun,
            usage=self._outer.usage,
            response_id=self._id,
            notes=(*merged.notes, *notes),
            error=None if error is None else type(error).__name__,
            approvals_checked="here" if self._decided else None,
        )
