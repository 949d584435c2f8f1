"""An answer as the Chat API writes it: the completion object and its stream of chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from resp_core.offline.count import pieces
from resp_core.offline.logprobs import logprobs_of
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resp_core.offline.limits import Usage
    from resp_core.offline.responses_out import Frame
    from resp_core.offline.transcript import Part, Plan
    from resp_core.types.json import JsonObject

__all__ = ["DONE", "chunk_frame", "chunks", "complete"]

DONE = b"data: [DONE]\n\n"
_CATEGORIES = ("hate", "self_harm", "sexual", "violence")
_CLEAN = {name: {"filtered": False, "severity": "safe"} for name in _CATEGORIES}


def complete(plan: Plan, frame: Frame, usage: Usage, *, azure: bool = False) -> JsonObject:
    """The chat completion. On Azure it carries the results of the content filter."""
    count = int(frame.body.get("n") or 1)
    completion = _head(frame, "chat.completion") | {
        "choices": [_choice(index, plan, frame, azure=azure) for index in range(count)],
        "usage": _usage(usage, count),
    }
    return completion | ({"prompt_filter_results": _prompt_filter()} if azure else {})


def _head(frame: Frame, object: str) -> JsonObject:
    return {
        "id": frame.ids.new("chatcmpl").replace("_", "-"),
        "object": object,
        "created": frame.created,
        "model": frame.model,
        "service_tier": frame.body.get("service_tier") or "default",
        "system_fingerprint": "fp_offline",
    }


def _prompt_filter() -> list[JsonObject]:
    return [{"prompt_index": 0, "content_filter_results": _CLEAN}]


def _usage(usage: Usage, choices: int) -> JsonObject:
    output = usage.output * choices
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": output,
        "total_tokens": usage.input + output,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning * choices,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _choice(index: int, plan: Plan, frame: Frame, *, azure: bool) -> JsonObject:
    text = _text(plan, "text")
    message: JsonObject = {
        "role": "assistant",
        "content": text,
        "refusal": _text(plan, "refusal"),
        "annotations": [],
    }
    called = [_call(part, frame) for part in plan.parts if part.is_call]
    if called and frame.body.get("functions"):
        message["function_call"] = called[0]["function"]
    elif called:
        message["tool_calls"] = called
    choice: JsonObject = {
        "index": index,
        "message": message,
        "logprobs": _logprobs(text, frame) if frame.body.get("logprobs") else None,
        "finish_reason": _finish(plan, frame),
    }
    return choice | ({"content_filter_results": _CLEAN} if azure else {})


def _text(plan: Plan, kind: str) -> str | None:
    texts = [part.text for part in plan.parts if part.kind == kind]
    if not texts and kind == "text" and not any(_visible(part) for part in plan.parts):
        return ""  # the limit was used up by reasoning
    return "".join(texts) if texts else None


def _visible(part: Part) -> bool:
    return part.kind != "reasoning"


def _call(part: Part, frame: Frame) -> JsonObject:
    kind = "custom" if part.kind == "custom" else "function"
    field = "input" if kind == "custom" else "arguments"
    return {
        "id": frame.ids.new("call"),
        "type": kind,
        kind: {"name": part.name, field: part.text},
    }


def _logprobs(text: str | None, frame: Frame) -> JsonObject:
    top = int(frame.body.get("top_logprobs") or 0)
    return {"content": logprobs_of(text or "", top), "refusal": None}


def _finish(plan: Plan, frame: Frame) -> str:
    if plan.finish != "stop":
        return plan.finish
    if not any(part.is_call for part in plan.parts):
        return "stop"
    return "function_call" if frame.body.get("functions") else "tool_calls"


# -- the stream


def chunks(plan: Plan, frame: Frame, usage: Usage, *, azure: bool = False) -> list[JsonObject]:
    """The chunks of a completion, with a usage chunk where the request asks for one."""
    with_usage = bool(as_object(frame.body.get("stream_options")).get("include_usage"))
    head = _head(frame, "chat.completion.chunk") | ({"usage": None} if with_usage else {})
    sequence: list[JsonObject] = []
    if azure:
        first: JsonObject = {"id": "", "model": "", "created": 0, "choices": []}
        sequence.append(head | first | {"prompt_filter_results": _prompt_filter()})
    count = int(frame.body.get("n") or 1)
    for index in range(count):
        for choice in _choice_chunks(index, plan, frame, azure=azure):
            sequence.append({**head, "choices": [choice]})
    if with_usage:
        sequence.append(head | {"choices": [], "usage": _usage(usage, count)})
    return sequence


def _choice_chunks(index: int, plan: Plan, frame: Frame, *, azure: bool) -> Iterator[JsonObject]:
    spoken = any(part.kind == "text" for part in plan.parts)
    opening: JsonObject = {
        "role": "assistant",
        "content": "" if spoken else None,
        "refusal": None,
    }
    yield _delta(index, opening)
    number = 0
    for part in plan.parts:
        if part.is_call:
            yield from (_delta(index, delta) for delta in _call_deltas(number, part, frame))
            number += 1
        elif _visible(part):
            yield from _text_deltas(index, part, frame)
    last = _delta(index, {}, _finish(plan, frame))
    yield last | ({"content_filter_results": _CLEAN} if azure else {})


def _delta(index: int, delta: JsonObject, finish: str | None = None) -> JsonObject:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}


def _text_deltas(index: int, part: Part, frame: Frame) -> Iterator[JsonObject]:
    field = "content" if part.kind == "text" else "refusal"
    wanted = part.kind == "text" and frame.body.get("logprobs")
    for piece in pieces(part.text):
        choice = _delta(index, {field: piece})
        if wanted:
            choice["logprobs"] = _logprobs(piece, frame)
        yield choice


def _call_deltas(number: int, part: Part, frame: Frame) -> Iterator[JsonObject]:
    call = _call(part, frame)
    kind = str(call["type"])
    field = "input" if kind == "custom" else "arguments"
    if frame.body.get("functions"):
        yield {"function_call": {"name": part.name, field: ""}}
        yield from ({"function_call": {field: piece}} for piece in pieces(part.text))
        return
    first: dict[str, Any] = {"index": number, **call, kind: {"name": part.name, field: ""}}
    yield {"tool_calls": [first]}
    for piece in pieces(part.text):
        yield {"tool_calls": [{"index": number, kind: {field: piece}}]}


def chunk_frame(chunk: JsonObject) -> bytes:
    """One chunk as its frame."""
    return b"data: %b\n\n" % orjson.dumps(chunk)
