"""The arithmetic that stands beside each example: sums of products, in decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Body = dict[str, Any]


def dollars(tokens: str = "", fees: str = "") -> Decimal:
    """`tokens` is in dollars per million tokens, `fees` in dollars: "4000*2 + 500*8"."""
    return _sum(tokens) / 1_000_000 + _sum(fees)


def _sum(text: str) -> Decimal:
    total = Decimal(0)
    for term in text.split("+") if text else []:
        product = Decimal(1)
        for factor in term.split("*"):
            product *= Decimal(factor.strip().replace(",", ""))
        total += product
    return total


def responses(into: int, out: int, cached: int = 0, written: int = 0, **more: Any) -> Body:
    """An answer of the Responses API."""
    usage: Body = {
        "input_tokens": into,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": out,
        "output_tokens_details": {"reasoning_tokens": more.pop("reasoning", 0)},
        "total_tokens": into + out,
    }
    return {"object": "response", "usage": usage, **more}


def chat(into: int, out: int, inner: Body | None = None, outer: Body | None = None) -> Body:
    """An answer of the Chat API."""
    usage: Body = {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out}
    if inner is not None:
        usage["prompt_tokens_details"] = inner
    if outer is not None:
        usage["completion_tokens_details"] = outer
    return {"object": "chat.completion", "choices": [], "usage": usage}


def messages(into: int, out: int, **more: Any) -> Body:
    """An answer of Anthropic's Messages API."""
    return {
        "type": "message",
        "content": more.pop("content", []),
        "usage": {"input_tokens": into, "output_tokens": out, **more},
    }


def gemini(**counts: Any) -> Body:
    """An answer of generateContent."""
    candidates = counts.pop("candidates", [])
    return {"candidates": candidates, "usageMetadata": counts}


def items(*kinds: str) -> list[Body]:
    """Output items of these types."""
    return [{"type": kind, "status": "completed"} for kind in kinds]


def modal(**counts: int) -> list[Body]:
    """Gemini's list of counts by modality."""
    return [{"modality": name.upper(), "tokenCount": count} for name, count in counts.items()]
