"""The price tables that `resp prices update` fetched, if it ever did. Nothing else fetches any."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from resp_core.errors import APIConnectionError, ArgumentError, ConfigError
from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["PRICE_FILE", "URL", "fetch_prices", "load_prices", "read_prices"]

logger = logging.getLogger("resp_core")

PRICE_FILE = Path.home() / ".respkit" / "prices.json"
URL = (
    "https://raw.githubusercontent.com/pydantic/genai-prices/refs/heads/main/"
    "prices/new_data/v2/data.json"
)
_MOST = 64 * 1024 * 1024
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


def fetch_prices(url: str, path: Path = PRICE_FILE, timeout: float = 30.0) -> int:
    """Fetch the newest tables of genai-prices into `path`; the number of their models.

    What is there already stays as it is where anything goes wrong: raises ArgumentError for a URL
    without encryption, APIConnectionError where the tables cannot be had, ConfigError where what
    comes is none.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ArgumentError(f"Prices come by https, not from {url}.", param="url")
    content = _get(url, timeout)
    providers = _checked(content, url)
    kept = {
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
        "url": url,
        "beside": version("genai-prices"),
        "providers": loads(content),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(dumps(kept))
    os.replace(new, path)
    return sum(len(provider.models) for provider in providers)


def _get(url: str, timeout: float) -> bytes:
    import httpx2

    content = bytearray()
    try:
        with httpx2.stream("GET", url, timeout=timeout, follow_redirects=False) as answer:
            if answer.status_code != 200:
                raise APIConnectionError(
                    f"The prices at {url} cannot be fetched: status {answer.status_code}."
                )
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > _MOST:
                    raise ConfigError(f"What {url} holds is too large for price tables.")
    except (httpx2.HTTPError, OSError) as error:
        raise APIConnectionError(f"The prices at {url} cannot be fetched: {error}") from error
    return bytes(content)


def read_prices(path: Path | None = None) -> JsonObject | None:
    """What was fetched, when, from where and beside which version of genai-prices; None if nothing
    was. Raises ConfigError for a file that cannot be read."""
    path = path or PRICE_FILE
    if not path.is_file():
        return None
    try:
        return loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}. Delete it or run: resp prices update", param="prices"
        ) from error


def load_prices(path: Path | None = None) -> tuple[list[Any], str] | None:
    """The fetched tables and their name, for pricing.

    None, so that those of the package are used, where nothing was fetched, where genai-prices was
    upgraded since, and, with a line in the log, where the file is broken.
    """
    try:
        kept = read_prices(path)
        if kept is None or kept.get("beside") != version("genai-prices"):
            return None
        day = str(kept["fetched"])[:10]
        return _checked(dumps(kept["providers"]), str(path)), f"genai-prices fetched {day}"
    except (ConfigError, KeyError, TypeError) as error:
        logger.error("The fetched prices are not used: %s", error)
        return None


def _checked(data: bytes, source: str) -> list[Any]:
    from genai_prices.types import _providers_from_raw  # pyright: ignore[reportPrivateUsage]

    try:
        raw = loads(data)
        if not isinstance(raw, list):
            raise TypeError("no list of providers")
        found = _providers_from_raw(raw)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ConfigError(f"{source} holds no price tables: {error}", param="prices") from error
    if not found:
        raise ConfigError(f"{source} holds no price tables: the list is empty", param="prices")
    return found
