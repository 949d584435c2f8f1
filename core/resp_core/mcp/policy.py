"""Who answers an approval request: rules, in order, the first match wins, else a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from resp_core.mcp.approval import ApprovalRequest

__all__ = ["Decision", "Policy", "Rule", "Verdict"]

Decision: TypeAlias = Literal["ask", "approve", "deny"]


@dataclass(frozen=True, slots=True)
class Rule:
    """`decision` for the calls that it matches.

    `server` and `tool` are globs ("*" is any); `read_only` True or False asks for the tool's
    annotation, None takes both; `when` is a predicate on the arguments, and one that raises
    does not match. `reason` is sent with a denial.
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

    def matches(self, request: ApprovalRequest) -> bool:
        """Whether the rule speaks of this call."""
        if not (
            fnmatchcase(request.server_label, self.server) and fnmatchcase(request.name, self.tool)
        ):
            return False
        if self.read_only is not None and self.read_only != request.read_only:
            return False
        if self.when is None:
            return True
        try:
            return bool(self.when(request.parsed_arguments()))
        except Exception:
            return False


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
        """The first rule that matches."""
        for number, rule in enumerate(self.rules):
            if rule.matches(request):
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
            named = fnmatchcase(server, rule.server) and fnmatchcase(tool, rule.tool)
            if named and rule.read_only in (None, read_only):
                if rule.when is None:
                    return rule.decision == "deny"
                if rule.decision != "deny":
                    return False
        return self.default == "deny"
