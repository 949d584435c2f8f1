"""Everything worth knowing about one call, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.types.json import JsonObject
    from resp_core.types.request import Wire

__all__ = ["Attempt", "CallRecord"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One HTTP request of a call. `seconds` from sending to its end; `status` 0: no answer."""

    provider: str
    model: str
    url: str
    status: int
    seconds: float
    request_id: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call, finished, failed or walked away from.

    Times: `started` is seconds since the epoch; `seconds` and `first_token` are durations from
    the start (`first_token`: to the first event with content, None if there was none). `usage`
    is the provider's own JSON, or None when it reported none. `api` is the wire that was used,
    `operation` what was asked of it ("responses", "chat", "embeddings", ...).
    `approvals_checked` says who checked the MCP decisions of the call, if it carried any.
    `cost` is US dollars as a decimal string, or None with `cost_unknown` saying why.
    """

    provider: str
    requested_model: str
    model: str | None
    deployment: str
    api: Wire
    operation: str
    stream: bool
    status: Literal["completed", "incomplete", "failed", "cancelled", "queued", "in_progress"]
    started: float
    seconds: float
    first_token: float | None = None
    attempts: tuple[Attempt, ...] = ()
    response_id: str | None = None
    request_id: str | None = None
    service_tier: str | None = None
    usage: JsonObject | None = None
    cost: str | None = None
    cost_unknown: str | None = "prices are not wired in yet"
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    error: str | None = None
    approvals_checked: Literal["here", "provider"] | None = None
