"""The life of one call: authenticate, send, read, retry, record. A generator of effects, no I/O.

    Call.run    attempts until one succeeds or trying again is over; then the record
      _attempt  one request: Token, Open, then the answer, which `reading` turns into events

A test of this file is a list of (expected effect, answer to send).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from resp_core.auth.headers import auth_headers
from resp_core.auth.source import TokenAuth
from resp_core.cost.account import Account
from resp_core.effects import (
    HttpCall,
    Limits,
    Load,
    Open,
    Opened,
    Record,
    Save,
    Sleep,
    Token,
)
from resp_core.errors import (
    APIError,
    AuthenticationError,
    RespError,
    StreamInterrupted,
)
from resp_core.observe.record import Attempt, CallRecord
from resp_core.observe.recording import recorded
from resp_core.observe.redact import safe_url
from resp_core.providers import get
from resp_core.reading import Reading
from resp_core.route.faults import (
    request_id_of,
)
from resp_core.route.limits import Paces
from resp_core.route.paths import add_query
from resp_core.route.retry import RetryPolicy, retry_delay
from resp_core.types.frozen import frozen
from resp_core.types.json import empty_object
from resp_core.wire.losses import Losses

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable, Mapping

    from resp_core.cost.budget import Held
    from resp_core.effects import Answer, Effect
    from resp_core.route.deployment import Deployment, Operation
    from resp_core.types.json import JsonObject
    from resp_core.types.request import OnUnsupported, Wire
    from resp_core.wire.ids import NewId
    from resp_core.wire.pipeline import Reader

__all__ = ["Call", "Clock", "Policy", "Prepared", "Task"]


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, chance and ids, injected: `monotonic` and `wall` in seconds, `random` in [0, 1)."""

    monotonic: Callable[[], float]
    wall: Callable[[], float]
    random: Callable[[], float]
    new_id: NewId


@frozen
class Policy:
    """Limits of one call: `timeout` is the total over all attempts, in seconds.

    `connect` bounds making a connection, `idle` the silence inside a stream (None: as the model's
    profile has it), both in seconds; `body_bytes` the decoded answer. `account` says for whom the
    call is and what it may cost.
    """

    timeout: float = 600.0
    connect: float = 5.0
    idle: float | None = None
    body_bytes: int = 32 * 1024 * 1024
    stream_bytes: int = 1024 * 1024 * 1024
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    account: Account = field(default_factory=Account)


@frozen
class Prepared:
    """A task made ready for one deployment: where it goes and what is sent.

    `streams` says whether the server is asked for a stream, which may differ from what the
    caller asked for. `remember` keeps the answer's id with its origin. `secrets` are credentials
    inside `content`.
    """

    api: Wire
    operation: Operation
    ids: tuple[str, ...] = ()
    query: Mapping[str, object] = field(default_factory=empty_object, repr=False)
    content: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=empty_object, repr=False)
    streams: bool = False
    remember: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)


class Task(Protocol):
    """What a call is to do, whatever the deployment."""

    @property
    def stream(self) -> bool:
        """Whether the caller reads events."""
        ...

    @property
    def on_unsupported(self) -> OnUnsupported:
        """What happens to a parameter that the target cannot carry."""
        ...

    def prepare(self, deployment: Deployment, losses: Losses) -> Prepared:
        """Encode for a deployment; raises ArgumentError before anything is sent."""
        ...

    def reader(self, prepared: Prepared, clock: Clock, losses: Losses) -> Reader:
        """A fresh reader for one attempt."""
        ...


class Call:
    """One call. After `run` has ended, `result` and `record` hold its outcome."""

    def __init__(
        self,
        task: Task,
        deployment: Deployment | None,
        *,
        policy: Policy,
        clock: Clock,
        paces: Paces | None = None,
        locate: tuple[str, Callable[[JsonObject | None], Deployment]] | None = None,
    ) -> None:
        """`deployment` None: found by `locate`, a key of the state store and what to make of
        its value."""
        self.task = task
        self._deployment = deployment
        self._locate = locate
        self.policy = policy
        self.clock = clock
        self.result: JsonObject | None = None
        self.record: CallRecord | None = None
        self._paces = Paces() if paces is None else paces
        self._losses = Losses("the server", task.on_unsupported)
        self._prepared: Prepared | None = None
        self._reading: Reading | None = None
        self._held: Held | None = None
        self._attempts: list[Attempt] = []
        self._refresh = False
        self._begun = clock.monotonic()
        self._wall = clock.wall()
        self._deadline = self._begun + policy.timeout
        self._sent_at: float | None = None

    @property
    def opened(self) -> Opened | None:
        """Status and headers of the last answer; None where none came."""
        return None if self._reading is None else self._reading.opened

    @property
    def deployment(self) -> Deployment:
        """Where the call goes; known from the start of `run` at the latest."""
        if self._deployment is None:
            raise RuntimeError("the call has not been located yet")
        return self._deployment

    @property
    def pending(self) -> Mapping[str, Effect]:
        """The record of a call that was walked away from; empty once it has been handed over."""
        if self.record is not None or self._prepared is None:
            return {}
        self.record = self._recorded("cancelled", None)
        return {type(effect).__name__: effect for effect in self._owed(self.record)}

    def so_far(self) -> CallRecord:
        """The record of a call that has not been run."""
        return self._recorded("cancelled", None)

    def prepare(self) -> Prepared:
        """Encode the request, once. Raises ArgumentError; nothing has been sent then."""
        if self._prepared is None:
            self._losses.target = self.deployment.requested
            self._prepared = self.task.prepare(self.deployment, self._losses)
        return self._prepared

    def run(self) -> Generator[Effect, Answer, None]:
        """The flow. Raises RespError; every APIError carries attempts, model and partial."""
        if self._locate is not None:
            key, choose = self._locate
            self._deployment = choose((yield Load(key)))
        prepared = self.prepare()
        account = self.policy.account
        try:
            if account.budgets is not None:
                from resp_core.cost.budget import reserve  # brings the price tables' machinery

                self._held = yield from reserve(
                    account, self.deployment, prepared, self._wall, self.clock.new_id
                )
            yield from self._tries(prepared)
        except RespError as error:
            self._explain(error)
            closed = isinstance(error, StreamInterrupted) and error.code == "closed"
            self.record = self._recorded("cancelled" if closed else "failed", error)
            for effect in self._owed(self.record):
                yield effect
            raise
        self.record = self._recorded(_status_of(self.result), None)
        for effect in self._owed(self.record):
            yield effect

    def _owed(self, record: CallRecord) -> list[Effect]:
        """What is left to do when a call has ended, however it did: note where its answer is
        stored (one that broke off may be gone back to), settle the budget, hand the record on."""
        owed: list[Effect] = []
        if self.prepare().remember and record.response_id is not None:
            owed.append(Save(f"origin:{record.response_id}", _origin(self.deployment)))
        held, self._held = self._held, None
        if held is not None:
            owed.append(held.settle(record))
        return [*owed, Record(record)]

    def _tries(self, prepared: Prepared) -> Generator[Effect, Answer, None]:
        failures = 0
        while True:
            try:
                yield from self._attempt(prepared)
            except APIError as error:
                self._note_attempt(error)
                if self._may_refresh(error):
                    self._refresh = True
                    continue
                failures += 1
                delay = self._delay(error, failures)
                if delay is None:
                    raise
                yield Sleep(delay)
            else:
                self._note_attempt(None)
                return

    def _may_refresh(self, error: APIError) -> bool:
        """One fresh token after a 401, outside the retry budget."""
        return (
            isinstance(error, AuthenticationError)
            and isinstance(self.deployment.auth, TokenAuth)
            and not self._refresh
        )

    def _delay(self, error: APIError, failures: int) -> float | None:
        if self._reading is not None and self._reading.reader.committed:
            return None
        left = self._deadline - self.clock.monotonic()
        return retry_delay(error, failures, self.policy.retry, left=left, draw=self.clock.random())

    def _attempt(self, prepared: Prepared) -> Generator[Effect, Answer, None]:
        self._reading = None
        auth, limits = self.deployment.auth, self._limits(prepared)
        token: object = None
        if isinstance(auth, TokenAuth):
            token = yield Token(auth.source, limits, self._refresh)
        http = self._request(prepared, limits, token)
        key = (self.deployment.base_url, self.deployment.model, auth)
        yield from self._paced(key)
        self._reading = reading = Reading(
            self.task.reader(prepared, self.clock, self._losses),
            http,
            self.deployment,
            prepared.operation,
            as_events=self.task.stream,
            most_bytes=self.policy.body_bytes,
            monotonic=self.clock.monotonic,
        )
        self._sent_at = self.clock.monotonic()
        opened: Opened = yield Open(http)
        self._paces.learn(key, opened.status, opened.headers, self.clock.monotonic())
        yield from reading.run(opened)
        self.result = reading.reader.result

    def _paced(self, key: Hashable) -> Generator[Effect, Answer, None]:
        """Wait for a place under the server's rate limit, unless that takes too long.

        Who wants no retries wants the server's own answer at once, and is not made to wait.
        """
        if not self.policy.retry.max_retries:
            return
        now = self.clock.monotonic()
        wait = self._paces.reserve(key, now)
        if 0 < wait < min(self._deadline - now, self.policy.retry.max_wait):
            yield Sleep(wait)

    def _limits(self, prepared: Prepared) -> Limits:
        policy = self.policy
        return Limits(
            deadline=self._deadline,
            total=policy.timeout,
            connect=policy.connect,
            idle=(policy.idle or self.deployment.profile.idle_timeout)
            if prepared.streams
            else None,
            body_bytes=policy.stream_bytes if prepared.streams else policy.body_bytes,
        )

    def _request(self, prepared: Prepared, limits: Limits, token: object) -> HttpCall:
        deployment = self.deployment
        provider = get(deployment.provider)
        endpoint = provider.endpoint(deployment, prepared.operation, prepared.ids)
        url = add_query(endpoint.url, prepared.query) if prepared.query else endpoint.url
        headers = {
            "accept": "text/event-stream" if prepared.streams else "application/json",
            # What we can decode; a stream is not compressed, as that would hold events back.
            "accept-encoding": "identity" if prepared.streams else "gzip, deflate",
            **({"content-type": "application/json"} if prepared.content else {}),
            **deployment.headers,
            **auth_headers(deployment.auth, token),
            **prepared.headers,
            **self.policy.account.headers,
        }
        sent = prepared.content
        streams, secrets = prepared.streams, prepared.secrets
        return HttpCall(endpoint.method, url, headers, sent, limits, streams, secrets)

    def _note_attempt(self, error: RespError | None) -> None:
        if self._sent_at is None or self._reading is None:
            return
        sent_at, self._sent_at = self._sent_at, None
        opened = self.opened or Opened(0)
        self._attempts.append(
            Attempt(
                provider=self.deployment.provider,
                model=self.deployment.model,
                url=safe_url(self._reading.http.url),
                status=opened.status,
                seconds=self.clock.monotonic() - sent_at,
                request_id=request_id_of(opened.headers),
                error=None if error is None else type(error).__name__,
            )
        )

    def _explain(self, error: RespError) -> None:
        if not isinstance(error, APIError):
            return
        error.provider = error.provider or self.deployment.provider
        error.model = error.model or self.deployment.model
        error.attempts = len(self._attempts)
        if self.opened is not None and error.request_id is None:
            error.request_id = request_id_of(self.opened.headers)
        partial = None if self._reading is None else self._reading.partial()
        if partial is not None:
            error.partial = partial

    def _recorded(self, status: _Status, error: RespError | None) -> CallRecord:
        prepared = self.prepare()
        self._note_attempt(error)
        reading, partial = self._reading, self.result
        if partial is None and isinstance(error, APIError):
            partial = error.partial
        if partial is None and reading is not None:
            partial = reading.partial()
        first_at = None if reading is None else reading.first_at
        now = self.clock.monotonic()
        return recorded(
            self.deployment,
            prepared,
            self.policy.account,
            partial or {},
            status=status,
            error=error,
            stream=self.task.stream,
            started=self._wall,
            seconds=now - self._begun,
            first=None if first_at is None else first_at - self._begun,
            now=now,
            attempts=tuple(self._attempts),
            losses=self._losses,
            headers=(self.opened or Opened(0)).headers,
        )


_Status = Literal["completed", "incomplete", "failed", "cancelled", "queued", "in_progress"]


def _origin(deployment: Deployment) -> JsonObject:
    """Where a stored object lives, without any credential."""
    return {
        "model": deployment.requested,
        "provider": deployment.provider,
        "base_url": deployment.base_url,
        "api_version": deployment.api_version,
    }


def _status_of(result: JsonObject | None) -> Any:
    status = (result or {}).get("status")
    if status in ("incomplete", "failed", "cancelled", "queued", "in_progress"):
        return status
    return "completed"
