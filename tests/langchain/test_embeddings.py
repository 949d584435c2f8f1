"""RespEmbeddings: batches, order, options, secrets."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core import exceptions as lc

from langchain_resp import RespEmbeddings
from langchain_resp.embeddings import batches, in_order
from resp_core import errors as core

SECRET = "sk-canary-0123456789"


@given(st.lists(st.text(max_size=9)), st.integers(1, 4), st.integers(1, 12))
def test_batches_keep_order_and_limits(texts: list[str], count: int, chars: int) -> None:
    made = batches(texts, count, chars)
    assert [text for batch in made for text in batch] == texts
    assert all(0 < len(batch) <= count for batch in made)
    assert all(len(batch) == 1 or sum(map(len, batch)) <= chars for batch in made)


def test_vectors_come_in_the_order_of_the_texts() -> None:
    data = [{"index": 1, "embedding": [1]}, {"index": 0, "embedding": [0]}]
    assert in_order(data, 2) == [[0.0], [1.0]]
    with pytest.raises(core.ProtocolError):
        in_order(data[:1], 2)


def served(bodies: list[Any], **options: Any) -> RespEmbeddings:
    def answer(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        bodies.append(body)
        data = [
            {"object": "embedding", "index": n, "embedding": [float(len(text))]}
            for n, text in enumerate(body["input"])
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return httpx2.Response(200, json={"object": "list", "data": data[::-1], "usage": usage})

    return RespEmbeddings(
        model="openai/text-embedding-3-small",
        api_key=SECRET,
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
        **options,
    )


def test_requests() -> None:
    bodies: list[Any] = []
    model = served(bodies, dimensions=8, user="u", chunk_size=2)
    assert model.embed_documents(["a", "bb", "ccc"]) == [[1.0], [2.0], [3.0]]
    assert model.embed_query("dddd") == [4.0]
    assert [body["input"] for body in bodies] == [["a", "bb"], ["ccc"], ["dddd"]]
    assert bodies[0]["dimensions"] == 8
    assert bodies[0]["user"] == "u"
    assert bodies[0]["model"] == "text-embedding-3-small"
    assert model.embed_documents([]) == []


async def test_similar_texts_are_near_offline() -> None:
    model = RespEmbeddings(model="offline/embed")
    cat, kitten, tax = await model.aembed_documents(
        ["a cat on the mat", "a cat on a mat", "quarterly tax returns"]
    )

    def near(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True))

    assert near(cat, kitten) > near(cat, tax)
    assert await model.aembed_query("a cat on the mat") == cat


def test_errors_and_options() -> None:
    with pytest.raises(core.ArgumentError, match="dimension"):
        RespEmbeddings(model="offline/embed", dimension=3)
    with pytest.raises(lc.ModelAuthenticationError):
        RespEmbeddings(model="openai/text-embedding-3-small").embed_query("a")


def test_secrets_and_copies() -> None:
    model = served([], default_headers={"authorization": SECRET})
    model.embed_query("a")
    texts = [repr(model), str(model.model_dump()), pickle.dumps(model).decode("latin-1")]
    assert [text for text in texts if SECRET in text] == []
    assert copy.deepcopy(model).embed_query("aa") == [2.0]
    assert copy.copy(model).embed_query("aa") == [2.0]
    assert pickle.loads(pickle.dumps(model)).api_key is None
