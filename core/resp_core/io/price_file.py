"""The price tables that `resp prices update` fetched, if it ever did. Nothing else fetches any."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resp_core.errors import APIConnectionError, ConfigError
from resp_core.types.json import dumps, loads

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["PRICE_FILE", "URL", "fetch_prices", "load_prices", "read_prices"]

PRICE_FILE = Path.home() / ".respkit" / "prices.json"
URL = (
    "https://raw.githubusercontent.com/pydantic/genai-prices/refs/heads/main/"
    "prices/new_data/v2/data.json"
)
_MOST = 64 * 1024 * 1024


def fetch_prices(url: str, path: Path = PRICE_FILE, timeout: float = 30.0) -> int:
    """Fetch the newest tables of genai-prices into `path`; the number of their models.

    Raises APIConnectionError where they cannot be had, ConfigError where they are none.
    """
    import httpx2

    try:
        answer = httpx2.get(url, timeout=timeout, follow_redirects=False)
        answer.raise_for_status()
    except (httpx2.HTTPError, OSError) as error:
        raise APIConnectionError(f"The prices at {url} cannot be fetched: {error}") from error
    if len(answer.content) > _MOST:
        raise ConfigError(f"What {url} holds is too large for price tables.", param="url")
    providers = _checked(answer.content, url)
    kept = {"fetched": datetime.now(UTC).isoformat(timespec="seconds"), "url": url}
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(dumps({**kept, "providers": loads(answer.content)}))
    os.replace(new, path)
    return sum(len(provider.models) for provider in providers)


def read_prices(path: Path = PRICE_FILE) -> JsonObject | None:
    """What was fetched, and when and from where; None if nothing was."""
    if not path.is_file():
        return None
    try:
        return loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}. Delete it or run: resp prices update", param="prices"
        ) from error


def load_prices(path: Path = PRICE_FILE) -> tuple[list[Any], str] | None:
    """The fetched tables and their name, for pricing; None if nothing was fetched."""
    kept = read_prices(path)
    if kept is None:
        return None
    day = str(kept["fetched"])[:10]
    return _checked(dumps(kept["providers"]), str(path)), f"genai-prices fetched {day}"


def _checked(data: bytes, source: str) -> list[Any]:
    from genai_prices.types import _providers_from_raw  # pyright: ignore[reportPrivateUsage]

    try:
        raw = loads(data)
        if not isinstance(raw, list):
            raise TypeError("no list of providers")
        return _providers_from_raw(raw)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{source} holds no price tables: {error}", param="prices") from error
