"""Where a request goes: one provider, one model or deployment, one way to authenticate."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from resp_core.auth.source import NoAuth, Veiled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resp_core.auth.source import Auth, Secret
    from resp_core.models.profile import Profile
    from resp_core.types.request import Api, Wire

__all__ = ["Connection", "Deployment", "Endpoint", "Operation", "choose_wire", "merge"]

Operation: TypeAlias = Literal[
    "responses",
    "responses.retrieve",
    "responses.delete",
    "responses.cancel",
    "responses.input_items",
    "responses.compact",
    "responses.count_tokens",
    "chat",
    "embeddings",
    "completions",
    "models",
    "models.retrieve",
    "conversations",
    "conversations.retrieve",
    "conversations.update",
    "conversations.delete",
    "conversations.items",
    "conversations.items.create",
    "conversations.items.retrieve",
    "conversations.items.delete",
]


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a provider, as the caller said it; None or "" is "not said".

    The names are those that clients, calls and adapters take. A call's values win over the
    client's (see `merge`). `api_key` may be a function that gives the key of each attempt.
    `keyless` forbids credentials from the environment: it marks a
    `base_url` that a call brought without a key of its own.
    """

    provider: str | None = None
    api: Api | None = None
    base_url: str | None = None
    api_key: Secret | Callable[[], Any] | None = None
    api_version: str | None = None
    azure_ad_token: Secret | None = None
    azure_ad_token_provider: Any = field(default=None, repr=False)
    credential: Any = field(default=None, repr=False)
    scopes: tuple[str, ...] = ()
    base_model: str | None = None
    region: str | None = None
    data_zone: str | None = None
    deployment_type: str | None = None
    organization: str | None = None
    project: str | None = None
    default_headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    default_query: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    context_window: int | None = None
    keyless: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of one deployment: method and absolute URL, query included."""

    method: str
    url: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """A target that a request can be sent to.

    `requested` is the model string as the caller wrote it, `model` the name that goes on the
    wire (on Azure the deployment), `dialects` the wire APIs in order of preference: just one
    where the caller, the route or the model leaves no choice. `api_version` is Azure's, as it
    goes on the wire or as "v1", "preview" or "latest". `region`, `data_zone` and
    `deployment_type` decide what its tokens cost.
    """

    requested: str
    provider: str
    model: str
    base_url: str
    dialects: tuple[Wire, ...]
    profile: Profile
    auth: Auth = NoAuth()
    api_version: str | None = None
    base_model: str | None = None
    region: str | None = None
    data_zone: str | None = None
    deployment_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    query: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)


_CREDENTIALS = ("api_key", "azure_ad_token", "azure_ad_token_provider", "credential")
_TARGET = (
    "provider",
    "base_url",
    "api_version",
    "base_model",
    "region",
    "data_zone",
    "deployment_type",
    "scopes",
    "organization",
    "project",
    "context_window",
    *_CREDENTIALS,
)
_NAMES = tuple(item.name for item in fields(Connection))
_EXTRAS = ("default_headers", "default_query")


def choose_wire(deployment: Deployment, called: Wire | None) -> Wire:
    """The wire API for one call.

    `called` is the API that the caller used by name (`client.chat...`, `client.responses...`),
    which wins where the target speaks it; None (an adapter) takes the target's preference.
    """
    return called if called in deployment.dialects else deployment.dialects[0]


def merge(client: Connection, call: Connection, *, other_provider: bool = False) -> Connection:
    """The connection of one call: what the call says wins over what the client says.

    Credentials count as one value, so a token of the call replaces a key of the client. A
    `base_url` of the call that differs from the client's gets none of the client's headers, and
    without a key of its own no key at all, not the environment's either. `other_provider` says
    that the call's model belongs to another provider than the client's: then address and
    credentials of the client do not apply.
    """
    own = {name: value for name, value in _values(call).items() if value}
    if not own and not other_provider:
        return client
    values = _values(client)
    unset = _values(Connection())
    brings_key = any(name in own for name in _CREDENTIALS)
    moved = "base_url" in own and (
        other_provider or _plain(call.base_url) != _plain(client.base_url)
    )
    if other_provider:
        values |= {name: unset[name] for name in _TARGET}
    if moved or brings_key:
        values |= {name: unset[name] for name in _CREDENTIALS}
    if moved or other_provider:  # headers and query may carry credentials too
        values |= {name: unset[name] for name in _EXTRAS}
    for name in _EXTRAS:
        own[name] = Veiled({**values[name], **own.get(name, {})})
    keyless = (moved or client.keyless) and not brings_key
    merged: dict[str, Any] = {**values, **own, "keyless": keyless}
    return Connection(**merged)


def _values(connection: Connection) -> dict[str, Any]:
    return {name: getattr(connection, name) for name in _NAMES}


def _plain(url: str | None) -> str:
    return (url or "").rstrip("/")
