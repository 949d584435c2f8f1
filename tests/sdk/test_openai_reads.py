"""The official openai SDK, 2.x and 3.x, reads every stream without complaint."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from resp_core.offline.loopback import OfflineServer
from tests.sdk.gateway import gateway

pytestmark = [pytest.mark.slow, pytest.mark.peer]


def read(python: str, url: str) -> dict[str, Any]:
    script = Path(__file__).parent / "reader.py"
    done = subprocess.run(
        [python, "-I", str(script), url],
        capture_output=True,
        text=True,
        timeout=55,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("through", ["offline server", "bridges"])
def test_every_stream_is_read(
    through: str, openai_python: str, offline_server: OfflineServer
) -> None:
    upstream = f"{offline_server.url}/v1"
    if through == "offline server":
        found = read(openai_python, upstream)
    else:
        with gateway(upstream) as url:
            found = read(openai_python, url)
    for api in ("responses", "chat"):
        _check(found[api], api)


def _check(found: dict[str, Any], api: str) -> None:
    texts = {name: each["text"] for name, each in found.items()}
    for name in {key.partition("/")[0] for key in found}:
        ways = {key: each for key, each in found.items() if key.startswith(f"{name}/")}
        assert len({texts[key] for key in ways}) == 1, ways
        assert all(each["usage"] for each in ways.values()), ways
        ends = {each.get("status") or each.get("finish") for each in ways.values()}
        assert len(ends) == 1, ways
    assert found["tool/plain"]["calls"] == [["get_weather", {"city": "Paris"}]]
    assert found["tool/stream"]["calls"] == found["tool/plain"]["calls"]
    assert len(found["two tools/stream"]["calls"]) == 2
    assert set(json.loads(texts["schema/create"])) == {"name", "age"}
    assert found["limit/create"].get("status", "incomplete") == "incomplete"
    assert found["limit/create"].get("finish", "length") == "length"
    if api == "chat":
        assert found["refusal/stream"]["refusal"]
