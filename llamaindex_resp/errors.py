"""Errors that only this adapter can meet. They belong to the one tree of `resp_core.errors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resp_core.errors import APIError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resp_core.types.json import JsonObject

__all__ = ["StructuredOutputError", "ToolCallError"]


class ToolCallError(APIError, ValueError):
    """A tool call was demanded and none came that can be run.

    `calls` holds those that came but were cut or are not JSON: id, name, arguments, error.
    """

    calls: tuple[JsonObject, ...] = ()

    @classmethod
    def of(cls, calls: Sequence[JsonObject]) -> ToolCallError:
        """The error for calls that came broken."""
        names = ", ".join(
            f"{call.get('name') or '?'} ({call.get('error') or 'not a JSON object'})"
            for call in calls
        )
        error = cls(f"The model's tool call cannot be run: {names}. Nothing was called.")
        error.calls = tuple(calls)
        return error


class StructuredOutputError(APIError, ValueError):
    """The answer is not an instance of the class that was asked for. `text` is the answer."""

    text: str = ""

    @classmethod
    def of(cls, name: str, text: str, why: str) -> StructuredOutputError:
        """The error for an answer that does not validate, or was cut before its end."""
        error = cls(f"The answer is no {name}: {why}")
        error.text = text
        return error
