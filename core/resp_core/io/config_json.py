"""JSON as plain data, strictly: no name twice, no NaN."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["Malformed", "parse_json"]


class Malformed(Exception):
    """What is wrong with a text, in words that go after the file's name, and no value of it."""


def parse_json(text: str) -> Any:
    """What a text says. Raises Malformed."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise Malformed(f"is not JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise Malformed("nests too deep") from None
    except ValueError:
        raise Malformed("holds a number of too many digits") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"says {twice[:60]!r} twice in one place")
    return found


def _constant(name: str) -> Any:
    raise Malformed(f"holds {name}, which is no JSON")
