"""DeepSeek."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="deepseek",
    title="DeepSeek",
    # Its Responses API keeps no state.
    on_request=("responses",),
    base_url="https://api.deepseek.com",
    key_env=("DEEPSEEK_API_KEY",),
    base_env=("DEEPSEEK_API_BASE", "DEEPSEEK_BASE_URL"),
    docs="https://api-docs.deepseek.com",
    chat=ChatOptions(
        developer_role=False,
        max_tokens_param="max_tokens",
        # Required back while it thinks and calls tools, ignored otherwise.
        reasoning_in="reasoning_content",
        custom_tools=False,
    ),
)
