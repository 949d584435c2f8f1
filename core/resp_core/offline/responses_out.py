"""An answer as the Responses API writes it: the response object and its stream of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import orjson

from resp_core.offline import sealed
from resp_core.offline.count import pieces
from resp_core.offline.logprobs import logprobs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resp_core.offline.ids import Ids
    from resp_core.offline.limits import Usage
    from resp_core.offline.transcript import Finish, Part, Plan
    from resp_core.types.json import JsonObject

__all__ = ["Frame", "completed", "events", "item_of", "respond", "skeleton", "sse", "unfinished"]

_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}


@dataclass(frozen=True, slots=True)
class Frame:
    """What an answer takes from its request and its server. `created` is in Unix seconds."""

    body: JsonObject
    model: str
    created: int
    ids: Ids
    previous: str | None = None
    conversation: str | None = None


def respond(plan: Plan, frame: Frame, usage: Usage) -> JsonObject:
    """The finished response."""
    response = skeleton(frame)
    output = [item_of(part, frame, plan.finish) for part in plan.parts]
    return completed(response, output, plan.finish, frame, usage)


def completed(
    response: JsonObject, output: list[JsonObject], finish: Finish, frame: Frame, usage: Usage
) -> JsonObject:
    """A response that began as `skeleton`, with its output."""
    if finish == "stop":
        response["status"] = "completed"
        response["completed_at"] = frame.created
    else:
        response["status"] = "incomplete"
        response["incomplete_details"] = {"reason": _REASONS[finish]}
    tier = frame.body.get("service_tier")
    served = {"fast": "priority", "auto": "default", None: "default"}
    return response | {
        "output": output,
        "service_tier": served.get(tier, tier),
        "usage": {
            "input_tokens": usage.input,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.input + usage.output,
        },
    }


def unfinished(response: JsonObject, status: str) -> JsonObject:
    """The same response as it stood before it was done."""
    return response | {
        "status": status,
        "output": [],
        "usage": None,
        "completed_at": None,
        "incomplete_details": None,
        "error": None,
        "service_tier": "auto",
    }


#: Parameters that come back in the response as they were sent, with their defaults.
_ECHOED: JsonObject = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "prompt_cache_key": None,
    "prompt_cache_retention": None,
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


def skeleton(frame: Frame) -> JsonObject:
    """The response as it begins."""
    body = frame.body
    echoed = {
        name: body[name] if body.get(name) is not None else default
        for name, default in _ECHOED.items()
    }
    reasoning = cast("JsonObject", body.get("reasoning") or {})
    text = cast("JsonObject", body.get("text") or {})
    response: JsonObject = {
        "id": frame.ids.new("resp"),
        "object": "response",
        "created_at": frame.created,
        "status": "in_progress",
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": frame.model,
        "output": [],
        "previous_response_id": frame.previous,
        **echoed,
        "reasoning": {
            "effort": reasoning.get("effort"),
            "summary": reasoning.get("summary") or reasoning.get("generate_summary"),
        },
        "service_tier": "auto",
        "text": {
            "format": text.get("format") or {"type": "text"},
            "verbosity": text.get("verbosity") or "medium",
        },
        "tools": [_echoed_tool(tool) for tool in cast("list[JsonObject]", body.get("tools") or [])],
        "usage": None,
    }
    if frame.conversation:
        response["conversation"] = {"id": frame.conversation}
    return response


def _echoed_tool(tool: JsonObject) -> JsonObject:
    """Secrets of a tool (`authorization`, `headers`) are never echoed."""
    shown = {key: value for key, value in tool.items() if key not in ("authorization", "headers")}
    if tool.get("type") == "function":
        shown.setdefault("strict", False)
    if tool.get("type") == "mcp":
        blank = {"allowed_tools": None, "headers": None, "server_description": None}
        shown = {**blank, **shown, "require_approval": tool.get("require_approval") or "always"}
    return shown


def item_of(part: Part, frame: Frame, finish: Finish) -> JsonObject:
    """One part of an answer as an output item."""
    status = "completed" if part.whole and finish != "content_filter" else "incomplete"
    if part.kind == "reasoning":
        return _reasoning(part, frame)
    if part.is_call:
        custom = part.kind == "custom"
        item: JsonObject = {
            "id": frame.ids.new("ctc" if custom else "fc"),
            "type": "custom_tool_call" if custom else "function_call",
            "status": status,
            "call_id": frame.ids.new("call"),
            "name": part.name,
            "input" if custom else "arguments": part.text,
        }
        return item | ({"namespace": part.namespace} if part.namespace else {})
    content: JsonObject = {"type": "refusal", "refusal": part.text}
    if part.kind == "text":
        content = {"type": "output_text", "text": part.text, "annotations": [], "logprobs": []}
        if "message.output_text.logprobs" in (frame.body.get("include") or ()):
            content["logprobs"] = logprobs_of(part.text, int(frame.body.get("top_logprobs") or 0))
    return {
        "id": frame.ids.new("msg"),
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [content],
    }


def _reasoning(part: Part, frame: Frame) -> JsonObject:
    asked = cast("JsonObject", frame.body.get("reasoning") or {})
    shown = bool(asked.get("summary") or asked.get("generate_summary")) and bool(part.text)
    item: JsonObject = {
        "id": frame.ids.new("rs"),
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": part.text}] if shown else [],
    }
    included = "reasoning.encrypted_content" in (frame.body.get("include") or ())
    if included or frame.body.get("store") is False:
        item["encrypted_content"] = sealed.seal(part.text)
    return item


# -- the stream


def events(response: JsonObject, *, background: bool = False) -> list[JsonObject]:
    """The event sequence of a finished response, numbered from 0."""
    opening = unfinished(response, "queued" if background else "in_progress")
    sequence: list[JsonObject] = [{"type": "response.created", "response": opening}]
    if background:
        sequence.append({"type": "response.queued", "response": opening})
    running = unfinished(response, "in_progress")
    sequence.append({"type": "response.in_progress", "response": running})
    for index, item in enumerate(cast("list[JsonObject]", response["output"])):
        for event in _item_events(item):
            sequence.append({**event, "output_index": index})
    sequence.append({"type": f"response.{response['status']}", "response": response})
    return [{**event, "sequence_number": number} for number, event in enumerate(sequence)]


def _item_events(item: JsonObject) -> Iterator[JsonObject]:
    kind = item["type"]
    blanks: dict[str, JsonObject] = {
        "message": {"content": []},
        "reasoning": {"summary": []},
        "function_call": {"arguments": ""},
        "custom_tool_call": {"input": ""},
        "mcp_call": {"arguments": "", "output": None, "error": None},
        "mcp_list_tools": {"tools": []},
    }
    begun = {key: value for key, value in item.items() if key != "encrypted_content"}
    begun |= blanks.get(kind, {})
    if "status" in item:
        begun["status"] = "in_progress"
    yield {"type": "response.output_item.added", "item": begun}
    inner = {
        "message": _message_events,
        "reasoning": _reasoning_events,
        "function_call": _call_events,
        "custom_tool_call": _call_events,
        "mcp_call": _mcp_call_events,
        "mcp_list_tools": _mcp_list_events,
        "mcp_approval_request": _no_events,
    }[kind]
    for event in inner(item):
        yield {**event, "item_id": item["id"]}
    yield {"type": "response.output_item.done", "item": item}


def _message_events(item: JsonObject) -> Iterator[JsonObject]:
    for index, part in enumerate(cast("list[JsonObject]", item["content"])):
        refusal = part["type"] == "refusal"
        field = "refusal" if refusal else "text"
        name = "response.refusal" if refusal else "response.output_text"
        begun: JsonObject = {**part, field: ""} if refusal else {**part, field: "", "logprobs": []}
        at = {"content_index": index}
        yield {"type": "response.content_part.added", "part": begun, **at}
        chances = cast("list[JsonObject]", part.get("logprobs") or [])
        for number, piece in enumerate(pieces(str(part[field]))):
            event: JsonObject = {"type": f"{name}.delta", "delta": piece, **at}
            yield event if refusal else event | {"logprobs": chances[number : number + 1]}
        done: JsonObject = {"type": f"{name}.done", field: part[field], **at}
        yield done if refusal else done | {"logprobs": chances}
        yield {"type": "response.content_part.done", "part": part, **at}


def _reasoning_events(item: JsonObject) -> Iterator[JsonObject]:
    for index, part in enumerate(cast("list[JsonObject]", item["summary"])):
        at = {"summary_index": index}
        begun = {**part, "text": ""}
        yield {"type": "response.reasoning_summary_part.added", "part": begun, **at}
        for piece in pieces(str(part["text"])):
            yield {"type": "response.reasoning_summary_text.delta", "delta": piece, **at}
        yield {"type": "response.reasoning_summary_text.done", "text": part["text"], **at}
        yield {"type": "response.reasoning_summary_part.done", "part": part, **at}


def _call_events(item: JsonObject) -> Iterator[JsonObject]:
    field = "arguments" if item["type"] == "function_call" else "input"
    name = "function_call_arguments" if field == "arguments" else "custom_tool_call_input"
    for piece in pieces(str(item[field])):
        yield {"type": f"response.{name}.delta", "delta": piece}
    yield {"type": f"response.{name}.done", field: item[field]}


def _no_events(_: JsonObject) -> Iterator[JsonObject]:
    return iter(())


def _mcp_call_events(item: JsonObject) -> Iterator[JsonObject]:
    yield {"type": "response.mcp_call.in_progress"}
    yield {"type": "response.mcp_call_arguments.delta", "delta": item["arguments"]}
    yield {"type": "response.mcp_call_arguments.done", "arguments": item["arguments"]}
    yield {"type": f"response.mcp_call.{'failed' if item['error'] else 'completed'}"}


def _mcp_list_events(item: JsonObject) -> Iterator[JsonObject]:
    yield {"type": "response.mcp_list_tools.in_progress"}
    yield {"type": f"response.mcp_list_tools.{'failed' if item.get('error') else 'completed'}"}


def sse(event: JsonObject) -> bytes:
    """One event as its frame."""
    return b"event: %b\ndata: %b\n\n" % (str(event["type"]).encode(), orjson.dumps(event))
