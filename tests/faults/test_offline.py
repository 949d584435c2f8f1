"""The faults of the offline provider, in process and over a socket: users meet the same errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from resp_core.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ContentFilterError,
    ContextWindowExceededError,
    InternalServerError,
    LimitError,
    OverloadedError,
    ProtocolError,
    QuotaError,
    RateLimitError,
    RedirectError,
    ResponseFailedError,
    StreamIncomplete,
    StreamInterrupted,
)
from resp_core.offline.faults import KNOWN
from resp_core.offline.loopback import serve
from resp_core.offline.state import OfflineState
from tests.callers import OWN, Caller

Error = type[APIError] | None

#: fault -> what a plain call gets, what a stream gets (None: an answer)
FAULTS: dict[str, tuple[Error, Error]] = {
    "fault-503": (OverloadedError, OverloadedError),
    "fault-429-bare": (RateLimitError, RateLimitError),
    "fault-429-date": (RateLimitError, RateLimitError),
    "fault-429-long": (RateLimitError, RateLimitError),
    "fault-429-quota": (QuotaError, QuotaError),
    "fault-401-echo-key": (AuthenticationError, AuthenticationError),
    "fault-500-html": (InternalServerError, InternalServerError),
    "fault-context": (ContextWindowExceededError, ContextWindowExceededError),
    "fault-filter": (ContentFilterError, ContentFilterError),
    "fault-redirect": (RedirectError, RedirectError),
    "fault-retry-no": (InternalServerError, InternalServerError),
    "fault-retry-yes": (BadRequestError, BadRequestError),
    "fault-200error": (ResponseFailedError, ResponseFailedError),
    "fault-200html": (ProtocolError, ProtocolError),
    "fault-null": (ProtocolError, ProtocolError),
    "fault-array": (ProtocolError, ProtocolError),
    "fault-text": (ProtocolError, ProtocolError),
    "fault-gzipbomb": (LimitError, LimitError),
    "fault-incomplete": (None, None),
    "fault-contentfilter": (None, None),
    "fault-toolcut": (None, None),
    "fault-badtool": (None, None),
    "fault-undeclared": (None, None),
    "fault-cut": (APIConnectionError, StreamInterrupted),
    "fault-cut-between": (APIConnectionError, StreamInterrupted),
    "fault-reset": (APIConnectionError, StreamInterrupted),
    "fault-truncjson": (ProtocolError, ProtocolError),
    "fault-utf8": (ProtocolError, ProtocolError),
    "fault-error-event": (InternalServerError, ResponseFailedError),
    "fault-error-event-nested": (InternalServerError, ResponseFailedError),
    "fault-unknown-event": (None, None),
    "fault-duplicate": (None, None),
    "fault-swap": (None, None),
    "fault-gap": (None, None),
    "fault-after-terminal": (None, None),
    "fault-nousage": (None, None),
    "fault-badusage": (None, None),
    "fault-giantevent": (LimitError, LimitError),
    "fault-drip": (APITimeoutError, APITimeoutError),
    "fault-slow": (APITimeoutError, APITimeoutError),
    "fault-failed": (ResponseFailedError, ResponseFailedError),
    "fault-noterminal": (None, StreamIncomplete),
}
#: Where the Chat API has other forms: an error status, bent order that nothing can show.
CHAT: dict[str, tuple[Error, Error]] = {
    "fault-failed": (InternalServerError, ResponseFailedError),
}
TOOL = {
    "type": "function",
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
SLOW = frozenset({"fault-drip", "fault-slow"})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(state=OfflineState(slow=30.0, redirect_to="http://127.0.0.1:9/v1")) as server:
        yield f"{server.url}/v1"


def test_every_fault_is_in_the_table() -> None:
    """Those of MCP servers have tests of their own."""
    assert set(FAULTS) >= {name for name in KNOWN if not name.startswith("fault-mcp-")}


def caller_for(host: str, kind: str, url: str, name: str) -> Caller:
    limit = 0.3 if name in SLOW else 20.0
    if host == "process":
        return Caller(kind, model=f"offline/{name}", api_key=None, timeout=limit)
    return Caller(kind, model=f"openai/{name}", base_url=url, timeout=limit)


def params(name: str, api: str) -> dict[str, Any]:
    if "tool" not in name and "undeclared" not in name:
        return {}
    function = {key: value for key, value in TOOL.items() if key != "type"}
    tool = TOOL if api == "responses" else {"type": "function", "function": function}
    return {"tools": [tool]}


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("host", ["process", "socket"])
@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault(name: str, api: str, host: str, kind: str, url: str) -> None:
    expected = (CHAT if api == "chat" and name in CHAT else FAULTS)[name]
    caller = caller_for(host, kind, url, name)
    plain = caller.respond if api == "responses" else caller.chat
    stream = caller.stream if api == "responses" else caller.chat_stream
    for call, cls in ((plain, expected[0]), (stream, expected[1])):
        if cls is None:
            call(**params(name, api))
            continue
        with pytest.raises(APIError) as caught:
            call(**params(name, api))
        assert type(caught.value) is cls
        assert caught.value.attempts == 1
        assert len(str(caught.value)) < 700
    statuses = [record.status for record in caller.records]
    assert len(statuses) == 2  # a hook hears of failures too
    for status, cls in zip(statuses, expected, strict=True):
        assert (status == "failed") == (cls is not None)


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("name", ["fault-503@2", "fault-429@1", "fault-500-html@1", "fault-cut@1"])
def test_a_fault_that_passes(name: str, kind: str) -> None:
    """Tried again within the budget; the record tells of every attempt."""
    state = OfflineState(retry_after=0.05)
    with serve(state=state) as server:
        caller = Caller(kind, model=f"openai/{name}", base_url=f"{server.url}/v1", max_retries=2)
        assert caller.respond().output_text
    (record,) = caller.records
    assert record.status == "completed"
    assert len(record.attempts) == int(name[-1]) + 1
    assert [attempt.error is None for attempt in record.attempts][-1]


@pytest.mark.parametrize("kind", OWN)
def test_a_tool_call_that_was_cut(kind: str, url: str) -> None:
    """Visible as unfinished, in both APIs and both ways; its arguments are shown as they came."""
    caller = caller_for("socket", kind, url, "fault-toolcut")
    given = {"input": "Weather in Paris?", **params("fault-toolcut", "responses")}
    plain = caller.respond(**given)
    streamed = caller.stream(**given)[-1].response
    for response in (plain, streamed):
        assert response.status == "incomplete"
        assert response.incomplete_details.reason == "max_output_tokens"
        assert all(item.status == "incomplete" for item in response.output)
    messages = [{"role": "user", "content": "Weather in Paris?"}]
    chat = caller.chat(messages=messages, **params("fault-toolcut", "chat"))
    assert chat.choices[0].finish_reason == "length"
