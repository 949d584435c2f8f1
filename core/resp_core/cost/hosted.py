"""Calls of hosted tools: what a provider bills beside tokens, counted from its answer."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from resp_core.cost.usage import BILLED_CALLS, Container, Image, Usage, details
from resp_core.wire.shape import as_object, as_text, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.types.json import JsonObject

__all__ = ["hosted_tools"]

_CODE = frozenset(("code_execution", "bash_code_execution", "text_editor_code_execution"))
#: xAI's own counts -> our names.
_XAI = {
    "web_search_calls": "web_search",
    "x_search_calls": "x_search",
    "code_interpreter_calls": "code_execution",
    "file_search_calls": "collections_search",
    "document_search_calls": "attachment_search",
    "image_generation_calls": "image_generation",
}
_XAI_ITEMS = {
    "web_search_call": "web_search",
    "x_search_call": "x_search",
    "code_interpreter_call": "code_execution",
    "file_search_call": "collections_search",
}
_GROQ = {"search": "web_search", "web_search": "web_search", "python": "code_execution"}


def hosted_tools(counts: Usage, body: JsonObject, provider: str, request: JsonObject) -> None:
    """Count the hosted tools of an answer into `counts`."""
    if "output" in body or "tool_usage" in body:
        items = [
            item
            for item in objects(body.get("output"))
            if as_text(item.get("type")) in BILLED_CALLS
        ]
        if provider == "x-ai":
            _xai(counts, body, items)
        elif items or "tool_usage" in body:
            _responses(counts, body, items, objects(body.get("tools") or request.get("tools")))
    elif "content" in body or "server_tool_use" in as_object(body.get("usage")):
        _messages(counts, body)
    elif "candidates" in body:
        _gemini(counts, body)
    elif "choices" in body:
        _chat(counts, body)
    if provider == "perplexity":
        _perplexity(counts, body, request)
    if provider == "x-ai" and "output" not in body and "tool_usage" not in body:
        _xai(counts, body, [])


def _responses(
    counts: Usage, body: JsonObject, items: list[JsonObject], tools: list[JsonObject]
) -> None:
    said = as_object(body["tool_usage"]) if isinstance(body.get("tool_usage"), dict) else None
    kinds = {as_text(tool.get("type")): tool for tool in tools}
    preview = any(kind.startswith("web_search_preview") for kind in kinds)
    counts.use("web_search_preview" if preview else "web_search", _searches(counts, said, items))
    counts.use("file_search", _calls(items, "file_search_call"))
    counts.containers = _containers(items, kinds)
    _images(counts, said, items, kinds)


def _searches(counts: Usage, said: JsonObject | None, items: list[JsonObject]) -> int:
    """The searches that are billed: the server's own count, else those among the items."""
    if said is not None and "web_search" in said:
        return counts.number(details(said, "web_search"), "num_requests") or 0
    return sum(
        1
        for item in items
        if item.get("type") == "web_search_call"
        and as_object(item.get("action")).get("type", "search") == "search"
        and item.get("status") != "failed"
    )


def _calls(items: list[JsonObject], kind: str) -> int:
    return sum(1 for item in items if item.get("type") == kind and item.get("status") != "failed")


def _containers(items: list[JsonObject], kinds: Mapping[str, JsonObject]) -> tuple[Container, ...]:
    """One per container, however often it was used; its memory is what the tool asked for."""
    found: dict[str, Container] = {}
    for item in items:
        kind = item.get("type")
        if kind == "code_interpreter_call":
            name, tool = as_text(item.get("container_id")), kinds.get("code_interpreter", {})
            place = as_object(tool.get("container"))
        elif kind == "shell_call":
            place = as_object(item.get("environment"))
            name = as_text(item.get("container_id") or place.get("container_id"))
            if not name:
                continue  # a shell of the caller's own
        else:
            continue
        found[name] = Container(name, as_text(place.get("memory_limit")) or "1g")
    return tuple(found.values())


def _images(
    counts: Usage,
    said: JsonObject | None,
    items: list[JsonObject],
    kinds: Mapping[str, JsonObject],
) -> None:
    tool = kinds.get("image_generation", {})
    counts.image_model = as_text(tool.get("model")) or None
    if said is not None and "image_gen" in said:
        tokens = details(said, "image_gen")
        if any(isinstance(count, int) and count for count in tokens.values()):
            counts.image_tokens = tokens
        return
    counts.images = tuple(
        Image(
            as_text(item.get("size")) or as_text(tool.get("size")),
            as_text(item.get("quality")) or as_text(tool.get("quality")),
        )
        for item in items
        if item.get("type") == "image_generation_call" and item.get("status") != "failed"
    )


def _xai(counts: Usage, body: JsonObject, items: list[JsonObject]) -> None:
    usage = as_object(body.get("usage"))
    said = usage.get("server_side_tool_usage_details")
    if isinstance(said, dict):
        for name, tool in _XAI.items():
            counts.use(tool, counts.number(as_object(said), name))
    else:
        for item in items:
            tool = _XAI_ITEMS.get(as_text(item.get("type")))
            if tool:
                counts.use(tool, 1)
    counts.use("live_search_source", counts.number(usage, "num_sources_used"))


def _messages(counts: Usage, body: JsonObject) -> None:
    usage = as_object(body.get("usage"))
    server = details(usage, "server_tool_use")
    searches = counts.number(server, "web_search_requests") or 0
    fetches = counts.number(server, "web_fetch_requests") or 0
    counts.use("web_search", searches)
    counts.use("web_fetch", fetches)
    ran = counts.number(server, "code_execution_requests") or sum(
        1
        for block in objects(body.get("content"))
        if block.get("type") == "server_tool_use" and as_text(block.get("name")) in _CODE
    )
    if not (searches or fetches):  # with those, running code costs nothing
        counts.use("code_execution", ran)


def _gemini(counts: Usage, body: JsonObject) -> None:
    for candidate in objects(body.get("candidates")):
        grounding = details(candidate, "groundingMetadata", "grounding_metadata")
        queries = items_of(grounding.get("webSearchQueries", grounding.get("web_search_queries")))
        if queries or grounding.get("searchEntryPoint"):
            counts.use("web_search", max(len(queries), 1))
        if any("maps" in chunk for chunk in objects(grounding.get("groundingChunks"))):
            counts.use("maps", 1)


def _chat(counts: Usage, body: JsonObject) -> None:
    for choice in objects(body.get("choices")):
        message = as_object(choice.get("message"))
        for tool in objects(message.get("executed_tools")):
            kind = as_text(tool.get("type"))
            counts.use(_GROQ.get(kind, kind or "executed_tool"), 1)


def _perplexity(counts: Usage, body: JsonObject, request: JsonObject) -> None:
    """A fee per request, and for deep research one per search."""
    usage = as_object(body.get("usage"))
    if "completion_tokens" not in usage and "output_tokens" not in usage:
        return
    counts.use("web_search", counts.number(usage, "num_search_queries"))
    size = as_object(request.get("web_search_options")).get("search_context_size")
    counts.search_size = counts.search_size or as_text(size) or None
    counts.units["requests"] = Decimal(1)
