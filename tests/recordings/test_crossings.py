"""A recorded request of one API sent to a server of the other says the same."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core.errors import APIError, ArgumentError
from tests.recordings import calls
from tests.recordings.corpus import Exchange
from tests.recordings.serving import sent_json
from tests.recordings.sweeps import groups, same

STORED = "the request stands on what the first server stored, which no other server has"
IMAGES = "images in a tool's result follow in a message of their own, which Chat takes"
EMULATED = "for a Chat server the client runs MCP tools itself, which is tested elsewhere"
_STORED = ("previous_response_id", "conversation", "prompt")

#: A line of a conversation: who or what, and the words.
Line = tuple[str, ...]


def _asked(api: str) -> Any:
    def select(exchange: Exchange) -> bool:
        return exchange.operation == api and exchange.asked is not None and exchange.status < 400

    return select


@pytest.mark.parametrize("group", groups(_asked("chat")))
def test_a_chat_request_reaches_a_responses_server(group, client, replay, sweep):
    def check(exchange: Exchange) -> None:
        sent = _send(client, replay, exchange, "responses")
        asked = exchange.asked or {}
        same(of_items(sent), of_messages(asked["messages"]), "conversation")
        same(_tools(sent), _tools(asked), "tools")
        limit = asked.get("max_completion_tokens") or asked.get("max_tokens")
        if limit:
            same(sent["max_output_tokens"], max(limit, 16), "limit")
        assert sent["store"] is bool(asked.get("store"))

    sweep(group, "crossing", check)


@pytest.mark.parametrize("group", groups(_asked("responses")))
def test_a_responses_request_reaches_a_chat_server(group, client, replay, sweep):
    def check(exchange: Exchange) -> str | None:
        asked = exchange.asked or {}
        if any(asked.get(name) for name in _STORED) or _refers(asked):
            if any(asked.get(name) for name in _STORED[:2]):
                with pytest.raises(ArgumentError):
                    _send(client, replay, exchange, "chat")
            return STORED
        if any(tool.get("type") == "mcp" for tool in asked.get("tools") or []):
            return EMULATED
        sent = _send(client, replay, exchange, "chat")
        same(_tools(sent), _tools(asked), "tools")
        ours, said = of_messages(sent["messages"]), of_items(asked)
        if any(line[0] == "result" and "image:" in line[1] for line in said):
            ours, said = [_not_shown(lines) for lines in (ours, said)]
            same(ours, said, "calls")
            return IMAGES
        same(ours, said, "conversation")
        return None

    sweep(group, "crossing", check)


def _not_shown(lines: list[Line]) -> list[Line]:
    """A conversation without what stands in results, and without the user's lines."""
    return [line[:1] if line[0] == "result" else line for line in lines if line[0] != "user"]


def _refers(asked: dict[str, Any]) -> bool:
    items = asked.get("input")
    return isinstance(items, list) and any(i.get("type") == "item_reference" for i in items)


def _send(client: Any, replay: Any, exchange: Exchange, api: str) -> dict[str, Any]:
    """The recorded call to a server of the other API; its answer does not matter here."""
    replay.next(exchange)
    arguments = {**calls.target(exchange), **calls.asks(exchange)}
    arguments |= {"api": api, "model": "openai/some-model", "on_unsupported": "drop"}
    arguments |= {"base_url": "https://server.example/v1"}
    arguments.pop("api_version", None)
    arguments.pop("provider", None)
    extra = arguments.pop("extra_body", {})
    arguments |= {"extra_body": {k: v for k, v in extra.items() if k not in ("stream",)}}
    try:
        answer = calls.method(client, exchange.operation)(**arguments)
        if exchange.streamed:
            answer.close()
    except APIError:
        pass
    assert replay.sent is not None, "nothing was sent"
    return sent_json(replay.sent)


def of_messages(messages: list[Any]) -> list[Line]:
    """A Chat conversation, line by line."""
    lines: list[Line] = []
    for message in messages:
        role = "system" if message["role"] == "developer" else message["role"]
        texts = _chat_texts(message)
        if role in ("tool", "function"):
            lines.append(("result", "".join(texts)))
            continue
        lines += [(role, text) for text in texts if text]
        old = message.get("function_call")
        for call in message.get("tool_calls") or ([{"function": old}] if old else []):
            inner = call.get("function") or call["custom"]
            lines.append(("call", inner["name"], _arguments(inner)))
    return _joined(lines)


def _arguments(inner: dict[str, Any]) -> str:
    value = inner.get("arguments", inner.get("input"))
    return value if isinstance(value, str) else ""


def _chat_texts(message: dict[str, Any]) -> list[str]:
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content or ""}]
    return [*(_shown(part) for part in parts), message.get("refusal") or ""]


def _shown(part: Any) -> str:
    if isinstance(part, str):
        return part
    image = part.get("image_url")
    if image:
        return "image:" + (image if isinstance(image, str) else image["url"])
    return part.get("text") or part.get("refusal") or ""


def of_items(body: dict[str, Any]) -> list[Line]:
    """A Responses conversation, line by line."""
    lines: list[Line] = []
    if body.get("instructions"):
        lines.append(("system", body["instructions"]))
    given = body.get("input") or []
    called = {item.get("call_id") for item in given if _calls(item)}
    for item in [{"role": "user", "content": given}] if isinstance(given, str) else given:
        kind = item.get("type") or "message"
        if kind == "message":
            role = "system" if item["role"] == "developer" else item["role"]
            lines += [(role, text) for text in _item_texts(item.get("content")) if text]
        elif kind in ("function_call", "custom_tool_call", "mcp_call"):
            name = "__".join(filter(None, (item.get("namespace"), item["name"])))
            lines.append(("call", name, item.get("arguments", item.get("input"))))
            if kind == "mcp_call":
                lines.append(("result", item.get("output") or ""))
        elif kind in _RESULTS and item["call_id"] in called:
            lines.append(("result", "".join(_item_texts(item["output"]))))
    return _joined(lines)


_RESULTS = ("function_call_output", "custom_tool_call_output")


def _calls(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") in ("function_call", "custom_tool_call")


def _item_texts(content: Any) -> list[str]:
    if not isinstance(content, list):
        return [content or ""]
    return [_shown(part) for part in content]


def _joined(lines: list[Line]) -> list[Line]:
    """Texts of one speaker in a row count as one; how they are kept apart does not matter."""
    joined: list[Line] = []
    for line in lines:
        if len(line) == 2 and joined and len(joined[-1]) == 2 and joined[-1][0] == line[0]:
            joined[-1] = (line[0], joined[-1][1] + line[1])
        else:
            joined.append(line)
    return [(line[0], line[1].replace("\n", ""), *line[2:]) for line in joined]


def _tools(body: dict[str, Any]) -> list[str]:
    """The names of the tools that the client runs."""
    names: list[str] = []
    for tool in body.get("tools") or []:
        if tool.get("type") == "namespace":
            names += [f"{tool['name']}__{inner['name']}" for inner in tool["tools"]]
        elif tool.get("type", "function") in ("function", "custom"):
            names.append((tool.get("function") or tool.get("custom") or tool)["name"])
    return names + [function["name"] for function in body.get("functions") or []]
