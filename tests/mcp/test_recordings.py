"""The recorded answers with MCP items: they pass as they are, and their streams are legal."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest

from resp_core import Client, McpIntegrityError, approve, pending_approvals
from resp_core.wire.unfold import unfold
from resp_core.wire.validate import StreamValidator, validate
from tests.recordings import corpus
from tests.recordings.serving import Replay, sent_json

if not corpus.available():
    pytest.skip("the recordings are not beside this checkout", allow_module_level=True)

_FIELDS = ("input", "tools", "previous_response_id", "include", "instructions")


def _mcp(exchange: corpus.Exchange) -> bool:
    raw = orjson.dumps([exchange.answer, exchange.payloads])
    return exchange.operation == "responses" and exchange.status == 200 and b'"mcp_' in raw


FOUND = [exchange for exchange in corpus.exchanges() if _mcp(exchange)]


@pytest.fixture(params=FOUND, ids=lambda exchange: exchange.name)
def exchange(request: pytest.FixtureRequest) -> corpus.Exchange:
    return request.param


@pytest.fixture
def replay() -> Replay:
    return Replay()


@pytest.fixture
def client(replay: Replay) -> Iterator[Client]:
    with httpx2.Client(transport=replay) as guest:
        yield Client(http_client=guest, max_retries=0, api_key="sk-test")


def final(exchange: corpus.Exchange) -> dict[str, Any]:
    return exchange.payloads[-1]["response"] if exchange.streamed else exchange.answer


def asked(exchange: corpus.Exchange) -> dict[str, Any]:
    """The recorded request; where it was not recorded, one with the tools of its answer."""
    body = exchange.asked or {
        "input": _decisions_for(final(exchange)) or "Hi",
        "tools": _tools_of(final(exchange)),
    }
    return {name: body[name] for name in _FIELDS if name in body}


def _tools_of(response: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in tool.items() if value is not None}
        for tool in response.get("tools") or []
        if tool["type"] == "mcp"
    ]


def _decisions_for(response: dict[str, Any]) -> list[dict[str, Any]]:
    ids = [item.get("approval_request_id") for item in response["output"]]
    return [approve(id) for id in ids if id]


def test_there_are_some() -> None:
    assert len(FOUND) >= 8
    kinds = {item["type"] for exchange in FOUND for item in final(exchange)["output"]}
    assert {"mcp_list_tools", "mcp_call", "mcp_approval_request"} <= kinds


def test_it_is_served_as_it_was(exchange: corpus.Exchange, client: Client, replay: Replay) -> None:
    """With the checks on: what the provider really did is no offence."""
    replay.next(exchange)
    params = {"model": exchange.model, **asked(exchange)}
    if exchange.streamed:
        checker = StreamValidator()
        seen = []
        with client.responses.create(**params, stream=True) as stream:
            for event in stream:
                checker.add(dict(event))
                seen.append(dict(event))
        checker.close()
        assert seen == list(exchange.payloads)
    else:
        assert dict(client.responses.create(**params)) == exchange.answer
    assert replay.sent is not None
    sent = sent_json(replay.sent)
    assert {name: sent[name] for name in asked(exchange)} == asked(exchange)


def test_its_items_unfold_to_a_legal_stream(exchange: corpus.Exchange) -> None:
    response = final(exchange)
    assert validate(unfold(response))["output"] == response["output"]


def test_its_requests_are_found(exchange: corpus.Exchange) -> None:
    response = final(exchange)
    asked_for = [i for i in response["output"] if i["type"] == "mcp_approval_request"]
    found = pending_approvals(response)
    assert [request.id for request in found] == [item["id"] for item in asked_for]
    for request in found:
        assert request.tool is not None
        assert request.parsed_arguments()


PAIRS = [
    (first, second)
    for first in FOUND
    for second in FOUND
    if (second.asked or {}).get("previous_response_id") == final(first).get("id")
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].name)
def test_a_recorded_approval(
    pair: tuple[corpus.Exchange, corpus.Exchange], client: Client, replay: Replay
) -> None:
    """Asked, approved, run: the checks agree with what was recorded, and only with that."""
    first, second = pair
    replay.next(first)
    response = client.responses.create(model=first.model, **asked(first))
    (request,) = pending_approvals(response)
    follow_up = {**asked(second), "model": second.model, "input": [approve(request)]}
    replay.next(second)
    again = client.responses.create(**follow_up)
    assert dict(again) == second.answer
    assert again.record.approvals_checked == "here"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].name)
def test_a_recorded_approval_of_something_else(
    pair: tuple[corpus.Exchange, corpus.Exchange], client: Client, replay: Replay
) -> None:
    first, second = pair
    body = orjson.loads(orjson.dumps(first.answer))
    item = next(i for i in body["output"] if i["type"] == "mcp_approval_request")
    item["arguments"] = '{"repoName":"someone/else"}'
    replay.next(dataclasses.replace(first, answer=body, content=orjson.dumps(body)))
    response = client.responses.create(model=first.model, **asked(first))
    (request,) = pending_approvals(response)
    replay.next(second)
    with pytest.raises(McpIntegrityError, match="someone/else"):
        client.responses.create(
            **{**asked(second), "model": second.model, "input": [approve(request)]}
        )
