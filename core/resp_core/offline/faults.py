"""Faults on demand, chosen by the model's name.

`offline/fault-503` fails every time; `offline/fault-503@2` fails the first two requests for that
very name and then works. Counts belong to the server's state. Where a row has no plain or no
Chat form, it says so; all others work on every operation that takes a model.

Refused before the model is asked:

    fault-NNN              any status from 400 to 599, with OpenAI's envelope
    fault-429              rate limit, with retry-after, retry-after-ms and x-ratelimit-*
    fault-429-date         the same, with retry-after as a date
    fault-429-bare         the same, without retry-after
    fault-429-long         the same, with 600 seconds
    fault-429-quota        insufficient_quota, which waiting does not cure
    fault-limit-N          at most N requests a second by the state's clock, x-ratelimit-* on each
    fault-401-echo-key     401 whose message repeats the key that was sent
    fault-500-html         an HTML error page with status 500
    fault-context          400 context_length_exceeded
    fault-filter           400 content_filter, as Azure blocks a prompt
    fault-redirect         307 to the state's `redirect_to`, another origin
    fault-retry-no         500 with x-should-retry: false
    fault-retry-yes        400 with x-should-retry: true

Status 200, but not an answer:

    fault-200error         {"error": ...}
    fault-200html          an HTML page
    fault-null             the JSON null
    fault-array            the JSON []
    fault-text             plain text
    fault-gzipbomb         128 KiB of gzip that inflate to 128 MiB

An answer that the model spoils:

    fault-failed           a response with status failed (Chat: an error, in the stream or as 500)
    fault-incomplete       text cut by the token limit
    fault-contentfilter    text cut by the content filter
    fault-toolcut          a tool call whose arguments break off at the token limit
    fault-badtool          a tool call whose arguments are not JSON
    fault-undeclared       a call of a tool that was not offered

A provider that is not to be trusted with MCP:

    fault-mcp-tampered     runs an approved call with other arguments
    fault-mcp-unasked      runs a call that needs an approval without asking
    fault-mcp-denied-ran   runs a call that was denied
    fault-mcp-twice        runs an approved call twice
    fault-mcp-same-id      gives all its requests for approval one id

An answer that the wire spoils:

    fault-cut              the connection breaks in the middle of an event or of the body
    fault-cut-between      the connection breaks between two events
    fault-reset            the connection breaks with a reset (in process: like fault-cut)
    fault-noterminal       no terminal event (plain: status in_progress, no finish reason)
    fault-truncjson        JSON broken off: the body, or one event's data
    fault-utf8             bytes that are not UTF-8, in a delta or the body
    fault-error-event      an error event after some deltas, flat (plain: 500)
    fault-error-event-nested   the same, as {"type": "error", "error": {...}}
    fault-unknown-event    an event of an unknown type in between (streams)
    fault-duplicate        an event twice (streams)
    fault-swap             two events in the wrong order (streams)
    fault-gap              an event left out (streams)
    fault-after-terminal   more events after the terminal one (streams)
    fault-nousage          usage left out
    fault-badusage         usage with negative numbers and texts
    fault-giantevent       an event of 20 MiB (plain: a body of 40 MiB)
    fault-drip             one byte at a time, with pauses
    fault-slow             nothing for a long time, not even headers
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resp_core.offline import fault_answers, fault_plans, fault_wires
from resp_core.offline.mcp import MCP_FAULTS
from resp_core.offline.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from resp_core.offline.types import OfflineReply
    from resp_core.offline.visit import Visit

__all__ = ["KNOWN", "Asked", "find", "strike"]

_NAME = re.compile(r"(?:offline/)?(?:offline-)?(fault-[a-z0-9-]+)(?:@(\d+))?\Z")

#: Every fault by name; `fault-NNN` and `fault-limit-N` are patterns and not listed.
KNOWN: frozenset[str] = frozenset(
    (*fault_answers.ANSWERS, *fault_plans.PLANS, *fault_wires.WIRES, *MCP_FAULTS)
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A fault that a model's name asks for; `most` is how often it strikes, None for always."""

    name: str
    most: int | None
    model: str


def find(visit: Visit) -> Asked | None:
    """The fault of the request's model. An unknown one is a model that does not exist."""
    model = visit.body.get("model")
    match = _NAME.match(model) if isinstance(model, str) else None
    if match is None:
        return None
    name = match.group(1)
    if name not in KNOWN and not fault_answers.by_pattern(name):
        raise Problem(
            f"The model `{model}` does not exist or you do not have access to it. There is no "
            f"fault of that name; there are {', '.join(sorted(KNOWN))}.",
            code="model_not_found",
            status=404,
        )
    return Asked(name, int(match.group(2)) if match.group(2) else None, str(model))


def strike(asked: Asked, visit: Visit, action: Callable[[], OfflineReply]) -> OfflineReply:
    """The answer with its fault, or the sound answer once the fault has struck often enough."""
    if not visit.state.strikes(asked.model, asked.most):
        return action()
    answered = fault_answers.answer(asked.name, visit, action)
    if answered is not None:
        return answered
    if asked.name in MCP_FAULTS:
        visit.mcp_fault = asked.name
        return action()
    if asked.name in fault_plans.PLANS:
        return fault_plans.spoil(asked.name, visit, action)
    return fault_wires.WIRES[asked.name](visit, action())
