"""The life of one call: authenticate, send, read, retry, record. A generator of effects, no I/O.

    Call.run    attempts until one succeeds or trying again is over; then the record
      _attempt  one request: Token, Open, then the body
        _stream   Read until the terminal event, decode, Emit
        _plain    Read all, decode

A test of this file is a list of (expected effect, answer to send).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from resp_core.auth.headers import auth_headers
from resp_core.auth.source import TokenAuth
from resp_core.effects import (
    Close,
    Emit,
    HttpCall,
    Limits,
    Load,
    Open,
    Opened,
    Read,
    Record,
    Save,
    Sleep,
    Token,
)
from resp_core.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    LimitError,
    ProtocolError,
    RespError,
    StreamIncomplete,
    StreamInterrupted,
)
from resp_core.observe.record import Attempt, CallRecord
from resp_core.observe.redact import redact, safe_headers, safe_url, secrets_in
from resp_core.providers import get
from resp_core.route.faults import (
    error_from_event,
    error_from_status,
    not_json,
    read_json,
    request_id_of,
)
from resp_core.route.limits import Paces
from resp_core.route.paths import add_query
from resp_core.route.retry import RetryPolicy, retry_delay
from resp_core.types.json import loads
from resp_core.wire.losses import Losses
from resp_core.wire.sse import SseDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable, Mapping

    from resp_core.effects import Answer, Effect
    from resp_core.route.deployment import Deployment, Operation
    from resp_core.types.json import JsonObject
    from resp_core.types.request import OnUnsupported, Wire
    from resp_core.wire.ids import NewId
    from resp_core.wire.pipeline import Reader

__all__ = ["Call", "Clock", "Policy", "Prepared", "Task"]

_READ = Read()
_ERROR_BODY_BYTES = 1024 * 1024
#: What reading a payload of another shape than the API's raises.
_MISSHAPEN = (KeyError, TypeError, AttributeError, IndexError, ValueError)


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, chance and ids, injected: `monotonic` and `wall` in seconds, `random` in [0, 1)."""

    monotonic: Callable[[], float]
    wall: Callable[[], float]
    random: Callable[[], float]
    new_id: NewId


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits of one call: `timeout` is the total over all attempts, in seconds.

    `connect` bounds making a connection, `idle` the silence inside a stream (None: unbounded),
    both in seconds; `body_bytes` the decoded answer.
    """

    timeout: float = 600.0
    connect: float = 5.0
    idle: float | None = 120.0
    body_bytes: int = 32 * 1024 * 1024
    stream_bytes: int = 1024 * 1024 * 1024
    retry: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A task made ready for one deployment: where it goes and what is sent.

    `streams` says whether the server is asked for a stream, which may differ from what the
    caller asked for. `remember` keeps the answer's id with its origin.
    """

    api: Wire
    operation: Operation
    ids: tuple[str, ...] = ()
    query: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    content: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    streams: bool = False
    remember: bool = False


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
    """One call. After `run` has ended, `result` and `record` hold its outcome.

    `walked_away` is set by whoever closes a stream that another thread is reading: what the
    reader then sees is an end, not a failure.
    """

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
        self.opened: Opened | None = None
        self.walked_away = False
        self._paces = Paces() if paces is None else paces
        self._losses = Losses("the server", task.on_unsupported)
        self._prepared: Prepared | None = None
        self._reader: Reader | None = None
        self._attempts: list[Attempt] = []
        self._refresh = False
        self._begun = clock.monotonic()
        self._wall = clock.wall()
        self._deadline = self._begun + policy.timeout
        self._http: HttpCall | None = None
        self._sent_at: float | None = None
        self._first: float | None = None

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
        return {"record": Record(self.record)}

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
        try:
            yield from self._tries(prepared)
        except RespError as error:
            self._explain(error)
            self.record = self._recorded("cancelled" if self.walked_away else "failed", error)
            yield Record(self.record)
            raise
        if prepared.remember and self.result is not None and self.result.get("id"):
            yield Save(f"origin:{self.result['id']}", _origin(self.deployment))
        self.record = self._recorded(_status_of(self.result), None)
        yield Record(self.record)

    def _tries(self, prepared: Prepared) -> Generator[Effect, Answer, None]:
        failures = 0
        while True:
            try:
                yield from self._attempt(prepared)
            except APIError as error:
                self._note_attempt(error)
                failures += 1
                if self._may_refresh(error):
                    self._refresh = True
                    continue
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
        if self.walked_away or (self._reader is not None and self._reader.committed):
            return None
        left = self._deadline - self.clock.monotonic()
        return retry_delay(error, failures, self.policy.retry, left=left, draw=self.clock.random())

    def _attempt(self, prepared: Prepared) -> Generator[Effect, Answer, None]:
        self._reader = reader = self.task.reader(prepared, self.clock, self._losses)
        auth, limits = self.deployment.auth, self._limits(prepared)
        token: object = None
        if isinstance(auth, TokenAuth):
            token = yield Token(auth.source, limits, self._refresh)
        self._http = http = self._request(prepared, limits, token)
        key = (self.deployment.base_url, self.deployment.model, auth)
        yield from self._paced(key)
        self.opened = None
        self._sent_at = self.clock.monotonic()
        opened: Opened = yield Open(http)
        self.opened = opened
        self._paces.learn(key, opened.status, opened.headers, self.clock.monotonic())
        if opened.status >= 300:
            raise self._refused(opened, http, (yield from self._body(_ERROR_BODY_BYTES)))
        if not prepared.streams or (kind := _kind(opened)) == "plain":
            yield from self._plain(reader)
        elif kind == "stream":
            yield from self._stream(reader)
        else:
            yield from self._unnamed(reader, opened)
        self.result = reader.result

    def _paced(self, key: Hashable) -> Generator[Effect, Answer, None]:
        """Wait for a place under the server's rate limit, unless that takes too long."""
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
            idle=policy.idle if prepared.streams else None,
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
        }
        return HttpCall(endpoint.method, url, headers, prepared.content, limits, prepared.streams)

    def _body(
        self, limit: int | None = None, first: bytes | None = None
    ) -> Generator[Effect, Answer, bytes]:
        """The body, which `first` begins; read no further than `limit` bytes."""
        chunk: bytes = (yield _READ) if first is None else first
        if not chunk:
            return b""
        chunks = [chunk]
        size = len(chunk)
        while limit is None or size < limit:
            chunk = yield _READ
            if not chunk:
                break
            chunks.append(chunk)
            size += len(chunk)
        else:
            yield Close()
        return b"".join(chunks)

    def _unnamed(self, reader: Reader, opened: Opened) -> Generator[Effect, Answer, None]:
        """An answer whose content type does not say whether it is a stream: its bytes do."""
        first: bytes = yield _READ
        if first.lstrip()[:1] in (b"{", b"[", b"<"):
            return (yield from self._plain(reader, first))
        try:
            yield from self._stream(reader, first)
        except StreamIncomplete:
            if reader.partial() is not None:
                raise
            raise not_json(
                first, opened.headers, opened.status, self.deployment.provider, self._secrets()
            ) from None

    def _plain(self, reader: Reader, first: bytes | None = None) -> Generator[Effect, Answer, None]:
        most = self.policy.body_bytes
        body = yield from self._body(most + 1, first)
        if len(body) > most:
            raise LimitError(f"The answer is larger than {most} bytes.")
        opened = self.opened or Opened(0)
        payload = read_json(
            body, opened.headers, opened.status, self.deployment.provider, self._secrets()
        )
        self._raise_inner(payload, reader)
        if self.task.stream:
            events = self._shaped(reader.unfolded, payload)
            self._first = self.clock.monotonic() - self._begun
            yield Emit(events)
        else:
            self._shaped(reader.whole, payload)

    def _stream(
        self, reader: Reader, first: bytes | None = None
    ) -> Generator[Effect, Answer, None]:
        sse = SseDecoder()
        done = False
        while not (done or reader.finished):
            try:
                chunk: bytes = (yield _READ) if first is None else first
            except APIConnectionError as error:
                raise self._interrupted(error) from error
            first = None
            frames = sse.feed(chunk) if chunk else sse.close()
            out: list[JsonObject] = []
            try:
                done = self._shaped(self._frames, frames, reader, out)
            finally:
                if out:
                    if self._first is None and reader.committed:
                        self._first = self.clock.monotonic() - self._begun
                    yield Emit(out)
            if not chunk:
                break
        else:
            yield Close()
        last = self._shaped(reader.close, done)
        if last:
            yield Emit(last)
        self._raise_failed(reader.result, reader)

    def _interrupted(self, error: APIConnectionError) -> APIConnectionError:
        """What a connection's end means inside a stream: nothing may be sent again."""
        if self.walked_away:
            return StreamInterrupted("The stream was closed while it was being read.")
        if isinstance(error, APITimeoutError):
            if error.kind == "total":
                return error
            return StreamInterrupted(f"The stream stopped: {error.message}")
        return StreamInterrupted(f"The stream broke off: {error.message}")

    def _shaped(self, read: Callable[..., _Read], *given: Any) -> _Read:
        """`read(*given)`; ProtocolError where the server's JSON lacks the API's shape."""
        try:
            return read(*given)
        except RespError:
            raise
        except _MISSHAPEN as error:
            raise ProtocolError(
                f"{self.deployment.provider} sent JSON that does not have the shape of its API "
                f"({type(error).__name__}: {redact(str(error)[:100], self._secrets())})."
            ) from error

    def _frames(
        self, frames: list[tuple[bytes, bytes]], reader: Reader, out: list[JsonObject]
    ) -> bool:
        """Decode events into `out`; True once `[DONE]` was read."""
        for name, data in frames:
            if data == b"[DONE]":
                return True
            if reader.finished:
                break  # what follows the terminal event says nothing any more
            try:
                payload = loads(data)
                kind = payload.get("type")
            except (ValueError, AttributeError, RecursionError):
                shown = redact(data[:2000].decode("utf-8", "replace"), self._secrets())[:200]
                raise ProtocolError(
                    f"An event of the stream is not a JSON object: {shown!r}"
                ) from None
            if kind == "error" or (kind is None and payload.get("error")) or name == b"error":
                raise self._reported(payload.get("error") or payload)
            events = reader.add(payload)
            if kind == "response.failed" and self.raises_failed:
                raise self._failed(payload.get("response"), reader)
            out += events
        return False

    def _raise_inner(self, payload: JsonObject, reader: Reader) -> None:
        """A 200 whose body says that something failed."""
        error = payload.get("error")
        if error and "output" not in payload and not payload.get("choices"):
            raise self._reported(error)
        if payload.get("status") == "failed" and self.raises_failed:
            self._shaped(reader.whole, payload)
        self._raise_failed(payload, reader)
        choices = payload.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            choice: JsonObject = choices[0]  # pyright: ignore[reportUnknownVariableType]
            if choice.get("finish_reason") == "error" and choice.get("error"):
                raise self._reported(choice["error"], partial=payload)

    def _raise_failed(self, response: JsonObject | None, reader: Reader) -> None:
        if response and response.get("status") == "failed" and self.raises_failed:
            raise self._failed(response, reader)

    def _failed(self, response: Any, reader: Reader) -> APIError:
        said = response.get("error") if isinstance(response, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        return self._reported(
            said or {"message": "the response failed"}, partial=reader.partial() or reader.result
        )

    @property
    def raises_failed(self) -> bool:
        """A stored response that failed is data when it is looked up, an error when created."""
        return self._prepared is not None and self._prepared.operation in ("responses", "chat")

    def _reported(self, said: Any, partial: JsonObject | None = None) -> APIError:
        opened = self.opened or Opened(0)
        if partial is None and self._reader is not None:
            partial = self._reader.partial()
        return error_from_event(
            said if isinstance(said, dict) else {"message": str(said)},  # pyright: ignore[reportUnknownArgumentType]
            provider=self.deployment.provider,
            model=self.deployment.model,
            request_id=request_id_of(opened.headers),
            secrets=self._secrets(),
            partial=partial,
        )

    def _refused(self, opened: Opened, http: HttpCall, body: bytes) -> APIError:
        deployment = self.deployment
        prepared = self.prepare()
        return error_from_status(
            opened.status,
            opened.headers,
            body,
            url=http.url,
            provider=deployment.provider,
            model=deployment.model,
            secrets=self._secrets(),
            hint=get(deployment.provider).advise(
                deployment, prepared.operation, opened.status, http.url
            )
            or "",
        )

    def _secrets(self) -> tuple[str, ...]:
        """What the last attempt sent and no text may show."""
        return () if self._http is None else secrets_in(self._http.headers, self._http.url)

    def _note_attempt(self, error: RespError | None) -> None:
        if self._sent_at is None or self._http is None:
            return
        sent_at, self._sent_at = self._sent_at, None
        opened = self.opened or Opened(0)
        self._attempts.append(
            Attempt(
                provider=self.deployment.provider,
                model=self.deployment.model,
                url=safe_url(self._http.url),
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
        partial = None if self._reader is None else self._reader.partial()
        if partial is not None:
            error.partial = partial

    def _recorded(self, status: _Status, error: RespError | None) -> CallRecord:
        deployment = self.deployment
        prepared = self.prepare()
        self._note_attempt(error)
        headers = (self.opened or Opened(0)).headers
        partial = self.result
        if partial is None and self._reader is not None:
            partial = self._reader.partial()
        seen = partial or {}
        return CallRecord(
            provider=deployment.provider,
            requested_model=deployment.requested,
            model=_text(seen.get("model")),
            deployment=deployment.model,
            api=prepared.api,
            operation=prepared.operation,
            stream=self.task.stream,
            status=status,
            started=self._wall,
            seconds=self.clock.monotonic() - self._begun,
            first_token=self._first,
            attempts=tuple(self._attempts),
            response_id=_text(seen.get("id")),
            request_id=request_id_of(headers),
            service_tier=_text(seen.get("service_tier")),
            usage=seen.get("usage") or None,
            dropped=tuple(self._losses.dropped),
            notes=tuple(self._losses.notes),
            headers=safe_headers(headers),
            error=None if error is None else type(error).__name__,
        )


_Read = TypeVar("_Read")
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


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _kind(opened: Opened) -> Literal["stream", "plain", "unsaid"]:
    """What an answer to a stream request says it is: some servers answer with plain JSON."""
    kind = opened.headers.get("content-type", "")
    if "stream" in kind or "ndjson" in kind:
        return "stream"
    return "plain" if "json" in kind or "html" in kind else "unsaid"
