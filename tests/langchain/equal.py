"""When a message and the sum of a stream's chunks say the same."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk

from langchain_resp.chunks import ChunkBuilder, message_of

METADATA = {"model_provider": "openai", "model_name": "m", "id": "resp_1"}


def without_index(value: Any) -> Any:
    """Blocks of a stream carry an `index`, and empty blocks that only they have."""
    if isinstance(value, dict):
        if value.get("type") == "tool_call_chunk":  # so LangChain adds up a cut call in v1 form
            value = {**value, "type": "invalid_tool_call", "error": None}
        return {key: without_index(entry) for key, entry in value.items() if key != "index"}
    if isinstance(value, list):
        return [without_index(entry) for entry in value]
    return value


def summed(
    events: list[dict[str, Any]], response: dict[str, Any], *, blocks: bool
) -> AIMessageChunk:
    """The chunks of a stream, added up as a user adds them."""
    builder = ChunkBuilder(blocks=blocks)
    full: AIMessageChunk | None = None
    for event in events:
        chunk = builder.add(event)
        if chunk is not None:
            full = chunk if full is None else full + chunk
    last = builder.finish(response, dict(METADATA))
    return last if full is None else full + last


def plain(response: dict[str, Any], *, blocks: bool) -> AIMessage:
    return message_of(response, dict(METADATA), blocks=blocks)


def facts(message: AIMessage) -> dict[str, Any]:
    """What must be equal."""
    return {
        "content": without_index(message.content),
        "text": str(message.text),
        "tool_calls": message.tool_calls,
        "invalid_tool_calls": message.invalid_tool_calls,
        "usage": message.usage_metadata,
        "metadata": message.response_metadata,
        "additional_kwargs": message.additional_kwargs,
        "blocks": [
            {k: v for k, v in without_index(block).items() if k != "index"}
            for block in message.content_blocks
        ],
    }
