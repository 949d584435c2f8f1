"""Headers from a credential: pure, and the last place where a secret is plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resp_core.auth.source import KeyAuth, NoAuth, Secret
from resp_core.errors import CredentialError

if TYPE_CHECKING:
    from resp_core.auth.source import Auth

__all__ = ["auth_headers", "check_secret"]


def check_secret(value: object, origin: str) -> str:
    """`value`, if a header can carry it.

    Raises `CredentialError` naming `origin` (an argument or a variable), never the value.
    """
    fault = _fault(value)
    if fault is None:
        return str(value)
    del value  # a traceback with locals must not show it either
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
