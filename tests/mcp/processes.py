"""The second half of a conversation in another process, which shares only the state store."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.conftest import ROOT

_SCRIPT = """
import json, sys
sys.path[:0] = sys.argv[2:]
from resp_core import Client, RespError
from resp_core.wire.validate import validate
asked = json.loads(sys.argv[1])
with Client(**asked["options"]) as client:
    try:
        if asked["form"] == "stream":
            with client.responses.create(**asked["params"], stream=True) as stream:
                answer = validate([dict(event) for event in stream])
        else:
            answer = dict(client.responses.create(**asked["params"]))
        print(json.dumps(answer))
    except RespError as error:
        print(json.dumps({"raised": type(error).__name__}))
"""


def continued(options: dict[str, Any], params: dict[str, Any], form: str = "plain") -> Any:
    """The answer that another process gets, or {"raised": the name of its error}."""
    plain = {name: value for name, value in options.items() if name != "hooks"}
    asked = json.dumps({"options": plain, "params": params, "form": form})
    paths = [str(ROOT / "core"), str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, asked, *paths],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
