"""What a deployment needs to prove who calls, as data; performed in `io/identity.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

__all__ = ["Auth", "KeyAuth", "NoAuth", "Secret", "TokenAuth", "TokenSource", "Veiled", "VeiledUrl"]


class Secret:
    """A credential that no text form shows. `reveal()` gives the value; pickling drops it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself: only for the header that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __deepcopy__(self, memo: object) -> Secret:
        """A copy stays in the process, and keeps the value."""
        return self

    def __copy__(self) -> Secret:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Secret, ("",)


class Veiled(dict[str, Any]):
    """Headers or query of the caller's own, which may hold credentials: shown as names only."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Veiled({', '.join(self)})"

    __str__ = __repr__


class VeiledUrl(str):
    """A URL with a user name and password in it, which its `repr` leaves out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr("…@" + str(self).rpartition("@")[2])


@dataclass(frozen=True, slots=True, eq=False)
class TokenSource:
    """Where bearer tokens come from.

    `kind` is "static" (a `Secret`), "callable" (`() -> str`, sync or async), "credential" (an
    object with `get_token(*scopes)`, sync or async, as azure-core defines it) or "default"
    (azure-identity's DefaultAzureCredential, made on first use). `origin` is the argument or
    environment variable it was given by, for messages.
    """

    kind: Literal["static", "callable", "credential", "default"]
    value: Any = field(default=None, repr=False)
    scopes: tuple[str, ...] = ()
    origin: str = "azure_ad_token"


@dataclass(frozen=True, slots=True)
class NoAuth:
    """The server asks for no credential."""


@dataclass(frozen=True, slots=True)
class KeyAuth:
    """A static key in `header`, with `prefix` before it (`"Bearer "` or none).

    `origin` is the argument or environment variable it was given by, for messages.
    """

    key: Secret
    header: str = "authorization"
    prefix: str = "Bearer "
    origin: str = "api_key"


@dataclass(frozen=True, slots=True)
class TokenAuth:
    """A bearer token, asked of `source` for each attempt."""

    source: TokenSource


Auth: TypeAlias = NoAuth | KeyAuth | TokenAuth
