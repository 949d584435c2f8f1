"""The bytes that the benchmark server answers with, in the forms of the two OpenAI APIs."""

from __future__ import annotations

import json
import random
import string
from typing import Any

__all__ = ["DELTA_CHARS", "chat_body", "chat_events", "responses_body", "responses_events"]

JsonObject = dict[str, Any]

DELTA_CHARS = 5
MODEL = "gpt-5.4-mini-2026-03-17"
MESSAGE_ID = "msg_0d3c5a1f2b7e48690068f1a2b3c4d5819e"
RESPONSE_ID = "resp_0d3c5a1f2b7e48690068f1a2b2f0c8819b"
PLAIN_DELTAS = 300


def _deltas(count: int) -> list[str]:
    return [f" {index % 10000:04d}" for index in range(count)]


def _padding(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=11))


def _part(text: str) -> JsonObject:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _message(status: str, parts: list[JsonObject]) -> JsonObject:
    return {
        "id": MESSAGE_ID,
        "type": "message",
        "status": status,
        "content": parts,
        "role": "assistant",
    }


def _response(status: str, output: list[JsonObject], tokens: int) -> JsonObject:
    usage = {
        "input_tokens": 14,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 14 + tokens,
    }
    return {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": 1763000000,
        "status": status,
        "background": False,
        "completed_at": 1763000002 if status == "completed" else None,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": MODEL,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": "none", "summary": None},
        "safety_identifier": None,
        "service_tier": "default" if status == "completed" else "auto",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage if status == "completed" else None,
        "user": None,
        "metadata": {},
    }


def responses_body() -> bytes:
    """A finished Responses answer of about 3 KB."""
    message = _message("completed", [_part("".join(_deltas(PLAIN_DELTAS)))])
    return json.dumps(_response("completed", [message], PLAIN_DELTAS), indent=2).encode()


def responses_events(count: int) -> list[bytes]:
    """A Responses stream with `count` text deltas, one item per SSE event."""
    rng = random.Random(7)
    deltas = _deltas(count)
    text = "".join(deltas)
    where = {"item_id": MESSAGE_ID, "output_index": 0, "content_index": 0}
    at = {"output_index": 0}
    done = _message("completed", [_part(text)])
    started = _response("in_progress", [], 0)
    events: list[JsonObject] = [
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
        {"type": "response.output_item.added", **at, "item": _message("in_progress", [])},
        {"type": "response.content_part.added", **where, "part": _part("")},
    ]
    events += [
        {
            "type": "response.output_text.delta",
            **where,
            "delta": delta,
            "logprobs": [],
            "obfuscation": _padding(rng),
        }
        for delta in deltas
    ]
    events += [
        {"type": "response.output_text.done", **where, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **where, "part": _part(text)},
        {"type": "response.output_item.done", **at, "item": done},
        {"type": "response.completed", "response": _response("completed", [done], count)},
    ]
    for number, event in enumerate(events):
        event["sequence_number"] = number
    return [f"event: {event['type']}\ndata: {_compact(event)}\n\n".encode() for event in events]


def _completion(kind: str, choices: list[JsonObject]) -> JsonObject:
    return {
        "id": "chatcmpl-CbK9p2XvQ4nYw7RtLm3Zs8DfGh1Jk",
        "object": kind,
        "created": 1763000000,
        "model": MODEL,
        "service_tier": "default",
        "system_fingerprint": None,
        "choices": choices,
    }


def _chat_usage(tokens: int) -> JsonObject:
    return {
        "prompt_tokens": 14,
        "completion_tokens": tokens,
        "total_tokens": 14 + tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def chat_body() -> bytes:
    """A finished Chat completion."""
    message: JsonObject = {
        "role": "assistant",
        "content": "".join(_deltas(PLAIN_DELTAS)),
        "refusal": None,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    body = {**_completion("chat.completion", [choice]), "usage": _chat_usage(PLAIN_DELTAS)}
    return json.dumps(body, indent=2).encode()


def _chunk(delta: JsonObject, finish_reason: str | None, padding: str) -> JsonObject:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    chunk = _completion("chat.completion.chunk", [choice])
    return {**chunk, "usage": None, "obfuscation": padding}


def chat_events(count: int) -> list[bytes]:
    """A Chat stream with `count` text deltas, a usage chunk and `[DONE]`."""
    rng = random.Random(7)
    first: JsonObject = {"role": "assistant", "content": "", "refusal": None}
    chunks = [_chunk(first, None, _padding(rng))]
    chunks += [_chunk({"content": delta}, None, _padding(rng)) for delta in _deltas(count)]
    chunks.append(_chunk({}, "stop", _padding(rng)))
    chunks.append({**_completion("chat.completion.chunk", []), "usage": _chat_usage(count)})
    events = [f"data: {_compact(chunk)}\n\n".encode() for chunk in chunks]
    return [*events, b"data: [DONE]\n\n"]


def _compact(value: JsonObject) -> str:
    return json.dumps(value, separators=(",", ":"))
