"""Compare our prices with litellm's table, as Markdown: `python scripts/compare_prices.py FILE`.

FILE is litellm's `model_prices_and_context_window_backup.json` (`python3 scripts/envs.py litellm`).
Every token price of every OpenAI, Azure, Anthropic, Gemini and Groq model that both know is
compared, in dollars per million tokens: each class, each tier, short calls and long ones. Models
that just one of the two knows are left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from resp_core import Cost, cost_of

#: litellm's providers -> ours.
PROVIDERS = {
    "openai": "openai",
    "text-completion-openai": "openai",
    "azure": "azure",
    "azure_ai": "azure",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "groq": "groq",
}
#: litellm's key -> our class of tokens, and a usage that has only such tokens.
CLASSES: dict[str, tuple[str, dict[str, int]]] = {
    "input_cost_per_token": ("input", {"into": 1}),
    "output_cost_per_token": ("output", {"out": 1}),
    "cache_read_input_token_cost": ("cached", {"into": 1, "cached": 1}),
    "cache_creation_input_token_cost": ("cache_write", {"into": 1, "written": 1}),
    "input_cost_per_audio_token": ("input_audio", {"into": 1, "audio_in": 1}),
    "output_cost_per_audio_token": ("output_audio", {"out": 1, "audio_out": 1}),
    "input_cost_per_image_token": ("input_image", {"into": 1, "image_in": 1}),
    "output_cost_per_image_token": ("output_image", {"out": 1, "image_out": 1}),
}
TIERS: dict[str, dict[str, str]] = {
    "": {},
    "_batches": {"processing": "batch"},
    "_flex": {"service_tier": "flex"},
    "_priority": {"service_tier": "priority"},
    "_ultrafast": {"service_tier": "ultrafast"},
}
LONG = {"": 0, "_above_100k_tokens": 100001, "_above_200k_tokens": 200001,
        "_above_272k_tokens": 272001}  # fmt: skip
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
MILLION = Decimal(10**6)


@dataclass(frozen=True)
class Difference:
    """One rate that differs; `ours` is None where we say that it is not known."""

    model: str
    rate: str
    ours: Decimal | None
    theirs: Decimal


def compare(table: dict[str, Any]) -> tuple[int, list[Difference]]:
    """How many models both know, and the rates in which they differ."""
    known, found = 0, list[Difference]()
    for name, entry in sorted(table.items()):
        provider = PROVIDERS.get(entry.get("litellm_provider", ""))
        if provider is None or not knows(provider, name):
            continue
        known += 1
        found += differences(name, entry, provider)
    return known, found


def knows(provider: str, name: str) -> bool:
    """Whether our tables have the model."""
    cost = priced(provider, name, {"into": 1}, {})
    return not any(gap.what in ("model", "region") for gap in cost.unknown)


def differences(name: str, entry: dict[str, Any], provider: str) -> Iterator[Difference]:
    """The rates of one model that differ. litellm's zeros mean that there is no such rate."""
    for key, (kind, counts) in CLASSES.items():
        for long, tokens in LONG.items():
            for suffix, tier in TIERS.items():
                listed = entry.get(f"{key}{long}{suffix}")
                if not listed:
                    continue
                theirs = Decimal(repr(listed)) * MILLION
                cost = priced(provider, name, counts, tier, tokens)
                units = [part.unit_price for part in cost.parts if part.name == kind]
                ours = units[0] * MILLION if units else None
                if ours is None or abs(ours - theirs) > Decimal("1e-9"):
                    yield Difference(name, f"{kind}{long}{suffix}", ours, theirs)


def priced(
    provider: str, name: str, counts: dict[str, int], tier: dict[str, str], long: int = 0
) -> Cost:
    """What a call with these tokens costs; a long one has as many more as make it long."""
    into, out = counts.get("into", 0), counts.get("out", 0)
    if long:
        into, counts = long, {kind: long for kind in counts if kind != "out"}
    usage = {
        "prompt_tokens": into,
        "completion_tokens": out,
        "total_tokens": into + out,
        "prompt_tokens_details": {
            "cached_tokens": counts.get("cached", 0),
            "cache_write_tokens": counts.get("written", 0),
            "audio_tokens": counts.get("audio_in", 0),
            "image_tokens": counts.get("image_in", 0),
        },
        "completion_tokens_details": {
            "audio_tokens": counts.get("audio_out", 0),
            "image_tokens": counts.get("image_out", 0),
        },
    }
    return cost_of({"usage": usage}, provider=provider, model=name, at=AT, **tier)


def main() -> int:
    known, found = compare(json.loads(Path(sys.argv[1]).read_text()))
    print(f"{known} models, {len(found)} differences\n")
    print("| model | rate | ours | litellm |\n|---|---|---|---|")
    for one in found:
        print(f"| {one.model} | {one.rate} | {shown(one.ours)} | {shown(one.theirs)} |")
    return 0


def shown(price: Decimal | None) -> str:
    return "unknown" if price is None else format(price.normalize(), "f")


if __name__ == "__main__":
    sys.exit(main())
