"""Fireworks AI."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="fireworks",
    title="Fireworks AI",
    # Responses is native, but serves fewer models and tools than Chat does.
    dialects=("chat", "responses"),
    base_url="https://api.fireworks.ai/inference/v1",
    key_env=("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"),
    base_env=("FIREWORKS_API_BASE", "FIREWORKS_BASE_URL"),
    aliases=("fireworks_ai",),
    docs="https://docs.fireworks.ai",
    chat=ChatOptions(
        developer_role=False,
        max_tokens_param="max_tokens",
        reasoning_in="reasoning_content",
        custom_tools=False,
    ),
)
