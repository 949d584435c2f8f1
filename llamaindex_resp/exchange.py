"""One call of an LLM: request, answer, and the calls that follow decisions taken at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from llamaindex_resp.decisions import (
    MARK,
    REQUESTS,
    decide,
    decide_async,
    decision_item,
    pending_approvals,
    warn_unheard,
)
from llamaindex_resp.responses import ChatChunks, chat_response
from resp_core.mcp.outer import added_usage
from resp_core.wire.shape import objects

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import (
        ChatMessage,
        ChatResponse,
        ChatResponseAsyncGen,
        ChatResponseGen,
    )

    from llamaindex_resp.llm import RespLLM
    from llamaindex_resp.request import Options
    from resp_core import CallRecord
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Request

__all__ = ["Call", "Exchange"]

#: How often one call goes on by itself after decisions.
MAX_ROUNDS = 16


class Call(NamedTuple):
    """One request, ready to be sent, what is needed to read its answer, and what it came from."""

    request: Request
    options: Options
    origin: str
    messages: Sequence[ChatMessage]
    kwargs: JsonObject


#: Makes the call for messages and options, streamed or not.
MakeCall: TypeAlias = Callable[..., Call]


class Exchange:
    """Sends a call, and again with the decisions of `on_mcp_approval` until nothing waits.

    All responses make one answer: output in order with the decisions between, usage added up.
    """

    def __init__(self, llm: RespLLM, call: Call, again: MakeCall) -> None:
        self._llm = llm
        self._call = call
        self._again = again
        self._responses: list[JsonObject] = []
        self._records: list[CallRecord] = []
        self._decisions: list[list[JsonObject]] = []

    def run(self) -> ChatResponse:
        """The whole answer."""
        llm = self._llm
        while True:
            call = self._call
            result = llm.client.run(call.request, model=llm.model, timeout=call.options.timeout)
            answer = self._answered(result.response, result.record)
            if not _asks(answer) or not self._go_on(
                answer, decide(llm.on_mcp_approval, pending_approvals(answer))
            ):
                return self._finished(answer)

    async def arun(self) -> ChatResponse:
        """`run` for `await`."""
        llm = self._llm
        while True:
            call = self._call
            result = await llm.async_client.run(
                call.request, model=llm.model, timeout=call.options.timeout
            )
            answer = self._answered(result.response, result.record)
            if not _asks(answer) or not self._go_on(
                answer, await decide_async(llm.on_mcp_approval, pending_approvals(answer))
            ):
                return self._finished(answer)

    def stream(self) -> ChatResponseGen:
        """The chunks, the last of them the whole answer."""
        llm, chunks = self._llm, self._chunks()
        while True:
            call, last = self._call, None
            with llm.client.events(
                call.request, model=llm.model, timeout=call.options.timeout
            ) as events:
                for event in events:
                    chunk = chunks.add(event)
                    if chunk is None:
                        continue
                    if chunks.response is not None:
                        last = chunk  # given out once the call record is there
                        continue
                    yield chunk
            if last is None or chunks.response is None:
                return  # the stream raised
            self._add(chunks.response, events.record)
            if not _asks(last) or not self._go_on(
                last, decide(llm.on_mcp_approval, pending_approvals(last))
            ):
                break
            chunks.go_on()
        yield self._finished(last, delta="")

    async def astream(self) -> ChatResponseAsyncGen:
        """`stream` for `async for`."""
        llm, chunks = self._llm, self._chunks()
        while True:
            call, last = self._call, None
            async with llm.async_client.events(
                call.request, model=llm.model, timeout=call.options.timeout
            ) as events:
                async for event in events:
                    chunk = chunks.add(event)
                    if chunk is None:
                        continue
                    if chunks.response is not None:
                        last = chunk
                        continue
                    yield chunk
            if last is None or chunks.response is None:
                return  # the stream raised
            self._add(chunks.response, events.record)
            if not _asks(last) or not self._go_on(
                last, await decide_async(llm.on_mcp_approval, pending_approvals(last))
            ):
                break
            chunks.go_on()
        yield self._finished(last, delta="")

    # -- rounds

    def _chunks(self) -> ChatChunks:
        call = self._call
        return ChatChunks(
            schemas=call.options.schemas, origin=call.origin, earlier=call.request.body["input"]
        )

    def _read(self, response: JsonObject) -> ChatResponse:
        call = self._call
        return chat_response(
            response,
            schemas=call.options.schemas,
            origin=call.origin,
            earlier=call.request.body["input"],
        )

    def _answered(self, response: JsonObject, record: CallRecord | None) -> ChatResponse:
        self._add(response, record)
        return self._read(response)

    def _add(self, response: JsonObject, record: CallRecord | None) -> None:
        self._responses.append(response)
        if record is not None:
            self._records.append(record)

    def _go_on(self, answer: ChatResponse, decided: Sequence[ChatMessage]) -> bool:
        """Make the call with the decisions on an answer; False where there are none."""
        if not decided or len(self._responses) >= MAX_ROUNDS:
            return False
        self._decisions.append(
            [
                decision_item(message.additional_kwargs["tool_call_id"], message.content or "")
                for message in decided
            ]
        )
        call = self._call
        before = [*call.messages, answer.message]
        if call.options.body.get("conversation"):
            before = []  # the server has added the answer to it
        self._call = self._again([*before, *decided], call.kwargs, stream=call.request.stream)
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
            answer = self._read(self._joined())
            answer.delta = delta
        notes = cast("dict[str, Any]", vars(answer)["additional_kwargs"])
        record = self._record()
        if record is not None:
            notes["api"] = record.api
            notes["model"] = f"{record.provider}/{record.model or record.deployment}"
            notes["cost"] = record.cost.to_json()
            if record.dropped:
                notes["dropped"] = list(record.dropped)
        if self._call.kwargs.get(MARK):
            notes[MARK] = True
        elif _asks(answer):
            self._llm.warn_once(lambda: warn_unheard(answer))
        return answer


def _asks(answer: ChatResponse) -> bool:
    return REQUESTS in cast("JsonObject", vars(answer.message)["additional_kwargs"])
