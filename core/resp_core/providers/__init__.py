"""Providers: one file each, found by scanning this package, never listed.

A file `providers/<name>.py` holds `PROVIDER = Provider(...)`; most are ten lines of data. Files
that begin with an underscore are no providers. A provider's name is its file's name; further
names stand in `aliases`.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from resp_core.errors import UnknownProviderError, UnsupportedError
from resp_core.providers import _compatible
from resp_core.route.paths import is_loopback
from resp_core.wire.chat import ChatOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from resp_core.route.deployment import Connection, Deployment, Endpoint, Operation
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Wire
    from resp_core.wire.losses import Losses

    Connect = Callable[["Provider", str, str, Connection, Mapping[str, str]], Deployment]
    Locate = Callable[[Deployment, Operation, Sequence[str]], Endpoint]
    Prepare = Callable[[Deployment, Wire, JsonObject, Losses], JsonObject]
    Advise = Callable[[Deployment, Operation, int, str], str | None]

__all__ = ["Provider", "get", "names", "of_url", "providers_table"]


def _unchanged(deployment: Deployment, wire: Wire, body: JsonObject, losses: Losses) -> JsonObject:
    return body


def _no_advice(deployment: Deployment, operation: Operation, status: int, url: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What there is to know about one provider.

    `dialects` are the wire APIs that it serves, in order of preference; `on_request` those that
    it serves in part (no stored state, only some models), used only when `api=` asks for them.
    `base_url` None means that the caller or one of `base_env` must give it, `bare_path` is put
    after a base URL without any path. `key_env` and `base_env` are environment variables in the
    order in which they are asked. `hosts` are host names, or endings that begin with a dot, by
    which a URL is known to be this provider's. `hosted_mcp` says that its Responses API runs MCP
    tools with approvals, so that we need not. `docs` is a page for people. `chat` says how its
    Chat API differs from OpenAI's.

    The callables are for providers that differ in more than data: `connector` makes the
    deployment, `locator` the URL, `preparer` a last change to the request body (the same object
    when there is none; it never changes in place), `adviser` a sentence that explains an error
    status. `reads_extra` are fields of `extra_body` that the preparer has to see.
    """

    name: str
    title: str
    dialects: tuple[Wire, ...] = ("chat",)
    on_request: tuple[Wire, ...] = ()
    base_url: str | None = None
    bare_path: str = ""
    key_env: tuple[str, ...] = ()
    base_env: tuple[str, ...] = ()
    organization_env: tuple[str, ...] = ()
    project_env: tuple[str, ...] = ()
    key_required: bool = True
    hosted_mcp: bool = False
    aliases: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    docs: str = ""
    chat: ChatOptions = field(default_factory=ChatOptions)
    connector: Connect = _compatible.connect
    locator: Locate = _compatible.locate
    preparer: Prepare = _unchanged
    reads_extra: frozenset[str] = frozenset()
    adviser: Advise = _no_advice

    @property
    def wires(self) -> tuple[Wire, ...]:
        """All wire APIs that it serves, those on request last."""
        return self.dialects + self.on_request

    def connect(
        self, model: str, requested: str, connection: Connection, environ: Mapping[str, str]
    ) -> Deployment:
        """The deployment for `model` (without the provider's prefix).

        Raises `CredentialError` for a missing or unusable key, token or endpoint and
        `ArgumentError` for arguments that this provider has no use for.
        """
        return self.connector(self, model, requested, connection, environ)

    def endpoint(
        self, deployment: Deployment, operation: Operation, ids: Sequence[str] = ()
    ) -> Endpoint:
        """Method and URL of `operation`; `ids` fill its path.

        Raises `UnsupportedError` when this provider has no such API, `ArgumentError` for an
        empty id.
        """
        stored = operation.startswith(("responses", "conversations"))
        if stored and "responses" not in self.wires:
            raise UnsupportedError(
                f"{self.title} has no Responses API, so it cannot do {operation!r}. Pass the "
                "model= or provider= that holds the object.",
                param=operation,
            )
        return self.locator(deployment, operation, ids)

    def prepare(
        self, deployment: Deployment, wire: Wire, body: JsonObject, losses: Losses
    ) -> JsonObject:
        """`body` as this server wants it: the last step before the bytes. Never in place."""
        return self.preparer(deployment, wire, body, losses)

    def advise(
        self, deployment: Deployment, operation: Operation, status: int, url: str
    ) -> str | None:
        """A sentence to add to the text of an HTTP error (`status` >= 400), or None."""
        return self.adviser(deployment, operation, status, url)


@cache
def names() -> tuple[str, ...]:
    """The names of all providers, sorted; nothing is imported."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


@cache
def _aliases() -> dict[str, str]:
    return {alias: name for name in names() for alias in _load(name).aliases}


@cache
def _load(name: str) -> Provider:
    return importlib.import_module(f"{__name__}.{name}").PROVIDER


def get(name: str, *, param: str = "model") -> Provider:
    """The provider of that name or alias; imports its file only.

    Raises `UnknownProviderError` for the argument `param`; its text lists names that are near.
    """
    plain = name.replace("-", "_")
    if plain in names():
        return _load(plain)
    if plain in _aliases():
        return _load(_aliases()[plain])
    from difflib import get_close_matches

    known = (*names(), *_aliases())
    near = get_close_matches(plain.lower(), known, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise UnknownProviderError(
        f"There is no provider {name!r}. {hint}Known: {', '.join(names())}. A server with an "
        "OpenAI-compatible API is reached as custom/<model> with base_url=.",
        param=param,
    )


def of_url(base_url: str) -> str:
    """The provider that serves a base URL: known by its host, else "custom"."""
    host = (urlsplit(base_url).hostname or "").lower()
    for provider in map(_load, names()):
        own = urlsplit(provider.base_url or "").hostname
        if (own and host == own and not is_loopback(own)) or _matches(host, provider.hosts):
            return provider.name
    return "custom"


def _matches(host: str, hosts: tuple[str, ...]) -> bool:
    return any(host.endswith(each) if each[0] == "." else host == each for each in hosts)


def providers_table() -> str:
    """A Markdown table of all providers: model prefix, APIs, variables, address."""
    rows = ["| provider | write | APIs | key from | address |", "|---|---|---|---|---|"]
    for provider in map(_load, names()):
        title = f"[{provider.title}]({provider.docs})" if provider.docs else provider.title
        apis = ", ".join((*provider.dialects, *(f"{wire} (api=)" for wire in provider.on_request)))
        write = ", ".join(f"`{name}/…`" for name in (provider.name, *provider.aliases))
        keys = ", ".join(f"`{name}`" for name in provider.key_env) or "none"
        keys += "" if provider.key_required or not provider.key_env else " (optional)"
        bases = ", ".join(f"`{name}`" for name in provider.base_env)
        address = " or ".join(filter(None, (provider.base_url, bases)))
        rows.append(f"| {title} | {write} | {apis} | {keys} | {address} |")
    return "\n".join(rows) + "\n"
