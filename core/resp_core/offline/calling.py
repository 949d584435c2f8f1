"""Which tools an offline answer calls, and with what arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from resp_core.offline import words
from resp_core.offline.hints import Hints
from resp_core.offline.instance import fill
from resp_core.offline.reading import choice_number
from resp_core.offline.telling import seen, told
from resp_core.offline.transcript import Call, Output, Part, Tool, Transcript
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resp_core.types.json import JsonObject

__all__ = ["calls", "canonical", "tool_part"]

#: Words in a tool's name that say nothing about what it is for.
_WEAK = frozenset(
    """get set fetch find look lookup run make do use tool tools function call list show my the a to
    for of by with api execute perform transfer hand off handoff current new return returns give
    provide provides useful can be about information no args answer question""".split()
)
#: Signs and words of a prompt that stand for words in tool names.
_MEANS: dict[str, tuple[str, ...]] = {
    "add": ("+", "plus", "sum", "total"),
    "sum": ("+", "plus", "add"),
    "multiply": ("*", "×", "times", "product", "multiplied"),
    "subtract": ("minus", "difference"),
    "divide": ("/", "÷", "divided", "quotient"),
    "calculate": ("+", "*", "×", "÷", "times", "plus", "minus", "divided", "compute", "math"),
    "math": ("+", "*", "×", "÷", "times", "plus", "minus", "divided", "calculate"),
    "weather": ("forecast", "temperature", "sunny", "rain", "raining", "sky", "天気"),
    "temperature": ("weather", "hot", "cold", "warm", "degrees"),
    "time": ("clock", "hour", "o'clock"),
    "search": ("find", "lookup", "google"),
    "email": ("mail", "e-mail"),
}
#: These mean something only between two numbers: "how many times" is no product.
_INFIX = frozenset(("+", "*", "/", "×", "÷", "times", "plus", "minus"))
_COUNTED = r"(?:\d[\d.]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b)"
_MOST = 4  # calls of one tool in a turn, one for each place that the prompt lists
_AGENTS = re.compile(
    r"^[ \t]*[\"'{]*([A-Za-z_]\w*)[\"']?\s*:\s*(.*)$|'(\w+)': '([^']*)'", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class _Match:
    tool: Tool
    score: int


def calls(transcript: Transcript) -> list[Part]:
    """The calls to make now; empty where text is to be answered."""
    choice = transcript.choice
    if choice.mode == "none":
        return []
    tools = [tool for tool in transcript.tools if choice.names is None or tool.name in choice.names]
    done = _done(transcript)
    prompt = transcript.prompt
    parts = [
        part
        for tool in _matching(tools, prompt)
        for part in _variants(tool, transcript)
        if _key(part) not in done
    ]
    if not parts and choice.mode == "required":
        parts = _forced(tools, transcript, done)
    return parts if transcript.parallel else parts[:1]


def _done(transcript: Transcript) -> set[tuple[str, str]]:
    """The calls of this turn that have been answered, as (name, canonical arguments)."""
    answered = {entry.call_id for entry in transcript.turn if isinstance(entry, Output)}
    return {
        (entry.name, canonical(entry.payload))
        for entry in transcript.turn
        if isinstance(entry, Call) and entry.call_id in answered
    }


def _key(part: Part) -> tuple[str, str]:
    return part.name, canonical(part.text)


def canonical(payload: str) -> str:
    """JSON arguments in one spelling, so that equal calls compare equal."""
    try:
        return orjson.dumps(orjson.loads(payload), option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONDecodeError:
        return payload


def _forced(tools: list[Tool], transcript: Transcript, done: set[tuple[str, str]]) -> list[Part]:
    """One call where the request demands one: a tool that this turn has not called yet."""
    named = {name for name, _ in done}
    prompt = transcript.prompt
    fresh = [tool for tool in tools if tool.name not in named]
    ranked = sorted(fresh, key=lambda tool: -_score(tool, prompt))
    return [tool_part(tool, transcript, reports=True) for tool in ranked[:1]]


def _matching(tools: Iterable[Tool], prompt: str) -> list[Tool]:
    """The tools that the prompt asks for, in the order it names them."""
    tools = list(tools)
    matches = [_Match(tool, _score(tool, prompt)) for tool in tools]
    best = max((match.score for match in matches), default=0)
    if best < 2 and len(tools) == 1 and re.search(r"\btools?\b", prompt.lower()):
        return tools
    chosen = [match for match in matches if match.score >= 2 and match.score * 2 > best]
    return [match.tool for match in sorted(chosen, key=lambda match: _place(match.tool, prompt))]


def _place(tool: Tool, prompt: str) -> int:
    """Where in the prompt a tool is first meant."""
    lowered = prompt.lower()
    found = [lowered.find(word) for word in _spoken(tool.name) if word in lowered]
    return min(found, default=len(lowered))


def _spoken(name: str) -> list[str]:
    strong = [word for word in words.name_words(name) if word not in _WEAK]
    return strong or words.name_words(name)


def _score(tool: Tool, prompt: str) -> int:
    """How much a prompt asks for a tool: its name 100, a word of that 10, a described word 1."""
    lowered = prompt.lower()
    if tool.name == "handoff":
        return 10 if _agent(tool, prompt) else 0
    if re.search(rf"(?<!\w){re.escape(tool.name.lower())}(?!\w)", lowered):
        return 100
    spoken = re.sub(rf"{_COUNTED}\s*times\s*{_COUNTED}", " ", lowered)
    said = {words.stem(word) for word in re.findall(r"[^\W_]+", spoken)}
    score = sum(10 for word in _spoken(tool.name) if _means(word, said, lowered))
    described = words.stems(tool.description) - {words.stem(word) for word in _WEAK}
    proper = set(words.names(tool.description)) & set(words.names(prompt))
    return score + min(4, len(described & said)) + 4 * len(proper)


def _means(word: str, said: set[str], lowered: str) -> bool:
    if words.stem(word) in said:
        return True
    for meaning, signs in _MEANS.items():
        if words.stem(meaning) == words.stem(word):
            return any(_has(sign, said, lowered) for sign in signs)
    return False


def _has(sign: str, said: set[str], lowered: str) -> bool:
    if sign in _INFIX:
        return re.search(rf"{_COUNTED}\s*{re.escape(sign)}\s*{_COUNTED}", lowered) is not None
    return words.stem(sign) in said if sign.isascii() else sign in lowered


def _variants(tool: Tool, transcript: Transcript) -> list[Part]:
    """One call, or one for each place where the tool takes a single place and several are named."""
    prompt = transcript.prompt
    places = words.places(prompt)
    takes = [name for name in as_object(tool.schema.get("properties")) if _is_place(name)]
    if tool.kind != "function" or len(takes) != 1 or len(places) < 2:
        return [tool_part(tool, transcript)]
    parts = [tool_part(tool, transcript, places=[place]) for place in places[:_MOST]]
    return list(dict.fromkeys(parts))


def _is_place(name: str) -> bool:
    return bool(set(words.name_words(name)) & {"city", "location", "place", "country", "town"})


def tool_part(
    tool: Tool,
    transcript: Transcript,
    *,
    places: list[str] | None = None,
    reports: bool = False,
) -> Part:
    """A call of one tool, its arguments drawn from the prompt.

    One that `reports`, as a forced call of a schema does, draws on the outputs of this turn too.
    """
    text = transcript.prompt or transcript.system
    if tool.kind == "custom":
        return Part("custom", _input(tool, text), tool.name, tool.namespace)
    asked = _without(tool, text)
    hints = Hints(asked, places)
    if reports:
        hints = Hints("\n".join([*seen(transcript), asked]), places, told=told(transcript))
    arguments: Any = fill(tool.schema, hints, fixed=_fixed(tool, text))
    payload = orjson.dumps(arguments if isinstance(arguments, dict) else {}).decode()
    return Part("function", payload, tool.name, tool.namespace)


def _without(tool: Tool, text: str) -> str:
    """The prompt without the tool's name, which is no argument."""
    return re.sub(rf"[`'\"]?(?<!\w){re.escape(tool.name)}(?!\w)[`'\"]?", " ", text).strip() or text


def _input(tool: Tool, text: str) -> str:
    """The text for a custom tool: what is quoted or fenced, else the prompt itself."""
    fenced = re.search(r"```\w*\n(.*?)```", text, re.DOTALL)
    if fenced:
        return fenced.group(1).strip()
    found = words.quoted(_without(tool, text))
    return found[0] if found else text.strip()


def _fixed(tool: Tool, text: str) -> JsonObject:
    """Values that the prompt settles by more than its words."""
    fixed: JsonObject = {}
    number = choice_number(text)
    if number is not None:
        fixed |= {"index": number, "choice": number}
    agent = _agent(tool, text) if tool.name == "handoff" else None
    if agent:
        fixed |= {"to_agent": agent}
    return fixed


def _agent(tool: Tool, prompt: str) -> str | None:
    """The agent of a handoff tool whose name or duties the prompt has words of."""
    said = words.stems(prompt)
    best, most = None, 0
    for first, duty, second, other in _AGENTS.findall(tool.description):
        name = first or second
        known = words.stems(" ".join(words.name_words(name)) + " " + (duty or other))
        score = len(said & (known - {"agent"}))
        if score > most:
            best, most = name, score
    return best
