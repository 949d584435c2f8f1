"""A flow as a table: the effects that it must ask for, and what it is answered."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from resp_core.auth.source import Auth, KeyAuth, Secret
from resp_core.effects import Close, Effect, Emit, HttpCall, Open, Opened, Read, Record, Sleep
from resp_core.flow import Call, Clock, Policy
from resp_core.route.deployment import Connection, Deployment
from resp_core.route.limits import Paces
from resp_core.route.resolve import resolve
from resp_core.tasks import Turn
from resp_core.types.request import Request, Wire
from tests.rawserver import completion, response

KEY = "sk-flow-0123456789"
SSE = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}


@dataclass
class Watch:
    """A clock that moves only when it is told to."""

    now: float = 1000.0
    draws: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        numbers = iter(range(1000))
        return Clock(
            monotonic=lambda: self.now,
            wall=lambda: self.now,
            random=lambda: self.draws.pop(0) if self.draws else 0.5,
            new_id=lambda prefix: f"{prefix}{next(numbers)}",
        )


def deployment(wires: tuple[Wire, ...] = ("responses",), auth: Auth | None = None) -> Deployment:
    found = resolve(
        "openai/m", Connection(base_url="https://api.example/v1", api_key=Secret(KEY)), {}
    )
    return replace(found, dialects=wires, auth=auth or KeyAuth(Secret(KEY)))


def call_of(
    watch: Watch,
    *,
    wire: Wire = "responses",
    server: Wire = "responses",
    stream: bool = False,
    auth: Auth | None = None,
    policy: Policy | None = None,
    paces: Paces | None = None,
    **more: Any,
) -> Call:
    said = {"messages": [{"role": "user", "content": "Hi"}]} if wire == "chat" else {"input": "Hi"}
    request = Request(wire, {**said, **more}, stream=stream, called=wire)
    return Call(
        Turn(request),
        deployment((server,), auth),
        policy=policy or Policy(),
        clock=watch.clock(),
        paces=paces,
    )


class Stage:
    """Runs one flow step by step. `emitted`, `opened` and `record` gather what it said."""

    def __init__(self, call: Call, watch: Watch) -> None:
        self.call = call
        self.watch = watch
        self._emitted: list[Any] = []
        self.requests: list[HttpCall] = []
        self.flow: Generator[Effect, Any, None] = call.run()
        self.effect: Effect | None = self.flow.send(None)

    def expect(self, kind: type[Effect] | Effect, answer: Any = None) -> Effect:
        """The flow's next effect must be this (by type or value); send it the answer.

        An exception is thrown into the flow. `Emit` is gathered on the way.
        """
        self._gather()
        effect = self.effect
        if isinstance(kind, type):
            assert isinstance(effect, kind), f"{effect!r} is no {kind.__name__}"
        else:
            assert effect == kind
        if isinstance(effect, Open):
            self.requests.append(effect.call)
        if isinstance(effect, Sleep):
            self.watch.now += effect.seconds
        if isinstance(answer, Exception):
            self._step(lambda: self.flow.throw(answer))
        else:
            self._step(lambda: self.flow.send(answer))
        assert effect is not None
        return effect

    def play(self, *steps: tuple[Any, Any]) -> None:
        for kind, answer in steps:
            self.expect(kind, answer)

    @property
    def emitted(self) -> list[Any]:
        self._gather()
        return self._emitted

    @property
    def over(self) -> bool:
        self._gather()
        return self.effect is None

    def _gather(self) -> None:
        while isinstance(self.effect, Emit):
            self._emitted += self.effect.events
            self._step(lambda: self.flow.send(None))

    def _step(self, go: Any) -> None:
        try:
            self.effect = go()
        except StopIteration:
            self.effect = None


def refused(status: int, body: Any = None, **headers: str) -> list[tuple[Any, Any]]:
    """The steps of an attempt that a status ends."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = orjson.dumps({"error": {"message": "no"}} if body is None else body)
    return [(Open, Opened(status, JSON | named)), (Read, data), (Read, b"")]


def accepted(body: Any = None, **headers: str) -> list[tuple[Any, Any]]:
    """The steps of a plain answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return [
        (Open, Opened(200, JSON | named)),
        (Read, orjson.dumps(response() if body is None else body)),
        (Read, b""),
    ]


def accepted_chat() -> list[tuple[Any, Any]]:
    return accepted(completion())


def flowing(*chunks: bytes) -> list[tuple[Any, Any]]:
    """The steps of a stream as far as these reads."""
    return [(Open, Opened(200, SSE)), *((Read, data) for data in chunks)]


def ended() -> list[tuple[Any, Any]]:
    return [(Record, None)]


def closed() -> list[tuple[Any, Any]]:
    return [(Close, None), (Record, None)]
