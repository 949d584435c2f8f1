"""Azure OpenAI and Foundry resources."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from resp_core.auth.source import TokenAuth
from resp_core.credentials import pick
from resp_core.errors import ArgumentError
from resp_core.models.profile import profile_of
from resp_core.observe.redact import safe_url
from resp_core.providers import Provider, _compatible
from resp_core.providers._azure_auth import KEY_ENV, azure_auth
from resp_core.providers._azure_url import (
    FIRST_RESPONSES,
    azure_url,
    is_dated,
    normal_version,
    predates_responses,
    understand,
)
from resp_core.route.deployment import Deployment
from resp_core.wire.chat import ChatOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resp_core.models.profile import Profile
    from resp_core.route.deployment import Connection, Endpoint, Operation
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Wire
    from resp_core.wire.losses import Losses

__all__ = ["PROVIDER", "azure_url", "clean_body"]

logger = logging.getLogger("resp_core")

VERSION_ENV = ("AZURE_API_VERSION", "OPENAI_API_VERSION")
_ROUTES = ("responses", "o_series", "gpt5_series")
#: LiteLLM's prefix for deployments of instruct models, which have only the Completions API.
_TEXT = "azure_text"


def connect(
    provider: Provider,
    model: str,
    requested: str,
    connection: Connection,
    environ: Mapping[str, str],
) -> Deployment:
    """The deployment of an Azure model name, which may begin with routes (`responses/` ...)."""
    name, routes = _routes(model)
    text = _TEXT in (requested.partition("/")[0], connection.provider)
    base_url, origin = _compatible.address(provider, connection, environ)
    auth = azure_auth(connection, environ, base_url)
    _compatible.refuse_plain_http(base_url, origin, auth, connection)
    api_version = _api_version(connection, environ, base_url)
    in_url = understand(base_url).deployment
    if model and not (name or in_url):
        raise ArgumentError(
            f"{requested!r} names no deployment: write azure/{model}<deployment>.", param="model"
        )
    profile = profile_of(
        name or in_url or "",
        connection.base_model,
        provider="azure",
        family=next((route for route in routes if route != "responses"), None),
        context_window=connection.context_window,
    )
    if text:
        profile = replace(profile, chat=True, responses=False, completions=True)
    return Deployment(
        requested=requested,
        provider="azure",
        model=in_url or name,
        base_url=base_url,
        dialects=_dialects(requested, routes, connection.api, base_url, api_version, profile),
        profile=profile,
        auth=auth,
        api_version=api_version or None,
        base_model=connection.base_model or None,
        region=connection.region or None,
        data_zone=connection.data_zone or None,
        deployment_type=connection.deployment_type or None,
        headers=_compatible.caller_headers(provider, connection, environ),
        query=connection.default_query,
    )


def locate(deployment: Deployment, operation: Operation, ids: Sequence[str]) -> Endpoint:
    """The operation's URL on this deployment's resource."""
    return azure_url(
        deployment.base_url,
        deployment.api_version,
        operation,
        deployment.model,
        ids,
        query=deployment.query,
    )


def clean_body(body: JsonObject) -> JsonObject:
    """`body` without what Azure refuses in replayed Responses input.

    That is `status` on reasoning and message items, and null fields of any item. The same
    object when there is nothing to take out; what is changed is copied.
    """
    items: Any = body.get("input")
    if not isinstance(items, list):
        return body
    old = cast("list[Any]", items)
    new = [_clean_item(item) for item in old]
    if all(a is b for a, b in zip(new, old, strict=True)):
        return body
    return {**body, "input": new}


def prepare(deployment: Deployment, wire: Wire, body: JsonObject, losses: Losses) -> JsonObject:
    """Clean replayed input; note, and log once, what is old about the endpoint."""
    base = understand(deployment.base_url)
    version = normal_version(deployment.api_version)
    if base.v1 and is_dated(version):
        losses.note(f"api-version {version} was not sent: the v1 surface takes no dates")
    if base.extensions:
        text = "an Azure base_url on /extensions is retired; data_sources work without it"
        _warn(text)
        losses.note(text)
    if wire != "responses":
        return body
    if predates_responses(deployment.base_url, deployment.api_version):
        text = f"api-version {version} predates the Responses API, which begins with " + (
            FIRST_RESPONSES
        )
        _warn(text)
        losses.note(text)
    cleaned = clean_body(body)
    if cleaned is not body:
        losses.note("took `status` and null fields out of input items, which Azure refuses")
    return cleaned


def advise(deployment: Deployment, operation: Operation, status: int, url: str) -> str | None:
    """What an Azure error status usually comes from, with the URL that was tried."""
    if operation.startswith("responses") and predates_responses(
        deployment.base_url, deployment.api_version
    ):
        return (
            f"api-version {deployment.api_version} has no Responses API: the first that has it is "
            f"{FIRST_RESPONSES}. Leave api_version out to use the v1 surface. Tried {safe_url(url)}"
        )
    if status == 404:
        return (
            f"Tried {safe_url(url)} with deployment {deployment.model!r}: the model name must be "
            "azure/<deployment> as the resource lists it, not the model's own name."
        )
    if status == 401 and isinstance(deployment.auth, TokenAuth):
        scopes = " ".join(deployment.auth.source.scopes)
        asked = f" (scope {scopes})" if scopes else ""
        return f"The token{asked} may be for another audience: AZURE_SCOPE sets the scope."
    return None


def _routes(model: str) -> tuple[str, tuple[str, ...]]:
    """A model name without the routes at its start, and these routes."""
    routes: list[str] = []
    name = model
    while True:
        head, slash, rest = name.partition("/")
        if not slash or head not in _ROUTES or head in routes:
            return name, tuple(routes)
        routes.append(head)
        name = rest


def _api_version(connection: Connection, environ: Mapping[str, str], base_url: str) -> str:
    """The argument's, else the base URL's, else the default query's, else the environment's."""
    in_query = connection.default_query.get("api-version")
    given = connection.api_version or understand(base_url).api_version or in_query
    if given:
        return normal_version(str(given))
    found = pick(environ, VERSION_ENV)
    return normal_version(found[1] if found else None)


def _dialects(
    requested: str,
    routes: tuple[str, ...],
    api: str | None,
    base_url: str,
    api_version: str,
    profile: Profile,
) -> tuple[Wire, ...]:
    """Responses first where the endpoint is known to have it, Chat first elsewhere."""
    if "responses" in routes:
        if api == "chat":
            raise ArgumentError(
                f"{requested!r} asks for the Responses API and api= for chat: choose one.",
                param="api",
            )
        api = "responses"
    offered: tuple[Wire, ...] = ("responses", "chat")
    if understand(base_url).extensions:
        offered = ("chat",)
    elif predates_responses(base_url, api_version):
        offered = ("chat", "responses")
    return _compatible.dialects(requested, api, offered, profile)


def _clean_item(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    fields = cast("JsonObject", item)
    refused = fields.get("type", "message") in ("message", "reasoning") and "status" in fields
    if not refused and None not in fields.values():
        return fields
    return {
        name: value
        for name, value in fields.items()
        if value is not None and not (refused and name == "status")
    }


@lru_cache(maxsize=64)
def _warn(text: str) -> None:
    """Log a warning once per process."""
    logger.warning("%s", text)


PROVIDER = Provider(
    name="azure",
    title="Azure OpenAI",
    dialects=("responses", "chat"),
    hosted_mcp=True,
    key_env=KEY_ENV,
    base_env=("AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"),
    aliases=(_TEXT,),
    hosts=(
        ".openai.azure.com",
        ".services.ai.azure.com",
        ".cognitiveservices.azure.com",
        ".openai.azure.us",
        ".openai.azure.cn",
    ),
    docs="https://learn.microsoft.com/azure/ai-foundry/openai/",
    chat=ChatOptions(),
    connector=connect,
    locator=locate,
    preparer=prepare,
    adviser=advise,
)
