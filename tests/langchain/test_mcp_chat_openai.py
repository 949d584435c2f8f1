"""MCPApprovalMiddleware with ChatOpenAI, which has the same wire, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import peer_python
from tests.langchain.mcp_talk import X
from tests.mcp.host import hosting

if TYPE_CHECKING:
    from resp_core.offline.loopback import OfflineServer


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_chat_openai_waits_for_the_same_decisions(
    offline_server: OfflineServer, root: Path
) -> None:
    with hosting() as host:
        options = {
            "model": "demo",
            "base_url": f"{offline_server.url}/v1",
            "api_key": "none",
            "max_retries": 0,
            "tool": host.tool(require_approval="always"),
        }
        script = root / "tests" / "langchain" / "mcp_chat_openai.py"
        done = subprocess.run(
            [peer_python("openai3"), str(script), json.dumps(options)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "core"), str(root)])},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        endings = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(endings) == 16
        for end in endings:
            assert end["asked"] == [X]
            assert end["text"]
            assert end["left"] == 0
        assert host.calls == [("delete", X)] * 8
