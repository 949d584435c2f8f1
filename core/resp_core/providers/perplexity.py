"""Perplexity: Chat at the root, everything else below /v1."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from resp_core.providers import Provider, _compatible
from resp_core.wire.chat import ChatOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resp_core.route.deployment import Deployment, Endpoint, Operation

__all__ = ["PROVIDER"]


def locate(deployment: Deployment, operation: Operation, ids: Sequence[str]) -> Endpoint:
    """The operation's URL."""
    base = urlsplit(deployment.base_url)
    path = base.path.removesuffix("/v1") + ("" if operation == "chat" else "/v1")
    moved = replace(deployment, base_url=urlunsplit(base._replace(path=path)))
    return _compatible.locate(moved, operation, ids)


PROVIDER = Provider(
    name="perplexity",
    title="Perplexity",
    # Responses is another product there: other vendors' models, not sonar.
    on_request=("responses",),
    base_url="https://api.perplexity.ai",
    key_env=("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    base_env=("PERPLEXITY_API_BASE", "PERPLEXITY_BASE_URL"),
    docs="https://docs.perplexity.ai",
    chat=ChatOptions(developer_role=False, max_tokens_param="max_tokens", custom_tools=False),
    locator=locate,
)
