"""The offline model: a pure function from what was said to what is answered.

In order: refuse if asked to, call tools that the prompt names, follow a demanded format, read
what the prompt carries, tell what tools gave back, and else say something short about the prompt.
"""

from __future__ import annotations

import re
from typing import Any, cast

import orjson

from resp_core.offline import calling, words
from resp_core.offline.hints import Hints
from resp_core.offline.instance import fill
from resp_core.offline.react import react
from resp_core.offline.reading import choice_number, find_passage, read
from resp_core.offline.transcript import Call, Output, Part, Plan, Transcript, Utterance

__all__ = ["REFUSAL", "answer", "plan"]

REFUSAL = "I'm sorry, I can't assist with that."

_REFUSE = re.compile(r"\brefus(?:e|al)\b", re.IGNORECASE)
_SAY = re.compile(
    r"^\s*(?:please\s+)?(?:say|repeat|echo|reply|respond|answer|output|print|return)\s+"
    r"(?:(?:with|back|after me|only|just|exactly|the words?|the text|nothing but)[:\s]+)*(.+?)\s*$",
    re.IGNORECASE | re.DOTALL,
)
_SUM = re.compile(
    r"(-?\d+(?:\.\d+)?)\s*(\+|-|−|\*|×|x|/|÷|plus|minus|times|multiplied by|divided by)\s*"
    r"(-?\d+(?:\.\d+)?)"
)
_MY = re.compile(
    r"\bmy (\w+(?: \w+)?) is ([^.,;!?\n]+)|\b(?:I am|I'm|call me) ([A-Z]\w+)", re.IGNORECASE
)
_ASKED = re.compile(
    r"\b(?:what(?:'s| is| was)|tell me|remember|recall)\s+my (\w+(?: \w+)?)\b", re.I
)
_GREETING = re.compile(r"^\s*(?:hi|hello|hey|good (?:morning|evening|day))\b", re.IGNORECASE)


def plan(transcript: Transcript) -> Plan:
    """What to answer, before limits and the wire form."""
    parts: list[Part] = []
    if transcript.reasons:
        parts.append(Part("reasoning", _thought(transcript)))
    if _REFUSE.search(_asked(transcript)):
        return Plan((*parts, Part("refusal", REFUSAL)))
    planned = calling.calls(transcript)
    if planned:
        return Plan((*parts, *planned))
    return Plan((*parts, Part("text", _formatted(transcript))))


def _asked(transcript: Transcript) -> str:
    """The question alone: what a retrieved text says is no request to us."""
    passage = find_passage(transcript.prompt)
    return passage.question if passage else transcript.prompt


def _thought(transcript: Transcript) -> str:
    """A summary of reasoning; its length follows the effort."""
    about = ", ".join(words.keywords(transcript.prompt)[:4]) or "the request"
    steps = [
        f"**Reading the request**\n\nThe request is about {about}.",
        " I look for tools and for text that settle it.",
        " Then I check the answer against the request.",
        " Last, I put it in as few words as it needs.",
    ]
    most = {"minimal": 1, "low": 1, "medium": 2, "high": 3}.get(transcript.effort, 4)
    return "".join(steps[:most])


def _formatted(transcript: Transcript) -> str:
    """The answer in the format that was asked for."""
    wanted = transcript.format
    if wanted.kind == "text":
        return answer(transcript)
    text = "\n".join([*_gathered(transcript), transcript.prompt or transcript.system])
    if wanted.kind == "json_object":
        return orjson.dumps(_object(transcript, text)).decode()
    number = choice_number(text)
    fixed = {} if number is None else {"index": number, "choice": number}
    return orjson.dumps(fill(wanted.schema, Hints(text), fixed=fixed)).decode()


def _gathered(transcript: Transcript) -> list[str]:
    """What the tools of this turn have said."""
    return [entry.text for entry in transcript.turn if isinstance(entry, Output)]


def _object(transcript: Transcript, text: str) -> dict[str, Any]:
    """A JSON object: with the keys that the prompt quotes or lists, else one answer."""
    frame = f"{transcript.system}\n{transcript.prompt}"
    listed = re.search(
        r"\b(?:keys?|fields?|properties)\b[^\w\"'`]*((?:[\"'`]?\w+[\"'`]?(?:, and |, | and )?)+)",
        frame,
    )
    before = re.search(
        r"((?:[\"'`]\w+[\"'`](?:, and |, | and |, or | or )?)+) (?:as )?(?:keys?|fields?|properties)\b",
        frame,
    )
    listed = before or listed
    quoted = re.findall(r"[\"'`](\w+)[\"'`]\s*:", frame)
    keys = quoted or (re.findall(r"\w+", listed.group(1)) if listed else [])
    keys = [key for key in dict.fromkeys(keys) if key.lower() not in ("and", "json")]
    if not keys:
        return {"answer": answer(transcript)}
    hints = Hints(text)
    return {key: hints.string(key) for key in keys[:12]}


def answer(transcript: Transcript) -> str:
    """Plain text: read from the prompt, from the tools' outputs, or about the prompt."""
    stepped = react(transcript, answer)
    if stepped is not None:
        return stepped
    told = _told(transcript)
    if told:
        return told
    prompt = transcript.prompt
    found = read(prompt, transcript.system)
    if found is not None:
        return found
    for reply in (_recalled, _repeated, _reckoned, _greeted):
        text = reply(transcript)
        if text:
            return text
    return _spoken(prompt)


def _told(transcript: Transcript) -> str:
    """The outputs of this turn's tools, each with what it is about."""
    made = {entry.call_id: entry for entry in transcript.entries if isinstance(entry, Call)}
    return " ".join(
        _sentence(made.get(entry.call_id), entry.text)
        for entry in transcript.turn
        if isinstance(entry, Output)
    )


def _sentence(call: Call | None, output: str) -> str:
    text = _readable(output).strip()
    if call is None:
        return _ended(text)
    if not text:
        return f"{call.name} gave nothing back."
    if len(text.split()) > 3 and text[-1] in ".!?":
        return text
    return _ended(f"{_about(call)}: {text}")


def _about(call: Call) -> str:
    """`The weather in Paris` for get_weather(city="Paris"), `multiply(3, 4)` for sums."""
    try:
        loaded: Any = orjson.loads(call.payload or "{}")
    except orjson.JSONDecodeError:
        loaded = {}
    arguments = cast("dict[str, Any]", loaded) if isinstance(loaded, dict) else {}
    place = next(
        (value for name, value in arguments.items() if isinstance(value, str) and name in _WHERE),
        "",
    )
    if place:
        weak = ("get", "fetch", "find", "current", "lookup", "tool", "check", "by", "city", "for")
        noun = " ".join(word for word in words.name_words(call.name) if word not in weak)
        return f"The {noun or call.name} in {place}"
    plain = [value for value in arguments.values() if isinstance(value, (str, int, float))]
    return f"{call.name}({', '.join(str(value)[:60] for value in plain)})"


_WHERE = ("city", "location", "place", "town", "country", "region")


def _readable(output: str) -> str:
    """JSON as `key: value` pairs, anything else as it is."""
    if output[:1] not in '{["':
        return output
    try:
        value: Any = orjson.loads(output)
    except orjson.JSONDecodeError:
        return output
    return _flat(value)


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return ", ".join(f"{key.replace('_', ' ')}: {_flat(each)}" for key, each in pairs)
    if isinstance(value, list):
        return ", ".join(_flat(each) for each in cast("list[Any]", value))
    return str(value)


def _ended(text: str) -> str:
    return text if text[-1:] in ".!?" else text + "."


def _recalled(transcript: Transcript) -> str:
    """`What is my name?`, from what the user said before."""
    asked = _ASKED.search(transcript.prompt)
    if asked is None:
        return ""
    wanted = asked.group(1).lower()
    for entry in reversed(transcript.entries):
        if not isinstance(entry, Utterance) or entry.role == "assistant":
            continue
        for thing, value, called in _MY.findall(entry.text):
            if called and called[0].isupper() and wanted == "name":
                return f"Your name is {called}."
            if thing and (thing.lower() == wanted or wanted.startswith(thing.lower())):
                return f"Your {wanted} is {value.strip()}."
    return f"You have not told me your {wanted}."


def _repeated(transcript: Transcript) -> str:
    """`Reply with exactly: pong`."""
    match = _SAY.match(transcript.prompt)
    if match is None:
        return ""
    text = match.group(1)
    found = words.quoted(text)
    if found:
        return found[0]
    marked = re.search(r":\s*(.+)$", text, re.DOTALL)
    if marked:
        return marked.group(1).strip()
    return text.strip() if len(text.split()) <= 6 else ""


def _reckoned(transcript: Transcript) -> str:
    """`What is 2 + 2?`"""
    match = _SUM.search(transcript.prompt)
    if match is None or len(transcript.prompt) > 200:
        return ""
    left, sign, right = float(match.group(1)), match.group(2), float(match.group(3))
    if sign in ("/", "÷", "divided by") and not right:
        return "That cannot be divided: the second number is 0."
    value = {
        "+": left + right,
        "plus": left + right,
        "-": left - right,
        "−": left - right,
        "minus": left - right,
    }.get(sign)
    if value is None:
        value = left / right if sign in ("/", "÷", "divided by") else left * right
    return f"{match.group().strip()} = {value:g}"


def _greeted(transcript: Transcript) -> str:
    if not _GREETING.match(transcript.prompt) or len(transcript.prompt.split()) > 6:
        return ""
    return "Hello! I am the offline model. Ask me anything, no key is needed."


def _spoken(prompt: str) -> str:
    text = " ".join(prompt.split())
    if not text:
        return "I am the offline model, and nothing was said that I could answer."
    shown = text if len(text) <= 160 else text[:157].rstrip() + "..."
    about = ", ".join(words.keywords(text)[:3])
    told = f" It is about {about}." if about else ""
    return f"You said: {shown!r}.{told} I am the offline model, so this is all I can say to that."
