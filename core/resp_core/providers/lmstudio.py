"""LM Studio on this machine."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="lmstudio",
    title="LM Studio",
    # Recent releases only.
    on_request=("responses",),
    base_url="http://localhost:1234/v1",
    bare_path="/v1",
    key_env=("LM_STUDIO_API_KEY", "LMSTUDIO_API_KEY"),
    base_env=("LM_STUDIO_API_BASE", "LMSTUDIO_BASE_URL"),
    key_required=False,
    aliases=("lm_studio",),
    docs="https://lmstudio.ai/docs",
    chat=ChatOptions(developer_role=False, max_tokens_param="max_tokens", custom_tools=False),
)
