"""For whom a call is, what it may cost, and who adds it up."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import field
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from resp_core.types.frozen import frozen
from resp_core.types.json import empty_object

if TYPE_CHECKING:
    from resp_core.cost.budget import Budgets
    from resp_core.cost.custom import Price
    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["Account", "Seen", "Teller", "Traced", "tellers"]


class Teller(Protocol):
    """Something that adds up what calls cost; told of each record once."""

    def add(self, record: CallRecord, /) -> None:
        """Count a finished call."""
        ...


class Traced(Protocol):
    """The trace of one call."""

    def answer(self, body: JsonObject, /) -> None:
        """See an answer of the call."""
        ...

    def end(self, record: CallRecord, /) -> None:
        """The call has ended."""
        ...


#: Who counts the calls that begin here; see `track_costs`.
tellers: ContextVar[tuple[Teller, ...]] = ContextVar("resp_core_tellers", default=())


class Seen:
    """What a client has paid for already: containers in use, background responses that ended.

    Using a container again within its session costs nothing. Times are instants of one monotonic
    clock, in seconds. Thread-safe.
    """

    def __init__(self, session: float = 1200.0, most: int = 10000) -> None:
        self._session = session
        self._most = most
        self._containers: dict[str, float] = {}
        self._ended: dict[str, None] = {}
        self._lock = Lock()

    def containers(self, ids: tuple[str, ...], now: float) -> frozenset[str]:
        """Those of `ids` whose session was open already; all are in use from now on."""
        if not ids:
            return frozenset()
        with self._lock:
            used = self._containers.items()
            known = {name: at for name, at in used if now - at < self._session}
            found = frozenset(name for name in ids if name in known)
            self._containers = known | dict.fromkeys(ids, now)
        return found

    def first(self, id: str) -> bool:
        """Whether the end of this response has not been seen before."""
        with self._lock:
            if id in self._ended:
                return False
            self._ended[id] = None
            if len(self._ended) > self._most:
                del self._ended[next(iter(self._ended))]
        return True


@frozen
class Account:
    """Labels of a call and the prices, budgets and sums that apply to it.

    `key` names whose credential pays, for budgets by key; `headers` go with every request of the
    call (trace context); `traced` is its trace, where calls are traced.
    """

    user: str | None = None
    safety_identifier: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=empty_object)
    key: str | None = None
    prices: Mapping[str, Price] = field(default_factory=empty_object, repr=False)
    image_model: str | None = None
    service_tier: str | None = None
    seen: Seen | None = field(default=None, repr=False, compare=False)
    tellers: tuple[Teller, ...] = field(default=(), repr=False, compare=False)
    budgets: Budgets | None = field(default=None, repr=False, compare=False)
    headers: Mapping[str, str] = field(default_factory=empty_object, repr=False)
    traced: Traced | None = field(default=None, repr=False, compare=False)
