"""`resp demo`, and `resp` without its extra."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from resp_core.offline.loopback import OfflineServer
from tests.cli.conftest import Resp
from tests.conftest import peer_python

OFF = ("--plain", "--no-ledger")


def test_it_runs_offline(resp: Resp) -> None:
    begun = time.monotonic()
    code, said = resp("demo", *OFF)
    assert code == 0, said
    assert time.monotonic() - begun < 20
    assert 'call get_weather {"city":"Paris"}' in said
    assert "tool add -> 42.0" in said
    assert "source bees.txt" in said
    table = said.partition("Calls")[2]
    assert table.split("\n")[1].split() == (
        "model API tokens in tokens out first token cost".split()
    )
    assert table.count("0 USD") == 5
    assert table.count(" ms ") == 3  # embeddings have no first token


def test_it_runs_on_a_server(
    resp: Resp, offline_server: OfflineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By OpenAI's names, with OpenAI's vectors; what it costs is known."""
    monkeypatch.setenv("OPENAI_BASE_URL", f"{offline_server.url}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    code, said = resp("demo", *OFF, "--model", "gpt-5.4-mini")
    assert code == 0, said
    table = said.partition("Calls")[2]
    assert table.count("embeddings") == 2
    assert "openai/offline-text-embedding-3-small" in table
    assert "unknown" not in table


def test_it_runs_with_a_configuration(
    resp: Resp, offline_server: OfflineServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its address and key are its provider's: the vectors come from elsewhere, without them."""
    (tmp_path / "resp.yaml").write_text(
        f"settings: {{model: azure/demo, azure_endpoint: '{offline_server.url}', "
        "api_version: 2025-04-01-preview, api_key: os.environ/RESP_KEY, api: chat}"
    )
    monkeypatch.setenv("RESP_KEY", "a-key")
    code, said = resp("demo", *OFF, "--config", "resp.yaml")
    assert code == 0, said
    table = said.partition("Calls")[2]
    assert table.count("\n azure/") == 3
    assert table.count(" chat ") == 3
    assert table.count("offline/offline-embed") == 2


def test_a_cost_that_is_unknown_says_why(
    resp: Resp, offline_server: OfflineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_LIKE_API_BASE", f"{offline_server.url}/v1")
    code, said = resp("demo", *OFF, "-m", "custom/demo")
    assert code == 0, said
    assert said.count("unknown, see below") == 3
    assert said.count("Unknown cost: ") == 1
    assert "runs on a server of your own" in said


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("openai/gpt-5.4-mini", "set OPENAI_API_KEY"),
        ("groq/llama", "set GROQ_API_KEY"),
        ("azure/my-gpt", "set AZURE_API_BASE"),
        ("custom/m", "set OPENAI_LIKE_API_BASE"),
        ("nobody/m", "There is no provider 'nobody'"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--mcp",)])
def test_what_is_missing_is_named_first(
    model: str, said: str, more: tuple[str, ...], resp: Resp
) -> None:
    code, shown = resp("demo", *OFF, *more, "--model", model)
    assert code == 1
    assert said in shown
    assert "respkit demo on" not in shown  # before anything is drawn


def test_an_error_of_the_server_is_one_line(
    resp: Resp, offline_server: OfflineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_LIKE_API_BASE", f"{offline_server.url}/v1")
    code, said = resp("demo", *OFF, "-m", "custom/fault-401")
    assert code == 1
    assert said.splitlines()[-1].startswith("AuthenticationError: ")


def test_a_broken_env_file(resp: Resp, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("sk-secret-0123456789\n")
    code, said = resp("demo", *OFF)
    assert (code, said) == (1, "ConfigError: .env, line 1: expected NAME=value.\n")
    assert resp("demo", *OFF, "--no-env-file")[0] == 0


@pytest.mark.peer
def test_without_the_extra_it_says_how_to_install_it(root: Path) -> None:
    """The environment of mcp 1.x has the base dependencies alone."""
    done = subprocess.run(
        [peer_python("mcp1"), "-m", "resp_core.cli", "demo"],
        env={**os.environ, "PYTHONPATH": str(root / "core")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == 'resp needs typer and rich: pip install "respkit[cli]"\n'
