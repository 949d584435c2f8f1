"""What a policy's denials change in the `mcp` tools that a provider is sent. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import ArgumentError
from resp_core.mcp.approval import read_only_of
from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.mcp.policy import Policy
    from resp_core.mcp.server import McpServer
    from resp_core.types.json import JsonObject

__all__ = ["without_denied"]


def without_denied(
    tools: Any,
    servers: list[McpServer],
    policy: Policy,
    known: Mapping[tuple[str, str], JsonObject],
) -> list[JsonObject] | None:
    """`tools` without what the policy denies outright; None where that changes nothing.

    Raises ArgumentError where a denial cannot be brought home to the provider.
    """
    by_label = {server.label: server for server in servers}
    if not any(policy.may_deny(label) for label in by_label):
        return None
    changed: list[JsonObject] = []
    for tool in objects(tools):
        server = by_label.get(as_text(tool.get("server_label")))
        if tool.get("type") != "mcp" or server is None or not policy.may_deny(server.label):
            changed.append(tool)
            continue
        listed = {name: each for (label, name), each in known.items() if label == server.label}
        kept = _allowed(tool.get("allowed_tools"), server, policy, listed)
        if kept is not None:
            changed.append({**tool, **kept})
    return changed


def _allowed(
    allowed: Any, server: McpServer, policy: Policy, listed: Mapping[str, JsonObject]
) -> JsonObject | None:
    """What to change in a tool of a server whose calls may be denied; None: leave it out."""
    label = server.label
    if policy.denies_server(label):
        return None
    names = items_of(allowed) or items_of(as_object(allowed).get("tool_names")) or list(listed)
    kept = [name for name in map(str, names) if not _denied(policy, label, name, listed)]
    unasked = [name for name in kept if _runs_unasked(server, policy, name, listed)]
    if unasked or (not names and not _always_asks(server)):
        raise ArgumentError(
            f"The policy denies calls of {label!r}, which the provider runs without asking"
            f"{': ' + ', '.join(unasked) if unasked else ''}. Let require_approval ask for them, "
            "or name the tools that may run in allowed_tools.",
            param="require_approval",
        )
    if not names or kept == names:
        return {}
    if not kept:
        return None
    return {
        "allowed_tools": {**as_object(allowed), "tool_names": kept}
        if isinstance(allowed, dict)
        else kept
    }


def _denied(policy: Policy, label: str, name: str, listed: Mapping[str, JsonObject]) -> bool:
    """Whether a tool is denied whatever its arguments; one that may do more than read counts so."""
    return policy.denied_outright(label, name, read_only_of(listed.get(name)) is True)


def _runs_unasked(
    server: McpServer, policy: Policy, name: str, listed: Mapping[str, JsonObject]
) -> bool:
    """Whether a denial that hangs on the arguments would come too late for a tool."""
    read_only = read_only_of(listed.get(name))
    known = (True, False) if read_only is None else (read_only,)
    depends = any(
        rule.decision == "deny" and rule.when is not None and rule.names(server.label, name, each)
        for rule in policy.rules
        for each in known
    )
    return depends and not all(server.requirement.asks(name, each) for each in known)


def _always_asks(server: McpServer) -> bool:
    """Whether every tool waits for a decision, whatever its name."""
    needed = server.requirement
    return not needed.never_all and needed.never.names is None and needed.never.read_only is None
