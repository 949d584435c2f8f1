"""`client.chat.completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Unpack, overload

from resp_core.client import plan
from resp_core.client.parsed import ParsedCompletion, parsed_completion
from resp_core.client.raw import AsyncRawCompletions, RawCompletions

if TYPE_CHECKING:
    from resp_core.client.async_client import AsyncClient
    from resp_core.client.obj import Result
    from resp_core.client.params import ChatParams
    from resp_core.client.stream import AsyncStream, Stream
    from resp_core.client.sync_client import Client

__all__ = ["AsyncChat", "AsyncCompletions", "Chat", "Completions"]


class Chat:
    """`client.chat`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def completions(self) -> Completions:
        """`client.chat.completions`."""
        return Completions(self._client)


class Completions:
    """The Chat API at any provider; where a model lacks it, the Responses API behind it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawCompletions:
        """The same methods, answering with status, headers and the parsed result."""
        return RawCompletions(self._client)

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
        """The chunks of a completion; the request is sent when the first one is read."""
        default = self._client.on_unsupported
        return self._client.lazily(plan.chat_turn(params, True, default))

    def parse(self, **params: Unpack[ChatParams]) -> ParsedCompletion:
        """A completion whose text is read as `response_format`, a pydantic class.

        `choices[0].message.parsed` holds the object. Raises RefusalError when the model
        declined and ProtocolError when the text does not fit the class.
        """
        default = self._client.on_unsupported
        answer = self._client.answer(plan.chat_turn(params, False, default))
        return parsed_completion(answer, params.get("response_format"))


class AsyncChat:
    """`client.chat`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @property
    def completions(self) -> AsyncCompletions:
        """`client.chat.completions`."""
        return AsyncCompletions(self._client)


class AsyncCompletions:
    """The Chat API at any provider; where a model lacks it, the Responses API behind it."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> AsyncRawCompletions:
        """The same methods, answering with status, headers and the parsed result."""
        return AsyncRawCompletions(self._client)

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
        """The chunks of a completion; the request is sent when the first one is read."""
        default = self._client.on_unsupported
        return self._client.lazily(plan.chat_turn(params, True, default))

    async def parse(self, **params: Unpack[ChatParams]) -> ParsedCompletion:
        """A completion whose text is read as `response_format`, a pydantic class.

        `choices[0].message.parsed` holds the object. Raises RefusalError when the model
        declined and ProtocolError when the text does not fit the class.
        """
        default = self._client.on_unsupported
        answer = await self._client.answer(plan.chat_turn(params, False, default))
        return parsed_completion(answer, params.get("response_format"))
