"""What a type checker sees of the adapters. Checked by mypy and pyright, never run."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import LLM

from langchain_resp import ChatResp, RespEmbeddings
from llamaindex_resp import RespEmbedding, RespLLM


def chat_model() -> BaseChatModel:
    return ChatResp(model="offline/demo", api="responses", temperature=0.0, timeout=30)


def embeddings() -> Embeddings:
    return RespEmbeddings(model="offline/embed")


def llm() -> LLM:
    return RespLLM(model="offline/demo", api="chat", max_tokens=100)


def embed_model() -> BaseEmbedding:
    return RespEmbedding(model="offline/embed")
