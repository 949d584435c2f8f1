"""A client's settings from a configuration: a file, or a mapping of the same shape."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from resp_core.auth.source import Veiled
from resp_core.client.options import settings_of, updated
from resp_core.client.wiring import connection_of
from resp_core.credentials import environ
from resp_core.errors import ArgumentError, ConfigError
from resp_core.route.deployment import Connection
from resp_core.route.resolve import same_provider

if TYPE_CHECKING:
    from resp_core.client.options import ClientOptions
    from resp_core.client.wiring import Settings
    from resp_core.config import Configuration

__all__ = ["Source", "concealed", "fitting", "options_for", "read_configuration", "settings_from"]

#: A path to a .yaml, .yml or .json file, or what such a file would hold.
Source: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any]"

#: What belongs to one provider: with a model of another it does not apply.
_OF_PROVIDER = {item.name for item in fields(Connection)} - {"api"} | {
    "api_base",
    "azure_endpoint",
    "custom_llm_provider",
    "openai_api_base",
}


def concealed(source: Source) -> Source:
    """`source`; a mapping so that no traceback with local variables shows what is in it."""
    return Veiled(source) if isinstance(source, Mapping) else source


def read_configuration(source: Source) -> Configuration:
    """Read and check a configuration. Nothing is fetched, and no call is made.

    Raises ConfigError that names every place where something is wrong, and no value.
    """
    from resp_core.config import configuration  # brings pydantic

    if isinstance(source, Mapping):
        found = configuration(Veiled(source), environ(), "the configuration")
    else:
        from resp_core.io.config_file import read_document

        path = _path(source)
        found = configuration(read_document(path), environ(), path)
    problem = _problem(found)
    if problem is not None:
        raise ConfigError(problem[1], param=problem[0])
    return found


def options_for(found: Configuration, model: str | None) -> tuple[str | None, ClientOptions]:
    """The model of a client, `model` if given, and the options that fit it."""
    options = Veiled(found.options)
    own = options.pop("model", None)
    return model or own, fitting(cast("ClientOptions", options), own, model or own)


def fitting(options: ClientOptions, own: str | None, model: str | None) -> ClientOptions:
    """The options of a client for `own` as they are for `model`: where that is another
    provider's, without address, credentials and whatever else belongs to one provider."""
    if same_provider(own, model, connection_of(options)):
        return options
    kept = {name: value for name, value in options.items() if name not in _OF_PROVIDER}
    return cast("ClientOptions", Veiled(kept))


def settings_from(source: Source, model: str | None, overrides: ClientOptions) -> Settings:
    """The settings of a client: the configuration's, with `model` and `overrides` over them.

    Raises ConfigError for the configuration, ArgumentError for what is over it. Warns of
    credentials that stand in a file.
    """
    found = read_configuration(source)
    if found.literal and not isinstance(source, Mapping):
        warnings.warn(
            f"{found.name} holds a credential as plain text ({', '.join(found.literal)}): "
            "os.environ/NAME keeps it out of the file.",
            UserWarning,
            stacklevel=3,
        )
    return updated(settings_of(*options_for(found, model)), overrides)


def _path(source: Any) -> str:
    path: object = os.fspath(cast("str", source)) if hasattr(source, "__fspath__") else source
    if not isinstance(path, str):
        raise ArgumentError(
            f"A configuration is a path or a mapping, not {type(source).__name__}.", param="config"
        )
    if "://" in path:
        raise ConfigError("A configuration is a file of this machine, not a URL.", param="config")
    return path


def _problem(found: Configuration) -> tuple[str, str] | None:
    """What a client would not take: the place, and what to say without a value."""
    try:
        settings_of(*options_for(found, None))
    except ArgumentError as error:
        place = f"settings.{error.param}"
        return place, f"{found.name}: {place}: {found.without_values(error.message)}"
    return None
