"""LangChain messages -> input items of the Responses API. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_resp.assistant import assistant_items, call_item, chat_call, made_elsewhere
from langchain_resp.parts import as_json, input_part, input_parts
from resp_core.errors import ArgumentError
from resp_core.wire.replay import MAX_CALL_ID, ORIGIN, OUTPUT_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from resp_core.types.json import JsonObject

__all__ = ["History", "answered_calls", "to_chat", "to_items"]

#: Items that a user message may carry in its content: they stand beside messages, not in one.
_STANDALONE = frozenset(
    {"mcp_approval_response", "item_reference", "compaction", "compaction_trigger"}
    | set(OUTPUT_OF.values())
)
_ROLES = frozenset({"user", "system", "developer", "assistant"})


class History(NamedTuple):
    """The items of a conversation.

    `dropped` names what has no place in an item. `plain`: the items are nothing but text, and
    calls of functions that are answered at once with text. Such a history holds as it is.
    """

    items: list[JsonObject]
    dropped: list[str]
    plain: bool


def to_items(messages: Sequence[BaseMessage], origin: str | None = None) -> History:
    """The items of a history.

    `origin` is where they go (`metadata.origin_of`). Items of an AIMessage whose metadata names
    another are marked; `plan_replay` reads the mark and removes it.
    """
    turns = _PlainTurns(origin)
    taken = turns.take(messages)
    if taken == len(messages) and not turns.open_calls:
        return History(turns.entries, [], plain=True)
    items, dropped = turns.entries, list[str]()
    call_types: dict[str, str] = {}
    for message in messages[taken:]:
        items += _items(message, messages, origin, call_types, dropped)
    return History(items, dropped, plain=False)


def to_chat(messages: Sequence[BaseMessage], origin: str | None) -> list[JsonObject] | None:
    """The Chat messages of a plain history (see `History`); None for any other."""
    turns = _PlainTurns(origin, chat=True)
    whole = turns.take(messages) == len(messages) and not turns.open_calls
    return turns.entries if whole else None


def answered_calls(messages: Iterable[BaseMessage]) -> set[str]:
    """Ids of the calls that a ToolMessage answers."""
    return {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}


class _PlainTurns:
    """What long histories consist of: text, and calls of functions that are answered at once.

    `entries` are items of the Responses API or, with `chat`, messages of the Chat API.
    """

    def __init__(self, origin: str | None, *, chat: bool = False) -> None:
        self.entries: list[JsonObject] = []
        self.open_calls: list[str] = []  # in their order
        self._called: set[str] = set()
        self._origin = origin
        self._chat = chat

    def take(self, messages: Sequence[BaseMessage]) -> int:
        """Take messages up to the first that is not plain; how many they are."""
        entries, open_calls, chat = self.entries, self.open_calls, self._chat
        before: type[BaseMessage] | None = None
        for position, message in enumerate(messages):
            kind: type[BaseMessage] = type(message)
            fields = message.__dict__  # attributes of pydantic's objects are slow
            text = fields["content"]
            if type(text) is not str or fields["additional_kwargs"]:
                return position
            if kind is ToolMessage:
                call_id = fields["tool_call_id"]
                if call_id not in open_calls or (chat and call_id != open_calls[0]):
                    return position  # Chat servers want the answers in the order of the calls
                open_calls.remove(call_id)
                if chat:
                    entry = {"role": "tool", "tool_call_id": call_id, "content": text}
                else:
                    entry = {"type": "function_call_output", "call_id": call_id, "output": text}
                entries.append(entry)
            elif open_calls:
                return position
            elif kind is AIMessage:
                if chat and before is AIMessage:
                    return position  # two answers in a row are one turn
                if not self._answer(fields, text):
                    return position
            elif kind in _CALLERS and not fields["name"]:
                entries.append({"role": _CALLERS[kind], "content": text})
            else:
                return position
            before = kind
        return len(messages)

    def _answer(self, fields: Mapping[str, Any], text: str) -> bool:
        """Take an answer of the model; False, and nothing taken, where it is not plain."""
        metadata, given = fields["response_metadata"], fields["tool_calls"]
        if fields["invalid_tool_calls"] or (metadata and made_elsewhere(metadata, self._origin)):
            return False
        if not given:
            if text:
                self.entries.append({"role": "assistant", "content": text})
            return True
        calls: list[JsonObject] = []
        called, make = self._called, chat_call if self._chat else call_item
        for call in given:
            call_id = call["id"]
            if not call_id or call_id in called or len(call_id) > MAX_CALL_ID:
                return False
            called.add(call_id)
            self.open_calls.append(call_id)
            calls.append(make(call_id, call["name"], call["args"]))
        if self._chat:
            turn = {"role": "assistant", "content": text or None, "tool_calls": calls}
            self.entries.append(turn)
            return True
        if text:
            self.entries.append({"role": "assistant", "content": text})
        self.entries += calls
        return True


_CALLERS: dict[type[BaseMessage], str] = {HumanMessage: "user", SystemMessage: "system"}


# -- messages of any kind


def _items(
    message: BaseMessage,
    messages: Sequence[BaseMessage],
    origin: str | None,
    call_types: dict[str, str],
    dropped: list[str],
) -> list[JsonObject]:
    if isinstance(message, AIMessage):
        answered = answered_calls(messages) if message.invalid_tool_calls else ()
        made = assistant_items(message, answered)
        _remember_calls(made, call_types)
        elsewhere = made_elsewhere(message.response_metadata, origin)
        return [{**item, ORIGIN: elsewhere} for item in made] if elsewhere else made
    if isinstance(message, ToolMessage):
        return [_tool_output(message, call_types)]
    return _caller_items(message, dropped)


def _remember_calls(items: Iterable[JsonObject], call_types: dict[str, str]) -> None:
    for item in items:
        kind = item.get("type")
        if kind in OUTPUT_OF and kind != "function_call":
            call_types[item["call_id"]] = kind


def _caller_items(message: BaseMessage, dropped: list[str]) -> list[JsonObject]:
    content = message.content
    if isinstance(message, FunctionMessage):
        output = _output(message.content)
        return [
            {"type": "function_call_output", "call_id": f"call_{message.name}", "output": output}
        ]
    role = _role(message)
    if message.name and "messages[].name" not in dropped:
        dropped.append("messages[].name")
    if isinstance(content, str):
        return [{"role": role, "content": content}]
    return _from_blocks(role, content)


def _role(message: BaseMessage) -> str:
    if isinstance(message, HumanMessage):
        return "user"
    if isinstance(message, SystemMessage):
        return str(message.additional_kwargs.get("__openai_role__", "system"))
    if isinstance(message, ChatMessage) and message.role in _ROLES:
        return message.role
    raise ArgumentError(
        f"A {type(message).__name__} cannot be sent to a model: use user, system, developer, "
        "assistant or tool messages.",
        param="messages",
    )


def _from_blocks(role: str, content: list[str | dict[Any, Any]]) -> list[JsonObject]:
    """A message with parts; items that stand in its content come out beside it, in order."""
    items: list[JsonObject] = []
    parts: list[JsonObject] = []

    def flush() -> None:
        if parts:
            items.append({"role": role, "content": parts.copy()})
            parts.clear()

    for block in content:
        item = _standalone(block)
        if item is not None:
            flush()
            items.append(item)
            continue
        part = input_part(block)
        if part is not None:
            parts.append(part)
    flush()
    return items


def _standalone(block: str | dict[Any, Any]) -> JsonObject | None:
    if isinstance(block, str):
        return None
    value = block.get("value") if block.get("type") == "non_standard" else block
    if not isinstance(value, dict):
        return None
    value = cast("dict[str, Any]", value)
    if value.get("type") == "tool_result":  # Anthropic
        return {
            "type": "function_call_output",
            "call_id": value.get("tool_use_id"),
            "output": _output(value.get("content") or ""),
        }
    if value.get("type") in _STANDALONE:
        return {key: entry for key, entry in value.items() if key != "index"}
    return None


def _tool_output(message: ToolMessage, call_types: dict[str, str]) -> JsonObject:
    kind = message.additional_kwargs.get("type")
    if kind not in _STANDALONE:
        kind = OUTPUT_OF[call_types.get(message.tool_call_id, "function_call")]
    item: JsonObject = {"type": kind, "call_id": message.tool_call_id}
    if kind == "computer_call_output":
        item["output"] = _screenshot(message)
    elif kind == "shell_call_output" and isinstance(message.content, list):
        item["output"] = message.content
    else:
        item["output"] = _output(message.content)
    for key in ("acknowledged_safety_checks", "status", "max_output_length"):
        if key in message.additional_kwargs:
            item[key] = message.additional_kwargs[key]
    return item


def _output(content: str | list[str | dict[Any, Any]]) -> str | list[JsonObject]:
    """A tool's result: text stays text, anything else becomes parts."""
    if isinstance(content, str):
        return content
    parts = [part for part in map(_result_part, content) if part is not None]
    if len(parts) == 1 and parts[0]["type"] == "input_text":
        return str(parts[0]["text"])
    return parts or ""


def _result_part(block: str | dict[Any, Any]) -> JsonObject | None:
    """A part of a tool's result; a block of no known kind is data, and written out."""
    part = input_part(block)
    if part is None or str(part.get("type")).startswith("input_"):
        return part
    return {"type": "input_text", "text": as_json(block)}


def _screenshot(message: ToolMessage) -> JsonObject:
    """The image of a computer call's result, as the API wants it."""
    content = message.content
    if isinstance(content, str):
        return {"type": "computer_screenshot", "image_url": content}
    for block in content:
        if isinstance(block, dict) and block.get("type") == "computer_screenshot":
            return {key: value for key, value in block.items() if key != "index"}
    for part in input_parts(content):
        if part.get("type") == "input_image":
            return {**part, "type": "computer_screenshot"}
    raise ArgumentError(
        "The result of a computer call must hold a screenshot: an image block, or a data URL.",
        param="messages",
    )
