"""What both clients share: settings, deployments, and the making of calls. No I/O."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit, urlunsplit

from resp_core.auth.source import Secret
from resp_core.client.spending import Spending
from resp_core.cost.account import Seen
from resp_core.cost.fetched import provide
from resp_core.credentials import environ
from resp_core.errors import AmbiguousOriginError, ArgumentError
from resp_core.flow import Call, Clock, Policy
from resp_core.io.state import open_state
from resp_core.mcp.policy import Policy as ApprovalPolicy
from resp_core.mcp.settings import ApprovalSettings
from resp_core.providers import get
from resp_core.route.deployment import Connection, choose_wire, merge
from resp_core.route.limits import Paces
from resp_core.route.resolve import resolve, same_provider
from resp_core.tasks import Turn, uses_mcp, with_items
from resp_core.wire.ids import is_ours, random_ids
from resp_core.wire.losses import Losses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resp_core.client.params import CallOptions
    from resp_core.cost.fetched import Tables
    from resp_core.drive import Flow
    from resp_core.flow import Task
    from resp_core.io.ledger import Ledger, Sink
    from resp_core.io.state import StateStore
    from resp_core.observe.hooks import Hook
    from resp_core.route.deployment import Deployment
    from resp_core.types.json import JsonObject
    from resp_core.types.request import OnUnsupported, Request

__all__ = ["Settings", "Wiring", "approvals_of", "connection_of", "policy_of", "seconds_of"]

_LONGEST = 10_000_000  # seconds; clocks of the system take no more than they can count
_BASES = ("base_url", "api_base", "openai_api_base", "azure_endpoint")


def _fetched_prices() -> Tables | None:
    from resp_core.io.price_file import load_prices

    return load_prices()


provide(_fetched_prices)
_CLOCK = Clock(time.monotonic, time.time, random.random, random_ids(os.urandom))


@dataclass(frozen=True, slots=True)
class Settings:
    """A client's settings after the arguments have been read.

    With `live` every call reads the environment anew, and not only the first to a model.
    """

    model: str | None = None
    connection: Connection = field(default_factory=Connection)
    policy: Policy = field(default_factory=Policy)
    on_unsupported: OnUnsupported = "raise"
    proxy: str | None = field(default=None, repr=False)
    verify: Any = True
    transport: str = "httpx2"
    http_client: Any = field(default=None, repr=False)
    http_async_client: Any = field(default=None, repr=False)
    hooks: Sequence[Hook] = ()
    state_store: str | StateStore | None = field(default=None, repr=False)
    ledger: str | Ledger | Sink | None = field(default=None, repr=False)
    approvals: ApprovalSettings = field(default_factory=ApprovalSettings)
    spending: Spending = field(default_factory=Spending)
    live: bool = False

    def with_model(self, model: str | None) -> Settings:
        """These settings with another default model; None changes nothing."""
        if model is None:
            return self
        return replace(self, model=model, connection=self.connection_for(model))

    def connection_for(self, model: str | None) -> Connection:
        """The connection for a call of `model`: another provider gets no address and no key."""
        if same_provider(self.model, model, self.connection):
            return self.connection
        return merge(self.connection, Connection(), other_provider=True)

    def shares_transport(self, other: Settings) -> bool:
        """Whether connections made for `other` serve these settings too."""
        names = (
            "proxy",
            "verify",
            "transport",
            "http_client",
            "http_async_client",
            "hooks",
            "ledger",
        )
        return all(getattr(self, name) is getattr(other, name) for name in names)

    def portable(self) -> Settings:
        """Without what cannot or must not leave the process: secrets, clients, hooks."""
        return replace(
            self,
            connection=without_secrets(self.connection),
            proxy=self.proxy and without_user(self.proxy),
            http_client=None,
            http_async_client=None,
            hooks=(),
            ledger=self.ledger if isinstance(self.ledger, str) else None,
            verify=self.verify if isinstance(self.verify, bool | str) else True,
        )


class Wiring:
    """Settings, the state store and the deployments found so far."""

    def __init__(self, settings: Settings, state: StateStore | None = None) -> None:
        self.settings = settings
        self.state: StateStore = open_state(settings.state_store) if state is None else state
        self._deployments: dict[str | None, Deployment] = {}
        self._met: dict[tuple[str, str], Deployment] = {}  # by calls that said their own address
        self._ledger = ledger_of(settings)
        self.hooks = (*settings.hooks, *((self._ledger,) if self._ledger else ()))
        self._paces = Paces()
        self._seen = Seen()

    def deployment(self, model: str | None, connection: Connection | None = None) -> Deployment:
        """Where a call for `model` goes; raises ArgumentError."""
        settings = self.settings
        model = model or settings.model
        if connection is not None:
            other = not same_provider(settings.model, model, settings.connection, connection)
            merged = merge(settings.connection, connection, other_provider=other)
            return resolve(model, merged, environ())
        found = None if settings.live else self._deployments.get(model)
        if found is None:
            found = resolve(model, settings.connection_for(model), environ())
            if len(self._deployments) < 256:
                self._deployments[model] = found
        return found

    def call(
        self, task: Task, model: str | None = None, options: CallOptions | None = None
    ) -> Flow:
        """A call ready to be driven; what is wrong with it is raised here."""
        options = options or {}
        connection = connection_of(options)
        deployment = self.deployment(model, connection)
        if connection is not None and len(self._met) < 256:
            self._met[deployment.requested, deployment.base_url] = deployment
        policy = self._accounted(task, options, model)
        approvals = self.settings.approvals
        if options:
            approvals = approvals_of(cast("Mapping[str, Any]", options), approvals)
        if isinstance(task, Turn) and uses_mcp(task.request):
            return self._mcp_turn(task.request, deployment, policy, approvals)
        call = Call(task, deployment, policy=policy, clock=_CLOCK, paces=self._paces)
        call.prepare()
        return call

    def _mcp_turn(
        self, request: Request, deployment: Deployment, policy: Policy, approvals: ApprovalSettings
    ) -> Flow:
        """MCP where the provider has it; by ourselves where it has not."""
        from resp_core.mcp.history import decides_ours
        from resp_core.mcp.server import mcp_servers
        from resp_core.mcp_emulated import EmulatedTurn
        from resp_core.mcp_hosted import HostedTurn

        request = with_items(request, Losses(deployment.requested, request.on_unsupported))
        servers = mcp_servers(request.body.get("tools"))
        hosted = (
            choose_wire(deployment, request.called) == "responses"
            and get(deployment.provider).hosted_mcp
            and all(server.session is None for server in servers)
            and not is_ours(str(request.body.get("previous_response_id")))
            and not decides_ours(request.body.get("input"))
        )
        made: dict[str, Any] = {"policy": policy, "clock": _CLOCK, "approvals": approvals}
        kind = HostedTurn if hosted else EmulatedTurn
        turn = kind(request, deployment, servers, **made)
        turn.prepare()
        return turn

    def stored(self, task: Task, id: str, model: str | None, options: CallOptions) -> Call:
        """A call for a stored object, sent to where that object was made.

        Else to the model, provider or base_url of the call, else to the client's own.
        """
        if not isinstance(id, str) or id in ("", ".", ".."):  # pyright: ignore[reportUnnecessaryIsInstance]
            given = repr(id) if isinstance(id, str) else type(id).__name__  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(f"An id is a string such as resp_…, not {given}.", param="id")

        def locate(origin: JsonObject | None) -> Deployment:
            return self._locate(origin, id, model, options)

        return Call(
            task,
            None,
            policy=self._accounted(task, options, model),
            clock=_CLOCK,
            locate=(f"origin:{id}", locate),
        )

    def _locate(
        self, origin: JsonObject | None, id: str, model: str | None, options: CallOptions
    ) -> Deployment:
        connection = connection_of(options)
        if origin is not None and not (model or _names_target(connection)):
            return self._remembered(origin, connection)
        if not (model or _names_target(connection) or self._has_default()):
            raise AmbiguousOriginError(
                f"Which server holds {id!r} is not known here: pass model=, provider= or "
                "base_url=, or give the client a model or provider.",
                param="model",
            )
        return self.deployment(model, connection)

    def _remembered(self, origin: JsonObject, said: Connection | None) -> Deployment:
        """Where an object was made; with the credentials of whoever asks now."""
        met = self._met.get((origin["model"], origin["base_url"]))
        if met is not None and said is None:
            return met
        model, connection = origin["model"], said
        if model == f"{origin['provider']}/":  # made without naming a model
            model, connection = None, replace(said or Connection(), provider=origin["provider"])
        own = self._own_deployment(model, connection)
        if own is not None and own.base_url == origin["base_url"]:
            return own
        there = {"base_url": origin["base_url"], "api_version": origin.get("api_version")}
        return self.deployment(model, replace(connection or Connection(), **there))

    def _own_deployment(
        self, model: str | None, connection: Connection | None
    ) -> Deployment | None:
        """Where the client itself would send a call for `model`; None if it cannot."""
        try:
            return self.deployment(model, connection)
        except ArgumentError:
            return None

    def _has_default(self) -> bool:
        connection = self.settings.connection
        return bool(self.settings.model or connection.provider or connection.base_url)

    def _accounted(self, task: Task, options: CallOptions, model: str | None) -> Policy:
        if self._ledger is not None:
            self._ledger.check()
        spending = self.settings.spending
        account = spending.account(task, options, self._seen, model or self.settings.model)
        return replace(self.policy(options), account=account)

    def policy(self, options: CallOptions) -> Policy:
        """The limits of one call: the client's, with what the call says."""
        return policy_of(cast("Mapping[str, Any]", options), self.settings.policy)


def ledger_of(settings: Settings) -> Ledger | None:
    """The ledger that is told of each call, beside the caller's hooks."""
    if settings.ledger is None:
        return None
    from resp_core.io.ledger import open_ledger

    return open_ledger(settings.ledger)


def _names_target(connection: Connection | None) -> bool:
    return connection is not None and bool(connection.provider or connection.base_url)


def policy_of(options: Mapping[str, Any], base: Policy) -> Policy:
    """`base` with `timeout`, `idle_timeout`, `max_retries`, `retry_on_timeout` applied."""
    changes: dict[str, Any] = {}
    timeout = options.get("timeout")
    if timeout is not None:
        changes["timeout"] = seconds_of(timeout, "timeout")
    if options.get("idle_timeout") is not None:
        changes["idle"] = seconds_of(options["idle_timeout"], "idle_timeout")
    retry: dict[str, Any] = {}
    retries = options.get("max_retries")
    if retries is not None:
        if type(retries) is not int or retries < 0:
            raise ArgumentError(
                f"max_retries must be an integer of 0 or more, not {retries!r}.",
                param="max_retries",
            )
        retry["max_retries"] = retries
    if options.get("retry_on_timeout") is not None:
        retry["retry_on_timeout"] = _switch(options["retry_on_timeout"], "retry_on_timeout")
    if retry:
        changes["retry"] = replace(base.retry, **retry)
    return replace(base, **changes) if changes else base


def approvals_of(options: Mapping[str, Any], base: ApprovalSettings) -> ApprovalSettings:
    """`base` with `approvals`, `approval_scope`, `strict_approvals`, `mcp_timeout` applied."""
    changes: dict[str, Any] = {}
    policy = options.get("approvals")
    if policy is not None:
        if not isinstance(policy, ApprovalPolicy):
            raise ArgumentError(
                f"approvals must be a Policy, not {type(policy).__name__}.", param="approvals"
            )
        changes["policy"] = policy
    if options.get("approval_scope") is not None:
        changes["scope"] = str(options["approval_scope"])
    if options.get("strict_approvals") is not None:
        changes["strict"] = _switch(options["strict_approvals"], "strict_approvals")
    if options.get("mcp_timeout") is not None:
        changes["timeout"] = seconds_of(options["mcp_timeout"], "mcp_timeout")
    return replace(base, **changes) if changes else base


def _switch(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} must be True or False, not {value!r}.", param=name)
    return value


def seconds_of(value: Any, name: str) -> float:
    """`value` as a number of seconds; ArgumentError for the argument `name` otherwise."""
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not (fits and 0 < value <= _LONGEST):
        raise ArgumentError(
            f"{name} is a number of seconds above 0 and at most {_LONGEST}, not {value!r}."
            + (" It is the total over all attempts." if name == "timeout" else ""),
            param=name,
        )
    return float(value)


def connection_of(options: Mapping[str, Any] | CallOptions) -> Connection | None:
    """The connection that `options` speak of; None where they say nothing of it."""
    if not options:
        return None
    given: dict[str, Any] = {
        name: value for name, value in options.items() if value is not None and value != ""
    }
    values: dict[str, Any] = {
        name: given[name] for name in Connection.__dataclass_fields__ if name in given
    }
    _base_url(given, values)
    if "custom_llm_provider" in given:
        values.setdefault("provider", given["custom_llm_provider"])
    if not isinstance(values.get("provider", ""), str):
        raise ArgumentError(
            f"provider must be a string, not {type(values['provider']).__name__}.",
            param="provider",
        )
    for name in ("api_key", "azure_ad_token"):
        value = values.get(name)
        if isinstance(value, str):
            values[name] = Secret(value)
        elif value is not None and hasattr(value, "get_secret_value"):
            values[name] = Secret(value.get_secret_value())
    if "scopes" in values:
        scopes = values["scopes"]
        values["scopes"] = (scopes,) if isinstance(scopes, str) else tuple(scopes)
    return Connection(**values) if values else None


def _base_url(given: Mapping[str, Any], values: dict[str, Any]) -> None:
    said = {name: given[name] for name in _BASES if name in given}
    if not said:
        return
    if len(set(map(str, said.values()))) > 1:
        raise ArgumentError(
            f"{' and '.join(said)} name different addresses: give one of them.", param="base_url"
        )
    values["base_url"] = _address(next(iter(said.values())), next(iter(said)))


def _address(value: Any, name: str) -> str:
    """A URL of any library's own type, or a string."""
    kind = type(value).__name__
    if not isinstance(value, str) and kind != "URL" and not kind.endswith("Url"):
        raise ArgumentError(f"{name} must be a URL, not {kind}.", param="base_url")
    return value if isinstance(value, str) else str(value)


def without_user(url: str) -> str:
    """`url` without user name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def without_secrets(connection: Connection) -> Connection:
    """`connection` without credentials, and without headers, which may carry some."""
    return replace(
        connection,
        api_key=None,
        azure_ad_token=None,
        azure_ad_token_provider=None,
        credential=None,
        default_headers={},
        default_query={},
    )
