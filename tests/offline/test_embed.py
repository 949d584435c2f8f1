"""Embeddings: near where texts are similar, the same in both encodings."""

from __future__ import annotations

import base64
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.offline.embed import embed


def near(left: str, right: str) -> float:
    return sum(a * b for a, b in zip(embed(left), embed(right), strict=True))


@pytest.mark.parametrize(
    ("text", "close", "far"),
    [
        ("Where is the Eiffel Tower?", "The Eiffel Tower is in Paris.", "Bees make honey."),
        ("How do I retry requests?", "Retrying a failed request", "Pricing of the models"),
        ("cats and dogs", "a dog and a cat", "quarterly revenue"),
    ],
)
def test_similar_texts_are_near(text: str, close: str, far: str) -> None:
    assert near(text, close) > near(text, far) + 0.2


@given(st.text(), st.integers(1, 600))
def test_vectors_have_length_one(text: str, dimensions: int) -> None:
    vector = embed(text, dimensions)
    assert len(vector) == dimensions
    assert math.isclose(math.hypot(*vector), 1.0, rel_tol=1e-9)


def test_answers(offline: Any) -> None:
    body = {"model": "offline/embed", "input": ["one", "two"], "dimensions": 8}
    answer = offline.call("POST", "/v1/embeddings", body)[1]
    assert answer["model"] == "offline-embed"
    assert [each["index"] for each in answer["data"]] == [0, 1]
    assert answer["usage"] == {"prompt_tokens": 2, "total_tokens": 2}
    packed = offline.call("POST", "/v1/embeddings", body | {"encoding_format": "base64"})[1]
    for plain, each in zip(answer["data"], packed["data"], strict=True):
        unpacked = struct.unpack("<8f", base64.b64decode(each["embedding"]))
        assert unpacked == pytest.approx(plain["embedding"], abs=1e-6)


@pytest.mark.parametrize(("given", "count"), [("a text", 1), ([1, 2, 3], 1), ([[1, 2], [3]], 2)])
def test_inputs(offline: Any, given: Any, count: int) -> None:
    answer = offline.call("POST", "/v1/embeddings", {"model": "e", "input": given})[1]
    assert len(answer["data"]) == count
    assert len(answer["data"][0]["embedding"]) == 256
