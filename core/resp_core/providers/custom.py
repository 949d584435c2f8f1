"""Any server with an OpenAI-compatible API, named by its `base_url`."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="custom",
    title="Any OpenAI-compatible server",
    # Every such server has Chat; few have Responses.
    on_request=("responses",),
    # Not OPENAI_API_KEY: that key is OpenAI's, and this server is somebody else's.
    key_env=("OPENAI_LIKE_API_KEY",),
    base_env=("OPENAI_LIKE_API_BASE",),
    key_required=False,
    aliases=("custom_openai", "openai_like"),
    chat=ChatOptions(developer_role=False, max_tokens_param="max_tokens", custom_tools=False),
)
