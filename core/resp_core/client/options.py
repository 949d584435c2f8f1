"""The arguments of a client, read once into `Settings`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from resp_core.client.params import OPTION_FIELDS, CallOptions, sealed
from resp_core.client.wiring import Settings, approvals_of, connection_of, policy_of
from resp_core.errors import ArgumentError
from resp_core.io.proxies import ProxyTable
from resp_core.route.deployment import Connection, merge

if TYPE_CHECKING:
    import ssl

    from resp_core.cost.budget import Budget, Budgets, OnUnknownPrice
    from resp_core.cost.custom import Prices
    from resp_core.io.ledger import Ledger, Sink
    from resp_core.io.state import StateStore
    from resp_core.observe.hooks import Hook
    from resp_core.observe.otel import Telemetry

__all__ = ["ClientOptions", "settings_of", "updated"]


class ClientOptions(CallOptions, total=False):
    """What a client takes: all of `CallOptions`, and what concerns its connections.

    `proxy` is a URL, "" for none; `verify` True, a path to certificates or an SSLContext;
    `transport` "httpx2", or "aiohttp" (async, extra `aiohttp`); `http_client` and
    `http_async_client` an own httpx2 or httpx client; `hooks` are called with each record;
    `state_store` is where approvals and ids are kept: "memory", "sqlite:///path", "redis://…",
    or an object; `prices` are prices of your own, "provider/name" to amounts (see `Price`);
    `ledger` keeps a row per call: "memory", a path (SQLite), "jsonl:///path",
    "postgresql://...", or an object;
    `telemetry` True makes OpenTelemetry spans and metrics (extra `otel`);
    `budgets` are counted beside the state store, and `on_unknown_price` is "block" (default),
    "warn" or the `Price` to assume.
    """

    default_headers: Mapping[str, str] | None
    default_query: Mapping[str, object] | None
    proxy: str | None
    verify: bool | str | ssl.SSLContext
    transport: Literal["httpx2", "aiohttp"]
    http_client: Any
    http_async_client: Any
    hooks: Sequence[Hook]
    state_store: str | StateStore | None
    ledger: str | Ledger | Sink | None
    telemetry: bool | Telemetry | None
    prices: Prices | None
    budgets: Budgets | Sequence[Budget | Mapping[str, Any]] | None
    on_unknown_price: OnUnknownPrice | None


_OWN = frozenset(ClientOptions.__annotations__) - OPTION_FIELDS
_AS_GIVEN = (
    "proxy",
    "verify",
    "transport",
    "hooks",
    "http_client",
    "http_async_client",
    "state_store",
    "ledger",
)
_PER_CALL = ("extra_headers", "extra_query", "extra_body")


def settings_of(model: str | None, options: ClientOptions) -> Settings:
    """Settings from a client's arguments. Raises ArgumentError."""
    if model is not None and not isinstance(model, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentError(
            f"model must be a string such as openai/gpt-5.4-mini, not {type(model).__name__}.",
            param="model",
        )
    return updated(Settings(model=model), options)


def updated(settings: Settings, options: ClientOptions) -> Settings:
    """`settings` with `options` applied over them."""
    given = cast("Mapping[str, Any]", sealed(options))
    _check(given)
    connection = connection_of(options)
    changes: dict[str, Any] = {"policy": policy_of(given, settings.policy)}
    if connection is not None:
        empty = settings.connection == Connection()
        changes["connection"] = connection if empty else merge(settings.connection, connection)
    if given.get("on_unsupported"):
        changes["on_unsupported"] = given["on_unsupported"]
    for name in _AS_GIVEN:
        if given.get(name) is not None:
            changes[name] = given[name]
    changes["approvals"] = approvals_of(given, settings.approvals)
    changes["spending"] = settings.spending.updated(given)
    return replace(settings, **changes)


def _check(given: Mapping[str, Any]) -> None:
    for name in given:
        if name in _PER_CALL:
            other = name.replace("extra_", "default_")
            raise ArgumentError(
                f"{name} goes with a call; for all calls of a client use {other}."
                if name != "extra_body"
                else "extra_body goes with a call.",
                param=name,
            )
        if name not in _OWN and name not in OPTION_FIELDS:
            from difflib import get_close_matches

            near = get_close_matches(name, _OWN | OPTION_FIELDS, n=2)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise ArgumentError(f"A client has no argument {name!r}.{hint}", param=name)
    _check_connections(given)
    if given.get("on_unsupported") not in (None, "raise", "warn", "drop"):
        raise ArgumentError(
            f"on_unsupported is {given['on_unsupported']!r}; it may be raise, warn or drop.",
            param="on_unsupported",
        )


def _check_connections(given: Mapping[str, Any]) -> None:
    if given.get("transport") not in (None, "httpx2", "aiohttp"):
        raise ArgumentError(
            f"transport is {given['transport']!r}; it may be httpx2 or aiohttp.",
            param="transport",
        )
    if given.get("proxy") is not None:
        ProxyTable(given["proxy"], {})
    verify = given.get("verify")
    if not (verify is None or isinstance(verify, bool | str) or hasattr(verify, "wrap_socket")):
        raise ArgumentError(
            "verify must be True, False, a path to certificates or an ssl.SSLContext, "
            f"not {type(verify).__name__}.",
            param="verify",
        )
    hooks = given.get("hooks")
    wrong = [] if hooks is None else [hooks]
    if isinstance(hooks, list | tuple):
        wrong = [hook for hook in cast("Sequence[Any]", hooks) if not callable(hook)]
    if wrong:
        raise ArgumentError(
            f"hooks must be a list of functions that take a record, not {type(wrong[0]).__name__}.",
            param="hooks",
        )
