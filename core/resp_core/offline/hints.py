"""What a text has to offer for the fields of a schema. Each number, name and quote is used once."""

from __future__ import annotations

import re
from typing import Any

from resp_core.offline import words

__all__ = ["Hints"]

_PLACES = frozenset(
    "city location place country town destination origin address region state where area".split()
)
_WHOLE = frozenset(
    """query question input prompt task text message content request instruction instructions
    search term q phrase sentence body problem command goal topic""".split()
)
_TELLING = frozenset(
    """reason explanation thought thoughts summary description rationale notes note comment
    reasoning analysis answer response result justification""".split()
)
_NAMES = frozenset(
    "name person user customer author title who company product organization".split()
)
_NAMED = re.compile(r"\b(?:named|called|titled|entitled)\s+([^.,;\n]+)")
_MATH = re.compile(r"[-+(]?\d[\d\s.,+\-*/×÷^()%]{0,60}[+\-*/×÷^%][\d\s.,+\-*/×÷^()%]{0,60}\d\)?")
_EXPRESSION = frozenset("expression expr formula equation calculation".split())


class Hints:
    """The words of one text, handed out in order. Not shared between two calls.

    `told` is what tools have said about it: the words for an answer or a summary.
    """

    def __init__(self, text: str, places: list[str] | None = None, *, told: str = "") -> None:
        self.text = text
        self._told = told
        self._stems = words.stems(text)
        self._numbers = words.numbers(text)
        self._quoted = words.quoted(text)
        self._names = words.names(text)
        self._places = words.places(text) if places is None else places
        self._dates = words.dates(text)
        self._keywords = words.keywords(text)
        self._at = 0

    # -- is there anything?

    def overlap(self, text: str) -> int:
        """How many words two texts share."""
        return len(words.stems(text.replace("_", " ")) & self._stems)

    def mentions(self, name: str) -> bool:
        """Whether the text has a word of the name."""
        stems = {words.stem(word) for word in words.name_words(name)}
        return bool(stems & (self._stems | {words.stem(word) for word in self.text.split()}))

    def knows(self, name: str, kind: str) -> bool:
        """Whether a value of this kind ("string", "integer" ...) can be drawn for the name."""
        if self.labelled(name) is not None:
            return True
        if kind in ("integer", "number"):
            return self._beside(name) is not None
        if kind == "boolean":
            return self.mentions(name)
        parts = set(words.name_words(name))
        if parts & _PLACES:
            return bool(self._places)
        if "date" in parts:
            return bool(self._dates)
        return bool("email" in parts and words.emails(self.text))

    def numbers_left(self) -> int:
        """Numbers that no field has taken yet."""
        return len(self._numbers)

    def says(self, name: str) -> bool:
        """A boolean: true where the text has the name and does not deny it."""
        label = self.labelled(name)
        if label is not None and label.lower() in ("true", "false", "yes", "no", "on", "off"):
            return label.lower() in ("true", "yes", "on")
        if not self.mentions(name):
            return False
        spoken = r"\W+".join(map(re.escape, words.name_words(name)))
        denied = rf"\b(?:no|not|without|never|don't|isn't|not be)\s+(?:\w+\s+)?{spoken}"
        return re.search(denied, self.text, re.IGNORECASE) is None

    def among(self, options: list[Any]) -> Any | None:
        """The option that the text names; the one named first wins."""
        lowered = self.text.lower()
        found: list[tuple[int, Any]] = []
        for option in options:
            if not isinstance(option, str) or not option:
                continue
            spoken = re.escape(option.lower()).replace("_", r"[\s_-]").replace(r"\-", r"[\s_-]")
            match = re.search(rf"(?<!\w){spoken}(?!\w)", lowered)
            if match:
                found.append((match.start(), option))
        if found:
            return min(found, key=lambda each: each[0])[1]
        scored = [(self.overlap(each), each) for each in options if isinstance(each, str)]
        best = max(scored, key=lambda each: each[0], default=(0, None))
        return best[1] if best[0] else None

    def labelled(self, name: str) -> str | None:
        """The value in `name: value`, `name = value` or `name is value`."""
        parts = words.name_words(name)
        if not parts or len(name) < 2:
            return self._assigned(name)
        spoken = r"[\s_-]?".join(map(re.escape, parts))
        match = re.search(
            rf"(?<!\w){spoken}\s*(?:(?:[:=]|\bis\b|\bare\b|\bnamed\b|\bcalled\b|\bof\b|\bto\b)\s*"
            rf"(?:\"([^\"]+)\"|'([^']+)'|“([^”]+)”|([-\w.@/:+°%]*\w(?: [A-Z][\w'-]*)*)))",
            self.text,
            re.IGNORECASE,
        )
        if match is None:
            return None
        value = next(part for part in match.groups() if part)
        return None if value.lower().split()[0] in words.STOPWORDS else value

    def _assigned(self, name: str) -> str | None:
        match = re.search(rf"(?<!\w){re.escape(name)}\s*[:=]\s*([-\w.]+)", self.text)
        return match.group(1) if name and match else None

    # -- hand out

    def number(self, name: str, *, whole: bool) -> float | int | None:
        """The number for a field: named by the field, else the next one."""
        found = self._labelled_number(name)
        if found is None:
            found = self._beside(name)
        if found is None and self._numbers:
            fitting = [each for each in self._numbers if not whole or each == int(each)]
            found = (fitting or self._numbers)[0]
        if found in self._numbers:
            self._numbers.remove(found)
        return None if found is None else int(found) if whole else found

    def _labelled_number(self, name: str) -> float | int | None:
        label = self.labelled(name)
        return next(iter(words.numbers(label)), None) if label else None

    def _beside(self, name: str) -> float | int | None:
        """The number before a word of the name: `3 days`, `31 years old` for an age."""
        nouns = [re.escape(words.stem(word)) for word in words.name_words(name) if len(word) > 2]
        if "age" in words.name_words(name):
            nouns.append(r"years?[ -]old")
        if not nouns:
            return None
        match = re.search(
            rf"(?<![\w.])([-−]?[\d.,]*\d|\b[a-z]+)[ -](?:{'|'.join(nouns)})",
            self.text,
            re.IGNORECASE,
        )
        return next(iter(words.numbers(match.group(1))), None) if match else None

    def formatted(self, format: str) -> str | None:
        """A date, address or link of the text, by the schema's `format`."""
        if format == "date" and self._dates:
            return self._dates.pop(0)
        if format == "date-time" and self._dates:
            return f"{self._dates.pop(0)}T00:00:00Z"
        if format in ("email", "idn-email"):
            return next(iter(words.emails(self.text)), None)
        if format in ("uri", "url", "iri"):
            return next(iter(words.urls(self.text)), None)
        return None

    def matching(self, pattern: str, first: str) -> str | None:
        """A text of ours in which the pattern is found."""
        for candidate in (first, *self._quoted, *self._names, *self.text.split()):
            try:
                if re.search(pattern, candidate):
                    return candidate
            except re.error:
                return None
        return None

    def string(self, name: str, description: str = "") -> str:
        """The words for a text field, by its name, then by what is left."""
        label = self.labelled(name)
        if label is not None:
            self._used(label)
            return label
        parts = set(words.name_words(name))
        found = self._by_topic(parts) or self._by_topic(
            {word.lower() for word in words.keywords(description)} & (_PLACES | {"date", "email"})
        )
        return found or self._next() or self.text.strip() or name or "text"

    def _by_topic(self, parts: set[str]) -> str | None:
        found: str | None = None
        if parts & _PLACES and self._places:
            found = self._places.pop(0)
        elif "date" in parts or "day" in parts:
            found = self._dates.pop(0) if self._dates else None
        elif "email" in parts:
            found = next(iter(words.emails(self.text)), None)
        elif parts & {"url", "link", "uri", "website"}:
            found = next(iter(words.urls(self.text)), None)
        elif parts & _EXPRESSION:
            found = self._expression()
        elif parts & _TELLING or (self._told and parts & _WHOLE):
            found = self._told or " ".join(self.text.split())[:200]
        elif parts & _WHOLE:
            found = self._quoted.pop(0) if self._quoted else " ".join(self.text.split())[:500]
        elif parts & _NAMES:
            found = self._proper()
        if found:
            self._used(found)
        return found

    def _expression(self) -> str | None:
        match = _MATH.search(self.text)
        return match.group().strip() if match else None

    def _proper(self) -> str | None:
        """A name: the one after "named" or "called", else the next one."""
        for match in _NAMED.finditer(self.text):
            found = words.quoted(match.group(1)) or words.names(f"x {match.group(1)}")
            if found and found[0] in (*self._quoted, *self._names):
                return found[0]
        return next(iter(self._names or self._quoted), None)

    def _next(self) -> str:
        """The next quote or name, else the next keywords; they come round again."""
        for pool in (self._quoted, self._names):
            if pool:
                value = pool[0]
                self._used(value)
                return value
        chosen = self._keywords[self._at : self._at + 3]
        if not chosen and self._keywords:
            self._at, chosen = 0, self._keywords[:3]
        self._at += 3
        return " ".join(chosen)

    def _used(self, value: str) -> None:
        for pool in (self._quoted, self._names, self._places):
            if value in pool:
                pool.remove(value)

    def word(self) -> str:
        """One plain word, for the name of a property that the schema leaves open."""
        return next((word.lower() for word in self._keywords if word.isalpha()), "key")

    def listed(self, name: str) -> int:
        """How many strings a list field should get, 0 to 5."""
        if self._quoted:
            return min(5, len(self._quoted))
        if set(words.name_words(name)) & {*_PLACES, "cities", "places", "countries", "locations"}:
            return min(5, max(1, len(self._places)))
        return min(3, max(1, len(self._names) or len(self._keywords) // 3))
