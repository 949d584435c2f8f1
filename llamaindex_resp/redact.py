"""Takes credentials out of values that are shown: hosted tools carry them deep inside."""

from __future__ import annotations

from typing import Any, cast

from resp_core.observe.redact import redact

__all__ = ["shown"]

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


def shown(value: Any) -> Any:
    """`value` (JSON) with every credential replaced by `***`."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            name: "***" if str(name).lower() in _SECRET_NAMES and inner else shown(inner)
            for name, inner in cast("dict[str, Any]", value).items()
        }
    if isinstance(value, list):
        return [shown(inner) for inner in cast("list[Any]", value)]
    return value
