"""Both drivers do the same: one list of scenarios, played to each, with equal outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Mapping
from typing import Any

import pytest

from resp_core.drive import adrive, afinish, drive, finish
from resp_core.effects import Close, Effect, Emit, Read, Sleep
from resp_core.errors import APIConnectionError


class Scenario:
    """A flow made of a generator function, with what it still owes at the end."""

    result = record = opened = None

    def __init__(self, body: Callable[[list[Any]], Generator[Effect, Any, Any]]) -> None:
        self.body = body
        self.log: list[Any] = []

    @property
    def pending(self) -> Mapping[str, Effect]:
        return {"owed": Sleep(0.0)}

    def run(self) -> Generator[Effect, Any, None]:
        try:
            yield from self.body(self.log)
        except GeneratorExit:
            self.log.append("closed")
            raise


class Exchange:
    """Answers each kind of effect; `failing` kinds raise what they hold."""

    def __init__(self, failing: dict[type, BaseException] | None = None) -> None:
        self.failing = failing or {}
        self.done: list[Any] = []
        self.released: list[Any] = []

    def perform(self, effect: Effect) -> Any:
        self.done.append(effect)
        if type(effect) in self.failing:
            raise self.failing[type(effect)]
        return f"answer to {type(effect).__name__}"

    def release(self, pending: Mapping[str, Effect]) -> None:
        self.released.append(dict(pending))


class AsyncExchange(Exchange):
    async def perform(self, effect: Effect) -> Any:  # type: ignore[override]
        await asyncio.sleep(0)
        return Exchange.perform(self, effect)

    async def release(self, pending: Mapping[str, Effect]) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        Exchange.release(self, pending)


def simple(log: list[Any]) -> Generator[Effect, Any, None]:
    log.append((yield Read()))
    yield Emit([{"n": 1}, {"n": 2}])
    log.append((yield Close()))
    yield Emit([{"n": 3}])


def silent(log: list[Any]) -> Generator[Effect, Any, None]:
    log.append((yield Read()))


def nothing(log: list[Any]) -> Generator[Effect, Any, None]:
    yield from ()


def empty_emit(log: list[Any]) -> Generator[Effect, Any, None]:
    yield Emit([])
    yield Emit([{"n": 1}])


def forgiving(log: list[Any]) -> Generator[Effect, Any, None]:
    try:
        yield Read()
    except APIConnectionError as error:
        log.append(str(error))
    yield Emit([{"n": 1}])


def raising(log: list[Any]) -> Generator[Effect, Any, None]:
    yield Emit([{"n": 1}])
    raise ValueError("mine")


def raising_between(log: list[Any]) -> Generator[Effect, Any, None]:
    """What was decoded before an error is emitted before it is raised."""
    try:
        raise APIConnectionError("late")
    finally:
        yield Emit([{"n": 1}])


SCENARIOS: dict[str, tuple[Callable[..., Any], dict[type, BaseException]]] = {
    "simple": (simple, {}),
    "silent": (silent, {}),
    "nothing": (nothing, {}),
    "empty emit": (empty_emit, {}),
    "an effect fails": (simple, {Read: APIConnectionError("gone")}),
    "an effect fails late": (simple, {Close: APIConnectionError("gone")}),
    "a failure is caught": (forgiving, {Read: APIConnectionError("gone")}),
    "the flow raises": (raising, {}),
    "emitted, then raised": (raising_between, {}),
    "no ordinary exception": (simple, {Read: KeyboardInterrupt()}),
}


def outcome(
    flow: Scenario, exchange: Exchange, seen: list[Any], error: BaseException | None
) -> Any:
    return {
        "seen": seen,
        "log": flow.log,
        "done": exchange.done,
        "released": exchange.released,
        "error": (type(error), str(error)) if error else None,
    }


def play(name: str, most: int | None = None) -> Any:
    body, failing = SCENARIOS[name]
    flow, exchange, seen = Scenario(body), Exchange(failing), []
    error: BaseException | None = None
    driven = drive(flow, exchange)
    try:
        for event in driven:
            seen.append(event)
            if len(seen) == most:
                break
    except BaseException as caught:
        error = caught
    driven.close()
    return outcome(flow, exchange, seen, error)


def aplay(name: str, most: int | None = None) -> Any:
    body, failing = SCENARIOS[name]
    flow, exchange, seen = Scenario(body), AsyncExchange(failing), []

    async def main() -> BaseException | None:
        driven = adrive(flow, exchange)
        try:
            async for event in driven:
                seen.append(event)
                if len(seen) == most:
                    break
        except BaseException as caught:
            return caught
        finally:
            await driven.aclose()
        return None

    loop = asyncio.new_event_loop()
    try:
        error = loop.run_until_complete(main())
    finally:
        loop.close()
    return outcome(flow, exchange, seen, error)


@pytest.mark.parametrize("most", [None, 1, 2])
@pytest.mark.parametrize("name", SCENARIOS)
def test_both_drivers_do_the_same(name: str, most: int | None) -> None:
    ours, theirs = play(name, most), aplay(name, most)
    assert ours == theirs
    assert ours["released"] == [{"owed": Sleep(0.0)}]  # once, however it ended


EXPECTED: dict[str, tuple[list[int], Any]] = {
    "simple": ([1, 2, 3], None),
    "silent": ([], None),
    "nothing": ([], None),
    "empty emit": ([1], None),
    "an effect fails": ([], APIConnectionError),
    "an effect fails late": ([1, 2], APIConnectionError),
    "a failure is caught": ([1], None),
    "the flow raises": ([1], ValueError),
    "emitted, then raised": ([1], APIConnectionError),
    "no ordinary exception": ([], KeyboardInterrupt),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_they_do(name: str) -> None:
    numbers, error = EXPECTED[name]
    played = play(name)
    assert [event["n"] for event in played["seen"]] == numbers
    assert (played["error"] or [None])[0] is error


def test_walking_away_closes_the_flow_before_it_releases() -> None:
    played = play("simple", most=1)
    assert played["log"] == ["answer to Read", "closed"]
    assert played["done"] == [Read()]


def test_one_that_was_never_begun_does_nothing() -> None:
    flow, exchange = Scenario(simple), Exchange()
    drive(flow, exchange).close()
    assert exchange.released == []

    async def main() -> None:
        await adrive(flow, AsyncExchange()).aclose()

    asyncio.run(main())
    assert flow.log == []


def test_cancelling_the_task_releases() -> None:
    class Waiting(AsyncExchange):
        async def perform(self, effect: Effect) -> Any:  # type: ignore[override]
            self.done.append(effect)
            await asyncio.sleep(60)

    flow, exchange = Scenario(simple), Waiting()

    async def main() -> None:
        async def consume() -> None:
            async for _event in adrive(flow, exchange):
                pass

        task = asyncio.create_task(consume())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert flow.log == ["closed"]
    assert exchange.released == [{"owed": Sleep(0.0)}]


def value(log: list[Any]) -> Generator[Effect, Any, str]:
    yield Sleep(0.0)
    return "value"


def test_a_sub_flow_returns_its_value() -> None:
    exchange = Exchange()
    assert finish(value([]), exchange) == "value"
    assert exchange.released == [{}]

    async def main() -> Any:
        return await afinish(value([]), AsyncExchange())

    assert asyncio.run(main()) == "value"


def test_a_hook_that_fails_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    from resp_core import Client

    told: list[Any] = []

    def broken(record: Any) -> None:
        raise RuntimeError("in the hook")

    client = Client("offline/demo", hooks=[broken, told.append])
    assert client.responses.create(input="Hello").output_text
    assert [record.status for record in told] == ["completed"]
    assert "hook" in caplog.text
