"""What an answer says, read from its recorded JSON by code that shares nothing with ours."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TERMINAL = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")
_LENGTH = ("length", "max_tokens", "model_length", "max_output_tokens")


@dataclass
class Reading:
    """`calls` are (id, name, arguments), `cited` URLs, `usage` (input, output, total) tokens."""

    text: str = ""
    refusal: str = ""
    reasoning: str = ""
    calls: list[tuple[Any, str, Any]] = field(default_factory=list)
    cited: list[str] = field(default_factory=list)
    end: str = ""
    usage: tuple[int, int, int] | None = None


def of_completion(completion: Json, choice: int = 0) -> Reading:
    """A Chat completion."""
    choices = [c for c in completion["choices"] if (c.get("index") or 0) == choice]
    message = choices[0].get("message") or choices[0].get("delta") or {}
    text, thought = _content(message.get("content"))
    return Reading(
        text=text,
        refusal=message.get("refusal") or "",
        reasoning=thought + _thought(message),
        calls=[_chat_call(call) for call in _calls(message)],
        cited=_cited(message),
        end=choices[0].get("finish_reason") or "",
        usage=_chat_usage(completion),
    )


def of_chunks(chunks: Iterable[Json], choice: int = 0) -> Reading:
    """The chunks of a Chat stream, put together the plainest way."""
    reading = Reading()
    calls: list[Json] = []
    for chunk in chunks:
        reading.usage = _chat_usage(chunk) or reading.usage
        for part in chunk.get("choices") or []:
            if (part.get("index") or 0) != choice:
                continue
            delta = part.get("delta") or {}
            text, thought = _content(delta.get("content"))
            reading.text += text
            reading.refusal += delta.get("refusal") or ""
            reading.reasoning += thought + _thought(delta)
            reading.cited += _cited(delta)
            for fragment in _calls(delta):
                _add_fragment(calls, fragment)
            reading.end = part.get("finish_reason") or reading.end
    reading.calls = [_chat_call(call) for call in calls]
    return reading


def _add_fragment(calls: list[Json], fragment: Json) -> None:
    function = fragment.get("function") or fragment.get("custom") or {}
    same = [c for c in calls if c["index"] == fragment.get("index")]
    opens = fragment.get("id") and function.get("name")
    fresh = opens and all(c["id"] != fragment["id"] for c in same)
    if fresh or not calls:
        calls.append(
            {"index": fragment.get("index"), "id": None, "function": {"name": "", "arguments": ""}}
        )
        same = calls
    call = same[-1] if same else calls[-1]
    call["id"] = call["id"] or fragment.get("id")
    call["function"]["name"] = call["function"]["name"] or function.get("name") or ""
    arguments = function.get("arguments", function.get("input"))
    if isinstance(arguments, dict):
        call["function"]["arguments"] = arguments
    else:
        call["function"]["arguments"] += arguments or ""


def of_response(response: Json) -> Reading:
    """A Responses object."""
    reading = Reading(end=_end(response), usage=_usage(response.get("usage")))
    for item in response.get("output") or []:
        parts = item.get("content") or []
        if item["type"] == "message":
            reading.text += "".join(p.get("text") or "" for p in parts if "text" in p)
            reading.refusal += "".join(p.get("refusal") or "" for p in parts)
            if item.get("phase") != "commentary":
                marks = [mark for p in parts for mark in p.get("annotations") or []]
                reading.cited += [mark["url"] for mark in marks if mark.get("url")]
        elif item["type"] == "reasoning":
            spoken = [*(item.get("summary") or []), *parts]
            reading.reasoning += "".join(p.get("text") or "" for p in spoken)
        elif item["type"] == "function_call":
            reading.calls.append((item["call_id"], item["name"], item["arguments"]))
        elif item["type"] == "custom_tool_call":
            reading.calls.append((item["call_id"], item["name"], item["input"]))
    return reading


def as_chat(response: Json) -> Reading:
    """What a Chat caller is told: commentary is no answer, and namespaces are in the names."""
    reading = of_response(response)
    reading.text = ""
    reading.calls = []
    thoughts: list[str] = []
    for item in response.get("output") or []:
        texts = [part.get("text") or "" for part in item.get("content") or []]
        if item["type"] == "reasoning":
            thoughts += texts or [part.get("text") or "" for part in item.get("summary") or []]
        elif item["type"] == "message" and item.get("phase") == "commentary":
            thoughts += texts
        elif item["type"] == "message":
            reading.text += "".join(texts)
        elif item["type"] in ("function_call", "custom_tool_call"):
            name = "__".join(filter(None, (item.get("namespace"), item["name"])))
            reading.calls.append((item["call_id"], name, item.get("arguments", item.get("input"))))
    reading.reasoning = "\n\n".join(filter(None, thoughts))
    return reading


def of_events(events: Iterable[Json]) -> Reading:
    """The deltas of a Responses stream: texts only, in order."""
    reading = Reading()
    for event in events:
        kind, delta = event.get("type"), event.get("delta")
        if kind == "response.output_text.delta":
            reading.text += delta
        elif kind == "response.refusal.delta":
            reading.refusal += delta
        elif kind in ("response.reasoning_text.delta", "response.reasoning_summary_text.delta"):
            reading.reasoning += delta
    return reading


def terminal(payloads: Iterable[Json]) -> Json | None:
    """The response of the terminal event, with the items of their own events if it has none."""
    items: dict[int, Json] = {}
    for event in payloads:
        if event.get("type") == "response.output_item.done":
            items[event.get("output_index", len(items))] = event["item"]
        elif event.get("type") in TERMINAL:
            response = event["response"]
            if not response.get("output") and items:
                return {**response, "output": [items[index] for index in sorted(items)]}
            return response
    return None


def end_of_chat(finish: str) -> str:
    """The end that a finish reason means, in the words of `of_response`."""
    if finish in _LENGTH:
        return "incomplete:max_output_tokens"
    if finish == "content_filter":
        return "incomplete:content_filter"
    return "completed"


def _end(response: Json) -> str:
    status = response.get("status") or ""
    reason = (response.get("incomplete_details") or {}).get("reason")
    return f"{status}:{reason}" if reason else status


def _content(content: Any) -> tuple[str, str]:
    """Text and thoughts of a Chat content."""
    if not isinstance(content, list):
        return content or "", ""
    text = "".join(p.get("text") or "" for p in content if p.get("type") == "text")
    thoughts = [p for p in content if p.get("type") == "thinking"]
    spoken = [
        piece.get("text") or ""
        for p in thoughts
        for piece in (p["thinking"] if isinstance(p["thinking"], list) else [])
    ]
    return text, "".join(spoken)


def _chat_call(call: Json) -> tuple[Any, str, Any]:
    inner = call.get("function") or call.get("custom") or {}
    arguments = inner.get("arguments", inner.get("input"))
    if isinstance(arguments, dict):
        arguments = json.dumps(arguments)
    return call.get("id"), inner.get("name") or "", arguments or ""


def _thought(message: Json) -> str:
    """What a message or delta says of its reasoning; the details repeat what has a name."""
    said = message.get("reasoning_content") or message.get("reasoning")
    if said:
        return said
    details = message.get("reasoning_details") or []
    return "".join(detail.get("text") or detail.get("summary") or "" for detail in details)


def _cited(message: Json) -> list[str]:
    marks = [mark.get("url_citation") or {} for mark in message.get("annotations") or []]
    return [mark["url"] for mark in marks if mark.get("url")]


def _calls(message: Json) -> list[Json]:
    if message.get("tool_calls"):
        return message["tool_calls"]
    old = message.get("function_call")  # of the time when there was one call at most
    return [{"index": 0, "id": None, "function": old}] if old and old.get("name") else []


def _chat_usage(answer: Json) -> tuple[int, int, int] | None:
    usage = answer.get("usage") or (answer.get("x_groq") or {}).get("usage")
    if not usage or usage.get("prompt_tokens") is None:
        return None
    given = usage["prompt_tokens"]
    total = usage.get("total_tokens")
    made = usage.get("completion_tokens")
    if made is None:
        made = (total or given) - given
    return given, made, given + made if total is None else total


def _usage(usage: Json | None) -> tuple[int, int, int] | None:
    if not usage:
        return None
    return usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]
