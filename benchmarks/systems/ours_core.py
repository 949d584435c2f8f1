"""resp_core: `Client` and `AsyncClient` over both APIs and both transports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import MODEL, PROMPT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "Aiohttp", "Chat", "Responses"]

NAME = f"openai/{MODEL}"
DELTA = "response.output_text.delta"


class Responses:
    """`client.responses`."""

    name = "resp-core"
    group = "core"
    environment = "main"
    targets: str | None = "core"
    imports = "import resp_core; resp_core.Client, resp_core.AsyncClient"

    def __init__(self, endpoint: Endpoint) -> None:
        import resp_core

        self._resp: Any = resp_core
        self._url = endpoint.url
        self._client: Any = resp_core.Client(base_url=endpoint.url, api_key="k")
        self._async: Any = None
        self._long: Any = None
        self._accounted: Any = None

    def _aclient(self) -> Any:
        if self._async is None:
            self._async = self._resp.AsyncClient(base_url=self._url, api_key="k")
        return self._async

    def call(self) -> Any:
        return self._client.responses.create(model=NAME, input=PROMPT)

    async def acall(self) -> Any:
        return await self._aclient().responses.create(model=NAME, input=PROMPT)

    def stream(self) -> Iterator[str]:
        with self._client.responses.create(model=NAME, input=PROMPT, stream=True) as events:
            for event in events:
                if event.type == DELTA:
                    yield event.delta

    async def astream(self) -> AsyncIterator[str]:
        stream = await self._aclient().responses.create(model=NAME, input=PROMPT, stream=True)
        async with stream as events:
            async for event in events:
                if event.type == DELTA:
                    yield event.delta

    def long(self) -> Any:
        if self._long is None:
            from benchmarks.conversation import responses_items, responses_tools

            self._long = {"input": responses_items(), "tools": responses_tools()}
        return self._client.responses.create(model=NAME, **self._long)

    def account(self) -> Any:
        """What accounting adds to a call: its labels, the facts kept, the price, the ledger's row.

        Nothing of it lies on the way of an answer, except the labels and the facts.
        """
        if self._accounted is None:
            from benchmarks.systems.accounting import Accounting

            self._accounted = Accounting(self.call(), NAME, PROMPT)
        return self._accounted.run()

    async def aclose(self) -> None:
        if self._async is not None:
            await self._async.close()


class Chat(Responses):
    """`client.chat.completions`."""

    name = "resp-core chat"
    _messages = [{"role": "user", "content": PROMPT}]  # noqa: RUF012

    def call(self) -> Any:
        return self._client.chat.completions.create(model=NAME, messages=self._messages)

    async def acall(self) -> Any:
        create = self._aclient().chat.completions.create
        return await create(model=NAME, messages=self._messages)

    def stream(self) -> Iterator[str]:
        create = self._client.chat.completions.create
        with create(model=NAME, messages=self._messages, stream=True) as chunks:
            for chunk in chunks:
                if chunk.choices and (text := chunk.choices[0].delta.content):
                    yield text

    async def astream(self) -> AsyncIterator[str]:
        create = self._aclient().chat.completions.create
        stream = await create(model=NAME, messages=self._messages, stream=True)
        async with stream as chunks:
            async for chunk in chunks:
                if chunk.choices and (text := chunk.choices[0].delta.content):
                    yield text

    def long(self) -> Any:
        if self._long is None:
            from benchmarks.conversation import chat_messages, chat_tools

            self._long = {"messages": chat_messages(), "tools": chat_tools()}
        return self._client.chat.completions.create(model=NAME, **self._long)


class Aiohttp:
    """`AsyncClient(transport="aiohttp")`: async only."""

    name = "resp-core aiohttp"
    group = "core"
    environment = "main"
    targets: str | None = "core-aiohttp"
    imports = "import resp_core; resp_core.AsyncClient"

    def __init__(self, endpoint: Endpoint) -> None:
        import resp_core

        self._client: Any = resp_core.AsyncClient(
            base_url=endpoint.url, api_key="k", transport="aiohttp"
        )

    async def acall(self) -> Any:
        return await self._client.responses.create(model=NAME, input=PROMPT)

    async def astream(self) -> AsyncIterator[str]:
        stream = await self._client.responses.create(model=NAME, input=PROMPT, stream=True)
        async with stream as events:
            async for event in events:
                if event.type == DELTA:
                    yield event.delta

    async def aclose(self) -> None:
        await self._client.close()


SYSTEMS = (Responses, Chat, Aiohttp)
