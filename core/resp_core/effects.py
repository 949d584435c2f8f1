"""Everything a call may ask of the outside world: a closed union, at most twelve.

`flow.Call` yields an effect and is sent its answer; `drive` performs it. An effect exists only
for what may block. Adding one needs an ADR.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from resp_core.types.frozen import frozen
from resp_core.types.json import empty_object

if TYPE_CHECKING:
    from resp_core.auth.source import TokenSource
    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = [
    "All",
    "Ask",
    "Close",
    "Counters",
    "Effect",
    "Emit",
    "HttpCall",
    "Limits",
    "Line",
    "Load",
    "Open",
    "Opened",
    "Read",
    "Record",
    "Refusal",
    "Save",
    "Sleep",
    "Token",
]


@frozen
class Limits:
    """Time and size limits of one request.

    `deadline` is an instant of the injected monotonic clock (seconds) for the whole call, all
    attempts together; `connect` and `idle` are seconds. `idle` bounds the wait for the next
    bytes of a stream (None: only the deadline). `body_bytes` caps the decoded body.
    """

    deadline: float
    total: float
    connect: float = 5.0
    idle: float | None = None
    body_bytes: int = 32 * 1024 * 1024


@frozen
class HttpCall:
    """One HTTP request, complete: absolute URL, headers with credentials, body bytes.

    `secrets` are the credentials inside the body.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes
    limits: Limits
    stream: bool = False
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without headers, query and body, which hold what no log may show."""
        return f"HttpCall({self.method} {self.url.partition('?')[0]}, {len(self.content)} bytes)"


@frozen
class Opened:
    """Answer to `Open`: status and headers (names in lower case). The body is read by `Read`."""

    status: int
    headers: Mapping[str, str] = field(default_factory=empty_object, repr=False)


@frozen
class Open:
    """Send a request; answer `Opened`. Closes what an earlier `Open` of this call left open."""

    call: HttpCall


@frozen
class Read:
    """The next bytes of the decoded body, as they come; b"" at its end."""


@frozen
class Close:
    """Done with the body: give the connection back."""


@frozen
class Sleep:
    """Wait this many seconds."""

    seconds: float


@frozen
class Token:
    """A bearer token from `source`, within the call's `limits`. Answer: Secret.

    `refresh`: the last one was refused. A credential that this package made is made anew; one
    of the caller's own is asked again, and decides itself whether its cache still holds.
    """

    source: TokenSource
    limits: Limits
    refresh: bool = False


@frozen
class Load:
    """A value of the state store, or None. `take` removes it: only one of many takers gets it."""

    key: str
    take: bool = False


@frozen
class Save:
    """Put a JSON value into the state store."""

    key: str
    value: JsonObject


@frozen
class Line:
    """One counter: `amount` and `limit` in billionths of a dollar, `kept` seconds (0: for ever)."""

    key: str
    amount: int
    limit: int
    kept: int = 0


@frozen
class Refusal:
    """The line of a `Counters` that has no room, and how much of it is used already."""

    line: int
    used: int


@frozen
class Counters:
    """Change counters, all or none. Answer: None, or the `Refusal` of a reservation.

    "reserve" takes the amounts for `hold` seconds if all limits allow it; "settle" gives back what
    `id` had reserved and counts the amounts as spent. `strict`: a store that cannot be reached is
    an error, and is not replaced by this process's memory.
    """

    op: Literal["reserve", "settle"]
    id: str
    lines: tuple[Line, ...]
    hold: float
    strict: bool = False


@frozen
class Record:
    """Hand the finished call record to hooks and sinks."""

    record: CallRecord


@frozen
class Emit:
    """Give events (Responses) or chunks (Chat) to the caller: those of one network read."""

    events: list[JsonObject]


@frozen
class All:
    """Sub-flows side by side, each on an exchange of its own; answer: their values, in order.

    A sub-flow is a generator of effects without `Emit`. Only MCP requests run this way.
    """

    flows: Sequence[Generator[Effect, Answer, Any]]


@frozen
class Ask:
    """A request to an opened client session of the `mcp` package; answer: its result as JSON.

    `method` is "list_tools" or "call_tool"; the answer must come within `seconds`.
    """

    session: Any
    method: str
    arguments: tuple[Any, ...]
    seconds: float


Effect: TypeAlias = (
    "Open | Read | Close | Sleep | Token | Load | Save | Record | Counters | Emit | All | Ask"
)
Answer: TypeAlias = Any
