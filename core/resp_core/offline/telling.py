"""What the tools of a turn gave back, as sentences."""

from __future__ import annotations

from typing import Any, cast

import orjson

from resp_core.offline import words
from resp_core.offline.transcript import Call, Output, Transcript

__all__ = ["seen", "told"]

_WHERE = ("city", "location", "place", "town", "country", "region")


def seen(transcript: Transcript) -> list[str]:
    """The outputs of this turn, as they came."""
    return [entry.text for entry in transcript.turn if isinstance(entry, Output)]


def told(transcript: Transcript) -> str:
    """The outputs of this turn's tools, each with what it is about."""
    made = {entry.call_id: entry for entry in transcript.entries if isinstance(entry, Call)}
    return " ".join(
        _sentence(made.get(entry.call_id), entry.text)
        for entry in transcript.turn
        if isinstance(entry, Output) and not _hands_over(made.get(entry.call_id))
    )


def _hands_over(call: Call | None) -> bool:
    """Whether a call only passed the talk to another agent, which is no news to the user."""
    return call is not None and (call.name == "handoff" or call.name.startswith("transfer_to_"))


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
