"""Faults of the model: answers that are cut, filtered, failed, or call tools badly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import orjson

from resp_core.offline.model import plan
from resp_core.offline.problem import Problem
from resp_core.offline.responses_out import sse
from resp_core.offline.transcript import Part, Plan, Transcript
from resp_core.offline.types import OfflineReply
from resp_core.offline.visit import Visit, json_reply, sse_reply

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["PLANS", "spoil"]

_ERROR = {"code": "server_error", "message": "The model failed, as its name asked for."}


def spoil(name: str, visit: Visit, action: Callable[[], OfflineReply]) -> OfflineReply:
    """Answer with the spoiled plan."""
    if name == "fault-failed":
        return _failed(visit, action())
    visit.planner = PLANS[name]
    return action()


def _halved(text: str) -> str:
    return text[: max(1, len(text) // 2)]


def _cut_text(finish: str) -> Callable[[Transcript], Plan]:
    def planned(transcript: Transcript) -> Plan:
        sound = plan(replace(transcript, tools=()))
        parts = [
            replace(part, text=_halved(part.text), whole=False) if part.kind == "text" else part
            for part in sound.parts
        ]
        return Plan(tuple(parts), "length" if finish == "length" else "content_filter")

    return planned


def _call(transcript: Transcript) -> Part:
    """The call that the model would make, or one of the first tool, or one of no tool at all."""
    sound = [part for part in plan(transcript).parts if part.is_call]
    if sound:
        return sound[0]
    name = transcript.tools[0].name if transcript.tools else "lookup"
    return Part("function", '{"query":"what was asked"}', name)


def _tool_cut(transcript: Transcript) -> Plan:
    call = _call(transcript)
    return Plan((replace(call, text=_halved(call.text), whole=False),), "length")


def _bad_tool(transcript: Transcript) -> Plan:
    return Plan((replace(_call(transcript), text="{'city': Paris,}"),))


def _undeclared(_: Transcript) -> Plan:
    return Plan((Part("function", '{"path":"/"}', "delete_everything"),))


def _failed(visit: Visit, reply: OfflineReply) -> OfflineReply:
    """The sound answer, turned into a failure where it would have ended."""
    frames = list(reply.chunks)
    if reply.status >= 400:
        return reply
    if "/responses" not in visit.request.path:
        problem = Problem(_ERROR["message"], type="server_error", code="server_error", status=500)
        if not reply.streamed:
            return json_reply(problem.envelope(), 500)
        error = b"data: %b\n\n" % orjson.dumps(problem.envelope())
        return sse_reply([*frames[: len(frames) // 2], error])
    if not reply.streamed:
        return json_reply(_as_failed(orjson.loads(frames[0])))
    terminal = cast("JsonObject", orjson.loads(frames[-1].partition(b"data: ")[2]))
    failed = terminal | {
        "type": "response.failed",
        "response": _as_failed(terminal["response"]),
    }
    return sse_reply([*frames[:-1], sse(failed)])


def _as_failed(response: JsonObject) -> JsonObject:
    return response | {"status": "failed", "error": _ERROR, "completed_at": None, "usage": None}


PLANS: dict[str, Callable[[Transcript], Plan]] = {
    "fault-failed": plan,
    "fault-incomplete": _cut_text("length"),
    "fault-contentfilter": _cut_text("content_filter"),
    "fault-toolcut": _tool_cut,
    "fault-badtool": _bad_tool,
    "fault-undeclared": _undeclared,
}
