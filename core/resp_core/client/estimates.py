"""`client.estimate(...)`: tokens and cost of a call that has not been made."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from resp_core.client import plan
from resp_core.client.params import (
    CHAT_FIELDS,
    OPTION_FIELDS,
    RESPONSE_FIELDS,
    CountParams,
    check_names,
    fields_of,
)
from resp_core.cost.asked import Asked
from resp_core.cost.bill import Cost, text_of
from resp_core.cost.price import price
from resp_core.cost.tokens import TokenCount, count_request, encoding_of
from resp_core.credentials import environ
from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.client.plan import Plan
    from resp_core.client.wiring import Wiring
    from resp_core.tasks import Turn
    from resp_core.types.json import JsonObject

__all__ = ["Estimate", "counting_plan", "estimate_of"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a call would use and cost.

    `low` is its cost if nothing comes out, `high` that with `max_output_tokens` of output (None
    where the call sets no limit). Both are estimates; what has no known price says so.
    """

    tokens: TokenCount
    max_output_tokens: int | None
    low: Cost
    high: Cost | None

    def __str__(self) -> str:
        return (
            f"{self.tokens.tokens} tokens in ({self.tokens.method}), {_said(self.low)} "
            f"to {'no limit' if self.high is None else _said(self.high)}"
        )


def _said(cost: Cost) -> str:
    return str(cost) if cost.total is None else f"{text_of(cost.total)} USD"


def counting_plan(params: Mapping[str, Any]) -> Plan:
    """The call of the provider's own count."""
    if "messages" in params:
        raise ArgumentError(
            "exact counts are those of the Responses API: pass input= instead of messages=.",
            param="exact",
        )
    known = OPTION_FIELDS | fields_of(CountParams)
    return plan.count({name: value for name, value in params.items() if name in known})


def estimate_of(wiring: Wiring, params: Mapping[str, Any], counted: Any = None) -> Estimate:
    """The estimate; `counted` is the answer of the provider's count, if it was asked."""
    chat = "messages" in params
    check_names(params, CHAT_FIELDS if chat else RESPONSE_FIELDS, "estimate")
    made = (plan.chat_turn if chat else plan.response_turn)(params, False)
    deployment = wiring.deployment(made.model, _connection(made))
    body = cast("Turn", made.task).request.body
    name = deployment.base_model or deployment.model
    tokens = _count(body, name) if counted is None else TokenCount(counted["input_tokens"], "exact")
    limit = _limit(body)
    asked = Asked(
        provider=deployment.provider,
        model=deployment.model,
        base_model=deployment.base_model,
        service_tier=body.get("service_tier"),
        region=deployment.region,
        data_zone=deployment.data_zone,
        deployment_type=deployment.deployment_type,
    )
    low = _cost(tokens, 0, asked, wiring)
    return Estimate(
        tokens, limit, low, None if limit is None else _cost(tokens, limit, asked, wiring)
    )


def _connection(made: Plan) -> Any:
    from resp_core.client.wiring import connection_of

    return connection_of(made.options)


def _count(body: JsonObject, model: str) -> TokenCount:
    encoding = encoding_of(model)
    encode = None
    if encoding is not None:
        from resp_core.io.token_tables import encoder

        encode = encoder(encoding, environ())
    return count_request(body, model, encode)


def _limit(body: JsonObject) -> int | None:
    for name in ("max_output_tokens", "max_completion_tokens", "max_tokens"):
        limit = body.get(name)
        if type(limit) is int and limit >= 0:
            return limit
    return None


def _cost(tokens: TokenCount, out: int, asked: Asked, wiring: Wiring) -> Cost:
    from dataclasses import replace

    body = {"usage": {"input_tokens": tokens.tokens, "output_tokens": out}}
    now = datetime.fromtimestamp(time.time(), UTC)
    return replace(price(body, asked, now, wiring.settings.spending.prices), estimated=True)
