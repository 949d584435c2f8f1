"""LiteLLM's module functions, over both APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import MODEL, PROMPT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "Completion", "Responses"]

NAME = f"openai/{MODEL}"
DELTA = "response.output_text.delta"


class Responses:
    """`litellm.responses` and `aresponses`."""

    name = "litellm"
    group = "core"
    environment = "peers"
    targets = None
    imports = "import litellm; litellm.responses, litellm.completion"

    def __init__(self, endpoint: Endpoint) -> None:
        import litellm

        self._litellm: Any = litellm
        self._to = {"model": NAME, "api_base": endpoint.url, "api_key": "k"}
        self._long: Any = None

    def call(self) -> Any:
        return self._litellm.responses(input=PROMPT, **self._to)

    async def acall(self) -> Any:
        return await self._litellm.aresponses(input=PROMPT, **self._to)

    def stream(self) -> Iterator[str]:
        for event in self._litellm.responses(input=PROMPT, stream=True, **self._to):
            if event.type == DELTA:
                yield event.delta

    async def astream(self) -> AsyncIterator[str]:
        events = await self._litellm.aresponses(input=PROMPT, stream=True, **self._to)
        async for event in events:
            if event.type == DELTA:
                yield event.delta

    def long(self) -> Any:
        if self._long is None:
            from benchmarks.conversation import responses_items, responses_tools

            self._long = {"input": responses_items(), "tools": responses_tools()}
        return self._litellm.responses(**self._long, **self._to)


class Completion(Responses):
    """`litellm.completion` and `acompletion`."""

    name = "litellm completion"
    _messages = [{"role": "user", "content": PROMPT}]  # noqa: RUF012

    def call(self) -> Any:
        return self._litellm.completion(messages=self._messages, **self._to)

    async def acall(self) -> Any:
        return await self._litellm.acompletion(messages=self._messages, **self._to)

    def stream(self) -> Iterator[str]:
        chunks = self._litellm.completion(messages=self._messages, stream=True, **self._to)
        for chunk in chunks:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                yield text

    async def astream(self) -> AsyncIterator[str]:
        complete = self._litellm.acompletion
        chunks = await complete(messages=self._messages, stream=True, **self._to)
        async for chunk in chunks:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                yield text

    def long(self) -> Any:
        if self._long is None:
            from benchmarks.conversation import chat_messages, chat_tools

            self._long = {"messages": chat_messages(), "tools": chat_tools()}
        return self._litellm.completion(**self._long, **self._to)


SYSTEMS = (Responses, Completion)
