"""`resp doctor`: the source of each setting, and never a value that is a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Resp
from tests.faults.test_secrets import KEY, TOKEN, leaks


def rows(said: str, title: str = "") -> dict[str, list[str]]:
    lines = said.partition(title)[2].splitlines() if title else said.splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines if line.split()}


def doctor(resp: Resp, *arguments: str) -> str:
    code, said = resp("doctor", "--plain", *arguments)
    assert code == 0, said
    assert not leaks(said)
    return said


def test_what_is_installed(resp: Resp) -> None:
    found = rows(doctor(resp))
    assert found["respkit"] == ["0.1.0"]
    assert found["pyyaml"][0].startswith("6.")


def test_keys_are_named_with_their_source(
    resp: Resp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        f"OPENAI_API_KEY={KEY}\nGROQ_API_KEY={KEY}\nGROQ_BASE_URL=https://x.example\nXAI_API_KEY=\n"
    )
    monkeypatch.setenv("GROQ_API_KEY", TOKEN)
    monkeypatch.setenv("AZURE_AD_TOKEN", TOKEN)
    said = doctor(resp)
    found = rows(said)
    assert found["openai"][:2] == ["OPENAI_API_KEY", "(.env)"]
    assert found["groq"] == ["GROQ_API_KEY", "(environment)", "GROQ_BASE_URL", "(.env)"]
    assert found["azure"][:2] == ["AZURE_AD_TOKEN", "(environment)"]
    assert found["xai"][:2] == ["set", "XAI_API_KEY"]
    assert found["offline"][:2] == ["not", "needed"]
    assert ".env: read; it set 2 variables" in said


def test_no_env_file(resp: Resp, tmp_path: Path) -> None:
    assert ".env: none in this folder" in doctor(resp)
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    said = doctor(resp, "--no-env-file")
    assert ".env: not read (--no-env-file)" in said
    assert rows(said)["openai"][:2] == ["set", "OPENAI_API_KEY"]


def test_other_variables(resp: Resp, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Other variables" not in doctor(resp)
    names = (
        *("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "AZURE_API_VERSION", "AZURE_SCOPE"),
        *("AZURE_API_TYPE", "https_proxy", "NO_PROXY", "SSL_CERT_FILE", "TIKTOKEN_CACHE_DIR"),
    )
    for name in names:
        monkeypatch.setenv(name, KEY)
    found = rows(doctor(resp), "Other variables that are set")
    assert {name for name in names if found.get(name, [""])[0] != "(environment)"} == set()


def test_where_a_model_goes(resp: Resp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    found = rows(doctor(resp, "-m", "gpt-5.4-mini"), "Calls for")
    assert found["requested"] == ["gpt-5.4-mini", "--model"]
    assert found["provider"] == ["openai"]
    assert found["url"] == ["https://api.openai.com/v1/responses", "default"]
    assert found["apis"] == ["responses,", "chat"]
    assert found["credential"] == ["key", "OPENAI_API_KEY", "(environment)"]


def test_where_the_environment_sends_it(resp: Resp, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        f"AZURE_API_BASE=https://acme.openai.azure.com\nAZURE_API_KEY={KEY}\n"
        "OPENAI_API_VERSION=2025-04-01-preview\n"
    )
    found = rows(doctor(resp, "-m", "azure/my-gpt"), "Calls for")
    assert found["url"][1:] == ["AZURE_API_BASE", "(.env)"]
    assert found["api_version"] == ["2025-04-01-preview", "OPENAI_API_VERSION", "(.env)"]
    assert found["credential"] == ["key", "AZURE_API_KEY", "(.env)"]


CONFIG = f"""
settings:
  model: azure/my-gpt
  api_base: https://acme.openai.azure.com{{extra}}
  {{key}}: os.environ/RESP_TOKEN
  default_headers: {{{{x-api-key: {KEY}}}}}
"""


@pytest.mark.parametrize(
    ("extra", "key", "kind"),
    [
        ("\n  api_version: 2025-04-01-preview", "azure_ad_token", "token"),
        ("?api-version=2025-04-01-preview", "api_key", "key"),
        ("\n  default_query: {api-version: 2025-04-01-preview}", "api_key", "key"),
        ("", "api_key", "key"),
    ],
)
def test_where_a_configuration_sends_it(
    extra: str, key: str, kind: str, resp: Resp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "resp.yaml").write_text(CONFIG.format(extra=extra, key=key))
    monkeypatch.setenv("RESP_TOKEN", TOKEN)
    said = doctor(resp, "--config", "resp.yaml")
    assert "configuration: resp.yaml from --config" in said
    shown = rows(said, "Settings of resp.yaml")
    assert shown[key] == ["os.environ/RESP_TOKEN", "RESP_TOKEN", "(environment)"]
    assert shown["default_headers['x-api-key']"] == ["***", "resp.yaml"]
    found = rows(said, "Calls for")
    assert found["requested"] == ["azure/my-gpt", "settings.model"]
    assert found["url"][1:] == ["settings.api_base"]
    assert found["credential"] == [kind, f"settings.{key}"]
    version = found["api_version"]
    if "default_query" in extra:
        assert version == ["2025-04-01-preview", "settings.default_query"]
    elif extra.startswith("?"):
        assert version == ["2025-04-01-preview", "the", "address"]
    elif extra:
        assert version == ["2025-04-01-preview", "settings.api_version"]


def test_a_configuration_named_by_a_variable(resp: Resp, tmp_path: Path) -> None:
    said = doctor(resp)
    assert "configuration: none (no --config, and RESP_CONFIG is not set)" in said
    (tmp_path / "resp.json").write_text('{"settings": {"model": "offline/demo"}}')
    (tmp_path / ".env").write_text("RESP_CONFIG=resp.json\n")
    said = doctor(resp)
    assert "configuration: resp.json from RESP_CONFIG (.env)" in said
    assert "Calls for offline/demo" in said


@pytest.mark.parametrize("model", ["nobody/m", "m", "azure/m", "openai/m"])
def test_a_model_that_cannot_be_resolved(model: str, resp: Resp) -> None:
    code, said = resp("doctor", "-m", model)
    assert code == 1
    assert "Error: " in said
    assert "Traceback" not in said
