"""One long conversation, in the form of each API: 200 messages, 50 tool calls, 20 tools."""

from __future__ import annotations

from typing import Any

__all__ = [
    "TOOL_NAMES",
    "TURNS",
    "answer",
    "arguments",
    "chat_messages",
    "chat_tools",
    "question",
    "responses_items",
    "responses_tools",
    "result",
    "summary",
]

JsonObject = dict[str, Any]

TURNS = 50
_FILLER = "The quick brown fox jumps over the lazy dog while the tide goes out. " * 9

TOOL_NAMES = [f"look_up_{index}" for index in range(20)]


def question(turn: int) -> str:
    """What the user says in a turn."""
    return f"Question {turn}: {_FILLER}"


def arguments(turn: int) -> JsonObject:
    """Arguments of the tool call of a turn."""
    return {"query": f"tide table {turn}", "limit": turn, "exact": True}


def result(turn: int) -> str:
    """What the tool answers in a turn."""
    return f"Result {turn}: {_FILLER}"


def answer(turn: int) -> str:
    """What the assistant says at the end of a turn."""
    return f"Answer {turn}: {_FILLER}"


def summary(name: str) -> str:
    """Description of a tool."""
    return f"Look something up in the collection {name} and return the best matches."


def _parameters() -> JsonObject:
    return {
        "type": "object",
        "properties": {
            "query": {"type": "string"},
            "limit": {"type": "integer", "default": 10},
            "exact": {"type": "boolean", "default": False},
        },
        "required": ["query"],
    }


def _call(turn: int) -> tuple[str, str, str]:
    body = f'{{"query":"tide table {turn}","limit":{turn},"exact":true}}'
    return f"call_{turn:04d}", TOOL_NAMES[turn % 20], body


def responses_items() -> list[JsonObject]:
    """The conversation as Responses input items."""
    items: list[JsonObject] = []
    for turn in range(TURNS):
        call_id, name, body = _call(turn)
        items += [
            {"type": "message", "role": "user", "content": question(turn)},
            {"type": "function_call", "call_id": call_id, "name": name, "arguments": body},
            {"type": "function_call_output", "call_id": call_id, "output": result(turn)},
            {"type": "message", "role": "assistant", "content": answer(turn)},
        ]
    return items


def responses_tools() -> list[JsonObject]:
    """The tools in the form of the Responses API."""
    return [
        {
            "type": "function",
            "name": name,
            "description": summary(name),
            "parameters": _parameters(),
            "strict": False,
        }
        for name in TOOL_NAMES
    ]


def chat_messages() -> list[JsonObject]:
    """The conversation as Chat messages."""
    messages: list[JsonObject] = []
    for turn in range(TURNS):
        call_id, name, body = _call(turn)
        call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": body}}
        messages += [
            {"role": "user", "content": question(turn)},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call_id, "content": result(turn)},
            {"role": "assistant", "content": answer(turn)},
        ]
    return messages


def chat_tools() -> list[JsonObject]:
    """The tools in the form of the Chat API."""
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": summary(name),
                "parameters": _parameters(),
            },
        }
        for name in TOOL_NAMES
    ]
