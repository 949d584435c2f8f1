"""Operations as methods and paths, and URLs put together from them. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resp_core.route.deployment import Operation

__all__ = [
    "OPERATIONS",
    "add_query",
    "fill",
    "is_loopback",
    "join",
    "split_url",
    "trim_operation",
]

#: Method and path below the base URL; each `{}` takes one id.
OPERATIONS: Mapping[Operation, tuple[str, str]] = {
    "responses": ("POST", "/responses"),
    "responses.retrieve": ("GET", "/responses/{}"),
    "responses.delete": ("DELETE", "/responses/{}"),
    "responses.cancel": ("POST", "/responses/{}/cancel"),
    "responses.input_items": ("GET", "/responses/{}/input_items"),
    "responses.compact": ("POST", "/responses/compact"),
    "responses.count_tokens": ("POST", "/responses/input_tokens"),
    "chat": ("POST", "/chat/completions"),
    "embeddings": ("POST", "/embeddings"),
    "completions": ("POST", "/completions"),
    "models": ("GET", "/models"),
    "models.retrieve": ("GET", "/models/{}"),
    "conversations": ("POST", "/conversations"),
    "conversations.retrieve": ("GET", "/conversations/{}"),
    "conversations.update": ("POST", "/conversations/{}"),
    "conversations.delete": ("DELETE", "/conversations/{}"),
    "conversations.items": ("GET", "/conversations/{}/items"),
    "conversations.items.create": ("POST", "/conversations/{}/items"),
    "conversations.items.retrieve": ("GET", "/conversations/{}/items/{}"),
    "conversations.items.delete": ("DELETE", "/conversations/{}/items/{}"),
}

_TRAILING = re.compile(r"/(chat/completions|completions|responses|embeddings)$")
_BAD = re.compile(r"[\s\x00-\x1f\x7f\\<>\"]")


def fill(template: str, ids: Sequence[str]) -> str:
    """`template` with its `{}` replaced by the percent-encoded ids.

    Raises `ArgumentError` for an id that is no string, is empty, or would change the path.
    """
    if template.count("{}") != len(ids):
        raise ArgumentError(
            f"{template} takes {template.count('{}')} id(s), {len(ids)} given.", param="id"
        )
    for value in ids:
        if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(f"An id must be a string, not {type(value).__name__}.", param="id")
        if not value.strip() or value in (".", ".."):
            raise ArgumentError(
                "An id must not be empty: pass the id of a stored object, such as "
                '"resp_abc" from `response.id`.',
                param="id",
            )
    try:
        return template.format(*(quote(value, safe="") for value in ids))
    except UnicodeEncodeError:
        raise ArgumentError("An id holds half a surrogate pair.", param="id") from None


def split_url(url: str, *, param: str = "base_url") -> SplitResult:
    """`url` in its parts. Raises `ArgumentError` naming `param` if it is not an absolute
    http(s) URL with a host and without user, password or fragment."""
    try:
        return _split(url)
    except (ValueError, TypeError) as error:
        raise ArgumentError(
            f"{param} is not a usable URL: {error}. Write it like https://host/v1.", param=param
        ) from None


@lru_cache(maxsize=256)
def _split(url: object) -> SplitResult:
    if not isinstance(url, str):
        raise ValueError(f"a {type(url).__name__}, not a string")
    if _BAD.search(url):
        raise ValueError("white space or characters that no URL has")
    parts = urlsplit(url)
    _ = parts.port
    if parts.scheme not in ("http", "https"):
        raise ValueError("it does not begin with https:// or http://")
    if not parts.hostname:
        raise ValueError("no host")
    if "@" in parts.netloc:
        raise ValueError("a user name or password in it; pass the key as api_key")
    if parts.fragment:
        raise ValueError("a fragment (#) in it")
    return parts


def is_loopback(host: str | None) -> bool:
    """Whether `host` is this machine: localhost, 127.0.0.0/8 or ::1."""
    name = (host or "").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost") or name == "::1":
        return True
    return re.fullmatch(r"127(\.\d{1,3}){3}", name) is not None


def trim_operation(path: str) -> str:
    """A base URL's path without a trailing slash or a trailing operation."""
    return _TRAILING.sub("", path.rstrip("/"))


def join(base: SplitResult, path: str, query: Mapping[str, object]) -> str:
    """The absolute URL of `path` on `base`'s host; `query` wins over what `base` carries."""
    own = [pair for pair in parse_qsl(base.query, keep_blank_values=True) if pair[0] not in query]
    text = urlencode([*own, *_pairs(query)], safe="[]", quote_via=quote)
    return urlunsplit((base.scheme, base.netloc, path, text, ""))


def add_query(url: str, query: Mapping[str, object]) -> str:
    """`url` with `query` merged in, as the OpenAI API reads it.

    None leaves a parameter out, booleans are `true` and `false`, a list repeats `name[]`.
    """
    if not query:
        return url
    parts = urlsplit(url)
    return join(parts, parts.path, query)


def _pairs(query: Mapping[str, object]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if isinstance(value, list | tuple):
            items = cast("Sequence[object]", value)
            pairs += [(f"{name}[]", _text(item)) for item in items]
        elif value is not None:
            pairs.append((name, _text(value)))
    return pairs


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
