"""The HTTP headers of MCP's messages. Pure.

The revision without a handshake repeats parts of a request in headers, for those who route it:
its method, its tool, and the arguments that the tool's schema marks with `x-mcp-header`.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, cast

from resp_core.mcp.rpc import MODERN
from resp_core.wire.shape import as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from resp_core.types.json import JsonObject

__all__ = ["Mirrors", "argument_headers", "mirrors_of", "post_headers"]

#: Paths of arguments -> the name that their header ends in.
Mirrors = dict[tuple[str, ...], str]

_MARK = "x-mcp-header"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SCALARS = ("string", "integer", "boolean")
_NAMED_SCHEMAS = ("patternProperties", "dependentSchemas", "$defs", "definitions")
_DATA = frozenset({"default", "examples", "const", "enum", _MARK})


def post_headers(
    credentials: Mapping[str, str],
    session_id: str | None,
    protocol: str | None,
    sent: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Headers of a POST of `sent` to the server; None: of a GET or DELETE."""
    headers = {"accept": "application/json, text/event-stream", **credentials}
    if sent is not None:
        headers["content-type"] = "application/json"
    if session_id is not None:
        headers["mcp-session-id"] = session_id
    if protocol is not None:
        headers["mcp-protocol-version"] = protocol
    if protocol == MODERN and sent is not None:
        headers["mcp-method"] = as_text(sent.get("method"))
        name = as_object(sent.get("params")).get("name")
        if isinstance(name, str):
            headers["mcp-name"] = _in_header(name)
    return headers


def argument_headers(mirrors: Mirrors, arguments: JsonObject) -> dict[str, str]:
    """The headers that repeat the arguments of one call; what is absent or null has none."""
    headers: dict[str, str] = {}
    for path, name in mirrors.items():
        value: Any = arguments
        for key in path:
            value = as_object(value).get(key)
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, str | int | float):
            headers[f"mcp-param-{name}".lower()] = _in_header(str(value))
    return headers


def mirrors_of(schema: Any) -> Mirrors:
    """The arguments that a call of a tool with this schema repeats in headers.

    Raises ValueError for a mark that the specification forbids: such a tool is not to be offered.
    """
    found: Mirrors = {}
    for path, at in _schemas(schema):
        if _MARK not in at:
            continue
        name: Any = at[_MARK]
        if not path:
            raise ValueError(f"{_MARK} stands elsewhere than on a plain property")
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ValueError(f"{_MARK} is no name of a header")
        if at.get("type") not in _SCALARS:
            raise ValueError(f"{_MARK} stands on a property that is no string, integer or boolean")
        if name.lower() in {other.lower() for other in found.values()}:
            raise ValueError(f"{_MARK} names one header twice")
        found[path] = name
    return found


def _schemas(root: Any) -> Iterator[tuple[tuple[str, ...], JsonObject]]:
    """Every schema in a schema, with its path of properties; an empty one where it has none."""
    left: list[tuple[tuple[str, ...] | None, Any]] = [((), root)]
    while left:
        path, value = left.pop()
        if isinstance(value, list):
            left += [(None, each) for each in cast("list[Any]", value)]
        if not isinstance(value, dict):
            continue
        schema = cast("JsonObject", value)
        yield path or (), schema
        for key, inner in schema.items():
            if key == "properties":
                named = as_object(inner).items()
                left += [(None if path is None else (*path, name), each) for name, each in named]
            elif key in _NAMED_SCHEMAS:
                left += [(None, each) for each in as_object(inner).values()]
            elif key not in _DATA:
                left.append((None, inner))


def _in_header(text: str) -> str:
    """`text` as the protocol puts it in a header: plain, or marked as base64."""
    if text.isascii() and text.isprintable() and text == text.strip() and text[:2] != "=?":
        return text
    return f"=?base64?{base64.b64encode(text.encode('utf-8', 'replace')).decode()}?="
