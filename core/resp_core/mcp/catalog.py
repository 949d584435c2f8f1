"""The tools of all MCP servers of a request, as the functions that a model is offered. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resp_core.errors import ArgumentError
from resp_core.mcp.approval import (
    ApprovalRequest,
    definition_hash,
    read_only_of,
)
from resp_core.mcp.arguments import canonical_arguments
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resp_core.mcp.policy import Policy
    from resp_core.mcp.server import McpServer
    from resp_core.types.json import JsonObject

__all__ = ["Catalog", "CatalogTool", "catalog_of", "function_name", "tool_choice_of"]

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class CatalogTool:
    """One tool of one server. `function` is the name that the model sees."""

    server: McpServer
    name: str
    function: str
    read_only: bool
    definition: str
    listed: Mapping[str, Any]

    def needs_approval(self) -> bool:
        """Whether `require_approval` makes its calls wait."""
        return self.server.requirement.asks(self.name, self.read_only)

    def request(self, id: str, arguments: Any) -> ApprovalRequest:
        """A call of it, as an approval request."""
        return ApprovalRequest(
            id=id,
            server_label=self.server.label,
            name=self.name,
            arguments=canonical_arguments(arguments),
            read_only=self.read_only,
            definition=self.definition,
            tool=self.listed,
        )

    def as_function(self) -> JsonObject:
        """The function tool that stands for it."""
        tool: JsonObject = {
            "type": "function",
            "name": self.function,
            "parameters": {
                "type": "object",
                "properties": {},
                **as_object(self.listed.get("input_schema")),
            },
            "strict": False,
        }
        said = [as_text(self.listed.get("description"))]
        if self.server.description:
            said.append(f"Its server, {self.server.label}: {self.server.description}")
        if any(said):
            tool["description"] = "\n".join(filter(None, said))
        return tool


class Catalog:
    """Tools by the name of their function, and by server and name."""

    def __init__(self, tools: Sequence[CatalogTool]) -> None:
        self.tools = tuple(tools)
        self._by_function = {tool.function: tool for tool in tools}
        self._by_name = {(tool.server.label, tool.name): tool for tool in tools}

    def by_function(self, function: str) -> CatalogTool | None:
        """The tool that a model's call names; None: it is not ours."""
        return self._by_function.get(function)

    def by_name(self, label: str, name: str) -> CatalogTool | None:
        """The tool of that name of that server."""
        return self._by_name.get((label, name))


def catalog_of(
    listed: Sequence[tuple[McpServer, list[JsonObject]]],
    own_names: set[str],
    policy: Policy,
) -> Catalog:
    """The catalogue of what the servers listed.

    `allowed_tools` and tools that `policy` denies whatever their arguments are left out.
    A function is named like its tool, with the server's label before it where two would
    have one name; `own_names` are the caller's own functions.
    """
    tools = [
        (server, tool)
        for server, entries in listed
        for tool in entries
        if _offered(server, tool, policy)
    ]
    plain = [function_name(tool["name"]) for _, tool in tools]
    often = Counter(plain)
    taken = set(own_names)
    made: list[CatalogTool] = []
    for (server, tool), name in zip(tools, plain, strict=True):
        if name in taken or often[name] > 1:
            name = function_name(f"{server.label}__{tool['name']}")
        if name in taken:
            name = _free(name, taken)
        taken.add(name)
        made.append(_tool(server, tool, name))
    return Catalog(made)


def tool_choice_of(choice: Any, catalog: Catalog) -> Any:
    """`tool_choice` with MCP tools named as the functions that stand for them.

    A choice of a server stands for any of its tools. Raises ArgumentError for a tool that is
    not offered.
    """
    given = as_object(choice)
    if given.get("type") == "mcp":
        named = [{"type": "function", "name": tool.function} for tool in _chosen(given, catalog)]
        one = named[0] if len(named) == 1 else None
        return one or {"type": "allowed_tools", "mode": "required", "tools": named}
    if given.get("type") == "allowed_tools":
        tools: list[JsonObject] = []
        for entry in objects(given.get("tools")):
            if entry.get("type") == "mcp":
                chosen = _chosen(entry, catalog)
                tools += [{"type": "function", "name": tool.function} for tool in chosen]
            else:
                tools.append(entry)
        return {**given, "tools": tools}
    return choice


def _chosen(choice: JsonObject, catalog: Catalog) -> list[CatalogTool]:
    label, name = choice.get("server_label"), choice.get("name")
    found = [
        tool
        for tool in catalog.tools
        if tool.server.label == label and name in (None, "", tool.name)
    ]
    if not found:
        wanted = f"{name!r} of {label!r}" if name else f"the MCP server {label!r}"
        raise ArgumentError(
            f"tool_choice names {wanted}, which is not offered.", param="tool_choice"
        )
    return found


def _offered(server: McpServer, tool: JsonObject, policy: Policy) -> bool:
    name, read_only = str(tool["name"]), _read_only(tool)
    return server.allows(name, read_only) and not policy.denied_outright(
        server.label, name, read_only
    )


def _tool(server: McpServer, tool: JsonObject, function: str) -> CatalogTool:
    return CatalogTool(
        server=server,
        name=str(tool["name"]),
        function=function,
        read_only=_read_only(tool),
        definition=definition_hash(tool),
        listed=tool,
    )


def _read_only(tool: JsonObject) -> bool:
    return read_only_of(tool) is True


def _free(name: str, taken: set[str]) -> str:
    """`name` with a number that makes it new; servers choose names, so any may be taken."""
    return next(new for at in range(len(taken) + 1) if (new := f"{name[:58]}_{at}") not in taken)


def function_name(text: str) -> str:
    """`text` as the name of a function, which has fewer characters to choose from."""
    return _NOT_IN_NAMES.sub("_", text)[:64]
