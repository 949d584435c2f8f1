"""Headers from a credential: pure, and the last place where a secret is plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resp_core.auth.source import KeyAuth, NoAuth
from resp_core.errors import CredentialError

if TYPE_CHECKING:
    from resp_core.auth.source import Auth

__all__ = ["auth_headers", "check_secret"]


def check_secret(value: object, origin: str) -> str:
    """`value`, if a header can carry it.

    Raises `CredentialError` naming `origin` (an argument or a variable), never the value.
    """
    if not isinstance(value, str):
        raise CredentialError(
            f"{origin} gave a value of type {type(value).__name__}, not a string.", param=origin
        )
    if not value:
        raise CredentialError(f"{origin} gave an empty string.", param=origin)
    if value != value.strip() or not value.isprintable():
        raise CredentialError(
            f"{origin} has white space around it, a line break or a control character in it. "
            "Copy the credential again, without the line's end.",
            param=origin,
        )
    if not value.isascii():
        raise CredentialError(
            f"{origin} holds characters that are not ASCII, which no key or token has. "
            "Copy it again: typographic quotes or dashes are a usual cause.",
            param=origin,
        )
    return value


def auth_headers(auth: Auth, token: object = None) -> dict[str, str]:
    """The headers that authenticate one attempt.

    `token` is the answer to the attempt's `Token` effect, and only looked at for `TokenAuth`.
    Raises `CredentialError` for a key or token that no header can carry.
    """
    if isinstance(auth, NoAuth):
        return {}
    if isinstance(auth, KeyAuth):
        return {auth.header: auth.prefix + check_secret(auth.key.reveal(), auth.origin)}
    return {"authorization": "Bearer " + check_secret(token, auth.source.origin)}
