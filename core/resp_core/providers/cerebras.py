"""Cerebras."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="cerebras",
    title="Cerebras",
    base_url="https://api.cerebras.ai/v1",
    key_env=("CEREBRAS_API_KEY",),
    base_env=("CEREBRAS_API_BASE", "CEREBRAS_BASE_URL"),
    docs="https://inference-docs.cerebras.ai",
    chat=ChatOptions(developer_role=False, reasoning_in="reasoning", custom_tools=False),
)
