"""Environment variables and `.env` files. Only `environ()` and `load_env()` touch the process."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from resp_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

__all__ = ["environ", "load_env", "parse_env", "pick", "sources"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$"}


class _Environ(Mapping[str, str]):
    """The process environment, live, whose text form shows nothing of it."""

    def __getitem__(self, name: str) -> str:
        return os.environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)

    def __repr__(self) -> str:
        return "<the environment>"


_ENVIRON = _Environ()


def environ() -> Mapping[str, str]:
    """The process environment, live. It can be read, and is not shown by `repr`."""
    return _ENVIRON


def pick(env: Mapping[str, str], names: Iterable[str]) -> tuple[str, str] | None:
    """The first of `names` that is set, with its value; an empty string counts as unset."""
    for name in names:
        value = env.get(name)
        if value:
            return name, value
    return None


def load_env(
    path: str | os.PathLike[str] = ".env", *, into: MutableMapping[str, str] | None = None
) -> tuple[str, ...]:
    """Read a `.env` file into the process environment; answer the names that it set.

    A variable that the environment already has, other than as an empty string, stays as it is.
    Raises `ConfigError` when the file cannot be read or a line is not `NAME=value`.
    """
    target = os.environ if into is None else into
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{os.fspath(path)} cannot be read: {error}", param="path") from error
    found = parse_env(text, name=os.fspath(path))
    fresh = tuple(name for name, value in found.items() if value and not target.get(name))
    for name in fresh:
        target[name] = found[name]
    return fresh


def parse_env(text: str, *, name: str = ".env") -> dict[str, str]:
    r"""The variables of a `.env` text, the last of equal names winning.

    A line is `NAME=value` or `export NAME=value`. In single quotes all is literal; in double
    quotes `\n`, `\t`, `\"` and `\\` are escapes; both may span lines. Without quotes the value
    ends at the line's end or at ` #`. Nothing is substituted. Raises `ConfigError` with the
    line's number, never its value.
    """
    values: dict[str, str] = {}
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        key, equals, rest = stripped.removeprefix("export ").partition("=")
        key = key.strip()
        if not equals or not _NAME.fullmatch(key):
            raise ConfigError(f"{name}, line {number}: expected NAME=value.", param=name)
        rest = rest.strip()
        quote = rest[:1]
        if quote not in ("'", '"'):
            values[key] = "" if quote == "#" else re.split(r"\s#", rest, maxsplit=1)[0].rstrip()
            continue
        while (end := _closing(rest, quote)) < 0:
            following = next(lines, None)
            if following is None:
                raise ConfigError(
                    f"{name}, line {number}: the quote of {key} is not closed.", param=name
                )
            rest += "\n" + following[1]
        inner = rest[1:end]
        values[key] = _unescape(inner) if quote == '"' else inner
    return values


def sources(
    names: Iterable[str], env: Mapping[str, str], *, from_file: Iterable[str] = (), file: str = ""
) -> dict[str, str]:
    """Which of `names` are set, and by what: "environment" or the `.env` file's name.

    `from_file` is what `load_env` answered. Names only: no value ever leaves here.
    """
    loaded = frozenset(from_file)
    return {
        name: (file or ".env") if name in loaded else "environment"
        for name in names
        if env.get(name)
    }


def _closing(text: str, quote: str) -> int:
    """Where the quote that opens `text` ends; -1 if it does not."""
    position = 1
    while position < len(text):
        if text[position] == "\\" and quote == '"':
            position += 2
            continue
        if text[position] == quote:
            return position
        position += 1
    return -1


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text)
