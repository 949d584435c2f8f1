"""LlamaIndex on respkit: `RespLLM` and `RespEmbedding`, for every provider and both APIs.

from llamaindex_resp import RespLLM
print(RespLLM("offline/demo").complete("Hello"))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from llamaindex_resp.decisions import pending_approvals
from llamaindex_resp.embeddings import RespEmbedding
from llamaindex_resp.errors import StructuredOutputError, ToolCallError
from llamaindex_resp.llm import RespLLM

if TYPE_CHECKING:
    from llamaindex_resp.approvals import MCPApprovalRequiredEvent, mcp_approval_tool
    from llamaindex_resp.costs import CostHandler

__all__ = [
    "CostHandler",
    "MCPApprovalRequiredEvent",
    "RespEmbedding",
    "RespLLM",
    "StructuredOutputError",
    "ToolCallError",
    "mcp_approval_tool",
    "pending_approvals",
]

#: What brings LlamaIndex's workflows with it, or is seldom needed.
_LATER = {
    "CostHandler": "costs",
    "MCPApprovalRequiredEvent": "approvals",
    "mcp_approval_tool": "approvals",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"llamaindex_resp.{_LATER[name]}"), name)
