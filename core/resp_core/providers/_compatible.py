"""What servers with an OpenAI-compatible API have in common: address, key, URL."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from resp_core.auth.headers import check_secret, checked
from resp_core.auth.source import KeyAuth, NoAuth, Secret, TokenAuth, TokenSource
from resp_core.credentials import pick
from resp_core.errors import ArgumentError, CredentialError, UnsupportedError
from resp_core.models.profile import Profile, profile_of
from resp_core.route.deployment import Deployment, Endpoint
from resp_core.route.paths import OPERATIONS, fill, is_loopback, join, split_url, trim_operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from resp_core.auth.source import Auth
    from resp_core.providers import Provider
    from resp_core.route.deployment import Connection, Operation
    from resp_core.types.request import Wire

__all__ = [
    "address",
    "caller_headers",
    "connect",
    "dialects",
    "explicit_key",
    "header_credential",
    "key_auth",
    "locate",
    "refuse_plain_http",
]

_CREDENTIAL_HEADERS = frozenset(
    {"authorization", "api-key", "x-api-key", "ocp-apim-subscription-key"}
)
_AZURE_ONLY = ("api_version", "azure_ad_token", "azure_ad_token_provider", "credential", "scopes")


def connect(
    provider: Provider,
    model: str,
    requested: str,
    connection: Connection,
    environ: Mapping[str, str],
) -> Deployment:
    """The deployment of an OpenAI-compatible server."""
    for name in _AZURE_ONLY:
        if getattr(connection, name):
            raise ArgumentError(
                f"{name} is for Azure, and {requested!r} goes to {provider.title}: leave it out, "
                "or name the model azure/<deployment>.",
                param=name,
            )
    base_url, origin = address(provider, connection, environ)
    auth = key_auth(provider, connection, environ)
    refuse_plain_http(base_url, origin, auth, connection)
    profile = profile_of(
        model,
        connection.base_model,
        provider=provider.name,
        context_window=connection.context_window,
    )
    return Deployment(
        requested=requested,
        provider=provider.name,
        model=model,
        base_url=_root(base_url, provider.bare_path),
        dialects=dialects(
            requested, connection.api, provider.dialects, profile, also=provider.on_request
        ),
        profile=profile,
        auth=auth,
        base_model=connection.base_model or None,
        region=connection.region or None,
        data_zone=connection.data_zone or None,
        deployment_type=connection.deployment_type or None,
        headers=caller_headers(provider, connection, environ),
        query=connection.default_query,
    )


def locate(deployment: Deployment, operation: Operation, ids: Sequence[str]) -> Endpoint:
    """The operation's path below the base URL, with the base URL's and the default query."""
    if not (ids or deployment.query):
        return _located(deployment.base_url, operation)
    method, path = OPERATIONS[operation]
    base = urlsplit(deployment.base_url)
    url = join(base, base.path + fill(path, ids), deployment.query)
    return Endpoint(method, url)


@lru_cache(maxsize=256)
def _located(base_url: str, operation: Operation) -> Endpoint:
    """The same for the calls that differ in nothing, which are most."""
    method, path = OPERATIONS[operation]
    base = urlsplit(base_url)
    return Endpoint(method, join(base, base.path + fill(path, ()), {}))


def address(
    provider: Provider, connection: Connection, environ: Mapping[str, str]
) -> tuple[str, str]:
    """The base URL and the argument or variable that gave it.

    Raises `CredentialError` if nothing gives one, `ArgumentError` if it is no URL.
    """
    if connection.base_url:
        url, origin = connection.base_url, "base_url"
    elif found := pick(environ, provider.base_env):
        origin, url = found
    elif provider.base_url:
        return provider.base_url, "default"
    else:
        variables = " or ".join(provider.base_env)
        raise CredentialError(
            f"{provider.title} needs an address: pass base_url="
            + (f", or set {variables}." if variables else "."),
            param="base_url",
        )
    split_url(url, param=origin)
    return url, origin


def key_auth(provider: Provider, connection: Connection, environ: Mapping[str, str]) -> Auth:
    """The key: the argument, else a header of the caller's own, else the environment."""
    if connection.api_key:
        return explicit_key(connection.api_key)
    if connection.keyless or header_credential(connection):
        return NoAuth()
    if found := pick(environ, provider.key_env):
        return KeyAuth(checked(Secret(found[1]), found[0]), origin=found[0])
    if provider.key_required:
        raise CredentialError(
            f"No key for {provider.title}: set {' or '.join(provider.key_env)}, or pass api_key=."
            " To try without any key, use the model offline/demo.",
            param="api_key",
        )
    return NoAuth()


def explicit_key(key: Secret | Callable[[], Any]) -> Auth:
    """A key that was given; a function is asked for one at each attempt."""
    if isinstance(key, Secret):
        return KeyAuth(checked(key, "api_key"))
    return TokenAuth(TokenSource("callable", key, origin="api_key"))


def header_credential(connection: Connection) -> bool:
    """Whether the caller's own headers already authenticate."""
    return any(name.lower() in _CREDENTIAL_HEADERS for name in connection.default_headers)


def refuse_plain_http(base_url: str, origin: str, auth: Auth, connection: Connection) -> None:
    """Raise `CredentialError` if a credential would leave this machine unencrypted."""
    parts = urlsplit(base_url)
    secret = not isinstance(auth, NoAuth) or header_credential(connection)
    if secret and parts.scheme == "http" and not is_loopback(parts.hostname):
        raise CredentialError(
            f"{origin} is plain http to {parts.hostname}, which would send the key unencrypted. "
            "Use https. A server that asks for no key can be reached over http as "
            "custom/<model>, without api_key=.",
            param="base_url",
        )


def dialects(
    requested: str,
    api: str | None,
    offered: tuple[Wire, ...],
    profile: Profile,
    *,
    also: tuple[Wire, ...] = (),
) -> tuple[Wire, ...]:
    """The wire APIs for a model, in order of preference; `api` pins one.

    `also` are served only when pinned. Raises `UnsupportedError` naming `api` when the pin
    cannot be met. Models that neither API serves (embeddings) keep what the server offers.
    """
    served: dict[Wire, bool] = {"chat": profile.chat, "responses": profile.responses}
    if api in (None, "", "auto"):
        fitting: tuple[Wire, ...] = tuple(wire for wire in offered if served[wire])
        pinnable: tuple[Wire, ...] = tuple(wire for wire in also if served[wire])
        return fitting or pinnable or offered
    for wire in (*offered, *also):
        if wire == api and (served[wire] or not any(served.values())):
            return (wire,)
    others = ", ".join(wire for wire in (*offered, *also) if served[wire])
    raise UnsupportedError(
        f"{requested!r} is not served by the {api} API. Leave api out, or pass one of: {others}.",
        param="api",
    )


def _root(base_url: str, bare_path: str) -> str:
    """A base URL without a trailing slash or operation; `bare_path` where it has no path."""
    parts = urlsplit(base_url)
    path = trim_operation(parts.path) or bare_path
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def caller_headers(
    provider: Provider, connection: Connection, environ: Mapping[str, str]
) -> Mapping[str, str]:
    """The caller's headers, and OpenAI's for organisation and project where they are set.

    Names are in lower case, so that no header is sent twice.
    """
    headers: dict[str, str] = {}
    for header, given, variables in (
        ("openai-organization", connection.organization, provider.organization_env),
        ("openai-project", connection.project, provider.project_env),
    ):
        found = None if connection.keyless else pick(environ, variables)
        value = given or (found[1] if found else None)
        if value:
            headers[header] = check_secret(value, header)
    return headers | {name.lower(): value for name, value in connection.default_headers.items()}
