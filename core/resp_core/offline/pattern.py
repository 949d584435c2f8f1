"""A text that matches a regular expression: the shortest that a small parser can make."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

__all__ = ["example"]

_CLASSES = {"d": string.digits, "w": string.ascii_letters, "s": " "}
_CONTROL = {"n": "\n", "t": "\t", "r": "\r"}
_ALL = string.ascii_letters + string.digits + string.punctuation + " "
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_GROUP = re.compile(r"\?(?::|P?<\w+>)")


def example(pattern: str) -> str:
    """A text in which `pattern` is found. ValueError where none could be made."""
    try:
        text = _Parser(pattern).whole()
        if re.search(pattern, text) is not None:
            return text
    except (IndexError, re.error) as error:
        raise ValueError(f"cannot match {pattern!r}") from error
    raise ValueError(f"cannot match {pattern!r}")


@dataclass(slots=True)
class _Parser:
    pattern: str
    at: int = 0

    def whole(self) -> str:
        text = self._choice()
        if self.at < len(self.pattern):
            raise ValueError(f"cannot read {self.pattern!r} at {self.at}")
        return text

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _take(self) -> str:
        char = self.pattern[self.at]
        self.at += 1
        return char

    def _choice(self) -> str:
        options = [self._sequence()]
        while self._peek() == "|":
            self._take()
            options.append(self._sequence())
        return options[0]

    def _sequence(self) -> str:
        text = ""
        while self._peek() not in ("", "|", ")"):
            text += self._repeated(self._atom())
        return text

    def _repeated(self, atom: str) -> str:
        least = 1
        match = _COUNT.match(self.pattern, self.at)
        if match:
            self.at = match.end()
            least = int(match.group(1))
        elif self._peek() in ("*", "?"):
            # a class that may be absent is shown once, so that `\w*` is not empty
            least = 1 if self._take() == "*" and len(atom) == 1 else 0
        elif self._peek() == "+":
            self._take()
        if self._peek() in ("?", "+"):
            self._take()
        return atom * least

    def _atom(self) -> str:
        char = self._take()
        if char in "^$":
            return ""
        if char == ".":
            return "a"
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()[0] if self._peek() not in "bBAZ" else self._nothing()
        return char

    def _nothing(self) -> str:
        self._take()
        return ""

    def _group(self) -> str:
        match = _GROUP.match(self.pattern, self.at)
        if match:
            self.at = match.end()
        elif self._peek() == "?":
            raise ValueError(f"cannot read {self.pattern!r} at {self.at}")
        text = self._choice()
        if self._take() != ")":
            raise ValueError(f"unbalanced {self.pattern!r}")
        return text

    def _escape(self) -> str:
        char = self._take()
        if char.lower() in _CLASSES:
            chosen = _CLASSES[char.lower()]
            return chosen if char.islower() else "".join(c for c in _ALL if c not in chosen)
        return _CONTROL.get(char, char)

    def _class(self) -> str:
        negated = self._peek() == "^"
        if negated:
            self._take()
        chosen = ""
        while not chosen or self._peek() != "]":
            chosen += self._member()
        self._take()
        if negated:
            chosen = "".join(char for char in _ALL if char not in chosen)
        return chosen[0]

    def _member(self) -> str:
        char = self._take()
        if char == "\\":
            return self._escape()
        if self._peek() == "-" and self.pattern[self.at + 1] != "]":
            self._take()
            return "".join(map(chr, range(ord(char), ord(self._take()) + 1)))
        return char
