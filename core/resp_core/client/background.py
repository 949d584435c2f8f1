"""Waiting for a background response, as a sequence of looks and pauses. Pure."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from resp_core.client import plan
from resp_core.client.params import WaitParams, check_names, fields_of
from resp_core.client.wiring import seconds_of
from resp_core.errors import (
    APITimeoutError,
    ResponseCancelledError,
    ResponseFailedError,
    StreamIncomplete,
    StreamInterrupted,
)
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from resp_core.client.obj import Result

__all__ = ["next_wait", "waiting"]

_LONGEST_PAUSE = 10.0
_LAST_LOOK = 1.0  # seconds that a look may take when the time of the wait has run out


def waiting(
    response_id: str,
    params: Mapping[str, Any],
    clock: Callable[[float | None], Callable[[], float]],
) -> Generator[plan.Plan | float, Result, Result]:
    """Yields a plan to carry out (a stream is to be read to its end) or seconds to sleep, and is
    sent what the plan gave; returns the response that has ended.

    `clock` makes, from a limit in seconds or None, what tells the seconds left.
    """
    check_names(params, fields_of(WaitParams), "wait()")
    given = {name: value for name, value in params.items() if value is not None}
    within, each = (
        seconds_of(given.pop(name), name) if name in given else None
        for name in ("within", "timeout")
    )
    interval = seconds_of(given.pop("interval", 1.0), "interval")
    after, left = given.pop("starting_after", None), clock(within)

    def look(**more: Any) -> plan.Plan:
        limit = max(left(), _LAST_LOOK)
        options = {**given, **more, "timeout": limit if each is None else min(each, limit)}
        return plan.retrieve(response_id, options, stream=bool(more))

    answer: Result | None = None
    if after is not None:
        with suppress(StreamInterrupted, StreamIncomplete):  # it goes on without its stream
            answer = yield look(starting_after=after)
    while True:
        if answer is None:
            answer = yield look()
        pause = next_wait(answer, left, interval)
        if pause is None:
            return answer
        yield pause
        answer, interval = None, min(interval * 1.5, _LONGEST_PAUSE)


def next_wait(response: Any, left: Callable[[], float], interval: float) -> float | None:
    """Seconds until the next look, or None: the response has ended.

    `left` tells the seconds left. Raises APITimeoutError, ResponseFailedError,
    ResponseCancelledError; the errors carry the response as `partial`.
    """
    status = response.get("status")
    if status not in ("queued", "in_progress"):
        _raise_ended(response, status)
        return None
    remaining = left()
    if remaining <= 0:
        raise APITimeoutError(
            f"The background response {response.get('id')} was still {status} when the time "
            "limit of the wait passed.",
            partial=response,
        )
    return min(interval, remaining)


def _raise_ended(response: Any, status: str | None) -> None:
    if status == "failed":
        error = as_object(response.get("error"))
        raise ResponseFailedError(
            f"The background response failed: {error.get('message') or error.get('code')}",
            code=error.get("code"),
            model=response.get("model"),
            body=error,
            partial=response,
        )
    if status == "cancelled":
        raise ResponseCancelledError("The background response was cancelled.", partial=response)
