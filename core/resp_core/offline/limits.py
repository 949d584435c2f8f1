"""What is cut from an answer before it is sent, at stop sequences and limits; and its usage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from resp_core.offline.count import ENVELOPE, count, pieces
from resp_core.offline.transcript import Call, Output, Part, Plan, Transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Usage", "at_most", "stopped", "usage_of"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer; `reasoning` is part of `output`."""

    input: int
    output: int
    reasoning: int


def at_most(plan: Plan, most: int | None) -> Plan:
    """The plan with at most so many output tokens; its finish is "length" if that cut something."""
    if most is None:
        return plan
    left, parts = most, list[Part]()
    for part in plan.parts:
        size = _size(part)
        if size <= left:
            parts.append(part)
            left -= size
            continue
        left -= count(part.name)
        if left > 0 or (part.kind == "text" and not parts):
            parts.append(
                replace(part, text="".join(pieces(part.text)[: max(left, 0)]), whole=False)
            )
        return Plan(tuple(parts), "length")
    return plan


def _size(part: Part) -> int:
    return count(part.text) + count(part.name)


def stopped(plan: Plan, stops: Sequence[str]) -> Plan:
    """The plan with its text cut before the first stop sequence."""
    parts = list[Part]()
    for part in plan.parts:
        found = [part.text.find(stop) for stop in stops if stop] if part.kind == "text" else []
        ends = [at for at in found if at >= 0]
        parts.append(replace(part, text=part.text[: min(ends)]) if ends else part)
        if ends:
            break
    return Plan(tuple(parts), plan.finish)


def usage_of(transcript: Transcript, plan: Plan) -> Usage:
    """Input: all texts, calls and tool definitions. Output: all parts, shown or not."""
    read = ENVELOPE
    for entry in transcript.entries:
        read += ENVELOPE
        if isinstance(entry, Call):
            read += count(entry.name) + count(entry.payload)
        elif isinstance(entry, Output):
            read += count(entry.text)
        else:
            read += count(entry.text)
    for tool in transcript.tools:
        schema = orjson.dumps(tool.schema).decode()
        read += ENVELOPE + count(tool.name) + count(tool.description) + count(schema)
    if transcript.format.schema:
        read += count(orjson.dumps(transcript.format.schema).decode())
    reasoned = sum(count(part.text) for part in plan.parts if part.kind == "reasoning")
    return Usage(read, sum(map(_size, plan.parts)), reasoned)
