"""Takes credentials out of values that are shown: hosted tools carry them deep inside."""

from __future__ import annotations

from typing import Any, cast

from resp_core.observe.redact import redact

__all__ = ["is_hidden", "shown"]

_SECRET_NAMES = frozenset(
    {
        "api-key",
        "api_key",
        "authorization",
        "client_secret",
        "cookie",
        "extra_headers",
        "extra_query",
        "headers",
        "password",
        "secret",
        "token",
        "x-api-key",
    }
)


_HIDDEN = "***"


def is_hidden(value: Any) -> bool:
    """Whether a credential in `value` was replaced, so that it cannot be sent."""
    if isinstance(value, dict):
        inside = cast("dict[str, Any]", value)
        return any(
            inner == _HIDDEN if str(name).lower() in _SECRET_NAMES else is_hidden(inner)
            for name, inner in inside.items()
        )
    return isinstance(value, list) and any(map(is_hidden, cast("list[Any]", value)))


def shown(value: Any) -> Any:
    """`value` (JSON) with every credential replaced by `***`."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            name: _HIDDEN if str(name).lower() in _SECRET_NAMES and inner else shown(inner)
            for name, inner in cast("dict[str, Any]", value).items()
        }
    if isinstance(value, list):
        return [shown(inner) for inner in cast("list[Any]", value)]
    return value
