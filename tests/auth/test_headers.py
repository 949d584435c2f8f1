"""Headers from credentials, and what no header can carry."""

from __future__ import annotations

import pytest

from resp_core.auth.headers import auth_headers, check_secret
from resp_core.auth.source import KeyAuth, NoAuth, Secret, TokenAuth, TokenSource
from resp_core.errors import CredentialError

TOKEN = TokenAuth(TokenSource("static", Secret("t"), origin="AZURE_AD_TOKEN"))


def test_each_kind() -> None:
    assert auth_headers(NoAuth(), "ignored") == {}
    assert auth_headers(KeyAuth(Secret("k"))) == {"authorization": "Bearer k"}
    assert auth_headers(KeyAuth(Secret("k"), "api-key", "")) == {"api-key": "k"}
    assert auth_headers(TOKEN, "t") == {"authorization": "Bearer t"}


@pytest.mark.parametrize(
    "value", ["", " ", "k\n", "k\r\nx: y", " k", "k\t", "k\0", "kéy", "“k”", "k\u2028", "k\ud800"]
)
def test_a_value_that_no_header_carries(value: str) -> None:
    for call in (
        lambda: check_secret(value, "SOME_KEY"),
        lambda: auth_headers(KeyAuth(Secret(value), origin="SOME_KEY")),
    ):
        with pytest.raises(CredentialError, match="SOME_KEY") as caught:
            call()
        assert caught.value.param == "SOME_KEY"
        assert "k" not in str(caught.value).split("SOME_KEY")[0]
        assert not value.strip() or value not in str(caught.value)


@pytest.mark.parametrize("token", [None, "", b"t", 7, "t\n"])
def test_a_token_must_be_a_string_with_something_in_it(token: object) -> None:
    with pytest.raises(CredentialError, match="AZURE_AD_TOKEN"):
        auth_headers(TOKEN, token)


def test_no_text_form_shows_a_secret() -> None:
    key = KeyAuth(Secret("hunter2"), origin="SOME_KEY")
    source = TokenSource("static", Secret("hunter2"))
    for shown in (repr(key), str(key), repr(source), repr(Secret("hunter2")), f"{TOKEN}"):
        assert "hunter2" not in shown
