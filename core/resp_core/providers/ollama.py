"""Ollama, on this machine or another; its OpenAI-compatible API."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="ollama",
    title="Ollama",
    # Recent releases only, and without stored state.
    on_request=("responses",),
    base_url="http://localhost:11434/v1",
    bare_path="/v1",
    key_env=("OLLAMA_API_KEY",),
    base_env=("OLLAMA_API_BASE", "OLLAMA_BASE_URL"),
    key_required=False,
    docs="https://docs.ollama.com/api/openai-compatibility",
    chat=ChatOptions(
        developer_role=False,
        max_tokens_param="max_tokens",
        reasoning_in="reasoning",
        custom_tools=False,
    ),
)
