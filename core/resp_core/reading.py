"""Reading the answer to one attempt: from bytes to what the caller gets, or to an error.

run         a refusal, a plain body or a stream
  _stream   Read until the terminal event, decode, Emit
  _plain    Read all, decode
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from resp_core.effects import Close, Emit, Opened, Read
from resp_core.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    LimitError,
    ProtocolError,
    RespError,
    StreamIncomplete,
    StreamInterrupted,
)
from resp_core.observe.redact import redact, secrets_in
from resp_core.providers import get
from resp_core.route.faults import (
    error_from_event,
    error_from_status,
    json_object,
    not_json,
    request_id_of,
)
from resp_core.types.json import loads
from resp_core.wire.sse import SseDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from resp_core.effects import Answer, Effect, HttpCall
    from resp_core.route.deployment import Deployment, Operation
    from resp_core.types.json import JsonObject
    from resp_core.wire.pipeline import Reader

__all__ = ["Reading"]

_READ = Read()
_ERROR_BODY_BYTES = 1024 * 1024
#: What reading a payload of another shape than the API's raises.
_MISSHAPEN = (KeyError, TypeError, AttributeError, IndexError, ValueError)
_Read = TypeVar("_Read")


class Reading:
    """One attempt and what became of it.

    `opened` is the beginning of its answer, `first_at` the instant (of `monotonic`) of the first
    event with content.
    """

    def __init__(
        self,
        reader: Reader,
        http: HttpCall,
        deployment: Deployment,
        operation: Operation,
        *,
        as_events: bool,
        most_bytes: int,
        monotonic: Callable[[], float],
    ) -> None:
        self.reader = reader
        self.http = http
        self.opened: Opened | None = None
        self.first_at: float | None = None
        self._deployment = deployment
        self._operation: Operation = operation
        self._as_events = as_events
        self._most_bytes = most_bytes
        self._monotonic = monotonic

    def run(self, opened: Opened) -> Generator[Effect, Answer, None]:
        """Read the answer that begins with `opened`. Raises APIError."""
        self.opened = opened
        if opened.status >= 300:
            raise self._refused(opened, (yield from self._body(_ERROR_BODY_BYTES)))
        if not self.http.stream or (kind := _kind(opened)) == "plain":
            yield from self._plain(opened)
        elif kind == "stream":
            yield from self._stream()
        else:
            yield from self._unnamed(opened)

    def partial(self) -> JsonObject | None:
        """What came so far, in the caller's wire; None where nothing did that has a shape."""
        try:
            return self.reader.partial()
        except _MISSHAPEN:
            return None

    def _body(self, most: int, first: bytes | None = None) -> Generator[Effect, Answer, bytes]:
        """The body, which `first` begins; not read on once `most` bytes came."""
        chunk: bytes = (yield _READ) if first is None else first
        if not chunk:
            return b""
        chunks = [chunk]
        size = len(chunk)
        while size < most:
            chunk = yield _READ
            if not chunk:
                break
            chunks.append(chunk)
            size += len(chunk)
        else:
            yield Close()
        return b"".join(chunks)

    def _unnamed(self, opened: Opened) -> Generator[Effect, Answer, None]:
        """An answer whose content type does not say whether it is a stream: its bytes do."""
        first: bytes = yield _READ
        if first.lstrip()[:1] in (b"{", b"[", b"<"):
            return (yield from self._plain(opened, first))
        try:
            yield from self._stream(first)
        except StreamIncomplete:
            if self.partial() is not None:
                raise
            raise not_json(
                first, opened.headers, opened.status, self._deployment.provider, self._secrets()
            ) from None

    def _plain(self, opened: Opened, first: bytes | None = None) -> Generator[Effect, Answer, None]:
        most = self._most_bytes
        body = yield from self._body(most + 1, first)
        if len(body) > most:
            raise LimitError(f"The answer is larger than {most} bytes.")
        payload = json_object(body)
        if payload is None:
            raise not_json(
                body, opened.headers, opened.status, self._deployment.provider, self._secrets()
            )
        self._raise_inner(payload)
        if self._as_events:
            events = self._shaped(self.reader.unfolded, payload)
            self.first_at = self._monotonic()
            yield Emit(events)
        else:
            self._shaped(self.reader.whole, payload)

    def _stream(self, first: bytes | None = None) -> Generator[Effect, Answer, None]:
        reader = self.reader
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
                done = self._shaped(self._frames, frames, out)
            finally:
                if out:
                    if self.first_at is None and reader.committed:
                        self.first_at = self._monotonic()
                    yield Emit(out)
            if not chunk:
                break
        else:
            yield Close()
        last = self._shaped(reader.close, done)
        if last:
            yield Emit(last)
        self._raise_failed(reader.result)

    def _interrupted(self, error: APIConnectionError) -> APIConnectionError:
        """What a connection's end means inside a stream: nothing may be sent again."""
        if isinstance(error, StreamInterrupted):
            return error
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
                f"{self._deployment.provider} sent JSON that does not have the shape of its API "
                f"({type(error).__name__}: {redact(str(error)[:100], self._secrets())})."
            ) from error

    def _frames(self, frames: list[tuple[bytes, bytes]], out: list[JsonObject]) -> bool:
        """Decode events into `out`; True once `[DONE]` was read."""
        reader = self.reader
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
            if kind == "response.failed" and self._raises_failed:
                raise self._failed(payload.get("response"))
            out += events
        return False

    def _raise_inner(self, payload: JsonObject) -> None:
        """A 200 whose body says that something failed."""
        error = payload.get("error")
        if error and "output" not in payload and not payload.get("choices"):
            raise self._reported(error)
        if payload.get("status") == "failed" and self._raises_failed:
            self._shaped(self.reader.whole, payload)
            raise self._failed(payload)
        choices = payload.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            choice: JsonObject = choices[0]  # pyright: ignore[reportUnknownVariableType]
            if choice.get("finish_reason") == "error" and choice.get("error"):
                raise self._reported(choice["error"], partial=payload)

    def _raise_failed(self, response: JsonObject | None) -> None:
        if response and response.get("status") == "failed" and self._raises_failed:
            raise self._failed(response)

    @property
    def _raises_failed(self) -> bool:
        """A stored response that failed is data when it is looked up, an error when created."""
        return self._operation in ("responses", "chat")

    def _failed(self, response: Any) -> APIError:
        said = response.get("error") if isinstance(response, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        return self._reported(
            said or {"message": "the response failed"},
            partial=self.partial() or self.reader.result,
        )

    def _reported(self, said: Any, partial: JsonObject | None = None) -> APIError:
        return error_from_event(
            said if isinstance(said, dict) else {"message": str(said)},  # pyright: ignore[reportUnknownArgumentType]
            provider=self._deployment.provider,
            model=self._deployment.model,
            request_id=request_id_of((self.opened or Opened(0)).headers),
            secrets=self._secrets(),
            partial=self.partial() if partial is None else partial,
        )

    def _refused(self, opened: Opened, body: bytes) -> APIError:
        deployment = self._deployment
        advice = get(deployment.provider).advise(
            deployment, self._operation, opened.status, self.http.url
        )
        return error_from_status(
            opened.status,
            opened.headers,
            body,
            url=self.http.url,
            provider=deployment.provider,
            model=deployment.model,
            secrets=self._secrets(),
            hint=advice or "",
        )

    def _secrets(self) -> tuple[str, ...]:
        """What was sent and no text may show."""
        return secrets_in(self.http.headers, self.http.url, self.http.secrets)


def _kind(opened: Opened) -> Literal["stream", "plain", "unsaid"]:
    """What an answer to a stream request says it is: some servers answer with plain JSON."""
    kind = opened.headers.get("content-type", "")
    if "event-stream" in kind or "ndjson" in kind:
        return "stream"
    return "plain" if "json" in kind or "html" in kind else "unsaid"
