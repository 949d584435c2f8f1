"""Counting tokens without asking anybody: by the model's own tables where they are at hand, else by
rule of thumb. Never the network, never an error for a model that is not known."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from resp_core.cost.rough import rough_tokens
from resp_core.types.json import dumps
from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["Encode", "TokenCount", "count_request", "encoding_of", "image_tokens"]

Encode: TypeAlias = Callable[[str], int]
Method: TypeAlias = Literal["exact", "tiktoken", "approx"]

_O200K = re.compile(
    r"gpt-4o|gpt-4\.[15]|gpt-[5-9]|chatgpt|chat-latest|o\d|codex|computer-use|gpt-oss"
)
_CL100K = re.compile(r"gpt-4|gpt-3\.?5|text-embedding")
_CLAUDE = re.compile(r"claude")
#: Tokens of an image: at low detail, and per tile of 512 pixels.
_TILES = (
    (re.compile(r"gpt-4o-mini"), 2833, 5667),
    (re.compile(r"o1|o3"), 75, 150),
    (re.compile(r"gpt-5(?!\.|-mini|-nano)"), 70, 140),
    (re.compile(r"computer-use"), 65, 129),
    (re.compile(r""), 85, 170),
)
#: Models that count patches of 32 pixels, and by what these are multiplied.
_PATCHES = (
    (re.compile(r"gpt-(4\.1|5)-mini"), 1.62),
    (re.compile(r"gpt-(4\.1|5)-nano"), 2.46),
    (re.compile(r"o4-mini"), 1.72),
)
_PATCH_LIMIT = 1536
_PER_MESSAGE, _PRIMER, _PER_CALL = 3, 3, 3


@dataclass(frozen=True, slots=True)
class TokenCount:
    """How many tokens a request has, and how that is known.

    "exact": the provider counted; "tiktoken": the model's own tables did, by the known rules for
    messages; "approx": by rule of thumb.
    """

    tokens: int
    method: Method


def encoding_of(model: str) -> str | None:
    """The encoding of an OpenAI model; None for others."""
    name = model.lower().rpartition("/")[2]
    if _O200K.match(name):
        return "o200k_base"
    return "cl100k_base" if _CL100K.match(name) else None


def count_request(body: JsonObject, model: str, encode: Encode | None) -> TokenCount:
    """The input tokens of a Responses or Chat request.

    `encode` counts a text by the tables of the model's encoding; None: there are none at hand.
    """
    counter = _Counter(model, encode or _by_thumb(model))
    total = _PRIMER
    total += counter.text(body.get("instructions"))
    given: Any = body.get("input", body.get("messages"))
    if isinstance(given, str):
        total += _PER_MESSAGE + 1 + counter.text(given)
    else:
        total += sum(counter.item(item) for item in objects(given))
    total += counter.tools(objects(body.get("tools")))
    for name in ("text", "response_format"):
        if isinstance(body.get(name), dict):
            total += counter.json(body[name])
    return TokenCount(total, "approx" if encode is None else "tiktoken")


def image_tokens(model: str, detail: str, width: int = 1024, height: int = 1024) -> int:
    """The tokens of an image of that size in pixels."""
    name = model.lower().rpartition("/")[2]
    for pattern, factor in _PATCHES:
        if pattern.match(name):
            patches = min(math.ceil(width / 32) * math.ceil(height / 32), _PATCH_LIMIT)
            return math.ceil(patches * factor)
    _, base, tile = next(row for row in _TILES if row[0].match(name))
    if detail == "low":
        return base
    scale = min(1.0, 2048 / max(width, height, 1))
    scale *= min(1.0, 768 / max(min(width, height) * scale, 1))
    tiles = math.ceil(width * scale / 512) * math.ceil(height * scale / 512)
    return base + tile * tiles


def _by_thumb(model: str) -> Encode:
    if _CLAUDE.search(model):
        return lambda text: math.ceil(rough_tokens(text) * 4 / 3.5)
    return rough_tokens


class _Counter:
    def __init__(self, model: str, encode: Encode) -> None:
        self._model = model
        self._encode = encode

    def text(self, value: Any) -> int:
        return self._encode(value) if isinstance(value, str) and value else 0

    def json(self, value: Any) -> int:
        return self._encode(dumps(value).decode())

    def item(self, item: JsonObject) -> int:
        """A message or another item of the input."""
        kind = as_text(item.get("type"))
        if kind.endswith("_call_output") or item.get("role") == "tool":
            return _PER_MESSAGE + self.content(item.get("output", item.get("content")))
        if kind.endswith("_call"):
            named = self.text(item.get("name")) + self.text(item.get("arguments"))
            return named + self.text(item.get("input")) + _PER_CALL
        if kind == "reasoning":
            return sum(self.text(part.get("text")) for part in objects(item.get("content")))
        total = _PER_MESSAGE + self.text(item.get("role")) + self.content(item.get("content"))
        if item.get("name"):
            total += 1 + self.text(item["name"])
        for call in objects(item.get("tool_calls")):
            function = as_object(call.get("function"))
            total += self.text(function.get("name")) + self.text(function.get("arguments"))
            total += _PER_CALL
        return total

    def content(self, content: Any) -> int:
        if isinstance(content, str):
            return self.text(content)
        return sum(self.part(part) for part in objects(content))

    def part(self, part: JsonObject) -> int:
        kind = as_text(part.get("type"))
        if "image" in kind:
            detail = part.get("detail") or as_object(part.get("image_url")).get("detail")
            return image_tokens(self._model, as_text(detail))
        return self.text(part.get("text", part.get("refusal")))

    def tools(self, tools: list[JsonObject]) -> int:
        """Tool definitions, by the rule that the cookbook gives for gpt-4o."""
        total = 0
        for tool in tools:
            function = as_object(tool["function"]) if "function" in tool else tool
            if "name" not in function:
                continue
            described = f"{function['name']}:{as_text(function.get('description')).rstrip('.')}"
            total += 7 + self._encode(described) + self.properties(function.get("parameters"))
        return total + 12 if total else 0

    def properties(self, schema: Any) -> int:
        found = as_object(as_object(schema).get("properties"))
        if not found:
            return 0
        total = 3
        for name, value in found.items():
            field = as_object(value)
            total += 3
            for entry in items_of(field.get("enum")):
                total += 3 + self._encode(str(entry))
            total -= 3 if "enum" in field else 0
            about = as_text(field.get("description")).rstrip(".")
            total += self._encode(f"{name}:{as_text(field.get('type'))}:{about}")
        return total
