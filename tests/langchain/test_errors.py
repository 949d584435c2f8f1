"""Errors of a call: ours and LangChain's at once, with what came before them."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import httpx2
import pytest
from langchain_core import exceptions as lc
from langchain_core.callbacks import BaseCallbackHandler

from langchain_resp import errors as ours
from resp_core import errors as core
from tests.langchain.server import (
    Server,
    error,
    response,
    said,
    stream_of,
)


@pytest.mark.parametrize(
    ("status", "code", "kind", "also", "retryable"),
    [
        (401, None, core.AuthenticationError, lc.ModelAuthenticationError, False),
        (403, None, core.PermissionDeniedError, lc.ModelPermissionDeniedError, False),
        (404, None, core.NotFoundError, lc.ModelNotFoundError, False),
        (400, None, core.BadRequestError, lc.ModelInvalidRequestError, False),
        (
            400,
            "context_length_exceeded",
            core.ContextWindowExceededError,
            lc.ContextOverflowError,
            False,
        ),
        (429, None, core.RateLimitError, lc.ModelRateLimitError, True),
        (429, "insufficient_quota", core.QuotaError, lc.ModelRateLimitError, False),
        (500, None, core.InternalServerError, lc.ModelAPIError, True),
        (503, None, core.OverloadedError, lc.ModelAPIError, True),
        (200, "<html>", core.ProtocolError, lc.ModelAPIError, None),
    ],
)
@pytest.mark.parametrize("way", ["invoke", "stream", "ainvoke", "astream"])
def test_errors_are_ours_and_langchains(
    status: int, code: Any, kind: Any, also: type[Exception], retryable: bool | None, way: str
) -> None:
    def answer(_: Any) -> Any:
        return httpx2.Response(200, text=code) if status == 200 else error(status, code)

    model = Server(answer).model()

    async def consume() -> None:
        async for _ in model.astream("hi"):
            pass

    ways = {
        "invoke": lambda: model.invoke("hi"),
        "stream": lambda: list(model.stream("hi")),
        "ainvoke": lambda: asyncio.run(model.ainvoke("hi")),
        "astream": lambda: asyncio.run(consume()),
    }
    with pytest.raises(kind) as caught:
        ways[way]()
    assert isinstance(caught.value, also)
    if retryable is not None:
        assert caught.value.is_retryable is retryable


def test_a_failure_inside_a_stream_is_a_typed_error_with_what_came() -> None:
    events = stream_of(response(said("hello there")))[:6]
    events.append(
        {"type": "error", "code": "server_error", "message": "broke", "sequence_number": 6}
    )
    seen: list[Any] = []

    class Watch(BaseCallbackHandler):
        def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
            seen.append((error, kwargs["response"]))

    with pytest.raises(lc.ModelAPIError) as caught:
        list(Server(events).model().stream("hi", config={"callbacks": [Watch()]}))
    assert isinstance(caught.value, core.APIError)
    partial = caught.value.partial
    assert partial is not None
    assert partial["status"] == "incomplete"
    ((_, result),) = seen
    text = result.generations[0][0].text
    assert text
    assert "hello there".startswith(text)


def test_a_stream_without_an_end_is_an_error() -> None:
    events = stream_of(response(said("hello")))[:-1]
    with pytest.raises(core.StreamIncomplete):
        list(Server(events).model().stream("hi"))


def test_the_error_callback_gets_status_and_body() -> None:
    seen: list[Any] = []

    class Watch(BaseCallbackHandler):
        def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
            seen.append(kwargs["response"].generations[0][0].message.response_metadata)

    with pytest.raises(core.RateLimitError):
        Server(error(429)).model().invoke("hi", config={"callbacks": [Watch()]})
    assert seen[0]["status_code"] == 429
    assert seen[0]["body"]["error"]["message"] == "no" or seen[0]["body"]["message"] == "no"


def test_every_error_of_the_core_has_a_twin() -> None:
    found = {
        cls
        for cls in vars(core).values()
        if isinstance(cls, type) and issubclass(cls, core.RespError) and cls is not core.RespError
    }
    for cls in found:
        twin = getattr(ours, cls.__name__)
        assert issubclass(twin, cls)
        assert issubclass(twin, lc.ModelError)
        assert twin.is_retryable is cls.is_retryable
    raised = ours.as_langchain(core.RateLimitError("no", status_code=429, retry_after=2.0))
    again = pickle.loads(pickle.dumps(raised))
    assert (type(again), again.retry_after, str(again)) == (ours.RateLimitError, 2.0, "no")
