"""What a resource needs of its client: somebody who carries plans out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from resp_core.client.obj import Result
    from resp_core.client.plan import Plan
    from resp_core.client.stream import AsyncStream, Stream
    from resp_core.drive import Flow
    from resp_core.types.request import OnUnsupported

__all__ = ["AsyncCarrier", "Carrier"]


class _Settings(Protocol):
    @property
    def on_unsupported(self) -> OnUnsupported:
        """What happens to a parameter that a target cannot carry, unless a call says."""
        ...

    def call_for(self, plan: Plan, /) -> Flow:
        """The call of a plan."""
        ...

    def clock(self, timeout: float | None, /) -> Callable[[], float]:
        """Tells the seconds left of `timeout`, or of the client's own."""
        ...


class Carrier(_Settings, Protocol):
    """A `Client`, or what stands in for one."""

    def answer(self, plan: Plan, /) -> Any:
        """Carry a plan out: what its method returns, a result or a stream that has begun."""
        ...

    def carried_out(self, call: Flow, plan: Plan, /) -> Any:
        """The same for a call of the plan that was made before."""
        ...

    def lazily(self, plan: Plan, /) -> Stream:
        """A stream that sends its request when it is first read."""
        ...

    def step_through(self, steps: Generator[Plan | float, Result, Result], /) -> Result:
        """Carry out the plans and pauses that a helper yields, to its end."""
        ...


class AsyncCarrier(_Settings, Protocol):
    """The same, awaited."""

    async def answer(self, plan: Plan, /) -> Any:
        """Carry a plan out: what its method returns, a result or a stream that has begun."""
        ...

    async def carried_out(self, call: Flow, plan: Plan, /) -> Any:
        """The same for a call of the plan that was made before."""
        ...

    def lazily(self, plan: Plan, /) -> AsyncStream:
        """A stream that sends its request when it is first read."""
        ...

    async def step_through(self, steps: Generator[Plan | float, Result, Result], /) -> Result:
        """Carry out the plans and pauses that a helper yields, to its end."""
        ...
