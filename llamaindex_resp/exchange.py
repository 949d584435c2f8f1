"""One call of an LLM: request, answer, and the calls that follow decisions taken at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from llamaindex_resp.answers import chat_response
from llamaindex_resp.chunks import ChatChunks
from llamaindex_resp.decisions import (
    MARK,
    REQUESTS,
    decide,
    decide_async,
    decision_item,
    pending_approvals,
    warn_unheard,
)
from resp_core.mcp.outer import added_usage
from resp_core.wire.shape import objects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llama_index.core.base.llms.types import (
        ChatMessage,
        ChatResponse,
        ChatResponseAsyncGen,
        ChatResponseGen,
    )

    from llamaindex_resp.answers import Asked
    from resp_core import AsyncClient, CallRecord, Client
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Request

__all__ = ["Exchange", "Question", "Speaker"]

#: How often one call goes on by itself after decisions.
MAX_ROUNDS = 16


class Question(NamedTuple):
    """One request, ready to be sent, what is needed to read its answer, and what it came from.

    `timeout` is in seconds, None for the client's.
    """

    request: Request
    timeout: float | None
    asked: Asked
    messages: Sequence[ChatMessage]
    kwargs: JsonObject


class Speaker(Protocol):
    """What an exchange needs of the LLM that it speaks for."""

    model: str
    on_mcp_approval: Any

    @property
    def client(self) -> Client: ...

    @property
    def async_client(self) -> AsyncClient: ...

    def question(
        self, messages: Sequence[ChatMessage], kwargs: JsonObject, *, stream: bool = False
    ) -> Question: ...

    def warn_once(self, warn: Callable[[], bool]) -> None: ...


class Exchange:
    """Sends a question, and again with the decisions of `on_mcp_approval` until nothing waits.

    All responses make one answer: output in order with the decisions between, usage added up.
    """

    def __init__(self, speaker: Speaker, question: Question) -> None:
        self._speaker = speaker
        self._question = question
        self._responses: list[JsonObject] = []
        self._records: list[CallRecord] = []
        self._decisions: list[list[JsonObject]] = []

    def run(self) -> ChatResponse:
        """The whole answer."""
        speaker = self._speaker
        while True:
            question = self._question
            result = speaker.client.run(
                question.request, model=speaker.model, timeout=question.timeout
            )
            answer = self._answered(result.response, result.record)
            if not _asks(answer) or not self._go_on(
                answer, decide(speaker.on_mcp_approval, pending_approvals(answer))
            ):
                return self._finished(answer)

    async def arun(self) -> ChatResponse:
        """`run` for `await`."""
        speaker = self._speaker
        while True:
            question = self._question
            result = await speaker.async_client.run(
                question.request, model=speaker.model, timeout=question.timeout
            )
            answer = self._answered(result.response, result.record)
            if not _asks(answer) or not self._go_on(
                answer, await decide_async(speaker.on_mcp_approval, pending_approvals(answer))
            ):
                return self._finished(answer)

    def stream(self) -> ChatResponseGen:
        """The chunks, the last of them the whole answer."""
        speaker, chunks = self._speaker, ChatChunks()
        while True:
            question = self._question
            with speaker.client.events(
                question.request, model=speaker.model, timeout=question.timeout
            ) as events:
                for event in events:
                    if (chunk := chunks.add(event)) is not None:
                        yield chunk
            answer = self._answered(events.result or {}, events.record)
            if not _asks(answer) or not self._go_on(
                answer, decide(speaker.on_mcp_approval, pending_approvals(answer))
            ):
                break
            chunks.go_on()
        yield self._finished(answer, delta="")

    async def astream(self) -> ChatResponseAsyncGen:
        """`stream` for `async for`."""
        speaker, chunks = self._speaker, ChatChunks()
        while True:
            question = self._question
            async with speaker.async_client.events(
                question.request, model=speaker.model, timeout=question.timeout
            ) as events:
                async for event in events:
                    if (chunk := chunks.add(event)) is not None:
                        yield chunk
            answer = self._answered(events.result or {}, events.record)
            if not _asks(answer) or not self._go_on(
                answer, await decide_async(speaker.on_mcp_approval, pending_approvals(answer))
            ):
                break
            chunks.go_on()
        yield self._finished(answer, delta="")

    # -- rounds

    def _answered(self, response: JsonObject, record: CallRecord | None) -> ChatResponse:
        self._responses.append(response)
        if record is not None:
            self._records.append(record)
        return chat_response(response, self._question.asked)

    def _go_on(self, answer: ChatResponse, decided: Sequence[ChatMessage]) -> bool:
        """Make the question with the decisions on an answer; False where there are none."""
        if not decided or len(self._responses) >= MAX_ROUNDS:
            return False
        self._decisions.append(
            [
                decision_item(message.additional_kwargs["tool_call_id"], message.content or "")
                for message in decided
            ]
        )
        question = self._question
        before = [*question.messages, answer.message]
        if question.request.body.get("conversation"):
            before = []  # the server has added the answer to it
        self._question = self._speaker.question(
            [*before, *decided], question.kwargs, stream=question.request.stream
        )
        return True

    def _joined(self) -> JsonObject:
        """The last response, with the output and usage of all and the decisions between them."""
        output: list[JsonObject] = []
        usage: JsonObject | None = None
        for number, response in enumerate(self._responses):
            if number:
                output += self._decisions[number - 1]
            output += objects(response.get("output"))
            own = cast("JsonObject | None", response.get("usage"))
            both = None if usage is None or own is None else added_usage(usage, own)
            usage = both if number else own
        return {**self._responses[-1], "output": output, "usage": usage}

    def _record(self) -> CallRecord | None:
        records = self._records
        if len(records) < 2:
            return records[-1] if records else None
        return replace(
            records[-1],
            attempts=tuple(attempt for each in records for attempt in each.attempts),
            dropped=tuple(dict.fromkeys(name for each in records for name in each.dropped)),
            billed=tuple(bill for each in records for bill in each.billed),
        )

    def _finished(self, answer: ChatResponse, delta: str | None = None) -> ChatResponse:
        """The answer, with what its caller should know: the API, the cost, what was left out."""
        if len(self._responses) > 1:
            answer = chat_response(self._joined(), self._question.asked)
        answer.delta = delta
        notes = cast("JsonObject", vars(answer)["additional_kwargs"])
        record = self._record()
        if record is not None:
            notes["api"] = record.api
            notes["model"] = f"{record.provider}/{record.model or record.deployment}"
            notes["cost"] = record.cost.to_json()
            if record.dropped:
                notes["dropped"] = list(record.dropped)
        if self._question.kwargs.get(MARK):
            notes[MARK] = True
        elif _asks(answer):
            self._speaker.warn_once(lambda: warn_unheard(answer))
        return answer


def _asks(answer: ChatResponse) -> bool:
    return REQUESTS in cast("JsonObject", vars(answer.message)["additional_kwargs"])
