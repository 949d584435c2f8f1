"""Prompts that carry what is to be read: answered from their own text, never from knowledge.

Knows the templates of LlamaIndex (question answering, refining, summaries, condensing, selecting,
ranking, keywords) and LangChain, and any prompt with a "Context:" and a "Question:".
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

import orjson

from resp_core.offline import words
from resp_core.offline.frames import (
    CONTEXTS,
    EARLIER,
    QUESTIONS,
    RULE,
    SUMMARY,
    between,
    first,
    last,
)

__all__ = ["Passage", "choice_number", "find_passage", "quote", "read"]

_TAG = re.compile(r"</?\w+>")
_CHOICE = re.compile(r"^\((\d+)\)\s*(.*?)(?=^\(\d+\)|\Z)", re.S | re.M)
_DOCUMENT = re.compile(r"^Document (\d+):\n(.*?)(?=^Document \d+:|\Z)", re.S | re.M)
_SOURCE = re.compile(r"^Source (\d+):\n(.*?)(?=^Source \d+:|\Z)", re.S | re.M)
_MOST_KEYWORDS = re.compile(r"extract up to (\d+) keywords")
_CLAIM = re.compile(r"^(?:Information|Query and Response):", re.M)
_METADATA = re.compile(r"\s*[a-z]{1,40}(?:_[a-z]{1,40}){1,9}: \S")
_POINTERS = frozenset("he she it they him her them his its their that this there".split())


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to read and what is asked of it; `earlier` is an answer to refine, "" if none."""

    context: str
    question: str
    earlier: str = ""


def read(prompt: str, system: str = "", *, before: str = "") -> str | None:
    """The answer to a prompt that is one of the known templates, None for any other.

    `before` is what the user said earlier; a question that points back to it takes its names.
    """
    for answer in (_condense, _select, _rank, _keywords, _cite, _judge):
        text = answer(prompt)
        if text is not None:
            return text
    passage = find_passage(prompt, system)
    if passage is not None:
        return quote(_pointing(passage, before))
    text = first([SUMMARY], prompt)
    if len(words.sentences(text)) > 1:
        return " ".join(_key_sentences(text, 2))
    return None


def _cite(prompt: str) -> str | None:
    """The sentence that answers, with the number of each source that has it."""
    cut = between(
        prompt, "numbered sources of information", RULE, RULE, r"^\s*Query:", r"^\s*Answer:"
    )
    if cut is None:
        return None
    sources = _SOURCE.findall(cut[1])
    said = quote(Passage("\n\n".join(text for _, text in sources), cut[3]))
    numbers = [f"[{number}]" for number, text in sources if said.split(". ")[0] in text]
    return f"{said.rstrip('.')} {''.join(numbers)}." if numbers else said


def find_passage(prompt: str, system: str = "") -> Passage | None:
    """Context and question of a retrieval prompt, wherever the two stand."""
    for text in (prompt, system):
        context = first(CONTEXTS, text)
        if context:
            asked = last(QUESTIONS, prompt) or _TAG.sub(" ", prompt.replace(context, " "))
            earlier = first(EARLIER, text) or first(EARLIER, prompt)
            return Passage(context, asked.strip(), earlier)
    return None


def _pointing(passage: Passage, before: str) -> Passage:
    """The question with the names of an earlier one, if it says "it" or "there" instead."""
    said = set(re.findall(r"\w+", passage.question.lower()))
    if not before or not said & _POINTERS:
        return passage
    return replace(passage, question=f"{passage.question} {' '.join(words.names(before))}")


def quote(passage: Passage) -> str:
    """The sentences of the context that share most words with the question."""
    ranked = _ranked(passage.context, passage.question)
    best = ranked[0][0] if ranked else 0.0
    if passage.earlier:
        known = len(words.stems(passage.question) & words.stems(passage.earlier))
        if best <= known or ranked[0][2] in passage.earlier:
            return passage.earlier
    if not best:
        return "The context does not say."
    chosen = [each for each in ranked if each[0] == best][:2]
    return " ".join(text for _, _, text in sorted(chosen, key=lambda each: each[1]))


def _ranked(context: str, question: str) -> list[tuple[float, int, str]]:
    """(score, position, sentence), best first; lines of metadata do not count.

    A shared word counts 1; one of the sentence before 0.6 where this one goes on about it.
    """
    asked = words.stems(question)
    wants_number = re.match(
        r"\s*(?:when|how (?:many|much|long|old|tall|far|high))\b", question, re.I
    )
    scored: list[tuple[float, int, str]] = []
    subject: set[str] = set()
    for at, sentence in enumerate(words.sentences(_plain(context))):
        own = words.stems(sentence)
        goes_on = re.match(r"(?:it|he|she|they|its|his|her|their)\b", sentence, re.I)
        score = len(asked & own) + (0.6 * len(asked & (subject - own)) if goes_on else 0.0)
        if score and wants_number and re.search(r"\d", sentence):
            score += 0.5
        subject = subject | own if goes_on else own
        scored.append((score, at, sentence))
    return sorted(scored, key=lambda each: (-each[0], each[1]))


def _plain(context: str) -> str:
    """Without the `file_path: ...` lines that LlamaIndex puts above a node."""
    lines = context.splitlines()
    kept = [line for line in lines if not _METADATA.match(line)]
    return "\n".join(kept)


def _key_sentences(text: str, most: int) -> list[str]:
    """The sentences with the most frequent words, in their order."""
    weight = Counter(words.stem(word) for word in words.keywords(text))
    scored = [
        (sum(weight[each] for each in words.stems(sentence)), -at, sentence)
        for at, sentence in enumerate(words.sentences(text))
    ]
    chosen = sorted(scored, reverse=True)[:most]
    return [sentence for _, _, sentence in sorted(chosen, key=lambda each: -each[1])]


def _condense(prompt: str) -> str | None:
    """A follow-up as a question that stands alone: pointers become what they point to."""
    cut = between(
        prompt,
        r"<?Chat History[:>]",
        r"<?Follow[ -]?Up (?:Input|Question|Message)[:>]",
        r"<?Standalone question[:>]",
    )
    if cut is None:
        return None
    history, question = cut[:2]
    said = re.sub(r"^\s*(?:user|human|assistant|ai|system)\s*:", "", history, flags=re.I | re.M)
    subjects = words.names(said)
    pointers = [word for word in re.findall(r"\w+", question) if word.lower() in _POINTERS]
    if not subjects or not pointers:
        return question
    subject = max(subjects, key=lambda name: (said.count(name), -subjects.index(name)))
    owned = pointers[0].lower() in ("his", "its", "their")
    return re.sub(rf"\b{pointers[0]}\b", subject + ("'s" if owned else ""), question, count=1)


def choice_number(prompt: str) -> int | None:
    """The number of the choice that fits the question best, in a selection prompt."""
    cut = between(prompt, r"Some choices are given below\.", RULE, RULE, "question: '")
    if cut is None:
        return None
    asked = words.stems(cut[3].rpartition("'")[0])
    scored = [
        (len(asked & words.stems(text)), -int(number)) for number, text in _CHOICE.findall(cut[1])
    ]
    return -max(scored)[1] if scored else 1


def _select(prompt: str) -> str | None:
    number = choice_number(prompt)
    if number is None:
        return None
    if "ANSWER:" in prompt:
        return f"ANSWER: {number}\nIt shares the most words with the question."
    picked = {"choice": number, "reason": "It shares the most words with the question."}
    return orjson.dumps([picked], option=orjson.OPT_INDENT_2).decode()


def _rank(prompt: str) -> str | None:
    begin, ask = prompt.rfind("\nDocument 1:"), prompt.rfind("\nQuestion:")
    if "A list of documents is shown below." not in prompt or not 0 <= begin < ask:
        return None
    asked = words.stems(prompt[ask + len("\nQuestion:") :])
    scored = [
        (len(asked & words.stems(text)), int(number))
        for number, text in _DOCUMENT.findall(prompt[begin:ask])
    ]
    scored.sort(key=lambda each: (-each[0], each[1]))
    return "\n".join(
        f"Doc: {number}, Relevance: {min(10, 4 + hits)}" for hits, number in scored if hits
    )


def _judge(prompt: str) -> str | None:
    """YES or NO: whether a context has most of the words of what is to be judged."""
    if "YES" not in prompt or "NO" not in prompt:
        return None
    begin = max((match.start() for match in _CLAIM.finditer(prompt)), default=len(prompt))
    cut = between(prompt[begin:], _CLAIM.pattern, r"^\s*Context:", r"^\s*Answer:")
    if cut is None:
        return None
    claim, context = words.stems(cut[0]), words.stems(cut[1])
    return "YES" if len(claim & context) >= 0.6 * len(claim) else "NO"


def _keywords(prompt: str) -> str | None:
    cut = between(prompt, _MOST_KEYWORDS.pattern, RULE, RULE, "'KEYWORDS:")
    most = _MOST_KEYWORDS.search(prompt)
    if cut is None or most is None:
        return None
    found = dict.fromkeys(word.lower() for word in words.keywords(cut[1]))
    return "KEYWORDS: " + ", ".join(list(found)[: int(most.group(1))])
