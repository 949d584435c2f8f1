"""From a model string to a deployment: which provider, which name on the wire. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from resp_core.auth.headers import check_headers
from resp_core.auth.source import KeyAuth, NoAuth, Secret
from resp_core.errors import ArgumentError, UnknownProviderError
from resp_core.models.profile import known_provider
from resp_core.observe.redact import safe_url
from resp_core.providers import Provider, get, names, of_url

if TYPE_CHECKING:
    from resp_core.route.deployment import Connection, Deployment

__all__ = ["describe", "resolve", "same_provider", "split_model"]

_STRINGS = (
    "provider",
    "api",
    "base_url",
    "api_version",
    "base_model",
    "region",
    "data_zone",
    "deployment_type",
    "organization",
    "project",
)
_SECRETS = ("api_key", "azure_ad_token")
_APIS = (None, "", "auto", "responses", "chat")


def resolve(model: str | None, connection: Connection, environ: Mapping[str, str]) -> Deployment:
    """Where a request for `model` goes.

    The provider is `connection.provider`, else the model's prefix, else the one whose model
    name it is; never the one whose key happens to be set. Without a model (to reach stored
    objects) `connection.provider` decides, else the host of `connection.base_url`.
    Raises `UnknownProviderError`, `CredentialError` or another `ArgumentError`, before any
    request, naming what is wrong and what to do.
    """
    _check(model, connection)
    if model:
        name, rest = split_model(model, connection.provider or None)
    elif connection.provider:
        name, rest = connection.provider, ""
    elif connection.base_url:
        name, rest = of_url(connection.base_url), ""
    else:
        raise ArgumentError(
            'No model is named: pass model="provider/name", for example "openai/gpt-5.4-mini", '
            'or "offline/demo", which needs no key.',
            param="model",
        )
    return get(name, param="provider").connect(rest, model or f"{name}/", connection, environ)


def split_model(model: str, provider: str | None = None) -> tuple[str, str]:
    """The provider's canonical name and the model's name without its prefix.

    A given `provider` decides, and is taken off the model where it stands there as well.
    Raises `UnknownProviderError` with candidates, or `ArgumentError` for an empty model name.
    """
    head, slash, rest = model.partition("/")
    if provider:
        chosen = get(provider, param="provider")
        prefixed = slash and head in (provider, chosen.name, *chosen.aliases)
        name = rest if prefixed else model
    elif slash:
        chosen, name = _by_prefix(model, head), rest
    else:
        chosen, name = _by_name(model), model
    if not name.strip():
        raise ArgumentError(
            f"{model!r} names a provider and no model: write {chosen.name}/<model>.", param="model"
        )
    return chosen.name, name


def same_provider(
    client_model: str | None,
    call_model: str | None,
    client: Connection | None = None,
    call: Connection | None = None,
) -> bool:
    """Whether a call goes to the client's own provider, so that address and key still fit.

    True where one of them names neither a provider nor a model. Raises `UnknownProviderError`.
    """
    client_provider = client.provider if client else None
    call_provider = (call.provider if call else None) or client_provider
    ours = _provider_of(client_model, client_provider)
    theirs = _provider_of(call_model, call_provider)
    return ours is None or theirs is None or ours == theirs


def describe(deployment: Deployment) -> dict[str, object]:
    """A deployment for people: where it goes and with which kind of credential, no secret."""
    provider = get(deployment.provider)
    wire = deployment.dialects[0]
    auth = deployment.auth
    if isinstance(auth, NoAuth):
        credential = "none"
    elif isinstance(auth, KeyAuth):
        credential = f"key from {auth.origin}"
    else:
        credential = f"token from {auth.source.origin}"
    return {
        "requested": deployment.requested,
        "provider": deployment.provider,
        "model": deployment.model,
        "apis": list(deployment.dialects),
        "url": safe_url(provider.endpoint(deployment, wire).url),
        "api_version": deployment.api_version,
        "credential": credential,
        "family": deployment.profile.family,
        "context_window": deployment.profile.context_window,
    }


def _provider_of(model: str | None, provider: str | None) -> str | None:
    if provider:
        return get(provider, param="provider").name
    return split_model(model)[0] if model else None


def _by_prefix(model: str, head: str) -> Provider:
    try:
        return get(head)
    except UnknownProviderError as error:
        raise UnknownProviderError(
            f"{error.message} If the slash in {model!r} is part of the model's own name, put the "
            f"provider before it: <provider>/{model}.",
            param="model",
        ) from None


def _by_name(model: str) -> Provider:
    found = known_provider(model)
    if found:
        return get(found)
    if model.replace("-", "_") in names():
        raise ArgumentError(
            f"{model!r} names a provider and no model: write {model}/<model>.", param="model"
        )
    some = ", ".join(f"{name}/{model}" for name in names())
    raise UnknownProviderError(
        f"{model!r} does not say which provider serves it. Write one of: {some}; or pass "
        "custom_llm_provider=.",
        param="model",
    )


def _check(model: object, connection: Connection) -> None:
    """Raise `ArgumentError` for a value of the wrong type, naming the argument and the type."""
    if model is not None and not isinstance(model, str):
        raise _wrong("model", "a string such as openai/gpt-5.4-mini", model)
    for name in _STRINGS:
        value = getattr(connection, name)
        if value is not None and not isinstance(value, str):
            raise _wrong(name, "a string", value)
    for name in _SECRETS:
        value = getattr(connection, name)
        if name == "api_key" and callable(value):
            continue
        if value is not None and not isinstance(value, Secret):
            raise _wrong(name, "a string", value)
    if connection.api not in _APIS:
        raise ArgumentError(
            f"api is {connection.api!r}; it may be auto, responses or chat.", param="api"
        )
    window: object = connection.context_window
    if window is not None and (type(window) is not int or window <= 0):
        raise _wrong("context_window", "a number of tokens above zero", window)
    _check_mapping("default_headers", connection.default_headers, values=True)
    _check_mapping("default_query", connection.default_query, values=False)


def _check_mapping(name: str, value: object, *, values: bool) -> None:
    if not isinstance(value, Mapping):
        raise _wrong(name, "a mapping", value)
    if values:
        check_headers(cast("Mapping[object, object]", value), name)
    for key in cast("Mapping[object, object]", value):
        if not isinstance(key, str):
            raise _wrong(f"a name in {name}", "a string", key)


def _wrong(name: str, wanted: str, value: object) -> ArgumentError:
    param = name.partition("[")[0]
    return ArgumentError(f"{name} must be {wanted}, not {type(value).__name__}.", param=param)
