"""OpenAI."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="openai",
    title="OpenAI",
    dialects=("responses", "chat"),
    hosted_mcp=True,
    base_url="https://api.openai.com/v1",
    key_env=("OPENAI_API_KEY",),
    base_env=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    organization_env=("OPENAI_ORG_ID", "OPENAI_ORGANIZATION"),
    project_env=("OPENAI_PROJECT_ID",),
    docs="https://platform.openai.com/docs/api-reference",
    chat=ChatOptions(),
)
