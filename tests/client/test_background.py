"""Waiting for a background response: a table of looks and pauses, and the real thing."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from resp_core.client.background import waiting
from resp_core.client.obj import Result
from resp_core.client.plan import Plan
from resp_core.errors import (
    APITimeoutError,
    ArgumentError,
    ResponseCancelledError,
    ResponseFailedError,
    StreamInterrupted,
)
from tests.callers import OWN, Caller
from tests.rawserver import Peer, answer, event, events, raw_server, response, streamed

QUEUED, RUNNING, DONE = (
    Result(response(status=status)) for status in ("queued", "in_progress", "completed")
)


class Time:
    """A clock that goes on by what is waited."""

    now = 0.0

    def clock(self, timeout: float | None) -> Any:
        until = self.now + (600.0 if timeout is None else timeout)
        return lambda: until - self.now


def play(
    steps: Generator[Plan | float, Result, Result], answers: list[Any], time: Time
) -> tuple[list[Any], Result | None]:
    """What a wait does when it is given these answers: seconds, and the streams it asks for."""
    done: list[Any] = []
    step = next(steps)
    try:
        while True:
            if isinstance(step, Plan):
                done.append("stream" if step.task.stream else "look")
                given = answers.pop(0)
                step = steps.throw(given) if isinstance(given, Exception) else steps.send(given)
            else:
                done.append(round(step, 2))
                time.now += step
                step = next(steps)
    except StopIteration as stop:
        return done, stop.value


def wait(answers: list[Any], **params: Any) -> tuple[list[Any], Result | None]:
    time = Time()
    return play(waiting("resp_1", params, time.clock), answers, time)


def test_it_looks_until_the_response_has_ended() -> None:
    done, ended = wait([QUEUED, RUNNING, RUNNING, DONE])
    assert done == ["look", 1.0, "look", 1.5, "look", 2.25, "look"]
    assert ended is DONE


def test_pauses_grow_to_ten_seconds_and_not_past_the_limit() -> None:
    done, _ = wait([*[RUNNING] * 9, DONE], interval=4)
    assert done[1::2] == [4.0, 6.0, 9.0, *[10.0] * 6]
    with pytest.raises(APITimeoutError, match="still in_progress") as caught:
        wait([RUNNING] * 9, interval=4, within=11)
    assert caught.value.partial is RUNNING


def test_an_incomplete_response_has_ended() -> None:
    cut = Result(response(status="incomplete"))
    assert wait([cut]) == (["look"], cut)


@pytest.mark.parametrize(
    ("status", "error"),
    [("failed", ResponseFailedError), ("cancelled", ResponseCancelledError)],
)
def test_a_response_that_did_not_succeed_is_an_error(status: str, error: Any) -> None:
    ended = Result(response(status=status, error={"code": "server_error", "message": "Oh."}))
    with pytest.raises(error) as caught:
        wait([RUNNING, ended])
    assert caught.value.partial is ended
    if status == "failed":
        assert "Oh." in str(caught.value)


def test_a_stream_is_read_on_and_its_break_is_survived() -> None:
    assert wait([DONE], starting_after=4) == (["stream"], DONE)
    broken = StreamInterrupted("The stream broke off.")
    assert wait([broken, RUNNING, DONE], starting_after=4) == (
        ["stream", "look", 1.0, "look"],
        DONE,
    )


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"within": 0}, "within"),
        ({"within": "5"}, "within"),
        ({"interval": -1}, "interval"),
        ({"timeout": "5"}, "timeout"),
        ({"intervall": 1}, "intervall"),
        ({"starting_after": "4"}, "starting_after"),
    ],
)
def test_what_is_wrong_is_said_before_the_first_look(params: dict[str, Any], param: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        wait([], **params)
    assert caught.value.param == param


@pytest.mark.parametrize("kind", OWN)
def test_the_offline_model_ends(kind: str) -> None:
    caller = Caller(kind, model="offline/demo", api_key=None)
    made = caller.respond(input="Tell me about bees", background=True)
    ended = caller.call(lambda client: client.responses.wait(made.id, interval=0.001))
    assert (ended.id, ended.status) == (made.id, "completed")
    assert ended.output_text


@pytest.mark.parametrize("kind", OWN)
def test_a_cut_stream_is_taken_up_and_then_looked_at(kind: str) -> None:
    """The stream from event 4 on breaks off as well: the answer comes from a look."""
    listed = events("Hel", "lo")

    def serve(peer: Peer) -> None:
        while asked := peer.ask():
            if "stream=true" in asked.path:
                assert "starting_after=3" in asked.path
                peer.send(streamed(*map(event, listed[4:6])))
            else:
                peer.send(answer(response("Hello")))

    with raw_server(serve) as server:
        caller = Caller(kind, base_url=server.url)
        ended = caller.call(lambda client: client.responses.wait("resp_1", starting_after=3))
    assert ended.output_text == "Hello"
    assert [asked.path.partition("?")[2] != "" for asked in server.requests] == [True, False]
