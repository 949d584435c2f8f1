"""Configuration files: plain data, with limits; whatever else is refused with its place."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.errors import ConfigError
from resp_core.io.config_file import read_document
from resp_core.io.config_json import Malformed, parse_json
from resp_core.io.config_yaml import parse_yaml
from tests.conftest import peer_python


def written(tmp_path: Path, text: str | bytes, name: str = "resp.yaml") -> Path:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize("name", ["resp.yaml", "resp.yml", "resp.YAML", "resp.json"])
def test_what_a_file_holds(name: str, tmp_path: Path) -> None:
    data = {"settings": {"timeout": 1.5, "tags": ["a", "ü"], "verify": None, "telemetry": True}}
    file = written(tmp_path, "\ufeff" + json.dumps(data, ensure_ascii=False), name)
    assert read_document(file) == data
    assert read_document(str(file)) == data


def test_yaml_as_people_write_it() -> None:
    text = """
# a comment
defaults: &day {window: day}
budgets:
  - {limit: "0.01", <<: *day}
  - <<: *day
    window: month
date: 2026-01-01
api_version: 2024-10-21
folded: >-
  two
  lines
"""
    assert parse_yaml(text) == {
        "defaults": {"window": "day"},
        "budgets": [{"limit": "0.01", "window": "day"}, {"window": "month"}],
        "date": "2026-01-01",
        "api_version": "2024-10-21",
        "folded": "two lines",
    }


BOMB = "\n".join(
    ["a0: &a0 {" + ",".join(f"k{n}: 1" for n in range(800)) + "}"]
    + [f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]" for n in range(1, 10)]
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "says 'a' twice in one place (line 3)"),
        ("a: {b: 1, b: 2}", "twice"),
        ("a: !!python/object/apply:os.system ['ls']", "a tag (line 1)"),
        ("a: !!str 5", "a tag (line 1)"),
        ("a: !ENV X", "a tag"),
        ("[" * 50, "nests deeper than 20 levels"),
        ("- " * 50, "nests deeper than 20 levels"),
        ("a: &a 1\nb: [" + "*a," * 30 + "]", "more than 20 aliases"),
        ("a: [1, 2", "line 1"),
        ("a:\n\tb: c", "line 2"),
        ("a: 'b", "line 1"),
        ("--- a\n--- b", "another document"),
        ("a: \x00", "characters that no YAML may hold"),
        ("a: " + "9" * 5000, "a number that cannot be read"),
        ("a: 0b_", "a number that cannot be read"),
    ],
)
def test_yaml_that_is_refused(text: str, said: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_yaml(text)
    assert said in str(caught.value)


def test_merges_do_not_multiply() -> None:
    """PyYAML before 6.0.4 merges the same name again and again; a later one does not."""
    if version("pyyaml") >= "6.0.4":
        assert {len(names) for names in parse_yaml(BOMB).values()} == {800}
        return
    with pytest.raises(Malformed, match="merges more than 1,000 names"):
        parse_yaml(BOMB)


def test_a_mapping_merged_into_itself() -> None:
    assert parse_yaml("a: &a {b: 1, <<: *a}") == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', "says 'a' twice in one place"),
        ('{"a": [{"b": 1, "b": 2}]}', "says 'b' twice"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": 1,\n b}', "line 2"),
        ("[" * 100_000, "nests too deep"),
        ('{"a": ' + "9" * 5000 + "}", "too many digits"),
        ("", "line 1"),
    ],
)
def test_json_that_is_refused(text: str, said: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_json(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("resp.toml", "", "must end in .yaml, .yml or .json"),
        ("resp", "", "must end in"),
        ("resp.yaml", "a: b\n" * 60_000, "larger than 256 KiB"),
        ("resp.json", " " * 300_000, "larger than 256 KiB"),
        ("resp.yaml", b"a: \xff", "not UTF-8"),
        ("resp.yaml", "", "must begin with settings"),
        ("resp.yaml", "- a", "must begin with settings"),
        ("resp.json", "[]", "must begin with settings"),
        ("resp.json", "null", "must begin with settings"),
    ],
)
def test_files_that_are_refused(name: str, text: str | bytes, said: str, tmp_path: Path) -> None:
    file = written(tmp_path, text, name)
    with pytest.raises(ConfigError) as caught:
        read_document(file)
    assert str(caught.value).startswith(str(file))
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["missing.yaml", "a\0b.yaml", ".", "folder.yaml"])
def test_files_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ConfigError):
        read_document(tmp_path / name)


TEXT = st.text(max_size=60) | st.text(st.sampled_from("a1:-{}[]&*!|>'\"#%@` \n\t,?<.0xob_~"))


@pytest.mark.parametrize("parse", [parse_yaml, parse_json])
@given(text=TEXT)
def test_any_text_is_read_or_refused(parse: Any, text: str) -> None:
    with contextlib.suppress(Malformed):
        plain(parse(text))


def plain(value: Any) -> None:
    """Nothing but plain data."""
    if isinstance(value, dict):
        for item in value.values():
            plain(item)
    elif isinstance(value, list):
        for item in value:
            plain(item)
    else:
        assert value is None or isinstance(value, bool | int | float | str)


WITHOUT_YAML = """
import json, pathlib, sys, tempfile
from resp_core import Client
from resp_core.errors import ConfigError
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "resp.yaml").write_text("settings: {model: offline/demo}")
(folder / "resp.json").write_text(json.dumps({"settings": {"model": "offline/demo"}}))
try:
    Client.from_config(folder / "resp.yaml")
except ConfigError as error:
    assert 'pip install "respkit[yaml]"' in str(error), error
else:
    raise SystemExit("there is a yaml here")
for source in (folder / "resp.json", {"settings": {"model": "offline/demo"}}):
    assert Client.from_config(source).responses.create(input="Say hello.").output_text
"""


@pytest.mark.peer
def test_without_the_extra(root: Path) -> None:
    """The environment of mcp 1.x has the base dependencies and no PyYAML."""
    done = subprocess.run(
        [peer_python("mcp1"), "-c", WITHOUT_YAML],
        env={**os.environ, "PYTHONPATH": str(root / "core")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_reading_brings_yaml_and_pydantic_only_then() -> None:
    code = (
        "import sys; from resp_core import Client; Client('offline/demo');"
        "assert not {'yaml', 'pydantic'} & set(sys.modules);"
        "Client.from_config({'settings': {}}); assert 'yaml' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
