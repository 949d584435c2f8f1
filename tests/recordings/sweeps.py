"""One test sweeps over all exchanges of a provider and API, and says what came out.

A check raises AssertionError where the package is wrong. It returns None, or the reason for
which something differs from the recording as it should (an allowance, which is counted). It
raises `Exempt` for a recording that cannot be held against the package.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.recordings import corpus
from tests.recordings.corpus import Exchange

Check = Callable[[Exchange], str | None]
PROPERTY = "recordings"
_FAILS = (Exception, pytest.fail.Exception)  # the latter comes of `pytest.raises`
_SHOWN = 10


class Exempt(Exception):
    """The recording itself is at fault; the text says how."""


@dataclass(frozen=True)
class Group:
    """The exchanges of one provider and API that a test is about."""

    provider: str
    api: str
    exchanges: tuple[Exchange, ...]


def groups(select: Callable[[Exchange], bool] = lambda _: True, *, text: bool = False) -> list[Any]:
    """Parameters for a test: one for each provider and API with such exchanges.

    `text`: those of the old Completions API, which no method of the client speaks; else the others.
    """
    if not corpus.available():
        reason = f"the recordings are not beside this checkout ({corpus.RECORDINGS})"
        return [pytest.param(None, id="no-recordings", marks=pytest.mark.skip(reason=reason))]
    found: list[Any] = []
    for (provider, api), exchanges in sorted(corpus.groups().items()):
        if text is not (api == "completions"):
            continue
        chosen = tuple(exchange for exchange in exchanges if select(exchange))
        if chosen:
            found.append(pytest.param(Group(provider, api, chosen), id=f"{provider}-{api}"))
    return found


@dataclass
class Sweep:
    """What one test found."""

    group: Group
    aspect: str
    passed: int = 0
    allowed: Counter[str] = field(default_factory=Counter)
    exempt: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def over(self, check: Check) -> None:
        """Check every exchange."""
        for exchange in self.group.exchanges:
            try:
                self._note(check(exchange))
            except Exempt as reason:
                self.exempt[exchange.name] = str(reason)
            except _FAILS as error:
                self.failed[exchange.name] = _short(error)

    async def over_awaited(self, check: Callable[[Exchange], Awaitable[str | None]]) -> None:
        """The same with a check that awaits."""
        for exchange in self.group.exchanges:
            try:
                self._note(await check(exchange))
            except Exempt as reason:
                self.exempt[exchange.name] = str(reason)
            except _FAILS as error:
                self.failed[exchange.name] = _short(error)

    def finish(self, record: Callable[[str, object], None]) -> None:
        """Hand the figures to the summary; fail with the first failures."""
        record(
            PROPERTY,
            {
                "provider": self.group.provider,
                "api": self.group.api,
                "aspect": self.aspect,
                "names": [exchange.name for exchange in self.group.exchanges],
                "allowed": dict(self.allowed),
                "exempt": self.exempt,
                "failed": list(self.failed),
                "left_out": dict(corpus.left_out),
            },
        )
        if self.failed:
            shown = [f"{name}: {why}" for name, why in list(self.failed.items())[:_SHOWN]]
            pytest.fail(
                f"{len(self.failed)} of {len(self.group.exchanges)} exchanges:\n"
                + "\n".join(shown),
                pytrace=False,
            )

    def _note(self, reason: str | None) -> None:
        self.passed += 1
        if reason:
            self.allowed[reason] += 1


def _short(error: BaseException) -> str:
    said = str(error).split("\n")[0] if isinstance(error, AssertionError) else repr(error)
    return said[:600] or repr(error)


def same(ours: Any, recorded: Any, what: str) -> None:
    """Assert equality; the message shows where two JSON values part, not all of them."""
    if ours != recorded:
        raise AssertionError(f"{what}{_difference(ours, recorded)}")


def _difference(ours: Any, recorded: Any, path: str = "") -> str:
    if isinstance(ours, dict) and isinstance(recorded, dict):
        for key in {**recorded, **ours}:
            if key not in ours or key not in recorded:
                side = "missing" if key not in ours else "added"
                value = recorded.get(key, ours.get(key))
                return f"{path}.{key} is {side}: {str(value)[:200]!r}"
            if ours[key] != recorded[key]:
                return _difference(ours[key], recorded[key], f"{path}.{key}")
    if isinstance(ours, list | tuple) and isinstance(recorded, list | tuple):
        for at, (a, b) in enumerate(zip(ours, recorded, strict=False)):
            if a != b:
                return _difference(a, b, f"{path}[{at}]")
        return f"{path} has {len(ours)} entries, not {len(recorded)}"
    return f"{path} is {str(ours)[:200]!r}, not {str(recorded)[:200]!r}"
