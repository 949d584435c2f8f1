"""Credentials inside options and tools: out of sight until a request is made. Pure.

Hosted tools and some parameters carry them deep inside (an MCP server's `authorization`, the key
of Azure's `data_sources`), and LangChain shows both to traces, logs and cache keys.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Sealed", "is_secret", "sealed", "unsealed", "veiled"]

_NAMES = re.compile(r"(?i)auth|key|token|secret|cookie|passw|credential|signature")
_HEADERS = "headers"


class Sealed(SecretStr):
    """A credential. A few digits of its hash tell it from another, as cache keys have to.

    A pickle leaves it behind.
    """

    def _display(self) -> str:
        digest = hashlib.sha256(self.get_secret_value().encode()).hexdigest()
        return f"secret:{digest[:8]}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Sealed, ("",)


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Whether what is called so may be a credential."""
    return _NAMES.search(name) is not None


def sealed(value: Any) -> Any:
    """JSON with every string in it that may be a credential sealed; the value is not changed."""
    return _mapped(value, _seal)


def _seal(name: str, value: Any) -> Any:
    if isinstance(value, str) and value and is_secret(name):
        return Sealed(value)
    if name == _HEADERS and isinstance(value, dict):
        headers = cast("dict[str, Any]", value)
        return {key: Sealed(v) if isinstance(v, str) else v for key, v in headers.items()}
    return value


def unsealed(value: Any) -> Any:
    """JSON as a request carries it."""
    return _mapped(value, _open)


def _open(_: str, value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def veiled(value: Any) -> Any:
    """JSON as traces and logs may show it: `***` in place of a credential."""
    return _mapped(sealed(value), _veil)


def _veil(_: str, value: Any) -> Any:
    return "***" if isinstance(value, SecretStr) else value


def _mapped(value: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    """`value` with `change(name, value)` made to everything inside."""
    value = change(name, value)
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        return {key: _mapped(inner, change, str(key)) for key, inner in given.items()}
    if isinstance(value, list):
        return [_mapped(inner, change, name) for inner in cast("list[Any]", value)]
    return value
