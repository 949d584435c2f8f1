"""The work of cost accounting for one finished call, again and again."""

from __future__ import annotations

import time
from typing import Any

__all__ = ["Accounting"]


class Accounting:
    """Takes a real answer and does what the client does with its cost, without the call."""

    def __init__(self, answer: Any, model: str, prompt: str) -> None:
        from resp_core.client.spending import Spending
        from resp_core.cost.account import Seen
        from resp_core.cost.asked import Asked
        from resp_core.tasks import Operate

        provider, _, name = model.partition("/")
        body = {"input": prompt, "safety_identifier": "ann", "metadata": {"run": "7"}}
        self._task = Operate("responses", body=body)
        self._spending, self._seen = Spending(), Seen()
        self._asked = Asked(provider=provider, model=name)
        self._body, self._record = dict(answer), answer.record
        _ = self._record.cost

    def run(self) -> Any:
        """Labels, facts, price and the row of the ledger."""
        from resp_core.cost.facts import Billed, cost_of_all, facts_of
        from resp_core.io.ledger_rows import row_of

        self._spending.account(self._task, {}, self._seen)
        bill = Billed(facts_of(self._body), self._asked, time.time())
        cost = cost_of_all((bill,))
        if cost.total is None:
            raise ValueError(f"the model of the benchmark has no price: {cost.unknown}")
        return row_of(self._record)  # whose cost was looked up before
