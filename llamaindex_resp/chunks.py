"""Streamed answers: Responses events folded into chunks that hold the text so far. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from pydantic_core import from_json

from llamaindex_resp.answers import CalledFunction, ToolCall, thinking_block, token_logprobs
from llamaindex_resp.items import Thought, parts
from resp_core.types.unchecked import made

if TYPE_CHECKING:
    from collections.abc import Callable

    from llama_index.core.base.llms.types import ContentBlock

    from resp_core.types.json import JsonObject

__all__ = ["ChatChunks"]


class ChatChunks:
    """Folds the events of one answer into chunks; the last one, the whole answer, is not its own.

    `add` gives a chunk for events that show something, else None.
    """

    def __init__(self) -> None:
        self._text = ""  # of the message item under way
        self._text_item: Any = None
        self._before: list[ContentBlock] = []  # blocks of what came before that text
        self._calls: dict[Any, JsonObject] = {}  # by output index: calls under way
        self._thinking = ""
        self._response: JsonObject = {}  # what names the response, for who wants to resume it

    def add(self, event: JsonObject) -> ChatResponse | None:
        """Take one event; the chunk that it shows, or None."""
        handler = _HANDLERS.get(event["type"])
        return None if handler is None else handler(self, event)

    def go_on(self) -> None:
        """Another response continues the text."""
        self._text_item = object()
        self._calls = {}
        self._thinking = ""

    def on_created(self, event: JsonObject) -> None:
        self._response = {"response_id": event["response"].get("id")}

    def on_text(self, event: JsonObject) -> ChatResponse | None:
        delta: str = event["delta"]
        if not delta:
            return None
        before = ""
        if event.get("output_index") != self._text_item:
            before = self._next_text(event)
        self._text += delta
        chunk = self._chunk(event, before + delta)
        if event.get("logprobs"):
            chunk.logprobs = token_logprobs(event["logprobs"])
        return chunk

    def _next_text(self, event: JsonObject) -> str:
        """A message begins. Blocks are joined by a newline, so what is shown first says it too."""
        self._text_item = event.get("output_index")
        self._keep_text()
        return "\n" if any(isinstance(block, TextBlock) for block in self._before) else ""

    def _keep_text(self) -> None:
        if self._text:
            self._before = [*self._before, TextBlock(text=self._text)]
            self._text = ""

    def on_paragraph(self, event: JsonObject) -> ChatResponse | None:
        return self._think(event, "\n\n") if event.get("summary_index") else None

    def on_thinking(self, event: JsonObject) -> ChatResponse | None:
        return self._think(event, event["delta"])

    def _think(self, event: JsonObject, delta: str) -> ChatResponse | None:
        if not delta:
            return None
        self._thinking += delta
        chunk = self._chunk(event, "")
        chunk.additional_kwargs = {**self._response, "thinking_delta": delta}
        return chunk

    def on_item(self, event: JsonObject) -> ChatResponse | None:
        item = event["item"]
        if item.get("type") not in ("function_call", "custom_tool_call"):
            return None
        field = "input" if item["type"] == "custom_tool_call" else "arguments"
        self._calls[event.get("output_index")] = {"item": item, "raw": item.get(field) or ""}
        return self._chunk(event, "")

    def on_arguments(self, event: JsonObject) -> ChatResponse | None:
        call = self._calls.get(event.get("output_index"))
        if call is None:
            return None
        call["raw"] += event["delta"]
        return self._chunk(event, "")

    def on_item_done(self, event: JsonObject) -> None:
        item = event["item"]
        if item.get("type") == "reasoning" and (found := parts([item])):
            thought = found[0]
            if isinstance(thought, Thought) and (thought.text or thought.encrypted_content):
                self._keep_text()
                self._before = [*self._before, thinking_block(thought)]
            self._thinking = ""

    def on_partial_image(self, event: JsonObject) -> ChatResponse:
        """An image as far as it is drawn; the next chunk is without it."""
        chunk = self._chunk(event, "")
        image = str(event.get("partial_image_b64") or "").encode()
        chunk.message.blocks.append(ImageBlock(image=image))
        return chunk

    def _chunk(self, event: JsonObject, delta: str) -> ChatResponse:
        blocks: list[ContentBlock] = [*self._before]
        if self._thinking:
            blocks.append(ThinkingBlock(content=self._thinking))
        blocks.append(made(TextBlock, {"block_type": "text", "text": self._text}))
        message = made(
            ChatMessage,
            {"role": MessageRole.ASSISTANT, "additional_kwargs": {}, "blocks": blocks},
        )
        if self._calls:
            self._show_calls(message)
        return made(
            ChatResponse,
            {
                "message": message,
                "raw": event,
                "delta": delta,
                "logprobs": None,
                "additional_kwargs": {**self._response},
            },
        )

    def _show_calls(self, message: ChatMessage) -> None:
        """Calls under way, their arguments as far as they can be read: for display only."""
        calls: list[ToolCall] = []
        for call in self._calls.values():
            item, raw = call["item"], call["raw"]
            custom = item["type"] == "custom_tool_call"
            arguments = {"input": raw} if custom else _so_far(raw)
            call_id, name = str(item.get("call_id") or ""), str(item.get("name") or "")
            message.blocks.append(
                ToolCallBlock(tool_call_id=call_id, tool_name=name, tool_kwargs=arguments)
            )
            function = CalledFunction(name=name, arguments=raw)
            calls.append(ToolCall(id=call_id, function=function))
        message.additional_kwargs["tool_calls"] = calls


def _so_far(raw: str) -> JsonObject:
    """An unfinished JSON object as far as it goes; {} where that is nothing yet."""
    try:
        value: Any = from_json(raw or "{}", allow_partial="trailing-strings")
    except ValueError:
        return {}
    return cast("JsonObject", value) if isinstance(value, dict) else {}


_HANDLERS: dict[str, Callable[[ChatChunks, JsonObject], ChatResponse | None]] = {
    "response.created": ChatChunks.on_created,
    "response.output_text.delta": ChatChunks.on_text,
    "response.refusal.delta": ChatChunks.on_text,
    "response.audio.transcript.delta": ChatChunks.on_text,
    "response.reasoning_summary_text.delta": ChatChunks.on_thinking,
    "response.reasoning_summary_part.added": ChatChunks.on_paragraph,
    "response.reasoning_text.delta": ChatChunks.on_thinking,
    "response.output_item.added": ChatChunks.on_item,
    "response.output_item.done": ChatChunks.on_item_done,
    "response.function_call_arguments.delta": ChatChunks.on_arguments,
    "response.custom_tool_call_input.delta": ChatChunks.on_arguments,
    "response.image_generation_call.partial_image": ChatChunks.on_partial_image,
}
