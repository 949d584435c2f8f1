"""Credentials of MCP servers go to them, and show up nowhere else."""

from __future__ import annotations

import json
import logging
import pickle
import sqlite3
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from resp_core import Client, RespError, approve, pending_approvals
from resp_core.effects import HttpCall, Limits
from resp_core.errors import ArgumentError
from resp_core.mcp.server import mcp_servers
from resp_core.observe.otel import Telemetry
from tests.mcp.host import Handler, Host
from tests.mcp.talk import FORMS, WAYS, Talk, items

TOKEN = "tok-CANARY-4711-secret"
HEADER = "hdr-CANARY-0815-secret"
CELLS = [(way, form) for way in WAYS for form in FORMS]


def secretive(host: Host, **fields: Any) -> dict[str, Any]:
    return host.tool(authorization=TOKEN, headers={"X-Team": HEADER}, **fields)


def assert_clean(*texts: Any) -> None:
    for text in texts:
        shown = text if isinstance(text, str) else repr(text)
        assert "CANARY" not in shown, shown[:500]


@pytest.fixture(params=CELLS, ids="-".join)
def talk(
    request: pytest.FixtureRequest,
    world: str,
    talk_to: Callable[..., Talk],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> Talk:
    caplog.set_level(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    return talk_to(world, *request.param, store=f"sqlite:///{tmp_path}/state.db")


def test_it_reaches_the_server_and_nothing_else(
    talk: Talk, host: Host, tmp_path: Path, caplog: pytest.LogCaptureFixture, offline_server: Any
) -> None:
    host.results["delete"] = lambda arguments: {
        "content": [{"type": "text", "text": f"your header was {HEADER} and Bearer {TOKEN}"}]
    }
    first = talk.ask(input="delete the path 'b.txt'", tools=[secretive(host)])
    (request,) = pending_approvals(first)
    second = talk.ask(
        input=[approve(request)], previous_response_id=first["id"], tools=[secretive(host)]
    )
    assert items(second, "mcp_call")
    for headers in host.headers:
        assert headers["authorization"] == f"Bearer {TOKEN}"
        assert headers["x-team"] == HEADER
    assert_clean(json.dumps(first), json.dumps(second), caplog.text, talk.events, request)
    assert_clean(*map(repr, talk.records), *map(pickle.dumps, talk.records))
    with closing(sqlite3.connect(tmp_path / "state.db")) as stored:
        rows = stored.execute("SELECT key, value FROM state").fetchall()
    assert rows
    assert_clean(rows)
    assert b"CANARY" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert_clean(json.dumps(_remembered(offline_server.state)))


def test_it_is_in_no_span(talk: Talk, host: Host) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    talk.options["telemetry"] = Telemetry(provider)
    first = talk.ask(input="delete the path 'b.txt'", tools=[secretive(host)])
    decided = {"input": [approve(pending_approvals(first)[0])], "tools": [secretive(host)]}
    talk.ask(previous_response_id=first["id"], **decided)
    with pytest.raises(RespError):
        talk.ask(previous_response_id=first["id"], **decided)
    finished = spans.get_finished_spans()
    assert len(finished) == 3
    assert_clean(*(span.to_json() for span in finished))


def _remembered(state: Any) -> Any:
    return [[stored.response, stored.context] for stored in state._responses.values()]


@pytest.mark.parametrize("stage", ["tools/list", "tools/call"])
@pytest.mark.parametrize("how", ["http", "rpc"])
def test_a_server_that_repeats_it_in_errors(
    talk: Talk, host: Host, caplog: pytest.LogCaptureFixture, stage: str, how: str
) -> None:
    def tell(handler: Handler, message: dict[str, Any]) -> bool:
        if message.get("method") != stage:
            return False
        said = f"no access with Bearer {TOKEN} and {HEADER}"
        if how == "http":
            handler.send_raw(401, said.encode(), "text/plain")
        else:
            handler.fail(message["id"], -32001, said)
        return True

    host.answer = tell
    tool = secretive(host, require_approval="never")
    try:
        response = talk.ask(input="look at the path 'a.txt'", tools=[tool])
    except RespError as error:
        response = error.partial if hasattr(error, "partial") else None
        lines = traceback.TracebackException.from_exception(error).format()
        assert_clean(str(error), repr(error), error.args, vars(error), "".join(lines))
    assert_clean(json.dumps(response), caplog.text, talk.records, talk.events)


@pytest.mark.parametrize(
    "fields",
    [
        {"authorization": f"{TOKEN}\n"},
        {"authorization": f"{TOKEN}ü"},
        {"headers": {"X-Team": f"{HEADER}\r\nX-Other: 1"}},
        {"headers": {f"X-{HEADER}\n": "1"}},
        {"headers": {"X-Team": [HEADER]}},
        {"headers": HEADER},
        {"authorization": [TOKEN]},
        {"authorization": TOKEN, "headers": {"Authorization": TOKEN}},
    ],
)
def test_what_cannot_be_sent_is_refused_without_showing_it(host: Host, fields: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        mcp_servers([host.tool(**fields)])
    assert_clean(str(caught.value), repr(caught.value))


def test_plain_http_to_elsewhere_is_refused() -> None:
    tool = {
        "type": "mcp",
        "server_label": "far",
        "server_url": "http://mcp.example.com/mcp",
        "authorization": TOKEN,
    }
    with pytest.raises(ArgumentError, match="https") as caught:
        mcp_servers([tool])
    assert_clean(str(caught.value))


def test_reprs(host: Host) -> None:
    (server,) = mcp_servers([secretive(host)])
    call = HttpCall("POST", host.url, {}, b"", Limits(0, 0), secrets=(TOKEN, HEADER))
    assert_clean(repr(server), repr(call))


def test_a_redirect_is_not_followed(host: Host) -> None:
    from tests.mcp.host import hosting

    with hosting() as elsewhere:

        def redirect(handler: Handler, message: dict[str, Any]) -> bool:
            handler.send_raw(307, b"", "text/plain", location=elsewhere.url)
            return True

        host.answer = redirect
        with pytest.raises(RespError, match="307"):
            Talk("emulated-chat").ask(input="hi", tools=[secretive(host)])
        assert elsewhere.headers == []


def test_it_has_to_be_sent_again(host: Host, talk_to: Callable[..., Talk], world: str) -> None:
    """The follow-up carries its own credentials: the first ones were not kept."""
    talk = talk_to(world)
    first = talk.ask(input="delete the path 'b.txt'", tools=[secretive(host)])
    (request,) = pending_approvals(first)
    host.headers.clear()
    talk.ask(input=[approve(request)], previous_response_id=first["id"], tools=[host.tool()])
    assert host.calls == [("delete", {"path": "b.txt"})]
    assert all("authorization" not in headers for headers in host.headers)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [200, 400])
def test_a_provider_that_repeats_it(host: Host, form: str, status: int) -> None:
    """The provider's own error text is cleaned of what stood in the request's body."""
    error = {"error": {"message": f"bad token {TOKEN} or {HEADER}", "code": "x"}}
    sent: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.content)
        if status == 200 and form == "stream":
            event = {"type": "error", **error["error"]}
            body = b"data: " + json.dumps(event).encode() + b"\n\n"
            return httpx2.Response(200, content=body, headers={"content-type": "text/event-stream"})
        return httpx2.Response(status, json=error)

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as guest:
        client = Client("openai/m", api_key="sk-test", http_client=guest, max_retries=0)
        with pytest.raises(RespError) as caught:
            for _ in client.responses.create(
                input="hi", tools=[secretive(host)], stream=form == "stream"
            ):
                pass
    assert TOKEN.encode() in sent[0]
    assert "***" in str(caught.value)
    assert_clean(str(caught.value), repr(caught.value), vars(caught.value))
