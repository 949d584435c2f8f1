"""What a message says it cost, and what a callback adds up."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from langchain_resp import ChatResp, CostCallbackHandler
from resp_core import track_costs
from tests.langchain.server import Server, error, response, said

PRICED = "gpt-5.4-mini"
ONE = Decimal("0.00002025")  # 3 tokens in at 0.75, 4 out at 4.5 a million


def priced(*output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return response(*(output or (said("hello"),)), model=PRICED, **fields)


def model_of(server: Server, **options: Any) -> ChatResp:
    return server.model(model=f"openai/{PRICED}", **options)


async def test_a_message_says_what_it_cost() -> None:
    model = model_of(Server(priced()))
    *rest, last = model.stream("hi")
    whole = sum(rest, rest[0].model_copy(update={"content": ""})) + last
    for message in (model.invoke("hi"), await model.ainvoke("hi"), last, whole):
        cost = message.response_metadata["cost"]
        assert Decimal(cost["total"]) == ONE
        assert cost["currency"] == "USD"
        json.dumps(message.response_metadata)
    assert all("cost" not in chunk.response_metadata for chunk in rest)
    usage: Any = model.invoke("hi").usage_metadata
    assert set(usage) == {"input_tokens", "output_tokens", "total_tokens"}


def test_langchains_own_usage_callback_still_counts() -> None:
    watch = UsageMetadataCallbackHandler()
    model = model_of(Server(priced()))
    for _ in range(2):
        model.invoke("hi", config={"callbacks": [watch]})
    assert watch.usage_metadata[PRICED]["total_tokens"] == 14


async def test_sums_are_those_of_track_costs() -> None:
    watch = CostCallbackHandler()
    model = model_of(Server(priced()))
    config: Any = {"callbacks": [watch]}
    with track_costs() as tracked:
        model.invoke("hi", config)
        await model.ainvoke("hi", config)
        list(model.stream("hi", config))
        assert [chunk async for chunk in model.astream("hi", config)]
        model.batch(["a", "b"], config)
    assert watch.total == tracked.total == 6 * ONE
    assert watch.by_model == tracked.by_model == {f"openai/{PRICED}": 6 * ONE}
    assert (watch.calls, watch.input_tokens, watch.output_tokens) == (
        tracked.calls,
        tracked.input_tokens,
        tracked.output_tokens,
    )
    assert watch.unknown == {}


def test_two_models_in_one_sum_are_exact() -> None:
    watch = CostCallbackHandler()
    prices = {"openai/own": {"input": "0.000000001", "output": "3"}}
    own = Server(response(said("a"), model="own")).model(model="openai/own", prices=prices)
    model_of(Server(priced())).invoke("hi", config={"callbacks": [watch]})
    own.invoke("hi", config={"callbacks": [watch]})
    assert watch.total == ONE + Decimal("0.000012000000003")


def test_what_has_no_price_makes_a_sum_unknown() -> None:
    watch = CostCallbackHandler()
    model_of(Server(priced())).invoke("hi", config={"callbacks": [watch]})
    Server(response(said("a"))).model().invoke("hi", config={"callbacks": [watch]})
    assert watch.total is None
    assert watch.known == ONE
    assert sum(watch.unknown.values()) == 1
    assert all(why for _, why in watch.unknown)


def test_a_model_that_does_not_say_is_unknown() -> None:
    watch = CostCallbackHandler()
    fake = GenericFakeChatModel(messages=iter([AIMessage("hi")]))
    fake.invoke("hi", config={"callbacks": [watch]})
    assert watch.total is None
    assert watch.unknown == {("cost", "the answer does not say what it cost"): 1}


def test_a_cache_hit_costs_nothing() -> None:
    watch = CostCallbackHandler()
    server = Server(priced())
    model = model_of(server, cache=InMemoryCache())
    for _ in range(3):
        model.invoke("hi", config={"callbacks": [watch]})
    assert len(server.bodies) == 1
    assert (watch.calls, watch.cached, watch.total) == (1, 2, ONE)


def test_failures_are_counted_apart() -> None:
    watch = CostCallbackHandler()
    model = model_of(Server(error(500)))
    with pytest.raises(Exception, match="no"):
        model.invoke("hi", config={"callbacks": [watch]})
    assert (watch.calls, watch.failed, watch.total) == (0, 1, Decimal(0))


def test_offline_is_free_and_says_so() -> None:
    watch = CostCallbackHandler()
    ChatResp(model="offline/demo").invoke("hi", config={"callbacks": [watch]})
    assert (watch.calls, watch.total, watch.unknown) == (1, Decimal(0), {})


def test_a_deployment_is_priced_by_what_it_is() -> None:
    server = Server(response(said("a"), model="our-deployment"))
    model = server.model(model="openai/our-deployment", base_model=PRICED)
    assert Decimal(model.invoke("hi").response_metadata["cost"]["total"]) == ONE
