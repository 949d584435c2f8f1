"""What is said of a configuration that is wrong: the place and the remedy, never a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from resp_core.errors import ConfigError
from resp_core.observe.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

__all__ = ["Where", "config_error", "explained", "kind_of", "near", "place_of"]

#: The names and numbers on the way to a value.
Where: TypeAlias = "tuple[str | int, ...]"

_MOST_TOLD = 5
_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true/false"),
    ((int, float, Decimal), "a number"),
    (str, "text"),
    ((list, tuple), "a list"),
    (Mapping, "a mapping"),
    (type(None), "nothing"),
)
#: pydantic's name of a problem -> what the value must be
_WANTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
}
_LIMITS = {"greater_than": ("above", "gt"), "greater_than_equal": ("at least", "ge")}


def kind_of(value: Any) -> str:
    """What kind of value it is, in the words of YAML."""
    for kind, text in _KINDS:
        if isinstance(value, kind):
            return text
    return f"an object of type {type(value).__name__}"


def near(name: str, names: Iterable[str]) -> str:
    """A sentence that names what `name` may have meant; "" for nothing."""
    from difflib import get_close_matches

    found = get_close_matches(name, sorted(names), n=2)
    return f" Did you mean {' or '.join(found)}?" if found else ""


def place_of(where: Where) -> str:
    """As one writes it: `settings.prices['openai/gpt-5.4'].input`.

    What cannot be the name of a setting may be a value that slipped, and is not shown.
    """
    place = ""
    for level, part in enumerate(where):
        if isinstance(part, int):
            place += f"[{part}]"
        elif re.fullmatch(r"\w{1,60}", part):
            place += f".{part}" if place else part
        else:
            place += f"[{part[:60]!r}]" if level > 1 else "['…']"
    return place


def explained(error: ErrorDetails) -> tuple[Where, str]:
    """Where pydantic found something wrong, and what; "" for a name that is not known."""
    kind, context = error["type"], error.get("ctx", {})
    where: Where = tuple(part for part in error["loc"] if part != "[key]")
    if kind == "respkit":
        return (*where, *filter(None, (context["at"],))), context["text"]
    if kind == "extra_forbidden":
        return where, ""
    if kind == "missing":
        return where, "is missing"
    if kind == "literal_error":
        return where, f"must be {context['expected'].replace(chr(39), '')}"
    if kind in _LIMITS:
        word, name = _LIMITS[kind]
        return where, f"must be {word} {context[name]}"
    if kind == "finite_number":
        return where, "must be finite"
    given = kind_of(error["input"])
    quotes = kind == "string_type" and given in ("a number", "true/false")
    hint = ": put it in quotes" if quotes else ""
    return where, f"must be {_WANTED.get(kind, 'of another kind')}, not {given}{hint}"


def config_error(name: str, problems: Sequence[tuple[Where, str]]) -> ConfigError:
    """One error for all problems of the configuration `name`; `param` is the first's place."""
    told = [f"{place_of(where)} {text}".strip().rstrip(".") for where, text in problems]
    if len(told) > _MOST_TOLD:
        told[_MOST_TOLD:] = [f"and {len(told) - _MOST_TOLD} more"]
    return ConfigError(
        redact(f"{name}: {'; '.join(told)}."), param=place_of(problems[0][0]) or "config"
    )
