"""`client.responses`: create, stream, parse, and everything about stored responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from resp_core.client import plan
from resp_core.client.background import next_wait
from resp_core.client.parsed import ParsedResponse, parsed_response
from resp_core.client.raw import AsyncRawResponses, RawResponses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from resp_core.client.async_client import AsyncClient
    from resp_core.client.obj import Result
    from resp_core.client.params import CallOptions, ResponseParams
    from resp_core.client.stream import AsyncStream, Stream
    from resp_core.client.sync_client import Client

__all__ = ["AsyncInputItems", "AsyncResponses", "InputItems", "Responses"]


class Responses:
    """The Responses API at any provider; where a provider lacks it, a Chat server behind it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def input_items(self) -> InputItems:
        """The input of a stored response."""
        return InputItems(self._client)

    @property
    def with_raw_response(self) -> RawResponses:
        """The same methods, answering with status, headers and the parsed result."""
        return RawResponses(self._client)

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

    def stream(self, **params: Unpack[ResponseParams]) -> Stream:
        """The events of a response; the request is sent when the first one is read."""
        default = self._client.on_unsupported
        return self._client.lazily(plan.response_turn(params, True, default))

    def parse(self, **params: Unpack[ResponseParams]) -> ParsedResponse:
        """A response whose text is read as `text_format`, a pydantic class.

        `output_parsed` holds the object. Raises RefusalError when the model declined and
        ProtocolError when the text does not fit the class.
        """
        default = self._client.on_unsupported
        answer = self._client.answer(plan.response_turn(params, False, default))
        return parsed_response(answer, params.get("text_format"))

    def retrieve(
        self,
        response_id: str,
        *,
        stream: bool = False,
        starting_after: int | None = None,
        include: Sequence[str] | None = None,
        include_obfuscation: bool | None = None,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Any:
        """A stored response; with `stream=True` its events after number `starting_after`."""
        query = {
            "include": include,
            "starting_after": starting_after,
            "include_obfuscation": include_obfuscation,
        }
        return self._client.answer(
            plan.operation(
                "responses.retrieve",
                options,
                ids=(response_id,),
                stored=True,
                query=query,
                model=model,
                stream=stream,
            )
        )

    def delete(
        self, response_id: str, *, model: str | None = None, **options: Unpack[CallOptions]
    ) -> Result:
        """Delete a stored response: `id`, `object` and `deleted`."""
        return self._client.answer(
            plan.operation(
                "responses.delete", options, ids=(response_id,), stored=True, model=model
            )
        )

    def cancel(
        self, response_id: str, *, model: str | None = None, **options: Unpack[CallOptions]
    ) -> Result:
        """Cancel a response that runs in the background; it may be called again."""
        return self._client.answer(
            plan.operation(
                "responses.cancel", options, ids=(response_id,), stored=True, model=model
            )
        )

    def wait(
        self,
        response_id: str,
        *,
        within: float | None = None,
        interval: float = 1.0,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """Poll a background response until it has ended; `interval` is in seconds and grows.

        `within` bounds the whole wait in seconds (None: the client's timeout). Raises
        APITimeoutError, ResponseFailedError or ResponseCancelledError.
        """
        clock = self._client.clock(within)
        while True:
            answer = self.retrieve(response_id, model=model, **options)
            pause = next_wait(answer, clock, interval)
            if pause is None:
                return answer
            self._client.sleep(pause)
            interval = min(interval * 1.5, 10.0)

    def compact(
        self,
        *,
        model: str | None = None,
        input: str | Iterable[Mapping[str, Any]] | None = None,
        previous_response_id: str | None = None,
        instructions: str | None = None,
        prompt_cache_key: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """A shorter window of a conversation: pass its `output` on as the next input."""
        body = {
            "input": input,
            "previous_response_id": previous_response_id,
            "instructions": instructions,
            "prompt_cache_key": prompt_cache_key,
        }
        return self._client.answer(
            plan.operation(
                "responses.compact",
                options,
                body=plan.without_none(body),
                model=model,
                with_model=True,
            )
        )

    def count_tokens(
        self,
        *,
        model: str | None = None,
        input: str | Iterable[Mapping[str, Any]] | None = None,
        **params: Any,
    ) -> Result:
        """The tokens of a request, counted by the provider without generating: `input_tokens`.

        Takes the parameters of `create` that bear on the input.
        """
        options, body = plan.counting(params, input)
        return self._client.answer(
            plan.operation(
                "responses.count_tokens", options, body=body, model=model, with_model=True
            )
        )


class InputItems:
    """`client.responses.input_items`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(
        self,
        response_id: str,
        *,
        after: str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        include: Sequence[str] | None = None,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """One page (`data`, `has_more`, `last_id`) of the input, newest first by default."""
        query = {"after": after, "limit": limit, "order": order, "include": include}
        return self._client.answer(
            plan.operation(
                "responses.input_items",
                options,
                ids=(response_id,),
                stored=True,
                query=query,
                model=model,
            )
        )

    __call__ = list


class AsyncResponses:
    """The Responses API at any provider; where a provider lacks it, a Chat server behind it."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @property
    def input_items(self) -> AsyncInputItems:
        """The input of a stored response."""
        return AsyncInputItems(self._client)

    @property
    def with_raw_response(self) -> AsyncRawResponses:
        """The same methods, answering with status, headers and the parsed result."""
        return AsyncRawResponses(self._client)

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

    def stream(self, **params: Unpack[ResponseParams]) -> AsyncStream:
        """The events of a response; the request is sent when the first one is read."""
        default = self._client.on_unsupported
        return self._client.lazily(plan.response_turn(params, True, default))

    async def parse(self, **params: Unpack[ResponseParams]) -> ParsedResponse:
        """A response whose text is read as `text_format`, a pydantic class.

        `output_parsed` holds the object. Raises RefusalError when the model declined and
        ProtocolError when the text does not fit the class.
        """
        default = self._client.on_unsupported
        answer = await self._client.answer(plan.response_turn(params, False, default))
        return parsed_response(answer, params.get("text_format"))

    async def retrieve(
        self,
        response_id: str,
        *,
        stream: bool = False,
        starting_after: int | None = None,
        include: Sequence[str] | None = None,
        include_obfuscation: bool | None = None,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Any:
        """A stored response; with `stream=True` its events after number `starting_after`."""
        query = {
            "include": include,
            "starting_after": starting_after,
            "include_obfuscation": include_obfuscation,
        }
        return await self._client.answer(
            plan.operation(
                "responses.retrieve",
                options,
                ids=(response_id,),
                stored=True,
                query=query,
                model=model,
                stream=stream,
            )
        )

    async def delete(
        self, response_id: str, *, model: str | None = None, **options: Unpack[CallOptions]
    ) -> Result:
        """Delete a stored response: `id`, `object` and `deleted`."""
        return await self._client.answer(
            plan.operation(
                "responses.delete", options, ids=(response_id,), stored=True, model=model
            )
        )

    async def cancel(
        self, response_id: str, *, model: str | None = None, **options: Unpack[CallOptions]
    ) -> Result:
        """Cancel a response that runs in the background; it may be called again."""
        return await self._client.answer(
            plan.operation(
                "responses.cancel", options, ids=(response_id,), stored=True, model=model
            )
        )

    async def wait(
        self,
        response_id: str,
        *,
        within: float | None = None,
        interval: float = 1.0,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """Poll a background response until it has ended; `interval` is in seconds and grows.

        `within` bounds the whole wait in seconds (None: the client's timeout). Raises
        APITimeoutError, ResponseFailedError or ResponseCancelledError.
        """
        clock = self._client.clock(within)
        while True:
            answer = await self.retrieve(response_id, model=model, **options)
            pause = next_wait(answer, clock, interval)
            if pause is None:
                return answer
            await self._client.sleep(pause)
            interval = min(interval * 1.5, 10.0)

    async def compact(
        self,
        *,
        model: str | None = None,
        input: str | Iterable[Mapping[str, Any]] | None = None,
        previous_response_id: str | None = None,
        instructions: str | None = None,
        prompt_cache_key: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """A shorter window of a conversation: pass its `output` on as the next input."""
        body = {
            "input": input,
            "previous_response_id": previous_response_id,
            "instructions": instructions,
            "prompt_cache_key": prompt_cache_key,
        }
        return await self._client.answer(
            plan.operation(
                "responses.compact",
                options,
                body=plan.without_none(body),
                model=model,
                with_model=True,
            )
        )

    async def count_tokens(
        self,
        *,
        model: str | None = None,
        input: str | Iterable[Mapping[str, Any]] | None = None,
        **params: Any,
    ) -> Result:
        """The tokens of a request, counted by the provider without generating: `input_tokens`.

        Takes the parameters of `create` that bear on the input.
        """
        options, body = plan.counting(params, input)
        return await self._client.answer(
            plan.operation(
                "responses.count_tokens", options, body=body, model=model, with_model=True
            )
        )


class AsyncInputItems:
    """`client.responses.input_items`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(
        self,
        response_id: str,
        *,
        after: str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        include: Sequence[str] | None = None,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """One page (`data`, `has_more`, `last_id`) of the input, newest first by default."""
        query = {"after": after, "limit": limit, "order": order, "include": include}
        return await self._client.answer(
            plan.operation(
                "responses.input_items",
                options,
                ids=(response_id,),
                stored=True,
                query=query,
                model=model,
            )
        )

    __call__ = list
