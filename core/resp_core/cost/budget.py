"""Budgets: the estimate is reserved before a call and settled after it, so races cannot overrun.

A budget that is used up ends calls before anything is sent. What a crashed process had reserved
comes back after a time.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from resp_core.cost.asked import Asked
from resp_core.cost.bill import text_of
from resp_core.cost.custom import Price
from resp_core.cost.price import price
from resp_core.cost.rough import rough_usage
from resp_core.effects import Counters, Line
from resp_core.errors import ArgumentError, BudgetExceeded, PriceUnknown
from resp_core.types.json import loads
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from resp_core.cost.account import Account
    from resp_core.effects import Answer, Effect, Refusal
    from resp_core.flow import Prepared
    from resp_core.observe.record import CallRecord
    from resp_core.route.deployment import Deployment
    from resp_core.types.json import JsonObject
    from resp_core.wire.ids import NewId

__all__ = ["Budget", "Budgets", "Held", "OnUnknownPrice", "budgets_of", "reserve", "resets_at"]

Window: TypeAlias = Literal["minute", "day", "month", "total"]
By: TypeAlias = Literal["key", "user", "tag", "model"]
OnUnknownPrice: TypeAlias = "Literal['warn', 'block'] | Price"

#: Amounts in stores are whole billionths of a dollar.
_NANO = Decimal(10**9)
_SAFETY = Decimal("1.25")  # the rule of thumb for input may be too low
_BILLED = frozenset(("responses", "chat", "embeddings", "completions", "responses.compact"))
_WINDOWS = ("minute", "day", "month", "total")
_DIMENSIONS = (None, "key", "user", "tag", "model")
_WEEK = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `limit` US dollars per `window` (UTC), over all calls or each `by`'s own.

    `by` is "user" (else the safety identifier), "tag", "model" ("provider/name") or "key" (the
    credential that pays); `only` restricts it to one of them.
    """

    limit: Decimal | str | float
    window: Window = "total"
    by: By | None = None
    only: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        try:
            amount = Decimal(str(self.limit))
        except ArithmeticError:
            amount = Decimal(-1)
        if not amount.is_finite() or amount < 0:
            raise ArgumentError(
                f"A budget's limit is an amount of dollars, not {self.limit!r}.", param="budgets"
            )
        if self.window not in _WINDOWS:
            raise ArgumentError(
                f"A budget's window is one of {', '.join(_WINDOWS)}, not {self.window!r}.",
                param="budgets",
            )
        if self.by not in _DIMENSIONS:
            raise ArgumentError(
                f"A budget goes by key, user, tag or model, not {self.by!r}.", param="budgets"
            )
        object.__setattr__(self, "limit", amount)

    @property
    def amount(self) -> Decimal:
        """The limit in US dollars."""
        return Decimal(self.limit)

    def called(self, value: str) -> str:
        """The budget's name, for people."""
        if self.name:
            return f"{self.name} ({value})" if value else self.name
        of = f" of {self.by} {value}" if self.by else ""
        return f"{self.window} budget{of}"


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of a client.

    A call without a limit on its output reserves `output_tokens` of it. `hold` seconds after it
    was made a reservation that nobody settled comes back. `on_unknown_price`: "block" refuses
    calls whose price is not known, "warn" lets them pass uncounted, a `Price` is assumed.
    `on_store_error`: where the shared store cannot be reached, "local" counts in this process
    alone, which the log says, and "fail" raises StoreError.
    """

    budgets: tuple[Budget, ...] = ()
    on_unknown_price: OnUnknownPrice = "block"
    output_tokens: int = 4096
    hold: float = 900.0
    on_store_error: Literal["local", "fail"] = "local"

    def __post_init__(self) -> None:
        if not isinstance(self.on_unknown_price, Price) and self.on_unknown_price not in (
            "warn",
            "block",
        ):
            raise ArgumentError(
                f"on_unknown_price is warn, block or a Price, not {self.on_unknown_price!r}.",
                param="on_unknown_price",
            )
        if self.on_store_error not in ("local", "fail"):
            raise ArgumentError(
                f"on_store_error is local or fail, not {self.on_store_error!r}.", param="budgets"
            )


def budgets_of(given: Any, base: Budgets | None = None) -> Budgets:
    """Budgets as a client or a configuration gives them: a `Budgets`, or one or several of a
    `Budget` or its fields by name. What `base` says of the rest holds on. Raises ArgumentError."""
    if isinstance(given, Budgets):
        return given
    if isinstance(given, Budget | Mapping):
        listed: list[Any] = [given]
    elif isinstance(given, list | tuple):
        listed = list(cast("Sequence[Any]", given))
    else:
        raise ArgumentError(
            f"budgets are a list of Budget, not {type(given).__name__}.", param="budgets"
        )
    return replace(base or Budgets(), budgets=tuple(map(_budget, listed)))


def _budget(given: Any) -> Budget:
    if isinstance(given, Budget):
        return given
    if not isinstance(given, Mapping):
        raise ArgumentError(
            f"A budget is a Budget or its fields, not {type(given).__name__}.", param="budgets"
        )
    values = cast("Mapping[str, Any]", given)
    names = tuple(each.name for each in fields(Budget))
    wrong = [name for name in values if name not in names]
    if wrong or "limit" not in values:
        said = f"no field {wrong[0]!r}" if wrong else "to have a limit"
        raise ArgumentError(
            f"A budget has {said}: its fields are {', '.join(names)}.", param="budgets"
        )
    return Budget(**values)


@dataclass(frozen=True, slots=True)
class Held:
    """What was reserved for a call."""

    id: str
    lines: tuple[Line, ...]

    def settle(self, record: CallRecord) -> Counters:
        """The effect that puts what the call cost in the place of what was reserved.

        What is not known of a cost is taken to be what was reserved.
        """
        cost = record.cost
        lines = self.lines
        if cost.total is not None:
            amount = _nano(cost.total)
            lines = tuple(Line(line.key, amount, line.limit, line.kept) for line in lines)
        return Counters("settle", self.id, lines, 0.0)


def reserve(
    account: Account, deployment: Deployment, prepared: Prepared, at: float, new_id: NewId
) -> Generator[Effect, Answer, Held | None]:
    """Reserve what a call may cost. Raises BudgetExceeded; None: no budget applies to it."""
    budgets = account.budgets
    if budgets is None or not budgets.budgets or prepared.operation not in _BILLED:
        return None
    now = datetime.fromtimestamp(at, UTC)
    applying = [
        (budget, value)
        for budget in budgets.budgets
        for value in _values(budget, account, deployment)
        if budget.only is None or budget.only == value
    ]
    if not applying:
        return None
    worst = _estimate(budgets, account, deployment, prepared, now)
    if worst is None:
        return None
    lines = tuple(
        Line(
            _key(budget, value, now),
            _nano(worst),
            int(budget.amount * _NANO),
            _kept(budget.window),
        )
        for budget, value in applying
    )
    held = Held(new_id("hold_"), lines)
    strict = budgets.on_store_error == "fail"
    refusal: Refusal | None = yield Counters("reserve", held.id, lines, budgets.hold, strict)
    if refusal is not None:
        raise _exceeded(*applying[refusal.line], worst, refusal.used, now)
    return held


def _estimate(
    budgets: Budgets,
    account: Account,
    deployment: Deployment,
    prepared: Prepared,
    at: datetime,
) -> Decimal | None:
    """The most that a call should cost, in US dollars; None: it passes uncounted."""
    request = as_object(loads(prepared.content)) if prepared.content else {}
    usage = rough_usage(prepared.content, {})
    into = int(usage["input_tokens"] * _SAFETY) + 16
    out = 0 if prepared.operation == "embeddings" else _most_output(request, budgets)
    many: Any = request.get("n")
    answers: int = many if type(many) is int and many > 0 else 1
    asked = Asked(
        provider=deployment.provider,
        model=deployment.model,
        base_model=deployment.base_model,
        service_tier=account.service_tier,
        region=deployment.region,
        data_zone=deployment.data_zone,
        deployment_type=deployment.deployment_type,
    )
    body = {"usage": {"input_tokens": into, "output_tokens": out * answers}}
    cost = price(body, asked, at, account.prices)
    if cost.total is None and isinstance(budgets.on_unknown_price, Price):
        named = {deployment.model.lower(): budgets.on_unknown_price}
        cost = price(body, replace(asked, base_model=None), at, named)
    if cost.total is not None:
        return cost.total
    why = "; ".join(str(gap) for gap in cost.unknown)
    if budgets.on_unknown_price == "warn":
        warnings.warn(
            f"The price of {deployment.requested} is not known, so no budget counts it: {why}",
            UserWarning,
            stacklevel=2,
        )
        return None
    raise PriceUnknown(
        f"The price of {deployment.requested} is not known, and a budget applies: {why}. Nothing "
        "was sent. Give it a price (prices=, base_model=), or set on_unknown_price.",
    )


def _most_output(request: JsonObject, budgets: Budgets) -> int:
    for name in ("max_output_tokens", "max_completion_tokens", "max_tokens"):
        limit = request.get(name)
        if type(limit) is int and limit > 0:
            return limit
    return budgets.output_tokens


def _values(budget: Budget, account: Account, deployment: Deployment) -> Sequence[str]:
    if budget.by is None:
        return ("",)
    if budget.by == "user":
        return (account.user or account.safety_identifier or "nobody",)
    if budget.by == "tag":
        return tuple(dict.fromkeys(account.tags))
    if budget.by == "model":
        return (f"{deployment.provider}/{deployment.model}",)
    return (account.key or _fingerprint(deployment),)


def _fingerprint(deployment: Deployment) -> str:
    """A name for the credential that does not give it away."""
    key = getattr(deployment.auth, "key", None)
    text = key.reveal() if key is not None else repr(deployment.auth)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _key(budget: Budget, value: str, now: datetime) -> str:
    start = {
        "minute": now.strftime("%Y-%m-%dT%H:%M"),
        "day": now.strftime("%Y-%m-%d"),
        "month": now.strftime("%Y-%m"),
        "total": "all",
    }[budget.window]
    return f"budget:{budget.name or budget.by or 'whole'}:{value}:{budget.window}:{start}"


def _kept(window: Window) -> int:
    """Seconds for which a window's counter is of use; 0: for ever."""
    return {"minute": 3600, "day": _WEEK, "month": 9 * _WEEK, "total": 0}[window]


def resets_at(window: Window, now: datetime) -> datetime | None:
    """When a window's counter begins again; None: never."""
    if window == "minute":
        return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if window == "day":
        return midnight + timedelta(days=1)
    if window == "month":
        return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return None


def _exceeded(
    budget: Budget, value: str, needed: Decimal, used: int, now: datetime
) -> BudgetExceeded:
    left = max(budget.amount - Decimal(used) / _NANO, Decimal(0))
    again = resets_at(budget.window, now)
    when = f"It resets at {again:%Y-%m-%d %H:%M} UTC." if again else "It does not reset."
    name = budget.called(value)
    return BudgetExceeded(
        f"The {name} of {text_of(budget.amount)} USD has {text_of(left)} USD left, and this call "
        f"may cost {text_of(needed)} USD. Nothing was sent. {when}",
        budget=name,
        limit=budget.amount,
        left=left,
        needed=needed,
        resets_at=again,
    )


def _nano(amount: Decimal) -> int:
    return int((amount * _NANO).to_integral_value(rounding=ROUND_CEILING))
