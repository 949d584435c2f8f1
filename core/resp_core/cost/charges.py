"""The items of a bill: tokens, units, hosted tools, images, containers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from resp_core.cost.dialects import image_usage
from resp_core.cost.names import undated
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
from resp_core.cost.tariff import Tariff, other_tariff
from resp_core.cost.usage import Usage
from resp_core.wire.shape import as_text

if TYPE_CHECKING:
    from resp_core.cost.asked import Asked
    from resp_core.cost.bill import Bill
    from resp_core.cost.rates import Rate, Rates
    from resp_core.cost.usage import Share
    from resp_core.types.json import JsonObject

__all__ = ["charge_all"]

_UNITS: dict[str, tuple[str, ...]] = {
    "audio_seconds": ("input_audio_hours", "audio_hours"),
    "characters": ("input_mchars",),
    "pages": ("input_document_kpages",),
    "annotated_pages": ("input_annotated_document_kpages",),
    "rerank_searches": ("rerank_searches_kcount",),
    "input_images": ("input_images",),
}
#: What some models are billed by in the place of tokens.
_INSTEAD = ("audio_seconds", "characters")
_SHORTEST = Decimal(10)  # seconds: Groq bills at least so much audio


def charge_all(bill: Bill, usage: Usage, tariff: Tariff, asked: Asked, body: JsonObject) -> None:
    """Put everything that `usage` says on the bill."""
    rates = tariff.rates
    for problem in usage.problems:
        bill.miss("usage", problem)
    bill.estimated |= rates.estimated
    if rates.free:
        return
    gap = tariff.gap()
    if gap is not None:
        bill.miss(*gap)
        return
    if not (usage.shares and any(share.instead for share in usage.shares)):
        _tokens(bill, usage, tariff)
    if rates.own and "requests" not in usage.units and "requests_kcount" in rates.rates:
        bill.rated("requests", 1, "requests_kcount", rates.rates["requests_kcount"])
    if usage.units:
        _units(bill, usage, rates, asked, body, provider=tariff.provider)
    if usage.tools:
        _tools(bill, usage, tariff)
    if tariff.provider == "openai" and not rates.own and "search" in tariff.model:
        _search_models(bill, tariff)
    if usage.containers:
        _containers(bill, usage, rates, provider=tariff.provider)
    if usage.image_tokens is not None or usage.images:
        _hosted_images(bill, usage, asked, tariff)
    for share in usage.shares:
        _share(bill, share, tariff)


def _share(bill: Bill, share: Share, tariff: Tariff) -> None:
    found: Tariff | None = tariff
    if share.model is not None:
        found = other_tariff(tariff, share.model, tariff.tier)
    if found is None or found.gap() is not None:
        bill.miss(f"tokens of {share.model}", "the tables have no price for it")
        return
    for problem in share.usage.problems:
        bill.miss("usage", problem)
    _tokens(bill, share.usage, found, of=share.model or "compaction")


def _tokens(bill: Bill, usage: Usage, tariff: Tariff, of: str = "") -> None:
    rates, into = tariff.rates, usage.input_tokens
    if rates.short_to is not None and into > rates.short_to:
        bill.miss(
            "tokens",
            f"this tier of {rates.model} has no price beyond {rates.short_to} input tokens",
        )
        return
    counts = usage.tokens
    if usage.units:
        counts = _not_otherwise(usage, rates)
    if usage.reasoning and "output_reasoning_mtok" in rates.rates:
        counts = _reasoning(counts, usage.reasoning)
    for name, count in counts.items():
        if not count:
            continue
        label = f"{name} ({of})" if of else name
        unit = tariff.unit(name, into)
        if unit is not None:
            bill.add(label, count, unit)
        elif name == "unsplit":
            bill.miss("usage", f"the usage does not say how many of its {count} tokens came out")
        elif name != "citation" or tariff.provider != "perplexity":
            # Of Perplexity's models, only deep research bills citations.
            bill.miss(label, f"{rates.model} has no price for {count} tokens of this kind")


def _not_otherwise(usage: Usage, rates: Rates) -> Mapping[str, int]:
    """The tokens that are billed where audio is billed by its length, or text by characters."""
    if usage.units.get("characters") and rates.find(*_UNITS["characters"]) is not None:
        return {}
    if not usage.units.get("audio_seconds") or rates.find(*_UNITS["audio_seconds"]) is None:
        return usage.tokens
    text = "input_mtok" in rates.rates
    return {name: n for name, n in usage.tokens.items() if text and not name.endswith("_audio")}


def _reasoning(counts: Mapping[str, int], reasoning: int) -> Mapping[str, int]:
    """Reasoning is output; the few models that price it apart have a rate for it."""
    moved = min(reasoning, counts.get("output", 0))
    return {**counts, "output": counts.get("output", 0) - moved, "reasoning": moved}


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
            elif name not in _INSTEAD or not usage.tokens:
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


def _tools(bill: Bill, usage: Usage, tariff: Tariff) -> None:
    provider, rates = tariff.provider, tariff.rates
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
    _search_block(bill, usage, tariff)


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


def _search_block(bill: Bill, usage: Usage, tariff: Tariff) -> None:
    """Small models pay a fixed block of tokens per search, which their usage may leave out."""
    pattern, tokens = SEARCH_BLOCK
    searches = usage.tools.get("web_search", 0)
    if tariff.provider != "openai" or not searches or not pattern.match(tariff.rates.model):
        return
    unit = tariff.unit("input", usage.input_tokens)
    if usage.input_tokens < tokens * searches and unit is not None:
        bill.add("input (search content)", tokens * searches, unit)


def _search_models(bill: Bill, tariff: Tariff) -> None:
    """Models of the Chat API that search the web on every request."""
    for ending, price in SEARCH_MODELS:
        if undated(tariff.model).endswith(ending):
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


def _hosted_images(bill: Bill, usage: Usage, asked: Asked, tariff: Tariff) -> None:
    """Images that a hosted tool made, at the prices of the model behind it."""
    model = asked.image_model or usage.image_model
    if model is None:
        bill.miss("image_generation", "the image model is not said: pass image_model=")
        return
    found = other_tariff(tariff, model, "batch" if tariff.tier == "batch" else "default")
    if found is None or found.gap() is not None:
        bill.miss("image_generation", f"the tables have no price for {model}")
        return
    if usage.image_tokens is not None:
        counts = Usage()
        image_usage(counts, usage.image_tokens)
        for problem in counts.problems:
            bill.miss("image_generation", problem)
        _tokens(bill, counts, found, of="image_generation")
        return
    for image in usage.images:
        price, what = image_price(found.provider, found.rates.model, image.size, image.quality)
        if price is None:
            bill.miss("image_generation", what)
        else:
            bill.charge(f"image_generation ({what})", 1, price)
            bill.estimated = True
