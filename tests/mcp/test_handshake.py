"""How a server is got to speak: handshakes refused, answered oddly, and sessions that end."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from resp_core import McpConnectionError
from resp_core.mcp import rpc
from tests.mcp.host import Handler, Host
from tests.mcp.talk import WAYS, Talk, items, kinds

Answer = Callable[[Handler, dict[str, Any]], bool]


@pytest.fixture(params=WAYS)
def talk(request: pytest.FixtureRequest) -> Talk:
    return Talk("emulated-chat", request.param, mcp_timeout=2.0)


def look(talk: Talk, host: Host, **params: Any) -> dict[str, Any]:
    tool = host.tool(require_approval="never")
    return talk.ask(input="look at the path 'a.txt'", tools=[tool], **params)


def modern(refuse: Callable[[Handler, Any], None]) -> Answer:
    """A server of the revision 2026-07-28 alone, which refuses a handshake in its own way."""

    def answer(handler: Handler, message: dict[str, Any]) -> bool:
        if message.get("method") == "initialize":
            refuse(handler, message["id"])
            return True
        assert "mcp-session-id" not in handler.headers
        assert handler.headers["mcp-protocol-version"] == rpc.MODERN
        assert handler.headers["mcp-method"] == message["method"]
        meta = message["params"]["_meta"]
        assert meta["io.modelcontextprotocol/protocolVersion"] == rpc.MODERN
        assert meta["io.modelcontextprotocol/clientCapabilities"] == {}
        if message["method"] == "tools/call":
            assert handler.headers["mcp-name"] == message["params"]["name"]
        return False

    return answer


MODERN = {"supported": [rpc.MODERN]}
REFUSALS: dict[str, Callable[[Handler, Any], None]] = {
    "unsupported version": lambda h, id: h.fail(id, -32022, "no", MODERN, status=400),
    "unsupported version, not which": lambda h, id: h.fail(id, -32022, "no", status=400),
    "no such method": lambda h, id: h.fail(id, -32601, "gone", MODERN),
    "no such method, by status": lambda h, id: h.fail(id, -32601, "gone", status=404),
    "invalid params": lambda h, id: h.fail(None, -32602, "_meta", status=400),
    "header mismatch": lambda h, id: h.fail(id, -32020, "headers", status=400),
    "invalid request": lambda h, id: h.fail(id, -32600, "what?", status=400),
    "a gateway's bare 400": lambda h, id: h.send_raw(400, b"bad request", "text/plain"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_server_without_a_handshake(talk: Talk, host: Host, case: str) -> None:
    host.answer = modern(REFUSALS[case])
    response = look(talk, host)
    assert items(response, "mcp_call")[0]["output"] == "look did a.txt"
    assert host.asked == ["initialize", "server/discover", "tools/list", "tools/call"]
    assert host.calls == [("look", {"path": "a.txt"})]


def refusing(code: int, said: str, data: Any = None, status: int = 200) -> Answer:
    def answer(handler: Handler, message: dict[str, Any]) -> bool:
        handler.fail(message.get("id"), code, said, data, status=status)
        return True

    return answer


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        (refusing(-32022, "only mine", {"supported": ["2031-01-01"]}, 400), 1),
        (refusing(-32603, "only mine"), 1),
        (refusing(-32601, "only mine"), 2),
        (refusing(-32602, "only mine", status=400), 2),
    ],
)
def test_a_refusal_that_is_meant(talk: Talk, host: Host, answer: Answer, asked: int) -> None:
    """What the server said to the handshake is told, not what it said to the second attempt."""

    def answered(handler: Handler, message: dict[str, Any]) -> bool:
        if message.get("method") == "server/discover":
            handler.fail(message["id"], -32000, "no session")
            return True
        return answer(handler, message)

    host.answer = answered
    with pytest.raises(McpConnectionError, match="only mine"):
        look(talk, host)
    assert len(host.asked) == asked


def test_a_server_that_discovers_but_does_not_speak_it(talk: Talk, host: Host) -> None:
    def answer(handler: Handler, message: dict[str, Any]) -> bool:
        if message["method"] == "server/discover":
            handler.reply(message["id"], {"supportedVersions": ["2025-11-25"]})
            return True
        if message["method"] == "initialize":
            handler.fail(message["id"], -32601, "broken today")
            return True
        return False

    host.answer = answer
    with pytest.raises(McpConnectionError, match="broken today"):
        look(talk, host)


@pytest.mark.parametrize("spoken", sorted(rpc.HANDSHAKES))
def test_older_revisions(talk: Talk, host: Host, spoken: str) -> None:
    host.revision = spoken
    response = look(talk, host)
    assert items(response, "mcp_call")[0]["output"] == "look did a.txt"
    assert {h["mcp-protocol-version"] for h in host.headers[1:]} == {spoken}


@pytest.mark.parametrize("spoken", ["1999-01-01", "2099-01-01", rpc.MODERN, "x\x1b[2J"])
def test_a_revision_that_nobody_knows(talk: Talk, host: Host, spoken: str) -> None:
    host.revision = spoken
    with pytest.raises(McpConnectionError, match="a revision of MCP unknown here") as caught:
        look(talk, host)
    assert str(caught.value).isprintable()
    assert host.asked == ["initialize"]


@pytest.mark.parametrize("status", [404, 405])
def test_an_address_where_no_server_is(talk: Talk, host: Host, status: int) -> None:
    def answer(handler: Handler, message: dict[str, Any]) -> bool:
        handler.send_raw(status, b"nothing here", "text/plain")
        return True

    host.answer = answer
    with pytest.raises(McpConnectionError, match="is its server_url right"):
        look(talk, host)
    assert host.asked == ["initialize"]


# -- sessions


def test_a_session_is_settled_by_the_handshake_alone(talk: Talk, host: Host) -> None:
    """An id on a later answer does not replace it."""

    def answer(handler: Handler, message: dict[str, Any]) -> bool:
        if message.get("method") != "tools/list":
            return False
        result = {"jsonrpc": "2.0", "id": message["id"], "result": {"tools": host.tools}}
        handler.session_id = "another"
        handler.send_raw(200, json.dumps(result).encode(), "application/json")
        return True

    host.answer = answer
    look(talk, host)
    assert {h.get("mcp-session-id") for h in host.headers[1:]} == {"session-1"}
    assert host.asked[-1] == "DELETE"


def test_a_server_without_sessions(talk: Talk, host: Host) -> None:
    host.session_id = None
    look(talk, host)
    assert {h.get("mcp-session-id") for h in host.headers} == {None}
    assert "DELETE" not in host.asked


def test_parallel_calls_of_a_forgotten_session(talk: Talk, host: Host) -> None:
    """Each begins anew by itself; neither is made twice, and every session is ended."""

    numbers, together = itertools.count(1), threading.Barrier(3)

    def forget(handler: Handler, message: dict[str, Any]) -> bool:
        if message.get("method") == "initialize":
            handler.session_id = f"session-{next(numbers)}"
        gone = handler.headers["mcp-session-id"] == "session-1"
        if message.get("method") == "tools/call" and gone:
            together.wait(10)
            handler.send_raw(404, b"", "text/plain")
            return True
        return False

    host.answer = forget
    response = talk.ask(
        input="look, delete and archive the path 'a.txt'",
        tools=[host.tool(require_approval="never")],
    )
    assert [call["status"] for call in items(response, "mcp_call")] == ["completed"] * 3
    assert sorted(name for name, _ in host.calls) == ["archive", "delete", "look"]
    assert host.asked.count("initialize") == 4
    ended = [h["mcp-session-id"] for h in host.headers[-4:]]
    assert sorted(ended) == [f"session-{n}" for n in (1, 2, 3, 4)]


def test_a_session_that_is_forgotten_again_and_again(talk: Talk, host: Host) -> None:
    def forget(handler: Handler, message: dict[str, Any]) -> bool:
        if message.get("method") != "tools/call":
            return False
        handler.send_raw(404, b"", "text/plain")
        return True

    host.answer = forget
    (call,) = items(look(talk, host), "mcp_call")
    assert (call["status"], call["error"]["code"]) == ("failed", 404)
    assert host.asked.count("tools/call") == 2


@pytest.mark.parametrize("fails", ["the list", "the model"])
def test_a_session_is_ended_when_the_response_fails(talk: Talk, host: Host, fails: str) -> None:
    if fails == "the list":

        def answer(handler: Handler, message: dict[str, Any]) -> bool:
            if message.get("method") != "tools/list":
                return False
            handler.fail(message["id"], -32000, "not today")
            return True

        host.answer = answer
    with pytest.raises(Exception, match=r"not today|500"):
        look(talk, host, model="offline/fault-500")
    assert host.asked[-1] == "DELETE"


@pytest.mark.parametrize("status", [405, 404, 500])
def test_a_goodbye_that_is_not_wanted(talk: Talk, host: Host, status: int) -> None:
    host.goodbye = lambda handler: handler.send_raw(status, b"", "text/plain")
    assert kinds(look(talk, host))[-1] == "message"


def test_a_goodbye_that_is_not_answered(host: Host) -> None:
    """It takes a second at most, and nothing after the answer waits for it."""
    host.goodbye = lambda handler: time.sleep(3)
    talk = Talk("emulated-chat", "sync", "stream", mcp_timeout=20.0)
    begun = time.monotonic()
    assert kinds(look(talk, host))[-1] == "message"
    assert time.monotonic() - begun < 2.5
