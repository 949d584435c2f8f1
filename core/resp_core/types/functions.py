"""Tools that come with request after request."""

from __future__ import annotations

from resp_core.types.json import JsonObject

__all__ = ["Functions"]


class Functions(list[JsonObject]):
    """The `tools` of many requests: functions in the flat form, and nothing else.

    Whoever made the list never changes it or the objects in it, so nobody need look through it
    again: what a wire makes of it is kept in `encoded`, and `is_json` says that it was written
    once.
    """

    __slots__ = ("encoded", "is_json")

    def __init__(self, tools: list[JsonObject]) -> None:
        super().__init__(tools)
        self.encoded: dict[bool, list[JsonObject]] = {}
        self.is_json = False
