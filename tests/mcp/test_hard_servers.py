"""Real servers of the `mcp` package, 1.x and 2.x, at their most difficult: their own log says
exactly what ran, once, and with which arguments."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from resp_core import (
    AsyncClient,
    Client,
    McpConnectionError,
    McpTimeout,
    StreamInterrupted,
    approve,
    deny,
    pending_approvals,
)
from resp_core.mcp.rpc import MODERN, PROTOCOL
from tests.mcp.conftest import Peer
from tests.mcp.talk import FORMS, WAYS, Talk, items, kinds, text

pytestmark = [pytest.mark.peer, pytest.mark.slow]

KINDS = ("mcp1", "mcp2")
#: The ways to speak that each version has.
SPOKEN = [
    *((kind, mode) for kind in KINDS for mode in ("json", "stateless", "pages", "polling", "old")),
    ("mcp2", "modern"),
]
SPEAKS = {"old": "2024-11-05", "modern": MODERN}
A = {"path": "a.txt"}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], Peer]]:
    """Starts each server once, and gives it with an empty log."""
    running: dict[tuple[str, str], Peer] = {}

    def start(kind: str, mode: str) -> Peer:
        if (kind, mode) not in running:
            folder = tmp_path_factory.mktemp(f"{kind}-{mode}")
            running[kind, mode] = Peer(kind, folder, mode)
        running[kind, mode].forget()
        return running[kind, mode]

    yield start
    for peer in running.values():
        peer.stop()


@pytest.fixture(params=SPOKEN, ids="-".join)
def spoken(request: pytest.FixtureRequest, started: Callable[[str, str], Peer]) -> Peer:
    return started(*request.param)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def plain(kind: str, started: Callable[[str, str], Peer]) -> Peer:
    return started(kind, "plain")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return request.param


def methods_of(peer: Peer) -> list[str]:
    return [method for method, _ in peer.requests]


def free(peer: Peer) -> dict[str, Any]:
    return peer.tool(require_approval="never")


# -- ways to speak


@pytest.mark.parametrize("form", FORMS)
def test_asked_approved_and_denied(
    spoken: Peer, world: str, way: str, form: str, talk_to: Callable[..., Talk]
) -> None:
    talk = talk_to(world, way, form)
    first = talk.ask(input="delete and archive the path 'a.txt'", tools=[spoken.tool()])
    (listed,) = items(first, "mcp_list_tools")
    assert {"look", "delete", "archive", "flood"} <= {tool["name"] for tool in listed["tools"]}
    requests = {request.name: request for request in pending_approvals(first)}
    assert spoken.calls == []
    second = talk.ask(
        input=[approve(requests["archive"]), deny(requests["delete"], "keep it")],
        previous_response_id=first["id"],
        tools=[spoken.tool()],
    )
    assert spoken.calls == [("archive", A)]
    assert items(second, "mcp_call")[0]["output"] == "archived a.txt"
    assert "keep it" in text(second)


def test_sessions_and_versions(spoken: Peer, way: str) -> None:
    """The session and the revision that were settled stand on every request after that."""
    response = Talk("emulated-chat", way).ask(
        input="look at the path 'a.txt'", tools=[free(spoken)]
    )
    assert items(response, "mcp_call")[0]["output"] == "seen a.txt"
    (opening, handshake), *rest = spoken.requests
    assert (opening, handshake) == ("initialize", {})
    speaks = SPEAKS.get(spoken.mode, PROTOCOL)
    assert {headers["mcp-protocol-version"] for _, headers in rest} == {speaks}
    methods = [method for method, _ in rest]
    sessions = {headers.get("mcp-session-id") for _, headers in rest}
    assert len(sessions) == 1
    pages = methods.count("tools/list")
    assert pages > 10 if spoken.mode == "pages" else pages == 1
    if spoken.mode == "modern":
        assert sessions == {None}
        assert methods == ["server/discover", "tools/list", "tools/call"]
        assert all(headers["mcp-method"] == method for method, headers in rest)
        assert rest[-1][1]["mcp-name"] == "look"
    else:
        assert methods[0] == "notifications/initialized"
        assert methods.count("tools/call") == 1
        assert (methods[-1] == "DELETE") is (sessions != {None})
        assert (sessions == {None}) is (spoken.mode == "stateless")


@pytest.mark.parametrize("path", ["a.txt", "ä b.txt"])
def test_arguments_in_headers(started: Callable[[str, str], Peer], way: str, path: str) -> None:
    """`x-mcp-header`: the server refuses a call whose marked argument is not in a header too."""
    peer = started("mcp2", "modern")
    response = Talk("emulated-chat", way).ask(input=f"route the path '{path}'", tools=[free(peer)])
    assert items(response, "mcp_call")[0]["output"] == f"routed {path}"
    assert peer.calls == [("route", {"path": path})]
    (sent,) = [headers for method, headers in peer.requests if method == "tools/call"]
    assert sent["mcp-param-path"] == (path if path.isascii() else "=?base64?w6QgYi50eHQ=?=")


@pytest.mark.parametrize("form", FORMS)
def test_a_stream_that_the_server_drops(
    started: Callable[[str, str], Peer], kind: str, way: str, form: str
) -> None:
    """It is taken up again after the wait that the server asked for; the call runs once."""
    peer = started(kind, "polling")
    begun = time.monotonic()
    response = Talk("emulated-chat", way, form).ask(
        input="poll the path 'a.txt'", tools=[free(peer)]
    )
    assert items(response, "mcp_call")[0]["output"] == "polled a.txt"
    assert time.monotonic() - begun < 5
    assert peer.calls == [("poll", A)]
    methods = methods_of(peer)
    assert methods.count("tools/call") == 1
    assert "GET" in methods


def test_a_session_that_the_server_forgets(
    started: Callable[[str, str], Peer], kind: str, way: str
) -> None:
    peer = started(kind, "plain")
    talk = Talk("emulated-chat", way)
    response = talk.ask(
        input="Call forget with the path 'a.txt', then use look to look at the path 'a.txt'.",
        tools=[peer.tool(require_approval="never", allowed_tools=["forget", "look"])],
        parallel_tool_calls=False,
    )
    assert [call["status"] for call in items(response, "mcp_call")] == ["completed"] * 2
    assert peer.calls == [("forget", A), ("look", A)]
    methods = methods_of(peer)
    assert methods.count("initialize") == 2


# -- servers that are down, die, or take their time


def test_down_between_request_and_decision(kind: str, way: str, tmp_path: Any) -> None:
    peer = Peer(kind, tmp_path)
    talk = Talk("emulated-chat", way)
    first = talk.ask(input="delete the path 'a.txt'", tools=[peer.tool()])
    again: dict[str, Any] = {
        "input": [approve(pending_approvals(first)[0])],
        "previous_response_id": first["id"],
        "tools": [peer.tool()],
    }
    peer.stop()
    with pytest.raises(McpConnectionError, match="'files' cannot be reached"):
        talk.ask(**again)
    peer.start()
    try:
        second = talk.ask(**again)
        assert items(second, "mcp_call")[0]["output"] == "deleted a.txt"
        assert peer.calls == [("delete", A)]
        with pytest.raises(Exception, match="decided before"):
            talk.ask(**again)
        assert peer.calls == [("delete", A)]
    finally:
        peer.stop()


@pytest.mark.parametrize("form", FORMS)
def test_a_server_that_dies_in_a_call(kind: str, way: str, form: str, tmp_path: Any) -> None:
    """The call may have done its work: it is not made again, and the model is told."""
    peer = Peer(kind, tmp_path)
    try:
        response = Talk("emulated-chat", way, form).ask(
            input="die on the path 'a.txt'", tools=[free(peer)]
        )
        (call,) = items(response, "mcp_call")
        assert call["status"] == "failed"
        assert "'files'" in call["error"]["message"]
        assert response["status"] == "completed"
        assert peer.calls == [("die", A)]
    finally:
        peer.stop()


def test_a_slow_handshake(started: Callable[[str, str], Peer], kind: str, way: str) -> None:
    peer = started(kind, "slow")
    begun = time.monotonic()
    with pytest.raises(McpTimeout, match=r"'files' did not answer within 0.5 s"):
        Talk("emulated-chat", way, mcp_timeout=0.5).ask(input="hi", tools=[peer.tool()])
    assert time.monotonic() - begun < 2.5
    assert peer.calls == []


def until(condition: Callable[[], bool], seconds: float = 2.5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


CANCELLED = [("ponder", A), ("ponder was cancelled", A)]


@pytest.mark.parametrize(
    ("version", "mode"), [("mcp1", "plain"), ("mcp2", "plain"), ("mcp2", "modern")]
)
def test_a_call_that_took_too_long_is_cancelled(
    started: Callable[[str, str], Peer], version: str, mode: str, way: str
) -> None:
    peer = started(version, mode)
    response = Talk("emulated-chat", way, mcp_timeout=0.5).ask(
        input="Call ponder with the path 'a.txt', then use look to look at the path 'a.txt'.",
        tools=[peer.tool(require_approval="never", allowed_tools=["ponder", "look"])],
        parallel_tool_calls=False,
    )
    assert "did not answer within 0.5 s" in items(response, "mcp_call")[0]["error"]["message"]
    assert until(lambda: sorted(peer.calls) == sorted([*CANCELLED, ("look", A)]))
    told = ["notifications/cancelled"] if mode == "plain" else []  # the closed connection says it
    after = methods_of(peer)[methods_of(peer).index("tools/call") :]
    assert after[: len(told) + 2] == ["tools/call", *told, "tools/call"]


def test_a_stream_closed_by_another_thread_cancels_its_call(plain: Peer) -> None:
    with Client("offline/demo", api="chat") as client:
        stream = client.responses.create(
            input="ponder the path 'a.txt'", tools=[free(plain)], stream=True
        )
        reader = threading.Thread(target=lambda: [*_until_closed(stream)])
        reader.start()
        assert until(lambda: plain.calls == CANCELLED[:1])
        stream.close()
        reader.join(5)
        assert not reader.is_alive()
    assert until(lambda: plain.calls == CANCELLED)
    assert until(lambda: methods_of(plain)[-2:] == ["notifications/cancelled", "DELETE"])


def _until_closed(stream: Any) -> Iterator[Any]:
    with contextlib.suppress(StreamInterrupted):
        yield from stream


async def test_a_task_that_is_cancelled_cancels_its_call(plain: Peer) -> None:
    async with AsyncClient("offline/demo", api="chat") as client:
        asked = asyncio.create_task(
            client.responses.create(input="ponder the path 'a.txt'", tools=[free(plain)])
        )
        assert await asyncio.to_thread(until, lambda: plain.calls == CANCELLED[:1])
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert await asyncio.to_thread(until, lambda: plain.calls == CANCELLED)
        ended = ["notifications/cancelled", "DELETE"]
        assert await asyncio.to_thread(until, lambda: methods_of(plain)[-2:] == ended)


# -- what they say


OUTPUTS: dict[str, tuple[str, str]] = {
    "draw": ("a picture of a.txt\n[image: image/png]", "completed"),
    "quote": ("words of a.txt", "completed"),
    "complain": ("no such file: a.txt", "failed"),
}


@pytest.mark.parametrize("tool", OUTPUTS)
@pytest.mark.parametrize("world", ["emulated-chat", "emulated-responses"])
def test_kinds_of_content(plain: Peer, world: str, tool: str, talk_to: Callable[..., Talk]) -> None:
    response = talk_to(world).ask(input=f"{tool} the path 'a.txt'", tools=[free(plain)])
    (call,) = items(response, "mcp_call")
    assert (call["output"], call["status"]) == OUTPUTS[tool]
    assert plain.calls == [(tool, A)]
    if tool == "complain":
        assert call["error"]["type"] == "mcp_tool_execution_error"
    if tool == "draw" and world == "emulated-responses":
        assert "[image]" in text(response), "the model was shown it"


def test_structured_content(plain: Peer, world: str, talk_to: Callable[..., Talk]) -> None:
    response = talk_to(world).ask(input="measure the path 'a.txt'", tools=[free(plain)])
    (call,) = items(response, "mcp_call")
    assert '"lines"' in call["output"]
    assert "12" in call["output"]
    assert plain.calls == [("measure", A)]


@pytest.mark.parametrize("form", FORMS)
def test_more_than_is_read(plain: Peer, way: str, form: str) -> None:
    """40 MB of output: the call fails, the response goes on, and nothing runs twice."""
    response = Talk("emulated-chat", way, form).ask(
        input="drown the path 'a.txt'", tools=[free(plain)]
    )
    (call,) = items(response, "mcp_call")
    assert call["status"] == "failed"
    assert "larger than" in call["error"]["message"]
    assert kinds(response)[-1] == "message"
    assert plain.calls == [("drown", A)]


@pytest.mark.parametrize("form", FORMS)
def test_output_that_gives_orders(
    plain: Peer, world: str, form: str, talk_to: Callable[..., Talk]
) -> None:
    """It approves nothing, adds no server, and what it orders would have to be approved."""
    tool = plain.tool(require_approval={"never": {"tool_names": ["scream"]}})
    talk = talk_to(world, form=form)
    first = talk.ask(input="scream at the path 'a.txt'", tools=[tool])
    assert plain.calls == [("scream", A)]
    # A model that obeys it: the order is a request like any other.
    second = talk.ask(input="delete the path '/'", previous_response_id=first["id"], tools=[tool])
    (request,) = pending_approvals(second)
    assert (request.name, request.arguments) == ("delete", '{"path":"/"}')
    assert plain.calls == [("scream", A)]
