"""`with track_costs() as c:` adds up what the calls inside it cost."""

from __future__ import annotations

from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING

from resp_core.cost.account import tellers
from resp_core.cost.bill import EXACT, Unpriced, text_of

if TYPE_CHECKING:
    from contextvars import Token
    from types import TracebackType

    from resp_core.cost.account import Teller
    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["CostTracker", "track_costs"]

_PENDING = 256


class CostTracker:
    """Sums over calls; may be read at any time, from any thread.

    A call counts where it began: in the tasks and threads that carry the context, or where the
    tracker was passed as `track=`. Prices are looked up when a sum is read.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: list[CallRecord] = []
        self._known = Decimal(0)
        self._unknown: dict[Unpriced, int] = {}
        self._by_model: dict[str, Decimal] = {}
        self._calls = self._failed = self._tokens_in = self._tokens_out = 0
        self._estimated = False
        self._token: Token[tuple[Teller, ...]] | None = None

    def add(self, record: CallRecord, /) -> None:
        """Count a finished call."""
        with self._lock:
            self._pending.append(record)
            if len(self._pending) >= _PENDING:
                self._count()

    @property
    def total(self) -> Decimal | None:
        """US dollars, or None while the cost of any call is not known (see `unknown`)."""
        with self._lock:
            self._count()
            return None if self._unknown else self._known

    @property
    def known(self) -> Decimal:
        """The sum of all that is known, in US dollars."""
        with self._lock:
            self._count()
            return self._known

    @property
    def unknown(self) -> dict[Unpriced, int]:
        """What could not be priced, and in how many calls."""
        with self._lock:
            self._count()
            return dict(self._unknown)

    @property
    def estimated(self) -> bool:
        """Whether the sums rest on an estimate anywhere."""
        with self._lock:
            self._count()
            return self._estimated

    @property
    def calls(self) -> int:
        """How many calls ended, failed ones included."""
        with self._lock:
            self._count()
            return self._calls

    @property
    def by_model(self) -> dict[str, Decimal]:
        """What is known of each model's cost, by "provider/model", in US dollars."""
        with self._lock:
            self._count()
            return dict(self._by_model)

    @property
    def input_tokens(self) -> int:
        """All tokens that went in, cached ones included."""
        with self._lock:
            self._count()
            return self._tokens_in

    @property
    def output_tokens(self) -> int:
        """All tokens that came out, reasoning included."""
        with self._lock:
            self._count()
            return self._tokens_out

    def to_json(self) -> JsonObject:
        """The sums as JSON, amounts as decimal strings."""
        total = self.total
        return {
            "total": None if total is None else text_of(total),
            "known": text_of(self.known),
            "currency": "USD",
            "calls": self.calls,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "estimated": self.estimated,
            "by_model": {name: text_of(amount) for name, amount in self.by_model.items()},
            "unknown": [
                {"what": g.what, "why": g.why, "calls": n} for g, n in self.unknown.items()
            ],
        }

    def __repr__(self) -> str:
        total = self.total
        said = f"{text_of(self.known)} USD" + ("" if total is not None else " and what is unknown")
        return f"<{type(self).__name__}: {said} in {self.calls} calls>"

    def _count(self) -> None:
        for record in self._pending:
            self._one(record)
        self._pending.clear()

    def _one(self, record: CallRecord) -> None:
        cost = record.cost
        self._calls += 1
        known = cost.known
        self._known = EXACT.add(self._known, known)
        self._estimated |= cost.estimated
        name = f"{record.provider}/{record.model or record.deployment}"
        self._by_model[name] = EXACT.add(self._by_model.get(name, Decimal(0)), known)
        for gap in cost.unknown:
            self._unknown[gap] = self._unknown.get(gap, 0) + 1
        for usage in record.counted:
            self._tokens_in += usage.input_tokens
            self._tokens_out += usage.output_tokens


class track_costs:
    """Add up the calls that begin inside the block, in its tasks and threads.

    The context goes along into asyncio tasks and `asyncio.to_thread`; to a bare thread pass the
    tracker: `client.responses.create(..., track=c)`.
    """

    def __init__(self) -> None:
        self._tracker = CostTracker()
        self._token: Token[tuple[Teller, ...]] | None = None

    def __enter__(self) -> CostTracker:
        self._token = tellers.set((*tellers.get(), self._tracker))
        return self._tracker

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            tellers.reset(self._token)
            self._token = None
