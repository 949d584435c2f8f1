"""The adapters take the core's options on cost: ledger, budgets, prices, tags."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import Any

import pytest

from langchain_resp import ChatResp, RespEmbeddings
from llamaindex_resp import RespEmbedding, RespLLM
from resp_core import Budget, BudgetExceeded
from resp_core.io.ledger import Ledger, MemorySink

PRICES = {"offline/demo": {"input": "2", "output": "10"}, "offline/embed": {"input": "1"}}
CALLS: dict[str, Any] = {
    "ChatResp": lambda **options: ChatResp(model="offline/demo", **options).invoke("Hello"),
    "RespLLM": lambda **options: RespLLM(model="offline/demo", **options).complete("Hello"),
    "RespEmbeddings": lambda **options: RespEmbeddings(
        model="offline/embed", **options
    ).embed_query("Hello"),
    "RespEmbedding": lambda **options: RespEmbedding(
        model="offline/embed", **options
    ).get_text_embedding("Hello"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_calls_stand_in_the_ledger(call: Any) -> None:
    ledger = Ledger(MemorySink())
    call(ledger=ledger, prices=PRICES, tags=["night"])
    (row,) = ledger.read()
    assert row["tags"] == ["night"]
    assert Decimal(row["cost"]) > 0
    ledger.close()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_budget_ends_calls(call: Any) -> None:
    with pytest.raises(BudgetExceeded, match="Nothing was sent"):
        call(budgets=[Budget("0")], prices=PRICES)


@pytest.mark.parametrize("kind", [ChatResp, RespLLM])
def test_copies_share_the_ledger_and_pickles_leave_it(kind: Any) -> None:
    ledger = Ledger(MemorySink())
    model = kind(model="offline/demo", ledger=ledger, budgets=[Budget("1")], tags=["a"])
    assert copy.deepcopy(model).ledger is ledger
    read = pickle.loads(pickle.dumps(model))
    assert read.ledger is None
    assert read.budgets == [Budget("1")]
    assert read.tags == ["a"]
