"""What a stranger wrote, for a person's eyes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resp_core.wire.shape import as_text

if TYPE_CHECKING:
    from resp_core.mcp.approval import ApprovalRequest

__all__ = ["describe", "display"]

_ARGUMENTS = 100_000  # characters: nothing of them may hide behind a cut


def display(text: str, limit: int = 4000, *, lines: bool = True) -> str:
    """`text` with control and other invisible characters escaped, cut at `limit` characters.

    Line breaks and tabs stay where `lines` says so; elsewhere they could fake a line of ours.
    """
    kept = "\n\t" if lines else ""
    shown = "".join(
        char if char.isprintable() or char in kept else _escaped(ord(char)) for char in text
    )
    return shown if len(shown) <= limit else f"{shown[:limit]}… ({len(shown) - limit} more)"


def _escaped(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def describe(request: ApprovalRequest) -> str:
    """A request for approval in a few lines: server, tool, all arguments, the tool's own words."""
    shown = [
        f"MCP server: {display(request.server_label, lines=False)}",
        f"Tool: {display(request.name, lines=False)}",
        f"Arguments: {display(request.arguments, _ARGUMENTS, lines=False)}",
    ]
    said = as_text((request.tool or {}).get("description"))
    if said:
        shown.append(f"Its server says: {display(said, lines=False)}")
    if request.changed:
        shown.append("Its definition has changed since it was last listed.")
    return "\n".join(shown)
