"""A configuration for people: as it was written, its credentials masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from resp_core.config.problems import place_of
from resp_core.observe.redact import redact, safe_url, secrets_in

if TYPE_CHECKING:
    from resp_core.config.problems import Where

__all__ = ["REFERENCE", "credentials", "rows"]

REFERENCE = "os.environ/"


def rows(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each setting's place and text. A reference is shown as it is written."""
    for where, value in _leaves(document.get("settings"), ("settings",)):
        if value is None:
            continue
        text = str(value)
        if isinstance(value, str) and _is_credential(where, value):
            text = safe_url(value) if "://" in value else "***"
        yield place_of(where).removeprefix("settings."), redact(text)


def credentials(document: Mapping[str, Any]) -> Iterator[tuple[Where, str]]:
    """Where a credential is written out, and it."""
    for where, value in _leaves(document.get("settings"), ("settings",)):
        if isinstance(value, str) and _is_credential(where, value):
            yield where, value


def _leaves(value: Any, where: Where) -> Iterator[tuple[Where, Any]]:
    if isinstance(value, Mapping):
        for name, item in cast("Mapping[str, Any]", value).items():
            yield from _leaves(item, (*where, name))
    elif isinstance(value, list | tuple):
        for at, item in enumerate(cast("list[Any]", value)):
            yield from _leaves(item, (*where, at))
    else:
        yield where, value


def _is_credential(where: Where, value: str) -> bool:
    if not value or value.startswith(REFERENCE):
        return False
    setting, name = where[1:2], where[-1:]
    if setting in (("api_key",), ("azure_ad_token",)):
        return True
    if setting in (("default_headers",), ("default_query",)):
        return bool(secrets_in({str(name): value}, ""))
    return "://" in value and "@" in value
