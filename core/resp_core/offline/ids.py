"""Ids that follow from the request: the same request in a fresh server gets the same ids."""

from __future__ import annotations

import hashlib

__all__ = ["Ids"]


class Ids:
    """Ids of one answer, in the forms of OpenAI (`resp_...`, `msg_...`, `call_...`)."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._made = 0

    def new(self, prefix: str) -> str:
        """The next id: the prefix, an underscore and 32 hexadecimal digits."""
        self._made += 1
        digest = hashlib.sha256(f"{self._seed}/{self._made}".encode()).hexdigest()
        return f"{prefix}_{digest[:32]}"
