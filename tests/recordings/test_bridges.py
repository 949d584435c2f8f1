"""A recording of one API read through the other: nothing that both can say is lost."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core.wire.validate import StreamValidator
from tests.recordings import calls, reading
from tests.recordings.corpus import Exchange
from tests.recordings.reading import Reading
from tests.recordings.serving import random_cuts, split
from tests.recordings.sweeps import groups, same
from tests.recordings.test_replay import final

USAGE_OUTSIDE = "reasoning tokens counted beside the output are counted in it"
MADE_ID = "a call without an id gets one"


def _whole_turn(api: str) -> Any:
    def select(exchange: Exchange) -> bool:
        if exchange.operation != api or exchange.status >= 300 or exchange.reports_error:
            return False
        whole = final(exchange) or {}
        waiting = whole.get("status") in ("queued", "in_progress")  # Chat has no background mode
        return not exchange.cut and not waiting

    return select


@pytest.mark.parametrize("group", groups(_whole_turn("chat")))
def test_a_chat_answer_reads_as_responses(group, client, replay, sweep):
    def check(exchange: Exchange) -> str | None:
        if not exchange.streamed and not exchange.answer["choices"]:
            return None
        response = _as_responses(client, replay, exchange)
        if exchange.streamed:
            said = reading.of_chunks(exchange.payloads)
        else:
            said = reading.of_completion(exchange.answer)
        return _check_response(response, said, exchange)

    sweep(group, "bridge", check)


def _as_responses(client: Any, replay: Any, exchange: Exchange) -> dict[str, Any]:
    """The recorded Chat answer as a response; a stream of it is a legal one."""
    question = {**calls.target(exchange), "model": exchange.model, "input": "hello"}
    if not exchange.streamed:
        replay.next(exchange)
        plain = client.responses.create(**question)
        replay.next(exchange)  # asked for a stream, the server answers at once
        stream = client.responses.create(**question, stream=True)
        same(_without_ids(_valid(stream)), _without_ids(plain), "the plain answer streamed")
        return plain
    replay.next(exchange, split(exchange.body, random_cuts(exchange.body, exchange.name)))
    return _valid(client.responses.create(**question, stream=True))


def _valid(stream: Any) -> dict[str, Any]:
    validator = StreamValidator()
    said = Reading()
    events = list(stream)
    for event in events:
        validator.add(event)
    validator.close()
    said = reading.of_events(events)
    response = stream.result
    same(response, events[-1]["response"], "the result of the stream")
    whole = reading.of_response(response)
    same(
        (said.text, said.refusal, said.reasoning),
        (whole.text, whole.refusal, whole.reasoning),
        "deltas",
    )
    return response


def _without_ids(response: dict[str, Any]) -> dict[str, Any]:
    output = [{**item, "id": ""} for item in response["output"]]
    for item in output:
        if item.get("call_id", "").startswith("call_rk"):
            item["call_id"] = ""
    return {**response, "id": "", "output": output}


def _check_response(response: dict[str, Any], said: Reading, exchange: Exchange) -> str | None:
    ours = reading.of_response(response)
    same(ours.text, said.text, "text")
    same(ours.refusal, said.refusal, "refusal")
    same(ours.reasoning, said.reasoning, "reasoning")
    same(ours.cited, said.cited, "citations")
    same(ours.end, reading.end_of_chat(said.end), "end")
    note = None
    if any(call[0] is None or call[0] == "" for call in said.calls):
        note = MADE_ID
        assert all(call[0] for call in ours.calls)
        same([c[1:] for c in ours.calls], [c[1:] for c in said.calls], "calls")
    else:
        same(ours.calls, said.calls, "calls")
    return _check_usage(ours.usage, said.usage, exchange) or note


def _check_usage(ours: Any, said: Any, exchange: Exchange) -> str | None:
    if ours == said:
        return None
    given, made, total = said
    if total > given + made:
        same(ours, (given, total - given, total), "usage")
        return USAGE_OUTSIDE
    same(ours, said, "usage")
    return None


@pytest.mark.parametrize("group", groups(_whole_turn("responses")))
def test_a_responses_answer_reads_as_chat(group, client, replay, sweep):
    def check(exchange: Exchange) -> str | None:
        said = reading.as_chat(final(exchange) or {})
        question = {
            **calls.target(exchange),
            "model": exchange.model,
            "messages": [{"role": "user", "content": "hello"}],
        }
        replay.next(exchange)
        stream = client.chat.completions.create(
            **question, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        _check_completion(reading.of_chunks(chunks), said, "chunks: ")
        _check_chunks(chunks)
        _check_completion(reading.of_completion(stream.result), said, "result: ")
        if not exchange.streamed:
            replay.next(exchange)
            plain = client.chat.completions.create(**question)
            _check_completion(reading.of_completion(plain), said, "")
        return None

    sweep(group, "bridge", check)


def _check_chunks(chunks: list[dict[str, Any]]) -> None:
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    ends = [c["finish_reason"] for chunk in chunks for c in chunk["choices"] if c["finish_reason"]]
    assert len(ends) == 1, f"finish reasons: {ends}"


def _check_completion(ours: Reading, said: Reading, what: str) -> None:
    same(ours.text, said.text, f"{what}text")
    same(ours.refusal, said.refusal, f"{what}refusal")
    same(ours.reasoning, said.reasoning, f"{what}reasoning")
    same(ours.calls, said.calls, f"{what}calls")
    same(ours.cited, said.cited, f"{what}citations")
    same(ours.usage, said.usage, f"{what}usage")
    status, _, reason = said.end.partition(":")
    end = {"max_output_tokens": "length", "content_filter": "content_filter"}.get(reason)
    if status == "completed":
        end = "tool_calls" if said.calls else "stop"
    same(ours.end, end or "stop", f"{what}finish_reason")
