"""What a target cannot carry: refused by default, dropped only on the caller's word."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resp_core.errors import UnsupportedError
from resp_core.types.json import empty_list

if TYPE_CHECKING:
    from resp_core.types.request import OnUnsupported

__all__ = ["Losses"]

logger = logging.getLogger("resp_core")


@dataclass(slots=True)
class Losses:
    """Collects what was dropped or rewritten on the way to one target.

    `dropped` lists parameters that did not reach the server (by the caller's explicit wish),
    `notes` what was rewritten without loss of meaning. Both end on the call record.
    """

    target: str
    on_unsupported: OnUnsupported = "raise"
    dropped: list[str] = field(default_factory=empty_list)
    notes: list[str] = field(default_factory=empty_list)

    def lose(self, param: str, why: str) -> None:
        """Raise `UnsupportedError` naming `param`, or note that it was dropped."""
        if self.on_unsupported == "raise":
            raise UnsupportedError(
                f"{self.target} cannot take {param!r}: {why}. Leave it out, choose another "
                'target, or pass on_unsupported="drop" to drop it knowingly.',
                param=param,
            )
        if self.on_unsupported == "warn":
            logger.warning("%s: dropped %r: %s", self.target, param, why)
        if param not in self.dropped:
            self.dropped.append(param)

    def note(self, text: str) -> None:
        """Remember a rewriting that kept the meaning."""
        if text not in self.notes:
            self.notes.append(text)
