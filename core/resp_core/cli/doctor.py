"""`resp doctor`: what is installed, what is set and by what, and where a model's calls go."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from rich.text import Text

from resp_core import providers
from resp_core.auth.source import KeyAuth, TokenAuth
from resp_core.cli.config import settings_table
from resp_core.cli.layout import table
from resp_core.cli.start import CONFIG_ENV
from resp_core.client.wiring import connection_of
from resp_core.credentials import environ, pick
from resp_core.providers._azure_auth import CREDENTIAL_ENV, SCOPE_ENV, TOKEN_ENV, TYPE_ENV
from resp_core.providers._azure_url import understand
from resp_core.providers.azure import VERSION_ENV
from resp_core.route.deployment import Connection
from resp_core.route.resolve import describe, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from resp_core.cli.start import Start
    from resp_core.client.options import ClientOptions
    from resp_core.providers import Provider
    from resp_core.route.deployment import Deployment

__all__ = ["run_doctor"]

_PACKAGES = (
    "respkit",
    "httpx2",
    "httpcore2",
    "pydantic",
    "orjson",
    "genai-prices",
    "langchain-core",
    "langchain",
    "llama-index-core",
    "azure-identity",
    "tiktoken",
    "httpx-aiohttp",
    "redis",
    "sqlalchemy",
    "psycopg",
    "opentelemetry-api",
    "pyyaml",
)
_NETWORK = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
_TABLES = ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR")


def run_doctor(model: str | None, start: Start, console: Console) -> None:
    """Print the report. Raises ArgumentError for a model that cannot be resolved."""
    console.print(f"Python {platform.python_version()}, {platform.system()}")
    console.print(Text(f".env: {start.env_file}"))
    console.print(Text(f"configuration: {start.named_by}"))
    console.print(_installed(console))
    console.print(_credentials(start, console))
    others = _others(start, console)
    if others.row_count:
        console.print(others)
    if start.configuration is not None:
        console.print(settings_table(start.configuration, start, console))
    named, options = start.client(model)
    if named is not None:
        said = "--model" if model is not None else "settings.model"
        console.print(_route(named, said, options, start, console))


def _installed(console: Console) -> Table:
    made = table(console, "Installed", "package", "version")
    for name in _PACKAGES:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "not installed"
        made.add_row(name, found)
    return made


def _credentials(start: Start, console: Console) -> Table:
    """By their names only."""
    env = environ()
    made = table(console, "Credentials and addresses", "provider", "key", "address")
    for provider in map(providers.get, providers.names()):
        key, base = pick(env, _keys(provider)), pick(env, provider.base_env)
        if key is not None:
            said = start.source(key[0])
        elif not provider.key_required:
            said = "not needed"
        else:
            said = f"set {provider.key_env[0]}" if provider.key_env else "pass api_key="
        address = start.source(base[0]) if base is not None else provider.base_url or "-"
        made.add_row(provider.name, said, address)
    return made


def _keys(provider: Provider) -> tuple[str, ...]:
    azure = (*TOKEN_ENV, *CREDENTIAL_ENV) if provider.name == "azure" else ()
    return (*provider.key_env, *azure)


def _others(start: Start, console: Console) -> Table:
    """The other variables that are read here, as far as they are set."""
    made = table(console, "Other variables that are set", "variable", "of")
    env = environ()
    for name, of in _variables():
        found = pick(env, (name, name.lower())) if of == "network" else pick(env, (name,))
        if found is not None:
            made.add_row(start.source(found[0]), of)
    return made


def _variables() -> Iterator[tuple[str, str]]:
    for provider in map(providers.get, providers.names()):
        for name in (*provider.organization_env, *provider.project_env):
            yield name, provider.name
    for name in (*VERSION_ENV, *TYPE_ENV, *SCOPE_ENV):
        yield name, "azure"
    for name in _NETWORK:
        yield name, "network"
    for name in _TABLES:
        yield name, "token counting"
    yield CONFIG_ENV, "resp"


def _route(model: str, said: str, options: ClientOptions, start: Start, console: Console) -> Table:
    deployment = resolve(model, connection_of(options) or Connection(), environ())
    origins = {
        "requested": said,
        "url": _address_from(deployment, options, start),
        "api_version": _version_from(deployment, options, start),
        "credential": _credential_from(deployment, start),
    }
    made = table(console, f"Calls for {model}", "what", "value", "from")
    for name, value in describe(deployment).items():
        if isinstance(value, list):
            value = ", ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        if name == "credential":
            value = str(value).partition(" from ")[0]
        made.add_row(name, Text("-" if value is None else str(value)), Text(origins.get(name, "")))
    return made


def _address_from(deployment: Deployment, options: ClientOptions, start: Start) -> str:
    for name in ("base_url", "api_base", "openai_api_base", "azure_endpoint"):
        if options.get(name):
            return f"settings.{name}"
    found = pick(environ(), providers.get(deployment.provider).base_env)
    return start.source(found[0]) if found else "default"


def _version_from(deployment: Deployment, options: ClientOptions, start: Start) -> str:
    if deployment.api_version is None:
        return ""
    if options.get("api_version"):
        return "settings.api_version"
    if understand(deployment.base_url).api_version:
        return "the address"
    if "api-version" in (options.get("default_query") or {}):
        return "settings.default_query"
    found = pick(environ(), VERSION_ENV)
    return start.source(found[0]) if found else "default"


def _credential_from(deployment: Deployment, start: Start) -> str:
    auth = deployment.auth
    if isinstance(auth, KeyAuth):
        origin = auth.origin
    elif isinstance(auth, TokenAuth):
        origin = auth.source.origin
    else:
        return ""
    return start.source(origin) if origin in environ() else f"settings.{origin}"
