"""Everything worth knowing about one call, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from resp_core.types.json import empty_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.cost.account import Account
    from resp_core.cost.bill import Cost
    from resp_core.cost.facts import Billed
    from resp_core.cost.usage import Usage
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
    `user`, `safety_identifier`, `tags` and `metadata` are the caller's labels. `billed` is what
    `cost` is computed from.
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
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=empty_object)
    error: str | None = None
    approvals_checked: Literal["here", "provider"] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=empty_object)
    billed: tuple[Billed, ...] = field(default=(), repr=False)
    account: Account | None = field(default=None, repr=False, compare=False)
    _cost: Cost | None = field(default=None, init=False, repr=False, compare=False)
    _uses: tuple[Usage | None, ...] | None = field(
        default=None, init=False, repr=False, compare=False
    )

    @property
    def cost(self) -> Cost:
        """What the call cost: `total` in US dollars, or None with the reasons in `unknown`.

        Computed when it is first looked at, at the prices of the time of the call.
        """
        found = self._cost
        if found is None:
            from resp_core.cost.billing import cost_of_all

            found = cost_of_all(self.billed, self._read())
            object.__setattr__(self, "_cost", found)
        return found

    @property
    def counted(self) -> list[Usage]:
        """What the answers of the call counted: classes of tokens, units, hosted tools."""
        return [usage for usage in self._read() if usage is not None]

    def _read(self) -> tuple[Usage | None, ...]:
        """The usage in each bill, read once."""
        found = self._uses
        if found is None:
            from resp_core.cost.billing import usage_in

            found = tuple(map(usage_in, self.billed))
            object.__setattr__(self, "_uses", found)
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        values = {name: getattr(self, name) for name in _FIELDS}
        return _revived, (values,)


def _revived(values: dict[str, Any]) -> CallRecord:
    return CallRecord(**values)


#: What can leave the process: all but what belongs to this one's clients.
_FIELDS = tuple(f.name for f in fields(CallRecord) if f.init and f.name != "account")
