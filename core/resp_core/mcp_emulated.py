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
from resp_core.errors import APIError, ArgumentError, McpError, RespError
from resp_core.flow import Call
from resp_core.mcp.approval import (
    canonical_arguments,
    check_decision,
    decisions_in,
    open_requests,
    request_of,
    stored_request,
)
from resp_core.mcp.catalog import Catalog, catalog_of, tool_choice_of
from resp_core.mcp.history import fresh_items, input_items, model_items
from resp_core.mcp.outer import OuterResponse
from resp_core.mcp.session import McpLimits, McpPeer, Outcome, call_tool, list_tools
from resp_core.tasks import Turn
from resp_core.wire.chat_output import skeleton
from resp_core.wire.shape import as_text, is_json_object, objects

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

_OUR_FIELDS = ("previous_response_id", "max_tool_calls", "tools", "tool_choice", "input")


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
        self.result: JsonObject | None = None
        self.record: CallRecord | None = None
        self.opened: Opened | None = None
        self._request = request
        self._deployment = deployment
        self._servers = servers
        self._policy = policy
        self._clock = clock
        self._approvals = approvals
        self._deadline = clock.monotonic() + policy.timeout
        limits = McpLimits(self._deadline, clock.monotonic, approvals.timeout)
        self._peers = {server.label: McpPeer(server, limits) for server in servers}
        self._catalog = Catalog(())
        self._items: list[JsonObject] = []  # the conversation so far, as the caller sees it
        self._inner: Call | None = None
        self._records: list[CallRecord] = []
        self._ran = 0
        self._id = clock.new_id("resp_")
        response = skeleton(
            {**request.body, "store": request.body.get("store") is not False},
            response_id=self._id,
            created_at=int(clock.wall()),
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
        if self.record is not None or self._inner is None:
            return {}
        pending = self._inner.pending
        if self._inner.record is not None:
            self._records.append(self._inner.record)
            self.record = self._merged_record(self._inner.record.status)
            return {"record": Record(self.record)}
        return pending

    def run(self) -> Generator[Effect, Answer, None]:
        """The flow. Raises RespError; nothing is sent to anyone if a decision is refused."""
        try:
            yield from self._respond()
        except APIError as error:
            error.partial = error.partial or self._outer.partial()
            if self._records:
                self.record = self._merged_record("failed", error)
                yield Record(self.record)
            raise
        self.result = self._outer.response
        self.record = self._merged_record(self.result["status"])
        yield Record(self.record)

    def _respond(self) -> Generator[Effect, Answer, None]:
        self._items = yield from self._history()
        fresh = fresh_items(self._items)
        decisions = decisions_in(fresh)
        decided = yield from self._believe(decisions)
        self._demand_all(decisions)
        listed = yield from self._list()
        yield from self._take(decided)
        yield Emit(self._outer.begin())
        yield from self._emit_lists(listed)
        asks_again = yield from self._run_decided(decisions, decided)
        if asks_again:
            yield from self._end("completed", None)
            return
        yield from self._turns()

    # -- what came before

    def _history(self) -> Generator[Effect, Answer, list[JsonObject]]:
        body = self._request.body
        items = input_items(body.get("input"))
        if body.get("conversation") is not None:
            raise ArgumentError(
                "conversation cannot be used with MCP tools that are run here: the provider "
                "would not see the calls. Use previous_response_id or send the items.",
                param="conversation",
            )
        previous = body.get("previous_response_id")
        if previous is None:
            return items
        stored: JsonObject | None = yield Load(f"response:{previous}")
        if stored is None:
            raise ArgumentError(
                f"The response {previous!r} is not known here. If it was made by another process, "
                "both need the same state_store= (sqlite:///… or redis://…).",
                param="previous_response_id",
            )
        return [*objects(stored["input"]), *objects(stored["output"]), *items]

    def _demand_all(self, decisions: Mapping[str, JsonObject]) -> None:
        """The requests of a turn are decided together, or not at all."""
        if not decisions:
            return
        missing = [r.id for r in open_requests(self._items) if r.id not in decisions]
        if missing:
            raise ArgumentError(
                f"{', '.join(missing)}: not decided. All requests of a turn are answered together.",
                param="input",
            )

    # -- decisions

    def _believe(
        self, decisions: Mapping[str, JsonObject]
    ) -> Generator[Effect, Answer, dict[str, JsonObject]]:
        """What the store knows of each decided request; raises before anything is done."""
        found: dict[str, JsonObject] = {}
        for id in decisions:
            stored: JsonObject | None = yield Load(f"approval:{id}")
            used = None
            if stored is None:
                used = yield Load(f"approval-used:{id}")
            shown = [i for i in self._items if i.get("id") == id]
            for item in shown or [None]:
                check_decision(
                    id,
                    stored,
                    used=used is not None,
                    scope=self._approvals.scope,
                    now=self._clock.wall(),
                    shown=item,
                    response_id=self._request.body.get("previous_response_id"),
                )
            if stored is not None:
                found[id] = stored
        return found

    def _take(self, decided: Mapping[str, JsonObject]) -> Generator[Effect, Answer, None]:
        """Use the decisions up: of two that race for one, the second is a replay."""
        for id in decided:
            taken = yield Load(f"approval:{id}", take=True)
            yield Save(f"approval-used:{id}", {"response_id": self._id})
            check_decision(
                id,
                taken,
                used=taken is None,
                scope=self._approvals.scope,
                now=self._clock.wall(),
            )

    def _run_decided(
        self, decisions: Mapping[str, JsonObject], decided: Mapping[str, JsonObject]
    ) -> Generator[Effect, Answer, bool]:
        """Run what was approved; True if a tool has changed since, so that it is asked again."""
        runs: list[tuple[JsonObject, CatalogTool]] = []
        again = False
        for id, stored in decided.items():
            if not decisions[id]["approve"]:
                continue
            tool = self._catalog.by_name(stored["server_label"], stored["name"])
            if tool is None or tool.definition != stored["definition"]:
                if tool is not None:
                    yield from self._ask(tool, stored["arguments"])
                    again = True
                continue
            runs.append((self._new_call(tool, stored["arguments"], id), tool))
        yield from self._run(runs)
        return again

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
            if tool.get("type") == "function"
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
                "error": None,
            }
            if isinstance(found, McpError):
                item["error"] = {"type": "http_error", "code": 0, "message": found.message}
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
        inner = Call(
            Turn(self._inner_request()),
            self._deployment,
            policy=replace(self._policy, timeout=max(self._left(), 0.001)),
            clock=self._clock,
        )
        self._inner = inner
        self._outer.inner_turn()
        inner.prepare()
        yield from self._through(inner)
        result = inner.result or {}
        self._outer.inner_done(result)
        return result

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
        conversation = [*self._items, *self._outer.output]
        body["input"] = model_items(conversation, self._catalog)
        tools = [
            tool for tool in objects(self._request.body.get("tools")) if tool.get("type") != "mcp"
        ]
        tools += [tool.as_function() for tool in self._catalog.tools]
        if tools:
            body["tools"] = tools
            choice = self._request.body.get("tool_choice")
            if choice is not None:
                body["tool_choice"] = self._choice(choice)
        return replace(self._request, body=body)

    def _choice(self, choice: Any) -> Any:
        """A forced choice holds for the first turn: after its calls the model is free."""
        if self._ran and choice not in ("none", "auto"):
            return "auto"
        return tool_choice_of(choice, self._catalog)

    def _answer_calls(self, output: list[JsonObject]) -> Generator[Effect, Answer, bool]:
        """Run, ask for or deny the calls of a turn; True if the model is to speak again."""
        runs: list[tuple[JsonObject, CatalogTool]] = []
        waits = answered = False
        for item in output:
            tool = self._our_tool(item)
            if tool is None:
                if not self._request.stream:
                    self._outer.keep(item)
                waits = waits or _is_callers(item)
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
        if not is_json_object(as_text(arguments) or "{}"):
            yield from self._refuse(tool, arguments, "Not run: its arguments are no JSON object.")
            return False
        verdict = self._approvals.policy.decide(tool.request("", arguments))
        if verdict.decision == "deny":
            reason = f": {verdict.reason}" if verdict.reason else "."
            yield from self._refuse(tool, arguments, f"Denied by policy{reason}")
            return False
        if not tool.needs_approval() or verdict.decision == "approve":
            runs.append((self._new_call(tool, arguments), tool))
            return False
        yield from self._ask(tool, arguments)
        return True

    def _ask(self, tool: CatalogTool, arguments: Any) -> Generator[Effect, Answer, None]:
        """An approval request: shown to the caller, and kept with all that it is bound to."""
        request = tool.request(self._clock.new_id("mcpr_"), arguments)
        kept = stored_request(
            request,
            response_id=self._id,
            scope=self._approvals.scope,
            expires=self._clock.wall() + self._approvals.ttl,
        )
        yield Save(f"approval:{request.id}", kept)
        item = {
            "id": request.id,
            "type": "mcp_approval_request",
            "server_label": request.server_label,
            "name": request.name,
            "arguments": request.arguments,
        }
        yield Emit(self._outer.add(item))

    def _refuse(
        self, tool: CatalogTool, arguments: Any, text: str
    ) -> Generator[Effect, Answer, None]:
        """A call that is not made: a failed `mcp_call` that tells the model why."""
        error = {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": text}]}
        item = {**self._new_call(tool, arguments), "status": "failed", "error": error}
        item["output"] = text
        yield Emit(self._outer.add(item))

    def _new_call(
        self, tool: CatalogTool, arguments: Any, approval: str | None = None
    ) -> JsonObject:
        return {
            "id": self._clock.new_id("mcp_"),
            "type": "mcp_call",
            "server_label": tool.server.label,
            "name": tool.name,
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
        limit = self._request.body.get("max_tool_calls")
        allowed = len(runs) if limit is None else max(limit - self._ran, 0)
        flows = [
            call_tool(self._peers[tool.server.label], tool.name, _arguments(item))
            for item, tool in runs[:allowed]
        ]
        begun = [event for item, _ in runs for event in self._outer.begin_call(item)]
        yield Emit(begun)
        self._ran += len(runs)
        outcomes: list[Outcome] = (yield All(flows)) if flows else []
        outcomes += [_over_limit(limit)] * (len(runs) - len(flows))
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
        if self._request.body.get("store") is not False:
            yield Save(
                f"response:{self._id}",
                {"schema": 1, "input": self._items, "output": self._outer.output},
            )
        if events:
            yield Emit(events)

    def _left(self) -> float:
        return self._deadline - self._clock.monotonic()

    def _merged_record(self, status: Any, error: RespError | None = None) -> CallRecord:
        """One record for the whole response: all attempts, all usage."""
        if not self._records and self._inner is not None and self._inner.record is not None:
            self._records.append(self._inner.record)
        if not self._records:
            return self._bare_record(status)
        last = self._records[-1]
        return replace(
            last,
            status=status,
            stream=self._request.stream,
            attempts=tuple(a for record in self._records for a in record.attempts),
            usage=self._outer.usage,
            response_id=self._id,
            first_token=self._records[0].first_token,
            error=None if error is None else type(error).__name__,
            billed=tuple(bill for record in self._records for bill in record.billed),
        )

    def _bare_record(self, status: Any) -> CallRecord:
        """No turn of the model was needed: a changed tool is asked for again."""
        call = Call(
            Turn(replace(self._request, body={"input": ""})),
            self._deployment,
            policy=self._policy,
            clock=self._clock,
        )
        return replace(call.so_far(), status=status, response_id=self._id, usage=None)


def _is_callers(item: Mapping[str, Any]) -> bool:
    """A call that the caller has to answer."""
    kind = as_text(item.get("type"))
    return kind.endswith("_call") and kind in (
        "function_call",
        "custom_tool_call",
        "computer_call",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
    )


def _arguments(item: Mapping[str, Any]) -> JsonObject:
    return dict(request_of(item).parsed_arguments())


def _over_limit(limit: Any) -> Outcome:
    text = f"Not run: max_tool_calls is {limit}."
    return Outcome(text, {"type": "mcp_protocol_error", "code": "max_tool_calls", "message": text})


def _finished(item: JsonObject, outcome: Outcome) -> JsonObject:
    done = {
        **item,
        "output": outcome.output,
        "error": outcome.error,
        "status": "failed" if outcome.error is not None else "completed",
    }
    if any(part.get("type") == "image" for part in outcome.content):
        done["provider_data"] = {"mcp": {"content": outcome.content}}
    return done
