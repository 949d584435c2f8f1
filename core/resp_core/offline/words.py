"""What the offline model sees in a text: words, numbers, names, dates. Pure and small."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = [
    "STOPWORDS",
    "dates",
    "emails",
    "keywords",
    "name_words",
    "names",
    "numbers",
    "places",
    "quoted",
    "sentences",
    "stem",
    "stems",
    "urls",
]

STOPWORDS = frozenset(
    """a about after all also am an and any are as at be been before being but by can could did do
    does doing done for from get give given go had has have having he her here him his how i if in
    into is it its just let like me more most my no not of on one or other our out over please
    shall she should so some such tell than that the their them then there these they this those
    to too up use used user using us very want was we were what when where which while who whom
    whose why will with would you your yours""".split()
)

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_NUMBER = re.compile(r"(?<![\w.])[-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.])[-−]?\d+(?:\.\d+)?")
_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_QUOTED = re.compile(
    r"\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`|(?<!\w)'([^'\n]+)'(?!\w)|「([^」]+)」"
)
_NAME = re.compile(
    r"[A-Z][\w'’]*(?:[-.][A-Z]\w*)*(?:[ ](?:(?:of|de|da|la|van|von|the|upon)[ ])?[A-Z][\w'’]*)*"
)
_PLACE = re.compile(
    r"\b(?:in|at|for|from|to|near|of|around|and|or|between|visit|vs\.?|,)\s+(?:the\s+)?"
    r"([A-ZÀ-Þ][\w'’.-]*(?:\s(?:de|da|la|of|upon)?\s?[A-ZÀ-Þ][\w'’-]*)*(?:,\s[A-Z]{2,3}\b)?)"
)
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}")
_URL = re.compile(r"https?://[^\s\"'<>)\]]+")
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])[\"'”’)]*\s+|\n{2,}|\n(?=\s*[-*•\d])")
_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_LONG_DATE = re.compile(
    rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)? ({'|'.join(_MONTHS)})|({'|'.join(_MONTHS)}) (\d{{1,2}})"
    r"(?:st|nd|rd|th)?),? (\d{4})\b",
    re.IGNORECASE,
)
_ENDINGS = """ational ations ation ators ator ments ment ings ing ers ies ied ed es er ly s e
    y""".split()


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """A rough stem, so that `weather`, `Weather` and `adders`, `add` meet."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word


def stems(text: str) -> set[str]:
    """The stems of all words that carry meaning."""
    return {stem(word) for word in keywords(text)}


def keywords(text: str) -> list[str]:
    """Words that are no stopwords, in order, as written."""
    return [word for word in _WORD.findall(text) if word.lower() not in STOPWORDS]


def name_words(identifier: str) -> list[str]:
    """The words inside `getCurrentWeather` or `get_current_weather`, lower case."""
    return [word.lower() for word in _CAMEL.findall(identifier)]


def numbers(text: str) -> list[float | int]:
    """Numbers in order: digits, else the words zero to ten."""
    found = [_number(match) for match in _NUMBER.findall(_DATE.sub(" ", text))]
    if found:
        return found
    return [_SMALL.index(word.lower()) for word in _WORD.findall(text) if word.lower() in _SMALL]


def _number(text: str) -> float | int:
    plain = text.replace(",", "").replace("−", "-")
    return float(plain) if "." in plain else int(plain)


def quoted(text: str) -> list[str]:
    """What stands in quotation marks or backticks, in order."""
    return [next(part for part in match if part) for match in _QUOTED.findall(text)]


def names(text: str) -> list[str]:
    """Capitalised names, in order, without words that are capital only by position."""
    found: list[str] = []
    for match in _NAME.finditer(text):
        name = match.group().strip()
        if _starts_sentence(text, match.start()):
            name = _without_first(name)
        if name and name.lower() not in STOPWORDS and name != "I" and name not in found:
            found.append(name)
    return found


def _starts_sentence(text: str, at: int) -> bool:
    before = text[:at].rstrip(" \"'“(*#>-")
    return not before or before[-1] in ".!?:\n"


def _without_first(name: str) -> str:
    """Drop the first word of a sentence unless it can only be a name (`Paris, ...`)."""
    first, _, rest = name.partition(" ")
    if first.lower() in STOPWORDS or rest:
        return rest if first.lower() in STOPWORDS or first.lower() in _OPENERS else name
    return "" if first.lower() in _OPENERS else name


_OPENERS = frozenset(
    """add analyse analyze answer ask book calculate call check classify compare compute convert
    count create delete describe draft extract explain fetch find generate greet hello hey hi list
    look lookup make multiply next now ok okay plan play question query read remember reply return
    say schedule search send set show solve start subtract sum summarise summarize thanks
    translate update weather what's whats where's write yes context thought observation
    action""".split()
)


def places(text: str) -> list[str]:
    """Names that a preposition or a list marks as places, in order; else all names."""
    found: list[str] = []
    for match in _PLACE.finditer(text):
        name = match.group(1).rstrip(".'’")
        if name.lower() not in STOPWORDS and name not in found:
            found.append(name)
    return found or names(text)


def dates(text: str) -> list[str]:
    """Dates as YYYY-MM-DD, in order."""
    found = _DATE.findall(text)
    for day, month, month2, day2, year in _LONG_DATE.findall(text):
        number = _MONTHS.index((month or month2).lower()) + 1
        found.append(f"{year}-{number:02d}-{int(day or day2):02d}")
    return found


def emails(text: str) -> list[str]:
    """Mail addresses, in order."""
    return _EMAIL.findall(text)


def urls(text: str) -> list[str]:
    """http and https addresses, in order."""
    return [url.rstrip(".,;") for url in _URL.findall(text)]


def sentences(text: str) -> list[str]:
    """The text cut into sentences; empty ones are left out."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]
