"""A paused thread goes on in another process, and what is saved holds no credential."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.load import dumps
from langchain_core.tracers.base import BaseTracer
from langgraph.checkpoint.memory import InMemorySaver

from tests.langchain.mcp_talk import APPROVE, DELETE, WAYS, Talk, X
from tests.langchain.mcp_worlds import CANARY, Hosted, World, world_of
from tests.mcp.conftest import Peer
from tests.mcp.host import hosting

if TYPE_CHECKING:
    from resp_core.offline.loopback import OfflineServer

HERE = Path(__file__).parent
PROMPT = "Call delete with the path 'x.txt'."
REJECT = {"type": "reject", "message": "no"}


def half(step: str, folder: Path, root: Path, **options: Any) -> dict[str, Any]:
    """Run one half in a process of its own; what it says at the end."""
    done = subprocess.run(
        [sys.executable, str(HERE / "mcp_process.py"), step, str(folder), json.dumps(options)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "core"), str(root)])},
        capture_output=True,
        text=True,
        timeout=50,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout)


@pytest.fixture(params=["hosted", "emulated"])
def target(request: pytest.FixtureRequest, offline_server: OfflineServer) -> dict[str, Any]:
    """A server with MCP of its own, and one without: the offline provider on loopback."""
    base = {"base_url": f"{offline_server.url}/v1", "api_key": "none"}
    if request.param == "hosted":
        return {"model": "openai/demo", "api": "responses", **base}
    return {"model": "openai/demo", "api": "chat", **base}


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(("decision", "version"), [(APPROVE, "v1"), (REJECT, "v0")])
def test_a_decision_in_another_process(
    target: dict[str, Any], decision: dict[str, Any], version: str, tmp_path: Path, root: Path
) -> None:
    with hosting() as host:
        tool = host.tool(authorization=CANARY, headers={"x-canary": CANARY})
        options = {**target, "output_version": version, "tool": tool}
        asked = half("ask", tmp_path, root, prompt=PROMPT, **options)
        assert [each["action_requests"][0]["args"] for each in asked["waits"]] == [X]
        assert host.calls == []
        paused = (tmp_path / "checkpoint").read_bytes()
        answered = half("decide", tmp_path, root, decision=decision, **options)
        assert answered["waits"] == []
        assert answered["text"]
        ran = [("delete", X)] if decision is APPROVE else []
        assert host.calls == ran
        (tmp_path / "checkpoint").write_bytes(paused)  # the old pause, once more
        with pytest.raises(RuntimeError, match="ApprovalReplayed"):
            half("decide", tmp_path, root, decision=decision, **options)
        assert host.calls == ran
        assert any(CANARY in str(headers) for headers in host.headers)
    assert CANARY.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_emulated_decisions_need_the_store_they_were_asked_in(
    offline_server: OfflineServer, tmp_path: Path, root: Path
) -> None:
    with hosting() as host:
        options: dict[str, Any] = {"model": "openai/demo", "api": "chat", "tool": host.tool()}
        options |= {"base_url": f"{offline_server.url}/v1", "api_key": "none"}
        half("ask", tmp_path, root, prompt=PROMPT, **options)
        for file in tmp_path.glob("state.db*"):
            file.unlink()
        with pytest.raises(RuntimeError, match="ApprovalUnknown"):
            half("decide", tmp_path, root, decision=APPROVE, **options)
        assert host.calls == []


# -- real servers


@pytest.fixture(scope="module", params=["mcp1", "mcp2"])
def peer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Peer]:
    running = Peer(request.param, tmp_path_factory.mktemp(request.param))
    yield running
    running.stop()


class _AtPeer(World):
    """The offline model, and a server of the `mcp` package in a process of its own."""

    def __init__(self, peer: Peer, api: str) -> None:
        super().__init__()
        self.name = api
        self.url = peer.url

    def model(self, **options: Any) -> Any:
        from langchain_resp import ChatResp

        return ChatResp(**{"model": "offline/demo", "api": self.name, **options})


@pytest.mark.peer
@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("way", WAYS)
async def test_against_real_servers(peer: Peer, api: str, way: str) -> None:
    peer.log.unlink(missing_ok=True)
    talk = Talk(_AtPeer(peer, api), way)
    await talk.say(DELETE)
    await talk.decide(APPROVE)
    await talk.say({"messages": [("user", "Call archive with the path 'x.txt'.")]})
    await talk.decide(REJECT)
    assert peer.calls == [("delete", X)]


# -- secrets


class _Runs(BaseTracer):
    """Keeps every run, as a tracing service gets it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def _persist_run(self, run: Any) -> None:
        self.seen.append(run.model_dump_json() if hasattr(run, "model_dump_json") else repr(run))
        self.seen.append(repr(run))

    def _start_trace(self, run: Any) -> None:
        super()._start_trace(run)
        self.seen.append(repr(run) + repr(getattr(run, "extra", None)) + repr(run.serialized))

    def _end_trace(self, run: Any) -> None:
        super()._end_trace(run)
        self.seen.append(repr(run) + repr(run.inputs) + repr(run.outputs) + repr(run.extra))


@pytest.mark.parametrize("name", ["hosted", "responses", "chat"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_secret_is_nowhere(
    name: str, way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tracer, saver = _Runs(), InMemorySaver()
    store = f"sqlite:///{tmp_path}/state.db"
    with world_of(name) as world, caplog.at_level(logging.DEBUG):
        talk = Talk(world, way, saver=saver, state_store=store)
        talk.config["callbacks"] = [tracer]
        await talk.say(DELETE)
        await talk.decide(APPROVE)
        if isinstance(world, Hosted):
            assert world.server.bodies[-1]["tools"][0]["authorization"] == CANARY
            assert world.server.bodies[-1]["tools"][0]["headers"] == {"x-canary": CANARY}
        bound = talk.model.bind_tools([world.tool()])
        shown = [repr(talk.agent), repr(bound), str(bound), dumps(bound), repr(talk.messages)]
    assert tracer.seen
    checkpoint = repr(dict(saver.storage)) + repr(saver.writes) + repr(saver.blobs)
    connection = sqlite3.connect(tmp_path / "state.db")
    stored = repr(connection.execute("SELECT * FROM state").fetchall())
    connection.close()
    assert "delete" in checkpoint
    for sink in (*tracer.seen, *shown, checkpoint, stored, caplog.text):
        assert CANARY not in sink


@pytest.mark.parametrize("name", ["hosted", "responses", "chat"])
def test_a_secret_is_in_no_error(name: str) -> None:
    with world_of(name) as world:
        model = world.model(timeout=2, max_retries=0, mcp_timeout=1)
        tool = {**world.tool(), "server_url": "http://127.0.0.1:9/mcp"}
        bad = {"type": "mcp_approval_response", "approval_request_id": 1}
        for messages in ([("user", "Call delete.")], [("user", [bad])]):
            try:
                model.bind_tools([tool]).invoke(messages)
            except Exception as error:
                chain: BaseException | None = error
                while chain is not None:
                    assert CANARY not in repr(chain) + str(chain) + repr(vars(chain))
                    chain = chain.__cause__ or chain.__context__


def test_a_key_of_one_call_is_in_no_trace() -> None:
    tracer = _Runs()
    model = Hosted().model()
    model.bind_tools([Hosted().tool()]).invoke(
        "Call delete.", {"callbacks": [tracer]}, api_key=CANARY, extra_headers={"x": CANARY}
    )
    assert tracer.seen
    assert all(CANARY not in sink for sink in tracer.seen)
