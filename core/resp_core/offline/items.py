"""Input items of a Responses request: their shapes, their order and what they refer to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from resp_core.offline import sealed
from resp_core.offline.problem import Problem, bad_type, bad_value, missing, unknown_parameter

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["check_order", "read_items", "text_of"]

#: Finds a stored item by its id; None where it is unknown.
FindItem = Callable[[str], "JsonObject | None"]

_PARTS = (
    "input_text",
    "input_image",
    "output_text",
    "refusal",
    "input_file",
    "computer_screenshot",
    "summary_text",
)
_INPUT_PARTS = ("input_text", "input_image", "input_file")
_OUTPUT_PARTS = ("output_text", "refusal")
_ROLES = ("assistant", "system", "developer", "user")
_PREFIX = {"message": "msg", "function_call": "fc", "reasoning": "rs", "custom_tool_call": "ctc"}
_CALLS = {"function_call": "function call", "custom_tool_call": "custom tool call"}
_OUTPUTS = {
    "function_call_output": "function_call",
    "custom_tool_call_output": "custom_tool_call",
    "computer_call_output": "computer_call",
    "shell_call_output": "shell_call",
    "local_shell_call_output": "local_shell_call",
    "apply_patch_call_output": "apply_patch_call",
}
_KEYS = {
    "message": frozenset("type role content id status phase".split()),
    "function_call": frozenset(
        "type id call_id name arguments status namespace async caller".split()
    ),
    "function_call_output": frozenset("type id call_id output status caller".split()),
    "custom_tool_call": frozenset("type id call_id name input status namespace caller".split()),
    "custom_tool_call_output": frozenset("type id call_id output status caller".split()),
    "reasoning": frozenset("type id summary content encrypted_content status".split()),
    "item_reference": frozenset(("type", "id")),
    "mcp_list_tools": frozenset("type id server_label tools error".split()),
    "mcp_approval_request": frozenset("type id server_label name arguments".split()),
    "mcp_approval_response": frozenset("type id approval_request_id approve reason".split()),
    "mcp_call": frozenset(
        "type id server_label name arguments output error status approval_request_id".split()
    ),
}
_NEED = {
    "message": ("role", "content"),
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id", "output"),
    "custom_tool_call": ("call_id", "name", "input"),
    "custom_tool_call_output": ("call_id", "output"),
    "reasoning": ("summary",),
    "item_reference": ("id",),
    "compaction": ("encrypted_content",),
    "mcp_list_tools": ("id", "server_label", "tools"),
    "mcp_approval_request": ("id", "server_label", "name", "arguments"),
    "mcp_approval_response": ("approval_request_id", "approve"),
    "mcp_call": ("id", "server_label", "name", "arguments"),
}


def text_of(content: Any) -> str:
    """The text in a message's content or a tool's output; images and files become a mark."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(_part_text(part) for part in cast("list[JsonObject]", content))


def _part_text(part: JsonObject) -> str:
    text = part.get("text", part.get("refusal"))
    if isinstance(text, str):
        return text
    return f"[{str(part.get('type', 'part')).removeprefix('input_')}]"


def read_items(value: Any, find: FindItem) -> list[JsonObject]:
    """The input as items, each checked; references are replaced by what they refer to."""
    if value is None:
        return []
    if isinstance(value, str):
        return [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": value}]}
        ]
    return [_item(item, f"input[{at}]", find) for at, item in enumerate(cast("list[Any]", value))]


def _item(item: Any, path: str, find: FindItem) -> JsonObject:
    if not isinstance(item, dict):
        raise bad_type(path, "an object", item)
    value = cast("JsonObject", item)
    kind = value.get("type")
    if kind is None:
        kind = "item_reference" if "id" in value and "role" not in value else "message"
    if not isinstance(kind, str):
        raise bad_type(f"{path}.type", "a string", kind)
    _check_keys(kind, value, path)
    if kind == "item_reference":
        return _referred(str(value["id"]), find)
    _check_id(kind, value, path)
    if kind == "message":
        _check_message(value, path)
    elif kind == "reasoning":
        _check_reasoning(value, find)
    elif kind == "compaction":
        sealed.opened(str(value["encrypted_content"]))
    elif kind in ("function_call", "custom_tool_call"):
        _check_strings(value, path, ("call_id", "name", "arguments", "input"))
    elif kind == "mcp_approval_response":
        _check_strings(value, path, ("approval_request_id",))
        if not isinstance(value["approve"], bool):
            raise bad_type(f"{path}.approve", "a boolean", value["approve"])
    elif kind in ("function_call_output", "custom_tool_call_output"):
        _check_output(value, path)
    return {"type": kind, **value}


def _check_keys(kind: str, item: JsonObject, path: str) -> None:
    allowed = _KEYS.get(kind)
    unknown = next((key for key in item if allowed is not None and key not in allowed), None)
    if unknown is not None:
        raise unknown_parameter(f"{path}.{unknown}")
    for name in _NEED.get(kind, ()):
        if item.get(name) is None and (name, item.get("role")) != ("content", "assistant"):
            raise missing(f"{path}.{name}")


def _check_strings(item: JsonObject, path: str, names: tuple[str, ...]) -> None:
    for name in names:
        if name in item and not isinstance(item[name], str):
            raise bad_type(f"{path}.{name}", "a string", item[name])


def _check_id(kind: str, item: JsonObject, path: str) -> None:
    prefix, id = _PREFIX.get(kind), item.get("id")
    if prefix and isinstance(id, str) and not id.startswith(prefix):
        raise Problem(
            f"Invalid '{path}.id': '{id}'. Expected an ID that begins with '{prefix}'.",
            param=f"{path}.id",
            code="invalid_value",
        )


def _check_message(item: JsonObject, path: str) -> None:
    role = item["role"]
    if role not in _ROLES:
        raise bad_value(f"{path}.role", role, _ROLES)
    content: Any = item.get("content")
    if isinstance(content, str) or content is None:
        return
    if not isinstance(content, list):
        raise bad_type(f"{path}.content", "one of an array of objects or string", content)
    fitting = _OUTPUT_PARTS if role == "assistant" else _INPUT_PARTS
    _check_parts(cast("list[Any]", content), f"{path}.content", fitting)


def _check_parts(parts: list[Any], path: str, fitting: tuple[str, ...]) -> None:
    for at, part in enumerate(parts):
        here = f"{path}[{at}]"
        if not isinstance(part, dict):
            raise bad_type(here, "an object", part)
        value = cast("JsonObject", part)
        kind = value.get("type")
        if kind is None:
            raise missing(f"{here}.type")
        if kind not in fitting:
            raise bad_value(here, kind, fitting if kind in _PARTS else _PARTS)
        text = "refusal" if kind == "refusal" else "text"
        if kind in ("input_text", "output_text", "refusal"):
            if value.get(text) is None:
                raise missing(f"{here}.{text}")
            _check_strings(value, here, (text,))
        _check_strings(
            {k: v for k, v in value.items() if v is not None}, here, ("image_url", "detail")
        )


def _check_output(item: JsonObject, path: str) -> None:
    _check_strings(item, path, ("call_id",))
    output: Any = item["output"]
    if isinstance(output, list):
        _check_parts(cast("list[Any]", output), f"{path}.output", _INPUT_PARTS)
    elif not isinstance(output, str):
        raise bad_type(f"{path}.output", "one of an array of objects or string", output)


def _check_reasoning(item: JsonObject, find: FindItem) -> None:
    content = item.get("encrypted_content")
    if isinstance(content, str):
        sealed.opened(content)
    elif isinstance(item.get("id"), str) and find(str(item["id"])) is None:
        raise _not_stored(str(item["id"]))


def _referred(id: str, find: FindItem) -> JsonObject:
    item = find(id)
    if item is None:
        raise _not_stored(id)
    return item


def _not_stored(id: str) -> Problem:
    return Problem(
        f"Item with id '{id}' not found. Items are not persisted when `store` is set to false. "
        "Try again with `store` set to true, or remove this item from your input.",
        param="input",
        status=404,
    )


def check_order(context: list[JsonObject], thought: Callable[[str], str | None]) -> None:
    """Calls and outputs in pairs, reasoning together with what it led to.

    `thought` gives the id of the reasoning item that led to an item, None where there was none.
    """
    _check_thoughts(context, thought)
    calls = {
        str(item.get("call_id")): str(item["type"])
        for item in context
        if str(item.get("type")).endswith("_call") and item.get("call_id")
    }
    seen: set[str] = set()
    answered: set[str] = set()
    for at, item in enumerate(context):
        kind, call_id = str(item.get("type")), str(item.get("call_id"))
        if kind in _OUTPUTS:
            if call_id not in calls or (kind in _STRICT and call_id not in seen):
                spoken = _OUTPUTS[kind].replace("_", " ")
                raise Problem(
                    f"No tool call found for {spoken} output with call_id {call_id}.", param="input"
                )
            answered.add(call_id)
        elif call_id in calls:
            seen.add(call_id)
        elif kind == "reasoning":
            _check_followed(item, context[at + 1 :])
    for call_id, kind in calls.items():
        if kind in _CALLS and call_id not in answered:
            raise Problem(f"No tool output found for {_CALLS[kind]} {call_id}.", param="input")


def _check_thoughts(context: list[JsonObject], thought: Callable[[str], str | None]) -> None:
    known = {str(item.get("id")) for item in context if item.get("type") == "reasoning"}
    for item in context:
        needed = thought(str(item.get("id")))
        if needed is not None and needed not in known:
            raise Problem(
                f"Item '{item['id']}' of type '{item['type']}' was provided without its required "
                f"'reasoning' item: '{needed}'.",
                param="input",
            )


_STRICT = ("function_call_output", "custom_tool_call_output")


def _check_followed(item: JsonObject, rest: list[JsonObject]) -> None:
    after = next((each for each in rest if each.get("type") != "reasoning"), None)
    given = after is not None and (
        after.get("type") not in ("message", *_OUTPUTS) or after.get("role") == "assistant"
    )
    if not given:
        raise Problem(
            f"Item '{item.get('id')}' of type 'reasoning' was provided without its required "
            "following item.",
            param="input",
        )
