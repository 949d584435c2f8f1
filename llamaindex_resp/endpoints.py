"""What LlamaIndex wants told about each request: events, callbacks, the rate limiter.

The same, in the same order, as `llama_index.core.llms.callbacks` does, whose decorators build an
event for every chunk even where nobody listens: that alone costs more than everything else here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from llama_index.core.callbacks import CallbackManager, CBEventType, EventPayload
from llama_index.core.instrumentation.event_handlers import NullEventHandler
from llama_index.core.instrumentation.events.exception import ExceptionEvent
from llama_index.core.instrumentation.events.llm import (
    LLMChatEndEvent,
    LLMChatInProgressEvent,
    LLMChatStartEvent,
    LLMCompletionEndEvent,
    LLMCompletionInProgressEvent,
    LLMCompletionStartEvent,
)
from llama_index.core.instrumentation.span import active_span_id
from llama_index.core.llms import callbacks

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["chat_endpoint", "completion_endpoint", "somebody_listens"]

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_dispatcher: Any = callbacks.dispatcher


@dataclass(frozen=True, slots=True)
class _Kind:
    """The words of one kind of endpoint: `subject` is the name of its first argument."""

    trace: str
    subject: str
    asked: EventPayload
    answered: EventPayload
    start: Callable[..., Any]
    progress: Callable[..., Any]
    end: Callable[..., Any]


_CHAT = _Kind(
    "chat",
    "messages",
    EventPayload.MESSAGES,
    EventPayload.RESPONSE,
    LLMChatStartEvent,
    LLMChatInProgressEvent,
    LLMChatEndEvent,
)
_COMPLETION = _Kind(
    "completion",
    "prompt",
    EventPayload.PROMPT,
    EventPayload.COMPLETION,
    LLMCompletionStartEvent,
    LLMCompletionInProgressEvent,
    LLMCompletionEndEvent,
)


class _Telling:
    """What is told about one request, from its start to its end."""

    __slots__ = ("_about", "_event_id", "_kind", "_manager", "_span_id")

    def __init__(self, llm: Any, kind: _Kind, subject: Any, kwargs: JsonObject) -> None:
        self._kind = kind
        self._manager: CallbackManager = llm.callback_manager
        self._about = {kind.subject: subject}
        self._span_id = active_span_id.get()
        payload = llm.to_payload()
        _dispatcher.event(
            kind.start(
                **self._about, model_dict=payload, additional_kwargs=kwargs, span_id=self._span_id
            )
        )
        self._event_id = self._manager.on_event_start(
            CBEventType.LLM,
            payload={
                kind.asked: subject,
                EventPayload.ADDITIONAL_KWARGS: kwargs,
                EventPayload.SERIALIZED: payload,
            },
        )

    def progress(self, chunk: Any) -> None:
        """A chunk came."""
        if somebody_listens():
            event = self._kind.progress(**self._about, response=chunk, span_id=self._span_id)
            _dispatcher.event(event)

    def failed(self, error: BaseException, *, streaming: bool) -> None:
        """The request failed, or its stream was walked away from."""
        self._manager.on_event_end(
            CBEventType.LLM, payload={EventPayload.EXCEPTION: error}, event_id=self._event_id
        )
        if streaming:
            _dispatcher.event(ExceptionEvent(exception=error, span_id=self._span_id))

    def ended(self, answer: Any) -> None:
        """The whole answer is there: the last chunk of a stream."""
        subject = self._about[self._kind.subject]
        self._manager.on_event_end(
            CBEventType.LLM,
            payload={self._kind.asked: subject, self._kind.answered: answer},
            event_id=self._event_id,
        )
        _dispatcher.event(self._kind.end(**self._about, response=answer, span_id=self._span_id))

    def stream(self, chunks: Generator[Any, None, None]) -> Generator[Any, None, None]:
        """The chunks, each told of."""
        last = None
        try:
            for last in chunks:
                self.progress(last)
                yield last
        except BaseException as error:
            self.failed(error, streaming=True)
            raise
        self.ended(last)

    async def astream(self, chunks: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        """`stream` for `async for`; closing it closes the request at once."""
        last = None
        try:
            async for last in chunks:
                self.progress(last)
                yield last
        except BaseException as error:
            self.failed(error, streaming=True)
            await chunks.aclose()
            raise
        self.ended(last)


def somebody_listens() -> bool:
    """Whether an event would reach any handler, as `Dispatcher.event` looks for them."""
    dispatcher = _dispatcher
    while True:
        for handler in dispatcher.event_handlers:
            if type(handler) is not NullEventHandler:  # the root's, which does nothing
                return True
        if not dispatcher.propagate:
            return False
        dispatcher = dispatcher.parent


def _told(endpoint: Endpoint, kind: _Kind) -> Endpoint:
    def begin(llm: Any, subject: Any, kwargs: JsonObject) -> _Telling:
        return _Telling(llm, kind, subject, kwargs)

    @functools.wraps(endpoint)
    async def awaited(self: Any, *args: Any, **kwargs: Any) -> Any:
        with self.callback_manager.as_trace(kind.trace):
            subject = args[0] if args else kwargs[kind.subject]
            telling = begin(self, subject, kwargs)
            if (limiter := getattr(self, "rate_limiter", None)) is not None:
                await limiter.async_acquire()
            try:
                answer = await endpoint(self, *args, **kwargs)
            except BaseException as error:
                telling.failed(error, streaming=False)
                raise
            if isinstance(answer, AsyncGenerator):
                return telling.astream(cast("AsyncGenerator[Any, None]", answer))
            telling.ended(answer)
            return answer

    @functools.wraps(endpoint)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        with self.callback_manager.as_trace(kind.trace):
            subject = args[0] if args else kwargs[kind.subject]
            telling = begin(self, subject, kwargs)
            if (limiter := getattr(self, "rate_limiter", None)) is not None:
                limiter.acquire()
            try:
                answer = endpoint(self, *args, **kwargs)
            except BaseException as error:
                telling.failed(error, streaming=False)
                raise
            if isinstance(answer, Generator):
                return telling.stream(cast("Generator[Any, None, None]", answer))
            telling.ended(answer)
            return answer

    return cast("Endpoint", awaited if inspect.iscoroutinefunction(endpoint) else called)


def chat_endpoint(endpoint: Endpoint) -> Endpoint:
    """A method that takes messages."""
    return _told(endpoint, _CHAT)


def completion_endpoint(endpoint: Endpoint) -> Endpoint:
    """A method that takes a prompt."""
    return _told(endpoint, _COMPLETION)
