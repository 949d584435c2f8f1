"""Together AI."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="together",
    title="Together AI",
    base_url="https://api.together.xyz/v1",
    key_env=("TOGETHER_API_KEY", "TOGETHERAI_API_KEY"),
    base_env=("TOGETHER_API_BASE", "TOGETHER_BASE_URL"),
    aliases=("together_ai",),
    docs="https://docs.together.ai",
    chat=ChatOptions(developer_role=False, max_tokens_param="max_tokens", custom_tools=False),
)
