"""Faults of the wire: sound answers whose bytes are cut, bent, swollen or slow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import orjson

from resp_core.offline.problem import Problem
from resp_core.offline.responses_out import sse
from resp_core.offline.types import Fault, OfflineReply
from resp_core.offline.visit import Visit, json_reply

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["WIRES"]

Wire = Callable[[Visit, OfflineReply], OfflineReply]
_DELTA = (b"output_text.delta", b'"delta":{"content":', b"arguments.delta", b'"tool_calls"')


def _sent(reply: OfflineReply, chunks: Any, fault: Fault | None = None) -> OfflineReply:
    return OfflineReply(reply.status, reply.headers, chunks, fault)


def _sound(wire: Wire) -> Wire:
    """An answer that is an error anyway is left as it is."""

    def spoiled(visit: Visit, reply: OfflineReply) -> OfflineReply:
        return reply if reply.status >= 400 else wire(visit, reply)

    return spoiled


def _middle(frames: list[bytes]) -> int:
    """The place of a delta near the middle of a stream, so that something came before."""
    deltas = [at for at, frame in enumerate(frames) if any(mark in frame for mark in _DELTA)]
    return deltas[len(deltas) // 2] if deltas else len(frames) // 2


def _cut(_: Visit, reply: OfflineReply) -> OfflineReply:
    frames = list(reply.chunks)
    at = _middle(frames)
    kept = [*frames[:at], frames[at][: len(frames[at]) // 2]]
    return _sent(reply, kept, Fault("fault-cut", abort=True))


def _reset(visit: Visit, reply: OfflineReply) -> OfflineReply:
    return _sent(reply, _cut(visit, reply).chunks, Fault("fault-reset", abort=True, reset=True))


def _cut_between(visit: Visit, reply: OfflineReply) -> OfflineReply:
    frames = list(reply.chunks)
    if not reply.streamed:
        return _cut(visit, reply)
    return _sent(reply, frames[: _middle(frames) + 1], Fault("fault-cut-between", abort=True))


def _chat(visit: Visit) -> bool:
    return "/chat/" in visit.request.path


def _no_terminal(visit: Visit, reply: OfflineReply) -> OfflineReply:
    frames = list(reply.chunks)
    if not reply.streamed:
        body: JsonObject = orjson.loads(frames[0])
        if _chat(visit):
            for choice in body["choices"]:
                choice["finish_reason"] = None
            return json_reply(body)
        return json_reply(body | {"status": "in_progress", "usage": None})
    if not _chat(visit):
        return _sent(reply, frames[:-1])
    last = next((at for at, frame in enumerate(frames) if _finishes(frame)), len(frames))
    return _sent(reply, frames[:last])


def _finishes(frame: bytes) -> bool:
    return b'"finish_reason":"' in frame


def _truncated(_: Visit, reply: OfflineReply) -> OfflineReply:
    frames = list(reply.chunks)
    at = _middle(frames)
    half = frames[at].rstrip(b"\n")[: -(len(frames[at]) // 4)]
    frames[at] = half + (b"\n\n" if reply.streamed else b"")
    return _sent(reply, frames)


def _not_utf8(_: Visit, reply: OfflineReply) -> OfflineReply:
    frames = list(reply.chunks)
    at = _middle(frames)
    head, mark, tail = frames[at].partition(b'"delta":"' if reply.streamed else b'"text":"')
    if not mark:
        head, mark, tail = frames[at].partition(b'"content":"')
    if not mark:
        head, mark, tail = frames[at].partition(b'":"')
    frames[at] = head + mark + b"\xff\xfe" + tail
    return _sent(reply, frames)


def _error_event(nested: bool) -> Wire:
    inner = {"type": "server_error", "code": "server_error", "message": "Failed.", "param": None}

    def spoiled(visit: Visit, reply: OfflineReply) -> OfflineReply:
        frames = list(reply.chunks)
        if not reply.streamed:
            problem = Problem("Failed.", type="server_error", code="server_error", status=500)
            return json_reply(problem.envelope(), 500)
        at = _middle(frames)
        if _chat(visit):
            return _sent(reply, [*frames[:at], b"data: %b\n\n" % orjson.dumps({"error": inner})])
        event: JsonObject = {"type": "error", "error": inner}
        if not nested:
            event = {**inner, "type": "error"}
        return _sent(reply, [*frames[:at], sse(event | {"sequence_number": at})])

    return spoiled


# -- bent order


def _streamed(bend: Callable[[list[bytes], int], list[bytes]]) -> Wire:
    """A fault that only a stream can have; a plain answer stays sound."""

    def spoiled(_: Visit, reply: OfflineReply) -> OfflineReply:
        if not reply.streamed:
            return reply
        frames = list(reply.chunks)
        return _sent(reply, bend(frames, _middle(frames)))

    return spoiled


def _unknown(frames: list[bytes], at: int) -> list[bytes]:
    odd: JsonObject = {"type": "response.offline_note.added", "note": "of a type not known yet"}
    if frames[0].startswith(b"event:"):
        return [*frames[:at], sse(odd), *frames[at:]]
    return [*frames[:at], b": a comment\n\n", b"data: %b\n\n" % orjson.dumps(odd), *frames[at:]]


def _duplicate(frames: list[bytes], at: int) -> list[bytes]:
    return [*frames[: at + 1], frames[at], *frames[at + 1 :]]


def _swap(frames: list[bytes], at: int) -> list[bytes]:
    return [*frames[: at - 1], frames[at], frames[at - 1], *frames[at + 1 :]]


def _gap(frames: list[bytes], at: int) -> list[bytes]:
    return [*frames[:at], *frames[at + 1 :]]


def _after(frames: list[bytes], at: int) -> list[bytes]:
    return [*frames, frames[at], frames[-1]]


# -- usage


def _usage(spoil: Callable[[Any], Any]) -> Wire:
    def spoiled(_: Visit, reply: OfflineReply) -> OfflineReply:
        return _sent(reply, [_respelled(frame, spoil) for frame in reply.chunks])

    return spoiled


def _respelled(frame: bytes, spoil: Callable[[Any], Any]) -> bytes:
    head, mark, data = frame.rpartition(b"data: ")
    if b'"usage":{' not in data:
        return frame
    value = cast("JsonObject", orjson.loads(data))
    holder = value if "usage" in value else cast("JsonObject", value["response"])
    holder["usage"] = spoil(holder["usage"])
    return head + mark + orjson.dumps(value) + (b"\n\n" if mark else b"")


def _absurd(usage: JsonObject) -> JsonObject:
    return {
        key: -7 if key.endswith("input_tokens") or key == "prompt_tokens" else "many"
        for key in usage
        if key.endswith("tokens")
    }


# -- size and pace

_BLOCK = b"x" * 2**16


def _giant(visit: Visit, reply: OfflineReply) -> OfflineReply:
    if not reply.streamed:
        return _sent(reply, _swollen(b'{"padding":"', 40, b'"}'))
    frames = list(reply.chunks)
    at = _middle(frames)
    head = b"data: " if _chat(visit) else b"event: response.output_text.delta\ndata: "
    opening = head + b'{"type":"response.output_text.delta","delta":"'

    def chunks() -> Iterator[bytes]:
        yield from frames[:at]
        yield from _swollen(opening, 20, b'"}\n\n')
        yield from frames[at:]

    return _sent(reply, chunks())


def _swollen(head: bytes, mebibytes: int, tail: bytes) -> Iterator[bytes]:
    yield head
    for _ in range(mebibytes * 16):
        yield _BLOCK
    yield tail


def _drip(visit: Visit, reply: OfflineReply) -> OfflineReply:
    whole = b"".join(reply.chunks)
    single = (whole[at : at + 1] for at in range(len(whole)))
    return _sent(reply, single, Fault("fault-drip", pause=visit.state.drip))


def _slow(visit: Visit, reply: OfflineReply) -> OfflineReply:
    return _sent(reply, reply.chunks, Fault("fault-slow", first_pause=visit.state.slow))


WIRES: dict[str, Wire] = {
    name: _sound(wire)
    for name, wire in {
        "fault-cut": _cut,
        "fault-cut-between": _cut_between,
        "fault-reset": _reset,
        "fault-noterminal": _no_terminal,
        "fault-truncjson": _truncated,
        "fault-utf8": _not_utf8,
        "fault-error-event": _error_event(nested=False),
        "fault-error-event-nested": _error_event(nested=True),
        "fault-unknown-event": _streamed(_unknown),
        "fault-duplicate": _streamed(_duplicate),
        "fault-swap": _streamed(_swap),
        "fault-gap": _streamed(_gap),
        "fault-after-terminal": _streamed(_after),
        "fault-nousage": _usage(lambda _: None),
        "fault-badusage": _usage(_absurd),
        "fault-giantevent": _giant,
        "fault-drip": _drip,
        "fault-slow": _slow,
    }.items()
}
