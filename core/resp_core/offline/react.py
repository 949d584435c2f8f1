"""ReAct prompts: tools described in text, answered by Thought, Action and Action Input."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, cast

import orjson

from resp_core.offline import calling
from resp_core.offline.frames import between
from resp_core.offline.transcript import Call, Choice, Entry, Output, Tool, Transcript, Utterance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resp_core.types.json import JsonObject

__all__ = ["react"]

_ASKS = ("Thought:", "Action:", "Action Input:")
_LLAMA_TOOL = re.compile(
    r"^> Tool Name: (\S+)\nTool Description: (.*?)\nTool Args: (\{.*?\})\s*$", re.M | re.S
)
_PLAIN_TOOL = re.compile(r"^(\w+)(\([^\n]*?\)(?: -> [^\n:]+?)?)?\s*[:-]+ ([^\n]+)$", re.M)
_NAMES = re.compile(r"should be one of \[([^\]]*)\]")
_STEP = re.compile(r"^[ \t]*Action:[ \t]*([^\n]+)\n{1,3}[ \t]*Action Input:[ \t]*([^\n]*)", re.M)
_SEEN = re.compile(
    r"Observation:[ \t]*(.*?)(?=\n[ \t]*(?:Thought|Action|Answer|Final Answer):|\Z)", re.S
)
_BEGUN = ("Begin!", "(?:Question|New input|User):")
_THOUGHT = re.compile(r"\n[ \t]*Thought:")


def react(transcript: Transcript, answer: Callable[[Transcript], str]) -> str | None:
    """A well-formed ReAct step, or None where the prompt is no ReAct prompt.

    `answer` makes the final text once no tool is left to use.
    """
    frame = next(
        (text for text in (transcript.system, transcript.prompt) if between(text, *_ASKS)), ""
    )
    if not frame or transcript.tools:
        return None
    inline = "Begin!" in frame
    tools = tuple(_tools(frame))
    question = _question(transcript, frame if inline else "")
    history = tuple(_history(transcript, frame if inline else ""))
    inner = Transcript(
        (Utterance("user", question), *history), tools=tools, choice=Choice(), parallel=False
    )
    planned = calling.calls(inner)
    final = "Final Answer" if "Final Answer:" in frame else "Answer"
    if planned:
        return _action(planned[0].name, planned[0].text, bare=inline)
    return f"Thought: I can answer without using any more tools.\n{final}: {answer(inner)}"


def _action(name: str, payload: str, *, bare: bool) -> str:
    arguments: Any = orjson.loads(payload)
    if bare and isinstance(arguments, dict) and len(cast("JsonObject", arguments)) == 1:
        # frameworks with one text input per tool read the line as it stands
        payload = str(next(iter(cast("JsonObject", arguments).values())))
    return (
        f"Thought: I need to use a tool to help me answer the question.\n"
        f"Action: {name}\nAction Input: {payload}"
    )


def _tools(frame: str) -> Iterator[Tool]:
    described = _LLAMA_TOOL.findall(frame)
    for name, description, arguments in described:
        try:
            schema: Any = orjson.loads(arguments)
        except orjson.JSONDecodeError:
            schema = {}
        yield Tool("function", name, description, schema)
    if described:
        return
    named = _NAMES.search(frame)
    allowed = {each.strip() for each in named.group(1).split(",")} if named else set[str]()
    for name, _, description in _PLAIN_TOOL.findall(frame):
        if name in allowed:
            yield Tool("function", name, description, _TEXT)


_TEXT: JsonObject = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
}


def _question(transcript: Transcript, frame: str) -> str:
    if frame:
        cut = between(frame, *_BEGUN)
        return _THOUGHT.split(cut[1])[0].strip() if cut else transcript.prompt
    said = [
        entry.text
        for entry in transcript.entries
        if isinstance(entry, Utterance) and entry.role == "user"
    ]
    asked = [text for text in said if not text.lstrip().startswith("Observation:")]
    return asked[-1] if asked else transcript.prompt


def _history(transcript: Transcript, frame: str) -> Iterator[Entry]:
    """The steps so far: after "Begin!" in one text, or after the question in the messages."""
    text = frame.partition("Begin!")[2]
    if not frame:
        texts = [entry.text for entry in transcript.entries if isinstance(entry, Utterance)]
        asked = _question(transcript, "")
        last = len(texts) - 1 - texts[::-1].index(asked) if asked in texts else 0
        text = "\n".join(texts[last + 1 :])
    steps, seen = _STEP.findall(text), _SEEN.findall(text)
    for number, (name, payload) in enumerate(steps):
        yield Call(f"step_{number}", name.strip(), _arguments(payload.strip()))
        if number < len(seen):
            yield Output(f"step_{number}", seen[number].strip())


def _arguments(payload: str) -> str:
    """An action's input as JSON: LlamaIndex writes a Python dict back, others one bare text."""
    if not payload.startswith("{"):
        return orjson.dumps({"input": payload}).decode()
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        try:
            return orjson.dumps(ast.literal_eval(payload)).decode()
        except (ValueError, SyntaxError, TypeError):
            return payload
    return payload
