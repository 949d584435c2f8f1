"""`CostHandler`: what the calls of engines, agents and workflows cost together.

from llama_index.core.instrumentation import get_dispatcher
costs = CostHandler()
get_dispatcher().add_event_handler(costs)
...
costs.total
"""

from __future__ import annotations

from decimal import Context, Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events.exception import ExceptionEvent
from llama_index.core.instrumentation.events.llm import LLMChatEndEvent, LLMCompletionEndEvent
from pydantic import PrivateAttr

from llamaindex_resp.events import EmbeddingCostEvent
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from llama_index_instrumentation.base import BaseEvent

    from resp_core.types.json import JsonObject

__all__ = ["CostHandler"]

_EXACT = Context(prec=60)
_NOT_SAID = "the answer does not say what it cost"


class CostHandler(BaseEventHandler):
    """Adds up `additional_kwargs["cost"]` of every answer and embedding, exactly, in US dollars.

    Serves any number of runs and threads. Streams that failed are counted in `failed`; what they
    cost is known to `resp_core.track_costs`, as there is no answer that could tell.
    """

    _lock: Any = PrivateAttr(default_factory=Lock)
    _known: Decimal = PrivateAttr(default=Decimal(0))
    _by_model: dict[str, Decimal] = PrivateAttr(default_factory=dict[str, Decimal])
    _unknown: dict[tuple[str, str], int] = PrivateAttr(default_factory=dict[tuple[str, str], int])
    _counts: dict[str, int] = PrivateAttr(default_factory=dict[str, int])
    _estimated: bool = PrivateAttr(default=False)

    @classmethod
    def class_name(cls) -> str:
        """The name under which LlamaIndex knows this class."""
        return "CostHandler"

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

    @property
    def calls(self) -> int:
        """How many answers and embedding batches were counted."""
        return self._counts.get("calls", 0)

    @property
    def failed(self) -> int:
        """How many streams failed."""
        return self._counts.get("failed", 0)

    @property
    def input_tokens(self) -> int:
        """All tokens that went in."""
        return self._counts.get("input_tokens", 0)

    @property
    def output_tokens(self) -> int:
        """All tokens that came out, reasoning included."""
        return self._counts.get("output_tokens", 0)

    @property
    def estimated(self) -> bool:
        """Whether the sums rest on an estimate anywhere."""
        return self._estimated

    def handle(self, event: BaseEvent, **kwargs: Any) -> None:
        """Count what an event tells of."""
        if isinstance(event, (LLMChatEndEvent, LLMCompletionEndEvent)):
            answer = event.response
            if answer is not None:
                raw = as_object(answer.raw)
                notes = cast("JsonObject", vars(answer)["additional_kwargs"])
                self._count(notes.get("cost"), as_text(notes.get("model")), raw.get("usage"))
        elif isinstance(event, EmbeddingCostEvent):
            self._count(event.cost, event.model, event.usage)
        elif isinstance(event, ExceptionEvent):
            with self._lock:
                self._add("failed", 1)

    def _add(self, name: str, number: int) -> None:
        self._counts[name] = self._counts.get(name, 0) + number

    def _count(self, cost: Any, model: str, usage: Any) -> None:
        told, used = as_object(cost), as_object(usage)
        total = as_text(told.get("total"))
        amounts = [total] if total else [part["amount"] for part in objects(told.get("parts"))]
        with self._lock:
            self._add("calls", 1)
            read = used.get("input_tokens") or used.get("prompt_tokens") or 0
            self._add("input_tokens", read)
            self._add("output_tokens", used.get("output_tokens") or 0)
            self._estimated = self._estimated or bool(told.get("estimated"))
            known = Decimal(0)
            for amount in amounts:
                known = _EXACT.add(known, Decimal(amount))
            self._known = _EXACT.add(self._known, known)
            self._by_model[model] = _EXACT.add(self._by_model.get(model, Decimal(0)), known)
            if not total:
                for gap in objects(told.get("unknown")) or [{"what": "cost", "why": _NOT_SAID}]:
                    key = as_text(gap.get("what")), as_text(gap.get("why"))
                    self._unknown[key] = self._unknown.get(key, 0) + 1
