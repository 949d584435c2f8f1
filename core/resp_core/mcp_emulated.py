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
from resp_core.errors import (
    APIError,
    ArgumentError,
    McpError,
    RespError,
    StreamInterrupted,
    UnsupportedError,
)
from resp_core.flow import Call
from resp_core.mcp.approval import arguments_of, canonical_arguments, decisions_in, request_of
from resp_core.mcp.catalog import Catalog, catalog_of, tool_choice_of
from resp_core.mcp.history import fresh_items, input_items, model_items
from resp_core.mcp.ledger import Ledger
from resp_core.mcp.outer import OuterResponse
from resp_core.mcp.session import McpLimits, McpPeer, Outcome, call_tool, list_tools
from resp_core.tasks import Turn
from resp_core.wire.chat_output import skeleton
from resp_core.wire.ids import is_ours
from resp_core.wire.shape import as_text, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

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

_OUR_FIELDS = ("previous_response_id", "max_tool_calls", "tools", "tool_choice", "input")
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
        _check(request, servers)
        self.result: JsonObject | None = None
        self.record: CallRecord | None = None
        self.opened: Opened | None = None
        self._request = request
        self._deployment = deployment
        self._servers = servers
        self._policy = policy
        self._clock = clock
        self._approvals = approvals
        self._ledger = Ledger(approvals, clock.wall)
        self._begun, self._wall = clock.monotonic(), clock.wall()
        self._deadline = self._begun + policy.timeout
        limits = McpLimits(self._deadline, clock.monotonic, approvals.timeout)
        self._peers = {server.label: McpPeer(server, limits) for server in servers}
        self._catalog = Catalog(())
        self._items: list[JsonObject] = []  # the conversation so far, as the caller sees it
        self._base: str | None = None  # a response of the provider's own that it continues
        self._inner: Call | None = None
        self._records: list[CallRecord] = []
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
        """The record of a call that was walked away from."""
        if self.record is not None:
            return {}
        if self._inner is not None:
            pending = self._inner.pending.values()
            self._records += [each.record for each in pending if isinstance(each, Record)]
        self.record = self._merged_record("cancelled")
        return {"record": Record(self.record)}

    def prepare(self) -> None:
        """Encode the request, as far as it is known already. Raises ArgumentError."""
        if self._request.body.get("previous_response_id") is None:
            self._items = input_items(self._request.body.get("input"))
            self._inner_call().prepare()

    def run(self) -> Generator[Effect, Answer, None]:
        """The flow. Raises RespError; nothing is sent to anyone if a decision is refused."""
        try:
            yield from self._respond()
        except APIError as error:
            error.partial = error.partial or self._outer.partial()
            if self._ran:  # what has been done is not lost: the response can be continued
                error.partial = self._outer.partial()
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
            return
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
        runs: list[tuple[JsonObject, CatalogTool]] = []
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
        """An `mcp_list_tools` item for each server that the conversation has none of yet."""
        there = {
            item.get("server_label") for item in self._items if item.get("type") == "mcp_list_tools"
        }
        for server, found in listed:
            if server.label in there:
                continue
            item: JsonObject = {
                "id": self._clock.new_id("mcpl_"),
                "type": "mcp_list_tools",
                "server_label": server.label,
                "tools": [],
            }
            if isinstance(found, McpError):
                item["error"] = found.message
            else:
                item["tools"] = [
                    tool for tool in found if self._catalog.by_name(server.label, tool["name"])
                ]
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
        yield from self._through(inner)
        result = inner.result or {}
        self._outer.inner_done(result)
        return result

    def _inner_call(self) -> Call:
        return Call(
            Turn(self._inner_request()),
            self._deployment,
            policy=replace(self._policy, timeout=max(self._left(), 0.001)),
            clock=self._clock,
        )

    def _through(self, inner: Call) -> Generator[Effect, Answer, None]:
        """Run an inner call: its effects are ours, its events are moved, its record is kept."""
        flow = inner.run()
        try:
            effect = flow.send(None)
            while True:
                answer: Answer = None
                if isinstance(effect, Emit):
                    events = self._outer.inner_events(effect.events)
                    if events:
                        yield Emit(events)
                elif isinstance(effect, Record):
                    self._records.append(effect.record)
                elif not isinstance(effect, Save):
                    try:
                        answer = yield effect
                    except Exception as error:
                        effect = flow.throw(error)
                        continue
                effect = flow.send(answer)
        except StopIteration:
            self.opened = inner.opened
        finally:
            flow.close()

    def _inner_request(self) -> Request:
        body = {
            name: value for name, value in self._request.body.items() if name not in _OUR_FIELDS
        }
        if self._base is not None:
            body["previous_response_id"] = self._base
        conversation = [*self._items, *self._outer.output]
        body["input"] = model_items(conversation, self._catalog)
        tools = [
            tool for tool in objects(self._request.body.get("tools")) if tool.get("type") != "mcp"
        ]
        spent = self._ran >= self._limit() and bool(tools)
        tools += [] if spent else [tool.as_function() for tool in self._catalog.tools]
        if tools:
            body["tools"] = tools
            choice = self._choice()
            if choice is not None:
                body["tool_choice"] = choice
        return replace(self._request, body=body)

    def _choice(self) -> Any:
        """A forced choice holds for the first turn: after its calls the model is free."""
        choice = self._request.body.get("tool_choice")
        if self._ran >= self._limit():
            return "none"
        if choice in (None, "none", "auto"):
            return choice
        if self._turn or not self._catalog.tools:
            return "auto"
        return tool_choice_of(choice, self._catalog)

    def _limit(self) -> float:
        """How many calls `max_tool_calls` allows."""
        limit = self._request.body.get("max_tool_calls")
        return float("inf") if limit is None else float(limit)

    def _answer_calls(self, output: list[JsonObject]) -> Generator[Effect, Answer, bool]:
        """Run, ask for or deny the calls of a turn; True if the model is to speak again."""
        runs: list[tuple[JsonObject, CatalogTool]] = []
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
        self, tool: CatalogTool, arguments: Any, runs: list[tuple[JsonObject, CatalogTool]]
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
        item = {
            "id": request.id,
            "type": "mcp_approval_request",
            "server_label": request.server_label,
            "name": request.name,
            "arguments": request.arguments,
        }
        yield Emit(self._outer.add(item))

    def _refuse(self, call: JsonObject, text: str) -> Generator[Effect, Answer, None]:
        """A call that is not made: a failed `mcp_call` that tells the model why."""
        error = {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": text}]}
        yield Emit(self._outer.add({**call, "status": "failed", "error": error, "output": text}))

    def _new_call(
        self, label: str, name: str, arguments: Any, approval: str | None = None
    ) -> JsonObject:
        return {
            "id": self._clock.new_id("mcp_"),
            "type": "mcp_call",
            "server_label": label,
            "name": name,
            "arguments": canonical_arguments(arguments),
            "output": None,
            "error": None,
            "status": "in_progress",
            "approval_request_id": approval,
        }

    def _run(self, runs: list[tuple[JsonObject, CatalogTool]]) -> Generator[Effect, Answer, None]:
        """Run calls side by side; each becomes a finished `mcp_call`."""
        if not runs:
            return
        allowed = int(min(max(self._limit() - self._ran, 0), len(runs)))
        flows = [
            call_tool(
                self._peers[tool.server.label],
                tool.name,
                dict(request_of(item).parsed_arguments()),
            )
            for item, tool in runs[:allowed]
        ]
        begun = [event for item, _ in runs for event in self._outer.begin_call(item)]
        yield Emit(begun)
        self._ran += len(runs)
        outcomes: list[Outcome] = (yield All(flows)) if flows else []
        outcomes += [_over_limit(self._limit())] * (len(runs) - len(flows))
        ended: list[JsonObject] = []
        for (item, _), outcome in zip(runs, outcomes, strict=True):
            ended += self._outer.end_call(_finished(item, outcome))
        yield Emit(ended)

    # -- the end

    def _end(self, status: str, details: JsonObject | None) -> Generator[Effect, Answer, None]:
        ends = [peer.end() for peer in self._peers.values() if peer.session_id is not None]
        if ends:
            yield All(ends)
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

    def _left(self) -> float:
        return self._deadline - self._clock.monotonic()

    def _merged_record(self, status: Any, error: RespError | None = None) -> CallRecord:
        """One record for the whole response: all attempts, all usage."""
        records = self._records or [self._inner_call().so_far()]
        firsts = [r.started - self._wall + r.first_token for r in records if r.first_token]
        return replace(
            records[-1],
            status=status,
            stream=self._request.stream,
            started=self._wall,
            seconds=self._clock.monotonic() - self._begun,
            first_token=firsts[0] if firsts else None,
            attempts=tuple(attempt for record in records for attempt in record.attempts),
            usage=self._outer.usage,
            response_id=self._id,
            dropped=_all_once(record.dropped for record in records),
            notes=_all_once(record.notes for record in records),
            error=None if error is None else type(error).__name__,
            approvals_checked="here" if self._decided else None,
            billed=tuple(bill for record in records for bill in record.billed),
        )


def _check(request: Request, servers: list[McpServer]) -> None:
    """Raise for what only a provider that runs MCP itself can do."""
    body = request.body
    if body.get("conversation") is not None:
        raise UnsupportedError(
            "conversation cannot be used with MCP tools that are run here: the provider would "
            "not see the calls. Use previous_response_id or send the items.",
            param="conversation",
        )
    if body.get("background"):
        raise UnsupportedError(
            "background cannot be used with MCP tools that are run here: nothing would run them "
            "once this call has returned.",
            param="background",
        )
    for server in servers:
        if server.url is None and server.session is None:
            raise UnsupportedError(
                f"The MCP server {server.label!r} is a connector or a tunnel, which only a "
                "provider that runs MCP itself reaches: give its server_url.",
                param="server_url",
            )
    for tool in objects(body.get("tools")):
        callers = items_of(tool.get("allowed_callers"))
        if tool.get("type") == "mcp" and callers and "direct" not in callers:
            raise UnsupportedError(
                "allowed_callers without 'direct' needs a provider that runs MCP itself.",
                param="allowed_callers",
            )


def _all_once(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry for each in lists for entry in each))


def _over_limit(limit: float) -> Outcome:
    text = f"Not run: max_tool_calls is {limit:g}."
    return Outcome(text, {"type": "mcp_protocol_error", "code": 0, "message": text})


def _finished(item: JsonObject, outcome: Outcome) -> JsonObject:
    done = {
        **item,
        "output": outcome.output,
        "error": outcome.error,
        "status": "failed" if outcome.error is not None else "completed",
    }
    if outcome.images:
        done["provider_data"] = {"mcp": {"content": outcome.images}}
    return done
