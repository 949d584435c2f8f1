"""A vLLM server."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="vllm",
    title="vLLM",
    # Stored responses exist only where the server was started with them.
    on_request=("responses",),
    base_url="http://localhost:8000/v1",
    bare_path="/v1",
    key_env=("VLLM_API_KEY", "HOSTED_VLLM_API_KEY"),
    base_env=("VLLM_BASE_URL", "VLLM_API_BASE", "HOSTED_VLLM_API_BASE"),
    key_required=False,
    aliases=("hosted_vllm",),
    docs="https://docs.vllm.ai",
    chat=ChatOptions(
        developer_role=False,
        reasoning_in="reasoning",
        custom_tools=False,
        strict=False,
    ),
)
