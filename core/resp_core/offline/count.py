"""How the offline server counts tokens, and how it cuts text into deltas.

One token is up to eight letters or digits, or up to three signs, with one white space before it.
Every message, call or output costs three tokens more, for its envelope.
"""

from __future__ import annotations

import re

__all__ = ["ENVELOPE", "count", "pieces"]

ENVELOPE = 3

_PIECE = re.compile(r"\s?\w{1,8}|\s?[^\w\s]{1,3}|\s+")


def pieces(text: str) -> list[str]:
    """The text as tokens; joined they are the text again."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    """Tokens in a text."""
    return len(pieces(text))
