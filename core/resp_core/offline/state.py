"""What one offline server remembers. Every method may be called from any thread."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from resp_core.offline.mcp_client import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from resp_core.offline.mcp_client import McpConnect
    from resp_core.types.json import JsonObject

__all__ = ["Conversation", "OfflineState", "Stored"]


@dataclass(slots=True)
class Stored:
    """A stored response: `context` are the items it was answered from, `polls` counts GETs."""

    response: JsonObject
    context: list[JsonObject]
    events: list[JsonObject] = field(default_factory=list["JsonObject"])
    background: bool = False
    polls: int = 0
    cancelled: bool = False


@dataclass(slots=True)
class Conversation:
    """A conversation object and its items, oldest first."""

    head: JsonObject
    items: list[JsonObject]


class OfflineState:
    """The memory of one server: responses, conversations, and how often each fault struck.

    `clock` gives Unix seconds and is the only clock there is. `redirect_to` is where
    `fault-redirect` points, `retry_after` the seconds that a 429 asks for, `slow` the seconds
    that `fault-slow` waits and `drip` those between two bytes of `fault-drip`. At most
    `capacity` responses and as many conversations are kept; the oldest are forgotten first. `mcp`
    opens sessions with the MCP servers that requests name.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        redirect_to: str = "https://elsewhere.invalid/v1/responses",
        retry_after: float = 1.0,
        slow: float = 30.0,
        drip: float = 0.05,
        capacity: int = 1000,
        mcp: McpConnect = connect,
    ) -> None:
        self.clock = clock
        self.redirect_to = redirect_to
        self.retry_after = retry_after
        self.slow = slow
        self.drip = drip
        self.mcp = mcp
        self._capacity = capacity
        self._lock = threading.RLock()
        self._responses: OrderedDict[str, Stored] = OrderedDict()
        self._conversations: OrderedDict[str, Conversation] = OrderedDict()
        self._items: OrderedDict[str, JsonObject] = OrderedDict()
        self._thoughts: OrderedDict[str, str] = OrderedDict()
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._faults: dict[str, int] = {}
        self._calls: dict[str, list[float]] = {}

    # -- counters

    def seed(self, body: bytes) -> str:
        """A seed for ids: the request's hash and how often this server has seen it before."""
        digest = hashlib.sha256(body).hexdigest()
        with self._lock:
            times = self._seen.get(digest, 0)
            self._seen[digest] = times + 1
            self._seen.move_to_end(digest)
            _trim(self._seen, self._capacity)
        return f"{digest}/{times}"

    def strikes(self, model: str, most: int | None) -> bool:
        """Count a request to a faulty model: whether the fault still strikes (None: always)."""
        if most is None:
            return True
        with self._lock:
            struck = self._faults.get(model, 0)
            self._faults[model] = struck + 1
        return struck < most

    def admit(self, model: str, most: int, window: float = 1.0) -> tuple[int, float]:
        """Admit a call under a limit of `most` in `window` seconds.

        Gives what remains after it, -1 if it is refused, and the seconds until there is room.
        """
        now = self.clock()
        with self._lock:
            calls = [at for at in self._calls.get(model, []) if at > now - window]
            admitted = len(calls) < most
            if admitted:
                calls.append(now)
            self._calls[model] = calls
        wait = calls[0] + window - now
        return (most - len(calls), wait) if admitted else (-1, wait)

    # -- responses

    def save(self, stored: Stored) -> None:
        """Keep a response and make its items referable."""
        with self._lock:
            self._responses[str(stored.response["id"])] = stored
            for item in [*stored.context, *stored.response["output"]]:
                if isinstance(item.get("id"), str):
                    self._items[item["id"]] = item
            self._thoughts.update(_thoughts(stored.response["output"]))
            _trim(self._responses, self._capacity)
            _trim(self._items, self._capacity * 20)
            _trim(self._thoughts, self._capacity * 4)

    def response(self, id: str) -> Stored | None:
        """A stored response."""
        with self._lock:
            return self._responses.get(id)

    def item(self, id: str) -> JsonObject | None:
        """A stored item, of a response or a conversation."""
        with self._lock:
            return self._items.get(id)

    def thought(self, id: str) -> str | None:
        """The id of the reasoning item that led to an item, if one did."""
        with self._lock:
            return self._thoughts.get(id)

    def delete(self, id: str) -> bool:
        """Forget a response and what it put out; False if it is not known."""
        with self._lock:
            stored = self._responses.pop(id, None)
            for item in stored.response["output"] if stored else ():
                self._items.pop(str(item.get("id")), None)
        return stored is not None

    def poll(self, stored: Stored) -> int:
        """Count a GET of a response; the number of earlier ones."""
        with self._lock:
            stored.polls += 1
            return stored.polls - 1

    # -- conversations

    def open_conversation(self, head: JsonObject, items: list[JsonObject]) -> None:
        """Begin a conversation with these items."""
        with self._lock:
            self._conversations[str(head["id"])] = Conversation(head, [])
            self.extend(str(head["id"]), items)
            _trim(self._conversations, self._capacity)

    def conversation(self, id: str) -> Conversation | None:
        """A conversation as it stands."""
        with self._lock:
            found = self._conversations.get(id)
            return Conversation(dict(found.head), list(found.items)) if found else None

    def extend(self, id: str, items: list[JsonObject]) -> None:
        """Append items to a conversation."""
        with self._lock:
            found = self._conversations.get(id)
            if found is None:
                return
            found.items += items
            self._items.update((str(item["id"]), item) for item in items if "id" in item)

    def relabel(self, id: str, metadata: JsonObject) -> JsonObject | None:
        """Replace a conversation's metadata."""
        with self._lock:
            found = self._conversations.get(id)
            if found is not None:
                found.head = found.head | {"metadata": metadata}
            return found.head if found else None

    def drop_item(self, id: str, item_id: str) -> bool:
        """Take an item out of a conversation; False if it is not there."""
        with self._lock:
            found = self._conversations.get(id)
            kept = [item for item in found.items if item.get("id") != item_id] if found else []
            dropped = found is not None and len(kept) < len(found.items)
            if found is not None:
                found.items = kept
            return dropped

    def close_conversation(self, id: str) -> bool:
        """Forget a conversation; False if it is not known. Its items stay referable."""
        with self._lock:
            return self._conversations.pop(id, None) is not None


def _thoughts(output: list[JsonObject]) -> dict[str, str]:
    """Item ids by the reasoning item directly before them."""
    return {
        str(item["id"]): str(before["id"])
        for before, item in pairwise(output)
        if before["type"] == "reasoning" and item["type"] != "reasoning"
    }


def _trim(kept: OrderedDict[str, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
