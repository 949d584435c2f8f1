"""What the LLM and the embedding share: how to reach a provider, and the clients that do it.

Keys and headers live on the object, are copied with it, and appear in no text form and no
pickle: an unpickled model reads its key from the environment again.
"""

from __future__ import annotations

import copy
import pickle
import threading
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NoReturn, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    WithJsonSchema,
    field_serializer,
    field_validator,
)

from llamaindex_resp.names import canonical
from llamaindex_resp.redact import shown
from resp_core.auth.source import Secret
from resp_core.errors import ArgumentError
from resp_core.models.profile import profile_of
from resp_core.observe.redact import safe_url
from resp_core.route.resolve import split_model
from resp_core.types.request import Api, OnUnsupported
from resp_core.types.unchecked import private

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from resp_core import AsyncClient, Client
    from resp_core.models.profile import Profile
    from resp_core.types.request import Wire

__all__ = ["ModelConnection", "Target"]

_KEYS = ("api_key", "azure_ad_token")
_HEADERS = ("default_headers", "default_query")
#: Objects of the caller's: shared by copies, left out of pickles.
_SHARED = (
    *("azure_ad_token_provider", "credential", "http_client", "http_async_client", "hooks"),
    *("telemetry", "ledger", "state_store", "approvals"),
    *("callback_manager", "rate_limiter", "on_mcp_approval"),
)
#: They hold or may hold credentials, or cannot be pickled.
_NOT_PICKLED = (*_KEYS, *_HEADERS, *_SHARED, "proxy")
#: Fields whose values may hold credentials deep inside (MCP tools do): shown redacted.
_REDACTED = ("extra_body", "model_kwargs", "built_in_tools")
Key: TypeAlias = Annotated[Secret, WithJsonSchema({"type": "string", "format": "password"})]
_lock = threading.Lock()


class Target(NamedTuple):
    """Where calls go: the wire API used, a name for the server behind it, the model's facts.

    `on_unsupported` is the client's, for calls that do not say.
    """

    wire: Wire
    origin: str
    profile: Profile
    on_unsupported: OnUnsupported


class ModelConnection(BaseModel):
    """The arguments of the core's clients, under their names.

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
    provider: str | None = None
    api: Api = "auto"
    base_url: str | None = None
    api_key: Key | None = Field(default=None, exclude=True)
    api_version: str | None = None
    azure_ad_token: Key | None = Field(default=None, exclude=True)
    azure_ad_token_provider: Any = Field(default=None, exclude=True)
    credential: Any = Field(default=None, exclude=True)
    scopes: list[str] | None = None
    organization: str | None = None
    project: str | None = None
    default_headers: dict[str, str] = Field(default_factory=dict[str, str], exclude=True)
    default_query: dict[str, Any] = Field(default_factory=dict[str, Any], exclude=True)
    timeout: float | None = Field(default=None, gt=0)
    idle_timeout: float | None = Field(default=None, gt=0)
    max_retries: int | None = Field(default=None, ge=0)
    retry_on_timeout: bool | None = None
    proxy: str | None = Field(default=None, exclude=True)
    verify: Any = True
    transport: Literal["httpx2", "aiohttp"] | None = None
    http_client: Any = Field(default=None, exclude=True)
    http_async_client: Any = Field(default=None, exclude=True)
    on_unsupported: OnUnsupported | None = None
    hooks: Any = Field(default=(), exclude=True)
    telemetry: Any = Field(default=None, exclude=True)
    base_model: str | None = None
    region: str | None = None
    data_zone: str | None = None
    deployment_type: str | None = None
    image_model: str | None = None
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
    _is_given: bool = PrivateAttr(default=False)  # the clients are the caller's
    _target: Target | None = PrivateAttr(default=None)

    def __init__(
        self, model: str | None = None, *, requests: Collection[str] = (), **options: Any
    ) -> None:
        client, async_client = options.pop("client", None), options.pop("async_client", None)
        fields = canonical({"model": model, **options}, type(self).model_fields, requests)
        given: Client | AsyncClient | None = client or async_client
        if given is not None:
            _check_alone(fields)
            fields.setdefault("model", _default_model(given))
        elif not fields.get("model"):
            raise ArgumentError(
                'No model is named: pass model="provider/name". "offline/demo" needs no key.',
                param="model",
            )
        try:
            super().__init__(**fields)
        except ValidationError as error:
            _refuse_invalid(error)
        self._client, self._async_client = client, async_client
        self._is_given = given is not None

    @field_validator(*_KEYS, mode="before")
    @classmethod
    def _hide(cls, value: object) -> object:
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if isinstance(value, str):
            return Secret(value) if value else None
        return value

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
        made: Client | None = private(self)["_client"]
        if made is None:
            self._refuse_lonely("client", "async_client")
            from resp_core import Client

            with _lock:
                made = self._client = self._client or Client(**self._client_arguments())
        return made

    @property
    def async_client(self) -> AsyncClient:
        """The same, for `await`. It serves several event loops."""
        made: AsyncClient | None = private(self)["_async_client"]
        if made is None:
            self._refuse_lonely("async_client", "client")
            from resp_core import AsyncClient

            with _lock:
                made = self._async_client = self._async_client or AsyncClient(
                    **self._client_arguments()
                )
        return made

    def _client_arguments(self) -> dict[str, Any]:
        values = vars(self)
        names = ModelConnection.model_fields
        return {name: values[name] for name in names if values[name] is not None}

    def _refuse_lonely(self, wanted: str, given: str) -> None:
        if self._is_given:
            raise ArgumentError(
                f"{given}= was given, but this call needs {wanted}=: pass that too.", param=wanted
            )

    def _only_awaits(self) -> bool:
        made = private(self)
        return self.transport == "aiohttp" or (made["_is_given"] and made["_client"] is None)

    def _reached(self) -> Target:
        """Resolved once for the connection as it is now; raises ArgumentError."""
        found: Target | None = private(self)["_target"]
        if found is None:
            client = self.async_client if self._only_awaits() else self.client
            deployment = client.deployment(self.model)
            origin = f"{deployment.provider} {safe_url(deployment.base_url)}"
            found = self._target = Target(
                deployment.dialects[0], origin, deployment.profile, client.on_unsupported
            )
        return found

    def _profile(self) -> Profile:
        """What is known of the model; never raises, keys need not be there."""
        try:
            return self._reached().profile
        except ArgumentError:
            pass
        try:
            provider, name = split_model(self.model, self.provider)
        except ArgumentError:
            provider, name = "openai", self.model
        return profile_of(name, self.base_model, provider=provider)

    # --- text forms, copies, pickles

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _KEYS:
            value = type(self)._hide(value)
        if name in _CLIENT_FIELDS and self._is_given:
            raise ArgumentError(_NOT_HERE.format(name), param=name)
        super().__setattr__(name, value)
        if name in ModelConnection.model_fields:
            self._target = None
            if not self._is_given:
                self._client = self._async_client = None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, set as by assignment: it never keeps an older connection."""
        copied = super().model_copy(deep=deep)
        for name, value in (update or {}).items():
            setattr(copied, name, value)
        return copied

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
        memo = {} if memo is None else memo
        values = vars(self)
        shared = [values.get(name) for name in (*_SHARED, "verify")]
        for value in (*shared, self._client, self._async_client):
            if value is not None:
                memo[id(value)] = value
        made = type(self).__new__(type(self))
        object.__setattr__(made, "__dict__", copy.deepcopy(values, memo))
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_fields_set__", set(self.model_fields_set))
        private = copy.deepcopy(self.__pydantic_private__, memo)
        object.__setattr__(made, "__pydantic_private__", private)
        return made

    def __getstate__(self) -> dict[Any, Any]:
        """The state for pickle: without keys, headers and callbacks; given clients as they do."""
        state = {
            name: value
            for name, value in vars(self).items()
            if name not in _NOT_PICKLED and _is_picklable(value)
        }
        if not isinstance(self.verify, (bool, str)):
            state.pop("verify", None)
        if self.base_url is not None:
            state["base_url"] = safe_url(self.base_url).partition("?")[0]
        for name in _REDACTED:
            if name in state:
                state[name] = shown(state[name])
        if self._is_given:
            state = {name: value for name, value in state.items() if name not in _CLIENT_FIELDS}
            state |= {"client": self._client, "async_client": self._async_client}
        return {
            "__dict__": state,
            "__pydantic_extra__": None,
            "__pydantic_fields_set__": self.model_fields_set & state.keys(),
            "__pydantic_private__": None,
        }

    def __setstate__(self, state: dict[Any, Any]) -> None:
        type(self).__init__(self, **state["__dict__"])


#: What a given client has by itself; the rest goes with each request.
_CLIENT_FIELDS = frozenset(ModelConnection.model_fields) - {"model", "on_unsupported"}
_NOT_HERE = "{}: the client that was given has its own connection; say it there."


def _check_alone(fields: Mapping[str, Any]) -> None:
    """A client has its connection: another one beside it would be ignored."""
    for name in fields:
        if name in _CLIENT_FIELDS:
            raise ArgumentError(_NOT_HERE.format(name), param=name)


def _default_model(client: Client | AsyncClient) -> str:
    return client.deployment().requested


def _is_picklable(value: object) -> bool:
    """Functions made on the spot and the like: the copy then has the default instead."""
    try:
        pickle.dumps(value)
    except Exception:  # anything may come out of a foreign __reduce__
        return False
    return True


def _refuse_invalid(error: ValidationError) -> NoReturn:
    """Raise the first complaint as an ArgumentError, without the value: it may be a secret."""
    first = error.errors(include_url=False, include_context=False, include_input=True)[0]
    param = str(first["loc"][0]) if first["loc"] else None
    kind = type(first.get("input")).__name__
    raise ArgumentError(f"{param}: {first['msg']}, got {kind}.", param=param) from None
