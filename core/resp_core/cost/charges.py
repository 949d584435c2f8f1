"""The items of a bill: tokens, units, hosted tools, images, containers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from resp_core.cost.dialects import image_usage
from resp_core.cost.names import named, undated
from resp_core.cost.overlay import (
    CONTAINERS,
    FEES,
    IMAGES,
    NOT_CONTENT,
    PERPLEXITY_REQUESTS,
    REASONING,
    SEARCH_BLOCK,
    SEARCH_MODELS,
)
from resp_core.cost.places import factor_of, listed_cached
from resp_core.cost.rates import rates_of
from resp_core.cost.usage import Counts
from resp_core.wire.shape import as_text

if TYPE_CHECKING:
    from datetime import datetime

    from resp_core.cost.asked import Asked
    from resp_core.cost.bill import Bill
    from resp_core.cost.places import Place
    from resp_core.cost.rates import Rate, Rates
    from resp_core.cost.usage import Usage
    from resp_core.types.json import JsonObject

__all__ = ["charge_all"]

_ONE = Decimal(1)
#: Class of tokens -> the rates it may be priced by; the first that exists.
_RATES: dict[str, tuple[str, ...]] = {
    "input": ("input_text_mtok", "input_mtok"),
    "cached": ("cache_text_read_mtok", "cache_read_mtok", "input_mtok"),
    "cache_write": ("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok",),
    "cache_write_12h": ("cache_write_12h_mtok",),
    "input_audio": ("input_audio_mtok",),
    "input_image": ("input_image_mtok", "input_mtok"),
    "input_video": ("input_video_mtok", "input_mtok"),
    "cached_audio": ("cache_audio_read_mtok", "input_audio_mtok"),
    "cached_image": ("cache_image_read_mtok", "cache_read_mtok", "input_image_mtok", "input_mtok"),
    "cached_video": ("cache_video_read_mtok", "cache_read_mtok", "input_video_mtok", "input_mtok"),
    "output": ("output_text_mtok", "output_mtok"),
    "output_audio": ("output_audio_mtok",),
    "output_image": ("output_image_mtok",),
    "output_video": ("output_video_mtok",),
    "citation": ("output_citation_mtok",),
}
_PLAIN = frozenset(("input", "cached", "cache_write", "output"))
_UNITS: dict[str, tuple[str, ...]] = {
    "audio_seconds": ("input_audio_hours", "audio_hours"),
    "characters": ("input_mchars",),
    "pages": ("input_document_kpages",),
    "annotated_pages": ("input_annotated_document_kpages",),
    "rerank_searches": ("rerank_searches_kcount",),
}
_SHORTEST = Decimal(10)  # seconds: Groq bills at least so much audio


def charge_all(
    bill: Bill,
    usage: Usage,
    rates: Rates,
    asked: Asked,
    body: JsonObject,
    *,
    provider: str,
    tier: str,
    at: datetime,
    place: Place,
) -> None:
    """Put everything that `usage` says on the bill."""
    for problem in usage.problems:
        bill.miss("usage", problem)
    bill.estimated |= rates.estimated
    if rates.free:
        return
    if rates.no_tier is not None:
        bill.miss("tier", f"the tables have no {rates.no_tier!r} price for {rates.model}")
        return
    factor = factor_of(provider, rates.model, asked, usage, place)
    if isinstance(factor, str):
        bill.miss("region", factor)
        return
    if not any(share.instead for share in usage.shares):
        _tokens(bill, usage, rates, factor=factor, provider=provider, place=place)
    if rates.own and "requests" not in usage.units and "requests_kcount" in rates.rates:
        bill.rated("requests", 1, "requests_kcount", rates.rates["requests_kcount"])
    if usage.units:
        _units(bill, usage, rates, asked, body, provider=provider)
    if usage.tools:
        _tools(bill, usage, rates, provider=provider)
    if provider == "openai":
        _search_models(bill, rates, asked, body)
    if usage.containers:
        _containers(bill, usage, rates, provider=provider)
    _hosted_images(bill, usage, asked, provider=provider, tier=tier, at=at)
    for share in usage.shares:
        _share(bill, share.usage, share.model, rates, provider=provider, tier=tier, at=at)


def _share(
    bill: Bill,
    usage: Usage,
    model: str | None,
    rates: Rates,
    *,
    provider: str,
    tier: str,
    at: datetime,
) -> None:
    found = rates
    if model is not None:
        name = named(provider, model)
        other = rates_of(name.provider, name.model, tier, at)
        if other is None:
            bill.miss(f"tokens of {model}", "the tables have no price for it")
            return
        found = other
    for problem in usage.problems:
        bill.miss("usage", problem)
    _tokens(bill, usage, found, factor=_ONE, provider=provider, of=model or "compaction")


def _tokens(
    bill: Bill,
    usage: Usage,
    rates: Rates,
    *,
    factor: Decimal,
    provider: str,
    place: Place | None = None,
    of: str = "",
) -> None:
    into = usage.input_tokens
    counts = dict(usage.tokens)
    if usage.units and _by_duration(usage, rates):
        text = "input_mtok" in rates.rates
        counts = {name: n for name, n in counts.items() if text and not name.endswith("_audio")}
    if rates.short_to is not None and into > rates.short_to:
        bill.miss(
            "tokens",
            f"this tier of {rates.model} has no price beyond {rates.short_to} input tokens",
        )
        return
    _reasoning(counts, usage, rates)
    for name, count in counts.items():
        if not count:
            continue
        keys = _RATES[name] if name in _PLAIN else _keys(name, rates, provider)
        key, rate = _first(keys, rates)
        label = f"{name} ({of})" if of else name
        if rate is None:
            if name == "citation" and provider == "perplexity":
                continue  # only deep research bills them
            bill.miss(label, f"{rates.model} has no price for {count} tokens of this kind")
            continue
        listed = listed_cached(rates.model, place) if name == "cached" and place else None
        if listed is not None:
            bill.charge(label, count, listed, 10**6)
            continue
        bill.rated(label, count, key, rate, into, factor)


def _first(keys: tuple[str, ...], rates: Rates) -> tuple[str, Rate | None]:
    """The first of `keys` with a rate; none where the tier lacks one that the standard has."""
    for key in keys:
        rate = rates.rates.get(key)
        if rate is not None:
            return key, rate
        if key in rates.missing:
            break
    return "", None


def _by_duration(usage: Usage, rates: Rates) -> bool:
    """Whether the audio is billed by its length, so that its tokens are not."""
    return bool(usage.units.get("audio_seconds")) and any(
        key in rates.rates for key in _UNITS["audio_seconds"]
    )


def _reasoning(counts: dict[str, int], usage: Usage, rates: Rates) -> None:
    """Reasoning is output; the few models that price it apart have a rate for it."""
    if usage.reasoning and "output_reasoning_mtok" in rates.rates:
        moved = min(usage.reasoning, counts.get("output", 0))
        counts["output"] = counts.get("output", 0) - moved
        counts["reasoning"] = moved


def _keys(name: str, rates: Rates, provider: str) -> tuple[str, ...]:
    keys = _RATES.get(name, (f"output_{name}_mtok",))
    model = rates.model
    if rates.own and name.startswith(("input_", "cached_")):
        return (*keys, "input_mtok")
    if provider == "google" and name in ("input_audio", "cached_audio"):
        return (*keys, "cache_read_mtok", "input_mtok") if name[0] == "c" else (*keys, "input_mtok")
    if name == "output_audio" and "tts" in model:
        return (*keys, "output_mtok")  # all that such a model puts out is audio
    if name == "output_image" and "image" in model:
        return (*keys, "output_mtok")
    return keys


def _units(
    bill: Bill, usage: Usage, rates: Rates, asked: Asked, body: JsonObject, *, provider: str
) -> None:
    for name, quantity in usage.units.items():
        if name == "images":
            _images(bill, quantity, rates, asked, body, provider=provider)
        elif name == "requests":
            _requests(bill, usage, rates)
        elif quantity:
            found = next((key for key in _UNITS.get(name, ()) if key in rates.rates), None)
            if found is not None:
                if provider == "groq" and name == "audio_seconds":
                    quantity = max(quantity, _SHORTEST)
                bill.rated(name, quantity, found, rates.rates[found])
            elif name != "audio_seconds" or not usage.tokens:
                bill.miss(name, f"{rates.model} has no price for them")


def _requests(bill: Bill, usage: Usage, rates: Rates) -> None:
    """Perplexity's fee per request, which depends on how much of the web was read."""
    listed = rates.rates.get("requests_kcount")
    if listed is None:
        return
    sizes = PERPLEXITY_REQUESTS.get(rates.model, {})
    size = (usage.search_size or "").lower()
    if size in sizes and not rates.own:
        bill.charge("requests", 1, Decimal(sizes[size]), 1000)
        return
    bill.estimated |= bool(sizes) and not rates.own
    bill.rated("requests", 1, "requests_kcount", listed)


def _images(
    bill: Bill, count: Decimal, rates: Rates, asked: Asked, body: JsonObject, *, provider: str
) -> None:
    if rates.own and "image" in rates.rates:
        bill.charge("images", count, rates.rates["image"].price)
        return
    request = asked.request or {}
    price, what = image_price(
        provider,
        rates.model,
        as_text(body.get("size")) or as_text(request.get("size")),
        as_text(body.get("quality")) or as_text(request.get("quality")),
    )
    if price is None:
        bill.miss("images", what)
        return
    bill.charge(f"images ({what})" if what else "images", count, price)
    # The prompt's tokens are billed too, and nothing says how many there were.
    bill.estimated |= rates.model.startswith("gpt-image")


def image_price(provider: str, model: str, size: str, quality: str) -> tuple[Decimal | None, str]:
    """Dollars per image and what they are for; None and why it is not known."""
    name = undated(model)
    table = IMAGES.get((provider, name))
    if table is None:
        return None, f"{model} has no price per image"
    if "" in table:
        return Decimal(table[""]), ""
    quality = {"": "standard", "auto": ""}.get(quality, quality)
    if name.startswith("gpt-image") and quality == "standard":
        quality = ""
    size = size or ("" if name.startswith("gpt-image") else "1024x1024")
    found = table.get(f"{quality} {size}")
    if found is None:
        return None, (
            f"{model} is priced by quality and size; {quality or 'no quality'} and "
            f"{size or 'no size'} are not in the tables"
        )
    return Decimal(found), f"{quality} {size}"


def _tools(bill: Bill, usage: Usage, rates: Rates, *, provider: str) -> None:
    for tool, count in usage.tools.items():
        if tool == "web_search" and provider == "google" and _major(rates.model) < 3:
            count = 1  # billed by the prompt, however many queries it led to
        price = _fee(tool, rates, provider)
        if price is None:
            why = NOT_CONTENT.get((provider, tool), f"{provider} has no listed price for it")
            bill.miss(tool, f"{why} ({count} used)")
            continue
        bill.charge(tool, count, price)
        # Google's free searches are counted over the whole account.
        bill.estimated |= provider == "google"
    _search_block(bill, usage, rates, provider=provider)


def _fee(tool: str, rates: Rates, provider: str) -> Decimal | None:
    listed = _listed(tool, rates)
    if rates.own:
        return listed
    fees = FEES.get(provider, {})
    if tool == "web_search_preview" and provider == "openai":
        found = fees["web_search_preview_reasoning" if REASONING.match(rates.model) else tool]
    elif listed is not None and provider != "azure":
        return listed
    elif tool == "web_search" and provider == "google" and _major(rates.model) < 3:
        found = fees["web_search_2"]
    else:
        found = fees.get(tool)
    return None if found is None else Decimal(found)


def _listed(tool: str, rates: Rates) -> Decimal | None:
    key = {"web_search": "web_searches_kcount", "file_search": "storage_searches_kcount"}.get(tool)
    rate: Rate | None = rates.rates.get(key) if key else None
    return None if rate is None else rate.price / 1000


def _major(model: str) -> int:
    """Gemini's generation."""
    digits = model.removeprefix("gemini-").partition(".")[0].partition("-")[0]
    return int(digits) if digits.isdigit() else 3


def _search_block(bill: Bill, usage: Usage, rates: Rates, *, provider: str) -> None:
    """Small models pay a fixed block of tokens per search, which their usage may leave out."""
    pattern, tokens = SEARCH_BLOCK
    searches = usage.tools.get("web_search", 0)
    if provider != "openai" or not searches or not pattern.match(rates.model):
        return
    rate = rates.find("input_mtok")
    if usage.input_tokens < tokens * searches and rate is not None:
        bill.rated("input (search content)", tokens * searches, "input_mtok", rate)


def _search_models(bill: Bill, rates: Rates, asked: Asked, body: JsonObject) -> None:
    """Models of the Chat API that search the web on every request."""
    if rates.own:
        return
    name = asked.base_model or as_text(body.get("model")) or asked.model or rates.model
    for ending, price in SEARCH_MODELS:
        if undated(name).endswith(ending):
            bill.charge("web_search", 1, Decimal(price))


def _containers(bill: Bill, usage: Usage, rates: Rates, *, provider: str) -> None:
    for container in usage.containers:
        if rates.own and "container" in rates.rates:
            bill.charge("container", 1, rates.rates["container"].price)
            continue
        price = CONTAINERS.get(provider, {}).get(container.memory)
        if price is None:
            bill.miss("container", f"{provider} has no listed price for {container.memory}")
        else:
            bill.charge(f"container ({container.memory})", 1, Decimal(price))


def _hosted_images(
    bill: Bill, usage: Usage, asked: Asked, *, provider: str, tier: str, at: datetime
) -> None:
    """Images that a hosted tool made, at the prices of the model behind it."""
    if usage.image_tokens is None and not usage.images:
        return
    model = asked.image_model or usage.image_model
    if model is None:
        bill.miss("image_generation", "the image model is not said: pass image_model=")
        return
    name = named(provider, model)
    rates = rates_of(name.provider, name.model, "batch" if tier == "batch" else "default", at)
    if rates is None or rates.no_tier is not None:
        bill.miss("image_generation", f"the tables have no price for {model}")
        return
    if usage.image_tokens is not None:
        counts = Counts()
        image_usage(counts, usage.image_tokens)
        for problem in counts.problems:
            bill.miss("image_generation", problem)
        _tokens(bill, counts.usage(), rates, factor=_ONE, provider=provider, of="image_generation")
        return
    for image in usage.images:
        price, what = image_price(provider, rates.model, image.size, image.quality)
        if price is None:
            bill.miss("image_generation", what)
        else:
            bill.charge(f"image_generation ({what})", 1, price)
            bill.estimated = True
