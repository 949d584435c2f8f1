"""What goes into the offline server and what comes out: plain values, no sockets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Fault", "OfflineReply", "OfflineRequest"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What the host of a reply must do wrong with the connection.

    `abort` breaks the connection after the last chunk, so that the body looks cut off; with
    `reset` it ends in a TCP reset instead of an orderly close.
    `first_pause` is waited before the status line, `pause` before every chunk; both in seconds.
    """

    name: str
    abort: bool = False
    reset: bool = False
    first_pause: float = 0.0
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class OfflineRequest:
    """One HTTP request. Header names are lower case; `path` has no query and is not encoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class OfflineReply:
    """One HTTP answer: the exact bytes of the body in `chunks`, read once, in order."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterable[bytes]
    fault: Fault | None = None

    @property
    def streamed(self) -> bool:
        """Whether the body is a server-sent event stream."""
        return self.headers.get("content-type", "").startswith("text/event-stream")
