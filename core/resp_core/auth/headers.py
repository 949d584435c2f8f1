"""Headers from a credential: pure, and the last place where a secret is plain text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from resp_core.auth.source import KeyAuth, NoAuth, Secret
from resp_core.errors import ArgumentError, CredentialError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.auth.source import Auth

__all__ = ["auth_headers", "check_headers", "check_secret", "checked"]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING = frozenset({"connection", "content-length", "te", "transfer-encoding", "upgrade"})


def check_headers(headers: Mapping[Any, Any], param: str) -> None:
    """Raise `ArgumentError` for a header that cannot be sent or that is not the caller's to set.

    `param` is the argument that held them. No value is ever shown.
    """
    for name in headers:
        fault = _header_fault(name, headers[name])
        if fault is not None:
            raise ArgumentError(f"{param}: {fault}", param=param)


def _header_fault(name: object, value: object) -> str | None:
    if not isinstance(name, str):
        return f"a name is of type {type(name).__name__}, not a string."
    if not _NAME.fullmatch(name):
        return f"{name!r} has a line break or characters that a header's name cannot carry."
    if name.lower() in _FRAMING:
        return f"{name!r} is set by the connection itself."
    if not isinstance(value, str):
        return f"{name!r} must be a string, not {type(value).__name__}."
    if not (value.isascii() and value.isprintable()):
        return f"{name!r} has a line break or characters that a header cannot carry."
    return None


def check_secret(value: object, origin: str) -> str:
    """`value`, if a header can carry it.

    Raises `CredentialError` naming `origin` (an argument or a variable), never the value.
    """
    fault = _fault(value)
    if fault is None:
        return str(value)
    del value  # a traceback with locals must not show it either
    raise CredentialError(f"{origin} {fault}", param=origin)


def checked(secret: Secret, origin: str) -> Secret:
    """`secret`, if a header can carry it: `check_secret` for one that is wrapped already."""
    fault = _fault(secret.reveal())
    if fault is None:
        return secret
    raise CredentialError(f"{origin} {fault}", param=origin)


def _fault(value: object) -> str | None:
    if not isinstance(value, str):
        return f"gave a value of type {type(value).__name__}, not a string."
    if not value:
        return "gave an empty string."
    if value != value.strip() or not value.isprintable():
        return (
            "has white space around it, a line break or a control character in it. "
            "Copy the credential again, without the line's end."
        )
    if not value.isascii():
        return (
            "holds characters that are not ASCII, which no key or token has. "
            "Copy it again: typographic quotes or dashes are a usual cause."
        )
    return None


def auth_headers(auth: Auth, token: object = None) -> dict[str, str]:
    """The headers that authenticate one attempt.

    `token` is the answer to the attempt's `Token` effect, and only looked at for `TokenAuth`.
    Raises `CredentialError` for a key or token that no header can carry.
    """
    if isinstance(auth, NoAuth):
        return {}
    if isinstance(auth, KeyAuth):
        return {auth.header: auth.prefix + check_secret(auth.key.reveal(), auth.origin)}
    if isinstance(token, Secret):
        token = token.reveal()
    fault = _fault(token)
    if fault is None:
        return {"authorization": f"Bearer {token}"}
    del token
    raise CredentialError(f"{auth.source.origin} {fault}", param=auth.source.origin)
