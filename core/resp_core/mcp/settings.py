"""How approvals are handled in one call."""

from __future__ import annotations

from dataclasses import dataclass, field

from resp_core.mcp.policy import Policy

__all__ = ["ApprovalSettings"]


@dataclass(frozen=True, slots=True)
class ApprovalSettings:
    """`policy` answers requests; `scope` is the caller's own name for whom a decision is valid.

    `strict` refuses hosted decisions that the state store does not know. Emulated: a call waits
    at most `timeout` seconds for a server, `max_turns` bounds the model's turns in one response,
    and a request can be decided for `ttl` seconds.
    """

    policy: Policy = field(default_factory=Policy)
    scope: str | None = None
    strict: bool = False
    timeout: float = 60.0
    max_turns: int = 16
    ttl: float = 7 * 24 * 3600.0
