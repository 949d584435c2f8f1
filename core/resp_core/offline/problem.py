"""Refusals of the offline server, in the words and the envelope of OpenAI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resp_core.types.json import JsonObject

__all__ = [
    "Problem",
    "article",
    "bad_type",
    "bad_value",
    "missing",
    "not_found",
    "unknown_parameter",
]

_KINDS = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


class Problem(Exception):
    """An answer with a status of 400 or more and the envelope `{"error": {...}}`."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        type: str = "invalid_request_error",
        extra: JsonObject | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status
        self.type = type
        self.extra = extra or {}

    def envelope(self) -> JsonObject:
        """The body as OpenAI sends it."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
                **self.extra,
            }
        }


def article(value: Any) -> str:
    """The JSON kind of a value with its article: `a string`."""
    return "an empty array" if value == [] else _KINDS.get(value.__class__, "an object")


def missing(param: str) -> Problem:
    """A parameter that must be there is not."""
    return Problem(
        f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
    )


def unknown_parameter(param: str) -> Problem:
    """A parameter that the API does not have."""
    return Problem(f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")


def bad_type(param: str, expected: str, value: Any) -> Problem:
    """`expected` is the wanted kind with its article, as in `an array`."""
    return Problem(
        f"Invalid type for '{param}': expected {expected}, but got {article(value)} instead.",
        param=param,
        code="invalid_type",
    )


def bad_value(param: str, value: Any, supported: Iterable[str]) -> Problem:
    """A value outside a closed list."""
    return Problem(
        f"Invalid value: '{value}'. Supported values are: {_listed(supported)}.",
        param=param,
        code="invalid_value",
    )


def not_found(what: str, id: str, *, param: str | None = None) -> Problem:
    """An object that is not in the store."""
    return Problem(f"{what} with id '{id}' not found.", param=param, status=404)


def _listed(values: Iterable[str]) -> str:
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"
