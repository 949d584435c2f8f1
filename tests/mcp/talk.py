"""One conversation with MCP, whichever way it is held: hosted or emulated, sync or async, plain
or streamed. Streams are checked against the rules of the API as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from resp_core import AsyncClient, Client
from resp_core.io.state import MemoryState, StateStore
from resp_core.wire.validate import StreamValidator

#: Who runs MCP: the provider, or we, over a Chat or a Responses server.
WORLDS = ("hosted", "emulated-chat", "emulated-responses")
WAYS = ("sync", "async")
FORMS = ("plain", "stream")


class Talk:
    """Calls that share a state store, each with a client of its own."""

    def __init__(
        self,
        world: str,
        way: str = "sync",
        form: str = "plain",
        *,
        base_url: str = "",
        model: str = "demo",
        store: StateStore | str | None = None,
        **options: Any,
    ) -> None:
        self.way, self.form = way, form
        self.records: list[Any] = []
        self.events: list[dict[str, Any]] = []
        self.options: dict[str, Any] = {
            "state_store": MemoryState() if store is None else store,
            "max_retries": 0,
            "timeout": 20.0,
            "hooks": [self.records.append],
            **options,
        }
        self.options |= _where(world, model, base_url)

    def ask(self, **params: Any) -> dict[str, Any]:
        """The response, and `events` where it was streamed."""
        self.events = []
        if self.way == "async":
            return asyncio.run(self._ask_async(params))
        with Client(**self.options) as client:
            if self.form == "plain":
                return dict(client.responses.create(**params))
            checker = StreamValidator()
            with client.responses.create(**params, stream=True) as stream:
                for event in stream:
                    self._note(event, checker)
        return self._final(checker)

    async def _ask_async(self, params: dict[str, Any]) -> dict[str, Any]:
        async with AsyncClient(**self.options) as client:
            if self.form == "plain":
                return dict(await client.responses.create(**params))
            checker = StreamValidator()
            async with await client.responses.create(**params, stream=True) as stream:
                async for event in stream:
                    self._note(event, checker)
        return self._final(checker)

    def leave(self, when: Callable[[Any], bool], **params: Any) -> dict[str, Any]:
        """Read a stream up to the event at which the reader leaves: that event."""
        if self.way == "async":
            return asyncio.run(self._leave_async(when, params))
        with Client(**self.options) as client:
            stream = client.responses.create(**params, stream=True)
            with stream:
                return next(dict(event) for event in stream if when(event))

    async def _leave_async(
        self, when: Callable[[Any], bool], params: dict[str, Any]
    ) -> dict[str, Any]:
        async with (
            AsyncClient(**self.options) as client,
            await client.responses.create(**params, stream=True) as stream,
        ):
            async for event in stream:
                if when(event):
                    return dict(event)
        raise AssertionError("the event did not come")

    def _note(self, event: Any, checker: StreamValidator) -> None:
        checker.add(dict(event))
        self.events.append(dict(event))

    def _final(self, checker: StreamValidator) -> dict[str, Any]:
        checker.close()
        numbers = [event["sequence_number"] for event in self.events]
        assert numbers == list(range(len(numbers)))
        done = [event for event in self.events if event["type"] == "response.completed"]
        assert len(done) <= 1
        return dict(self.events[-1]["response"])


def _where(world: str, model: str, base_url: str) -> dict[str, Any]:
    if world == "hosted":
        return {"model": f"offline/{model}"}
    if world == "hosted-loopback":
        return {"model": f"offline/{model}", "base_url": f"{base_url}/v1"}
    if world == "emulated-chat":
        return {"model": f"offline/{model}", "api": "chat"}
    return {
        "model": f"custom/{model}",
        "base_url": f"{base_url}/v1",
        "api": "responses",
        "api_key": "sk-test",
    }


def kinds(response: dict[str, Any]) -> list[str]:
    return [item["type"] for item in response["output"]]


def items(response: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [dict(item) for item in response["output"] if item["type"] == kind]


def text(response: dict[str, Any]) -> str:
    return "".join(
        part["text"]
        for item in response["output"]
        if item["type"] == "message"
        for part in item["content"]
    )
