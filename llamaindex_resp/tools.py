"""Tools and tool choices as the Responses API has them, and tool calls as LlamaIndex has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from llama_index.core.base.llms.types import MessageRole, ToolCallBlock
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.tools.types import ToolMetadata

from llamaindex_resp.errors import ToolCallError
from llamaindex_resp.items import parse_arguments
from resp_core.errors import ArgumentError, RefusalError
from resp_core.wire.schema import to_strict_schema
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.core.tools.types import BaseTool

    from resp_core.types.json import JsonObject

__all__ = ["choice", "function_tool", "parameter_schemas", "selections", "wire_name"]

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
_CHOICES = ("auto", "none", "required")
#: Parameters by schema class: `model_json_schema` costs more than everything else in a call.
_parameters: WeakKeyDictionary[type, JsonObject] = WeakKeyDictionary()


def function_tool(tool: BaseTool, *, strict: bool = False) -> JsonObject:
    """The tool as the API takes it. Its schema is converted once per schema class.

    Raises ArgumentError for what is no tool, for a name that no server accepts, and where
    `strict` is asked for and the schema cannot be closed.
    """
    metadata = getattr(cast("Any", tool), "metadata", None)
    if not isinstance(metadata, ToolMetadata):
        raise ArgumentError(
            f"a tool must be one of LlamaIndex's, not {type(tool).__name__}: make one with "
            "FunctionTool.from_defaults.",
            param="tools",
        )
    name = metadata.get_name()
    if name != wire_name(name):
        raise ArgumentError(
            f"the tool name {name!r} has characters that servers refuse: use letters, digits, "
            "_ and -, as in FunctionTool.from_defaults(..., name=...).",
            param="tools",
        )
    parameters = _parameters_of(metadata)
    return {
        "type": "function",
        "name": name,
        "description": metadata.description,
        "parameters": to_strict_schema(parameters) if strict else parameters,
        "strict": strict,
    }


def wire_name(name: str) -> str:
    """A name in the letters that servers accept: generic classes have brackets."""
    return _NOT_IN_NAMES.sub("_", name)


def _parameters_of(metadata: ToolMetadata) -> JsonObject:
    schema = metadata.fn_schema if type(metadata) is ToolMetadata else None
    found = None if schema is None else _parameters.get(schema)
    if found is None:
        found = cast("JsonObject", cast("Any", metadata).get_parameters_dict())
        if schema is not None:
            _parameters[schema] = found
    return found


def parameter_schemas(tools: Sequence[JsonObject]) -> dict[str, JsonObject]:
    """The parameters of the function tools among `tools`, by name."""
    return {
        tool["name"]: tool.get("parameters") or {}
        for tool in tools
        if tool.get("type") == "function" and "name" in tool
    }


def choice(tool_choice: Any, *, required: bool = False) -> Any:
    """`tool_choice` in the API's form: a word, a tool's name, or a dict in either API's form.

    None is "required" where a call is demanded, else the server's own default (None).
    """
    if tool_choice is None:
        return "required" if required else None
    if isinstance(tool_choice, str):
        if tool_choice in _CHOICES:
            return "required" if required and tool_choice == "auto" else tool_choice
        if tool_choice == "any":
            return "required"
        return {"type": "function", "name": tool_choice}
    if isinstance(tool_choice, dict):
        named = cast("JsonObject", tool_choice)
        function = named.get("function")
        if named.get("type") == "function" and isinstance(function, dict):
            return {"type": "function", **cast("JsonObject", function)}
        return named
    return tool_choice


def selections(message: ChatMessage, *, demanded: bool) -> list[ToolSelection]:
    """The calls of an answer. A call that was cut or is not JSON never becomes one.

    With `demanded`, raises `ToolCallError` when such a call is there or when there is none, and
    `RefusalError` where the model declined instead.
    """
    broken = list(cast("list[JsonObject]", message.additional_kwargs.get("invalid_tool_calls", ())))
    found: list[ToolSelection] = []
    blocks = [block for block in message.blocks if isinstance(block, ToolCallBlock)]
    for block in blocks or _old_blocks(message):
        arguments = parse_arguments(block.tool_kwargs or "{}")
        call_id = block.tool_call_id or ""
        if arguments is None:
            broken.append({"id": call_id, "name": block.tool_name, "arguments": block.tool_kwargs})
            continue
        found.append(
            ToolSelection(tool_id=call_id, tool_name=block.tool_name, tool_kwargs=arguments)
        )
    if demanded and broken:
        raise ToolCallError.of(broken)
    refusal = message.additional_kwargs.get("refusal")
    if demanded and not found and refusal:
        raise RefusalError(f"The model declined: {refusal}", refusal=refusal)
    if demanded and not found:
        raise ToolCallError("Expected at least one tool call, but got 0 tool calls.")
    return found


def _old_blocks(message: ChatMessage) -> list[ToolCallBlock]:
    """Calls of messages that only have `additional_kwargs["tool_calls"]`."""
    if message.role not in (MessageRole.ASSISTANT, MessageRole.CHATBOT, MessageRole.MODEL):
        return []
    found: list[ToolCallBlock] = []
    for call in cast("list[Any]", message.additional_kwargs.get("tool_calls") or ()):
        plain = cast("JsonObject", call if isinstance(call, dict) else call.model_dump())
        function = as_object(plain.get("function")) or plain
        found.append(
            ToolCallBlock(
                tool_call_id=plain.get("id"),
                tool_name=str(function.get("name") or ""),
                tool_kwargs=function.get("arguments") or "{}",
            )
        )
    return found
