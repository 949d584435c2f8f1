"""From what a call knows at its end to its record."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from resp_core.cost.asked import Asked
from resp_core.cost.facts import Billed, containers_in, facts_of
from resp_core.cost.rough import rough_usage
from resp_core.observe.record import CallRecord
from resp_core.observe.redact import safe_headers
from resp_core.route.faults import request_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.cost.account import Account
    from resp_core.errors import RespError
    from resp_core.flow import Prepared
    from resp_core.observe.record import Attempt
    from resp_core.route.deployment import Deployment
    from resp_core.types.json import JsonObject
    from resp_core.wire.losses import Losses

__all__ = ["recorded"]

#: Operations that a provider bills; looking things up and counting tokens are free.
_BILLED = frozenset(("responses", "chat", "embeddings", "completions", "responses.compact"))
_FREE = "looking up and counting are not billed"
_UNDONE = frozenset(("queued", "in_progress"))


def recorded(
    deployment: Deployment,
    prepared: Prepared,
    account: Account,
    seen: JsonObject,
    *,
    status: Any,
    error: RespError | None,
    stream: bool,
    started: float,
    seconds: float,
    first: float | None,
    now: float,
    attempts: tuple[Attempt, ...],
    losses: Losses,
    headers: Mapping[str, str],
) -> CallRecord:
    """The record of a call; `seen` is its answer, as far as there is one."""
    usage = seen.get("usage")
    if account.traced is not None:
        account.traced.answer(seen)
    return CallRecord(
        provider=deployment.provider,
        requested_model=deployment.requested,
        model=_text(seen.get("model")),
        deployment=deployment.model,
        api=prepared.api,
        operation=prepared.operation,
        stream=stream,
        status=status,
        started=started,
        seconds=seconds,
        first_token=first,
        attempts=attempts,
        response_id=_text(seen.get("id")),
        request_id=request_id_of(headers),
        service_tier=_text(seen.get("service_tier")),
        usage=usage or None,
        dropped=tuple(losses.dropped),
        notes=tuple(losses.notes),
        headers=safe_headers(headers),
        error=None if error is None else type(error).__name__,
        user=account.user,
        safety_identifier=account.safety_identifier,
        tags=account.tags,
        metadata=account.metadata,
        billed=(
            _billed(deployment, prepared, account, seen, status, started, now, attempts, headers),
        ),
        account=account,
    )


def _billed(
    deployment: Deployment,
    prepared: Prepared,
    account: Account,
    seen: JsonObject,
    status: str,
    started: float,
    now: float,
    attempts: tuple[Attempt, ...],
    headers: Mapping[str, str],
) -> Billed:
    facts = facts_of(seen)
    free, untold, estimate = None, None, False
    if prepared.operation not in _BILLED:
        free = None if _ended(prepared.operation, seen, account) else _FREE
    elif not facts.get("usage"):
        free, untold = _without_usage(seen, status, attempts)
        if free is None and untold is None:
            facts["usage"] = rough_usage(prepared.content, seen)
            estimate = True
    names = containers_in(facts) if "output" in facts and not free else ()
    return Billed(
        body=facts,
        asked=_asked(
            deployment.provider,
            deployment.model,
            deployment.base_model,
            account.service_tier,
            deployment.region,
            deployment.data_zone,
            deployment.deployment_type,
            account.image_model,
        ),
        at=started,
        prices=account.prices,
        reported=headers.get("x-litellm-response-cost"),
        open=account.seen.containers(names, now) if account.seen and names else frozenset(),
        free=free,
        untold=untold,
        estimate=estimate,
    )


@lru_cache(maxsize=1024)
def _asked(
    provider: str,
    model: str,
    base_model: str | None,
    service_tier: str | None,
    region: str | None,
    data_zone: str | None,
    deployment_type: str | None,
    image_model: str | None,
) -> Asked:
    """What is asked of the price tables: the same for most calls of a client."""
    return Asked(
        provider=provider,
        model=model,
        base_model=base_model,
        service_tier=service_tier,
        region=region,
        data_zone=data_zone,
        deployment_type=deployment_type,
        image_model=image_model,
    )


def _ended(operation: str, seen: JsonObject, account: Account) -> bool:
    """Whether this look-up is the first to see a background response with its usage."""
    return (
        operation in ("responses.retrieve", "responses.cancel")
        and seen.get("background") is True
        and bool(seen.get("usage"))
        and (account.seen is None or account.seen.first(str(seen.get("id"))))
    )


def _without_usage(
    seen: JsonObject, status: str, attempts: tuple[Attempt, ...]
) -> tuple[str | None, str | None]:
    """Why nothing was billed, or why it is not known; neither where it can be estimated."""
    if not attempts:
        return "nothing was sent", None
    if attempts[-1].status >= 400:
        return "a refused call is not billed", None
    if status in _UNDONE:
        return None, "the response is not finished yet"
    if status == "cancelled" and attempts[-1].status:
        return None, None
    if seen and status == "failed" and attempts[-1].status:
        return None, None
    if not attempts[-1].status:
        return None, "no answer came, so nobody knows whether it is billed"
    return None, "the answer reports no usage"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
