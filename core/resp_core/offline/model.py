"""The offline model: a pure function from what was said to what is answered.

In order: refuse if asked to, call tools that the prompt names, follow a demanded format, read
what the prompt carries, tell what tools gave back, and else say something short about the prompt.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from resp_core.offline import calling, words
from resp_core.offline.hints import Hints
from resp_core.offline.instance import fill
from resp_core.offline.prompted import prompted
from resp_core.offline.react import react
from resp_core.offline.reading import choice_number, find_passage, read
from resp_core.offline.telling import seen, told
from resp_core.offline.transcript import Part, Plan, Transcript, Utterance

__all__ = ["REFUSAL", "answer", "plan"]

REFUSAL = "I'm sorry, I can't assist with that."

_REFUSE = re.compile(r"\brefus(?:e|al)\b", re.IGNORECASE)
_SAY = re.compile(
    r"^\s*(?:please\s+)?(?:say|repeat|echo|reply|respond|answer|output|print|return)\s+"
    r"(?:(?:with|back|after me|only|just|exactly|the words?|the text|nothing but)[:\s]+)*(.+?)\s*$",
    re.IGNORECASE | re.DOTALL,
)
_SUM = re.compile(
    r"(?<![\d.])(-?\d{1,15}(?:\.\d{1,9})?)\s{0,3}"
    r"(\+|-|−|\*|×|x|/|÷|plus|minus|times|multiplied by|divided by)\s{0,3}"
    r"(-?\d{1,15}(?:\.\d{1,9})?)"
)
_MY = re.compile(
    r"\bmy (\w+(?: \w+)?) is ([^.,;!?\n]+)|\b(?:I am|I'm|call me) ([A-Z]\w+)", re.IGNORECASE
)
_ASKED = re.compile(
    r"\b(?:what(?:'s| is| was)|tell me|remember|recall)\s+my (\w+(?: \w+)?)\b", re.I
)
_KEYS_BEFORE = re.compile(
    r"((?:[\"'`]\w+[\"'`](?:, and |, | and |, or | or )?){1,20}) "
    r"(?:as )?(?:keys?|fields?|properties)\b"
)
_KEYS_AFTER = re.compile(
    r"\b(?:keys?|fields?|properties)\b[^\w\"'`]*((?:[\"'`]?\w+[\"'`]?(?:, and |, | and )?)+)"
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
    text = "\n".join([*seen(transcript), transcript.prompt or transcript.system])
    if wanted.kind == "json_object":
        return orjson.dumps(_object(transcript, text)).decode()
    number = choice_number(text)
    fixed = {} if number is None else {"index": number, "choice": number}
    return orjson.dumps(
        fill(wanted.schema, Hints(text, told=told(transcript)), fixed=fixed)
    ).decode()


def _object(transcript: Transcript, text: str) -> dict[str, Any]:
    """A JSON object: with the keys that the prompt quotes or lists, else one answer."""
    frame = f"{transcript.system}\n{transcript.prompt}"
    listed = _KEYS_BEFORE.search(frame) or _KEYS_AFTER.search(frame)
    quoted = re.findall(r"[\"'`](\w+)[\"'`]\s*:", frame)
    keys = quoted or (re.findall(r"\w+", listed.group(1)) if listed else [])
    keys = [key for key in dict.fromkeys(keys) if key.lower() not in ("and", "json")]
    if not keys:
        return {"answer": answer(transcript)}
    hints = Hints(text, told=told(transcript))
    return {key: hints.string(key) for key in keys[:12]}


def answer(transcript: Transcript) -> str:
    """Plain text: read from the prompt, from the tools' outputs, or about the prompt."""
    stepped = react(transcript, answer)
    if stepped is not None:
        return stepped
    asked = prompted(transcript.prompt)
    if asked is not None:
        return asked
    said = told(transcript)
    if said:
        return said
    prompt = transcript.prompt
    found = read(prompt, transcript.system, before=_before(transcript))
    if found is not None:
        return found
    for reply in (_recalled, _repeated, _reckoned, _greeted):
        text = reply(transcript)
        if text:
            return text
    return _spoken(prompt)


def _before(transcript: Transcript) -> str:
    """What the user said before the prompt: what "it" and "there" in the prompt may mean."""
    said = [
        entry.text
        for entry in transcript.entries
        if isinstance(entry, Utterance) and entry.role == "user"
    ]
    return said[-2] if len(said) > 1 else ""


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
