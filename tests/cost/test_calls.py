"""Where the cost shows: on records, results, streams and sums."""

from __future__ import annotations

import asyncio
import pickle
import threading
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from resp_core import AsyncClient, CallRecord, Client, cost_of, track_costs
from tests.cost.arithmetic import dollars

PRICES = {"offline/demo": {"input": "2", "output": "10", "cached": "1"}}


def expected(record: CallRecord) -> Decimal:
    usage: dict[str, Any] = record.usage or {}
    total = cost_of(
        {"usage": usage, "model": "demo"}, provider="offline", model="demo", prices=PRICES
    ).total
    assert total is not None
    assert total > 0
    return total


@pytest.fixture
def client() -> Client:
    return Client("offline/demo", prices=PRICES)


def test_a_response_says_what_it_cost(client: Client) -> None:
    response = client.responses.create(input="Hello there")
    assert response.record is not None
    assert response.cost is response.record.cost
    assert response.cost is not None
    assert response.cost.total == expected(response.record)
    usage = response.usage
    cached = usage.input_tokens_details.cached_tokens
    assert response.cost.total == dollars(
        f"{usage.input_tokens - cached}*2 + {cached}*1 + {usage.output_tokens}*10"
    )


def test_plain_streamed_sync_async_and_chat_cost_the_same(client: Client) -> None:
    plain = client.responses.create(input="Count me once").cost
    streamed = client.responses.create(input="Count me once", stream=True)
    for _ in streamed:
        pass
    assert streamed.record is not None
    assert plain is not None
    assert streamed.record.cost.total == plain.total

    async def twice() -> list[Decimal | None]:
        async with AsyncClient("offline/demo", prices=PRICES) as other:
            first = await other.responses.create(input="Count me once")
            stream = await other.responses.create(input="Count me once", stream=True)
            async for _ in stream:
                pass
            assert first.cost is not None
            assert stream.record is not None
            return [first.cost.total, stream.record.cost.total]

    assert asyncio.run(twice()) == [plain.total, plain.total]
    chat = client.chat.completions.create(messages=[{"role": "user", "content": "Count me"}])
    assert chat.record is not None
    assert chat.record.cost.total == expected(chat.record)


def test_the_offline_provider_is_free_on_purpose() -> None:
    cost = Client("offline/demo").responses.create(input="Hello").cost
    assert cost is not None
    assert cost.total == 0
    assert cost.source == "the offline provider bills nothing"


def test_a_base_model_gives_the_price() -> None:
    client = Client("offline/demo", base_model="openai/gpt-5.4")
    response = client.responses.create(input="Hello")
    assert response.cost is not None
    assert response.cost.priced_as == "openai/gpt-5.4"
    assert response.cost.total


def test_looking_up_is_free(client: Client) -> None:
    made = client.responses.create(input="Hello")
    found = client.responses.retrieve(made.id)
    assert found.cost is not None
    assert found.cost.total == 0
    assert found.cost.source == "looking up and counting are not billed"


def test_a_stream_that_was_left_is_estimated(client: Client) -> None:
    with track_costs() as costs:
        stream = client.responses.create(input="Tell me a long story " * 20, stream=True)
        for _, _event in zip(range(8), stream, strict=False):
            pass
        stream.close()
    record = stream.record
    assert record is not None
    assert record.status == "cancelled"
    assert record.cost.estimated
    assert record.cost.total
    assert record.cost.total > dollars("80*2")
    assert costs.total == record.cost.total
    assert costs.estimated


def test_a_refused_call_costs_nothing(client: Client) -> None:
    seen: list[CallRecord] = []
    other = Client("offline/fault-400", prices=PRICES, hooks=[seen.append], max_retries=0)
    with pytest.raises(Exception, match=r"."):
        other.responses.create(input="x")
    assert seen[0].status == "failed"
    assert seen[0].cost.total == 0
    assert seen[0].cost.source == "a refused call is not billed"


def test_sums_over_tasks_and_threads(client: Client) -> None:
    with track_costs() as costs:
        first = client.responses.create(input="one")
        with track_costs() as inner:
            second = client.responses.create(input="two and more")
        elsewhere = threading.Thread(
            target=lambda: client.responses.create(input="three", track=costs)
        )
        uncounted = threading.Thread(target=lambda: client.responses.create(input="four"))
        for thread in (elsewhere, uncounted):
            thread.start()
            thread.join()

        async def tasks() -> None:
            async with AsyncClient("offline/demo", prices=PRICES) as other:
                await asyncio.gather(*(other.responses.create(input="five") for _ in range(3)))

        asyncio.run(tasks())
    client.responses.create(input="outside")
    assert first.cost is not None
    assert second.cost is not None
    assert costs.calls == 6
    assert inner.calls == 1
    assert inner.total == second.cost.total
    assert costs.total is not None
    assert costs.total > (first.cost.total or 0) + (second.cost.total or 0)
    assert costs.by_model == {"offline/offline-demo": costs.total}
    assert costs.to_json()["calls"] == 6
    assert "USD in 6 calls" in repr(costs)
    assert costs.input_tokens > 0
    assert costs.output_tokens > 0


def test_an_unknown_price_makes_the_sum_unknown(client: Client) -> None:
    with track_costs() as costs:
        known = client.responses.create(input="one").cost
        client.responses.create(input="two", service_tier="flex")
    assert costs.total is None
    assert known is not None
    assert costs.known == known.total
    assert {gap.what for gap in costs.unknown} == {"tier"}


def test_labels_are_recorded(client: Client) -> None:
    seen: list[CallRecord] = []
    labelled = client.with_options(hooks=[seen.append], tags=["team-a"])
    labelled.responses.create(
        input="hi",
        safety_identifier="abc",
        metadata={"run": "7"},
        tags=["night"],
        extra_body={"user": "u-1"},
    )
    labelled.chat.completions.create(messages=[{"role": "user", "content": "x"}], user="u-2")
    assert seen[0].user == "u-1"
    assert seen[0].safety_identifier == "abc"
    assert seen[0].tags == ("team-a", "night")
    assert seen[0].metadata == {"run": "7"}
    assert seen[1].user == "u-2"
    assert seen[1].tags == ("team-a",)


def test_a_record_can_be_sent_elsewhere(client: Client) -> None:
    with track_costs():
        record = client.responses.create(input="hi", tags="x").record
    assert record is not None
    copy = pickle.loads(pickle.dumps(record))
    assert copy == record
    assert copy.cost == record.cost
    assert copy.tags == ("x",)


def test_a_container_is_paid_for_once_a_session() -> None:
    ran = {"type": "code_interpreter_call", "id": "ci", "status": "completed", "code": "1",
           "container_id": "cntr_1", "outputs": None}  # fmt: skip

    def answer(request: httpx2.Request) -> httpx2.Response:
        usage = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}
        body = {"id": "r", "object": "response", "status": "completed", "model": "gpt-5",
                "output": [ran, ran], "usage": usage}  # fmt: skip
        return httpx2.Response(200, json=body)

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        client = Client("openai/gpt-5", api_key="k", http_client=http)
        first, second = (client.responses.create(input="x").cost for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.total == dollars("100*1.25 + 10*10", "0.03")
    assert second.total == dollars("100*1.25 + 10*10")
