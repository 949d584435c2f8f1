"""Prompts that carry what is to be read: answered from their own text, never from knowledge.

Knows the templates of LlamaIndex (question answering, refining, summaries, condensing, selecting,
ranking, keywords) and LangChain, and any prompt with a "Context:" and a "Question:".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import orjson

from resp_core.offline import words

__all__ = ["Passage", "choice_number", "find_passage", "quote", "read"]

_RULE = r"\n?\s*-{5,}\s*\n"
_CONTEXTS = (
    re.compile(
        rf"(?:context|information)[^\n]*(?:below|provided)[^\n]*{_RULE}(.*?){_RULE}", re.I | re.S
    ),
    re.compile(rf"more context below\.{_RULE}(.*?){_RULE}", re.I | re.S),
    re.compile(r"<(context|documents?|passages?)>(?P<text>.*?)</\1>", re.I | re.S),
    re.compile(
        r"relevant documents for the context:(.*?)(?:Instruction:|Existing Answer:|$)", re.S
    ),
    re.compile(r"New Context:(.*?)(?:\n\s*Query:|$)", re.S),
    re.compile(
        r"(?:^|\n)\s*(?:retrieved |new )?(?:context|documents|sources|passages?)\s*:\s*\n?"
        r"(.*?)(?:\n\s*(?:question|query|user question|helpful answer)\s*:|$)",
        re.I | re.S,
    ),
    re.compile(
        r"(?:pieces of (?:retrieved )?context|following (?:context|documents|sources))[^\n:]*?"
        r"(?:[.:][^\n]*)?\n+(.*?)(?:\n\s*(?:question|query)\s*:|$)",
        re.I | re.S,
    ),
)
_QUESTIONS = (
    re.compile(r"original query is as follows:\s*(.*?)\n", re.I),
    re.compile(r"\n\s*Query:\s*(.*?)\s*(?:\n\s*(?:Original )?Answer:|$)", re.S),
    re.compile(
        r"(?:^|\n)\s*(?:User )?Question:\s*(.*?)\s*(?:\n\s*(?:Helpful )?Answer:|\n\s*Context:|$)",
        re.I | re.S,
    ),
)
_EARLIER = (
    re.compile(r"existing answer:\s*(.*?)\nWe have the opp", re.I | re.S),
    re.compile(r"Original Answer:\s*(.*?)\n\s*New Answer:", re.S),
    re.compile(r"Existing Answer:\s*(.*?)\n\s*Instruction:", re.S),
)
_CONDENSE = (
    re.compile(r"<Chat History>(.*?)<Follow Up Message>(.*?)<Standalone question>", re.S),
    re.compile(
        r"Chat History:(.*?)Follow[ -]?Up (?:Input|Question):(.*?)Standalone question:", re.I | re.S
    ),
)
_JUDGE = re.compile(
    r"(?:Information|Query and Response):\s*(.*?)\n\s*Context:\s*(.*?)\n\s*Answer:", re.S
)
_TAG = re.compile(r"</?\w+>")
_SUMMARY = re.compile(
    r"^\s*(?:please )?(?:write a |give (?:me )?a )?(?:concise |short |brief )?summar(?:y|i[sz]e)\b"
    r"[^\n:]*[:\n]\s*(.*?)(?:\n\s*(?:CONCISE )?SUMMARY:.*)?$",
    re.I | re.S,
)
_SELECT = re.compile(
    rf"Some choices are given below\..*?{_RULE}(.*?){_RULE}.*?question: '(.*)'", re.S
)
_CHOICE = re.compile(r"^\((\d+)\)\s*(.*?)(?=^\(\d+\)|\Z)", re.S | re.M)
_RANK = re.compile(
    r"A list of documents is shown below\..*?\n(Document 1:.*)Question:\s*(.*?)\nAnswer:", re.S
)
_DOCUMENT = re.compile(r"^Document (\d+):\n(.*?)(?=^Document \d+:|\Z)", re.S | re.M)
_NUMBERED = re.compile(
    rf"numbered sources of information[^-]*{_RULE}(.*?){_RULE}\s*Query:\s*(.*?)\s*\n\s*Answer:",
    re.S,
)
_SOURCE = re.compile(r"^Source (\d+):\n(.*?)(?=^Source \d+:|\Z)", re.S | re.M)
_KEYWORDS = re.compile(rf"extract up to (\d+) keywords.*?-{{5,}}\n(.*?){_RULE}.*'KEYWORDS:", re.S)
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
    match = _SUMMARY.match(prompt)
    if match and len(words.sentences(match.group(1))) > 1:
        return " ".join(_key_sentences(match.group(1), 2))
    return None


def _cite(prompt: str) -> str | None:
    """The sentence that answers, with the number of each source that has it."""
    match = _NUMBERED.search(prompt)
    if match is None:
        return None
    sources = _SOURCE.findall(match.group(1))
    said = quote(Passage("\n\n".join(text for _, text in sources), match.group(2)))
    numbers = [f"[{number}]" for number, text in sources if said.split(". ")[0] in text]
    return f"{said.rstrip('.')} {''.join(numbers)}." if numbers else said


def find_passage(prompt: str, system: str = "") -> Passage | None:
    """Context and question of a retrieval prompt, wherever the two stand."""
    for text in (prompt, system):
        context = _first(_CONTEXTS, text)
        if context:
            asked = _last(_QUESTIONS, prompt) or _TAG.sub(" ", prompt.replace(context, " "))
            earlier = _first(_EARLIER, text) or _first(_EARLIER, prompt)
            return Passage(context, asked.strip(), earlier)
    return None


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str:
    for pattern in patterns:
        match = pattern.search(text)
        if match:
            named = match.groupdict().get("text")
            return (named if named is not None else match.group(1)).strip()
    return ""


def _last(patterns: tuple[re.Pattern[str], ...], text: str) -> str:
    """The last match: templates show an example first."""
    for pattern in patterns:
        found = [match.group(1).strip() for match in pattern.finditer(text)]
        if found:
            return found[-1]
    return ""


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
    kept = [line for line in lines if not re.match(r"^\s*[a-z][a-z_]*_[a-z_]+: \S", line)]
    return "\n".join(kept)


def _key_sentences(text: str, most: int) -> list[str]:
    """The sentences with the most frequent words, in their order."""
    all_words = [words.stem(word) for word in words.keywords(text)]
    weight = {word: all_words.count(word) for word in set(all_words)}
    scored = [
        (sum(weight[each] for each in words.stems(sentence) if each in weight), -at, sentence)
        for at, sentence in enumerate(words.sentences(text))
    ]
    chosen = sorted(scored, reverse=True)[:most]
    return [sentence for _, _, sentence in sorted(chosen, key=lambda each: -each[1])]


def _condense(prompt: str) -> str | None:
    """A follow-up as a question that stands alone: pointers become what they point to."""
    match = next(filter(None, (pattern.search(prompt) for pattern in _CONDENSE)), None)
    if match is None:
        return None
    history, question = match.group(1), match.group(2).strip()
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
    match = _SELECT.search(prompt)
    if match is None:
        return None
    asked = words.stems(match.group(2))
    scored = [
        (len(asked & words.stems(text)), -int(number))
        for number, text in _CHOICE.findall(match.group(1))
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
    match = _RANK.search(prompt)
    if match is None:
        return None
    asked = words.stems(match.group(2))
    scored = [
        (len(asked & words.stems(text)), int(number))
        for number, text in _DOCUMENT.findall(match.group(1))
    ]
    scored.sort(key=lambda each: (-each[0], each[1]))
    return "\n".join(
        f"Doc: {number}, Relevance: {min(10, 4 + hits)}" for hits, number in scored if hits
    )


def _judge(prompt: str) -> str | None:
    """YES or NO: whether a context has most of the words of what is to be judged."""
    if "YES" not in prompt or "NO" not in prompt:
        return None
    cases = _JUDGE.findall(prompt)
    if not cases:
        return None
    claim, context = (words.stems(text) for text in cases[-1])
    return "YES" if len(claim & context) >= 0.6 * len(claim) else "NO"


def _keywords(prompt: str) -> str | None:
    match = _KEYWORDS.search(prompt)
    if match is None:
        return None
    found = dict.fromkeys(word.lower() for word in words.keywords(match.group(2)))
    return "KEYWORDS: " + ", ".join(list(found)[: int(match.group(1))])
