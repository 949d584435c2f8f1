"""Chunks made from a template are those that LangChain's constructors make."""

from __future__ import annotations

import gc
import pickle
import sys
from copy import copy, deepcopy
from typing import Any

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompt_values import ChatPromptValue
from pydantic import BaseModel

from langchain_resp import ChatResp
from langchain_resp.templates import (
    chat_result,
    content_chunk,
    generation_chunk,
    prompt_value,
    text_message,
)
from langchain_resp.traces import traced

CONTENTS: list[str | list[Any]] = [
    "",
    "hello",
    [],
    ["text"],
    [{"type": "text", "text": "hello", "index": 0}],
    [{"type": "text", "index": 0}],
    [{"type": "refusal", "refusal": "no", "index": 0}],
    [{"text": "old", "index": 0}],
    [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "so"}], "index": 0}],
    [{"type": "reasoning", "reasoning": "so", "index": 1}, {"type": "text", "text": "hello"}],
]


def state(model: BaseModel) -> Any:
    """What a model holds, but for which of its fields were given and which are defaults."""
    return {**model.__getstate__(), "__pydantic_fields_set__": None}


@pytest.mark.parametrize("content", CONTENTS, ids=repr)
@pytest.mark.parametrize("metadata", [{}, {"model_provider": "resp"}], ids=repr)
def test_the_same_as_constructed(content: str | list[Any], metadata: dict[str, Any]) -> None:
    ours = content_chunk(content, dict(metadata))
    theirs = AIMessageChunk(content=content, response_metadata=metadata)
    assert state(ours) == state(theirs)
    assert state(ours + ours) == state(theirs + theirs)
    made, constructed = generation_chunk(ours), ChatGenerationChunk(message=theirs)
    assert state(made) == state(constructed)
    assert state(made + made) == state(constructed + constructed)
    assert pickle.loads(pickle.dumps(made)) == constructed
    for copied in (pickle.loads(pickle.dumps(ours)), copy(ours), deepcopy(ours)):
        copied.more = 1
        assert copied.model_dump(exclude_unset=True)["more"] == 1
    assert made.model_dump() == constructed.model_dump()


def test_nothing_of_one_is_in_another() -> None:
    first, second = content_chunk("a", {}), content_chunk("b", {})
    first.id = "run-1"
    first.more = 1  # LangChain's messages take fields of any name
    assert first.model_dump(exclude_unset=True)["more"] == 1
    first.response_metadata["x"] = 1
    first.additional_kwargs["x"] = 1
    first.tool_calls.append({"name": "f", "args": {}, "id": "1"})
    first.tool_call_chunks.append({"name": "f", "args": "", "id": "1", "index": 0})
    first.invalid_tool_calls.append({"name": "f", "args": "", "id": "1", "error": None})
    assert state(second) == state(AIMessageChunk("b"))
    one, other = generation_chunk(first), generation_chunk(second)
    one.generation_info = {"x": 1}
    assert state(other) == state(ChatGenerationChunk(message=second))
    fresh = content_chunk("c", {})
    assert fresh.model_fields_set == set(AIMessageChunk.model_fields)
    assert generation_chunk(fresh).model_fields_set == set(ChatGenerationChunk.model_fields)


def test_a_chunk_is_of_few_parts() -> None:
    """LangChain keeps every chunk of a stream, and each full collection walks all their parts."""
    gc.collect()
    before = len(gc.get_objects())
    kept = [generation_chunk(content_chunk("a", {})) for _ in range(1000)]
    parts = (len(gc.get_objects()) - before) / len(kept)
    assert parts < 6.5 if sys.version_info < (3, 13) else parts < 7.5


def test_a_plain_answer() -> None:
    usage = UsageMetadata(input_tokens=1, output_tokens=2, total_tokens=3)
    for told in (usage, None):
        ours = text_message("hello", {"id": "r"}, told)
        theirs = AIMessage("hello", response_metadata={"id": "r"}, usage_metadata=told)
        assert state(ours) == state(theirs)
        made = chat_result(ours)
        constructed = ChatResult(generations=[ChatGeneration(message=theirs)])
        assert state(made) == state(constructed)
        assert state(made.generations[0]) == state(constructed.generations[0])
    first, second = text_message("a", {}, None), text_message("b", {}, None)
    first.tool_calls.append({"name": "f", "args": {}, "id": "1"})
    first.additional_kwargs["x"] = 1
    assert state(second) == state(AIMessage("b"))


@pytest.mark.parametrize("content", CONTENTS, ids=repr)
def test_the_result_of_any_answer(content: str | list[Any]) -> None:
    message = AIMessage(content)
    constructed = ChatResult(generations=[ChatGeneration(message=message)])
    assert state(chat_result(message)) == state(constructed)
    assert state(chat_result(message).generations[0]) == state(constructed.generations[0])


def test_a_prompt_of_messages() -> None:
    given = [HumanMessage("a"), AIMessage("b"), ToolMessage("c", tool_call_id="d")]
    made = prompt_value(given)
    assert made is not None
    assert state(made) == state(ChatPromptValue(messages=given))
    given.append(HumanMessage("later"))
    assert len(made.to_messages()) == 3
    for other in ("hi", ("user", "hi"), [("user", "hi")], [{"role": "user"}], tuple(given), made):
        assert prompt_value(other) is None
    model = ChatResp(model="offline/demo")
    for any_input in ("hi", [("user", "hi")], [], given, tuple(given), made):
        found = model._convert_input(any_input)
        assert state(found) == state(BaseChatModel._convert_input(model, any_input))


@pytest.mark.parametrize("stop", [None, ["x"]])
def test_what_traces_are_told_of_a_call(stop: list[str] | None) -> None:
    model = ChatResp(model="offline/demo", temperature=0.5, model_kwargs={"user": "ann"})
    told = {"tools": [{"type": "function", "function": {"name": "f"}}], "api_key": "k"}
    found = model._get_invocation_params(stop, **told)
    assert found == traced(BaseChatModel._get_invocation_params(model, stop, **told))
    assert list(found) == list(traced(BaseChatModel._get_invocation_params(model, stop, **told)))
    assert "api_key" not in found
