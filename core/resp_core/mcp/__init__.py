"""MCP tools: which servers, which of their tools, who must approve, and how to talk to them.

Everything here is pure. The flows that use it are `mcp_hosted` (the provider runs MCP) and
`mcp_emulated` (we run it, for providers that do not).
"""

from __future__ import annotations

__all__: list[str] = []
