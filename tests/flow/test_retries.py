"""When a call is sent again, and how long that waits: lists of effects and answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from resp_core.auth.source import Secret, TokenAuth, TokenSource
from resp_core.effects import Open, Opened, Read, Record, Save, Sleep, Token
from resp_core.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ConflictError,
    CredentialError,
    InternalServerError,
    OverloadedError,
    QuotaError,
    RateLimitError,
    RedirectError,
)
from resp_core.flow import Policy
from resp_core.models.profile import profile_of
from resp_core.route.retry import RetryPolicy, retry_after
from tests.flow.stage import JSON, Stage, Watch, accepted, call_of, ended, flowing, refused
from tests.rawserver import frames

KEPT: list[tuple[Any, Any]] = [(Save, None), (Record, None)]


def begin(**more: Any) -> Stage:
    watch = Watch()
    return Stage(call_of(watch, **more), watch)


def failing(stage: Stage, steps: list[tuple[Any, Any]]) -> APIError:
    """Play steps of which the last, the record, lets the error out."""
    with pytest.raises(APIError) as caught:
        stage.play(*steps)
    return caught.value


def test_a_sound_call() -> None:
    stage = begin()
    stage.play(*accepted(), *KEPT)
    assert stage.over
    assert stage.call.record is not None
    assert stage.call.record.status == "completed"
    assert [attempt.status for attempt in stage.call.record.attempts] == [200]


QUOTA = {"error": {"message": "m", "type": "insufficient_quota", "code": "insufficient_quota"}}

#: status, headers, body -> seconds waited before the next attempt; None: there is none
WAITS: dict[str, tuple[int, dict[str, str], Any, float | None]] = {
    "408": (408, {}, None, 0.25),
    "409": (409, {}, None, 0.25),
    "429": (429, {}, None, 0.25),
    "500": (500, {}, None, 0.25),
    "502": (502, {}, None, 0.25),
    "503": (503, {}, None, 0.25),
    "504": (504, {}, None, 0.25),
    "529": (529, {}, None, 0.25),
    "400": (400, {}, None, None),
    "401": (401, {}, None, None),
    "403": (403, {}, None, None),
    "404": (404, {}, None, None),
    "413": (413, {}, None, None),
    "422": (422, {}, None, None),
    "307": (307, {"location": "https://elsewhere.example/"}, None, None),
    "quota": (429, {}, QUOTA, None),
    "quota, whatever the header": (429, {"x_should_retry": "true"}, QUOTA, None),
    "seconds": (429, {"retry_after": "7"}, None, 7.0),
    "fraction": (429, {"retry_after": "0.5"}, None, 0.5),
    "milliseconds win": (429, {"retry_after_ms": "120", "retry_after": "7"}, None, 0.12),
    "broken milliseconds": (429, {"retry_after_ms": "soon", "retry_after": "7"}, None, 7.0),
    "date": (
        429,
        {
            "date": "Wed, 21 Oct 2015 07:28:00 GMT",
            "retry_after": "Wed, 21 Oct 2015 07:28:05 GMT",
        },
        None,
        5.0,
    ),
    "a date that has passed": (
        429,
        {
            "date": "Wed, 21 Oct 2015 07:28:00 GMT",
            "retry_after": "Wed, 21 Oct 2015 07:27:00 GMT",
        },
        None,
        0.0,
    ),
    "a date and no Date": (429, {"retry_after": "Wed, 21 Oct 2015 07:28:05 GMT"}, None, 0.25),
    "nonsense": (429, {"retry_after": "later"}, None, 0.25),
    "negative": (429, {"retry_after": "-3"}, None, 0.25),
    "not a number": (429, {"retry_after": "nan"}, None, 0.25),
    "for ever": (429, {"retry_after": "inf"}, None, 0.25),
    "the longest wait": (429, {"retry_after": "60"}, None, 60.0),
    "longer": (429, {"retry_after": "61"}, None, None),
    "503 says when": (503, {"retry_after": "2"}, None, 2.0),
    "should not": (500, {"x_should_retry": "false"}, None, None),
    "should": (400, {"x_should_retry": "true"}, None, 0.25),
}


@pytest.mark.parametrize("name", WAITS)
def test_what_is_waited_for(name: str) -> None:
    status, headers, body, wait = WAITS[name]
    stage = begin()
    if wait is None:
        error = failing(stage, [*refused(status, body, **headers), *ended()])
        assert error.attempts == 1
        assert stage.call.record is not None
        assert stage.call.record.error == type(error).__name__
        return
    stage.play(*refused(status, body, **headers))
    assert stage.effect == Sleep(wait)
    stage.play((Sleep, None), *accepted(), *KEPT)
    assert stage.call.record is not None
    assert [attempt.status for attempt in stage.call.record.attempts] == [status, 200]


CLASSES: list[tuple[int, type[APIError]]] = [
    (307, RedirectError),
    (409, ConflictError),
    (429, RateLimitError),
    (500, InternalServerError),
    (502, InternalServerError),
    (503, OverloadedError),
    (529, OverloadedError),
]


@pytest.mark.parametrize(("status", "cls"), CLASSES)
def test_the_error_at_the_end(status: int, cls: type[APIError]) -> None:
    stage = begin(policy=Policy(retry=RetryPolicy(max_retries=0)))
    error = failing(stage, [*refused(status, retry_after="3"), *ended()])
    assert type(error) is cls
    assert error.provider == "openai"
    assert error.model == "m"
    if isinstance(error, APIStatusError):
        assert error.status_code == status
        assert error.retry_after == 3.0


def test_a_quota_is_told_apart() -> None:
    assert type(failing(begin(), [*refused(429, QUOTA), *ended()])) is QuotaError


def test_408_counts_as_worth_trying_again() -> None:
    stage = begin(policy=Policy(retry=RetryPolicy(max_retries=0)))
    assert failing(stage, [*refused(408), *ended()]).is_retryable


def test_one_budget_whatever_fails() -> None:
    """A refusal, a connection, a status: three attempts are three attempts."""
    stage = begin()
    refusal = APIConnectionError("refused")
    steps = [*refused(503), (Sleep, None), (Open, refusal), (Sleep, None), *refused(500)]
    error = failing(stage, [*steps, *ended()])
    assert error.attempts == 3
    assert type(error) is InternalServerError
    assert stage.call.record is not None
    assert [attempt.status for attempt in stage.call.record.attempts] == [503, 0, 500]
    assert [attempt.error for attempt in stage.call.record.attempts] == [
        "OverloadedError",
        "APIConnectionError",
        "InternalServerError",
    ]


def test_a_conflict_is_tried_once_more() -> None:
    stage = begin(policy=Policy(retry=RetryPolicy(max_retries=5)))
    steps = [*refused(409), (Sleep, None), *refused(409), *ended()]
    assert type(failing(stage, steps)) is ConflictError


def test_full_jitter_grows_to_its_cap() -> None:
    stage = begin(policy=Policy(retry=RetryPolicy(max_retries=6)))
    stage.watch.draws = [1.0] * 6
    waits = []
    for _ in range(6):
        stage.play(*refused(500))
        waits.append(stage.expect(Sleep).seconds)  # type: ignore[union-attr]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


def test_no_wait_outlasts_the_deadline() -> None:
    stage = begin(policy=Policy(timeout=10.0))
    stage.watch.now += 4.0
    assert failing(stage, [*refused(429, retry_after="6"), *ended()]).attempts == 1
    stage = begin(policy=Policy(timeout=10.0))
    stage.watch.now += 4.0
    stage.play(*refused(429, retry_after="5.9"))
    assert stage.effect == Sleep(5.9)


def test_a_total_timeout_is_final_and_an_idle_one_a_choice() -> None:
    total = APITimeoutError("t", kind="total", seconds=1.0)
    assert failing(begin(), [(Open, total), *ended()]).attempts == 1
    idle = APITimeoutError("t", kind="idle", seconds=1.0)
    assert failing(begin(), [(Open, idle), *ended()]).attempts == 1
    stage = begin(policy=Policy(retry=RetryPolicy(retry_on_timeout=True)))
    stage.play((Open, idle), (Sleep, None), *accepted(), *KEPT)
    assert stage.over
    stage = begin()
    stage.play((Open, APITimeoutError("t", kind="connect")), (Sleep, None), *accepted(), *KEPT)
    assert stage.over


@pytest.mark.parametrize(
    ("stream", "thinks", "said", "idle"),
    [
        (True, False, None, 120.0),
        (True, True, None, 600.0),  # which may take minutes before it says anything
        (True, True, 5.0, 5.0),
        (False, True, 5.0, None),  # only the total
    ],
)
def test_silence_in_a_stream(
    stream: bool, thinks: bool, said: float | None, idle: float | None
) -> None:
    watch = Watch()
    call = call_of(watch, stream=stream, policy=Policy(idle=said))
    if thinks:
        call._deployment = replace(call.deployment, profile=profile_of("o3"))
    stage = Stage(call, watch)
    assert isinstance(stage.effect, Open)
    assert stage.effect.call.limits.idle == idle


def test_nothing_is_sent_again_once_content_was_given() -> None:
    stage = begin(stream=True)
    lost = APIConnectionError("reset")
    steps = [*flowing(b"".join(frames()[:5])), (Read, lost), (Save, None), *ended()]
    error = failing(stage, steps)
    assert error.attempts == 1
    assert len(stage.emitted) == 5
    assert error.partial is not None


def test_a_rate_limit_inside_a_stream_is_tried_again_before_content() -> None:
    stage = begin(stream=True)
    said = b'data: {"type":"error","code":"rate_limit_exceeded","message":"slow down"}\n\n'
    stage.play(*flowing(frames()[0] + said), (Sleep, None))
    assert stage.emitted == []
    stage.play(*flowing(b"".join(frames())))
    assert stage.emitted[0]["type"] == "response.created"


# -- tokens

SOURCE = TokenSource("callable", lambda: "unused", origin="azure_ad_token_provider")
AUTH = TokenAuth(SOURCE)


def test_a_token_is_asked_for_per_attempt() -> None:
    stage = begin(auth=AUTH)
    stage.play((Token, Secret("one")), *refused(503), (Sleep, None))
    stage.play((Token, Secret("two")), *accepted(), *KEPT)
    sent = [request.headers["authorization"] for request in stage.requests]
    assert sent == ["Bearer one", "Bearer two"]


def test_a_refused_token_is_renewed_once() -> None:
    stage = begin(auth=AUTH)
    assert stage.expect(Token, Secret("stale")).refresh is False  # type: ignore[union-attr]
    stage.play(*refused(401))
    assert stage.expect(Token, Secret("fresh")).refresh is True  # type: ignore[union-attr]
    stage.play(*accepted(), *KEPT)
    assert [request.headers["authorization"] for request in stage.requests] == [
        "Bearer stale",
        "Bearer fresh",
    ]


def test_a_token_refused_twice_is_an_error() -> None:
    stage = begin(auth=AUTH)
    token = (Token, Secret("token"))
    error = failing(stage, [token, *refused(401), token, *refused(401), *ended()])
    assert type(error) is AuthenticationError
    assert error.attempts == 2


def test_renewing_a_token_costs_no_retry() -> None:
    stage = begin(auth=AUTH, policy=Policy(retry=RetryPolicy(max_retries=1)))
    token = (Token, Secret("token"))
    stage.play(token, *refused(401), token, *refused(503))
    assert isinstance(stage.effect, Sleep)
    stage.play((Sleep, None), token, *accepted(), *KEPT)
    assert stage.over


def test_a_key_is_not_renewed() -> None:
    assert type(failing(begin(), [*refused(401), *ended()])) is AuthenticationError


def test_a_failed_provider_is_told_and_recorded() -> None:
    stage = begin(auth=AUTH)
    with pytest.raises(CredentialError):
        stage.play((Token, CredentialError("no token", param="credential")), (Record, None))
    assert stage.call.record is not None
    assert stage.call.record.status == "failed"
    assert stage.call.record.attempts == ()


# -- dates and the rest of the header, as a function


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "1e3"}, 1000.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:05", "date": "nonsense"}, None),
        (
            {
                "retry-after": "Wed, 21 Oct 2015 09:28:05 +0200",
                "date": "Wed, 21 Oct 2015 07:28:00 GMT",
            },
            5.0,
        ),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_the_record_keeps_what_the_server_said() -> None:
    stage = begin()
    stage.play(
        (Open, Opened(200, JSON | {"x-request-id": "req_7", "set-cookie": "a=b"})),
        (Read, b'{"id":"resp_1","object":"response","status":"completed","output":[],"model":"m"}'),
        (Read, b""),
        *KEPT,
    )
    record = stage.call.record
    assert record is not None
    assert record.request_id == "req_7"
    assert "set-cookie" not in record.headers
    assert record.attempts[0].url == "https://api.example/v1/responses"
