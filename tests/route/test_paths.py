"""URLs put together: ids, queries, hosts."""

from __future__ import annotations

import pytest

from resp_core.errors import ArgumentError
from resp_core.route.paths import OPERATIONS, add_query, fill, is_loopback, trim_operation


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "https://h/v1/x?a=1"),
        ({"b": 2}, "https://h/v1/x?a=1&b=2"),
        ({"a": 2}, "https://h/v1/x?a=2"),
        ({"a": None}, "https://h/v1/x"),
        ({"stream": True, "starting_after": 0}, "https://h/v1/x?a=1&stream=true&starting_after=0"),
        ({"include": ["p.q", "r s"]}, "https://h/v1/x?a=1&include[]=p.q&include[]=r%20s"),
        ({"include": ()}, "https://h/v1/x?a=1"),
        ({"q": "a&b=ü"}, "https://h/v1/x?a=1&q=a%26b%3D%C3%BC"),
    ],
)
def test_add_query(query: dict[str, object], expected: str) -> None:
    assert add_query("https://h/v1/x?a=1", query) == expected


@pytest.mark.parametrize(
    ("template", "ids"), [("/r/{}", ()), ("/r", ("a",)), ("/r/{}", (None,)), ("/r/{}", (7,))]
)
def test_ids_must_fit(template: str, ids: tuple[str, ...]) -> None:
    with pytest.raises(ArgumentError) as caught:
        fill(template, ids)
    assert caught.value.param == "id"


def test_every_path_is_absolute() -> None:
    for method, path in OPERATIONS.values():
        assert method in {"GET", "POST", "DELETE"}
        assert path.startswith("/")


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("128.0.0.1", False),
        ("127.0.0.1.example", False),
        ("notlocalhost", False),
        ("0.0.0.0", False),
        ("", False),
        (None, False),
    ],
)
def test_is_loopback(host: str | None, local: bool) -> None:
    assert is_loopback(host) is local


@pytest.mark.parametrize(
    ("path", "trimmed"),
    [
        ("", ""),
        ("/", ""),
        ("/v1/", "/v1"),
        ("/v1/chat/completions", "/v1"),
        ("/v1/completions", "/v1"),
        ("/v1/responses/", "/v1"),
        ("/responses", ""),
        ("/myresponses", "/myresponses"),
    ],
)
def test_trim_operation(path: str, trimmed: str) -> None:
    assert trim_operation(path) == trimmed
