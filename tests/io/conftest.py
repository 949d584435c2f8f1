from __future__ import annotations

import pytest

from tests.callers import KINDS, Caller
from tests.rawserver import Peer, answer, raw_server, response


@pytest.fixture(scope="session", autouse=True)
def warm() -> None:
    """Imports and TLS settings cost a first call more than the deadlines of these tests."""

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response()))

    with raw_server(serve) as server:
        for kind in KINDS:
            Caller(kind, base_url=server.url, timeout=60).respond()
