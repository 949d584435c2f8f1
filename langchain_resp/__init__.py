"""LangChain over `resp_core`: chat models and embeddings of OpenAI, Azure and many others."""

from __future__ import annotations

try:
    import langchain_core  # noqa: F401  # pyright: ignore[reportUnusedImport]
except ImportError as error:  # pragma: no cover - needs an environment without langchain
    raise ImportError(
        "langchain_resp needs langchain-core: pip install 'respkit[langchain]'"
    ) from error

from typing import TYPE_CHECKING

from langchain_resp.approvals import approval_message, pending_approvals
from langchain_resp.chat_model import ChatResp
from langchain_resp.costs import CostCallbackHandler
from langchain_resp.embeddings import RespEmbeddings
from langchain_resp.factory import init_chat_model, register_with_langchain

if TYPE_CHECKING:
    from langchain_resp.middleware import MCPApprovalMiddleware, mcp_approval_node

__all__ = [
    "ChatResp",
    "CostCallbackHandler",
    "MCPApprovalMiddleware",
    "RespEmbeddings",
    "approval_message",
    "init_chat_model",
    "mcp_approval_node",
    "pending_approvals",
    "register_with_langchain",
]


def __getattr__(name: str) -> object:
    """The middleware needs langchain and langgraph, so it is imported when it is asked for."""
    if name in ("MCPApprovalMiddleware", "mcp_approval_node"):
        from langchain_resp import middleware

        return getattr(middleware, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
