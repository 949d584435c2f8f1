"""What is in the wheel, and what its metadata promises."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"langchain_resp", "llamaindex_resp", "resp_core"}
#: Everything in a wheel is text that we wrote.
SUFFIXES = {".py", ".typed", ".txt", ".lua", ".json"}
SECRET = re.compile(
    r"PRIVATE KEY-----\s+[\w+/]{40}|\bsk-[\w-]{20,}|\bgh[pousr]_\w{30,}|\bAKIA[0-9A-Z]{16}\b"
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return zipfile.ZipFile(file)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(wheel.read(name).decode())


def test_it_holds_exactly_the_packages(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_it_holds_every_module(wheel: zipfile.ZipFile) -> None:
    folders = [ROOT / "core" / "resp_core", ROOT / "langchain_resp", ROOT / "llamaindex_resp"]
    files = {str(f.relative_to(d.parent)) for d in folders for f in d.rglob("*.py")}
    assert files <= set(wheel.namelist())


def test_type_checkers_see_every_package(wheel: zipfile.ZipFile) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(wheel.namelist())


def test_nothing_in_it_runs_by_itself_or_is_binary(wheel: zipfile.ZipFile) -> None:
    names = [name for name in wheel.namelist() if ".dist-info/" not in name]
    assert {Path(name).suffix for name in names} <= SUFFIXES
    assert not [name for name in wheel.namelist() if name.endswith((".pth", ".so", ".pyc"))]
    assert not [name for name in names if Path(name).name in {"sitecustomize.py", "conftest.py"}]
    assert not [name for name in names if b"\0" in wheel.read(name)]


def test_no_secret_is_in_it(wheel: zipfile.ZipFile) -> None:
    texts = {name: wheel.read(name).decode() for name in wheel.namelist()}
    assert {name: match[0] for name, text in texts.items() if (match := SECRET.search(text))} == {}


def test_all_brings_the_frameworks(metadata: Message) -> None:
    assert metadata["Name"] == "respkit"
    assert metadata["License-Expression"] == "MIT"
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = settings["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    named = set(everything.removeprefix("respkit[").removesuffix("]").split(","))
    assert named == set(extras) - {"all", "dev"}, "`all` means all"
    assert set(metadata.get_all("Provides-Extra", [])) == set(extras)
