"""When to try again, and when: one budget for the whole call. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resp_core.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    ConflictError,
    QuotaError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.errors import APIError

__all__ = ["RetryPolicy", "never_begun", "retry_after", "retry_delay"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`max_retries` further attempts at most; waits in seconds.

    A server that asks for more than `max_wait` is not waited for. `retry_on_timeout` re-sends
    a request whose answer did not come in time, which may be billed twice. `only_unsent`
    re-sends only what the server surely has not begun: for requests that must not act twice.
    """

    max_retries: int = 2
    base: float = 0.5
    cap: float = 8.0
    max_wait: float = 60.0
    retry_on_timeout: bool = False
    only_unsent: bool = False


def retry_delay(
    error: APIError, failures: int, policy: RetryPolicy, *, left: float, draw: float
) -> float | None:
    """Seconds to wait before the next attempt, or None: give up.

    `failures` counts the attempts that failed so far (>= 1), `left` is the time to the
    deadline in seconds, `draw` a random number in [0, 1) for full jitter.
    """
    if failures > policy.max_retries or not _worth_it(error, failures, policy):
        return None
    asked = error.retry_after if isinstance(error, APIStatusError) else None
    if asked is not None and asked > policy.max_wait:
        return None
    jitter = min(policy.cap, policy.base * 2 ** (failures - 1)) * draw
    delay = jitter if asked is None else asked
    return delay if delay < left else None


def never_begun(error: APIError) -> bool:
    """Whether the server surely did nothing: it refused the request, or never got it."""
    if isinstance(error, APIStatusError):
        status = error.status_code
        return (400 <= status < 500 and status != 408) or status in (503, 529)
    names = {each.__name__ for each in type(error.__cause__).__mro__}
    connecting = isinstance(error, APITimeoutError) and error.kind == "connect"
    return connecting or bool(names & {"ConnectError", "ClientConnectorError"})


def _worth_it(error: APIError, failures: int, policy: RetryPolicy) -> bool:
    if isinstance(error, QuotaError) or (policy.only_unsent and not never_begun(error)):
        return False
    if isinstance(error, APIStatusError):
        said = error.headers.get("x-should-retry")
        if said in ("true", "false"):
            return said == "true"
        if isinstance(error, ConflictError):
            return failures == 1
        return error.is_retryable
    if isinstance(error, APITimeoutError):
        return error.kind == "connect" or (error.kind != "total" and policy.retry_on_timeout)
    return isinstance(error, APIConnectionError) and error.is_retryable


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait: `retry-after-ms`, then `retry-after`.

    A date is read relative to the server's own `date` header, so a wrong clock here does not
    matter. None where nothing usable was said.
    """
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds: float | None = float(value) / scale
        except ValueError:
            seconds = _until(value, headers.get("date"))
        if seconds is not None and 0 <= seconds < float("inf"):
            return seconds
    return None


def _until(value: str, date: str | None) -> float | None:
    if date is None:
        return None
    from email.utils import parsedate_to_datetime  # rarely needed, slow to import

    try:
        return max(
            0.0, (parsedate_to_datetime(value) - parsedate_to_datetime(date)).total_seconds()
        )
    except (TypeError, ValueError):
        return None
