"""Log probabilities of an answer's tokens: made up, but stable and well formed."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

from resp_core.offline.count import pieces

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["logprobs_of"]


def logprobs_of(text: str, top: int) -> list[JsonObject]:
    """One entry per token with its `top` likeliest alternatives, itself first."""
    return [_entry(token, top) for token in pieces(text)]


def _entry(token: str, top: int) -> JsonObject:
    chance = 0.55 + (zlib.crc32(token.encode()) % 440) / 1000
    others = [f"{token}{'~' * number}" for number in range(1, top)]
    rest = (1 - chance) / 2
    tops = [_alone(token, chance)] if top else []
    tops += [_alone(other, rest / (2**at)) for at, other in enumerate(others)]
    return {**_alone(token, chance), "top_logprobs": tops}


def _alone(token: str, chance: float) -> JsonObject:
    return {"token": token, "logprob": round(math.log(chance), 6), "bytes": list(token.encode())}
