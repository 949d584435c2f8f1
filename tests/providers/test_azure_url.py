"""Azure's URL function: forms of endpoint x spellings of the version x operations."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.errors import ArgumentError
from resp_core.providers.azure import azure_url
from resp_core.route.deployment import Endpoint, Operation

GA = "2024-10-21"
PREVIEW = "2025-04-01-preview"
OLD = "2023-03-15-preview"


class Form(NamedTuple):
    """A base URL as people write it, and what it means."""

    written: str
    root: str
    v1: bool = False
    deployment: str = "dep"


FORMS = [
    Form("https://res.openai.azure.com", "https://res.openai.azure.com"),
    Form("https://res.openai.azure.com/", "https://res.openai.azure.com"),
    Form("https://res.openai.azure.com//", "https://res.openai.azure.com"),
    Form("https://res.openai.azure.com/openai", "https://res.openai.azure.com"),
    Form("https://res.openai.azure.com/openai/", "https://res.openai.azure.com"),
    Form("https://res.openai.azure.com/openai/v1", "https://res.openai.azure.com", v1=True),
    Form("https://res.openai.azure.com/openai/v1/", "https://res.openai.azure.com", v1=True),
    Form(
        "https://res.openai.azure.com/openai/v1/responses",
        "https://res.openai.azure.com",
        v1=True,
    ),
    Form(
        "https://res.openai.azure.com/openai/v1/chat/completions",
        "https://res.openai.azure.com",
        v1=True,
    ),
    Form("https://res.openai.azure.com/openai/responses", "https://res.openai.azure.com"),
    Form(
        "https://res.openai.azure.com/openai/deployments/mine",
        "https://res.openai.azure.com",
        deployment="mine",
    ),
    Form(
        "https://res.openai.azure.com/openai/deployments/mine/chat/completions",
        "https://res.openai.azure.com",
        deployment="mine",
    ),
    Form(
        "https://res.openai.azure.com/openai/deployments/embeddings",
        "https://res.openai.azure.com",
        deployment="embeddings",
    ),
    Form("https://res.services.ai.azure.com", "https://res.services.ai.azure.com"),
    Form(
        "https://res.services.ai.azure.com/openai/v1/",
        "https://res.services.ai.azure.com",
        v1=True,
    ),
    Form("https://res.cognitiveservices.azure.com/", "https://res.cognitiveservices.azure.com"),
    Form("https://res.openai.azure.us", "https://res.openai.azure.us"),
    Form("https://res.openai.azure.cn/", "https://res.openai.azure.cn"),
    Form("https://proxy.example/llm/azure", "https://proxy.example/llm/azure"),
    Form("https://proxy.example/openai/team-a/openai", "https://proxy.example/openai/team-a"),
    Form(
        "https://proxy.example/openai/team-a/openai/v1",
        "https://proxy.example/openai/team-a",
        v1=True,
    ),
    Form("http://localhost:8080/openai/v1", "http://localhost:8080", v1=True),
]

#: Written version -> the version on the wire for a dated URL, or None for the v1 surface and
#: what is sent there.
VERSIONS: dict[str | None, tuple[str | None, str]] = {
    None: (None, ""),
    "": (None, ""),
    "v1": (None, ""),
    "latest": (None, ""),
    "preview": (None, "?api-version=preview"),
    GA: (GA, ""),
    PREVIEW: (PREVIEW, ""),
    OLD: (OLD, ""),
}

#: Operation -> method, ids, path, and whether the dated style puts it below the deployment.
OPERATIONS: dict[Operation, tuple[str, tuple[str, ...], str, bool]] = {
    "responses": ("POST", (), "/responses", False),
    "responses.retrieve": ("GET", ("resp_1",), "/responses/resp_1", False),
    "responses.delete": ("DELETE", ("resp_1",), "/responses/resp_1", False),
    "responses.cancel": ("POST", ("resp_1",), "/responses/resp_1/cancel", False),
    "responses.input_items": ("GET", ("resp_1",), "/responses/resp_1/input_items", False),
    "responses.compact": ("POST", (), "/responses/compact", False),
    "responses.count_tokens": ("POST", (), "/responses/input_tokens", False),
    "chat": ("POST", (), "/chat/completions", True),
    "completions": ("POST", (), "/completions", True),
    "embeddings": ("POST", (), "/embeddings", True),
    "models": ("GET", (), "/models", False),
    "conversations": ("POST", (), "/conversations", False),
    "conversations.items.delete": (
        "DELETE",
        ("conv_1", "msg_1"),
        "/conversations/conv_1/items/msg_1",
        False,
    ),
}


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.written)
def test_every_form_version_and_operation(form: Form, version: str | None) -> None:
    dated, sent = VERSIONS[version]
    expected: dict[str, Endpoint] = {}
    for operation, (method, _, path, below) in OPERATIONS.items():
        url = f"{form.root}/openai/v1{path}{sent}"
        if dated and not form.v1:
            prefix = f"/openai/deployments/{form.deployment}" if below else "/openai"
            url = f"{form.root}{prefix}{path}?api-version={dated}"
        expected[operation] = Endpoint(method, url)
    assert expected == {
        operation: azure_url(form.written, version, operation, "dep", row[1])
        for operation, row in OPERATIONS.items()
    }


HOST = "https://res.openai.azure.com"


@pytest.mark.parametrize(
    ("base", "version", "operation", "expected"),
    [
        # The base URL's own version, in each style.
        (
            f"{HOST}/openai/responses?api-version={PREVIEW}",
            None,
            "responses",
            f"{HOST}/openai/responses?api-version={PREVIEW}",
        ),
        (
            f"{HOST}/openai/deployments/d/chat/completions?api-version={GA}",
            None,
            "chat",
            f"{HOST}/openai/deployments/d/chat/completions?api-version={GA}",
        ),
        (
            f"{HOST}/openai/deployments/d/chat/completions?api-version={GA}",
            None,
            "responses",
            f"{HOST}/openai/responses?api-version={GA}",
        ),
        (
            f"{HOST}/openai/responses?api-version=preview",
            None,
            "responses",
            f"{HOST}/openai/v1/responses?api-version=preview",
        ),
        # An argument wins over it, and is not sent twice.
        (
            f"{HOST}/openai/responses?api-version={GA}",
            PREVIEW,
            "responses",
            f"{HOST}/openai/responses?api-version={PREVIEW}",
        ),
        (
            f"{HOST}/openai/responses?api-version={GA}",
            "v1",
            "responses",
            f"{HOST}/openai/v1/responses",
        ),
        # Other parameters stay.
        (
            f"{HOST}/openai/v1?subscription=7",
            "preview",
            "responses",
            f"{HOST}/openai/v1/responses?subscription=7&api-version=preview",
        ),
        # /extensions is kept as it is, whatever the version.
        (
            f"{HOST}/openai/deployments/gpt-4-vision/extensions",
            "2023-12-01-preview",
            "chat",
            f"{HOST}/openai/deployments/gpt-4-vision/extensions/chat/completions"
            "?api-version=2023-12-01-preview",
        ),
        (
            f"{HOST}/openai/deployments/gpt-4-vision/extensions/chat/completions",
            None,
            "chat",
            f"{HOST}/openai/deployments/gpt-4-vision/extensions/chat/completions",
        ),
    ],
)
def test_what_the_base_url_says(
    base: str, version: str | None, operation: Operation, expected: str
) -> None:
    assert azure_url(base, version, operation, "dep").url == expected


def test_the_callers_query_is_added() -> None:
    url = azure_url(HOST, GA, "models", "dep", query={"limit": 2, "include": ["a", "b"]}).url
    assert url == f"{HOST}/openai/models?limit=2&include[]=a&include[]=b&api-version={GA}"


@pytest.mark.parametrize("deployment", ["a/b", "a b", "ü", "a?b", "a#b", "my-responses"])
def test_a_deployment_is_one_segment(deployment: str) -> None:
    url = azure_url(HOST, GA, "chat", deployment).url
    path = url.removeprefix(f"{HOST}/openai/deployments/").partition("?")[0]
    assert path.count("/") == 2
    assert path.isascii()


@pytest.mark.parametrize("version", ["2024", "v2", "2024-10-21 preview", "yesterday", "24-10-21"])
def test_an_impossible_version_is_refused(version: str) -> None:
    with pytest.raises(ArgumentError, match="api_version") as caught:
        azure_url(HOST, version, "chat", "dep")
    assert caught.value.param == "api_version"


@pytest.mark.parametrize("bad", ["", "  ", ".", ".."])
def test_an_id_that_would_change_the_path_is_refused(bad: str) -> None:
    with pytest.raises(ArgumentError, match="id"):
        azure_url(HOST, None, "responses.retrieve", "dep", (bad,))


@given(st.text(min_size=1).filter(lambda text: text.strip() not in ("", ".", "..")))
def test_any_id_stays_within_its_segment(value: str) -> None:
    try:
        url = azure_url(HOST, None, "responses.cancel", "dep", (value,)).url
    except ArgumentError:  # half a surrogate pair is no text
        assert any("\ud800" <= letter <= "\udfff" for letter in value)
        return
    middle = url.removeprefix(f"{HOST}/openai/v1/responses/").removesuffix("/cancel")
    assert not set(middle) & set("/?#&\\ ")
