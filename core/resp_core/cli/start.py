"""What a command starts from: the `.env` file, and a configuration that was named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from resp_core.client.configured import options_for, read_configuration
from resp_core.credentials import environ, load_env, pick

if TYPE_CHECKING:
    from resp_core.client.options import ClientOptions
    from resp_core.config import Configuration

__all__ = ["CONFIG_ENV", "Start", "begin"]

CONFIG_ENV = "RESP_CONFIG"
_ENV_FILE = Path(".env")


@dataclass(frozen=True, slots=True)
class Start:
    """`env_file` and `named_by` say, for people, what was done with `.env` and who named the
    configuration; `from_file` are the variables that `.env` set."""

    env_file: str
    named_by: str
    from_file: frozenset[str] = frozenset()
    configuration: Configuration | None = None

    def source(self, variable: str) -> str:
        """A variable with what set it."""
        return f"{variable} ({'.env' if variable in self.from_file else 'environment'})"

    def client(self, model: str | None) -> tuple[str | None, ClientOptions]:
        """The model and the options of a client; `model` wins over the configuration's."""
        if self.configuration is None:
            return model, {}
        return options_for(self.configuration, model)


def begin(*, env_file: bool, config: str) -> Start:
    """Read `.env` of this folder if wanted, then the configuration: `config`, else RESP_CONFIG.

    Raises ConfigError.
    """
    loaded: tuple[str, ...] = ()
    said = "not read (--no-env-file)"
    if env_file:
        found = _ENV_FILE.is_file()
        loaded = load_env(_ENV_FILE) if found else ()
        said = f"read; it set {len(loaded)} variables" if found else "none in this folder"
    start = Start(said, f"none (no --config, and {CONFIG_ENV} is not set)", frozenset(loaded))
    variable = pick(environ(), (CONFIG_ENV,))
    if not (config or variable):
        return start
    path = config or (variable[1] if variable else "")
    named_by = "--config" if config else start.source(CONFIG_ENV)
    return Start(said, f"{path} from {named_by}", start.from_file, read_configuration(path))
