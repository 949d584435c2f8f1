"""Azure credentials: keys, Entra tokens and what gives them, from arguments or environment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from resp_core.auth.headers import checked
from resp_core.auth.source import KeyAuth, NoAuth, Secret, TokenAuth, TokenSource
from resp_core.credentials import pick
from resp_core.errors import ArgumentError, ConfigError, CredentialError
from resp_core.providers._compatible import explicit_key, header_credential

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.auth.source import Auth
    from resp_core.route.deployment import Connection

__all__ = ["CREDENTIAL_ENV", "KEY_ENV", "SCOPE_ENV", "TOKEN_ENV", "azure_auth", "default_scope"]

KEY_ENV = ("AZURE_API_KEY", "AZURE_OPENAI_API_KEY")
TOKEN_ENV = ("AZURE_AD_TOKEN", "AZURE_OPENAI_AD_TOKEN")
SCOPE_ENV = ("AZURE_SCOPE",)
CREDENTIAL_ENV = ("AZURE_CREDENTIAL",)
TYPE_ENV = ("AZURE_API_TYPE",)

_EXPLICIT = ("api_key", "azure_ad_token", "azure_ad_token_provider", "credential")
_DEFAULT_NAMES = frozenset({"default", "DefaultAzureCredential"})
_WHAT_TO_PASS = (
    "api_key=, azure_ad_token=, azure_ad_token_provider= (a function that returns a token) or "
    "credential= (an azure-identity object)"
)


def azure_auth(connection: Connection, environ: Mapping[str, str], base_url: str) -> Auth:
    """How to authenticate at an Azure resource.

    An argument wins over the environment, and there may be but one. In the environment a key
    wins over a token, a token over `AZURE_CREDENTIAL`; `AZURE_API_TYPE=azure_ad` turns that
    round and takes the key variable's value for a token. Raises `ArgumentError` for two
    credentials or one of a wrong type, `CredentialError` for none, `ConfigError` for a
    variable that holds something else than it may.
    """
    scopes = _scopes(connection, environ, base_url)
    given = [name for name in _EXPLICIT if getattr(connection, name)]
    if len(given) > 1:
        raise ArgumentError(
            f"{' and '.join(given)} are both given, but a call has one credential: leave one out.",
            param=given[1],
        )
    if given:
        return _explicit(connection, given[0], scopes)
    if connection.keyless or header_credential(connection):
        return NoAuth()
    auth = _from_environment(environ, scopes)
    if auth is None:
        variables = " or ".join((*KEY_ENV, *TOKEN_ENV, *CREDENTIAL_ENV))
        raise CredentialError(
            f"No credential for Azure: set {variables}, or pass {_WHAT_TO_PASS}.", param="api_key"
        )
    return auth


def default_scope(base_url: str) -> str:
    """The token scope of a resource's host: per cloud, and Foundry resources have their own."""
    host = (urlsplit(base_url).hostname or "").lower()
    for suffix in ("us", "cn"):
        if host.endswith(f".azure.{suffix}"):
            return f"https://cognitiveservices.azure.{suffix}/.default"
    if host.endswith(".services.ai.azure.com"):
        return "https://ai.azure.com/.default"
    return "https://cognitiveservices.azure.com/.default"


def _explicit(connection: Connection, name: str, scopes: tuple[str, ...]) -> Auth:
    value = getattr(connection, name)
    if name == "api_key":
        return _key(value, name) if isinstance(value, Secret) else explicit_key(value)
    if name == "azure_ad_token":
        return _token(value, name)
    if name == "azure_ad_token_provider":
        if not callable(value):
            raise ArgumentError(
                f"{name} must be a function without arguments that returns a token, not a "
                f"{type(value).__name__}. A token itself goes into azure_ad_token=.",
                param=name,
            )
        return TokenAuth(TokenSource("callable", value, scopes, name))
    if isinstance(value, str) and value in _DEFAULT_NAMES:
        return TokenAuth(TokenSource("default", None, scopes, name))
    if not callable(getattr(value, "get_token", None)):
        raise ArgumentError(
            "credential must have a get_token method, as azure-identity's credentials do, or be "
            f'the word "default"; this is a {type(value).__name__}.',
            param=name,
        )
    return TokenAuth(TokenSource("credential", value, scopes, name))


def _from_environment(environ: Mapping[str, str], scopes: tuple[str, ...]) -> Auth | None:
    key, token = _picked(environ, KEY_ENV), _picked(environ, TOKEN_ENV)
    if _entra_first(environ):
        token, key = token or key, None
    if key:
        return _key(*key)
    if token:
        return _token(*token)
    named = pick(environ, CREDENTIAL_ENV)
    if named is None:
        return None
    if named[1] in _DEFAULT_NAMES:
        return TokenAuth(TokenSource("default", None, scopes, named[0]))
    raise ConfigError(
        f"{named[0]} is {named[1]!r}; only DefaultAzureCredential can be chosen by name. For "
        "another one pass credential= with the object itself.",
        param=named[0],
    )


def _entra_first(environ: Mapping[str, str]) -> bool:
    found = pick(environ, TYPE_ENV)
    kind = found[1].lower() if found else "azure"
    if kind not in ("azure", "azure_ad"):
        raise ConfigError(
            f"{TYPE_ENV[0]} is {kind!r}; it may be azure (an API key) or azure_ad (a token).",
            param=TYPE_ENV[0],
        )
    return kind == "azure_ad"


def _scopes(connection: Connection, environ: Mapping[str, str], base_url: str) -> tuple[str, ...]:
    if connection.scopes:
        return connection.scopes
    found = pick(environ, SCOPE_ENV)
    return (found[1] if found else default_scope(base_url),)


def _picked(environ: Mapping[str, str], names: tuple[str, ...]) -> tuple[Secret, str] | None:
    """The first variable that is set: its value, wrapped at once, and its name."""
    found = pick(environ, names)
    return None if found is None else (Secret(found[1]), found[0])


def _key(secret: Secret, origin: str) -> KeyAuth:
    return KeyAuth(checked(secret, origin), header="api-key", prefix="", origin=origin)


def _token(secret: Secret, origin: str) -> TokenAuth:
    if secret.reveal().startswith("oidc/"):
        raise CredentialError(
            f"{origin} names an OIDC exchange, which is not a token. Pass credential= with "
            "azure-identity's ClientAssertionCredential.",
            param=origin,
        )
    return TokenAuth(TokenSource("static", checked(secret, origin), (), origin))
