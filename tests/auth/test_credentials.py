"""The environment and `.env` files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.credentials import environ, load_env, parse_env, pick, sources
from resp_core.errors import ConfigError

FILE = r"""
# a comment
A=1
 export B = two words
C='single # $A \n'
D="double # \"q\" \n\t\\ \$"   # a comment
E=value # a comment
F=a#b
G=
H=""
I= # nothing
J="two
lines"
K=x=y==
A=2
"""


def test_the_forms_of_a_line() -> None:
    assert parse_env(FILE) == {
        "A": "2",
        "B": "two words",
        "C": r"single # $A \n",
        "D": 'double # "q" \n\t\\ $',
        "E": "value",
        "F": "a#b",
        "G": "",
        "H": "",
        "I": "",
        "J": "two\nlines",
        "K": "x=y==",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A=1\nsecret", "line 2"),
        ("1A=secret", "line 1"),
        ("A B=secret", "line 1"),
        ("=secret", "line 1"),
        ("X='secret", "the quote of X"),
        ('X="secret\\"', "the quote of X"),
    ],
)
def test_a_bad_line_is_named_without_its_value(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse_env(text, name="my.env")
    assert "my.env" in str(caught.value)
    assert "secret" not in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        values = parse_env(text)
    except ConfigError:
        return
    assert all(name and "=" not in name for name in values)


def test_the_real_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("\ufeffA=file\nB=file\nC=file\nD=\n", encoding="utf-8")
    target = {"A": "real", "B": ""}
    assert load_env(file, into=target) == ("B", "C")
    assert target == {"A": "real", "B": "file", "C": "file"}


def test_the_process_environment_is_the_default(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("RESP_TEST_ONLY=1\n")
    assert load_env(file) == ("RESP_TEST_ONLY",)
    assert os.environ["RESP_TEST_ONLY"] == environ()["RESP_TEST_ONLY"] == "1"
    assert load_env(file) == ()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"A=\xe9")
    for path in (tmp_path / "none", tmp_path, tmp_path / "latin"):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_env(path, into={})


def test_pick_takes_the_first_that_is_set() -> None:
    env = {"A": "", "B": "b", "C": "c"}
    assert pick(env, ("X", "A", "B", "C")) == ("B", "b")
    assert pick(env, ("X", "A")) is None


def test_sources_are_names_only() -> None:
    env = {"A": "secret", "B": "secret", "C": ""}
    assert sources("ABCD", env, from_file=("B",), file="my.env") == {
        "A": "environment",
        "B": "my.env",
    }
