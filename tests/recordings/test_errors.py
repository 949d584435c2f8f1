"""Recorded refusals and failures become the right errors, with all that the server said."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core import errors
from resp_core.errors import APIError, APIStatusError
from resp_core.observe.redact import redact, redact_json
from tests.recordings import calls
from tests.recordings.corpus import Exchange
from tests.recordings.sweeps import groups, same

_CLASSES: dict[int, type[APIStatusError]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    413: errors.RequestTooLargeError,
    422: errors.UnprocessableEntityError,
    429: errors.RateLimitError,
}
_REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id")


@pytest.mark.parametrize("group", groups(lambda e: e.status >= 400))
def test_a_refusal_becomes_its_error(group, client, replay, sweep):
    def check(exchange: Exchange) -> None:
        replay.next(exchange)
        with pytest.raises(APIStatusError) as caught:
            calls.call(client, exchange)
        error = caught.value
        assert error.status_code == exchange.status
        default = errors.InternalServerError if exchange.status >= 500 else APIStatusError
        assert isinstance(error, _CLASSES.get(exchange.status, default)), type(error)
        _check_said(error, exchange.answer)
        _check_headers(error, exchange.headers)
        assert error.provider == exchange.provider
        assert error.attempts == 1

    sweep(group, "error", check)


def _check_said(error: APIError, body: Any) -> None:
    if not isinstance(body, dict | list):
        return  # no JSON: the status is all that is told
    said = body[0] if isinstance(body, list) else body
    inner = said.get("error", said)
    if isinstance(inner, str):
        inner = {"message": inner}
    message = inner.get("message") or inner.get("detail") or said.get("message")
    if isinstance(message, str):
        assert redact(message.strip()) in error.message, f"{message!r} is not in {error.message!r}"
    code = inner.get("code") or said.get("code")
    same(error.code, None if code is None else str(code), "code")
    same(error.param, inner.get("param"), "param")
    same(error.body, redact_json(body), "body")


def _check_headers(error: APIStatusError, headers: dict[str, str]) -> None:
    ids = [headers[name] for name in _REQUEST_IDS if name in headers]
    same(error.request_id, ids[0] if ids else None, "request id")
    after = headers.get("retry-after")
    if after is not None and after.replace(".", "").isdigit() and "retry-after-ms" not in headers:
        same(error.retry_after, float(after), "retry-after")


def _failed_inside(exchange: Exchange) -> bool:
    return exchange.status < 400 and exchange.is_json and exchange.reports_error


@pytest.mark.parametrize("group", groups(_failed_inside))
def test_a_failure_inside_an_answer_becomes_an_error(group, client, replay, sweep):
    def check(exchange: Exchange) -> None:
        said = _said_inside(exchange)
        replay.next(exchange)
        given: list[Any] = []
        with pytest.raises(APIError) as caught:
            given += calls.call(client, exchange)
        error = caught.value
        assert redact(str(said["message"])) in error.message
        code = said.get("code") if said.get("code") is not None else said.get("type")
        same(error.code, None if code is None else str(code), "code")
        if given:
            assert error.partial is not None, "what came before the error is lost"

    sweep(group, "failure", check)


@pytest.mark.parametrize("group", groups(lambda e: e.status < 300 and not e.is_json))
def test_an_answer_that_is_no_json_object_is_an_error(group, client, replay, sweep):
    def check(exchange: Exchange) -> None:
        replay.next(exchange)
        with pytest.raises(errors.ProtocolError) as caught:
            calls.call(client, exchange)
        assert exchange.content.decode()[:40] in caught.value.message

    sweep(group, "failure", check)


def _said_inside(exchange: Exchange) -> dict[str, Any]:
    """The first error object inside an answer."""
    if not exchange.streamed:
        return exchange.answer["error"]
    for payload in exchange.payloads:
        if payload.get("type") == "error":
            return payload.get("error") or payload
        error = payload.get("error") or (payload.get("response") or {}).get("error")
        if error:
            return error
    raise AssertionError("no error in the recording")
