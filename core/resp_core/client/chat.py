"""`client.chat.completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Unpack, overload

from resp_core.client import plan
from resp_core.client.parsed import ParsedCompletion, completion_reader
from resp_core.client.raw import AsyncRawView, RawCompletions, RawView

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from resp_core.client.carrier import AsyncCarrier, Carrier
    from resp_core.client.obj import Result
    from resp_core.client.params import ChatParams
    from resp_core.client.raw import RawAnswer
    from resp_core.client.stream import AsyncStream, Stream

__all__ = ["AsyncChat", "AsyncCompletions", "Chat", "Completions"]


class Chat:
    """`client.chat`."""

    def __init__(self, client: Carrier) -> None:
        self._client = client

    @property
    def completions(self) -> Completions:
        """`client.chat.completions`."""
        return Completions(self._client)


class Completions:
    """The Chat API at any provider; where a model lacks it, the Responses API behind it."""

    def __init__(self, client: Carrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawCompletions[RawAnswer]:
        """The same methods, answering with status, headers and the parsed result."""
        return RawCompletions(Completions(RawView(self._client)))

    @overload
    def create(
        self, *, stream: Literal[False] | None = None, **params: Unpack[ChatParams]
    ) -> Result: ...
    @overload
    def create(self, *, stream: Literal[True], **params: Unpack[ChatParams]) -> Stream: ...
    @overload
    def create(self, *, stream: bool | None, **params: Unpack[ChatParams]) -> Result | Stream: ...
    def create(
        self, *, stream: bool | None = None, **params: Unpack[ChatParams]
    ) -> Result | Stream:
        """A chat completion, or with `stream=True` its chunks.

        Raises ArgumentError before anything is sent, APIError after.
        """
        default = self._client.on_unsupported
        return self._client.answer(plan.chat_turn(params, bool(stream), default))

    def stream(self, **params: Unpack[ChatParams]) -> Stream:
        """The chunks of a completion; the request is sent when the first one is read.

        With a class as `response_format`, `get_final_completion()` has it read.
        """
        wanted, default = params.get("response_format"), self._client.on_unsupported
        read = completion_reader(wanted) if isinstance(wanted, type) else None
        return self._client.lazily(plan.chat_turn(params, True, default, read=read))

    def parse(self, **params: Unpack[ChatParams]) -> ParsedCompletion:
        """A completion whose text is read as `response_format`: a pydantic class, another type,
        or a schema. `choices[0].message.parsed` holds the object.

        Raises RefusalError when the model declined and ProtocolError when the text does not fit.
        """
        read = completion_reader(params.get("response_format"))
        default = self._client.on_unsupported
        return self._client.answer(plan.chat_turn(params, False, default, read=read))


class AsyncChat:
    """`client.chat`."""

    def __init__(self, client: AsyncCarrier) -> None:
        self._client = client

    @property
    def completions(self) -> AsyncCompletions:
        """`client.chat.completions`."""
        return AsyncCompletions(self._client)


class AsyncCompletions:
    """The Chat API at any provider; where a model lacks it, the Responses API behind it."""

    def __init__(self, client: AsyncCarrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawCompletions[Awaitable[RawAnswer]]:
        """The same methods, answering with status, headers and the parsed result."""
        return RawCompletions(AsyncCompletions(AsyncRawView(self._client)))

    @overload
    async def create(
        self, *, stream: Literal[False] | None = None, **params: Unpack[ChatParams]
    ) -> Result: ...
    @overload
    async def create(
        self, *, stream: Literal[True], **params: Unpack[ChatParams]
    ) -> AsyncStream: ...
    @overload
    async def create(
        self, *, stream: bool | None, **params: Unpack[ChatParams]
    ) -> Result | AsyncStream: ...
    async def create(
        self, *, stream: bool | None = None, **params: Unpack[ChatParams]
    ) -> Result | AsyncStream:
        """A chat completion, or with `stream=True` its chunks.

        Raises ArgumentError before anything is sent, APIError after.
        """
        default = self._client.on_unsupported
        return await self._client.answer(plan.chat_turn(params, bool(stream), default))

    def stream(self, **params: Unpack[ChatParams]) -> AsyncStream:
        """The chunks of a completion; the request is sent when the first one is read.

        With a class as `response_format`, `get_final_completion()` has it read.
        """
        wanted, default = params.get("response_format"), self._client.on_unsupported
        read = completion_reader(wanted) if isinstance(wanted, type) else None
        return self._client.lazily(plan.chat_turn(params, True, default, read=read))

    async def parse(self, **params: Unpack[ChatParams]) -> ParsedCompletion:
        """A completion whose text is read as `response_format`: a pydantic class, another type,
        or a schema. `choices[0].message.parsed` holds the object.

        Raises RefusalError when the model declined and ProtocolError when the text does not fit.
        """
        read = completion_reader(params.get("response_format"))
        default = self._client.on_unsupported
        return await self._client.answer(plan.chat_turn(params, False, default, read=read))
