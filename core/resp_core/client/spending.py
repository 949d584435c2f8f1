"""Whom a call is for and what counts it: from a client's settings and a call's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from resp_core.cost.account import Account, tellers
from resp_core.errors import ArgumentError
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from resp_core.client.params import CallOptions
    from resp_core.cost.account import Seen, Teller
    from resp_core.cost.budget import Budgets
    from resp_core.cost.custom import Price
    from resp_core.flow import Task
    from resp_core.observe.otel import Telemetry, Tracing
    from resp_core.types.json import JsonObject

__all__ = ["Spending"]


@dataclass(frozen=True, slots=True)
class Spending:
    """A client's own prices and labels."""

    prices: Mapping[str, Price] = field(default_factory=dict[str, Any])
    tags: tuple[str, ...] = ()
    image_model: str | None = None
    budgets: Budgets | None = None
    telemetry: Telemetry | None = None

    def updated(self, given: Mapping[str, Any]) -> Spending:
        """With the client arguments `prices`, `tags` and `image_model` over these."""
        changes: dict[str, Any] = {}
        if given.get("prices") is not None:
            from resp_core.cost.custom import prices_of

            changes["prices"] = prices_of(given["prices"])
        if given.get("tags") is not None:
            changes["tags"] = _tags(given["tags"])
        if given.get("image_model") is not None:
            changes["image_model"] = given["image_model"]
        if given.get("telemetry") is not None:
            changes["telemetry"] = _telemetry(given["telemetry"])
        found = _budgets(given, self.budgets)
        if found is not self.budgets:
            changes["budgets"] = found
        return replace(self, **changes) if changes else self

    def account(
        self, task: Task, options: CallOptions, seen: Seen, model: str | None = None
    ) -> Account:
        """The account of one call. Raises ArgumentError."""
        body, tags = _asked(task), options.get("tags")
        tracing = None if self.telemetry is None else self._trace(self.telemetry, task, model)
        return Account(
            user=_text(body.get("user")),
            safety_identifier=_text(body.get("safety_identifier")),
            tags=(*self.tags, *_tags(tags)) if tags else self.tags,
            metadata=as_object(body.get("metadata")),
            prices=self.prices,
            image_model=options.get("image_model") or self.image_model,
            service_tier=_text(body.get("service_tier")),
            seen=seen,
            tellers=_counting(options.get("track")),
            budgets=self.budgets,
            headers={} if tracing is None else tracing.headers,
            traced=tracing,
        )

    def _trace(self, telemetry: Telemetry, task: Task, model: str | None) -> Tracing:
        """The span of a call, under the context that the call's own headers or its caller give."""
        name = (model or "").partition("/")[2] or model or ""
        request: Any = getattr(task, "request", None)
        own = getattr(task, "headers", None) if request is None else request.extra_headers
        return telemetry.begin(_operation(task), name, _asked(task), own or {})


def _counting(track: Any) -> tuple[Teller, ...]:
    """Who adds the call up: the trackers around it, and the one it names."""
    counting = tellers.get()
    if track is None or track in counting:
        return counting
    if not hasattr(track, "add"):
        raise ArgumentError("track must be what track_costs() gives.", param="track")
    return (*counting, track)


def _operation(task: Task) -> str:
    request: Any = getattr(task, "request", None)
    return request.wire if request is not None else str(getattr(task, "operation", "call"))


def _telemetry(given: Any) -> Telemetry | None:
    from resp_core.observe.otel import Telemetry

    if given is True:
        return Telemetry()
    if given is False:
        return None
    if not isinstance(given, Telemetry):
        raise ArgumentError("telemetry is True, False or a Telemetry.", param="telemetry")
    return given


def _budgets(given: Mapping[str, Any], base: Budgets | None) -> Budgets | None:
    wanted, unknown = given.get("budgets"), given.get("on_unknown_price")
    if wanted is None and unknown is None:
        return base
    from resp_core.cost.budget import Budgets, budgets_of

    found = base or Budgets()
    if wanted is not None:
        found = budgets_of(wanted, found)
    return found if unknown is None else replace(found, on_unknown_price=unknown)


def _asked(task: Task) -> JsonObject:
    """The parameters of the request, those of `extra_body` over the others."""
    request: Any = getattr(task, "request", None)
    source: Any = task if request is None else request
    body = cast("JsonObject", getattr(source, "body", None) or {})
    extra = cast("JsonObject", getattr(source, "extra_body", None) or {})
    return {**body, **extra} if extra else body


def _tags(tags: Any) -> tuple[str, ...]:
    names = (tags,) if isinstance(tags, str) else tuple(tags)
    for name in names:
        if not isinstance(name, str) or not name:
            raise ArgumentError(f"tags must be non-empty strings, not {name!r}.", param="tags")
    return names


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
