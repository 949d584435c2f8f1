"""Chunks made from a template are those that LangChain's constructors make."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_resp.templates import content_chunk, generation_chunk

CONTENTS: list[str | list[Any]] = [
    "",
    "hello",
    [],
    ["text"],
    [{"type": "text", "text": "hello", "index": 0}],
    [{"type": "reasoning", "reasoning": "so", "index": 1}, {"type": "text", "text": "hello"}],
]


@pytest.mark.parametrize("content", CONTENTS, ids=repr)
@pytest.mark.parametrize("metadata", [{}, {"model_provider": "resp"}], ids=repr)
def test_the_same_as_constructed(content: str | list[Any], metadata: dict[str, Any]) -> None:
    ours = content_chunk(content, dict(metadata))
    theirs = AIMessageChunk(content=content, response_metadata=metadata)
    assert ours.__getstate__() == theirs.__getstate__()
    assert (ours + ours).__getstate__() == (theirs + theirs).__getstate__()
    made, constructed = generation_chunk(ours), ChatGenerationChunk(message=theirs)
    assert made.__getstate__() == constructed.__getstate__()
    assert (made + made).__getstate__() == (constructed + constructed).__getstate__()
    assert pickle.loads(pickle.dumps(made)) == constructed
    assert made.model_dump() == constructed.model_dump()


def test_nothing_of_one_is_in_another() -> None:
    first, second = content_chunk("a", {}), content_chunk("b", {})
    first.id = "run-1"
    first.more = 1  # LangChain's messages take fields of any name
    first.response_metadata["x"] = 1
    first.additional_kwargs["x"] = 1
    first.tool_calls.append({"name": "f", "args": {}, "id": "1"})
    first.tool_call_chunks.append({"name": "f", "args": "", "id": "1", "index": 0})
    first.invalid_tool_calls.append({"name": "f", "args": "", "id": "1", "error": None})
    assert second.__getstate__() == AIMessageChunk("b", response_metadata={}).__getstate__()
    one, other = generation_chunk(first), generation_chunk(second)
    one.generation_info = {"x": 1}
    assert other.__getstate__() == ChatGenerationChunk(message=second).__getstate__()
