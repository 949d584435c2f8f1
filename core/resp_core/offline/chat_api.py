"""POST /chat/completions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resp_core.offline.chat_in import check_chat, read_chat, stops_of
from resp_core.offline.chat_out import DONE, chunk_frame, chunks, complete
from resp_core.offline.limits import at_most, stopped, usage_of
from resp_core.offline.responses_out import Frame
from resp_core.offline.visit import Visit, json_reply, public_name, sse_reply

if TYPE_CHECKING:
    from resp_core.offline.types import OfflineReply

__all__ = ["create"]


def create(visit: Visit) -> OfflineReply:
    """A completion, or its stream."""
    body = visit.body
    check_chat(body)
    transcript = read_chat(body)
    most = body.get("max_completion_tokens") or body.get("max_tokens")
    plan = at_most(stopped(visit.planner(transcript), stops_of(body)), most)
    usage = usage_of(transcript, plan)
    frame = Frame(body, public_name(str(body["model"])), visit.created, visit.ids())
    if not body.get("stream"):
        return json_reply(complete(plan, frame, usage, azure=visit.azure))
    sequence = chunks(plan, frame, usage, azure=visit.azure)
    return sse_reply([*map(chunk_frame, sequence), DONE])
