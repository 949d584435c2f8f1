"""DeepSeek."""

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
    """A Chat body whose tool calls have the reasoning that DeepSeek demands while it thinks.

    Calls that another model made come without; a blank one is accepted in its place.
    """
    messages: Any = body.get("messages")
    if wire != "chat" or not isinstance(messages, list) or not _thinks(body):
        return body
    old = cast("list[Any]", messages)
    new = [_with_reasoning(message) for message in old]
    if all(a is b for a, b in zip(new, old, strict=True)):
        return body
    losses.note("sent blank reasoning with tool calls that had none")
    return {**body, "messages": new}


def _thinks(body: JsonObject) -> bool:
    """All models but deepseek-chat think unless told not to."""
    thinking: Any = body.get("thinking")
    kind = cast("JsonObject", thinking).get("type") if isinstance(thinking, dict) else None
    return kind == "enabled" or (kind is None and body.get("model") != "deepseek-chat")


def _with_reasoning(message: Any) -> Any:
    if not isinstance(message, dict):
        return message
    fields = cast("JsonObject", message)
    if not fields.get("tool_calls") or "reasoning_content" in fields:
        return fields
    return {**fields, "reasoning_content": " "}


PROVIDER = Provider(
    name="deepseek",
    title="DeepSeek",
    # Its Responses API keeps no state.
    on_request=("responses",),
    base_url="https://api.deepseek.com",
    key_env=("DEEPSEEK_API_KEY",),
    base_env=("DEEPSEEK_API_BASE", "DEEPSEEK_BASE_URL"),
    docs="https://api-docs.deepseek.com",
    chat=ChatOptions(
        developer_role=False,
        max_tokens_param="max_tokens",
        # Required back while it thinks and calls tools, ignored otherwise.
        reasoning_in="reasoning_content",
        custom_tools=False,
    ),
    preparer=prepare,
    reads_extra=frozenset({"thinking"}),
)
