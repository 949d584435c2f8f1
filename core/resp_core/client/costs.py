"""`cost_of` and its kin: the pure calculation, with the clock of this machine."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from resp_core.cost.asked import Asked
from resp_core.cost.batch import BatchCost, batch_cost
from resp_core.cost.bill import Cost
from resp_core.cost.custom import Prices, prices_of
from resp_core.cost.dialects import usage_of
from resp_core.cost.price import price
from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resp_core.types.json import JsonObject

__all__ = ["BatchCost", "Cost", "cost_of", "cost_of_batch", "usage_of"]


def cost_of(
    body: Mapping[str, Any],
    *,
    provider: str,
    model: str | None = None,
    base_model: str | None = None,
    api: str | None = None,
    service_tier: str | None = None,
    processing: str | None = None,
    region: str | None = None,
    data_zone: str | None = None,
    deployment_type: str | None = None,
    image_model: str | None = None,
    request: Mapping[str, Any] | None = None,
    at: datetime | date | float | str | None = None,
    prices: Prices | None = None,
) -> Cost:
    """What an answer cost, exactly, or what of it is not known and why.

    `body` is a provider's response as it came over the wire, or `{"usage": {...}}`. The price is
    that of `base_model` if given (with or without `provider/` before it), else of the model that
    answered, else of `model`, which was asked for. The tier that the answer names wins over
    `service_tier`, which was asked for; `processing="batch"` is for lines of a batch. `region`
    (OpenAI, Anthropic, Vertex), `data_zone` and `deployment_type` (Azure) change prices.
    `image_model` is the model behind the hosted image tool. `request` is the request's JSON, for
    what only it tells (an image's size and quality, text to be spoken). `at` is when the call was
    made: a time (UTC unless it says otherwise), a day, ISO 8601, or seconds since the epoch; by
    default now. `prices` are prices of your own, "provider/name" to amounts. Raises ArgumentError
    for arguments of a wrong kind, nothing for what it cannot price.
    """
    asked = Asked(
        provider=provider,
        model=model,
        base_model=base_model,
        api=api,
        service_tier=service_tier,
        processing=processing,
        region=region,
        data_zone=data_zone,
        deployment_type=deployment_type,
        image_model=image_model,
        request=None if request is None else dict(request),
    )
    own = None if prices is None else prices_of(prices)
    return price(_body(body), asked, moment(at), own)


def cost_of_batch(
    lines: Iterable[JsonObject | str | bytes],
    *,
    provider: str | None = None,
    model: str | None = None,
    base_model: str | None = None,
    region: str | None = None,
    data_zone: str | None = None,
    deployment_type: str | None = None,
    image_model: str | None = None,
    at: datetime | date | float | str | None = None,
    prices: Prices | None = None,
) -> BatchCost:
    """What a batch cost, from the lines of its output file (dicts or JSON text), at batch rates.

    Lines that failed are listed and cost nothing. Without `provider` it is told from the form of
    the lines: OpenAI (for Azure say "azure"), Anthropic, Gemini, Mistral. Raises ArgumentError
    for a line that is no JSON.
    """
    asked = Asked(
        provider=provider or "",
        model=model,
        base_model=base_model,
        region=region,
        data_zone=data_zone,
        deployment_type=deployment_type,
        image_model=image_model,
    )
    own = None if prices is None else prices_of(prices)
    return batch_cost(lines, asked, moment(at), own)


def moment(at: datetime | date | float | str | None) -> datetime:
    """`at` as an instant; None is now, a day its noon."""
    try:
        if isinstance(at, str):
            at = (
                datetime.fromisoformat(at)
                if len(at) > len("2026-11-20")
                else date.fromisoformat(at)
            )
        if isinstance(at, datetime):
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        if isinstance(at, date):
            return datetime(at.year, at.month, at.day, 12, tzinfo=UTC)
        return datetime.fromtimestamp(time.time() if at is None else at, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise ArgumentError(f"at must be a time, not {at!r}.", param="at") from None


def _body(body: Any) -> JsonObject:
    if hasattr(body, "model_dump"):
        body = body.model_dump()
    if not isinstance(body, dict):
        raise ArgumentError(
            f"body must be the answer's JSON object, not {type(body).__name__}.", param="body"
        )
    return body  # pyright: ignore[reportUnknownVariableType]
