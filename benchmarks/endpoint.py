"""Where a measured client connects, and what the server there answers."""

from __future__ import annotations

__all__ = ["MODEL", "PROMPT", "Endpoint"]

MODEL = "gpt-5.4-mini"
PROMPT = "Say something about the sea."


class Endpoint:
    """A shape of answer on the loopback server.

    `events` is the number of text deltas of a stream, `delay` the milliseconds before an answer
    begins, `pace` the microseconds between two events (0: in bursts). The shape is part of the
    URL, so that any client that takes a base URL can ask for it.
    """

    __slots__ = ("delay", "events", "origin", "pace")

    def __init__(self, origin: str, events: int = 2000, delay: int = 0, pace: int = 0) -> None:
        self.origin = origin
        self.events = events
        self.delay = delay
        self.pace = pace

    @property
    def url(self) -> str:
        """The base URL, ending in `/v1`."""
        return f"{self.origin}/n{self.events}.d{self.delay}.p{self.pace}/v1"
