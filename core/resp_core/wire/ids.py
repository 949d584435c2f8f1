"""Ids that we make, because an upstream has none or its own mean something else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TypeAlias

__all__ = ["NewId", "counted_ids", "is_ours", "random_ids"]

NewId: TypeAlias = Callable[[str], str]
"""Makes a fresh id for a prefix such as `resp_`, `msg_`, `fc_`, `rs_` or `call_`."""

MARK = "rk"


def random_ids(random_bytes: Callable[[int], bytes]) -> NewId:
    """Ids of 32 random hex digits after prefix and mark: `msg_rk3f...`.

    `random_bytes(n)` returns n bytes, for example `os.urandom`.
    """

    def new_id(prefix: str) -> str:
        return f"{prefix}{MARK}{random_bytes(16).hex()}"

    return new_id


def counted_ids() -> NewId:
    """Ids that count from 1, the same in every run: for tests and for recorded examples."""
    numbers = count(1)

    def new_id(prefix: str) -> str:
        return f"{prefix}{MARK}{next(numbers):08x}"

    return new_id


def is_ours(item_id: str) -> bool:
    """Whether an id was made here; such an id means nothing to any server."""
    return item_id.partition("_")[2].startswith(MARK)
