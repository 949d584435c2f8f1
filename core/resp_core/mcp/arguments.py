"""A call's arguments: as an object, and in the one spelling in which they are compared. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from resp_core.wire.shape import as_text

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["arguments_of", "canonical_arguments"]


def arguments_of(text: str) -> JsonObject | None:
    """Arguments as an object with its numbers exact; None where they are none."""
    try:
        value: Any = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return cast("JsonObject", value) if isinstance(value, dict) else None


def canonical_arguments(arguments: Any) -> str:
    """Arguments as one spelling: keys sorted, no spaces. Servers send text or an object.

    Text that is no JSON stays as it is. Large integers keep all their digits.
    """
    try:
        value: Any = arguments
        if isinstance(arguments, str):
            value = json.loads(arguments, parse_constant=_refuse) if arguments.strip() else {}
        return _spelled(value)
    except (ValueError, RecursionError):
        return as_text(arguments)


def _spelled(value: Any) -> str:
    def spell(ascii_only: bool) -> str:
        return json.dumps(
            value,
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=ascii_only,
            allow_nan=False,
        )

    text = spell(False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a character: only its escape can be sent
        return spell(True)
    return text


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
