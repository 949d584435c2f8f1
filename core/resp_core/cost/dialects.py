"""From a provider's answer to `Usage`: one reader per form of usage, chosen by its field names."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from resp_core.cost import google
from resp_core.cost.hosted import hosted_tools
from resp_core.cost.usage import MODALITIES, MOST, Share, Usage, details
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from resp_core.types.json import JsonObject

__all__ = ["image_usage", "unwrapped", "usage_object", "usage_of"]

_WRAPPED = ("response.", "realtime.")
_WHERE = ("usage", "usageMetadata", "usage_metadata", "usage_info")
_INSIDE = (("x_groq", "usage"), ("delta", "usage"), ("message", "usage"))
_INVOKED = "amazon-bedrock-invocationMetrics"
#: Counts that lie in the body itself, as Ollama's and those of some Bedrock models do.
_FLAT = ("prompt_eval_count", "eval_count", "inputTextTokenCount", "prompt_token_count")
_ONLY_INPUT = ("embed", "rerank", "moderat")
_MODAL = tuple(f"{modality}_tokens" for modality in MODALITIES)
_MODALS = frozenset(_MODAL)
_INPUT_DETAILS = ("input_tokens_details", "input_token_details")
_COUNTED = frozenset(("input_tokens", "prompt_tokens"))
#: Names that only Mistral (audio), Perplexity (citations, search) or Vertex (characters) use.
_RARE = frozenset(("prompt_audio_seconds", "citation_tokens", "search_context_size", "characters"))
#: xAI counts in ticks, of which ten billion are a dollar.
_TICKS = 10**10


def usage_of(
    body: JsonObject,
    *,
    provider: str = "",
    api: str | None = None,
    model: str | None = None,
    request: JsonObject | None = None,
) -> Usage:
    """The disjoint classes of an answer's usage, with the hosted tools it used.

    `body` is the provider's JSON, or `{"usage": {...}}`; `api` and `model` help where it does not
    show what it is of. Nothing is raised: what is missing or implausible is in `problems`.
    """
    body = unwrapped(body)
    hint = _hint(api, model, as_text(body.get("model")))
    counts = None if provider in _OWN_WAYS or "image" in hint else usual_usage(body)
    if counts is not None:
        return counts
    counts = Usage()
    usage = usage_object(body)
    if usage is None:
        _without_usage(counts, body, hint, request or {})
    else:
        if provider == "google":
            usage = _beside(usage, "prompt_tokens", "completion_tokens")
            usage = _beside(usage, "input_tokens", "output_tokens")
        _reader(usage, body, provider, hint)(counts, usage, body)
        if "cost" in usage or "cost_in_usd_ticks" in usage:
            _reported(counts, usage)
    hosted_tools(counts, body, provider, request or {})
    return counts


def usual_usage(body: JsonObject) -> Usage | None:
    """The usage of a Responses answer where only text was counted; None for any other.

    It is what the readers below make of the same: most answers are so, once `facts_of` has left
    out what has no part in their price.
    """
    usage = body.get("usage")
    if body.get("object") != "response" or not isinstance(usage, dict):
        return None
    usage = as_object(usage)
    if not (body.keys() <= _USUAL_BODY and _TOLD <= usage.keys() <= _USUAL_USAGE):
        return None
    into, out = usage.get("input_tokens"), usage.get("output_tokens")
    if type(into) is not int or type(out) is not int or not (0 <= into <= MOST >= out >= 0):
        return None
    cached = _only(usage.get("input_tokens_details"), "cached_tokens", into)
    reasoning = _only(usage.get("output_tokens_details"), "reasoning_tokens", out)
    if cached is None or reasoning is None:
        return None
    counts = Usage(reasoning=reasoning)
    counts.add("cached", cached)
    counts.add("input", into - cached)
    counts.add("output", out)
    return counts


def _only(counted: Any, name: str, most: int) -> int | None:
    """The one count in `counted` that is not nothing, if it is that of `name`."""
    found = 0
    for each, count in as_object(counted).items():
        if count:
            if each != name or type(count) is not int or not 0 < count <= most:
                return None
            found = count
    return found


#: Providers that count otherwise under the same names.
_OWN_WAYS = frozenset(("anthropic", "google", "perplexity", "x-ai"))
_TOLD = frozenset(("input_tokens", "input_tokens_details", "output_tokens"))
_USUAL_BODY = frozenset(("model", "object", "usage", "service_tier"))
_USUAL_USAGE = frozenset(
    (
        "input_tokens",
        "input_tokens_details",
        "output_tokens",
        "output_tokens_details",
        "total_tokens",
    )
)


@lru_cache(maxsize=1024)
def _hint(api: str | None, asked: str | None, answered: str) -> str:
    """What may tell what an answer is of: "images", "gpt-4o-transcribe", "text-embedding-3"."""
    return f"{api or ''} {asked or ''} {answered}".lower()


def unwrapped(body: JsonObject) -> JsonObject:
    """The response inside an event that carries one."""
    if "usage" in body and "type" not in body:
        return body
    if "usage" not in body or as_text(body.get("type")).startswith(_WRAPPED):
        inner = body.get("response")
        if isinstance(inner, dict):
            return as_object(inner)
    return body


def usage_object(body: JsonObject) -> JsonObject | None:
    """The counts of `body`, wherever its API puts them."""
    for name in _WHERE:
        found = body.get(name)
        if isinstance(found, dict):
            return as_object(found)
        if found is not None:
            return {"": found}
    for outer, name in _INSIDE:
        found = as_object(body.get(outer)).get(name)
        if isinstance(found, dict):
            return as_object(found)
    if isinstance(as_object(body.get("meta")).get("billed_units"), dict):
        return as_object(body["meta"])
    if isinstance(body.get(_INVOKED), dict):
        return as_object(body[_INVOKED])
    if any(name in body for name in _FLAT):
        return body
    return google.predicted_usage(body)


def _reader(
    usage: JsonObject, body: JsonObject, provider: str, hint: str
) -> Callable[[Usage, JsonObject, JsonObject], None]:
    if not _SPECIAL.isdisjoint(usage):
        return next(reader for names, reader in _BY_FIELD if any(n in usage for n in names))
    if "cost_in_usd_ticks" in usage and _COUNTED.isdisjoint(usage):
        return _only_a_cost
    if "input_tokens" in usage or "output_tokens" in usage:
        if _is_messages(usage, body, provider, hint):
            return _messages
        if "transcri" in hint and not any(name in usage for name in _INPUT_DETAILS):
            return _heard
        return _image if _is_image(body, hint) else _responses
    no_output = body.get("object") == "list" or any(kind in hint for kind in _ONLY_INPUT)
    return _input_only if no_output else _chat


def _is_messages(usage: JsonObject, body: JsonObject, provider: str, hint: str) -> bool:
    if "cache_read_input_tokens" in usage or "cache_creation_input_tokens" in usage:
        return True
    if "input_tokens_details" in usage:
        return False
    return (
        hint.startswith("messages")
        or body.get("type") == "message"
        or provider == "anthropic"
        or "server_tool_use" in usage
    )


def _is_image(body: JsonObject, hint: str) -> bool:
    return (
        "image" in hint
        or "data" in body
        or as_text(body.get("object")).startswith("image")
        or as_text(body.get("type")).startswith("image")
    )


def _without_usage(counts: Usage, body: JsonObject, hint: str, request: JsonObject) -> None:
    duration = body.get("duration", body.get("usage_duration"))
    if duration is not None and ("text" in body or "segments" in body or "transcri" in hint):
        seconds = counts.amount(duration, "duration")
        if seconds is not None:
            counts.units["audio_seconds"] = seconds
        return
    text = request.get("input")
    if isinstance(text, str) and ("voice" in request or "speech" in hint or "tts" in hint):
        counts.units["characters"] = Decimal(len(text))
        return
    images = google.predicted_images(body)
    if images is None and isinstance(body.get("data"), list) and _image_like(body, hint, request):
        images = len(body["data"])
    if images is not None:
        counts.units["images"] = Decimal(images)
        return
    counts.problems.append("the answer reports no usage")


def _image_like(body: JsonObject, hint: str, request: JsonObject) -> bool:
    return (
        "image" in hint
        or any(entry.get("url") or entry.get("b64_json") for entry in objects(body["data"]))
        or ("prompt" in request and "size" in request)
    )


def _reported(counts: Usage, usage: JsonObject) -> None:
    """What the provider itself says that it charged."""
    cost = usage.get("cost")
    if isinstance(cost, dict):
        total = as_object(cost).get("total_cost")
        if total is not None:
            counts.reported_cost = counts.amount(total, "cost.total_cost")
    elif cost is not None:
        counts.reported_cost = counts.amount(cost, "cost")
        upstream = details(usage, "cost_details").get("upstream_inference_cost")
        if usage.get("is_byok") is True and upstream is not None:
            own = counts.amount(upstream, "upstream_inference_cost")
            counts.reported_cost = _sum(counts.reported_cost, own)
    elif usage.get("cost_in_usd_ticks") is not None:
        ticks = counts.amount(usage["cost_in_usd_ticks"], "cost_in_usd_ticks", _TICKS)
        counts.reported_cost = ticks


def _sum(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else left + right


def _heard(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    """A transcription that does not say what went in: audio."""
    usage = {**usage, "input_token_details": {"audio_tokens": usage.get("input_tokens")}}
    _responses(counts, usage, body)


def _responses(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    inner = details(usage, *_INPUT_DETAILS)
    outer = details(usage, "output_tokens_details", "output_token_details")
    _both(
        counts,
        usage,
        counts.number(usage, "input_tokens"),
        counts.number(usage, "output_tokens"),
        inner,
        outer,
    )


def _chat(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    into = counts.number(usage, "prompt_tokens")
    out = counts.number(usage, "completion_tokens")
    total = counts.number(usage, "total_tokens")
    if out is None and into is not None and "completion_tokens" not in usage:
        out = total - into if total is not None and total >= into else None
    if into is None and out is None and total is not None and not counts.problems:
        counts.add("unsplit", total)
        return
    inner = details(usage, "prompt_tokens_details", "prompt_token_details", "input_tokens_details")
    outer = details(usage, "completion_tokens_details", "output_tokens_details")
    if into is not None and out is not None and total is not None and total > into + out:
        out = _with_hidden_reasoning(usage, outer, into, out, total)
    _both(counts, usage, into, out, inner, outer)
    _breakdown(counts, body)


def _beside(usage: JsonObject, into: str, out: str) -> JsonObject:
    """Google's thoughts in OpenAI's forms: outside of the output, but in the total."""
    read, told, total = (usage.get(name) for name in (into, out, "total_tokens"))
    if not (type(read) is int and type(told) is int and type(total) is int):
        return usage
    return {**usage, out: total - read} if total > read + told else usage


def _both(
    counts: Usage,
    usage: JsonObject,
    into: int | None,
    out: int | None,
    inner: JsonObject,
    outer: JsonObject,
) -> None:
    """Input and output in OpenAI's way, with what only some providers count."""
    if not _RARE.isdisjoint(usage):
        inner = _of_one_provider(counts, usage, inner)
    if into is not None:
        _input(counts, into, inner, usage)
    if out is not None:
        _output(counts, out, outer)
    if into is None or out is None:
        _missing(counts, usage, into, out)


def _of_one_provider(counts: Usage, usage: JsonObject, inner: JsonObject) -> JsonObject:
    seconds = usage.get("prompt_audio_seconds")
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds:
        # Mistral bills audio by its length; its tokens are beside those of the prompt.
        counts.units["audio_seconds"] = Decimal(str(seconds))
        inner = {name: count for name, count in inner.items() if name != "audio_tokens"}
    if "citation_tokens" in usage:
        counts.add("citation", counts.number(usage, "citation_tokens"))
    if "characters" in usage:
        counts.units["characters"] = Decimal(counts.number(usage, "characters") or 0)
    if "search_context_size" in usage:
        counts.search_size = as_text(usage["search_context_size"]) or None
    return inner


def _with_hidden_reasoning(
    usage: JsonObject, outer: JsonObject, into: int, out: int, total: int
) -> int:
    """Some servers keep reasoning outside of `completion_tokens`; their total gives it away."""
    reasoning = outer.get("reasoning_tokens", usage.get("reasoning_tokens"))
    if type(reasoning) is int and into + out + reasoning == total:
        return out + reasoning
    return out


def _breakdown(counts: Usage, body: JsonObject) -> None:
    """Groq's compound systems: the models that were run, each with its own counts."""
    source = details(body, "usage_breakdown") or details(
        as_object(body.get("x_groq")), "usage_breakdown"
    )
    for entry in objects(source.get("models")):
        inner = Usage()
        _chat(inner, as_object(entry.get("usage")), {})
        counts.shares.append(Share(as_text(entry.get("model")), inner, instead=True))


def _input(counts: Usage, total: int, inner: JsonObject, usage: JsonObject) -> None:
    """OpenAI's way: cached, written and other modalities are parts of the total."""
    cached = _cached(counts, inner, usage)
    written = _written(counts, inner, usage)
    if _MODALS.isdisjoint(inner) or not any(inner.get(name) for name in _MODAL):
        _text_input(counts, total, cached, written)
        return
    split = details(inner, "cached_tokens_details")
    fresh: dict[str, int] = {}
    for modality in MODALITIES:
        count = counts.number(inner, f"{modality}_tokens") or 0
        read = min(counts.number(split, f"{modality}_tokens") or 0, count)
        counts.add(f"cached_{modality}", read)
        cached -= read
        if count > read:
            fresh[modality] = count - read
            total -= read
        else:
            total -= count
    if cached < 0:
        counts.problems.append("more tokens are cached by modality than in all")
        return
    text = total - sum(fresh.values())
    cached, text = _spill(counts, cached, text, fresh)
    _text_input(counts, text, cached, written)
    for modality, count in fresh.items():
        counts.add(f"input_{modality}", count)


def _text_input(counts: Usage, text: int, cached: int, written: int) -> None:
    if cached + written > text:
        counts.problems.append(
            f"{cached} cached and {written} written tokens are more than the {text} of the input"
        )
        return
    counts.add("cached", cached)
    counts.add("input", text - cached - written)


def _spill(counts: Usage, cached: int, text: int, fresh: dict[str, int]) -> tuple[int, int]:
    """Cached tokens whose modality is not said are text first, then what else went in."""
    for modality in list(fresh):
        if cached <= text:
            break
        moved = min(cached - text, fresh[modality])
        counts.add(f"cached_{modality}", moved)
        fresh[modality] -= moved
        cached -= moved
    return cached, text


def _cached(counts: Usage, inner: JsonObject, usage: JsonObject) -> int:
    found = counts.number(inner, "cached_tokens")
    if found is None:
        found = counts.number(
            usage,
            "prompt_cache_hit_tokens",
            "num_cached_tokens",
            "cached_tokens",
            "cache_read_input_tokens",
        )
    return found or 0


def _written(counts: Usage, inner: JsonObject, usage: JsonObject) -> int:
    """Tokens written to the cache, by how long they stay there."""
    total = counts.number(inner, "cache_write_tokens")
    if total is None:
        total = counts.number(usage, "cache_creation_input_tokens")
    if not total:
        return 0
    by_time = details(inner, "cache_write_tokens_details")
    long = min(counts.number(by_time, "ttl_12h_tokens") or 0, total)
    counts.add("cache_write_12h", long)
    counts.add("cache_write", total - long)
    return total


def _output(counts: Usage, total: int, outer: JsonObject) -> None:
    reasoning = counts.number(outer, "reasoning_tokens", "thinking_tokens")
    if reasoning:
        counts.reasoning = min(reasoning, total)
    if _MODALS.isdisjoint(outer) or not any(outer.get(name) for name in _MODAL):
        counts.add("output", total)
        return
    parts = {
        modality: count
        for modality, name in zip(MODALITIES, _MODAL, strict=True)
        if (count := counts.number(outer, name))
    }
    counts.split("output", total, parts)


def _missing(counts: Usage, usage: JsonObject, into: int | None, out: int | None) -> None:
    for name, value, words in (
        ("input", into, ("input_tokens", "prompt_tokens")),
        ("output", out, ("output_tokens", "completion_tokens")),
    ):
        if value is None and not any(usage.get(word) is not None for word in words):
            counts.problems.append(f"the usage has no number of {name} tokens")


def _input_only(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    total = counts.number(usage, "prompt_tokens", "input_tokens", "total_tokens")
    inner = details(usage, "prompt_tokens_details")
    if not _RARE.isdisjoint(usage):
        inner = _of_one_provider(counts, usage, inner)
    if total is not None:
        _input(counts, total, inner, usage)
    elif not counts.problems and "cost_in_usd_ticks" not in usage:
        counts.problems.append("the usage has no number of input tokens")


def _image(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    image_usage(counts, usage)


def image_usage(counts: Usage, usage: JsonObject) -> None:
    """An image model's tokens: what comes out is an image unless it says otherwise."""
    total_in = counts.number(usage, "input_tokens")
    total_out = counts.number(usage, "output_tokens")
    inner = details(usage, "input_tokens_details")
    if "cached_tokens" in usage and "cached_tokens" not in inner:
        inner = {**inner, "cached_tokens": usage["cached_tokens"]}
    if total_in is not None:
        _input(counts, total_in, inner, usage)
    if total_out is not None:
        outer = details(usage, "output_tokens_details")
        text = min(counts.number(outer, "text_tokens") or 0, total_out)
        counts.add("output", text)
        counts.add("output_image", total_out - text)
    if total_in is None or total_out is None:
        _missing(counts, usage, total_in, total_out)


def _messages(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    """Anthropic: `input_tokens` is what was neither read from nor written to the cache."""
    into, out = counts.number(usage, "input_tokens"), counts.number(usage, "output_tokens")
    written = counts.number(usage, "cache_creation_input_tokens") or 0
    by_time = details(usage, "cache_creation")
    hour = counts.number(by_time, "ephemeral_1h_input_tokens") or 0
    written = max(written, hour + (counts.number(by_time, "ephemeral_5m_input_tokens") or 0))
    counts.add("input", into)
    counts.add("cached", counts.number(usage, "cache_read_input_tokens"))
    counts.add("cache_write_1h", hour)
    counts.add("cache_write", written - hour)
    if out is not None:
        _output(counts, out, details(usage, "output_tokens_details"))
    counts.tier = as_text(usage.get("service_tier")) or None
    counts.speed = as_text(usage.get("speed")) or None
    counts.geo = as_text(usage.get("inference_geo")) or None
    for entry in objects(usage.get("iterations")):
        # The totals are those of the messages; compaction and advisors are billed beside them.
        if entry.get("type") != "message":
            inner = Usage()
            _messages(inner, entry, {})
            counts.shares.append(Share(as_text(entry.get("model")) or None, inner))
    if into is None or out is None:
        _missing(counts, usage, into, out)


def _converse(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    """Bedrock: like Anthropic, in other words."""
    into = counts.number(usage, "inputTokens", "inputTokenCount")
    out = counts.number(usage, "outputTokens", "outputTokenCount")
    written = counts.number(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount") or 0
    hour = sum(
        counts.number(entry, "inputTokens") or 0
        for entry in objects(usage.get("cacheDetails"))
        if entry.get("ttl") == "1h"
    )
    hour = min(hour, written)
    counts.add("input", into)
    counts.add("cached", counts.number(usage, "cacheReadInputTokens", "cacheReadInputTokenCount"))
    counts.add("cache_write_1h", hour)
    counts.add("cache_write", written - hour)
    counts.add("output", out)
    counts.tier = as_text(as_object(body.get("serviceTier")).get("type")) or None
    if into is None or out is None:
        counts.problems.append("the usage has no number of input or output tokens")


def _cohere(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    """Cohere bills `billed_units`, which may be less than the tokens it read."""
    billed = details(usage, "billed_units") or usage
    counts.add("input", counts.number(billed, "input_tokens"))
    counts.add("output", counts.number(billed, "output_tokens"))
    counts.add("input_image", counts.number(billed, "image_tokens"))
    searches = counts.number(billed, "search_units")
    if searches:
        counts.units["rerank_searches"] = Decimal(searches)
    images = counts.number(billed, "images")
    if images:
        counts.units["input_images"] = Decimal(images)


def _duration(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    seconds = counts.amount(usage.get("seconds"), "seconds")
    if seconds is not None:
        counts.units["audio_seconds"] = seconds


def _pages(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    pages = counts.number(usage, "pages_processed") or 0
    annotated = body.get("document_annotation") is not None
    counts.units["annotated_pages" if annotated else "pages"] = Decimal(pages)


def _ollama(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    counts.add("input", counts.number(usage, "prompt_eval_count"))
    counts.add("output", counts.number(usage, "eval_count"))


def _titan(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    counts.add("input", counts.number(usage, "inputTextTokenCount"))
    for entry in objects(usage.get("results")):
        counts.add("output", counts.number(entry, "tokenCount"))


def _llama(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    counts.add("input", counts.number(usage, "prompt_token_count"))
    counts.add("output", counts.number(usage, "generation_token_count"))


def _implausible(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    counts.problems.append(f"the usage is no object: {str(usage[''])[:40]!r}")


def _only_a_cost(counts: Usage, usage: JsonObject, body: JsonObject) -> None:
    """Nothing is counted: the provider says only what it charged."""


_BY_FIELD: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("",), _implausible),
    (google.GENERATED, google.generated),
    (google.INTERACTED, google.interacted),
    (google.SNAKE, google.snake_case),
    (("inputTokens", "outputTokens", "inputTokenCount", "outputTokenCount"), _converse),
    (("billed_units", "search_units", "images", "image_tokens"), _cohere),
    (("seconds",), _duration),
    (("pages_processed",), _pages),
    (("prompt_eval_count", "eval_count"), _ollama),
    (("inputTextTokenCount",), _titan),
    (("prompt_token_count",), _llama),
)
_SPECIAL = frozenset(name for names, _ in _BY_FIELD for name in names)
