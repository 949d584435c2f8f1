"""`client.responses`: create, stream, parse, and everything about stored responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from resp_core.client import plan
from resp_core.client.background import waiting
from resp_core.client.pages import AsyncPages, Page
from resp_core.client.params import CompactParams, ListParams, ModelOptions
from resp_core.client.parsed import ParsedResponse, response_reader
from resp_core.client.raw import (
    AsyncRawView,
    RawInputItems,
    RawInputTokens,
    RawResponses,
    RawView,
)
from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from resp_core.client.carrier import AsyncCarrier, Carrier
    from resp_core.client.obj import Result
    from resp_core.client.params import (
        CountParams,
        ParseParams,
        ResponseParams,
        RetrieveParams,
        StreamParams,
        WaitParams,
    )
    from resp_core.client.raw import RawAnswer
    from resp_core.client.stream import AsyncStream, Stream
    from resp_core.route.deployment import Operation
    from resp_core.types.request import OnUnsupported

__all__ = [
    "AsyncInputItems",
    "AsyncInputTokens",
    "AsyncResponses",
    "InputItems",
    "InputTokens",
    "Responses",
]


class Responses:
    """The Responses API at any provider; where a provider lacks it, a Chat server behind it."""

    def __init__(self, client: Carrier) -> None:
        self._client = client

    @property
    def input_items(self) -> InputItems:
        """The input of a stored response."""
        return InputItems(self._client)

    @property
    def input_tokens(self) -> InputTokens:
        """The OpenAI SDK's place for `count_tokens`."""
        return InputTokens(self._client)

    @property
    def with_raw_response(self) -> RawResponses[RawAnswer]:
        """The same methods, answering with status, headers and the parsed result."""
        return RawResponses(Responses(RawView(self._client)))

    @overload
    def create(
        self, *, stream: Literal[False] | None = None, **params: Unpack[ResponseParams]
    ) -> Result: ...
    @overload
    def create(self, *, stream: Literal[True], **params: Unpack[ResponseParams]) -> Stream: ...
    @overload
    def create(
        self, *, stream: bool | None, **params: Unpack[ResponseParams]
    ) -> Result | Stream: ...
    def create(
        self, *, stream: bool | None = None, **params: Unpack[ResponseParams]
    ) -> Result | Stream:
        """A response, or with `stream=True` its events.

        Raises ArgumentError before anything is sent, APIError after.
        """
        default = self._client.on_unsupported
        return self._client.answer(plan.response_turn(params, bool(stream), default))

    def stream(self, **params: Unpack[StreamParams]) -> Stream:
        """The events of a response; the request is sent when the first one is read.

        With `response_id` those of a response that is there already, after the event number
        `starting_after`. With `text_format`, `get_final_response()` has `output_parsed`.
        """
        return self._client.lazily(plan.response_stream(params, self._client.on_unsupported))

    def parse(
        self, *, stream: Literal[False] | None = None, **params: Unpack[ParseParams]
    ) -> ParsedResponse:
        """A response whose text is read as `text_format`: a pydantic class, another type, or a
        schema. `output_parsed` holds the object.

        Raises RefusalError when the model declined and ProtocolError when the text does not fit.
        """
        return self._client.answer(_parse(params, stream, self._client.on_unsupported))

    @overload
    def retrieve(
        self,
        response_id: str,
        *,
        stream: Literal[False] | None = None,
        **params: Unpack[RetrieveParams],
    ) -> Result: ...
    @overload
    def retrieve(
        self, response_id: str, *, stream: Literal[True], **params: Unpack[RetrieveParams]
    ) -> Stream: ...
    @overload
    def retrieve(
        self, response_id: str, *, stream: bool | None, **params: Unpack[RetrieveParams]
    ) -> Result | Stream: ...
    def retrieve(
        self, response_id: str, *, stream: bool | None = None, **params: Unpack[RetrieveParams]
    ) -> Result | Stream:
        """A stored response; with `stream=True` its events after number `starting_after`."""
        return self._client.answer(plan.retrieve(response_id, params, stream=bool(stream)))

    def delete(self, response_id: str, **params: Unpack[ModelOptions]) -> Result:
        """Delete a stored response: `id`, `object` and `deleted`."""
        return self._client.answer(_stored("responses.delete", response_id, params))

    def cancel(self, response_id: str, **params: Unpack[ModelOptions]) -> Result:
        """Cancel a response that runs in the background; it may be called again."""
        return self._client.answer(_stored("responses.cancel", response_id, params))

    def wait(self, response_id: str, **params: Unpack[WaitParams]) -> Result:
        """A background response once it has ended.

        It is looked up again and again, after `interval` seconds (default 1, growing to 10); or,
        where `starting_after` is given and it was made with `stream=True`, its stream is read on
        from that event, and taken up again where it breaks. `within` bounds the whole wait in
        seconds (default: the client's timeout). Raises APITimeoutError, ResponseFailedError or
        ResponseCancelledError.
        """
        return self._client.step_through(waiting(response_id, params, self._client.clock))

    def compact(self, **params: Unpack[CompactParams]) -> Result:
        """A shorter window of a conversation: pass its `output` on as the next input."""
        return self._client.answer(
            plan.operation("responses.compact", params, CompactParams, with_model=True)
        )

    def count_tokens(self, **params: Unpack[CountParams]) -> Result:
        """The tokens of a request, counted by the provider without generating: `input_tokens`."""
        return self._client.answer(plan.count(params))


class InputItems:
    """`client.responses.input_items`."""

    def __init__(self, client: Carrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawInputItems[RawAnswer]:
        """The same method, answering with status, headers and the parsed result."""
        return RawInputItems(InputItems(RawView(self._client)))

    def list(self, response_id: str, **params: Unpack[ListParams]) -> Page:
        """The input of a response, newest first by default, a page at a time."""
        return self._client.answer(_page(response_id, params))

    __call__ = list


class InputTokens:
    """`client.responses.input_tokens`."""

    def __init__(self, client: Carrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawInputTokens[RawAnswer]:
        """The same method, answering with status, headers and the parsed result."""
        return RawInputTokens(InputTokens(RawView(self._client)))

    def count(self, **params: Unpack[CountParams]) -> Result:
        """`client.responses.count_tokens`."""
        return self._client.answer(plan.count(params))


class AsyncResponses:
    """The Responses API at any provider; where a provider lacks it, a Chat server behind it."""

    def __init__(self, client: AsyncCarrier) -> None:
        self._client = client

    @property
    def input_items(self) -> AsyncInputItems:
        """The input of a stored response."""
        return AsyncInputItems(self._client)

    @property
    def input_tokens(self) -> AsyncInputTokens:
        """The OpenAI SDK's place for `count_tokens`."""
        return AsyncInputTokens(self._client)

    @property
    def with_raw_response(self) -> RawResponses[Awaitable[RawAnswer]]:
        """The same methods, answering with status, headers and the parsed result."""
        return RawResponses(AsyncResponses(AsyncRawView(self._client)))

    @overload
    async def create(
        self, *, stream: Literal[False] | None = None, **params: Unpack[ResponseParams]
    ) -> Result: ...
    @overload
    async def create(
        self, *, stream: Literal[True], **params: Unpack[ResponseParams]
    ) -> AsyncStream: ...
    @overload
    async def create(
        self, *, stream: bool | None, **params: Unpack[ResponseParams]
    ) -> Result | AsyncStream: ...
    async def create(
        self, *, stream: bool | None = None, **params: Unpack[ResponseParams]
    ) -> Result | AsyncStream:
        """A response, or with `stream=True` its events.

        Raises ArgumentError before anything is sent, APIError after.
        """
        default = self._client.on_unsupported
        return await self._client.answer(plan.response_turn(params, bool(stream), default))

    def stream(self, **params: Unpack[StreamParams]) -> AsyncStream:
        """The events of a response; the request is sent when the first one is read.

        With `response_id` those of a response that is there already, after the event number
        `starting_after`. With `text_format`, `get_final_response()` has `output_parsed`.
        """
        return self._client.lazily(plan.response_stream(params, self._client.on_unsupported))

    async def parse(
        self, *, stream: Literal[False] | None = None, **params: Unpack[ParseParams]
    ) -> ParsedResponse:
        """A response whose text is read as `text_format`: a pydantic class, another type, or a
        schema. `output_parsed` holds the object.

        Raises RefusalError when the model declined and ProtocolError when the text does not fit.
        """
        return await self._client.answer(_parse(params, stream, self._client.on_unsupported))

    @overload
    async def retrieve(
        self,
        response_id: str,
        *,
        stream: Literal[False] | None = None,
        **params: Unpack[RetrieveParams],
    ) -> Result: ...
    @overload
    async def retrieve(
        self, response_id: str, *, stream: Literal[True], **params: Unpack[RetrieveParams]
    ) -> AsyncStream: ...
    @overload
    async def retrieve(
        self, response_id: str, *, stream: bool | None, **params: Unpack[RetrieveParams]
    ) -> Result | AsyncStream: ...
    async def retrieve(
        self, response_id: str, *, stream: bool | None = None, **params: Unpack[RetrieveParams]
    ) -> Result | AsyncStream:
        """A stored response; with `stream=True` its events after number `starting_after`."""
        return await self._client.answer(plan.retrieve(response_id, params, stream=bool(stream)))

    async def delete(self, response_id: str, **params: Unpack[ModelOptions]) -> Result:
        """Delete a stored response: `id`, `object` and `deleted`."""
        return await self._client.answer(_stored("responses.delete", response_id, params))

    async def cancel(self, response_id: str, **params: Unpack[ModelOptions]) -> Result:
        """Cancel a response that runs in the background; it may be called again."""
        return await self._client.answer(_stored("responses.cancel", response_id, params))

    async def wait(self, response_id: str, **params: Unpack[WaitParams]) -> Result:
        """A background response once it has ended.

        It is looked up again and again, after `interval` seconds (default 1, growing to 10); or,
        where `starting_after` is given and it was made with `stream=True`, its stream is read on
        from that event, and taken up again where it breaks. `within` bounds the whole wait in
        seconds (default: the client's timeout). Raises APITimeoutError, ResponseFailedError or
        ResponseCancelledError.
        """
        return await self._client.step_through(waiting(response_id, params, self._client.clock))

    async def compact(self, **params: Unpack[CompactParams]) -> Result:
        """A shorter window of a conversation: pass its `output` on as the next input."""
        return await self._client.answer(
            plan.operation("responses.compact", params, CompactParams, with_model=True)
        )

    async def count_tokens(self, **params: Unpack[CountParams]) -> Result:
        """The tokens of a request, counted by the provider without generating: `input_tokens`."""
        return await self._client.answer(plan.count(params))


class AsyncInputItems:
    """`client.responses.input_items`."""

    def __init__(self, client: AsyncCarrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawInputItems[Awaitable[RawAnswer]]:
        """The same method, answering with status, headers and the parsed result."""
        return RawInputItems(AsyncInputItems(AsyncRawView(self._client)))

    def list(self, response_id: str, **params: Unpack[ListParams]) -> AsyncPages:
        """The input of a response, newest first by default: `await` gives the first page,
        `async for` all of it."""
        return AsyncPages(self._client, _page(response_id, params))

    __call__ = list


class AsyncInputTokens:
    """`client.responses.input_tokens`."""

    def __init__(self, client: AsyncCarrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawInputTokens[Awaitable[RawAnswer]]:
        """The same method, answering with status, headers and the parsed result."""
        return RawInputTokens(AsyncInputTokens(AsyncRawView(self._client)))

    async def count(self, **params: Unpack[CountParams]) -> Result:
        """`client.responses.count_tokens`."""
        return await self._client.answer(plan.count(params))


def _parse(params: Mapping[str, Any], stream: object, default: OnUnsupported) -> plan.Plan:
    if stream:
        raise ArgumentError(
            "parse() reads a whole answer: use stream(text_format=...) for its events.",
            param="stream",
        )
    given = dict(params)
    other = given.pop("parse_as", None)
    if other is None:
        read = response_reader(given.get("text_format"))
    else:
        read = response_reader(other, "parse_as")
    return plan.response_turn(given, False, default, read=read)


def _stored(name: Operation, response_id: str, params: Mapping[str, Any]) -> plan.Plan:
    return plan.operation(name, params, ModelOptions, ids=(response_id,))


def _page(response_id: str, params: Mapping[str, Any]) -> plan.Plan:
    return plan.page("responses.input_items", params, ListParams, (response_id,))
