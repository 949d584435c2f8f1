"""What a caller asks for, before any provider has been chosen."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal, TypeAlias

from resp_core.types.frozen import frozen
from resp_core.types.json import empty_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.types.json import JsonObject

__all__ = ["Api", "OnUnsupported", "Request", "Wire"]

Wire: TypeAlias = Literal["responses", "chat"]
Api: TypeAlias = Literal["auto", "responses", "chat"]
OnUnsupported: TypeAlias = Literal["raise", "warn", "drop"]


@frozen
class Request:
    """One model call in the caller's own wire form.

    `body` is a Responses or a Chat request as that API defines it, without `stream`; it is
    never changed in place. A dialect whose wire is the caller's sends it as it is; another
    one translates it. `plain`: its `input` is known to be text, and calls of functions that are
    answered at once with text, so that nobody need look through it; a plain Responses body may have
    it as Chat `messages` in the place of `input`, from a caller who holds neither and whose target
    reads Chat. `chat_only` holds parameters that the Responses API lacks (`stop`, `seed`, `n`,
    penalties, `logit_bias`, `prediction`, `modalities`, `audio`), for callers who speak Responses
    but may reach a Chat server. `called` is the API that the caller named (`client.chat…`), which
    is used where the target serves it; None takes the target's preference. `extra_body` goes to the
    server unchanged and unexamined, over everything else.
    """

    wire: Wire
    body: JsonObject = field(repr=False)
    plain: bool = False
    stream: bool = False
    called: Wire | None = None
    chat_only: Mapping[str, object] = field(default_factory=empty_object)
    on_unsupported: OnUnsupported = "raise"
    extra_headers: Mapping[str, str] = field(default_factory=empty_object, repr=False)
    extra_query: Mapping[str, object] = field(default_factory=empty_object, repr=False)
    extra_body: Mapping[str, object] = field(default_factory=empty_object)
