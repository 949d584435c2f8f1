"""What the LLM and the embedding share: how to reach a provider, and the clients that do it.

Keys and headers live on the object, are copied with it, and appear in no text form and no
pickle: an unpickled model reads its key from the environment again.
"""

from __future__ import annotations

import pickle
import threading
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_serializer,
    field_validator,
)

from llamaindex_resp.redact import shown
from resp_core.auth.source import Secret
from resp_core.credentials import environ
from resp_core.errors import ArgumentError
from resp_core.models.profile import profile_of
from resp_core.observe.redact import safe_url
from resp_core.route.deployment import Connection
from resp_core.route.resolve import resolve, split_model
from resp_core.types.request import Api, OnUnsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from resp_core import AsyncClient, Client
    from resp_core.models.profile import Profile
    from resp_core.types.request import Wire

__all__ = ["ModelConnection", "Target", "named", "refuse_invalid"]

#: Other names for a field, as LiteLLM, LangChain and Azure users write it.
ALIASES: dict[str, str] = {
    "api_base": "base_url",
    "openai_api_base": "base_url",
    "azure_endpoint": "base_url",
    "max_output_tokens": "max_tokens",
    "metadata": "request_metadata",
}
_KEYS = ("api_key", "azure_ad_token")
_IN_MEMORY = (
    *("azure_ad_token_provider", "credential", "http_client", "http_async_client"),
    *("hooks", "ledger", "state_store", "approvals"),
)
#: Objects of the caller's that no client has to know: shared by copies, left out of pickles.
_SHARED = ("callback_manager", "rate_limiter", "on_mcp_approval")
#: Fields whose values may hold credentials deep inside (MCP tools do): shown redacted.
_REDACTED = ("extra_body", "model_kwargs", "built_in_tools")
_HEADERS = ("default_headers", "default_query")
_NOT_PICKLED = (*_KEYS, *_IN_MEMORY, *_HEADERS, "proxy")
_REACHED_BY = (
    *("model", "api", "base_url", "api_version", "base_model", "organization", "project"),
    *("timeout", "idle_timeout", "max_retries", "verify", "on_unsupported", *_NOT_PICKLED),
    *("approval_scope", "strict_approvals", "mcp_timeout"),
    *("prices", "budgets", "on_unknown_price", "tags"),
)
_lock = threading.Lock()


class Target:
    """Where an object's calls go: the wire API used, and a name for the server behind it."""

    __slots__ = ("origin", "wire")

    def __init__(self, wire: Wire, origin: str) -> None:
        self.wire = wire
        self.origin = origin


class ModelConnection(BaseModel):
    """The connection arguments, with the names that the core client takes.

    `model` is "provider/name". `timeout` is the total for one call in seconds, all retries
    included, `idle_timeout` the longest silence inside a stream. Credentials that are not given
    come from the provider's environment variables. `hooks` get the record of each call.
    `state_store` keeps MCP approvals ("sqlite:///path", "redis://…"), `approvals` is the
    `Policy` that answers them, `approval_scope` names for whom a decision is valid. `prices` are
    prices of your own, `ledger` keeps a row per call ("memory", a path, a URL, or an object),
    `budgets` end calls that would overrun them, and `tags` label calls for both.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    model: str
    api: Api = "auto"
    base_url: str | None = None
    api_key: Secret | None = Field(default=None, exclude=True)
    api_version: str | None = None
    azure_ad_token: Secret | None = Field(default=None, exclude=True)
    azure_ad_token_provider: Any = Field(default=None, exclude=True)
    credential: Any = Field(default=None, exclude=True)
    base_model: str | None = None
    organization: str | None = None
    project: str | None = None
    default_headers: dict[str, str] = Field(default_factory=dict[str, str], exclude=True)
    default_query: dict[str, Any] = Field(default_factory=dict[str, Any], exclude=True)
    timeout: float = Field(default=600.0, gt=0)
    max_retries: int = Field(default=2, ge=0)
    proxy: str | None = Field(default=None, exclude=True)
    verify: Any = True
    http_client: Any = Field(default=None, exclude=True)
    http_async_client: Any = Field(default=None, exclude=True)
    on_unsupported: OnUnsupported = "raise"
    idle_timeout: float | None = Field(default=None, gt=0)
    hooks: Any = Field(default=(), exclude=True)
    prices: Any = Field(default=None, exclude=True)
    budgets: Any = Field(default=None, exclude=True)
    on_unknown_price: Any = Field(default=None, exclude=True)
    tags: list[str] | None = None
    ledger: Any = Field(default=None, exclude=True)
    state_store: Any = Field(default=None, exclude=True)
    approvals: Any = Field(default=None, exclude=True)
    approval_scope: str | None = None
    strict_approvals: bool | None = None
    mcp_timeout: float | None = Field(default=None, gt=0)

    _client: Client | None = PrivateAttr(default=None)
    _async_client: AsyncClient | None = PrivateAttr(default=None)
    _target: tuple[object, Target] | None = PrivateAttr(default=None)
    _facts: tuple[object, Profile] | None = PrivateAttr(default=None)

    @field_validator(*_KEYS, mode="before")
    @classmethod
    def _hide(cls, value: object) -> object:
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if isinstance(value, str):
            return Secret(value) if value else None
        return value

    @field_validator(*_HEADERS, mode="before")
    @classmethod
    def _or_empty(cls, value: object) -> object:
        return {} if value is None else value

    @field_serializer("base_url")
    def _serialize_url(self, value: str | None) -> str | None:
        return None if value is None else safe_url(value)

    @field_serializer(*_REDACTED, check_fields=False)
    def _serialize_redacted(self, value: Any) -> Any:
        return shown(value)

    @field_serializer("verify")
    def _serialize_verify(self, value: Any) -> bool | str:
        return value if isinstance(value, (bool, str)) else True

    # --- clients

    @property
    def client(self) -> Client:
        """The core client with this object's credentials: retrieve, delete, cancel, resume."""
        if self._client is None:
            from resp_core import Client

            with _lock:
                if self._client is None:
                    self._client = Client(**self._client_arguments(self.http_client))
        return self._client

    @property
    def async_client(self) -> AsyncClient:
        """The same, for `await`. It serves several event loops."""
        if self._async_client is None:
            from resp_core import AsyncClient

            with _lock:
                if self._async_client is None:
                    self._async_client = AsyncClient(
                        **self._client_arguments(self.http_async_client)
                    )
        return self._async_client

    def _client_arguments(self, http_client: object) -> dict[str, Any]:
        given = {name: vars(self)[name] for name in _REACHED_BY if name not in _KEYS}
        for name in ("http_client", "http_async_client"):
            del given[name]
        for name in _KEYS:
            key: Secret | None = vars(self)[name]
            given[name] = key.reveal() if key else None
        return {**given, "http_client": http_client}

    def _connection(self) -> Connection:
        names = ("base_url", "api_key", "api_version", "azure_ad_token", "base_model")
        others = ("azure_ad_token_provider", "credential", "organization", "project", *_HEADERS)
        return Connection(api=self.api, **{name: vars(self)[name] for name in (*names, *others)})

    def _key(self) -> object:
        return self.model, self.api, self.base_url, self.base_model, self.api_version

    def _reached(self) -> Target:
        """Resolved once for the connection as it is now; raises ArgumentError."""
        key = self._key()
        if self._target is None or self._target[0] != key:
            deployment = resolve(self.model, self._connection(), environ())
            origin = f"{deployment.provider} {safe_url(deployment.base_url)}"
            self._target = key, Target(deployment.dialects[0], origin)
        return self._target[1]

    def _profile(self) -> Profile:
        """What is known of the model; never raises, keys need not be there."""
        key = self._key()
        if self._facts is None or self._facts[0] != key:
            self._facts = key, self._looked_up()
        return self._facts[1]

    def _looked_up(self) -> Profile:
        try:
            return resolve(self.model, self._connection(), environ()).profile
        except ArgumentError:
            pass
        try:
            provider, name = split_model(self.model)
        except ArgumentError:
            provider, name = "openai", self.model
        return profile_of(name, self.base_model, provider=provider)

    # --- text forms, copies, pickles

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _KEYS:
            value = type(self)._hide(value)
        super().__setattr__(name, value)
        if name in _REACHED_BY:
            self._client = self._async_client = None

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What was said, without what must not be shown."""
        fields = type(self).model_fields
        for name, value in super().__repr_args__():
            field = fields.get(name or "")
            if field is None or field.exclude:
                continue
            if value != field.get_default(call_default_factory=True):
                yield name, self._shown(name, value)

    def _shown(self, name: str | None, value: Any) -> Any:
        if name == "base_url" and isinstance(value, str):
            return safe_url(value)
        return shown(value) if name in _REDACTED else value

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Any:
        """A copy with the same credentials and clients: both are safe to share."""
        import copy

        memo = {} if memo is None else memo
        for name in (*_IN_MEMORY, *_SHARED, "verify"):
            if (value := vars(self).get(name)) is not None:
                memo[id(value)] = value
        for client in (self._client, self._async_client):
            if client is not None:
                memo[id(client)] = client
        made = type(self).__new__(type(self))
        object.__setattr__(made, "__dict__", copy.deepcopy(vars(self), memo))
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_fields_set__", set(self.model_fields_set))
        private = copy.deepcopy(self.__pydantic_private__, memo)
        object.__setattr__(made, "__pydantic_private__", private)
        return made

    def __getstate__(self) -> dict[Any, Any]:
        """The state for pickle: without keys, headers, clients and callbacks."""
        dropped = (*_NOT_PICKLED, *_SHARED)
        state = {
            name: value
            for name, value in vars(self).items()
            if name not in dropped and _is_picklable(value)
        }
        if not isinstance(self.verify, (bool, str)):
            state.pop("verify", None)
        if self.base_url is not None:
            state["base_url"] = safe_url(self.base_url).partition("?")[0]
        for name in _REDACTED:
            if name in state:
                state[name] = shown(state[name])
        return {
            "__dict__": state,
            "__pydantic_extra__": None,
            "__pydantic_fields_set__": self.model_fields_set & state.keys(),
            "__pydantic_private__": None,
        }

    def __setstate__(self, state: dict[Any, Any]) -> None:
        type(self).__init__(self, **state["__dict__"])


def _is_picklable(value: object) -> bool:
    """Functions made on the spot and the like: the copy then has the default instead."""
    try:
        pickle.dumps(value)
    except Exception:  # anything may come out of a foreign __reduce__
        return False
    return True


def named(options: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """`options` under the names of the fields.

    Raises ArgumentError for a name that there is not, and for two names of one thing.
    """
    found: dict[str, Any] = {}
    for name, value in options.items():
        field = name if name in fields else ALIASES.get(name, name)
        if field not in fields:
            _refuse_name(name, fields)
        if field in found and value is not None:
            raise ArgumentError(f"{name} and {field} are the same: pass one.", param=name)
        found[field] = value
    return found


def _refuse_name(name: str, fields: Mapping[str, Any]) -> NoReturn:
    from difflib import get_close_matches

    near = get_close_matches(name, [*fields, *ALIASES], n=1)
    hint = f"Did you mean {near[0]}?" if near else "Request fields go into model_kwargs."
    raise ArgumentError(f"There is no option {name!r}. {hint}", param=name)


def refuse_invalid(error: ValidationError) -> NoReturn:
    """Raise the first complaint as an ArgumentError, without the value: it may be a secret."""
    first = error.errors(include_url=False, include_context=False, include_input=True)[0]
    param = str(first["loc"][0]) if first["loc"] else None
    kind = type(first.get("input")).__name__
    raise ArgumentError(f"{param}: {first['msg']}, got {kind}.", param=param) from None
