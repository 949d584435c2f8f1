"""The `mcp` tools of a request, checked as strictly as the real server does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from resp_core.offline.problem import Problem, bad_type, bad_value, missing, unknown_parameter
from resp_core.offline.transcript import Tool
from resp_core.wire.shape import as_object, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.types.json import JsonObject

__all__ = ["HostedServer", "HostedTool", "check_mcp_tool", "read_servers"]

_KNOWN = frozenset(
    """type server_label server_url connector_id tunnel_id authorization headers allowed_tools
    require_approval server_description defer_loading allowed_callers""".split()
)
_TARGETS = ("server_url", "connector_id", "tunnel_id")
_APPROVAL = ("always", "never")


@dataclass(frozen=True, slots=True)
class HostedTool:
    """A tool that a server lists; `entry` is as it stands in `mcp_list_tools`."""

    label: str
    entry: JsonObject

    @property
    def name(self) -> str:
        """The server's name for it."""
        return str(self.entry.get("name"))

    @property
    def read_only(self) -> bool:
        """Whether the server says that it only reads."""
        annotations = as_object(self.entry.get("annotations"))
        return True in (annotations.get("read_only"), annotations.get("readOnlyHint"))

    def offered(self, name: str) -> Tool:
        """How the model sees it."""
        schema = as_object(self.entry.get("input_schema"))
        return Tool("function", name, str(self.entry.get("description") or ""), schema)


@dataclass(frozen=True, slots=True)
class HostedServer:
    """One server of a request; `headers` carry its credentials."""

    label: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    allowed: Any = None
    approval: Any = None

    def allows(self, tool: str, read_only: bool) -> bool:
        """Whether `allowed_tools` admits a tool."""
        allowed: Any = self.allowed
        if allowed is None:
            return True
        if isinstance(allowed, dict):
            return _matches(as_object(allowed), tool, read_only)
        return tool in items_of(allowed)

    def asks(self, tool: str, read_only: bool) -> bool:
        """Whether a call has to be approved: always, where nothing else is said."""
        rules = as_object(self.approval)
        if not rules:
            return self.approval != "never"
        always, never = rules.get("always"), rules.get("never")
        if always is not None and _matches(as_object(always), tool, read_only):
            return True
        return never is None or not _matches(as_object(never), tool, read_only)

    def hide(self, text: str) -> str:
        """`text` without the credentials."""
        for value in self.headers.values():
            for secret in (value, value.removeprefix("Bearer ")):
                text = text.replace(secret, "***") if len(secret) > 3 else text
        return text


def _matches(rule: JsonObject, tool: str, read_only: bool) -> bool:
    """Both conditions where both are given; neither matches nothing."""
    names, wanted = rule.get("tool_names"), rule.get("read_only")
    if names is None and wanted is None:
        return False
    return (names is None or tool in names) and (wanted is None or wanted == read_only)


def read_servers(tools: Any) -> dict[str, HostedServer]:
    """The MCP servers among the tools of a request, by label."""
    found: dict[str, HostedServer] = {}
    for at, tool in enumerate(objects(tools)):
        if tool.get("type") != "mcp":
            continue
        label = str(tool["server_label"])
        if label in found:
            raise Problem(f"Duplicate MCP server_label found: '{label}'.", param=f"tools[{at}]")
        if not tool.get("server_url"):
            raise Problem(
                "The offline model reaches MCP servers by server_url only, not by connectors or "
                "tunnels.",
                param=f"tools[{at}]",
                code="unsupported_tool",
            )
        headers = {str(k).lower(): str(v) for k, v in as_object(tool.get("headers")).items()}
        if tool.get("authorization"):
            headers["authorization"] = f"Bearer {tool['authorization']}"
        found[label] = HostedServer(
            label,
            str(tool["server_url"]),
            headers,
            tool.get("allowed_tools"),
            tool.get("require_approval"),
        )
    return found


def check_mcp_tool(tool: JsonObject, path: str) -> None:
    """Raise the `Problem` of a wrong `mcp` tool."""
    unknown = next((key for key in tool if key not in _KNOWN), None)
    if unknown is not None:
        raise unknown_parameter(f"{path}.{unknown}")
    if not tool.get("server_label"):
        raise missing(f"{path}.server_label")
    given = [name for name in _TARGETS if tool.get(name)]
    if not given:
        raise missing(f"{path}.server_url")
    if len(given) > 1:
        raise Problem(
            f"Mutually exclusive parameters: '{given[0]}' and '{given[1]}'.",
            param=path,
            code="mutually_exclusive_parameters",
        )
    url = tool.get("server_url")
    if url and not str(url).startswith(("http://", "https://")):
        raise bad_value(f"{path}.server_url", url, ("http://…", "https://…"))
    _check_rule(tool.get("allowed_tools"), f"{path}.allowed_tools", lists=True)
    _check_approval(tool.get("require_approval"), f"{path}.require_approval")


def _check_approval(value: Any, path: str) -> None:
    if isinstance(value, dict):
        for name, rule in cast("JsonObject", value).items():
            if name not in _APPROVAL:
                raise unknown_parameter(f"{path}.{name}")
            _check_rule(rule, f"{path}.{name}", lists=False)
    elif value is not None and value not in _APPROVAL:
        raise bad_value(path, value, _APPROVAL)


def _check_rule(value: Any, path: str, *, lists: bool) -> None:
    if value is None or (lists and isinstance(value, list)):
        return
    if not isinstance(value, dict):
        raise bad_type(
            path, "one of an array of strings or object" if lists else "an object", value
        )
    rule = cast("JsonObject", value)
    for name, inner in rule.items():
        kinds = {"tool_names": (list, "an array of strings"), "read_only": (bool, "a boolean")}
        if name not in kinds:
            raise unknown_parameter(f"{path}.{name}")
        kind, spoken = kinds[name]
        if inner is not None and not isinstance(inner, kind):
            raise bad_type(f"{path}.{name}", spoken, inner)
