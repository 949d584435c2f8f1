"""Prompts that ask for JSON in words, answered by the offline model."""

from __future__ import annotations

import orjson
import pytest
from llama_index.core.output_parsers import PydanticOutputParser
from llama_index.core.query_engine.citation_query_engine import CITATION_QA_TEMPLATE
from llama_index.core.question_gen.output_parser import SubQuestionOutputParser
from llama_index.core.question_gen.prompts import (
    DEFAULT_SUB_QUESTION_PROMPT_TMPL,
    build_tools_text,
)
from llama_index.core.tools import ToolMetadata
from pydantic import BaseModel

from resp_core.offline.prompted import prompted
from resp_core.offline.react import react
from resp_core.offline.reading import read
from resp_core.offline.transcript import Transcript, Utterance


class Song(BaseModel):
    title: str
    minutes: int


@pytest.mark.parametrize("restore", [True, False], ids=["restored", "braces-doubled"])
def test_a_schema_in_the_prompt(restore):
    prompt = PydanticOutputParser(output_cls=Song).format("A song of 3 minutes called Rain.")
    text = prompted(prompt.replace("{{", "{").replace("}}", "}") if restore else prompt)
    assert Song.model_validate_json(text).minutes == 3


def test_sub_questions():
    tools = [ToolMetadata(name="a", description="A"), ToolMetadata(name="b", description="B")]
    prompt = DEFAULT_SUB_QUESTION_PROMPT_TMPL.replace("{tools_str}", build_tools_text(tools))
    prompt = prompt.replace("{query_str}", "Which is better?")
    asked = SubQuestionOutputParser().parse(prompted(prompt)).parsed_output
    assert [(each.tool_name, each.sub_question) for each in asked] == [
        ("a", "Which is better?"),
        ("b", "Which is better?"),
    ]


@pytest.mark.parametrize("prompt", ["Hello", "Here's a JSON schema to follow: {broken", ""])
def test_other_prompts_are_left_alone(prompt):
    assert prompted(prompt) is None


def test_sources_are_cited_by_number():
    sources = "Source 1:\nThe sea is blue.\nSource 2:\nGrass is green."
    prompt = CITATION_QA_TEMPLATE.format(context_str=sources, query_str="What colour is grass?")
    assert read(prompt) == "Grass is green [2]."


def test_a_step_written_back_as_a_python_dict_is_known_again():
    system = (
        "Thought: x\nAction: tool\nAction Input: y\n\n> Tool Name: multiply\n"
        f"Tool Description: Multiply two numbers.\nTool Args: {_schema()}\n"
    )
    entries = (
        Utterance("system", system),
        Utterance("user", "What is 6 multiplied by 7?"),
        Utterance("assistant", "Thought: x\nAction: multiply\nAction Input: {'a': 6, 'b': 7}"),
        Utterance("user", "Observation: 42"),
    )
    text = react(Transcript(entries), lambda inner: "The result is 42.")
    assert text is not None
    assert text.endswith("Answer: The result is 42.")


def _schema() -> str:
    number = {"type": "integer"}
    return orjson.dumps(
        {"type": "object", "properties": {"a": number, "b": number}, "required": ["a", "b"]}
    ).decode()
