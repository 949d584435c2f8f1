"""LangChain over `resp_core`: chat models and embeddings of OpenAI, Azure and many others."""

from __future__ import annotations

try:
    import langchain_core  # noqa: F401  # pyright: ignore[reportUnusedImport]
except ImportError as error:  # pragma: no cover - needs an environment without langchain
    raise ImportError(
        "langchain_resp needs langchain-core: pip install 'respkit[langchain]'"
    ) from error

from langchain_resp.chat_model import ChatResp
from langchain_resp.embeddings import RespEmbeddings
from langchain_resp.factory import init_chat_model, register_with_langchain

__all__ = ["ChatResp", "RespEmbeddings", "init_chat_model", "register_with_langchain"]
