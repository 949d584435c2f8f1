"""The work of cost accounting for one finished call, again and again."""

from __future__ import annotations

from typing import Any

from resp_core.auth.source import Secret
from resp_core.client.spending import Spending
from resp_core.cost.account import Seen
from resp_core.flow import Prepared
from resp_core.io.ledger_rows import row_of
from resp_core.observe.recording import recorded
from resp_core.route.deployment import Connection
from resp_core.route.resolve import resolve
from resp_core.tasks import Operate
from resp_core.wire.losses import Losses

__all__ = ["Accounting"]


class Accounting:
    """Takes a real answer and does what a client and its ledger do with it, without the call."""

    def __init__(self, answer: Any, model: str, prompt: str) -> None:
        body = {"input": prompt, "safety_identifier": "ann", "metadata": {"run": "7"}}
        self._task = Operate("responses", body=body)
        self._prepared = Prepared(api="responses", operation="responses")
        self._deployment = resolve(model, Connection(api_key=Secret("k")), {})
        self._spending, self._seen = Spending(), Seen()
        self._answer, self._record = dict(answer), answer.record
        self._headers = {"x-request-id": "req_1", "content-type": "application/json"}

    def run(self) -> Any:
        """Labels, record, price and the row of the ledger."""
        done = self._record
        record = recorded(
            self._deployment,
            self._prepared,
            self._spending.account(self._task, {}, self._seen),
            self._answer,
            status="completed",
            error=None,
            stream=False,
            started=done.started,
            seconds=done.seconds,
            first=done.first_token,
            now=1.0,
            attempts=done.attempts,
            losses=_NOTHING_LOST,
            headers=self._headers,
        )
        if record.cost.total is None:
            raise ValueError(f"the model of the benchmark has no price: {record.cost.unknown}")
        return row_of(record)


_NOTHING_LOST = Losses("raise")
