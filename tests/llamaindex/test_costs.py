"""What each answer cost, and what many cost together: the same as the core says."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from llama_index.core import Settings, SummaryIndex, VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.schema import Document

from llamaindex_resp import CostHandler, RespEmbedding
from resp_core import Price, clear_prices, register_price, track_costs

HELLO = [ChatMessage(role="user", content="Hello")]


@pytest.fixture
def priced():
    for name in ("offline/demo", "azure/demo", "offline/embed"):
        register_price(name, Price(input=Decimal("1.25"), output=Decimal(10)))
    yield
    clear_prices()


@pytest.fixture
def costs():
    handler, dispatcher = CostHandler(), get_dispatcher()
    dispatcher.add_event_handler(handler)
    yield handler
    dispatcher.event_handlers.remove(handler)


async def endpoints(llm):
    """An answer of each of the eight endpoints."""
    yield llm.chat(HELLO)
    yield llm.complete("Hello")
    yield list(llm.stream_chat(HELLO))[-1]
    yield list(llm.stream_complete("Hello"))[-1]
    yield await llm.achat(HELLO)
    yield await llm.acomplete("Hello")
    yield [chunk async for chunk in await llm.astream_chat(HELLO)][-1]
    yield [chunk async for chunk in await llm.astream_complete("Hello")][-1]


async def test_every_endpoint_says_the_cost(llm, priced):
    seen = [answer.additional_kwargs["cost"] async for answer in endpoints(llm)]
    assert len(seen) == 8
    for cost in seen:
        assert json.loads(json.dumps(cost)) == cost
        assert Decimal(cost["total"]) > 0
        assert cost == seen[0]


async def test_totals_are_those_of_the_core(llm, priced, costs):
    with track_costs() as tracked:
        said = [answer.additional_kwargs["cost"] async for answer in endpoints(llm)]
    assert costs.total == tracked.total == sum(Decimal(cost["total"]) for cost in said)
    assert (costs.calls, costs.failed) == (tracked.calls, 0) == (8, 0)
    assert costs.by_model == tracked.by_model
    assert costs.input_tokens == tracked.input_tokens
    assert costs.output_tokens == tracked.output_tokens


async def test_agents_engines_and_embeddings_count(llm, tools, priced, costs):
    documents = [Document(text="The sky is blue."), Document(text="Grass is green.")]
    with track_costs() as tracked:
        await FunctionAgent(tools=tools, llm=llm).run("What is 6 multiplied by 7?")
        index = VectorStoreIndex.from_documents(
            documents, embed_model=RespEmbedding("offline/embed")
        )
        str(index.as_query_engine(llm=llm).query("What is blue?"))
        str(SummaryIndex.from_documents(documents).as_query_engine(llm=llm).query("What is green?"))
    Settings._llm = Settings._embed_model = None
    assert costs.total == tracked.total
    assert costs.calls == tracked.calls >= 6
    assert costs.by_model == tracked.by_model
    assert len(costs.by_model) > 1


async def test_an_unknown_price_is_not_zero(llm, costs):
    llm.chat(HELLO)
    if llm.model.startswith("offline"):
        assert (costs.total, costs.unknown) == (0, {})  # it is free, on purpose
        return
    assert costs.total is None
    assert costs.unknown
