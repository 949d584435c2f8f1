"""What was asked and answered, in the form that the GenAI semantic conventions give to content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.types.json import dumps, loads
from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["asked_content", "finish_reasons", "told_content"]

_INCOMPLETE = {"max_output_tokens": "length", "content_filter": "content_filter"}


def asked_content(body: JsonObject) -> dict[str, str]:
    """The attributes of a Responses, Chat or embeddings request that are content."""
    given = body.get("input", body.get("messages"))
    found: dict[str, str] = {}
    if isinstance(given, str):
        found["gen_ai.input.messages"] = _json([_message("user", given)])
    elif given:
        found["gen_ai.input.messages"] = _json([_turn(item) for item in objects(given)])
    if body.get("instructions"):
        found["gen_ai.system_instructions"] = _json(_parts(body["instructions"]))
    if body.get("tools"):
        found["gen_ai.tool.definitions"] = _json(body["tools"])
    return found


def told_content(body: JsonObject) -> list[JsonObject]:
    """The messages of a Responses or Chat answer."""
    if "choices" in body:
        return [
            {
                **_turn(as_object(choice.get("message"))),
                "finish_reason": as_text(choice.get("finish_reason")),
            }
            for choice in objects(body["choices"])
        ]
    parts = [part for item in objects(body.get("output")) for part in _turn(item)["parts"]]
    if not parts:
        return []
    reasons = finish_reasons(body)
    return [{"role": "assistant", "parts": parts, "finish_reason": reasons[0] if reasons else ""}]


def finish_reasons(body: JsonObject) -> list[str]:
    """Why the model ended, one reason per choice; none where it is not said."""
    if "choices" in body:
        told = (as_text(choice.get("finish_reason")) for choice in objects(body["choices"]))
        return [reason for reason in told if reason]
    status = body.get("status")
    if status == "incomplete":
        reason = as_text(as_object(body.get("incomplete_details")).get("reason"))
        return [_INCOMPLETE.get(reason, reason or "length")]
    if status != "completed" or "output" not in body:
        return []
    called = any(item.get("type") == "function_call" for item in objects(body["output"]))
    return ["tool_calls" if called else "stop"]


def _message(role: str, content: Any) -> JsonObject:
    return {"role": role, "parts": _parts(content)}


def _turn(item: JsonObject) -> JsonObject:
    """A message, call or result of either API."""
    kind = as_text(item.get("type"))
    if kind.endswith("_call_output") or item.get("role") == "tool":
        told = {
            "type": "tool_call_response",
            "id": item.get("call_id", item.get("tool_call_id")),
            "response": item.get("output", item.get("content")),
        }
        return {"role": "tool", "parts": [told]}
    if kind.endswith("_call"):
        return {"role": "assistant", "parts": [_call(kind, item)]}
    if kind == "reasoning":
        texts = objects(item.get("summary")) + objects(item.get("content"))
        told = [{"type": "reasoning", "content": as_text(each.get("text"))} for each in texts]
        return {"role": "assistant", "parts": told}
    message = _message(as_text(item.get("role")) or "assistant", item.get("content"))
    for call in objects(item.get("tool_calls")):
        function = as_object(call.get("function"))
        message["parts"].append(_call("function_call", {**function, "call_id": call.get("id")}))
    return message


def _call(kind: str, item: JsonObject) -> JsonObject:
    name = as_text(item.get("name")) or kind.removesuffix("_call")
    said = item.get("arguments", item.get("input", item.get("action")))
    try:
        arguments = loads(said.encode()) if isinstance(said, str) else said
    except ValueError:
        arguments = said
    id = item.get("call_id", item.get("id"))
    return {"type": "tool_call", "id": id, "name": name, "arguments": arguments}


def _parts(content: Any) -> list[JsonObject]:
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    found: list[JsonObject] = []
    for part in items_of(content):
        given = {"type": "text", "text": part} if isinstance(part, str) else as_object(part)
        text = given.get("text", given.get("refusal"))
        kind = "text" if isinstance(text, str) else as_text(given.get("type"))
        found.append({"type": kind, "content": text} if kind == "text" else {"type": kind})
    return found


def _json(value: Any) -> str:
    return dumps(value).decode()
