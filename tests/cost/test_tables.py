"""The price tables: whole where they are asked for, and not kept where they are not."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from genai_prices import data_snapshot, types
from genai_prices.data import providers

from resp_core.cost import tables
from resp_core.cost.tables import forget, snapshot_date, source_name, table_of, timed


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    forget()
    yield
    forget()


def test_every_table_is_that_of_the_package() -> None:
    for provider in providers:
        assert table_of(provider.id) == provider
    assert table_of("nobody") is None
    assert "deepseek" in timed()
    assert source_name().startswith("genai-prices ")
    assert snapshot_date() >= "2026-01-01"


def test_only_what_was_asked_for_is_kept() -> None:
    def models() -> int:
        gc.collect()
        return sum(type(found) is types.ModelInfo for found in gc.get_objects())

    before = models()
    table = table_of("openai")
    assert models() - before == len(table.models)
    assert snapshot_date()
    assert models() - before == len(table.models)


def test_they_are_read_once_for_each_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    whole = tables._all
    monkeypatch.setattr(tables, "_all", lambda: read.append(1) or whole())
    for name in ("openai", "openai", "nobody", "anthropic", "nobody", "anthropic"):
        table_of(name)
    timed()
    snapshot_date()
    assert len(read) == 2


def test_a_programs_own_snapshot_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    own = types.Provider(id="openai", name="own", api_pattern="x", models=[])
    snapshot = data_snapshot.DataSnapshot(providers=[own], from_auto_update=False)
    monkeypatch.setattr(data_snapshot, "_custom_snapshot", snapshot)
    assert table_of("openai") is own
    assert table_of("anthropic") is None
