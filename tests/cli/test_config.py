"""`resp config`, `--config` and RESP_CONFIG."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Resp
from tests.faults.test_secrets import KEY, leaks

GOOD = """
settings:
  model: azure/my-gpt
  azure_endpoint: https://acme.openai.azure.com
  api_key: os.environ/RESP_AZURE
  timeout: 20
  budgets:
    - {limit: 5, window: day}
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    (tmp_path / "resp.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(f"settings:\n  timeout: {KEY}\n  tmeout: 5\n")
    (tmp_path / "literal.yaml").write_text(f"settings:\n  api_key: {KEY}\n")


def test_check(resp: Resp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESP_AZURE", KEY)
    assert resp("config", "check", "resp.yaml") == (0, "resp.yaml: good, 5 settings\n")


def test_check_tells_every_place(resp: Resp) -> None:
    code, said = resp("config", "check", "bad.yaml", "--plain")
    assert code == 1
    assert "settings.timeout must be a number, not text" in said
    assert "settings.tmeout is not known. Did you mean timeout" in said
    assert not leaks(said)


def test_check_names_the_variable_to_set(resp: Resp) -> None:
    code, said = resp("config", "check", "resp.yaml")
    assert code == 1
    assert "refers to RESP_AZURE, which is not set" in said


def test_a_credential_in_the_file_is_told(resp: Resp) -> None:
    for command in ("check", "show"):
        code, said = resp("config", command, "literal.yaml", "--plain")
        assert code == 0
        assert "settings.api_key holds a credential as plain text" in said
        assert not leaks(said)


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_show_names_the_source(
    where: str, resp: Resp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == ".env":
        (tmp_path / ".env").write_text(f"RESP_AZURE={KEY}\n")
    else:
        monkeypatch.setenv("RESP_AZURE", KEY)
    code, said = resp("config", "show", "resp.yaml", "--plain")
    assert code == 0
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line.split()}
    assert rows["api_key"] == ["os.environ/RESP_AZURE", "RESP_AZURE", f"({where})"]
    assert rows["budgets[0].limit"] == ["5", "resp.yaml"]
    assert not leaks(said)


def test_no_env_file_is_no_env_file(resp: Resp, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"RESP_AZURE={KEY}\n")
    assert resp("config", "check", "resp.yaml", "--no-env-file")[0] == 1
    assert resp("config", "check", "resp.yaml")[0] == 0


def test_which_file(resp: Resp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument, else RESP_CONFIG, else none: no file is looked for."""
    monkeypatch.setenv("RESP_AZURE", KEY)
    code, said = resp("config", "check")
    assert code == 1
    assert "Name a file" in said
    (tmp_path / ".env").write_text("RESP_CONFIG=resp.yaml\n")
    assert resp("config", "check") == (0, "resp.yaml: good, 5 settings\n")
    assert resp("config", "check", "bad.yaml")[0] == 1
    monkeypatch.setenv("RESP_CONFIG", "bad.yaml")  # the real environment wins
    assert resp("config", "check")[0] == 1
    assert "missing.yaml cannot be read" in resp("config", "check", "missing.yaml")[1]


@pytest.mark.parametrize("command", [("doctor",), ("demo",), ("spend",), ("config", "show")])
def test_a_wrong_configuration_stops_every_command(command: tuple[str, ...], resp: Resp) -> None:
    file = ("bad.yaml",) if command[0] == "config" else ("--config", "bad.yaml")
    code, said = resp(*command, *file)
    assert code == 1
    assert "ConfigError: bad.yaml: settings.tmeout" in said.replace("\n", " ") or "tmeout" in said
    assert "Traceback" not in said


def test_demo_and_spend_share_the_ledger_of_a_configuration(resp: Resp, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "settings: {model: offline/demo, ledger: own.db, tags: mine, timeout: 30}"
    )
    code, said = resp("demo", "--config", "own.yaml", "--plain")
    assert code == 0, said
    assert "respkit demo on offline/demo" in said
    code, said = resp("spend", "--config", "own.yaml", "--by", "tag", "--plain")
    assert code == 0, said
    assert "mine" in said
    assert "demo" in said


def test_a_model_of_another_provider_leaves_the_connection(
    resp: Resp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESP_AZURE", KEY)
    code, said = resp(
        "demo", "--config", "resp.yaml", "-m", "offline/demo", "--no-ledger", "--plain"
    )
    assert code == 0, said
    assert "respkit demo on offline/demo" in said
