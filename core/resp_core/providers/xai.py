"""xAI: the Responses API is its main one, with a few of OpenAI's fields missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

if TYPE_CHECKING:
    from resp_core.route.deployment import Deployment
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Wire
    from resp_core.wire.losses import Losses

__all__ = ["PROVIDER"]


def prepare(deployment: Deployment, wire: Wire, body: JsonObject, losses: Losses) -> JsonObject:
    """A Responses body without what xAI refuses; each loss is the caller's to allow."""
    if wire != "responses":
        return body
    fitted = body
    if fitted.get("metadata"):
        losses.lose("metadata", "xAI's Responses API refuses it")
    if "metadata" in fitted:
        fitted = {name: value for name, value in fitted.items() if name != "metadata"}
    tools: Any = fitted.get("tools")
    if isinstance(tools, list):
        old = cast("list[Any]", tools)
        new = [_tool(tool, losses) for tool in old]
        if any(a is not b for a, b in zip(new, old, strict=True)):
            fitted = {**fitted, "tools": new}
    return fitted


def _tool(tool: Any, losses: Losses) -> Any:
    if not isinstance(tool, dict):
        return tool
    fields = cast("JsonObject", tool)
    if fields.get("type") == "code_interpreter" and "container" in fields:
        losses.note("xAI chooses the code interpreter's container itself")
        return {name: value for name, value in fields.items() if name != "container"}
    if fields.get("type") == "web_search" and fields.get("search_context_size"):
        losses.lose("tools.search_context_size", "xAI's web search has no such setting")
        return {name: value for name, value in fields.items() if name != "search_context_size"}
    return fields


PROVIDER = Provider(
    name="xai",
    title="xAI",
    dialects=("responses", "chat"),
    base_url="https://api.x.ai/v1",
    key_env=("XAI_API_KEY",),
    base_env=("XAI_API_BASE", "XAI_BASE_URL"),
    docs="https://docs.x.ai",
    chat=ChatOptions(developer_role=False, custom_tools=False, strict=False),
    preparer=prepare,
)
