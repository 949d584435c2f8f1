"""RespEmbedding."""

from __future__ import annotations

import copy
import pickle

import pytest
from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import TextNode
from llama_index.core.storage.kvstore import SimpleKVStore

from llamaindex_resp import RespEmbedding
from llamaindex_resp.embeddings import vectors
from resp_core.errors import ArgumentError, ProtocolError

TEXTS = ["a cat sat on the mat", "stock prices fell sharply", "the cat is on a mat"]


def test_one_text(embedding):
    vector = embedding.get_text_embedding(TEXTS[0])
    assert all(isinstance(number, float) for number in vector)


def test_a_query_is_embedded_as_a_text_is(embedding):
    assert embedding.get_query_embedding("a cat") == embedding.get_text_embedding("a cat")


def test_batches_keep_the_order(embedding):
    batched = RespEmbedding("offline/embed", embed_batch_size=2).get_text_embedding_batch(TEXTS)
    assert batched == [embedding.get_text_embedding(text) for text in TEXTS]


async def test_async(embedding):
    assert await embedding.aget_text_embedding_batch(TEXTS) == embedding.get_text_embedding_batch(
        TEXTS
    )
    assert await embedding.aget_query_embedding("a") == embedding.get_query_embedding("a")


async def test_workers(embedding):
    several = RespEmbedding("offline/embed", embed_batch_size=1, num_workers=2)
    found = await several.aget_text_embedding_batch(TEXTS)
    assert found == embedding.get_text_embedding_batch(TEXTS)


def test_similar_texts_are_near(embedding):
    cat, stocks, mat = embedding.get_text_embedding_batch(TEXTS)
    assert embedding.similarity(cat, mat) > embedding.similarity(cat, stocks)


def test_dimensions():
    assert len(RespEmbedding("offline/embed", dimensions=32).get_text_embedding("a")) == 32


def test_no_texts(embedding):
    assert embedding.get_text_embedding_batch([]) == []


def test_events_and_callbacks(embedding, events):
    embedding.get_text_embedding("a")
    theirs = [name for name in events.names() if name != "EmbeddingCostEvent"]
    assert theirs == ["EmbeddingStartEvent", "EmbeddingEndEvent"]


def test_a_cache_is_used():
    embedding = RespEmbedding("offline/embed", embeddings_cache=SimpleKVStore())
    first = embedding.get_text_embedding("a")
    embedding.model = "offline/fault-500"
    assert embedding.get_text_embedding("a") == first


def test_as_a_transformation(embedding):
    pipeline = IngestionPipeline(transformations=[SentenceSplitter(), embedding])
    [node] = pipeline.run(documents=[Document(text=TEXTS[0])])
    assert node.embedding == embedding.get_text_embedding(node.get_content("embed"))


def test_it_replaces_nothing_in_the_text(embedding):
    assert embedding.get_text_embedding("a\nb") == embedding.get_text_embedding("a\nb")
    assert embedding([TextNode(text="x")])[0].embedding


def test_secrets_copies_and_pickles():
    embedding = RespEmbedding("offline/embed", api_key="sk-canary-12345678")
    forms = [
        repr(embedding),
        str(embedding.to_dict()),
        embedding.to_json(),
        str(getattr(embedding, "to_payload", embedding.to_dict)()),
    ]
    assert "canary" not in " ".join(forms) + repr(pickle.dumps(embedding))
    assert pickle.loads(pickle.dumps(embedding)).get_text_embedding("a")
    copied = copy.deepcopy(embedding)
    assert copied.api_key.reveal() == "sk-canary-12345678"
    assert copied.get_text_embedding("a") == embedding.get_text_embedding("a")


def test_unknown_options_are_named():
    with pytest.raises(ArgumentError, match="dimensions"):
        RespEmbedding("offline/embed", dimension=3)


def test_over_azure(azure):
    embedding = RespEmbedding("azure/embed", azure_endpoint=azure.url, api_key="k")
    found = embedding.get_text_embedding_batch(TEXTS)
    embedding.client.close()
    assert found == RespEmbedding("offline/embed").get_text_embedding_batch(TEXTS)


def test_an_index_through_settings(settings):
    assert isinstance(Settings.embed_model, RespEmbedding)
    index = VectorStoreIndex.from_documents([Document(text=text) for text in TEXTS])
    [best] = index.as_retriever(similarity_top_k=1).retrieve("Where is the cat?")
    assert "cat" in best.text


def test_vectors_are_put_in_order():
    answer = {"data": [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": "AACAPw=="}]}
    assert vectors(answer, 2) == [[1.0], [2.0]]


def test_eight_bit_integers():
    answer = {"data": [{"index": 0, "embedding": "Af8="}]}
    assert vectors(answer, 1, int8=True) == [[1.0, -1.0]]
    with pytest.raises(ProtocolError, match="not encoded"):
        vectors(answer, 1)


def test_floats_are_asked_for_where_a_server_knows_no_base64(azure):
    plain = RespEmbedding("custom/embed", base_url=f"{azure.url}/v1", encoding_format="float")
    found = plain.get_text_embedding_batch(TEXTS)
    plain.client.close()
    coded = RespEmbedding("offline/embed").get_text_embedding_batch(TEXTS)
    for one, other in zip(found, coded, strict=True):
        assert one == pytest.approx(other)


def test_a_missing_vector_is_an_error():
    with pytest.raises(ProtocolError, match="2 texts"):
        vectors({"data": [{"index": 0, "embedding": [1.0]}]}, 2)
