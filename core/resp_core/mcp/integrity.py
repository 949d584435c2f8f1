"""Whether what a provider ran, and what it asks, is what was approved. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import McpIntegrityError
from resp_core.mcp.approval import (
    ApprovalRequest,
    check_call,
    definition_hash,
    duplicate_request,
    open_requests,
    read_only_of,
    with_definitions,
)
from resp_core.wire.shape import as_text, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.mcp.server import McpServer
    from resp_core.types.json import JsonObject

__all__ = ["Witness"]


class Witness:
    """Looks at the items of one response as they come.

    `context` is the conversation as it was sent, `decisions` those that the provider may act on,
    by request id; `known` is what the state store knew of them. `elsewhere`: the provider may
    hold decisions that the request only points to.
    """

    def __init__(
        self,
        servers: list[McpServer],
        context: list[JsonObject],
        decisions: Mapping[str, JsonObject],
        *,
        elsewhere: bool,
    ) -> None:
        self.known: Mapping[str, JsonObject] = {}
        self.tools: dict[tuple[str, str], JsonObject] = {}
        self._servers = {server.label: server for server in servers}
        self._seen = list(context)
        self._decisions = decisions
        self._elsewhere = elsewhere
        self._ran: dict[str, Any] = {}  # request id -> id of the call that ran for it
        self._asked: dict[str, ApprovalRequest] = {}
        self._learn(context)

    def see(self, item: JsonObject) -> list[ApprovalRequest]:
        """Take a finished item; the requests in it that are new.

        Raises McpIntegrityError for a call that nobody approved, or that ran otherwise or twice,
        and for a request that stands for two calls.
        """
        self._learn([item])
        if item.get("type") == "mcp_call" and item.get("status") != "in_progress":
            self._check(item)
        new = [r for r in open_requests([item]) if not self._is_known(r)]
        self._seen += [item]
        return with_definitions(new, self._seen) if new else []

    def _is_known(self, request: ApprovalRequest) -> bool:
        known = self._asked.setdefault(request.id, request)
        if known != request:
            raise duplicate_request(known, request)
        return known is not request

    def _check(self, item: JsonObject) -> None:
        label, name = as_text(item.get("server_label")), as_text(item.get("name"))
        id = item.get("approval_request_id")
        decision = self._decisions.get(id) if isinstance(id, str) else None
        if decision is None:
            if id is None or not self._elsewhere:
                self._check_unasked(item, label, name)
            return
        stored = self.known.get(str(id))
        if not decision["approve"]:
            raise McpIntegrityError(
                f"The provider ran {name} of {label} although it was denied.",
                server_label=label,
                approved=stored,
                ran=dict(item),
            )
        if self._ran.setdefault(str(id), item.get("id")) != item.get("id"):
            raise McpIntegrityError(
                f"The provider ran {name} of {label} twice for one approval.",
                server_label=label,
                approved=stored,
                ran=dict(item),
            )
        if stored is not None:
            check_call(item, stored)
            self._check_definition(item, stored)

    def _check_unasked(self, item: JsonObject, label: str, name: str) -> None:
        """A call without a decision must be one that needs none."""
        server = self._servers.get(label)
        if server is not None and self._needed_approval(server, name):
            raise McpIntegrityError(
                f"The provider ran {name} of {label} with {item.get('arguments')}, which needs "
                "an approval, and nobody approved it.",
                server_label=label,
                ran=dict(item),
            )

    def _needed_approval(self, server: McpServer, name: str) -> bool:
        """Whether it is sure that a call had to be approved."""
        read_only = read_only_of(self.tools.get((server.label, name)))
        known = (True, False) if read_only is None else (read_only,)
        return all(server.requirement.asks(name, each) for each in known)

    def _check_definition(self, item: JsonObject, stored: Mapping[str, Any]) -> None:
        """What was approved is a tool as it was described then."""
        key = as_text(item.get("server_label")), as_text(item.get("name"))
        tool, pinned = self.tools.get(key), stored.get("definition")
        if tool is not None and pinned and definition_hash(tool) != pinned:
            raise McpIntegrityError(
                f"The provider ran {key[1]} of {key[0]}, whose definition has changed since the "
                "call was approved.",
                server_label=key[0],
                approved=dict(stored),
                ran=dict(item),
            )

    def _learn(self, items: list[JsonObject]) -> None:
        """Remember the definitions that `mcp_list_tools` items show."""
        for item in items:
            if item.get("type") == "mcp_list_tools":
                for tool in objects(item.get("tools")):
                    key = as_text(item.get("server_label")), as_text(tool.get("name"))
                    self.tools[key] = tool
