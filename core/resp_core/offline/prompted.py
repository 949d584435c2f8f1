"""Prompts that ask for JSON in words: a schema to follow, or sub-questions for tools.

Knows the templates of LlamaIndex (output parsers, sub-questions) and LangChain (output parsers).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import orjson

from resp_core.offline.hints import Hints
from resp_core.offline.instance import NoInstance, fill

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["prompted"]

_SCHEMA = re.compile(r"JSON schema to follow:\s*(?=\{)|Here is the output schema:\s*```\s*(?=\{)")
_SUB_QUESTIONS = re.compile(
    r"list of relevant sub-questions.*```json\s*(\{[^`]*\})\s*```\s*<User Question>\s*(.*?)"
    r"\s*<Output>\s*$",
    re.S,
)


def prompted(prompt: str) -> str | None:
    """The JSON that the prompt asks for, None where it asks for none."""
    for answer in (_sub_questions, _instance):
        text = answer(prompt)
        if text is not None:
            return text
    return None


def _instance(prompt: str) -> str | None:
    """An instance of the schema that the prompt spells out, drawn from the rest of its words."""
    match = _SCHEMA.search(prompt)
    if match is None:
        return None
    written = _balanced(prompt[match.end() :])
    if written.startswith("{{"):  # a template's braces that were never put back
        schema = _object(written.replace("{{", "{").replace("}}", "}"))
    else:
        schema = _object(written)
    if schema is None:
        return None
    words = prompt[: match.start()] + prompt[match.end() + len(written) :]
    try:
        return orjson.dumps(fill(schema, Hints(words))).decode()
    except NoInstance:  # it only looks like a schema
        return None


def _sub_questions(prompt: str) -> str | None:
    """The question itself, put to every tool."""
    match = _SUB_QUESTIONS.search(prompt)
    tools = _object(match.group(1)) if match else None
    if match is None or tools is None:
        return None
    items = [{"sub_question": match.group(2), "tool_name": name} for name in tools]
    return f"```json\n{orjson.dumps({'items': items}).decode()}\n```"


def _balanced(text: str) -> str:
    """The beginning of `text` up to the brace that closes its first one."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return text[: at + 1]
    return text


def _object(text: str) -> JsonObject | None:
    try:
        value: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return cast("JsonObject", value) if isinstance(value, dict) else None
