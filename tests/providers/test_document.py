from __future__ import annotations

from pathlib import Path

from resp_core.providers import providers_table

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "providers.md"


def test_the_document_shows_the_registry() -> None:
    assert DOCUMENT.read_text().endswith(providers_table())
