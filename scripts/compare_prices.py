"""Compare our prices with litellm's table, as Markdown: `python scripts/compare_prices.py FILE`.

FILE is litellm's `model_prices_and_context_window_backup.json`, from an environment of its own
(`python3 scripts/envs.py peers`). Only base rates and cached input are compared, in dollars per
million tokens; models that just one of the two knows are left out.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from resp_core.cost.names import named
from resp_core.cost.rates import rates_of

PROVIDERS = {
    "openai": "openai",
    "azure": "azure",
    "azure_ai": "azure",
    "anthropic": "anthropic",
    "gemini": "google",
    "groq": "groq",
}
KEYS = {
    "input_cost_per_token": "input_mtok",
    "output_cost_per_token": "output_mtok",
    "cache_read_input_token_cost": "cache_read_mtok",
}
MODES = frozenset(("chat", "responses", "embedding"))


@dataclass(frozen=True)
class Difference:
    """One rate that differs; `ours` or `theirs` is None where there is none."""

    model: str
    rate: str
    ours: Decimal | None
    theirs: Decimal | None


def compare(table: dict[str, Any]) -> tuple[int, list[Difference]]:
    """How many models both know, and the rates in which they differ."""
    known = 0
    found: list[Difference] = []
    for name, entry in sorted(table.items()):
        provider = PROVIDERS.get(entry.get("litellm_provider", ""))
        if provider is None or entry.get("mode") not in MODES:
            continue
        if re.match(r"azure/(us|eu|apac|global|global-standard)/", name) or name.startswith("ft:"):
            continue
        short = named(provider, name)
        rates = rates_of(short.provider, short.model, "default", datetime(2026, 11, 20, tzinfo=UTC))
        if rates is None or "input_mtok" not in rates.rates:
            continue
        known += 1
        for theirs, ours in KEYS.items():
            rate = rates.rates.get(ours)
            mine = None if rate is None else rate.price
            other = entry.get(theirs)
            peer = None if not other else (Decimal(repr(other)) * 1_000_000).normalize()
            if (mine or None) != peer:
                found.append(Difference(name, ours, mine, peer))
    return known, found


def main() -> int:
    known, found = compare(json.loads(Path(sys.argv[1]).read_text()))
    print(f"{known} models, {len(found)} differences\n")
    print("| model | rate | ours | litellm |\n|---|---|---|---|")
    for one in found:
        print(f"| {one.model} | {one.rate} | {shown(one.ours)} | {shown(one.theirs)} |")
    return 0


def shown(price: Decimal | None) -> str:
    return "-" if price is None else format(price.normalize(), "f")


if __name__ == "__main__":
    sys.exit(main())
