"""Query and chat engines, routers and sub-questions, on every backend."""

from __future__ import annotations

from typing import Literal

import pytest
from llama_index.core import (
    Document,
    DocumentSummaryIndex,
    KeywordTableIndex,
    Settings,
    SummaryIndex,
    TreeIndex,
    VectorStoreIndex,
)
from llama_index.core.base.response.schema import AsyncStreamingResponse, StreamingResponse
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.evaluation import FaithfulnessEvaluator
from llama_index.core.extractors import TitleExtractor
from llama_index.core.indices.property_graph import SchemaLLMPathExtractor
from llama_index.core.indices.query.query_transform import HyDEQueryTransform
from llama_index.core.llms import ChatMessage
from llama_index.core.memory import ChatMemoryBuffer, ChatSummaryMemoryBuffer, Memory
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.postprocessor import LLMRerank, StructuredLLMRerank
from llama_index.core.program import FunctionCallingProgram, LLMTextCompletionProgram
from llama_index.core.prompts import PromptTemplate
from llama_index.core.query_engine import (
    CitationQueryEngine,
    RouterQueryEngine,
    SubQuestionQueryEngine,
    TransformQueryEngine,
)
from llama_index.core.question_gen import LLMQuestionGenerator
from llama_index.core.response_synthesizers import ResponseMode
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.selectors import (
    LLMSingleSelector,
    PydanticMultiSelector,
    PydanticSingleSelector,
)
from llama_index.core.tools import QueryEngineTool
from pydantic import BaseModel

DOCUMENTS = [
    Document(text="Paris is the capital of France. It lies on the Seine.", metadata={"n": "1"}),
    Document(text="Canberra is the capital of Australia.", metadata={"n": "2"}),
]
QUESTION = "What is the capital of France?"
TEXT_MODES = [mode for mode in ResponseMode if mode.value not in ("no_text", "context_only")]


@pytest.fixture
def index(settings) -> VectorStoreIndex:
    return VectorStoreIndex.from_documents(DOCUMENTS)


@pytest.mark.parametrize("mode", TEXT_MODES, ids=lambda mode: mode.value)
def test_query_engine_in_every_response_mode(index, mode):
    response = index.as_query_engine(response_mode=mode, similarity_top_k=1).query(QUESTION)
    assert str(response)
    if mode is not ResponseMode.GENERATION:  # it does not read the documents
        assert "Paris" in str(response)
        assert response.source_nodes


@pytest.mark.parametrize("mode", ["no_text", "context_only"])
def test_modes_without_a_model(index, mode):
    assert index.as_query_engine(response_mode=mode).query(QUESTION).source_nodes


async def test_aquery(index):
    assert "Paris" in str(await index.as_query_engine().aquery(QUESTION))


def test_a_streamed_query(index):
    response = index.as_query_engine(streaming=True).query(QUESTION)
    assert isinstance(response, StreamingResponse)
    tokens = list(response.response_gen)
    assert len(tokens) > 1
    assert "Paris" in "".join(tokens)


async def test_a_streamed_aquery(index):
    response = await index.as_query_engine(streaming=True).aquery(QUESTION)
    assert isinstance(response, AsyncStreamingResponse)
    assert "Paris" in "".join([token async for token in response.async_response_gen()])


class Capital(BaseModel):
    """A capital."""

    city: str
    country: str


@pytest.mark.parametrize("mode", ["compact", "refine", "tree_summarize"])
def test_structured_output_through_an_engine(index, mode):
    engine = index.as_query_engine(output_cls=Capital, response_mode=mode, similarity_top_k=1)
    response = engine.query(QUESTION)
    assert isinstance(response.response, Capital)


def test_citations(index):
    engine = CitationQueryEngine.from_args(index, similarity_top_k=1)
    response = engine.query(QUESTION)
    assert str(response) == "Paris is the capital of France [1]."
    assert response.source_nodes[0].text.startswith("Source 1:")


def _tools(index) -> list[QueryEngineTool]:
    return [
        QueryEngineTool.from_defaults(
            index.as_query_engine(),
            name="capitals",
            description="Facts on the capital of a country",
        ),
        QueryEngineTool.from_defaults(
            SummaryIndex.from_documents(DOCUMENTS).as_query_engine(),
            name="summary",
            description="Summaries of whole documents",
        ),
    ]


@pytest.mark.parametrize(
    "selector", [PydanticSingleSelector, PydanticMultiSelector, LLMSingleSelector]
)
def test_router(index, selector):
    engine = RouterQueryEngine.from_defaults(_tools(index), selector=selector.from_defaults())
    assert "Paris" in str(engine.query(QUESTION))


def test_sub_questions(index):
    engine = SubQuestionQueryEngine.from_defaults(
        _tools(index),
        question_gen=LLMQuestionGenerator.from_defaults(),
        use_async=False,
        verbose=False,
    )
    response = engine.query("Compare the capital of France and the capital of Australia.")
    assert response.source_nodes


def test_hypothetical_documents(index):
    engine = TransformQueryEngine(index.as_query_engine(), HyDEQueryTransform())
    assert str(engine.query(QUESTION))


def test_reranking(index):
    engine = index.as_query_engine(
        similarity_top_k=2, node_postprocessors=[LLMRerank(top_n=1, choice_batch_size=2)]
    )
    assert str(engine.query(QUESTION))


def test_summary_indices(settings):
    assert str(SummaryIndex.from_documents(DOCUMENTS).as_query_engine().query(QUESTION))
    assert DocumentSummaryIndex.from_documents(DOCUMENTS).get_document_summary(DOCUMENTS[0].doc_id)


@pytest.mark.parametrize("kind", [TreeIndex, KeywordTableIndex])
def test_other_indices(settings, kind):
    assert "Paris" in str(kind.from_documents(DOCUMENTS).as_query_engine().query(QUESTION))


def test_reranking_by_a_structured_answer(index):
    rerank = StructuredLLMRerank(llm=Settings.llm, top_n=1)
    assert "Paris" in str(index.as_query_engine(node_postprocessors=[rerank]).query(QUESTION))


def test_fused_retrieval(index):
    retriever = QueryFusionRetriever([index.as_retriever()], num_queries=2, use_async=False)
    assert "Paris" in retriever.retrieve(QUESTION)[0].text


def test_a_graph_by_schema(settings):
    extractor = SchemaLLMPathExtractor(
        llm=Settings.llm,
        possible_entities=Literal["CITY", "COUNTRY"],
        possible_relations=Literal["CAPITAL_OF"],
    )
    found = Settings.llm.structured_predict(
        extractor.kg_schema_cls, PromptTemplate("Paris is the capital of France.")
    )
    assert found.triplets[0].relation.type == "CAPITAL_OF"


def test_sub_questions_side_by_side(index):
    engine = SubQuestionQueryEngine.from_defaults(
        _tools(index), question_gen=LLMQuestionGenerator.from_defaults(), verbose=False
    )
    assert engine.query("Compare the capital of France and the capital of Australia.").source_nodes


def test_programs(llm):
    text = "Capital of France: Paris"
    tools = FunctionCallingProgram.from_defaults(
        Capital, llm=llm, prompt_template_str="Extract the capital from: {text}"
    )
    assert isinstance(tools(text=text), Capital)
    words = LLMTextCompletionProgram.from_defaults(
        output_cls=Capital, llm=llm, prompt_template_str="Extract the capital from: {text}"
    )
    assert isinstance(words(text=text), Capital)


def test_extractors_and_evaluators(settings, index):
    nodes = SentenceSplitter().get_nodes_from_documents(DOCUMENTS)
    assert TitleExtractor(nodes=1).extract(nodes)[0]["document_title"]
    response = index.as_query_engine().query(QUESTION)
    assert FaithfulnessEvaluator().evaluate_response(response=response).feedback


# --- chat engines

MODES = ["simple", "context", "condense_question", "condense_plus_context", "best"]


@pytest.mark.parametrize("mode", MODES)
def test_chat_engine_in_every_mode(index, mode):
    engine = index.as_chat_engine(chat_mode=mode)
    assert str(engine.chat("Hello"))
    second = str(engine.chat(QUESTION))
    assert second
    assert len(engine.chat_history) >= 4
    if mode not in ("simple",):
        assert "Paris" in second
    engine.reset()
    assert engine.chat_history == []


@pytest.mark.parametrize("mode", MODES)
def test_a_streamed_chat(index, mode):
    engine = index.as_chat_engine(chat_mode=mode)
    first = engine.stream_chat("Hello")
    assert "".join(first.response_gen)
    second = engine.stream_chat(QUESTION)
    assert "".join(second.response_gen) == str(second)
    assert engine.chat_history[-1].content == str(second)


@pytest.mark.parametrize("mode", MODES)
async def test_an_async_chat(index, mode):
    engine = index.as_chat_engine(chat_mode=mode)
    assert str(await engine.achat(QUESTION))
    response = await engine.astream_chat(QUESTION)
    assert "".join([token async for token in response.async_response_gen()])


def test_a_history_stays_free_of_wire_details(index):
    engine = index.as_chat_engine(chat_mode="context")
    engine.chat("Hello")
    assert [message.additional_kwargs for message in engine.chat_history] == [{}, {}]


@pytest.mark.parametrize("memory", ["buffer", "summary", "memory"])
def test_memories(llm, memory):
    kinds = {
        "buffer": lambda: ChatMemoryBuffer.from_defaults(token_limit=2000),
        "summary": lambda: ChatSummaryMemoryBuffer.from_defaults(llm=llm, token_limit=60),
        "memory": lambda: Memory.from_defaults(token_limit=2000),
    }
    engine = SimpleChatEngine.from_defaults(llm=llm, memory=kinds[memory]())
    for turn in ("My name is Ada.", "Tell me of the sea.", "What is my name?"):
        answer = str(engine.chat(turn))
    assert answer
    if memory != "summary":
        assert "Ada" in answer


def test_a_system_prompt_of_a_chat_engine(llm):
    engine = SimpleChatEngine.from_defaults(llm=llm, system_prompt="You are brief.")
    assert str(engine.chat("Hello"))


def test_engines_count_tokens(settings):
    counter = TokenCountingHandler(tokenizer=lambda text: [0] * 99_999)
    settings.callback_manager = CallbackManager([counter])
    VectorStoreIndex.from_documents(DOCUMENTS).as_query_engine().query(QUESTION)
    assert 0 < counter.total_llm_token_count < 99_999


def test_a_history_from_elsewhere(llm):
    history = [
        ChatMessage(role="user", content="My name is Ada."),
        ChatMessage(role="assistant", content="Nice to meet you."),
    ]
    engine = SimpleChatEngine.from_defaults(llm=llm)
    assert "Ada" in str(engine.chat("What is my name?", chat_history=history))
