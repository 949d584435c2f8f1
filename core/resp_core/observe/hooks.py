"""Who wants to know of finished calls: anything that takes a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from resp_core.observe.record import CallRecord

__all__ = ["Hook"]


class Hook(Protocol):
    """Called once per call with its frozen record, failed and abandoned calls included.

    It runs in the caller's thread or task, so it should be quick; what it raises is logged.
    """

    def __call__(self, record: CallRecord, /) -> None: ...
