"""What the LangChain tests share: media without a network, and servers that answer Azure's way."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from resp_core.offline.loopback import OfflineServer

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(28)


class _Answer:
    def __init__(self, content: bytes) -> None:
        self.content = content


@pytest.fixture(autouse=True)
def media_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard tests fetch an image, a PDF and a sound from the web: here they are."""
    from langchain_tests.integration_tests import chat_models

    def get(url: str, **_: object) -> _Answer:
        return _Answer({"png": PNG, "pdf": PDF, "wav": WAV}[url.rpartition(".")[2]])

    monkeypatch.setattr(chat_models.httpx, "get", get)
    monkeypatch.setenv("LANGCHAIN_TESTS_USER_AGENT", "tests")


@pytest.fixture(scope="session")
def azure_server() -> Iterator[OfflineServer]:
    """The offline provider on loopback, which also answers under Azure's paths."""
    from resp_core.offline.loopback import serve

    with serve() as server:
        yield server
