"""A call like the recorded one sends the recorded request, and reads the recorded answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from resp_core.errors import APIError
from tests.recordings import calls, reading
from tests.recordings.corpus import Exchange
from tests.recordings.serving import sent_json
from tests.recordings.sweeps import groups, same

DEPLOYMENT = "Azure: the deployment stands in the URL, and in the body as `model`"
BARE_OLLAMA = "Ollama: a base URL without any path gets /v1, where its Chat API is"
SLASHES = "the recorded base URL ended in a slash and its client doubled it"


@pytest.mark.parametrize("group", groups())
def test_the_request_is_the_recorded_one(group, client, replay, sweep):
    def check(exchange: Exchange) -> str | None:
        replay.next(exchange)
        try:
            answer = calls.call(client, exchange)
            if hasattr(answer, "close") and not isinstance(answer, dict):
                answer.close()
        except APIError:
            pass
        assert replay.sent is not None, "nothing was sent"
        assert replay.sent.method == exchange.method
        notes = [_check_url(str(replay.sent.url), exchange)]
        if exchange.asked is not None:
            notes.append(_check_body(sent_json(replay.sent), exchange))
        return next(filter(None, notes), None)

    sweep(group, "request", check)


def _check_url(sent: str, exchange: Exchange) -> str | None:
    ours, recorded = urlsplit(sent), urlsplit(exchange.url)
    same(ours.netloc.lower(), recorded.netloc.lower(), "host")
    same(sorted(parse_qsl(ours.query)), sorted(parse_qsl(recorded.query)), "query")
    if ours.path == recorded.path:
        return None
    if exchange.provider == "ollama" and ours.path == "/v1" + recorded.path:
        return BARE_OLLAMA
    same(ours.path, recorded.path.replace("//", "/"), "path")
    return SLASHES


def _check_body(sent: Any, exchange: Exchange) -> str | None:
    asked = exchange.asked
    if sent == asked:
        return None
    if exchange.provider == "azure" and "/deployments/" in exchange.url:
        same(sent, {**(asked or {}), "model": exchange.model.partition("/")[2]}, "body")
        return DEPLOYMENT
    same(sent, asked, "body")
    return None


def _plain(exchange: Exchange) -> bool:
    if exchange.asks_stream or exchange.status >= 300 or not exchange.is_json:
        return False
    return (exchange.answer or {}).get("status") != "failed" or not exchange.creates


@pytest.mark.parametrize("group", groups(_plain))
def test_a_plain_answer_is_the_recorded_one(group, client, replay, sweep):
    def check(exchange: Exchange) -> None:
        replay.next(exchange)
        answer = calls.call(client, exchange)
        same(answer, exchange.answer, "answer")
        # Lossless, order of keys included: an unknown field is where it was.
        assert answer.model_dump_json().encode() == orjson.dumps(exchange.answer)
        if exchange.operation == "responses":
            _check_response(answer, exchange.answer)
        elif exchange.operation == "chat":
            _check_completion(answer, exchange.answer)

    sweep(group, "answer", check)


def _check_response(answer: Any, recorded: dict[str, Any]) -> None:
    said = reading.of_response(recorded)
    same(answer.output_text, said.text, "output_text")
    calls_read = [
        (item.call_id, item.name, item.arguments if item.type == "function_call" else item.input)
        for item in answer.output
        if item.type in ("function_call", "custom_tool_call")
    ]
    same(calls_read, said.calls, "calls")
    same((answer.id, answer.status), (recorded.get("id"), recorded.get("status")), "id, status")
    if said.usage:
        usage = answer.usage
        same((usage.input_tokens, usage.output_tokens, usage.total_tokens), said.usage, "usage")


def _check_completion(answer: Any, recorded: dict[str, Any]) -> None:
    same(answer.id, recorded.get("id"), "id")
    for choice, given in zip(answer.choices, recorded["choices"], strict=True):
        same(choice.finish_reason, given.get("finish_reason"), "finish_reason")
        message = given["message"]
        same(choice.message.content, message.get("content"), "content")
        same(choice.message.annotations, message.get("annotations"), "annotations")
        for call, recorded_call in zip(
            choice.message.tool_calls or [], message.get("tool_calls") or [], strict=True
        ):
            same(call, recorded_call, "tool call")
            same(call.id, recorded_call.get("id"), "tool call id")
