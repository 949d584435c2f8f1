"""Every fault does on both wires what its line in the table says."""

from __future__ import annotations

import gzip
import re
from typing import Any

import orjson
import pytest

from resp_core.offline import OfflineRequest, OfflineState, faults, handle
from resp_core.wire.validate import StreamViolation, validate

MESSAGES = [{"role": "user", "content": "Tell me about bees"}]


def ask(
    model: str,
    *,
    chat: bool = False,
    stream: bool = False,
    state: OfflineState | None = None,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Any:
    path = "/v1/chat/completions" if chat else "/v1/responses"
    body = {"messages": MESSAGES} if chat else {"input": "Tell me about bees"}
    raw = orjson.dumps({"model": model, "stream": stream, **body, **more})
    state = state or OfflineState(clock=lambda: 1_700_000_000.0)
    return handle(OfflineRequest("POST", path, {}, headers or {}, raw), state)


def body_of(reply: Any) -> bytes:
    return b"".join(reply.chunks)


def error_of(reply: Any) -> Any:
    return orjson.loads(body_of(reply))["error"]


def datas(reply: Any) -> list[bytes]:
    return re.findall(rb"^data: (.*)$", body_of(reply), re.MULTILINE)


def test_the_table_and_the_docstring_name_the_same_faults() -> None:
    told = set(re.findall(r"^    (fault-[a-zN0-9-]+)", faults.__doc__ or "", re.MULTILINE))
    assert told == {*faults.KNOWN, "fault-NNN", "fault-429", "fault-limit-N"}


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 529]
)
def test_statuses(status: int, stream: bool, chat: bool) -> None:
    reply = ask(f"offline/fault-{status}", stream=stream, chat=chat)
    assert reply.status == status
    assert set(error_of(reply)) == {"message", "type", "param", "code"}


def test_counts_are_by_name_and_state() -> None:
    state = OfflineState()
    seen = [ask("fault-503@2", state=state).status for _ in range(4)]
    assert seen == [503, 503, 200, 200]
    assert ask("fault-503@3", state=state).status == 503
    assert ask("fault-503@2", state=OfflineState()).status == 503


@pytest.mark.parametrize("model", ["offline/fault-nonsense", "fault-999", "fault-200"])
def test_an_unknown_fault_is_an_unknown_model(model: str) -> None:
    reply = ask(model)
    assert (reply.status, error_of(reply)["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    ("model", "header"),
    [
        ("fault-429", "2"),
        ("fault-429-date", "Tue, 14 Nov 2023 22:13:22 GMT"),
        ("fault-429-bare", None),
        ("fault-429-long", "600"),
        ("fault-429-quota", None),
    ],
)
def test_rate_limits(model: str, header: str | None) -> None:
    state = OfflineState(clock=lambda: 1_700_000_000.0, retry_after=2.0)
    reply = ask(model, state=state)
    assert (reply.status, reply.headers.get("retry-after")) == (429, header)
    quota = model.endswith("quota")
    assert (error_of(reply)["code"] == "insufficient_quota") is quota


def test_a_limit_by_the_clock() -> None:
    now = [100.0]
    state = OfflineState(clock=lambda: now[0])
    replies = [ask("fault-limit-2", state=state) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert [reply.headers["x-ratelimit-remaining-requests"] for reply in replies] == ["1", "0", "0"]
    assert replies[2].headers["retry-after-ms"] == "1000"
    now[0] += 1.0
    assert ask("fault-limit-2", state=state).status == 200


@pytest.mark.parametrize(
    "headers", [{"authorization": "Bearer sk-canary"}, {"api-key": "sk-canary"}]
)
def test_the_key_is_echoed(headers: Any) -> None:
    assert "sk-canary" in error_of(ask("fault-401-echo-key", headers=headers))["message"]


def test_a_redirect_points_where_the_state_says() -> None:
    reply = ask("fault-redirect", state=OfflineState(redirect_to="http://127.0.0.1:9/x"))
    assert (reply.status, reply.headers["location"]) == (307, "http://127.0.0.1:9/x")


def test_refusals_with_a_meaning_of_their_own() -> None:
    assert error_of(ask("fault-context"))["code"] == "context_length_exceeded"
    assert "content_filters" in error_of(ask("fault-filter"))
    assert "innererror" in error_of(ask("fault-filter", chat=True))
    assert ask("fault-retry-no").headers["x-should-retry"] == "false"
    assert ask("fault-retry-yes").headers["x-should-retry"] == "true"
    assert ask("fault-500-html").headers["content-type"] == "text/html"


@pytest.mark.parametrize(
    ("model", "start"),
    [
        ("fault-200error", b'{"error":'),
        ("fault-200html", b"<!DOCTYPE html>"),
        ("fault-null", b"null"),
        ("fault-array", b"[]"),
        ("fault-text", b"it works!"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_no_answers(model: str, start: bytes, stream: bool) -> None:
    reply = ask(model, stream=stream)
    assert reply.status == 200
    assert body_of(reply).startswith(start)


def test_a_gzip_bomb_is_small_on_the_wire() -> None:
    packed = body_of(ask("fault-gzipbomb"))
    assert len(packed) < 2**18
    assert len(gzip.decompress(packed)) > 2**26


@pytest.mark.parametrize(
    ("model", "status", "reason"),
    [
        ("fault-incomplete", "incomplete", "max_output_tokens"),
        ("fault-contentfilter", "incomplete", "content_filter"),
        ("fault-toolcut", "incomplete", "max_output_tokens"),
        ("fault-failed", "failed", None),
    ],
)
def test_ends_of_responses(model: str, status: str, reason: str | None) -> None:
    plain = orjson.loads(body_of(ask(model)))
    streamed = validate([orjson.loads(data) for data in datas(ask(model, stream=True))])
    for response in (plain, streamed):
        assert response["status"] == status
        assert (response["incomplete_details"] or {}).get("reason") == reason
        assert (response["error"] is not None) == (status == "failed")


@pytest.mark.parametrize(
    ("model", "finish"),
    [
        ("fault-incomplete", "length"),
        ("fault-contentfilter", "content_filter"),
        ("fault-toolcut", "length"),
        ("fault-badtool", "tool_calls"),
    ],
)
def test_ends_of_completions(model: str, finish: str) -> None:
    (choice,) = orjson.loads(body_of(ask(model, chat=True)))["choices"]
    assert choice["finish_reason"] == finish
    *chunks, done = datas(ask(model, chat=True, stream=True))
    assert done == b"[DONE]"
    assert orjson.loads(chunks[-1])["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize("model", ["fault-toolcut", "fault-badtool"])
def test_arguments_that_are_no_json(model: str) -> None:
    (item,) = orjson.loads(body_of(ask(model)))["output"]
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(item["arguments"])


def test_a_call_that_was_not_offered() -> None:
    (item,) = orjson.loads(body_of(ask("fault-undeclared")))["output"]
    assert item["name"] == "delete_everything"


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_cuts(stream: bool, chat: bool) -> None:
    whole = len(body_of(ask("demo", stream=stream, chat=chat)))
    for model in ("fault-cut", "fault-cut-between", "fault-reset"):
        reply = ask(model, stream=stream, chat=chat)
        assert reply.fault is not None
        assert reply.fault.abort
        assert reply.fault.reset is (model == "fault-reset")
        assert 0 < len(body_of(reply)) < whole + 20


@pytest.mark.parametrize("chat", [False, True])
def test_no_terminal(chat: bool) -> None:
    reply = ask("fault-noterminal", stream=True, chat=chat)
    assert reply.fault is None
    sent = datas(reply)
    assert not any(mark in data for data in sent for mark in (b"[DONE]", b'.completed"', b'"stop"'))
    plain = orjson.loads(body_of(ask("fault-noterminal", chat=chat)))
    assert (
        plain["choices"][0]["finish_reason"] is None if chat else plain["status"] == "in_progress"
    )


@pytest.mark.parametrize("chat", [False, True])
def test_broken_json_and_text(chat: bool) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body_of(ask("fault-truncjson", chat=chat)))
    broken = [
        data for data in datas(ask("fault-truncjson", stream=True, chat=chat)) if not sound(data)
    ]
    assert len(broken) == 1
    for stream in (False, True):
        with pytest.raises(UnicodeDecodeError):
            body_of(ask("fault-utf8", stream=stream, chat=chat)).decode()


def sound(data: bytes) -> bool:
    try:
        return data == b"[DONE]" or bool(orjson.loads(data))
    except orjson.JSONDecodeError:
        return False


def test_error_events() -> None:
    flat = orjson.loads(datas(ask("fault-error-event", stream=True))[-1])
    assert (flat["type"], flat["code"]) == ("error", "server_error")
    nested = orjson.loads(datas(ask("fault-error-event-nested", stream=True))[-1])
    assert nested["error"]["code"] == "server_error"
    chat = orjson.loads(datas(ask("fault-error-event", stream=True, chat=True))[-1])
    assert chat["error"]["message"] == "Failed."
    assert ask("fault-error-event").status == 500
    assert orjson.loads(datas(ask("fault-failed", stream=True, chat=True))[-1])["error"]


@pytest.mark.parametrize(
    "model", ["fault-duplicate", "fault-swap", "fault-gap", "fault-after-terminal"]
)
def test_bent_streams(model: str) -> None:
    events = [orjson.loads(data) for data in datas(ask(model, stream=True))]
    with pytest.raises(StreamViolation):
        validate(events)
    assert ask(model).status == 200


def test_unknown_events() -> None:
    events = datas(ask("fault-unknown-event", stream=True))
    assert sum(b"offline_note" in event for event in events) == 1


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_usage(stream: bool, chat: bool) -> None:
    more = {"stream_options": {"include_usage": True}} if chat and stream else {}
    for model in ("fault-nousage", "fault-badusage"):
        body = body_of(ask(model, stream=stream, chat=chat, **more))
        assert (b'"many"' in body) is (model == "fault-badusage")
        assert not re.search(rb'"usage":\{[^}]*tokens":\d', body)


@pytest.mark.parametrize(("stream", "least"), [(False, 40), (True, 20)])
def test_giants(stream: bool, least: int) -> None:
    assert len(body_of(ask("fault-giantevent", stream=stream))) > least * 2**20


def test_paces() -> None:
    state = OfflineState(slow=9.0, drip=0.5)
    drip = ask("fault-drip", state=state)
    assert drip.fault.pause == 0.5
    assert {len(chunk) for chunk in drip.chunks} == {1}
    assert ask("fault-slow", state=state).fault.first_pause == 9.0


def test_faults_of_embeddings() -> None:
    raw = orjson.dumps({"model": "fault-503", "input": "x"})
    assert (
        handle(OfflineRequest("POST", "/v1/embeddings", {}, {}, raw), OfflineState()).status == 503
    )


def test_bad_requests_stay_bad_requests() -> None:
    assert ask("fault-cut", foo=1).status == 400
