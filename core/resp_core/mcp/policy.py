"""Who answers an approval request: rules, in order, the first match wins, else a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from resp_core.errors import ArgumentError
from resp_core.mcp.approval import approve, deny, open_requests, with_definitions
from resp_core.wire.shape import objects

if TYPE_CHECKING:
    from resp_core.mcp.approval import ApprovalRequest
    from resp_core.types.json import JsonObject

__all__ = ["Decision", "Policy", "Rule", "Verdict", "policy_decisions"]

Decision: TypeAlias = Literal["ask", "approve", "deny"]


@dataclass(frozen=True, slots=True)
class Rule:
    """`decision` for the calls that it matches.

    `server` and `tool` are globs ("*" is any); `read_only` True or False asks for the tool's
    annotation, None takes both; `when` is a predicate on the arguments: where it raises, the
    call is asked for. `reason` is sent with a denial.
    """

    decision: Decision
    server: str = "*"
    tool: str = "*"
    read_only: bool | None = None
    when: Callable[[Mapping[str, Any]], bool] | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.decision not in ("ask", "approve", "deny"):
            raise ArgumentError(
                f"A rule's decision is ask, approve or deny, not {self.decision!r}.",
                param="decision",
            )

    def names(self, server: str, tool: str, read_only: bool) -> bool:
        """Whether the rule speaks of this tool, for some arguments at least."""
        named = fnmatchcase(server, self.server) and fnmatchcase(tool, self.tool)
        return named and self.read_only in (None, read_only)

    def matches(self, request: ApprovalRequest) -> bool:
        """Whether the rule speaks of this call. Raises what its predicate raises."""
        if not self.names(request.server_label, request.name, request.read_only):
            return False
        return self.when is None or bool(self.when(request.parsed_arguments()))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision, the number of the rule that made it (None: the default), and its reason."""

    decision: Decision
    rule: int | None = None
    reason: str | None = None


class Policy:
    """Rules in order; `default` decides where none matches."""

    def __init__(self, rules: Iterable[Rule] = (), *, default: Decision = "ask") -> None:
        self.rules = tuple(rules)
        self.default: Decision = default

    def decide(self, request: ApprovalRequest) -> Verdict:
        """The first rule that matches. A predicate that raises leaves the call to a person."""
        for number, rule in enumerate(self.rules):
            try:
                matches = rule.matches(request)
            except Exception as error:
                return Verdict("ask", number, f"its predicate raised {type(error).__name__}")
            if matches:
                return Verdict(rule.decision, number, rule.reason)
        return Verdict(self.default)

    def explain(self, request: ApprovalRequest) -> str:
        """Why a call is decided as it is, in one sentence."""
        verdict = self.decide(request)
        call = f"{request.name} of {request.server_label}"
        if verdict.rule is None:
            return f"{call}: {verdict.decision}, as no rule matches (the default)."
        reason = f" ({verdict.reason})" if verdict.reason else ""
        return f"{call}: {verdict.decision}, by rule {verdict.rule}{reason}."

    def denied_outright(self, server: str, tool: str, read_only: bool) -> bool:
        """Whether every call of a tool is denied, whatever its arguments."""
        for rule in self.rules:
            if rule.names(server, tool, read_only):
                if rule.when is None:
                    return rule.decision == "deny"
                if rule.decision != "deny":
                    return False
        return self.default == "deny"

    def denies_server(self, server: str) -> bool:
        """Whether every call of every tool of a server is denied."""
        for rule in self.rules:
            if fnmatchcase(server, rule.server):
                if rule.decision != "deny":
                    return False
                if rule.tool == "*" and rule.when is None and rule.read_only is None:
                    return True
        return self.default == "deny"

    def may_deny(self, server: str) -> bool:
        """Whether some call of some tool of a server would be denied."""
        rules = any(
            rule.decision == "deny" and fnmatchcase(server, rule.server) for rule in self.rules
        )
        return rules or self.default == "deny"


def policy_decisions(
    response: Mapping[str, Any],
    policy: Policy,
    *,
    earlier: Iterable[Mapping[str, Any]] = (),
) -> list[JsonObject]:
    """The decisions that `policy` takes on the pending requests of a response, as input items.

    What it leaves to a person is not among them. `earlier` are items of earlier responses,
    where the tools were listed: without them a tool that is not listed here counts as one that
    does more than read.
    """
    output = objects(response.get("output"))
    items = [*(dict(item) for item in earlier), *output]
    decisions: list[JsonObject] = []
    for request in with_definitions(open_requests(output), items):
        verdict = policy.decide(request)
        if verdict.decision == "approve":
            decisions.append(approve(request))
        elif verdict.decision == "deny":
            decisions.append(deny(request, verdict.reason or "denied by policy"))
    return decisions
