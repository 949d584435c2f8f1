"""Whom a call is for and what counts it: from a client's settings and a call's parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from resp_core.cost.account import Account, tellers
from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from resp_core.client.params import CallOptions
    from resp_core.cost.account import Seen
    from resp_core.cost.budget import Budgets
    from resp_core.cost.custom import Price
    from resp_core.flow import Task
    from resp_core.observe.otel import Telemetry
    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["Spending"]

_LABELS = ("user", "safety_identifier", "metadata", "service_tier")


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
        body = _asked(task)
        labels = {name: body[name] for name in _LABELS if body.get(name) is not None}
        counting = tellers.get()
        track = options.get("track")
        if track is not None and track not in counting:
            if not hasattr(track, "add"):
                raise ArgumentError("track must be what track_costs() gives.", param="track")
            counting = (*counting, track)
        tags = options.get("tags")
        traced, headers = self._traced(task, model)
        return Account(
            user=_text(labels.get("user")),
            safety_identifier=_text(labels.get("safety_identifier")),
            tags=self.tags if tags is None else (*self.tags, *_tags(tags)),
            metadata=labels["metadata"] if isinstance(labels.get("metadata"), dict) else {},
            prices=self.prices,
            image_model=options.get("image_model") or self.image_model,
            service_tier=_text(labels.get("service_tier")),
            seen=seen,
            tellers=counting,
            budgets=self.budgets,
            headers=headers,
            traced=traced,
        )

    def _traced(
        self, task: Task, model: str | None
    ) -> tuple[Callable[[CallRecord], None] | None, Mapping[str, str]]:
        """What ends the call's span, and the headers that carry it."""
        telemetry = self.telemetry
        if telemetry is None:
            return None, {}
        tracing = telemetry.begin(_operation(task), (model or "").partition("/")[2] or model or "")
        return (lambda record: telemetry.end(record, tracing.span)), tracing.headers


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
    from resp_core.cost.budget import Budget, Budgets

    base = base or Budgets()
    if isinstance(wanted, Budgets):
        base = wanted
    elif wanted is not None:
        alone = isinstance(wanted, Budget) or hasattr(wanted, "keys")
        listed: list[Any] = [wanted] if alone else list(cast("Any", wanted))
        made = (b if isinstance(b, Budget) else Budget(**b) for b in listed)
        base = replace(base, budgets=tuple(made))
    return base if unknown is None else replace(base, on_unknown_price=unknown)


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
