"""What LlamaIndex wants told about each request: events, callbacks, the rate limiter.

The same, in the same order, as `llama_index.core.llms.callbacks` does, whose decorators build
every event even where nobody listens: that alone costs more than everything else here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from llama_index.core.base.llms.types import ChatMessage
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

from llamaindex_resp.redact import shown
from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from resp_core.types.json import JsonObject

__all__ = ["chat_endpoint", "completion_endpoint", "somebody_listens"]

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_dispatcher: Any = callbacks.dispatcher


def _messages(given: Any) -> list[ChatMessage]:
    """The messages as a list. Raises ArgumentError."""
    single = isinstance(given, (str, bytes, dict, ChatMessage))
    if single or not isinstance(given, Iterable):
        kind = type(cast("object", given)).__name__
        raise ArgumentError(
            f"messages must be a list of ChatMessage, not {kind}: "
            '[ChatMessage(role="user", content=...)], or `complete` for a text.',
            param="messages",
        )
    several = cast("Iterable[Any]", given)
    messages = cast("list[Any]", several) if isinstance(several, (list, tuple)) else list(several)
    for number, message in enumerate(messages):
        if type(message) is not ChatMessage and not isinstance(message, ChatMessage):
            raise ArgumentError(
                f"messages[{number}] must be a ChatMessage, not {type(message).__name__}: "
                "ChatMessage(role=..., content=...).",
                param="messages",
            )
    return messages


def _prompt(given: Any) -> str:
    if not isinstance(given, str):
        raise ArgumentError(f"prompt must be a string, not {type(given).__name__}.", param="prompt")
    return given


@dataclass(frozen=True, slots=True)
class _Kind:
    """The words of one kind of endpoint: `subject` is the name of its first argument."""

    trace: str
    subject: str
    check: Callable[[Any], Any]
    asked: EventPayload
    answered: EventPayload
    start: Callable[..., Any]
    progress: Callable[..., Any]
    end: Callable[..., Any]


_CHAT = _Kind(
    "chat",
    "messages",
    _messages,
    EventPayload.MESSAGES,
    EventPayload.RESPONSE,
    LLMChatStartEvent,
    LLMChatInProgressEvent,
    LLMChatEndEvent,
)
_COMPLETION = _Kind(
    "completion",
    "prompt",
    _prompt,
    EventPayload.PROMPT,
    EventPayload.COMPLETION,
    LLMCompletionStartEvent,
    LLMCompletionInProgressEvent,
    LLMCompletionEndEvent,
)


class _Telling:
    """What is told about one request, from its start to its end, to those who listen."""

    __slots__ = ("_about", "_event_id", "_kind", "_manager", "_span_id")

    def __init__(self, llm: Any, kind: _Kind, subject: Any) -> None:
        manager: CallbackManager = llm.callback_manager
        self._kind = kind
        self._manager = manager if manager.handlers else None
        self._about = {kind.subject: subject}
        self._span_id = active_span_id.get()
        self._event_id = ""

    def trace(self) -> AbstractContextManager[None]:
        """What encloses the request for old-style callbacks."""
        return nullcontext() if self._manager is None else self._manager.as_trace(self._kind.trace)

    def started(self, llm: Any, kwargs: JsonObject) -> None:
        """The request is about to be made."""
        listened = somebody_listens()
        if not listened and self._manager is None:
            return
        kind, payload, kwargs = self._kind, llm.to_payload(), shown(kwargs)
        if listened:
            event = kind.start(
                **self._about, model_dict=payload, additional_kwargs=kwargs, span_id=self._span_id
            )
            _dispatcher.event(event)
        if self._manager is not None:
            self._event_id = self._manager.on_event_start(
                CBEventType.LLM,
                payload={
                    kind.asked: self._about[kind.subject],
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
        self._close({EventPayload.EXCEPTION: error})
        if streaming and somebody_listens():
            _dispatcher.event(ExceptionEvent(exception=error, span_id=self._span_id))

    def ended(self, answer: Any) -> None:
        """The whole answer is there: the last chunk of a stream."""
        kind = self._kind
        self._close({kind.asked: self._about[kind.subject], kind.answered: answer})
        if somebody_listens():
            _dispatcher.event(kind.end(**self._about, response=answer, span_id=self._span_id))

    def _close(self, payload: dict[str, Any]) -> None:
        if self._manager is not None:
            self._manager.on_event_end(CBEventType.LLM, payload=payload, event_id=self._event_id)

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
            async with aclosing(chunks):
                async for last in chunks:
                    self.progress(last)
                    yield last
        except BaseException as error:
            self.failed(error, streaming=True)
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
    def begin(llm: Any, args: tuple[Any, ...], kwargs: JsonObject) -> tuple[_Telling, list[Any]]:
        """Who is told of the call, and its positional arguments, the first of them checked."""
        given, *others = args or (kwargs.pop(kind.subject),)
        subject = kind.check(given)
        return _Telling(llm, kind, subject), [subject, *others]

    @functools.wraps(endpoint)
    async def awaited(self: Any, *given: Any, **kwargs: Any) -> Any:
        telling, args = begin(self, given, kwargs)
        with telling.trace():
            telling.started(self, kwargs)
            if self.rate_limiter is not None:
                await self.rate_limiter.async_acquire()
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
    def called(self: Any, *given: Any, **kwargs: Any) -> Any:
        telling, args = begin(self, given, kwargs)
        with telling.trace():
            telling.started(self, kwargs)
            if self.rate_limiter is not None:
                self.rate_limiter.acquire()
            try:
                answer = endpoint(self, *args, **kwargs)
            except BaseException as error:
                telling.failed(error, streaming=False)
                raise
            if isinstance(answer, Generator):
                return telling.stream(cast("Generator[Any, None, None]", answer))
            telling.ended(answer)
            return answer

    told: Any = awaited if inspect.iscoroutinefunction(endpoint) else called
    told.__signature__ = inspect.signature(endpoint)  # LlamaIndex's spans ask for it at each call
    return cast("Endpoint", told)


def chat_endpoint(endpoint: Endpoint) -> Endpoint:
    """A method that takes messages."""
    return _told(endpoint, _CHAT)


def completion_endpoint(endpoint: Endpoint) -> Endpoint:
    """A method that takes a prompt."""
    return _told(endpoint, _COMPLETION)
