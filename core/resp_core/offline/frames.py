"""Where a prompt's context, question and earlier answer stand, by the marks around them.

A text is cut at its marks one after the other, each sought once, so that no prompt is slow to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "CONTEXTS",
    "EARLIER",
    "QUESTIONS",
    "RULE",
    "SUMMARY",
    "Frame",
    "between",
    "first",
    "last",
]

#: A line of dashes.
RULE = r"\s{0,9}-{5,}[ \t]*\n"
_I, _IM = re.IGNORECASE, re.IGNORECASE | re.MULTILINE


@dataclass(frozen=True, slots=True)
class Frame:
    """A text after `start` and before `end`; an open one may run to the end of the prompt."""

    start: re.Pattern[str]
    end: re.Pattern[str]
    open: bool = False

    def texts(self, prompt: str) -> list[str]:
        """All such texts, in order."""
        found: list[str] = []
        begin = self.start.search(prompt)
        while begin is not None:
            end = self.end.search(prompt, begin.end())
            if end is None:
                return [*found, prompt[begin.end() :].strip()] if self.open else found
            found.append(prompt[begin.end() : end.start()].strip())
            begin = self.start.search(prompt, end.end())
        return found


def _frame(start: str, end: str, flags: int = re.MULTILINE, *, open: bool = False) -> Frame:
    return Frame(re.compile(start, flags), re.compile(end, flags), open)


_ASKS = r"^[ \t]*(?:user )?(?:question|query|helpful answer)[ \t]*:"

CONTEXTS = (
    _frame(
        rf"\b(?:context|information)\b[^\n]{{0,120}}?\b(?:below|provided)\b[^\n]{{0,200}}{RULE}",
        RULE,
        _I,
    ),
    _frame(r"<(?:context|documents?|passages?)>", r"</(?:context|documents?|passages?)>", _I),
    _frame(r"relevant documents for the context:", r"Instruction:|Existing Answer:", open=True),
    _frame(r"New Context:", r"^[ \t]*Query:", open=True),
    _frame(
        r"^[ \t]*(?:retrieved |new )?(?:context|documents|sources|passages?)[ \t]*:",
        _ASKS,
        _IM,
        open=True,
    ),
    _frame(
        r"(?:pieces of (?:retrieved )?context|following (?:context|documents|sources))"
        r"[^\n]{0,400}\n",
        _ASKS,
        _IM,
        open=True,
    ),
)
QUESTIONS = (
    _frame(r"original query is as follows:", r"\n", _I),
    _frame(r"^[ \t]*Query:", r"^[ \t]*(?:Original )?Answer:", open=True),
    _frame(
        r"^[ \t]*(?:User )?Question:", r"^[ \t]*(?:(?:Helpful )?Answer|Context):", _IM, open=True
    ),
)
EARLIER = (
    _frame(r"existing answer:", r"\nWe have the opp", _I),
    _frame(r"Original Answer:", r"^[ \t]*New Answer:"),
    _frame(r"Existing Answer:", r"^[ \t]*Instruction:"),
)
SUMMARY = _frame(
    r"\A\s*(?:please )?(?:write a |give (?:me )?a )?(?:concise |short |brief )?"
    r"summar(?:y|i[sz]e)\b[^\n:]*[:\n]",
    r"^[ \t]*(?:CONCISE )?SUMMARY:",
    re.IGNORECASE | re.MULTILINE,
    open=True,
)


def first(frames: Iterable[Frame], prompt: str) -> str:
    """The first text of the first frame that has one, "" if none has."""
    return next((texts[0] for frame in frames if any(texts := frame.texts(prompt))), "")


def last(frames: Iterable[Frame], prompt: str) -> str:
    """The last text of the first frame that has one: templates show an example before it."""
    return next((texts[-1] for frame in frames if any(texts := frame.texts(prompt))), "")


def between(prompt: str, *marks: str) -> list[str] | None:
    """The texts after each mark up to the next one, the last up to the end; None if one lacks."""
    texts: list[str] = []
    at = 0
    for mark in marks:
        found = _mark(mark).search(prompt, at)
        if found is None:
            return None
        texts.append(prompt[at : found.start()].strip())
        at = found.end()
    return [*texts[1:], prompt[at:].strip()]


@cache
def _mark(mark: str) -> re.Pattern[str]:
    return re.compile(mark, re.IGNORECASE | re.MULTILINE)
