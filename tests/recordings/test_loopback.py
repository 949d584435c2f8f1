"""The recordings over real connections: a server on loopback, both clients, our transports."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core import AsyncClient, Client
from resp_core.errors import APIError, APIStatusError
from tests.recordings import calls
from tests.recordings.corpus import Exchange
from tests.recordings.serving import CUTS, RECORDING, Loopback, loopback, random_cuts
from tests.recordings.sweeps import Sweep, groups, same
from tests.recordings.test_streams import check_result, expected, streams


def options(server: Loopback, exchange: Exchange) -> dict[str, Any]:
    """Where the call goes, and which recording is to answer it, cut where."""
    headers = {RECORDING: exchange.name}
    if exchange.streamed:
        cuts = random_cuts(exchange.body, f"{exchange.name} on loopback")
        headers[CUTS] = ",".join(map(str, cuts))
    return {"base_url": server.base_url(exchange), "extra_headers": headers}


@pytest.mark.parametrize("group", groups())
def test_the_client_reads_the_recording(group, sweep):
    with loopback(group.exchanges) as server, Client(max_retries=0) as client:

        def check(exchange: Exchange) -> None:
            try:
                answer = calls.call(client, exchange, **options(server, exchange))
                events = list(answer) if exchange.asks_stream else None
            except APIError as error:
                _check_error(error, exchange)
                return
            assert not exchange.reports_error, "the error was not raised"
            if events is None:
                same(answer, exchange.answer, "answer")
                return
            if not exchange.streamed:  # the server answered at once
                same(answer.result, exchange.answer, "result")
                return
            same(events, expected(exchange)[0], "events")
            check_result(answer.result, exchange)

        sweep(group, "loopback", check)
        assert server.served == len(group.exchanges)


@pytest.mark.parametrize("group", groups(streams))
async def test_the_async_client_reads_the_stream(group, record_property):
    with loopback(group.exchanges) as server:
        async with AsyncClient(max_retries=0) as client:

            async def check(exchange: Exchange) -> None:
                stream = await calls.call(client, exchange, **options(server, exchange))
                same([event async for event in stream], expected(exchange)[0], "events")
                check_result(stream.result, exchange)

            found = Sweep(group, "async")
            await found.over_awaited(check)
    found.finish(record_property)


def _check_error(error: APIError, exchange: Exchange) -> None:
    assert exchange.reports_error, repr(error)
    if exchange.status >= 400:
        assert isinstance(error, APIStatusError)
        same(error.status_code, exchange.status, "status")
