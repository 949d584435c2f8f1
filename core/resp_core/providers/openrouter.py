"""OpenRouter."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="openrouter",
    title="OpenRouter",
    # Its Responses API keeps no state and gives no reasoning back to be replayed.
    on_request=("responses",),
    base_url="https://openrouter.ai/api/v1",
    key_env=("OPENROUTER_API_KEY",),
    base_env=("OPENROUTER_API_BASE", "OPENROUTER_BASE_URL"),
    docs="https://openrouter.ai/docs",
    chat=ChatOptions(
        # Only OpenAI's models behind it know the role; system is right for all.
        developer_role=False,
        max_tokens_param="max_tokens",
        reasoning_in="reasoning",
        custom_tools=False,
    ),
)
