"""A recorded answer as the next request's history."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from resp_core import providers
from resp_core.wire import chat
from resp_core.wire.losses import Losses
from resp_core.wire.replay import without_mcp_calls
from tests.recordings import calls, reading
from tests.recordings.corpus import Exchange
from tests.recordings.serving import sent_json
from tests.recordings.sweeps import groups, same

AZURE_CLEANS = "Azure: `status` and null fields are taken out, as it refuses them in input"


def final(exchange: Exchange) -> dict[str, Any] | None:
    """The whole recorded answer."""
    if exchange.reports_error:
        return None
    return reading.terminal(exchange.payloads) if exchange.streamed else exchange.answer


def _has_output(exchange: Exchange) -> bool:
    if not exchange.operation.startswith("responses") or exchange.status >= 300:
        return False
    return bool((final(exchange) or {}).get("output"))


@pytest.mark.parametrize("group", groups(_has_output))
def test_output_goes_back_as_input_byte_for_byte(group, client, replay, sweep):
    def check(exchange: Exchange) -> str | None:
        output = (final(exchange) or {})["output"]
        before = orjson.dumps(output)
        replay.next(exchange)
        question = {"role": "user", "content": "and then?"}
        stream = client.responses.stream(
            **calls.target(exchange) | {"api": "responses"},
            model=exchange.model,
            input=[*output, question],
            store=False,
        )
        with stream:
            next(iter(stream), None)
        assert orjson.dumps(output) == before, "the caller's items were changed"
        assert replay.sent is not None
        items = sent_json(replay.sent)["input"]
        assert items[-1] == question
        if exchange.provider == "azure":
            same(items[:-1], [_as_azure_takes(item) for item in output], "input")
            return AZURE_CLEANS if items[:-1] != output else None
        # Of an mcp_call a server that stores nothing would throw the output away.
        sent = orjson.dumps(without_mcp_calls(output))
        assert sent[:-1] in replay.sent.content, "the bytes differ"
        return None

    sweep(group, "replay", check)


def _as_azure_takes(item: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in item.items() if value is not None}
    if item["type"] in ("message", "reasoning"):
        fields.pop("status", None)
    return fields


@pytest.mark.parametrize("group", groups(_has_output))
def test_every_chat_server_takes_an_answer_as_history(group, sweep):
    """Text and calls of a Responses answer reach each provider's Chat form."""
    dialects = {repr(p.chat): p.chat for p in map(providers.get, providers.names())}

    def check(exchange: Exchange) -> None:
        response = final(exchange)
        assert response is not None
        items = [*response["output"], *_answers(response["output"])]
        said = _as_chat_shows(response)
        body = {"model": "m", "input": [{"role": "user", "content": "hello"}, *items]}
        for options in dialects.values():
            sent = chat.encode_request(body, {}, options=options, losses=Losses("m", "drop"))
            _check_messages(sent["messages"], said, options)

    sweep(group, "history", check)


def _as_chat_shows(response: dict[str, Any]) -> reading.Reading:
    """Chat has no namespaces, and shows calls of the server's own tools as calls."""
    output: list[dict[str, Any]] = []
    for item in response["output"]:
        if item.get("namespace"):
            item = {**item, "name": f"{item['namespace']}__{item['name']}"}
        elif item["type"] == "mcp_call":
            item = {**item, "type": "function_call", "call_id": item["id"]}
        if item.get("role") != "user":
            output.append(item)
    return reading.of_response({**response, "output": output})


def _answers(output: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"type": f"{item['type']}_output", "call_id": item["call_id"], "output": "done"}
        for item in output
        if item["type"] in ("function_call", "custom_tool_call")
    ]


def _check_messages(messages: list[Any], said: reading.Reading, options: Any) -> None:
    made = [message for message in messages if message["role"] == "assistant"]
    texts = "".join(reading.of_completion(_as_completion(m)).text for m in made)
    # One message may hold several texts, which are joined with line breaks or not at all.
    assert texts.replace("\n", "") == said.text.replace("\n", ""), "the text is another"
    sent = [call for m in made for call in reading.of_completion(_as_completion(m)).calls]
    same([call[0] for call in sent], [call[0] for call in said.calls], "call ids")
    same([call[1] for call in sent], [call[1] for call in said.calls], "call names")
    if options.custom_tools:
        same(sent, said.calls, "calls")
    results = [message for message in messages if message["role"] == "tool"]
    same([m["tool_call_id"] for m in results], [call[0] for call in said.calls], "results")


def _as_completion(message: dict[str, Any]) -> dict[str, Any]:
    return {"choices": [{"message": message}]}


def _has_message(exchange: Exchange) -> bool:
    plain = exchange.operation == "chat" and exchange.status < 300 and not exchange.streamed
    return plain and not exchange.reports_error and bool(exchange.answer["choices"])


@pytest.mark.parametrize("group", groups(_has_message))
def test_a_message_goes_back_byte_for_byte(group, client, replay, sweep):
    def check(exchange: Exchange) -> None:
        message = exchange.answer["choices"][0]["message"]
        replay.next(exchange)
        client.chat.completions.create(
            **calls.target(exchange),
            model=exchange.model,
            messages=[message],
            # DeepSeek wants reasoning with calls while it thinks, which this history may lack.
            extra_body={"thinking": {"type": "disabled"}},
        )
        assert replay.sent is not None
        assert orjson.dumps(message) in replay.sent.content, "the bytes differ"

    sweep(group, "replay", check)
