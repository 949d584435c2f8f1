"""`CostCallbackHandler`: what the calls of a chain, an agent or a graph cost together."""

from __future__ import annotations

from decimal import Context, Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import BaseCallbackHandler

from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import LLMResult

    from resp_core.types.json import JsonObject

__all__ = ["CostCallbackHandler"]

_EXACT = Context(prec=60)
_NOT_SAID = "the answer does not say what it cost"


class CostCallbackHandler(BaseCallbackHandler):
    """Adds up `response_metadata["cost"]` of every answer, exactly, in US dollars.

        costs = CostCallbackHandler()
        agent.invoke(question, config={"callbacks": [costs]})
        costs.total

    One object may serve any number of runs and threads. An answer from LangChain's cache counts
    in `cached` and costs nothing. Calls that failed are counted in `failed`; what a broken
    stream cost is known to `resp_core.track_costs`, as it has no answer that could tell.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known = Decimal(0)
        self._by_model: dict[str, Decimal] = {}
        self._unknown: dict[tuple[str, str], int] = {}
        self.calls = 0
        self.cached = 0
        self.failed = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self.estimated = False

    @property
    def total(self) -> Decimal | None:
        """US dollars, or None while the cost of any answer is not known (see `unknown`)."""
        with self._lock:
            return None if self._unknown else self._known

    @property
    def known(self) -> Decimal:
        """The sum of all that is known, in US dollars."""
        with self._lock:
            return self._known

    @property
    def by_model(self) -> dict[str, Decimal]:
        """What is known of each model's cost, by "provider/model", in US dollars."""
        with self._lock:
            return dict(self._by_model)

    @property
    def unknown(self) -> dict[tuple[str, str], int]:
        """What could not be priced and why, and in how many answers."""
        with self._lock:
            return dict(self._unknown)

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Count an answer."""
        for generations in response.generations:
            for generation in generations:
                message: AIMessage | None = getattr(generation, "message", None)
                if message is not None:
                    self._count(message)

    def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        """Count a call that failed."""
        with self._lock:
            self.failed += 1

    def _count(self, message: AIMessage) -> None:
        usage: JsonObject = dict(message.usage_metadata or {})
        metadata = message.response_metadata
        with self._lock:
            if usage.get("total_cost") == 0:  # langchain-core's mark of a cache hit
                self.cached += 1
                return
            self.calls += 1
            self.input_tokens += usage.get("input_tokens") or 0
            self.output_tokens += usage.get("output_tokens") or 0
            self._price(
                as_object(metadata.get("cost")),
                f"{metadata.get('provider')}/{metadata.get('model_name')}",
            )

    def _price(self, cost: JsonObject, model: str) -> None:
        self.estimated = self.estimated or bool(cost.get("estimated"))
        total = as_text(cost.get("total"))
        amounts = [total] if total else [part["amount"] for part in objects(cost.get("parts"))]
        known = Decimal(0)
        for amount in amounts:
            known = _EXACT.add(known, Decimal(amount))
        self._known = _EXACT.add(self._known, known)
        self._by_model[model] = _EXACT.add(self._by_model.get(model, Decimal(0)), known)
        if total:
            return
        gaps = objects(cost.get("unknown")) or [{"what": "cost", "why": _NOT_SAID}]
        for gap in gaps:
            key = as_text(gap.get("what")), as_text(gap.get("why"))
            self._unknown[key] = self._unknown.get(key, 0) + 1
