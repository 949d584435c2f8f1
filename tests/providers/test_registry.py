"""Finding providers: by scan, one file each, with candidates for what is not there."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from resp_core import providers
from resp_core.errors import UnknownProviderError
from resp_core.providers import get, names, of_url, providers_table


def test_names_are_the_files() -> None:
    folder = Path(str(providers.__file__)).parent
    files = {file.stem for file in folder.glob("*.py") if not file.stem.startswith("_")}
    assert names() == tuple(sorted(files))


@pytest.mark.parametrize("name", names())
def test_each_file_holds_its_provider(name: str) -> None:
    provider = get(name)
    assert provider.name == name
    assert provider.dialects
    assert len(set(provider.wires)) == len(provider.wires)
    assert provider.key_env or not provider.key_required
    assert provider.base_url or provider.base_env


def test_no_name_means_two_providers() -> None:
    every = [each for name in names() for each in (name, *get(name).aliases)]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("openai", "openai"),
        ("together_ai", "together"),
        ("fireworks_ai", "fireworks"),
        ("hosted_vllm", "vllm"),
        ("lm_studio", "lmstudio"),
        ("lm-studio", "lmstudio"),
        ("custom_openai", "custom"),
        ("openai_like", "custom"),
    ],
)
def test_aliases(written: str, name: str) -> None:
    assert get(written).name == name


@pytest.mark.parametrize(
    ("written", "near"),
    [("opeanai", "openai"), ("Azure", "azure"), ("perplexty", "perplexity"), ("groqq", "groq")],
)
def test_an_unknown_name_lists_candidates(written: str, near: str) -> None:
    with pytest.raises(UnknownProviderError, match=f"Did you mean .*{near}"):
        get(written)


@pytest.mark.parametrize(
    "written", ["", "..", "os", "_compatible", "_azure_url", "openai.x", "a/b", "__init__", "\0"]
)
def test_only_scanned_names_are_imported(written: str) -> None:
    with pytest.raises(UnknownProviderError, match="Known: azure"):
        get(written)


def run(script: str, folder: Path) -> str:
    """Run `script` where one more provider file, `folder/broken.py`, lies in the package."""
    head = "from resp_core import providers\n"
    head += f"providers.__path__.append({str(folder)!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(providers.__file__).parents[2])},
    )
    return done.stdout + done.stderr


def test_what_a_file_fails_to_import_is_not_swallowed(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import not_installed_anywhere\n")
    said = run("providers.get('broken')", tmp_path)
    assert "ModuleNotFoundError: No module named 'not_installed_anywhere'" in said


def test_one_name_imports_one_file(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('imported')\n")
    script = """
        import sys
        providers.get("groq")
        ours = "resp_core.providers."
        print(sorted(name for name in sys.modules if name.startswith(ours) and "._" not in name))
    """
    assert run(script, tmp_path).strip() == "['resp_core.providers.groq']"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://API.groq.com/openai/v1", "groq"),
        ("https://res.openai.azure.com/", "azure"),
        ("https://res.services.ai.azure.com/openai/v1", "azure"),
        ("https://openai.azure.com.evil.example", "custom"),
        ("https://evilopenai.azure.com", "custom"),
        ("http://localhost:11434/v1", "custom"),
        ("https://llm.example/v1", "custom"),
    ],
)
def test_a_url_tells_its_provider(url: str, name: str) -> None:
    assert of_url(url) == name


def test_the_table_has_every_provider() -> None:
    table = providers_table().splitlines()
    assert len(table) == 2 + len(names())
    for name in names():
        assert any(f"`{name}/…`" in row for row in table)
    columns = {row.count(" | ") for row in table if not row.startswith("|-")}
    assert columns == {4}
