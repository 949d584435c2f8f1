"""Token counts by rule of thumb: for streams that ended before their usage came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.types.json import loads
from resp_core.wire.shape import as_object, items_of, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["rough_tokens", "rough_usage"]

_PER_TOKEN = 4
_PER_ITEM = 3
_IMAGE = 85  # a small one: nothing here opens images
_ASCII = 127


def rough_tokens(text: str) -> int:
    """About four ASCII characters a token, and about one of any other script."""
    if text.isascii():
        return -(-len(text) // _PER_TOKEN)
    wide = sum(1 for character in text if ord(character) > _ASCII)
    return -(-(len(text) - wide) // _PER_TOKEN) + wide


def rough_usage(content: bytes, seen: JsonObject) -> JsonObject:
    """What a request and the part of its answer that came may have used."""
    try:
        request = as_object(loads(content)) if content else {}
    except ValueError:
        request = {}
    into = sum(
        _rough(request[name])
        for name in ("input", "messages", "instructions", "tools", "text", "response_format")
        if name in request
    )
    out = _rough(seen.get("output")) + sum(
        _rough(choice.get("message")) for choice in objects(seen.get("choices"))
    )
    return {"input_tokens": into, "output_tokens": out}


def _rough(value: Any) -> int:
    """The tokens of all texts in `value`; data of images and files counts as one small image."""
    if isinstance(value, str):
        return (
            _IMAGE
            if value.startswith(("data:", "http")) and len(value) > 60
            else rough_tokens(value)
        )
    if isinstance(value, list):
        return sum(_rough(entry) for entry in items_of(value)) + _PER_ITEM * len(items_of(value))
    if isinstance(value, dict):
        return sum(
            _rough(entry)
            for name, entry in as_object(value).items()
            if name not in ("id", "type", "status", "role", "encrypted_content", "detail")
        )
    return 0
