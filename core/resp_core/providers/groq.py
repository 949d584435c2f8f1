"""Groq."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="groq",
    title="Groq",
    # Its Responses API is a beta without stored state.
    on_request=("responses",),
    base_url="https://api.groq.com/openai/v1",
    key_env=("GROQ_API_KEY",),
    base_env=("GROQ_API_BASE", "GROQ_BASE_URL"),
    docs="https://console.groq.com/docs",
    chat=ChatOptions(
        developer_role=False,
        reasoning_in="reasoning",
        custom_tools=False,
        refuses=frozenset({"logprobs", "top_logprobs", "logit_bias"}),
    ),
)
