"""The documents say what is so: their Python runs, their tables match the code."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from resp_core import configure, providers

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/coming-from.md",
    "docs/cost.md",
    "docs/configuration.md",
)
#: Blocks of other libraries' code are marked `py`: shown, not run.
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def blocks() -> list[object]:
    return [
        pytest.param(block[1], id=f"{name}:{text[: block.start()].count(chr(10)) + 2}")
        for name in DOCUMENTS
        for text in [(ROOT / name).read_text()]
        for block in BLOCK.finditer(text)
    ]


@pytest.mark.parametrize("code", blocks())
def test_the_code_runs_offline(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where a sample writes its files
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(code, "document", "exec"), {"__name__": "document"})
    finally:
        configure()  # samples may set the default client
    assert out.getvalue().strip(), "a sample shows what it does"


def test_the_readme_shows_all_three_ways_in() -> None:
    text = "\n".join(block[1] for block in BLOCK.finditer((ROOT / "README.md").read_text()))
    for package in ("resp_core", "langchain_resp", "llamaindex_resp"):
        assert f"from {package} import" in text


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "core" / "README.md"]


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_every_variable_is_documented() -> None:
    text = (ROOT / "docs" / "environment.md").read_text()
    for name in providers.names():
        provider = providers.get(name)
        variables = {
            *provider.key_env,
            *provider.base_env,
            *provider.organization_env,
            *provider.project_env,
        }
        assert {variable for variable in variables if f"`{variable}`" not in text} == set(), name


def test_every_provider_is_in_the_readme() -> None:
    text = re.sub(r"[^a-z]", "", (ROOT / "README.md").read_text().lower())
    titles = {"custom": "openaicompatible"}
    assert [n for n in providers.names() if titles.get(n, n) not in text] == []
