"""One way to call for every way of calling: sync, async, aiohttp, and users' own clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from typing import Any

from resp_core import AsyncClient, CallRecord, Client

#: Our own connections, blocking and awaited.
OWN = ("sync", "async")
#: All there are.
KINDS = (*OWN, "aiohttp", "httpx", "httpx2", "httpx-async", "httpx2-async")


def is_async(kind: str) -> bool:
    return kind.endswith("async") or kind == "aiohttp"


class Caller:
    """A client of one kind. Every call is a blocking one here; async ones get a loop of their own.

    `seen` holds the events of the last stream, also of one that failed; `records` what a hook
    was told.
    """

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind = kind
        self.seen: list[Any] = []
        self.records: list[CallRecord] = []
        defaults = {"model": "openai/m", "api_key": "sk-test", "max_retries": 0, "timeout": 5.0}
        self.options = {**defaults, "hooks": [self.records.append], **options}

    def respond(self, **params: Any) -> Any:
        return self._call(lambda client: client.responses.create(**{"input": "Hi", **params}))

    def chat(self, **params: Any) -> Any:
        messages = [{"role": "user", "content": "Hi"}]
        return self._call(
            lambda client: client.chat.completions.create(**{"messages": messages, **params})
        )

    def stream(self, **params: Any) -> list[Any]:
        return self._read(lambda client: client.responses.stream(**{"input": "Hi", **params}))

    def chat_stream(self, **params: Any) -> list[Any]:
        messages = [{"role": "user", "content": "Hi"}]
        return self._read(
            lambda client: client.chat.completions.stream(**{"messages": messages, **params})
        )

    def call(self, act: Callable[[Any], Any]) -> Any:
        """`act` on the client; what it returns is awaited where it has to be."""
        return self._call(act)

    def _call(self, act: Callable[[Any], Any]) -> Any:
        if is_async(self.kind):
            return asyncio.run(self._awaited(act))
        with ExitStack() as stack:
            return act(self._sync(stack))

    def _read(self, act: Callable[[Any], Any]) -> list[Any]:
        self.seen = []
        if is_async(self.kind):
            asyncio.run(self._read_awaited(act))
        else:
            with ExitStack() as stack:
                for event in act(self._sync(stack)):
                    self.seen.append(event)
        return self.seen

    async def _awaited(self, act: Callable[[Any], Any]) -> Any:
        async with AsyncExitStack() as stack:
            return await act(await self._async(stack))

    async def _read_awaited(self, act: Callable[[Any], Any]) -> None:
        async with AsyncExitStack() as stack:
            async for event in act(await self._async(stack)):
                self.seen.append(event)

    def _sync(self, stack: ExitStack) -> Client:
        options = dict(self.options)
        if self.kind in ("httpx", "httpx2"):
            library = __import__(self.kind)
            options["http_client"] = stack.enter_context(library.Client())
        return stack.enter_context(Client(**options))

    async def _async(self, stack: AsyncExitStack) -> AsyncClient:
        options = dict(self.options)
        if self.kind in ("httpx-async", "httpx2-async"):
            library = __import__(self.kind.partition("-")[0])
            options["http_async_client"] = await stack.enter_async_context(library.AsyncClient())
        if self.kind == "aiohttp":
            options["transport"] = "aiohttp"
        return await stack.enter_async_context(AsyncClient(**options))
