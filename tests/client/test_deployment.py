"""Where a call would go, without sending it."""

from __future__ import annotations

import pytest

from resp_core import AsyncClient, Client
from resp_core.errors import ArgumentError


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_tells_where_a_call_goes(kind: type[Client] | type[AsyncClient]) -> None:
    client = kind("openai/gpt-5.4-mini", api_key="none")
    own = client.deployment()
    assert (own.provider, own.model) == ("openai", "gpt-5.4-mini")
    other = client.deployment("offline/demo")
    assert (other.provider, other.model) == ("offline", "demo")
    there = client.deployment(base_url="http://localhost:1/v1", api_key="other")
    assert there.base_url.startswith("http://localhost:1")
    with pytest.raises(ArgumentError):
        client.deployment("nobody/knows")
