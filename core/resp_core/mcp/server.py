"""The `mcp` tool of a request, read and checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from resp_core.auth.source import Secret
from resp_core.errors import ArgumentError, UnsupportedError
from resp_core.route.paths import is_loopback, split_url
from resp_core.wire.shape import as_object, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.types.json import JsonObject

__all__ = [
    "McpServer",
    "Requirement",
    "ToolFilter",
    "check_emulated",
    "mcp_secrets",
    "mcp_servers",
    "requirement_of",
]

_TARGETS = ("server_url", "connector_id", "tunnel_id", "session")


@dataclass(frozen=True, slots=True)
class ToolFilter:
    """Tools by name, by their `readOnlyHint`, or by both; with neither it matches none."""

    names: frozenset[str] | None = None
    read_only: bool | None = None

    def matches(self, tool: str, read_only: bool) -> bool:
        """Whether it covers a tool; `read_only` is the tool's own annotation."""
        if self.names is None and self.read_only is None:
            return False
        by_name = self.names is None or tool in self.names
        return by_name and (self.read_only is None or self.read_only == read_only)


@dataclass(frozen=True, slots=True)
class Requirement:
    """`require_approval`: which calls wait for a decision.

    Every call does, unless `never` covers its tool and `always` does not.
    """

    never_all: bool = False
    always: ToolFilter = field(default_factory=ToolFilter)
    never: ToolFilter = field(default_factory=ToolFilter)

    def asks(self, tool: str, read_only: bool) -> bool:
        """Whether a call of `tool` needs a decision."""
        if self.never_all:
            return False
        return self.always.matches(tool, read_only) or not self.never.matches(tool, read_only)


@dataclass(frozen=True, slots=True)
class McpServer:
    """One server of a request. Its credentials are secrets and go to it alone.

    `url` is set for servers that can be reached by HTTP; `session` is an opened client session
    of the `mcp` package, for servers that cannot. `identity` tells one address, connector or
    tunnel from another without showing it.
    """

    label: str
    identity: str = ""
    url: str | None = None
    session: Any = field(default=None, repr=False)
    authorization: Secret | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    allowed: ToolFilter | None = None
    requirement: Requirement = field(default_factory=Requirement)
    description: str | None = None
    deferred: bool = False

    def allows(self, tool: str, read_only: bool) -> bool:
        """Whether `allowed_tools` admits a tool."""
        return self.allowed is None or self.allowed.matches(tool, read_only)

    def request_headers(self) -> dict[str, str]:
        """The headers that carry this server's credentials."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.authorization is not None:
            headers["authorization"] = f"Bearer {self.authorization.reveal()}"
        return headers

    def secrets(self) -> tuple[str, ...]:
        """What no text may show: the credentials, as they are sent and as they were given."""
        sent = self.request_headers().values()
        return tuple(dict.fromkeys([*sent, *(value.removeprefix("Bearer ") for value in sent)]))


def mcp_servers(tools: Any) -> list[McpServer]:
    """The MCP servers among a request's tools. Raises ArgumentError naming the field."""
    found = [_read(tool) for tool in tools or () if _is_mcp(tool)]
    labels = [server.label for server in found]
    for label in labels:
        if labels.count(label) > 1:
            raise ArgumentError(
                f"Two MCP servers are labelled {label!r}: labels tell them apart, so each needs "
                "its own.",
                param="server_label",
            )
    return found


def mcp_secrets(tools: Any) -> tuple[str, ...]:
    """The credentials in the `mcp` tools of a request."""
    given = [tool for tool in objects(tools) if tool.get("type") == "mcp"]
    texts = [text for tool in given for text in as_object(tool.get("headers")).values()]
    texts += [tool.get("authorization") for tool in given]
    found = [text for text in texts if isinstance(text, str) and text]
    return tuple(form for text in found for form in (text, text.removeprefix("Bearer ")))


def check_emulated(body: JsonObject, servers: list[McpServer]) -> None:
    """Raise UnsupportedError for what only a provider that runs MCP itself can do."""
    if body.get("conversation") is not None:
        raise UnsupportedError(
            "conversation cannot be used with MCP tools that are run here: the provider would "
            "not see the calls. Use previous_response_id or send the items.",
            param="conversation",
        )
    if body.get("background"):
        raise UnsupportedError(
            "background cannot be used with MCP tools that are run here: nothing would run them "
            "once this call has returned.",
            param="background",
        )
    for server in servers:
        if server.url is None and server.session is None:
            raise UnsupportedError(
                f"The MCP server {server.label!r} is a connector or a tunnel, which only a "
                "provider that runs MCP itself reaches: give its server_url.",
                param="server_url",
            )
    for tool in objects(body.get("tools")):
        callers = items_of(tool.get("allowed_callers"))
        if tool.get("type") == "mcp" and callers and "direct" not in callers:
            raise UnsupportedError(
                "allowed_callers without 'direct' needs a provider that runs MCP itself.",
                param="allowed_callers",
            )


def _is_mcp(tool: Any) -> bool:
    return isinstance(tool, dict) and cast("JsonObject", tool).get("type") == "mcp"


def _read(tool: JsonObject) -> McpServer:
    label = tool.get("server_label")
    if not isinstance(label, str) or not label:
        raise ArgumentError("An mcp tool needs a server_label.", param="server_label")
    given = [name for name in _TARGETS if tool.get(name)]
    if len(given) != 1:
        raise ArgumentError(
            f"The mcp tool {label!r} needs exactly one of {', '.join(_TARGETS[:3])}"
            f"{'; it has ' + ' and '.join(given) if given else ''}.",
            param="server_url",
        )
    headers = _headers(tool.get("headers"), label)
    authorization = tool.get("authorization")
    if authorization is not None and not _sendable(authorization):
        raise ArgumentError(
            f"authorization of {label!r} must be a string without line breaks.",
            param="authorization",
        )
    if authorization and any(name.lower() == "authorization" for name in headers):
        raise ArgumentError(
            f"{label!r} has a token in authorization and in headers: give it once.",
            param="authorization",
        )
    return McpServer(
        label=label,
        identity=_identity(given[0], tool[given[0]]),
        url=_url(tool.get("server_url"), label, bool(authorization or headers)),
        session=tool.get("session"),
        authorization=Secret(authorization) if authorization else None,
        headers=headers,
        allowed=_allowed(tool.get("allowed_tools"), label),
        requirement=requirement_of(tool.get("require_approval")),
        description=_description(tool.get("server_description"), label),
        deferred=tool.get("defer_loading") is True,
    )


def _identity(target: str, value: Any) -> str:
    named = target if target == "session" else f"{target} {value}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _description(value: Any, label: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ArgumentError(
            f"server_description of {label!r} must be a string, not {type(value).__name__}.",
            param="server_description",
        )
    return value


def _url(url: str | None, label: str, credentials: bool) -> str | None:
    if not url:
        return None
    parts = split_url(url, param="server_url")
    if parts.scheme == "http" and credentials and not is_loopback(parts.hostname):
        raise ArgumentError(
            f"server_url of {label!r} is plain http and would carry its credentials in the "
            "clear: use https.",
            param="server_url",
        )
    return url


def _headers(headers: Any, label: str) -> dict[str, str]:
    if headers is None:
        return {}
    entries = cast("JsonObject", headers) if isinstance(headers, dict) else None
    if entries is None or not all(map(_sendable, (*entries, *entries.values()))):
        raise ArgumentError(
            f"headers of {label!r} must map names to strings without line breaks.",
            param="headers",
        )
    return dict(entries)


def _sendable(value: Any) -> bool:
    """Whether a header can carry it; what cannot is refused here, before any text shows it."""
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _allowed(value: Any, label: str) -> ToolFilter | None:
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return ToolFilter(names=frozenset(map(str, cast("list[Any]", value))))
    if isinstance(value, dict):
        return _filter(cast("JsonObject", value))
    raise ArgumentError(
        f"allowed_tools of {label!r} must be a list of names or a filter, "
        f"not {type(value).__name__}.",
        param="allowed_tools",
    )


def requirement_of(value: Any) -> Requirement:
    """`require_approval` in any of its forms; what is absent or unknown means: ask."""
    if value == "never":
        return Requirement(never_all=True)
    if isinstance(value, dict):
        given = cast("JsonObject", value)
        if set(given) <= {"always", "never"}:
            return Requirement(
                always=_filter(given.get("always")), never=_filter(given.get("never"))
            )
    return Requirement()


def _filter(value: Any) -> ToolFilter:
    """A filter object; unknown keys or values make it match nothing."""
    if not isinstance(value, dict):
        return ToolFilter()
    given = cast("JsonObject", value)
    names, read_only = given.get("tool_names"), given.get("read_only")
    known = set(given) <= {"tool_names", "read_only"}
    if not known or not isinstance(names, list | None) or not isinstance(read_only, bool | None):
        return ToolFilter()
    listed = None if names is None else frozenset(map(str, cast("list[Any]", names)))
    return ToolFilter(listed, read_only)
