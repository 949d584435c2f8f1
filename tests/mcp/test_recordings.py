"""The recordings with MCP items, each of them: they pass as they are, in every way to read them,
and what they hold can be taken to a provider without MCP.

`test_none_is_left_out` prints how many there are.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import orjson
import pytest

from resp_core import AsyncClient, Client, McpIntegrityError, approve, pending_approvals
from resp_core.wire.replay import mcp_output
from resp_core.wire.unfold import unfold
from resp_core.wire.validate import StreamValidator, validate
from tests.mcp.talk import Talk, text
from tests.recordings import corpus
from tests.recordings.serving import Replay, random_cuts, sent_json, split

if not corpus.available():
    pytest.skip("the recordings are not beside this checkout", allow_module_level=True)

_FIELDS = ("input", "tools", "previous_response_id", "include", "instructions")
_MCP = re.compile(rb'"type": ?"(response\\.)?mcp')


def _mcp(exchange: corpus.Exchange) -> bool:
    """Whether MCP items, events or tools stand in what was sent or in what came."""
    return bool(_MCP.search(orjson.dumps([exchange.asked, exchange.answer, exchange.payloads])))


FOUND = [exchange for exchange in corpus.exchanges() if _mcp(exchange)]
#: Files whose MCP items belong to an API that this package does not speak.
ELSEWHERE = {"messages"}


def test_none_is_left_out() -> None:
    """Every file with an MCP item is replayed below, save those of other APIs."""
    holds = {
        str(path.relative_to(corpus.RECORDINGS))
        for path in corpus.RECORDINGS.glob("*/*/*.json")
        if _MCP.search(path.read_bytes())
    }
    replayed = {exchange.name.partition("#")[0] for exchange in FOUND}
    left = {name for name in holds - replayed if name.split("/")[1] not in ELSEWHERE}
    assert left == set()
    assert {exchange.operation for exchange in FOUND} == {"responses"}
    print(f"{len(FOUND)} recorded exchanges with MCP items, {len(replayed)} files, all replayed")


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
    assert len(FOUND) >= 14
    kinds = {item["type"] for exchange in FOUND for item in final(exchange)["output"]}
    assert {"mcp_list_tools", "mcp_call", "mcp_approval_request"} <= kinds
    assert sum(exchange.streamed for exchange in FOUND) >= 2
    assert PAIRS


@pytest.mark.parametrize("cut", ["as it came", "anywhere", "byte by byte"])
def test_it_is_served_as_it_was(
    exchange: corpus.Exchange, client: Client, replay: Replay, cut: str
) -> None:
    """With the checks on: what the provider really did is no offence."""
    pieces = {
        "as it came": None,
        "anywhere": split(exchange.body, random_cuts(exchange.body, exchange.name)),
        "byte by byte": [*split(exchange.body[:4000], range(4000)), exchange.body[4000:]],
    }[cut]
    replay.next(exchange, pieces)
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


async def test_it_is_served_as_it_was_awaited(exchange: corpus.Exchange) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        kind = "text/event-stream" if exchange.streamed else "application/json"
        return httpx2.Response(200, content=exchange.body, headers={"content-type": kind})

    params = {"model": exchange.model, **asked(exchange)}
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as guest:
        client = AsyncClient(http_async_client=guest, max_retries=0, api_key="sk-test")
        if exchange.streamed:
            async with await client.responses.create(**params, stream=True) as stream:
                assert [dict(event) async for event in stream] == list(exchange.payloads)
        else:
            assert dict(await client.responses.create(**params)) == exchange.answer


def test_its_items_unfold_to_a_legal_stream(exchange: corpus.Exchange) -> None:
    response = final(exchange)
    assert validate(unfold(response))["output"] == response["output"]


def test_its_requests_are_found(exchange: corpus.Exchange) -> None:
    response = final(exchange)
    asked_for = [i for i in response["output"] if i["type"] == "mcp_approval_request"]
    found = pending_approvals(response)
    assert [request.id for request in found] == [item["id"] for item in asked_for]
    for request, item in zip(found, asked_for, strict=True):
        assert request.tool is not None
        assert request.parsed_arguments() == orjson.loads(item["arguments"])


@pytest.mark.parametrize("world", ["emulated-chat", "emulated-responses"])
def test_what_it_holds_goes_on_elsewhere(
    exchange: corpus.Exchange, world: str, talk_to: Callable[..., Talk]
) -> None:
    """A provider without MCP is shown the calls and what they gave; the offline one is strict."""
    given = (exchange.asked or {}).get("input") or "Hi"
    items = given if isinstance(given, list) else [{"role": "user", "content": given}]
    output = final(exchange)["output"]
    history = [*items, *output, {"role": "user", "content": "Say exactly: done"}]
    readable = [item for item in history if item.get("type") != "reasoning"]  # sealed for another
    answer = talk_to(world).ask(input=readable, store=False)
    assert text(answer) == "done"
    for item in output:
        if item["type"] == "mcp_call":
            assert mcp_output(item)


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
