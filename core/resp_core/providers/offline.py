"""The offline provider: no network, no key, real wire bytes. Used only where it is named."""

from __future__ import annotations

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

__all__ = ["PROVIDER"]

PROVIDER = Provider(
    name="offline",
    title="Offline (in this process)",
    dialects=("responses", "chat"),
    hosted_mcp=True,
    # Not a network address: the scheme tells the transport to answer in process. A base_url
    # points at `resp serve --offline` instead.
    base_url="offline://local/v1",
    bare_path="/v1",
    key_required=False,
    chat=ChatOptions(),
)
