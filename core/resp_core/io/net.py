"""Performs the effects of a call, blocking: `Net` is what the calls of one client share.

An exchange is the I/O of one call: at most one open body, read through a bounded inflater.
`async_net` is its awaited twin.
"""

from __future__ import annotations

import contextlib
import logging
import time
from threading import get_ident
from typing import TYPE_CHECKING, Any, Protocol

from resp_core.drive import finish
from resp_core.effects import (
    All,
    Ask,
    Close,
    Counters,
    Load,
    Open,
    Opened,
    Read,
    Record,
    Save,
    Sleep,
    Token,
)
from resp_core.errors import RespError
from resp_core.io.body import Line
from resp_core.io.failures import bare, closed_error, connection_error, deadline_error
from resp_core.io.identity import sync_token
from resp_core.io.inflate import inflater
from resp_core.io.state import counters_of
from resp_core.observe.logging import log_call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from resp_core.effects import Answer, Effect, HttpCall
    from resp_core.io.body import Body
    from resp_core.io.counters import CounterStore
    from resp_core.io.inflate import Inflater
    from resp_core.io.state import StateStore
    from resp_core.observe.hooks import Hook
    from resp_core.observe.record import CallRecord

__all__ = ["Net", "Transport", "keep_or_tell", "tell"]

logger = logging.getLogger("resp_core")

_DRAIN = 0.5  # seconds to wait for the end of a body whose content is already complete


class Transport(Protocol):
    """Sends a complete request; raises its library's exceptions.

    It tells `line` which connection it reads from, so that another thread can end it.
    """

    def open(self, call: HttpCall, monotonic: Callable[[], float], line: Line) -> Body: ...

    def close(self) -> None: ...


class Memory(Protocol):
    """The part of a net that both worlds have."""

    state: StateStore
    counters: CounterStore
    hooks: Sequence[Hook]


class Net:
    """What the blocking exchanges of one client share."""

    def __init__(
        self, transport_for: Callable[[str], Transport], state: StateStore, hooks: Sequence[Hook]
    ) -> None:
        self.transport_for = transport_for
        self.state = state
        self.counters = counters_of(state)
        self.hooks = hooks
        self.monotonic = time.monotonic
        self.sleep: Callable[[float], None] = time.sleep

    def exchange(self) -> _Exchange:
        """The I/O of one call."""
        return _Exchange(self)


class _Exchange:
    __slots__ = ("_body", "_call", "_inflate", "_line", "_net", "_subs", "_waits")

    def __init__(self, net: Net, waits: frozenset[int] = frozenset()) -> None:
        """`waits` are the threads that wait for this one."""
        self._net = net
        self._line = Line()
        self._waits = waits
        self._subs: list[_Exchange] = []
        self._body: Body | None = None
        self._call: HttpCall | None = None
        self._inflate: Inflater | Any = None

    def perform(self, effect: Effect) -> Answer:
        """Do it; raise what the flow should see."""
        match effect:
            case Read():
                return self._read()
            case Open(call):
                return self._open(call)
            case Close():
                self._drain()
            case Sleep(seconds):
                self._net.sleep(seconds)
            case Token():
                return sync_token(effect)
            case All(flows):
                return self._side_by_side(flows)
            case Ask():
                from resp_core.io.sessions import ask_from_thread  # brings asyncio

                return ask_from_thread(effect, self._waits | {get_ident()})
            case _:
                return keep_or_tell(effect, self._net)
        return None

    def _side_by_side(self, flows: Sequence[Any]) -> list[Any]:
        waits = self._waits | {get_ident()}
        self._subs = [_Exchange(self._net, waits) for _ in flows]
        try:
            if len(flows) == 1:
                return [finish(flows[0], self._subs[0])]
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(min(len(flows), 16) or 1, "respkit-mcp") as threads:
                return list(threads.map(finish, flows, self._subs))
        finally:
            self._subs = []

    def release(self, pending: Mapping[str, Effect]) -> None:
        """Close what is open and perform what is owed; never raises."""
        self.abort()
        for effect in pending.values():
            with contextlib.suppress(Exception):
                self.perform(effect)

    def abort(self) -> None:
        """End the connection at once; safe from any thread."""
        body, self._body = self._body, None
        if body is not None:
            with contextlib.suppress(Exception):
                body.close()

    def interrupt(self) -> None:
        """Wake a read that another thread is waiting in; that read and all later ones fail."""
        self._line.cut()
        for sub in self._subs:
            sub.interrupt()

    def _open(self, call: HttpCall) -> Opened:
        self.abort()
        net = self._net
        left = call.limits.deadline - net.monotonic()
        if self._line.is_cut:
            raise closed_error()
        if left <= 0:
            raise deadline_error(call.limits)
        self._call = call
        try:
            body = net.transport_for(call.url).open(call, net.monotonic, self._line)
        except RespError:
            raise
        except Exception as error:
            raise self._failure(error, call) from bare(error)
        self._body = body
        self._inflate = inflater(body.headers.get("content-encoding", ""), call.limits.body_bytes)
        return Opened(body.status, body.headers)

    def _read(self) -> bytes:
        body, call = self._body, self._call
        if body is None or call is None:
            return b""
        try:
            while True:
                if self._line.is_cut:
                    raise closed_error()
                if self._net.monotonic() >= call.limits.deadline:
                    raise deadline_error(call.limits)
                piece = next(body.pieces, None)
                if piece is None:
                    if self._line.is_cut:
                        raise closed_error()
                    self._inflate.close()
                    self.abort()
                    return b""
                data = self._inflate.feed(piece)
                if data:
                    return data
        except RespError:
            self.abort()
            raise
        except Exception as error:
            self.abort()
            raise self._failure(error, call) from bare(error)

    def _drain(self) -> None:
        """Read a complete answer to its end, so that its connection can serve again."""
        body = self._body
        if body is not None and body.hurry is not None:
            body.hurry(_DRAIN)
            with contextlib.suppress(Exception):
                while next(body.pieces, None) is not None:
                    pass
        self.abort()

    def _failure(self, error: Exception, call: HttpCall) -> Exception:
        if self._line.is_cut:
            return closed_error()
        left = call.limits.deadline - self._net.monotonic()
        return connection_error(error, call.url, call.limits, left=left - 0.002)


def keep_or_tell(effect: Effect, net: Memory) -> Answer:
    """The effects that memory answers, alike in both worlds."""
    match effect:
        case Load(key, take):
            return net.state.take(key) if take else net.state.load(key)
        case Save(key, value):
            net.state.save(key, value)
        case Counters():
            return net.counters.count(effect)
        case Record(record):
            tell(record, net.hooks)
        case _:
            raise TypeError(f"{type(effect).__name__} is not an effect of this exchange.")
    return None


def tell(record: CallRecord, hooks: Sequence[Hook]) -> None:
    """Hand a record to whoever counts the call, and to the hooks."""
    account = record.account
    counting = () if account is None else account.tellers
    ends = () if account is None or account.traced is None else (account.traced.end,)
    for hook in (*(teller.add for teller in counting), *ends, *hooks, log_call):
        try:
            hook(record)
        except Exception:  # a hook must not cost the caller the answer
            logger.exception("a hook failed on the record of a call")
