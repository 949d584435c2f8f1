"""The outcome of a plain call on plain dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resp_core.drive import Flow
    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["Answer"]


class Answer:
    """`response` in the request's wire, and the `record` of the call."""

    __slots__ = ("record", "response")

    response: JsonObject
    record: CallRecord

    def __init__(self, call: Flow) -> None:
        if call.result is None or call.record is None:
            raise RuntimeError("the call has not ended")
        self.response = call.result
        self.record = call.record
