"""Approval requests and decisions: what is bound together, and what must not be believed.

A decision is for one request: bound to the response that it came in, the caller's scope, the
server and its address, the tool, the canonical arguments and the hash of the tool's definition, and
used once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from resp_core.errors import (
    ApprovalMismatch,
    ApprovalReplayed,
    ApprovalUnknown,
    ArgumentError,
    McpIntegrityError,
)
from resp_core.mcp.arguments import arguments_of, canonical_arguments
from resp_core.mcp.display import describe
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = [
    "ApprovalRequest",
    "approve",
    "check_call",
    "check_decision",
    "decisions_in",
    "definition_hash",
    "deny",
    "duplicate_request",
    "open_requests",
    "pending_approvals",
    "read_only_of",
    "request_of",
    "stored_request",
    "with_definitions",
]

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A call that waits for a decision. `arguments` is canonical JSON text.

    `tool` is the definition that the server listed (name, description, input_schema,
    annotations), None where the response does not show it; `changed`: it is not what the server
    listed before. What it says, `read_only` too, is the server's word.
    """

    id: str
    server_label: str
    name: str
    arguments: str
    read_only: bool = False
    definition: str = field(default="", repr=False)
    tool: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    changed: bool = field(default=False, compare=False)

    def describe(self) -> str:
        """It in a few lines, for the person who decides; unprintables escaped."""
        return describe(self)

    def parsed_arguments(self) -> Mapping[str, Any]:
        """The arguments as a dict; an empty one where they are no JSON object."""
        return arguments_of(self.arguments) or {}


def read_only_of(tool: Mapping[str, Any] | None) -> bool | None:
    """Whether a listed tool says that it only reads; None where it says nothing.

    MCP calls the annotation `readOnlyHint`, the Responses API shows it as `read_only`.
    """
    annotations = as_object((tool or {}).get("annotations"))
    for name in ("readOnlyHint", "read_only"):
        if isinstance(annotations.get(name), bool):
            return annotations[name]
    return None


def definition_hash(tool: Mapping[str, Any]) -> str:
    """What a person approved: name, description, schema and annotations of a tool."""
    seen = {key: tool.get(key) for key in ("name", "description", "input_schema", "annotations")}
    text = json.dumps(seen, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def pending_approvals(
    response: Mapping[str, Any], earlier: Iterable[Mapping[str, Any]] = ()
) -> list[ApprovalRequest]:
    """The approval requests of a response that nothing in it has answered.

    Where the response lists the servers' tools, each request carries its tool's definition.
    `earlier` are items of earlier responses, where they may have been listed.
    """
    output = objects(response.get("output"))
    return with_definitions(open_requests(output), [*(dict(item) for item in earlier), *output])


def with_definitions(
    requests: list[ApprovalRequest], items: list[JsonObject]
) -> list[ApprovalRequest]:
    """`requests` with the definitions that the `mcp_list_tools` among `items` show.

    `items` is the conversation: a definition that differs from the one before is `changed` for
    the first request that follows it.
    """
    known: dict[tuple[str, str], JsonObject] = {}
    changed: set[tuple[str, str]] = set()
    changed_for: set[Any] = set()
    for item in items:
        label = as_text(item.get("server_label"))
        if item.get("type") == "mcp_list_tools":
            for tool in objects(item.get("tools")):
                key = label, as_text(tool.get("name"))
                if key in known and definition_hash(known[key]) != definition_hash(tool):
                    changed.add(key)
                known[key] = tool
        elif item.get("type") == "mcp_approval_request":
            key = label, as_text(item.get("name"))
            if key in changed:
                changed.remove(key)
                changed_for.add(item.get("id"))
    return [_defined(r, known.get((r.server_label, r.name)), r.id in changed_for) for r in requests]


def _defined(request: ApprovalRequest, tool: JsonObject | None, changed: bool) -> ApprovalRequest:
    if tool is None:
        return request
    return replace(
        request,
        read_only=read_only_of(tool) is True,
        definition=definition_hash(tool),
        tool=tool,
        changed=changed,
    )


def open_requests(items: list[JsonObject]) -> list[ApprovalRequest]:
    """The unanswered requests among items, in order."""
    answered = {
        item.get("approval_request_id")
        for item in items
        if item.get("type") in ("mcp_approval_response", "mcp_call")
    }
    return [
        request_of(item)
        for item in items
        if item.get("type") == "mcp_approval_request" and item.get("id") not in answered
    ]


def request_of(item: Mapping[str, Any]) -> ApprovalRequest:
    """An `mcp_approval_request` item, read."""
    return ApprovalRequest(
        id=str(item.get("id")),
        server_label=str(item.get("server_label")),
        name=str(item.get("name")),
        arguments=canonical_arguments(item.get("arguments")),
    )


def approve(request: ApprovalRequest | str) -> JsonObject:
    """The input item that approves a request (or its id)."""
    return _decision(request, True, None)


def deny(request: ApprovalRequest | str, reason: str | None = None) -> JsonObject:
    """The input item that denies a request, with the reason for the model."""
    return _decision(request, False, reason)


def _decision(request: ApprovalRequest | str, approved: bool, reason: str | None) -> JsonObject:
    item: JsonObject = {
        "type": "mcp_approval_response",
        "approval_request_id": request if isinstance(request, str) else request.id,
        "approve": approved,
    }
    if reason is not None:
        item["reason"] = reason
    return item


def decisions_in(items: list[JsonObject]) -> dict[str, JsonObject]:
    """The decisions among input items, by request id.

    Raises ArgumentError for a malformed one and for two of the same request.
    """
    found: dict[str, JsonObject] = {}
    for item in items:
        if item.get("type") != "mcp_approval_response":
            continue
        id = item.get("approval_request_id")
        if not isinstance(id, str) or not id or not isinstance(item.get("approve"), bool):
            raise ArgumentError(
                "An mcp_approval_response needs approval_request_id (a string) and approve "
                "(true or false).",
                param="input",
            )
        if id in found:
            raise ApprovalReplayed(
                f"The request {id!r} is answered twice in one call: nothing was sent.",
                approval_request_id=id,
            )
        found[id] = item
    return found


def stored_request(
    request: ApprovalRequest,
    *,
    response_id: str,
    server: str | None,
    scope: str | None,
    expires: float,
) -> JsonObject:
    """What the state store keeps of a request, as JSON; no credential is in it."""
    return {
        "schema": SCHEMA,
        "response_id": response_id,
        "scope": scope,
        "server": server,
        "server_label": request.server_label,
        "name": request.name,
        "arguments": request.arguments,
        "definition": request.definition,
        "expires": expires,
    }


def check_decision(
    id: str,
    stored: Mapping[str, Any] | None,
    *,
    used: bool,
    scope: str | None,
    servers: Mapping[str, str],
    now: float,
    shown: Mapping[str, Any] | None = None,
    response_id: str | None = None,
) -> None:
    """Raise unless a decision may be used.

    `stored` is what the store knows of the request (None: nothing), `used` that it was decided
    before, `servers` the identities of this call's servers by label, `shown` the request item
    that the caller sent along, `response_id` the response that the caller continues.
    """
    if used:
        raise ApprovalReplayed(
            f"The request {id!r} was decided before: a decision is used once. Nothing was sent. "
            "If the answer to it was lost, the call may have been made.",
            approval_request_id=id,
        )
    if stored is None:
        raise ApprovalUnknown(
            f"The request {id!r} is not known here, so its decision is not believed. If it came "
            "from another process, both need the same state_store= (sqlite:///… or redis://…).",
            approval_request_id=id,
        )
    if stored.get("schema") != SCHEMA or float(stored.get("expires", 0)) < now:
        raise ApprovalUnknown(
            f"The request {id!r} is too old to be decided: let the model ask again.",
            approval_request_id=id,
        )
    if stored.get("scope") != scope:
        raise ApprovalMismatch(
            f"The request {id!r} was made under another approval_scope=: only a call with that "
            "one can decide it.",
            approval_request_id=id,
        )
    label = as_text(stored.get("server_label"))
    if label in servers and stored.get("server") != servers[label]:
        raise ApprovalMismatch(
            f"The request {id!r} was made for another server than the one that is called "
            f"{label!r} now: its address must be the one that was approved.",
            approval_request_id=id,
        )
    if response_id is not None and stored.get("response_id") != response_id:
        raise ApprovalMismatch(
            f"The request {id!r} was made in another response than the one continued: "
            "previous_response_id must be the id of the response that asked.",
            approval_request_id=id,
        )
    if shown is not None:
        _compare(id, stored, request_of(shown))


def _compare(id: str, stored: Mapping[str, Any], shown: ApprovalRequest) -> None:
    seen = (shown.server_label, shown.name, shown.arguments)
    known = (stored.get("server_label"), stored.get("name"), stored.get("arguments"))
    if seen != known:
        raise ApprovalMismatch(
            f"The request {id!r} was changed after it was made: it was {known[1]} of {known[0]} "
            f"with {known[2]}, and reads {seen[1]} of {seen[0]} with {seen[2]} now.",
            approval_request_id=id,
        )


def duplicate_request(one: ApprovalRequest, other: ApprovalRequest) -> McpIntegrityError:
    """The error of a request id that stands for two calls: approving one would approve both."""
    return McpIntegrityError(
        f"The provider gave one approval request, {one.id!r}, two calls: {one.name} of "
        f"{one.server_label} with {one.arguments}, and {other.name} of {other.server_label} with "
        f"{other.arguments}.",
        server_label=other.server_label,
    )


def check_call(item: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    """Raise McpIntegrityError if a returned `mcp_call` is not what was approved."""
    ran = {
        "server_label": item.get("server_label"),
        "name": item.get("name"),
        "arguments": canonical_arguments(item.get("arguments")),
    }
    approved = {key: stored.get(key) for key in ran}
    if ran != approved:
        raise McpIntegrityError(
            f"The provider ran {ran['name']} of {ran['server_label']} with {ran['arguments']}, "
            f"but approved was {approved['name']} of {approved['server_label']} with "
            f"{approved['arguments']}.",
            approved=approved,
            ran=ran,
        )
