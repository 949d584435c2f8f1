"""Waiting for a background response: what to do after each look at it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import APITimeoutError, ResponseCancelledError, ResponseFailedError
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["next_wait"]


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
