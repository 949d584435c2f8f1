"""A configuration file as plain data, read with limits: YAML (extra `yaml`) or JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from resp_core.auth.source import Veiled
from resp_core.errors import ConfigError
from resp_core.io.config_json import Malformed, parse_json
from resp_core.observe.redact import redact

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["read_document"]

_LARGEST = 256 * 1024


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
    parsers: dict[str, Callable[[str], Any]] = {".yaml": _yaml, ".yml": _yaml, ".json": parse_json}
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
