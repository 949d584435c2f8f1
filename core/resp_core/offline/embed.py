"""Embeddings by hashing: words and letter triples fall into buckets, so similar texts are near."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from typing import TYPE_CHECKING, Any, cast

from resp_core.offline import words
from resp_core.offline.check import Param, check_params
from resp_core.offline.count import count
from resp_core.offline.problem import Problem, bad_type, missing

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["DIMENSIONS", "check_embeddings", "embed", "embeddings"]

DIMENSIONS = 256
_PARAMS: dict[str, Param] = {
    "dimensions": Param("integer", low=1, high=4096),
    "encoding_format": Param("string", values=("float", "base64")),
    "input": Param("string or array"),
    "model": Param("string"),
    "user": Param("string"),
}
_WORD_WEIGHT = 1.0
_PLAIN_WEIGHT = 0.2
_TRIPLE_WEIGHT = 0.3


def embed(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """A vector of length 1. Stopwords count little, word stems most, letter triples some."""
    vector = [0.0] * dimensions
    for feature, weight in _features(text):
        digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
        (number,) = struct.unpack("<Q", digest)
        vector[(number >> 1) % dimensions] += weight if number & 1 else -weight
    length = math.sqrt(sum(value * value for value in vector))
    if not length:
        vector[0], length = 1.0, 1.0
    return [value / length for value in vector]


def _features(text: str) -> list[tuple[str, float]]:
    lowered = text.lower()
    meant = [word.lower() for word in words.keywords(text)]
    features = [(f"w:{words.stem(word)}", _WORD_WEIGHT) for word in meant]
    features += [(f"p:{word}", _PLAIN_WEIGHT) for word in lowered.split()]
    for word in meant:
        padded = f"^{word}$"
        features += [
            (f"t:{padded[at : at + 3]}", _TRIPLE_WEIGHT) for at in range(max(1, len(padded) - 2))
        ]
    return features


def check_embeddings(body: JsonObject) -> None:
    """Raise the `Problem` of the first wrong parameter."""
    check_params(body, _PARAMS)
    for name in ("model", "input"):
        if body.get(name) is None:
            raise missing(name)
    given = body["input"]
    if not given:
        raise Problem("Invalid 'input': input cannot be an empty string.", param="input")
    if isinstance(given, list) and len(cast("list[Any]", given)) > 2048:
        raise Problem(
            "Invalid 'input': array too long. Expected an array with maximum length 2048.",
            param="input",
            code="array_above_max_length",
        )


def embeddings(body: JsonObject, model: str) -> JsonObject:
    """The answer to a checked request."""
    texts = _texts(body["input"])
    dimensions = int(body.get("dimensions") or DIMENSIONS)
    packed = body.get("encoding_format") == "base64"
    data: list[JsonObject] = []
    for index, text in enumerate(texts):
        vector: Any = embed(text, dimensions)
        if packed:
            vector = base64.b64encode(struct.pack(f"<{dimensions}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    used = sum(map(count, texts))
    return {
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


def _texts(given: Any) -> list[str]:
    """A text, texts, token numbers or lists of token numbers, as texts."""
    if isinstance(given, str):
        return [given]
    listed = cast("list[Any]", given)
    if all(isinstance(each, int) for each in listed):
        return [" ".join(map(str, listed))]
    texts: list[str] = []
    for at, each in enumerate(listed):
        if isinstance(each, list):
            texts.append(" ".join(map(str, cast("list[Any]", each))))
        elif isinstance(each, str) and each:
            texts.append(each)
        else:
            raise bad_type(f"input[{at}]", "a non-empty string", each)
    return texts
