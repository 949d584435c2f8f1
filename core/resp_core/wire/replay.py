"""A history as the next request may carry it: what pairs is kept, what cannot stand alone goes.

Histories arrive cut by a trimmer, handed over by another agent, interrupted in the middle of a
tool call, or answered by another provider. The Responses API refuses most of those: a call
wants its output, an output its call, a reasoning item the item that it produced, and ids mean
nothing to a server that did not store them. `plan_replay` is pure and always gives a request
that holds.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from resp_core.types.json import dumps
from resp_core.wire.ids import is_ours
from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from resp_core.types.json import JsonObject

__all__ = [
    "MAX_CALL_ID",
    "NO_OUTPUT",
    "ORIGIN",
    "OUTPUT_OF",
    "mcp_output",
    "plan_replay",
    "without_mcp_calls",
]

#: Key under which an adapter notes where an item came from; never sent.
ORIGIN = "_origin"

#: What stands in for the output of a call that was never run.
NO_OUTPUT = "No output: the run was interrupted before this call was executed."

#: Client-run call types and the type of the item that answers each.
OUTPUT_OF: dict[str, str] = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "computer_call": "computer_call_output",
    "local_shell_call": "local_shell_call_output",
    "shell_call": "shell_call_output",
    "apply_patch_call": "apply_patch_call_output",
}
_ANSWERS = frozenset(OUTPUT_OF.values())
_WITH_TEXT_OUTPUT = frozenset({"function_call", "custom_tool_call"})
_ID_OPTIONAL = _WITH_TEXT_OUTPUT | {"message"}
_CALLER_SIDE = _ANSWERS | {"mcp_approval_response", "item_reference", "configuration_update"}
#: The longest call id that servers take, in characters.
MAX_CALL_ID = 64


def plan_replay(
    items: Sequence[JsonObject],
    *,
    stored: bool = True,
    origin: str | None = None,
    pending: Collection[str] = (),
) -> list[JsonObject]:
    """The input items to send for a history.

    `stored`: the server keeps responses, so ids resolve. `origin`: where the request goes;
    items marked (`ORIGIN`) as from elsewhere keep only what can be seen: text, and calls with
    their outputs. Items without a mark count as from here. `pending`: call and approval ids
    that the server knows from `previous_response_id`. The items given are never changed.
    """
    if _stands(items):
        return list(items)
    plan = _localise(items, origin)
    if not stored:
        plan = _stateless(plan)
    plan = _approvals(plan, pending)
    plan = _pair(plan, pending)
    return _identities(_reasoning(plan, stored), stored)


def _stands(items: Sequence[JsonObject]) -> bool:
    """Whether a history holds as it is, which a glance at each item tells.

    That is so for text and for functions whose calls are answered at once, if nothing has a mark
    or an id. Anything else takes the long way.
    """
    open_calls: set[object] = set()
    called: set[object] = set()
    for item in items:
        kind = item.get("type")
        if "id" in item or ORIGIN in item:
            return False
        if kind == "function_call":
            call_id = item.get("call_id")
            if call_id in called or not isinstance(call_id, str) or len(call_id) > MAX_CALL_ID:
                return False
            called.add(call_id)
            open_calls.add(call_id)
        elif kind == "function_call_output":
            if item.get("call_id") not in open_calls:
                return False
            open_calls.remove(item["call_id"])
        elif open_calls or not (kind is None or kind == "message"):
            return False
    return not open_calls


def _is_assistant(item: JsonObject) -> bool:
    """Whether the model made this item (and not the caller)."""
    kind = item.get("type") or "message"
    if kind == "message":
        return item.get("role") == "assistant"
    return kind not in _CALLER_SIDE


# -- origin


def _localise(items: Sequence[JsonObject], origin: str | None) -> list[JsonObject]:
    plan: list[JsonObject] = []
    for item in items:
        item = _short_call_id(item)
        came_from = item.get(ORIGIN)
        if came_from is None:
            plan.append(item)
            continue
        item = {key: value for key, value in item.items() if key != ORIGIN}
        if origin is None or came_from == origin:
            plan.append(item)
        else:
            plan += _visible(item)
    return plan


def _visible(item: JsonObject) -> list[JsonObject]:
    """A foreign item without what only its own server can read."""
    kind = item.get("type") or "message"
    item = {key: value for key, value in item.items() if key != "id"}
    if kind == "message":
        if isinstance(item.get("content"), list):
            item["content"] = [_written(part) for part in items_of(item["content"])]
        return [item]
    if kind in _WITH_TEXT_OUTPUT:
        return [item]
    if kind == "mcp_call":
        return _as_function_call(item)
    return []


def _written(part: Any) -> Any:
    """What a model spoke as text: its sound is known to its own server only."""
    if as_object(part).get("type") != "output_audio":
        return part
    return {"type": "output_text", "text": as_text(part.get("transcript")), "annotations": []}


def _short_call_id(item: JsonObject) -> JsonObject:
    call_id = item.get("call_id")
    if not isinstance(call_id, str) or len(call_id) <= MAX_CALL_ID:
        return item
    digest = hashlib.sha256(call_id.encode()).hexdigest()[:32]
    return {**item, "call_id": f"call_{digest}"}


# -- a server that stores nothing


def _as_function_call(item: JsonObject) -> list[JsonObject]:
    """A finished `mcp_call` as a call with its output (a stateless server drops the output)."""
    if item.get("output") is None and item.get("error") is None:
        return []
    arguments = item.get("arguments")
    call_id = str(item.get("id") or item.get("name"))
    if len(call_id) > MAX_CALL_ID or not call_id:
        call_id = "call_" + hashlib.sha256(call_id.encode()).hexdigest()[:32]
    return [
        {
            "type": "function_call",
            "call_id": call_id,
            "name": str(item.get("name") or "tool"),
            "arguments": arguments
            if isinstance(arguments, str)
            else dumps(arguments or {}).decode(),
        },
        {"type": "function_call_output", "call_id": call_id, "output": mcp_output(item)},
    ]


def mcp_output(item: JsonObject) -> str:
    """What an `mcp_call` gave, as text; its `error` may be text, or say more in its content."""
    output, error = as_text(item.get("output")), item.get("error")
    if error is None:
        return output
    shown = as_object(error)
    parts = objects(shown.get("content"))
    said = as_text(error) or as_text(shown.get("message"))
    said = said or "\n".join(as_text(part.get("text")) for part in parts)
    return f"Error: {said or output or 'the tool failed'}"


def _stateless(items: Sequence[JsonObject]) -> list[JsonObject]:
    return [item for item in without_mcp_calls(items) if item.get("type") != "item_reference"]


def without_mcp_calls(items: Sequence[JsonObject]) -> list[JsonObject]:
    """`items` with finished MCP calls as function calls and outputs.

    A server that stores nothing throws the output of a replayed `mcp_call` away, and the model
    would ask for the same again. Lists of tools stay, so that they are not fetched again.
    """
    ran = {item.get("approval_request_id") for item in items if item.get("type") == "mcp_call"}
    plan: list[JsonObject] = []
    for item in items:
        kind = item.get("type")
        approval = {
            "mcp_approval_request": item.get("id"),
            "mcp_approval_response": item.get("approval_request_id"),
        }.get(str(kind))
        if kind == "mcp_call":
            plan += _as_function_call(item)
        elif approval is None or approval not in ran:
            plan.append(item)
    return plan


# -- pairs


def _approvals(items: list[JsonObject], pending: Collection[str]) -> list[JsonObject]:
    asked = {item.get("id") for item in items if item.get("type") == "mcp_approval_request"}
    answered = {
        item.get("approval_request_id")
        for item in items
        if item.get("type") == "mcp_approval_response"
    }
    if not asked and not answered:
        return items
    plan: list[JsonObject] = []
    seen: set[object] = set()
    for item in items:
        kind = item.get("type")
        if kind == "mcp_approval_request" and item.get("id") not in answered:
            continue
        if kind == "mcp_approval_response":
            request = item.get("approval_request_id")
            if request in seen or not (request in asked or request in pending):
                continue
            seen.add(request)
        plan.append(item)
    return plan


def _pair(items: list[JsonObject], pending: Collection[str]) -> list[JsonObject]:
    """Each call once, each with exactly one output after it; outputs without a call go."""
    outputs: dict[object, JsonObject] = {}
    for item in items:
        if item.get("type") in _ANSWERS:
            outputs[item.get("call_id")] = item
    plan: list[JsonObject] = []
    open_calls: dict[object, str] = {}  # call id -> output type, in order of the calls
    called: set[object] = set()
    for position, item in enumerate(items):
        kind = item.get("type")
        call_id = item.get("call_id")
        if kind in OUTPUT_OF:
            if call_id in called:
                continue
            if call_id not in outputs and kind not in _WITH_TEXT_OUTPUT:
                continue
            called.add(call_id)
            open_calls[call_id] = OUTPUT_OF[kind]
            plan.append(item)
        elif kind in _ANSWERS:
            if call_id in open_calls:
                plan.append(outputs[call_id])
                del open_calls[call_id]
            elif call_id in pending and call_id not in called:
                called.add(call_id)
                plan.append(outputs[call_id])
        else:
            if open_calls and not _is_assistant(item):
                _close(plan, open_calls, outputs, items, position)
            plan.append(item)
    _close(plan, open_calls, outputs, items, len(items))
    return plan


def _close(
    plan: list[JsonObject],
    open_calls: dict[object, str],
    outputs: dict[object, JsonObject],
    items: list[JsonObject],
    position: int,
) -> None:
    """Answer the calls whose output does not come later in the history."""
    coming = {item.get("call_id") for item in items[position:] if item.get("type") in _ANSWERS}
    for call_id, answer in list(open_calls.items()):
        if call_id in coming:
            continue
        del open_calls[call_id]
        plan.append(
            outputs.get(call_id) or {"type": answer, "call_id": call_id, "output": NO_OUTPUT}
        )


# -- reasoning and ids


def _reasoning(items: list[JsonObject], stored: bool) -> list[JsonObject]:
    """Reasoning only where the server can read it and the item that it produced follows."""
    if not any(item.get("type") == "reasoning" for item in items):
        return items
    plan: list[JsonObject] = []
    followed = False
    for item in reversed(items):
        if item.get("type") != "reasoning":
            followed = _is_assistant(item)
            plan.append(item)
        elif followed and (stored or item.get("encrypted_content") or is_ours(str(item.get("id")))):
            plan.append({key: value for key, value in item.items() if value is not None})
    plan.reverse()
    return plan


def _identities(items: list[JsonObject], stored: bool) -> list[JsonObject]:
    """Ids only where they resolve: in a turn whose reasoning goes along, on a storing server."""
    plan: list[JsonObject] = []
    keep = False
    for item in items:
        kind = item.get("type") or "message"
        if kind == "reasoning":
            keep = stored
        elif not _is_assistant(item):
            keep = False
        elif "id" in item and kind in _ID_OPTIONAL and (not keep or is_ours(str(item["id"]))):
            item = {key: value for key, value in item.items() if key != "id"}
        plan.append(item)
    return plan
