"""Answers that are none: each has its error, in plain calls and in streams, on both APIs."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from resp_core.errors import (
    APIError,
    BadRequestError,
    ContentFilterError,
    ContextWindowExceededError,
    NotFoundError,
    ProtocolError,
    QuotaError,
    RateLimitError,
    RedirectError,
    RequestTooLargeError,
    ResponseFailedError,
    UnprocessableEntityError,
)
from tests.callers import OWN, Caller
from tests.rawserver import Peer, answer, completion, raw_server, response

OURS = pytest.mark.parametrize("kind", OWN)
WAYS = ("respond", "stream", "chat", "chat_stream")
PAGE = b"<!doctype html><html><body>" + b"<p>Sign in to continue</p>" * 500 + b"</body></html>"

#: name -> (body, content type, what the text must hold)
NO_ANSWERS: dict[str, tuple[bytes, str | None, str]] = {
    "html": (PAGE, "text/html", "text/html"),
    "html without a type": (PAGE, None, "no content type"),
    "null": (b"null", "application/json", "null"),
    "array": (b"[]", "application/json", "[]"),
    "number": (b"7", "application/json", "7"),
    "a string": (b'"Hello"', "application/json", "Hello"),
    "text": (b"it works!", "text/plain", "it works!"),
    "nothing": (b"", "application/json", "200"),
    "truncated": (orjson.dumps(response())[:-30], "application/json", "resp_1"),
    "not UTF-8": (b'{"output": "\xff\xfe"}', "application/json", "application/json"),
    "NaN": (b'{"output": NaN}', "application/json", "NaN"),
    "nested without end": (b'{"a":' * 100_000, "application/json", '"a"'),
    "another object": (b'{"hello": "world"}', "application/json", ""),
    "wrong shapes": (b'{"output": 7, "choices": 7}', "application/json", ""),
}


@OURS
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NO_ANSWERS)
def test_no_answer(name: str, way: str, kind: str) -> None:
    body, content_type, said = NO_ANSWERS[name]

    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(answer(body, kind=content_type))

    with raw_server(script) as server:
        caller = Caller(kind, base_url=server.url, max_retries=2)
        with pytest.raises(ProtocolError) as caught:
            getattr(caller, way)()
    error = caught.value
    assert said in str(error)
    assert len(str(error)) < 500
    assert error.attempts == 1
    assert error.provider == "openai"
    assert [record.status for record in caller.records] == ["failed"]


@OURS
@pytest.mark.parametrize("content_type", [None, "text/plain", "application/octet-stream"])
def test_a_sound_answer_of_another_type_is_read(content_type: str | None, kind: str) -> None:
    """Servers mislabel: what counts is what it is."""

    def script(peer: Peer) -> None:
        while asked := peer.ask():
            body = response() if "/responses" in asked.path else completion()
            peer.send(answer(body, kind=content_type))

    with raw_server(script) as server:
        caller = Caller(kind, base_url=server.url)
        assert caller.respond().output_text == "Hello"
        assert caller.stream()[-1].response.output[0].content[0].text == "Hello"
        assert caller.chat().choices[0].message.content == "Hello"
        assert (
            "".join(
                chunk.choices[0].delta.content or ""
                for chunk in caller.chat_stream()
                if chunk.choices
            )
            == "Hello"
        )


FAILED = {"code": "server_error", "message": "It broke."}
ERRORS: dict[str, tuple[Any, type[APIError]]] = {
    "an error": ({"error": {"message": "It broke.", "type": "server_error"}}, ResponseFailedError),
    "a text": ({"error": "It broke."}, ResponseFailedError),
    "a status": ({"error": {"message": "It broke.", "code": 429}}, RateLimitError),
    "a status as text": ({"error": {"message": "It broke.", "code": "404"}}, NotFoundError),
    "a quota": ({"error": {"message": "It broke.", "code": "insufficient_quota"}}, QuotaError),
    "no choices either": ({"error": {"message": "It broke."}, "choices": []}, ResponseFailedError),
}


@OURS
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_with_status_200(name: str, way: str, kind: str) -> None:
    body, cls = ERRORS[name]

    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(answer(body))

    with raw_server(script) as server, pytest.raises(cls, match=r"It broke\.") as caught:
        getattr(Caller(kind, base_url=server.url), way)()
    assert type(caught.value) is cls


@OURS
@pytest.mark.parametrize("api", ["responses", "chat"])
def test_a_failed_response(api: str, kind: str) -> None:
    """`api` is what the caller speaks; the server speaks Responses."""

    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(answer(response("Half", status="failed", error=FAILED)))

    with raw_server(script) as server:
        caller = Caller(kind, base_url=server.url, api="responses")
        with pytest.raises(ResponseFailedError, match="It broke") as caught:
            (caller.respond if api == "responses" else caller.chat)()
    error = caught.value
    assert error.code == "server_error"
    assert error.partial is not None
    assert error.partial["object"] == ("response" if api == "responses" else "chat.completion")
    assert caller.records[0].usage is not None  # what failed may have cost something
    assert caller.records[0].status == "failed"


@OURS
@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter"])
def test_an_incomplete_response_is_a_result_that_says_so(reason: str, kind: str) -> None:
    body = response("Half", status="incomplete", incomplete_details={"reason": reason})

    def script(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(body))

    finish = {"max_output_tokens": "length", "content_filter": "content_filter"}[reason]
    with raw_server(script) as server:
        caller = Caller(kind, base_url=server.url, api="responses")
        assert caller.respond().incomplete_details.reason == reason
        assert caller.stream()[-1].type == "response.incomplete"
        assert caller.chat().choices[0].finish_reason == finish
        ends = [c.choices[0].finish_reason for c in caller.chat_stream() if c.choices]
    assert ends[-1] == finish
    assert [record.status for record in caller.records[:2]] == ["incomplete"] * 2


ENVELOPES: dict[str, tuple[int, Any, type[APIError], str]] = {
    "openai": (
        400,
        {"error": {"message": "M", "type": "t", "param": "p", "code": "c"}},
        BadRequestError,
        "M",
    ),
    "flat": (400, {"message": "M", "type": "t", "code": "c", "param": "p"}, BadRequestError, "M"),
    "a list": (400, [{"error": {"message": "M", "code": "c", "param": "p"}}], BadRequestError, "M"),
    "detail": (422, {"detail": [{"loc": ["body"], "msg": "M"}]}, UnprocessableEntityError, "M"),
    "a text": (413, {"error": "M"}, RequestTooLargeError, "M"),
    "no json": (400, b"M", BadRequestError, "M"),
    "nothing": (400, b"", BadRequestError, "no body"),
    "context": (
        400,
        {"error": {"message": "M", "code": "context_length_exceeded"}},
        ContextWindowExceededError,
        "M",
    ),
    "context in words": (
        400,
        {"error": {"message": "M: maximum context length is 4"}},
        ContextWindowExceededError,
        "M",
    ),
    "filter": (400, {"error": {"message": "M", "code": "content_filter"}}, ContentFilterError, "M"),
    "quota": (429, {"error": {"message": "M", "code": "insufficient_quota"}}, QuotaError, "M"),
}


@pytest.mark.parametrize("way", ["respond", "stream"])
@pytest.mark.parametrize("name", ENVELOPES)
def test_an_error_envelope(name: str, way: str) -> None:
    status, body, cls, said = ENVELOPES[name]

    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(answer(body, status, {"x-request-id": "req_7"}))

    with raw_server(script) as server, pytest.raises(cls) as caught:
        getattr(Caller("sync", base_url=server.url), way)()
    error = caught.value
    assert type(error) is cls
    assert said in str(error)
    assert error.request_id == "req_7"
    assert error.status_code == status  # type: ignore[attr-defined]
    if isinstance(body, dict) and name in ("openai", "flat"):
        assert (error.code, error.param, error.type) == ("c", "p", "t")
    else:
        assert error.type is None


def test_a_missing_page_names_its_url() -> None:
    def script(peer: Peer) -> None:
        peer.ask()
        peer.send(answer(b"", 404))

    with raw_server(script) as server, pytest.raises(NotFoundError) as caught:
        Caller("sync", base_url=f"{server.url}/deep", default_query={"secret": "s"}).respond()
    assert f"{server.url}/deep/responses" in str(caught.value)


@OURS
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("way", ["respond", "stream"])
def test_redirects_are_not_followed(status: int, way: str, kind: str) -> None:
    """Neither to another origin nor within the same one: a sink counts what reaches it."""

    def sink(peer: Peer) -> None:
        peer.ask()

    with raw_server(sink) as elsewhere:

        def script(peer: Peer) -> None:
            while asked := peer.ask():
                same = "same" in asked.path
                target = "/v1/other" if same else f"{elsewhere.url}/responses?api_key=k"
                peer.send(answer(b"", status, {"location": target}))

        with raw_server(script) as server:
            for path in ("", "/same"):
                caller = Caller(kind, base_url=server.url + path, max_retries=2)
                with pytest.raises(RedirectError) as caught:
                    getattr(caller, way)()
                assert caught.value.attempts == 1
                assert "api_key=k" not in str(caught.value)
        assert len(server.requests) == 2
    assert elsewhere.connections == 0
    assert elsewhere.requests == []


@pytest.mark.parametrize("kind", ["aiohttp", "httpx", "httpx2", "httpx-async", "httpx2-async"])
def test_nobody_else_follows_redirects_either(kind: str) -> None:
    with raw_server(lambda peer: peer.ask()) as elsewhere:

        def script(peer: Peer) -> None:
            peer.ask()
            peer.send(answer(b"", 307, {"location": elsewhere.url}))

        with raw_server(script) as server, pytest.raises(RedirectError):
            Caller(kind, base_url=server.url).respond()
    assert elsewhere.connections == 0
