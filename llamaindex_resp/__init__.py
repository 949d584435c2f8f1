"""LlamaIndex on respkit: `RespLLM` and `RespEmbedding`, for every provider and both APIs.

from llamaindex_resp import RespLLM
print(RespLLM("offline/demo").complete("Hello"))
"""

from __future__ import annotations

from llamaindex_resp.embeddings import RespEmbedding
from llamaindex_resp.errors import StructuredOutputError, ToolCallError
from llamaindex_resp.llm import RespLLM

__all__ = ["RespEmbedding", "RespLLM", "StructuredOutputError", "ToolCallError"]
