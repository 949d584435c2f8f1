"""What the ledger keeps of a call: numbers and labels, no content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resp_core.cost.bill import text_of

if TYPE_CHECKING:
    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["COLUMNS", "row_of"]

#: Column -> its SQL type; amounts are decimal text, lists and objects are JSON text.
COLUMNS: dict[str, str] = {
    "started": "DOUBLE PRECISION",
    "request_id": "TEXT",
    "response_id": "TEXT",
    "provider": "TEXT",
    "requested_model": "TEXT",
    "model": "TEXT",
    "deployment": "TEXT",
    "api": "TEXT",
    "operation": "TEXT",
    "stream": "INTEGER",
    "status": "TEXT",
    "error": "TEXT",
    "attempts": "INTEGER",
    "tier": "TEXT",
    "input_tokens": "BIGINT",
    "cached_tokens": "BIGINT",
    "cache_write_tokens": "BIGINT",
    "output_tokens": "BIGINT",
    "reasoning_tokens": "BIGINT",
    "usage": "TEXT",
    "cost": "TEXT",
    "known_cost": "TEXT",
    "cost_source": "TEXT",
    "priced_as": "TEXT",
    "estimated": "INTEGER",
    "unknown": "TEXT",
    "seconds": "DOUBLE PRECISION",
    "first_token": "DOUBLE PRECISION",
    "user_id": "TEXT",
    "safety_identifier": "TEXT",
    "tags": "TEXT",
    "metadata": "TEXT",
}


def row_of(record: CallRecord) -> JsonObject:
    """The row of a record."""
    cost, uses = record.cost, record.counted
    into = out = cached = written = reasoning = 0
    for usage in uses:
        all_in, all_out = usage.input_tokens, usage.output_tokens
        into, out, reasoning = into + all_in, out + all_out, reasoning + usage.reasoning
        if all_in != usage.tokens.get("input"):
            cached += usage.starting("cached")
            written += usage.starting("cache_write")
    known = text_of(cost.known)
    return {
        "started": record.started,
        "request_id": record.request_id,
        "response_id": record.response_id,
        "provider": record.provider,
        "requested_model": record.requested_model,
        "model": record.model,
        "deployment": record.deployment,
        "api": record.api,
        "operation": record.operation,
        "stream": int(record.stream),
        "status": record.status,
        "error": record.error,
        "attempts": len(record.attempts),
        "tier": cost.tier,
        "input_tokens": into,
        "cached_tokens": cached,
        "cache_write_tokens": written,
        "output_tokens": out,
        "reasoning_tokens": reasoning,
        "usage": [usage.to_json() for usage in uses],
        "cost": None if cost.total is None else known,
        "known_cost": known,
        "cost_source": cost.source,
        "priced_as": cost.priced_as,
        "estimated": int(cost.estimated),
        "unknown": [str(gap) for gap in cost.unknown],
        "seconds": record.seconds,
        "first_token": record.first_token,
        "user_id": record.user,
        "safety_identifier": record.safety_identifier,
        "tags": list(record.tags),
        "metadata": dict(record.metadata),
    }
