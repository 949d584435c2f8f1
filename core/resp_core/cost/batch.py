"""The cost of a finished batch, from the lines of its output file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from resp_core.cost.asked import Asked
from resp_core.cost.bill import Cost, Unpriced, text_of, total_of
from resp_core.cost.price import price
from resp_core.errors import ArgumentError
from resp_core.types.json import loads
from resp_core.wire.shape import as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from resp_core.cost.custom import Price
    from resp_core.types.json import JsonObject

__all__ = ["BatchCost", "BatchLine", "batch_cost"]


#: What the lines of OpenAI, Azure, Gemini and Mistral have, answered or not.
_OF_A_LINE = frozenset(("response", "error"))


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One line: its `custom_id`, and its cost, or None with `error` if the request failed."""

    id: str
    cost: Cost | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class BatchCost:
    """The lines of a batch and what they cost together, at batch rates.

    `total` is None while the price of any line is unknown. `failed` lines cost nothing.
    """

    total: Decimal | None
    lines: tuple[BatchLine, ...]

    @property
    def failed(self) -> tuple[BatchLine, ...]:
        """The lines that have no answer, each with its error."""
        return tuple(line for line in self.lines if line.cost is None)

    @property
    def costs(self) -> tuple[Cost, ...]:
        """The costs of the lines that were answered."""
        return tuple(line.cost for line in self.lines if line.cost is not None)

    @property
    def unknown(self) -> tuple[Unpriced, ...]:
        """What could not be priced, each once."""
        return tuple(dict.fromkeys(gap for cost in self.costs for gap in cost.unknown))

    def to_json(self) -> JsonObject:
        """The batch as JSON, amounts as decimal strings."""
        return {
            "total": None if self.total is None else text_of(self.total),
            "currency": "USD",
            "lines": [
                {
                    "id": line.id,
                    "cost": None if line.cost is None else line.cost.to_json(),
                    "error": line.error,
                }
                for line in self.lines
            ],
        }


def batch_cost(
    lines: Iterable[JsonObject | str | bytes],
    asked: Asked,
    at: datetime,
    prices: Mapping[str, Price] | None = None,
) -> BatchCost:
    """Price the lines of an output file of OpenAI, Azure, Anthropic, Gemini or Mistral.

    An empty `asked.provider` is told from the form of each line.
    """
    found: list[BatchLine] = []
    for number, raw in enumerate(lines, 1):
        line = _read(raw, number)
        if line is None:
            continue
        name, provider, body, error = _answer(line, number)
        if body is None:
            found.append(BatchLine(name, None, error))
            continue
        own = replace(asked, provider=asked.provider or provider, processing="batch")
        found.append(BatchLine(name, price(body, own, at, prices)))
    costs = [line.cost for line in found if line.cost is not None]
    known = all(cost.total is not None for cost in costs)
    parts = [part for cost in costs for part in cost.parts]
    return BatchCost(total_of(parts) if known else None, tuple(found))


def _read(raw: JsonObject | str | bytes, number: int) -> JsonObject | None:
    if isinstance(raw, dict):
        return raw
    data = raw.encode() if isinstance(raw, str) else raw
    if not data.strip():
        return None
    try:
        return as_object(loads(data))
    except ValueError:
        raise ArgumentError(f"Line {number} of the batch is not JSON.", param="lines") from None


def _answer(line: JsonObject, number: int) -> tuple[str, str, JsonObject | None, str | None]:
    """Name, likely provider, answer and error of a line."""
    names = (as_text(line.get(name)) for name in ("custom_id", "key", "recordId"))
    name = next(filter(None, names), f"line {number}")
    if "result" in line:  # Anthropic
        result = as_object(line["result"])
        if result.get("type") == "succeeded":
            return name, "anthropic", as_object(result.get("message")), None
        kind = as_text(result.get("type"))
        return name, "anthropic", None, _said(result["error"]) if "error" in result else kind
    if "modelOutput" in line:  # Bedrock
        return name, "bedrock", as_object(line["modelOutput"]), None
    response = as_object(line.get("response"))
    if not _OF_A_LINE.intersection(line):
        return name, _provider(line), line, None  # an answer as it is
    if "usageMetadata" in response or "candidates" in response:
        return name, "gemini", response, None
    body = response.get("body")
    status = response.get("status_code", 200)
    if isinstance(body, dict) and isinstance(status, int) and status < 400:
        inner = as_object(body)
        if not line.get("error") and not inner.get("error"):
            return name, _provider(inner), inner, None
    return name, "", None, _said(line.get("error") or as_object(body).get("error") or line)


def _provider(body: JsonObject) -> str:
    model = as_text(body.get("model"))
    return "mistral" if "stral" in model else "openai"


def _said(error: Any) -> str:
    if isinstance(error, str):
        return error
    inner = as_object(error)
    nested = as_object(inner.get("error"))
    return (
        as_text(inner.get("message"))
        or as_text(inner.get("errorMessage"))
        or as_text(nested.get("message"))
        or as_text(inner.get("code"))
        or as_text(inner.get("type"))
        or "the line has no answer"
    )
