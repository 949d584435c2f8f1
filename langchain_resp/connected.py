"""What chat models and embeddings share: the options of the connection, clients, copies."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias, cast

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError

from langchain_resp.errors import ArgumentError, langchain_errors
from langchain_resp.options import canonical, explained
from langchain_resp.sealed import sealed
from resp_core.types.unchecked import private

if TYPE_CHECKING:
    from resp_core import AsyncClient, Client
    from resp_core.route.deployment import Deployment

__all__ = ["Connected"]

#: Options that may hold credentials deep inside.
_HIDING = frozenset({"model_kwargs", "extra_body"})

_Given: TypeAlias = "tuple[Client | None, AsyncClient | None]"

_LOCK = threading.RLock()

#: Options that the core's clients take under the same name.
_CLIENT_FIELDS = (
    "provider",
    "api",
    "base_url",
    "api_key",
    "api_version",
    "azure_ad_token",
    "azure_ad_token_provider",
    "credential",
    "base_model",
    "region",
    "data_zone",
    "deployment_type",
    "image_model",
    "prices",
    "budgets",
    "on_unknown_price",
    "tags",
    "scopes",
    "organization",
    "project",
    "default_headers",
    "default_query",
    "context_window",
    "timeout",
    "idle_timeout",
    "max_retries",
    "retry_on_timeout",
    "proxy",
    "verify",
    "transport",
    "http_client",
    "http_async_client",
    "on_unsupported",
    "hooks",
    "ledger",
    "telemetry",
    "state_store",
    "approvals",
    "approval_scope",
    "strict_approvals",
    "mcp_timeout",
)
#: What pickling leaves behind: it holds or may hold credentials, or cannot be pickled.
_NOT_PICKLED = frozenset(
    {
        "api_key",
        "azure_ad_token",
        "azure_ad_token_provider",
        "azure_ad_async_token_provider",
        "credential",
        "default_headers",
        "default_query",
        "proxy",
        "verify",
        "http_client",
        "http_async_client",
        "hooks",
        "ledger",
        "telemetry",
        "state_store",
        "approvals",
        "rate_limiter",
    }
)
#: What copies share: it cannot be copied, or must not be.
_SHARED = (
    "api_key",
    "azure_ad_token_provider",
    "azure_ad_async_token_provider",
    "credential",
    "verify",
    "http_client",
    "http_async_client",
    "hooks",
    "ledger",
    "telemetry",
    "state_store",
    "approvals",
    "rate_limiter",
    "cache",
    "callbacks",
)


def _is_picklable(value: object) -> bool:
    if value is None or isinstance(value, (str, int, float)):
        return True
    try:
        pickle.dumps(value)
    except Exception:  # anything may come out of a foreign __reduce__
        return False
    return True


def _clients(client: Any, async_client: Any) -> _Given:
    """The caller's own clients, checked."""
    if client is None and async_client is None:
        return None, None
    from resp_core import AsyncClient, Client

    for name, given, kind in (
        ("client", client, Client),
        ("async_client", async_client, AsyncClient),
    ):
        if given is not None and not isinstance(given, kind):
            raise ArgumentError(
                f"{name} is a resp_core.{kind.__name__}, not a {type(given).__name__}. The address "
                "and the key of a client of another package go into base_url= and api_key=, its "
                "connections into http_client=.",
                param=name,
            )
    return client, async_client


class Connected(BaseModel):
    """How to reach a provider. Credentials not given come from its usual variables.

    `client` is a `resp_core.Client` of your own, `async_client` a `resp_core.AsyncClient`: one
    stands for both, its settings apply, and what is said here is over them. `api_key` may be a
    function that returns a key; it is asked for each attempt. `azure_ad_async_token_provider`
    serves the calls that are awaited.

    `timeout` is the total time of a call in seconds, all attempts together, `idle_timeout` the
    longest silence inside a stream. An `http_client` or `http_async_client` (httpx2 or httpx)
    of your own is used as it is and never closed. `hooks` get the record of each call, and
    `telemetry=True` makes OpenTelemetry spans of it.

    `state_store` keeps MCP approvals ("sqlite:///path", "redis://…"), `approvals` is the
    `Policy` that answers them, `approval_scope` names for whom a decision is valid. `base_model`,
    `region`, `data_zone`, `deployment_type` and `image_model` say what an answer is priced as,
    `prices` are prices of your own. `ledger` keeps a row per call ("memory", a path, a URL, or
    an object), `budgets` end calls that would overrun them; `tags` label calls for both, and runs
    in traces.
    """

    model_config = ConfigDict(
        arbitrary_types_allowed=True,
        extra="forbid",
        protected_namespaces=(),
        hide_input_in_errors=True,
    )

    model: str
    api: Literal["auto", "responses", "chat"] = "auto"
    provider: str | None = None
    base_url: str | None = None
    api_key: SecretStr | Callable[[], Any] | None = None
    api_version: str | None = None
    azure_ad_token: SecretStr | None = None
    azure_ad_token_provider: Any = Field(default=None, exclude=True, repr=False)
    azure_ad_async_token_provider: Any = Field(default=None, exclude=True, repr=False)
    credential: Any = Field(default=None, exclude=True, repr=False)
    scopes: str | Sequence[str] | None = None
    base_model: str | None = None
    region: str | None = None
    data_zone: str | None = None
    deployment_type: str | None = None
    image_model: str | None = None
    prices: Any = Field(default=None, exclude=True, repr=False)
    budgets: Any = Field(default=None, exclude=True, repr=False)
    on_unknown_price: Any = Field(default=None, exclude=True, repr=False)
    ledger: Any = Field(default=None, exclude=True, repr=False)
    telemetry: Any = Field(default=None, exclude=True, repr=False)
    tags: list[str] | None = Field(default=None, exclude=True)
    context_window: int | None = None
    organization: str | None = None
    project: str | None = None
    default_headers: Mapping[str, str] | None = Field(default=None, exclude=True, repr=False)
    default_query: Mapping[str, Any] | None = Field(default=None, exclude=True, repr=False)
    timeout: float | None = None
    idle_timeout: float | None = None
    max_retries: int = 2
    retry_on_timeout: bool | None = None
    proxy: str | None = Field(default=None, exclude=True, repr=False)
    verify: Any = Field(default=True, exclude=True, repr=False)
    transport: Literal["httpx2", "aiohttp"] = "httpx2"
    http_client: Any = Field(default=None, exclude=True, repr=False)
    http_async_client: Any = Field(default=None, exclude=True, repr=False)
    on_unsupported: Literal["raise", "warn", "drop"] = "raise"
    hooks: Sequence[Any] = Field(default=(), exclude=True, repr=False)
    state_store: Any = Field(default=None, exclude=True, repr=False)
    approvals: Any = Field(default=None, exclude=True, repr=False)
    approval_scope: str | None = None
    strict_approvals: bool | None = None
    mcp_timeout: float | None = None

    _given: _Given = PrivateAttr(default=(None, None))
    _client: Any = PrivateAttr(default=None)
    _async_client: Any = PrivateAttr(default=None)

    _example: ClassVar[str] = "offline/demo"
    #: Names that go into `model_kwargs`.
    _parameters: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **kwargs: Any) -> None:
        """Take the options, also under their names at ChatOpenAI, AzureChatOpenAI and LiteLLM.

        Raises ArgumentError (a ValueError) for an unknown option or a value of the wrong kind.
        """
        given = _clients(kwargs.pop("client", None), kwargs.pop("async_client", None))
        values = canonical(kwargs, type(self).model_fields, self._parameters)
        for client in given:
            if client is not None and client.settings.model:
                values.setdefault("model", client.settings.model)
        if not values.get("model"):
            raise ArgumentError(
                f'No model is named: pass model="provider/name". "{self._example}" needs no key.',
                param="model",
            )
        for name in _HIDING.intersection(values):
            values[name] = sealed(values[name])
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise explained(error) from None
        self._given = given

    @property
    def client(self) -> Client:
        """The core's client with these settings: retrieve, delete, cancel, resume …

        Made on first use and shared by all calls of this object, from any thread.
        """
        made: Client | None = private(self)["_client"]
        if made is None:
            with _LOCK, langchain_errors():
                if self._client is None:
                    self._client = self._make_client()
                made = cast("Client", self._client)
        return made

    @property
    def async_client(self) -> AsyncClient:
        """The same, to be awaited; one object serves any number of event loops."""
        made: AsyncClient | None = private(self)["_async_client"]
        if made is None:
            with _LOCK, langchain_errors():
                if self._async_client is None:
                    self._async_client = self._make_async_client()
                made = cast("AsyncClient", self._async_client)
        return made

    def _make_client(self) -> Client:
        from resp_core import Client

        own, awaited = self._given
        if own is None and awaited is None:
            return Client(self.model, **self._client_options())
        if own is None:
            own = Client.from_settings(cast("AsyncClient", awaited).settings)
        return self._with_what_was_said(own)

    def _make_async_client(self) -> AsyncClient:
        from resp_core import AsyncClient

        awaited = self._given[1]
        if awaited is not None:
            made = self._with_what_was_said(awaited)
        else:
            # One memory: what a call stored, an awaited one finds.
            made = AsyncClient.from_settings(self.client.settings).sharing_state_of(self.client)
        if self.azure_ad_async_token_provider is not None:
            provider = self.azure_ad_async_token_provider
            made = made.with_options(azure_ad_token_provider=provider)
        return made

    def _with_what_was_said(self, client: Any) -> Any:
        """A client of the caller's own with the model and the options of this object."""
        options = self._client_options(said=True)
        if not options and self.model == client.settings.model:
            return client
        return client.with_options(self.model, **options)

    def _client_options(self, *, said: bool = False) -> Any:
        """The options of a client; `said`: those alone that the constructor was given."""
        options: dict[str, Any] = {}
        for name in self.model_fields_set.intersection(_CLIENT_FIELDS) if said else _CLIENT_FIELDS:
            value = getattr(self, name)
            if value is not None:
                value = value.get_secret_value() if isinstance(value, SecretStr) else value
                options[name] = value
        return options

    def _deployment(self, model: str | None, options: Mapping[str, Any]) -> Deployment:
        """Where a call for `model` with these options goes; nothing is sent."""
        return self.client.deployment(model, **options)

    def __setattr__(self, name: str, value: Any) -> None:
        """An option that is changed counts for the next call."""
        super().__setattr__(name, sealed(value) if name in _HIDING else value)
        if name in type(self).model_fields:
            self._without_clients(self)

    def __getstate__(self) -> dict[Any, Any]:
        """For pickle: without credentials, headers and clients, which the reader supplies.

        Left out is also what cannot be pickled, such as functions made on the spot.
        """
        state = dict(super().__getstate__())
        fields = type(self).model_fields
        values: dict[str, Any] = {n: v for n, v in state["__dict__"].items() if n in fields}
        dropped = {n for n, v in values.items() if n in _NOT_PICKLED or not _is_picklable(v)}
        for name in dropped:
            values[name] = fields[name].get_default(call_default_factory=True)
        state["__dict__"] = values
        state["__pydantic_fields_set__"] = state["__pydantic_fields_set__"] - dropped
        private = type(self).__private_attributes__
        state["__pydantic_private__"] = {name: made.get_default() for name, made in private.items()}
        return state

    def __copy__(self) -> Self:
        """A copy in this process keeps credentials; clients are its own."""
        return self._without_clients(super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """As `copy`; objects that cannot be copied, such as HTTP clients, are shared."""
        memo = {} if memo is None else memo
        for name in _SHARED:
            value = getattr(self, name, None)
            memo[id(value)] = value
        for client in (self._client, self._async_client):
            memo[id(client)] = None
        for client in self._given:
            memo[id(client)] = client
        return self._without_clients(super().__deepcopy__(memo))

    @staticmethod
    def _without_clients(copied: Any) -> Any:
        copied._client = None
        copied._async_client = None
        copied.__dict__.pop("_serialized", None)
        return copied
