"""A configuration file as plain data, read with limits: YAML (extra `yaml`) or JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from resp_core.auth.source import Veiled
from resp_core.errors import ConfigError
from resp_core.observe.redact import redact

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Malformed", "read_document"]

_LARGEST = 256 * 1024


class Malformed(Exception):
    """What is wrong with a text, in words that go after the file's name."""


def read_document(path: str | os.PathLike[str]) -> Veiled:
    """The mapping that a `.yaml`, `.yml` or `.json` file holds.

    A name that stands twice in one place is an error, in YAML also a tag, and more than a few
    aliases; dates stay text. Raises ConfigError that says where, and nothing of what stands there.
    """
    found = _document(path)
    if isinstance(found, str):
        raise ConfigError(redact(f"{os.fspath(path)} {found}."), param="config")
    return found


def _document(path: str | os.PathLike[str]) -> Veiled | str:
    """The document, or what is wrong: nothing is raised where the text is at hand."""
    parsers: dict[str, Callable[[str], Any]] = {".yaml": _yaml, ".yml": _yaml, ".json": _json}
    parse = parsers.get(Path(path).suffix.lower())
    if parse is None:
        return "is no configuration by its name: it must end in .yaml, .yml or .json"
    try:
        with open(path, "rb") as file:
            raw = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        return f"cannot be read: {getattr(error, 'strerror', None) or 'that is no path'}"
    if len(raw) > _LARGEST:
        return f"is larger than {_LARGEST // 1024} KiB"
    try:
        found = parse(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    except Malformed as error:
        return str(error)
    if not isinstance(found, dict):
        return "holds no mapping: it must begin with settings:"
    return Veiled(cast("dict[str, Any]", found))


def _yaml(text: str) -> Any:
    try:
        from resp_core.io.config_yaml import parse_yaml
    except ImportError:
        raise Malformed(
            'needs PyYAML: pip install "respkit[yaml]"; a .json file with the same names needs '
            "nothing"
        ) from None
    return parse_yaml(text)


def _json(text: str) -> Any:
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
