"""Mistral: refuses unknown fields, and names a few of OpenAI's otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resp_core.providers import Provider
from resp_core.wire.chat import ChatOptions

if TYPE_CHECKING:
    from resp_core.route.deployment import Deployment
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Wire
    from resp_core.wire.losses import Losses

__all__ = ["PROVIDER"]

_NAMES = {"max_completion_tokens": "max_tokens", "seed": "random_seed"}


def prepare(deployment: Deployment, wire: Wire, body: JsonObject, losses: Losses) -> JsonObject:
    """Mistral's names for OpenAI's fields, each noted."""
    if not (_NAMES.keys() & body.keys() or body.get("tool_choice") == "required"):
        return body
    renamed: JsonObject = {}
    for name, value in body.items():
        own = _NAMES.get(name, name)
        if own != name:
            losses.note(f"sent {name} as {own}")
        renamed[own] = value
    if renamed.get("tool_choice") == "required":
        losses.note('sent tool_choice "required" as "any"')
        renamed["tool_choice"] = "any"
    return renamed


PROVIDER = Provider(
    name="mistral",
    title="Mistral",
    base_url="https://api.mistral.ai/v1",
    key_env=("MISTRAL_API_KEY",),
    base_env=("MISTRAL_API_BASE", "MISTRAL_BASE_URL"),
    docs="https://docs.mistral.ai/api",
    chat=ChatOptions(
        developer_role=False,
        max_tokens_param="max_tokens",
        # Its last chunk carries usage unasked.
        stream_options=False,
        custom_tools=False,
    ),
    preparer=prepare,
)
