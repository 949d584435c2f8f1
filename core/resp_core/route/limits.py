"""Spacing requests as a server's rate-limit headers say, before it has to refuse them. Pure.

A server that shows room costs one look at a header. Once it says that nothing is left, or
refuses with 429, requests to it take numbered places: the next one a fair share of the limit's
period after the one before.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from resp_core.route.retry import retry_after

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

__all__ = ["Paces"]

_REMAINING = "x-ratelimit-remaining-requests"
_LIMIT = "x-ratelimit-limit-requests"
_RESET = "x-ratelimit-reset-requests"
#: Places are this much further apart than the limit asks: clocks and networks are uneven.
_SLACK = 1.1
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)")
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class _Pace:
    """What is known of one limit: the next free place, and seconds between places."""

    __slots__ = ("apart", "free")

    def __init__(self) -> None:
        self.free = 0.0
        self.apart = 0.0


class Paces:
    """The paces of one client, by whatever a limit belongs to. Thread-safe.

    Times are instants of the caller's monotonic clock, in seconds.
    """

    def __init__(self, size: int = 256) -> None:
        self._paces: OrderedDict[Hashable, _Pace] = OrderedDict()
        self._size = size
        self._lock = threading.Lock()

    def reserve(self, key: Hashable, now: float) -> float:
        """Take the next place: the seconds to wait for it, 0 where nothing is known."""
        if not self._paces:
            return 0.0
        with self._lock:
            pace = self._paces.get(key)
            if pace is None:
                return 0.0
            at = max(pace.free, now)
            pace.free = at + pace.apart
            return at - now

    def learn(self, key: Hashable, status: int, headers: Mapping[str, str], now: float) -> None:
        """What an answer said of its limit."""
        remaining = headers.get(_REMAINING)
        if status != 429 and (remaining is None or (remaining != "0" and not self._paces)):
            return
        with self._lock:
            pace = self._paces.get(key)
            if status == 429 or remaining == "0":
                if pace is None:
                    pace = self._paces[key] = _Pace()
                    if len(self._paces) > self._size:
                        self._paces.popitem(last=False)
                _tighten(pace, status, headers, now)
            elif pace is not None and pace.free <= now + pace.apart and _has_room(headers):
                del self._paces[key]


def _tighten(pace: _Pace, status: int, headers: Mapping[str, str], now: float) -> None:
    limit = _number(headers.get(_LIMIT))
    reset = _duration(headers.get(_RESET))
    if limit and reset:
        # A sliding window says when the next place is free, which is no longer than its whole
        # period; so the longest that was ever said is the best guess at the period.
        pace.apart = max(pace.apart, reset / limit * _SLACK)
    if status == 429:
        pace.free = max(pace.free, now + (retry_after(headers) or 0.0))
    elif pace.free <= now:
        pace.free = now + pace.apart


def _has_room(headers: Mapping[str, str]) -> bool:
    limit, remaining = _number(headers.get(_LIMIT)), _number(headers.get(_REMAINING))
    return remaining > 1 and remaining * 4 > limit


def _number(text: str | None) -> float:
    return float(text) if text is not None and re.fullmatch(r"\d{1,15}", text) else 0.0


def _duration(text: str | None) -> float:
    """Seconds of `6ms`, `1s`, `2m59.56s`, `7`; 0 for anything else."""
    if text is None or not re.fullmatch(rf"(?:{_DURATION.pattern}){{1,5}}", text):
        return 0.0
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))
