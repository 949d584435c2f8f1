"""Azure: names with routes, credentials in their order, dialects, body, advice."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from resp_core.auth.headers import auth_headers
from resp_core.auth.source import KeyAuth, NoAuth, Secret, TokenAuth
from resp_core.errors import ArgumentError, ConfigError, CredentialError, UnsupportedError
from resp_core.providers import azure, get
from resp_core.providers.azure import clean_body
from resp_core.route.deployment import Connection, Deployment
from resp_core.route.resolve import resolve
from resp_core.tasks import Turn
from resp_core.types.json import loads
from resp_core.types.request import Request
from resp_core.wire.losses import Losses

HOST = "https://res.openai.azure.com"
KEY = {"AZURE_API_KEY": "k", "AZURE_API_BASE": HOST}


class Credential:
    def get_token(self, *scopes: str) -> object:
        return scopes


def provide() -> str:
    return "t"


def at(model: str, env: Mapping[str, str] = KEY, **arguments: Any) -> Deployment:
    return resolve(model, Connection(**arguments), env)


@pytest.mark.parametrize(
    ("model", "deployment", "family", "dialects"),
    [
        ("azure/gpt-4o", "gpt-4o", "gpt-4o", ("responses", "chat")),
        ("azure/my-gpt-4o-prod", "my-gpt-4o-prod", "gpt-4o", ("responses", "chat")),
        ("azure/responses/gpt-4o", "gpt-4o", "gpt-4o", ("responses",)),
        ("azure/responses/my-custom-o1-pro", "my-custom-o1-pro", "o1-pro", ("responses",)),
        ("azure/o1-pro", "o1-pro", "o1-pro", ("responses",)),
        ("azure/o_series/anything", "anything", "o_series", ("responses", "chat")),
        ("azure/o_series/my-o3-mini", "my-o3-mini", "o3-mini", ("responses", "chat")),
        ("azure/gpt5_series/anything", "anything", "gpt5_series", ("responses", "chat")),
        ("azure/gpt5_series/gpt-5.1", "gpt-5.1", "gpt-5.1", ("responses", "chat")),
        ("azure/responses/o_series/x", "x", "o_series", ("responses",)),
        # Only at the start: the words may be part of a deployment's own name.
        ("azure/my-responses/x", "my-responses/x", "unknown", ("responses", "chat")),
        ("azure/x/responses/y", "x/responses/y", "unknown", ("responses", "chat")),
        # A family is a word of the name, not any two letters in it.
        ("azure/video3-prod", "video3-prod", "unknown", ("responses", "chat")),
        ("azure/foo1", "foo1", "unknown", ("responses", "chat")),
        ("azure/o10", "o10", "unknown", ("responses", "chat")),
        ("azure/gpt-35-turbo", "gpt-35-turbo", "gpt-3.5", ("responses", "chat")),
    ],
)
def test_names(model: str, deployment: str, family: str, dialects: tuple[str, ...]) -> None:
    target = at(model)
    assert (target.model, target.profile.family, target.dialects) == (deployment, family, dialects)
    assert target.requested == model


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        ("azure_text/dep", {}),
        ("azure_text/dep", {"base_model": "gpt-3.5-turbo-instruct"}),
        ("azure_text/my-gpt-4o", {}),  # the caller says what it is
        ("dep", {"provider": "azure_text"}),
        ("azure/dep", {"base_model": "gpt-3.5-turbo-instruct"}),
        ("azure/gpt-35-turbo-instruct", {}),
    ],
)
def test_instruct_models_have_the_completions_api(model: str, arguments: dict[str, Any]) -> None:
    target = at(model, api_version="2024-10-21", **arguments)
    assert (target.provider, target.dialects) == ("azure", ("chat",))
    task = Turn(Request("chat", {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}))
    prepared = task.prepare(target, Losses("azure"))
    assert prepared.operation == "completions"
    assert loads(prepared.content) == {"model": target.model, "prompt": "Hi", "max_tokens": 5}
    assert azure.locate(target, prepared.operation, ()).url == (
        f"{HOST}/openai/deployments/{target.model}/completions?api-version=2024-10-21"
    )
    with pytest.raises(UnsupportedError, match="chat"):
        at(model, api="responses", **arguments)


@pytest.mark.parametrize("base_model", ["o3", "openai/o3", "azure/o3"])
def test_base_model_wins(base_model: str) -> None:
    target = at("azure/gpt-4o-look-alike", base_model=base_model)
    assert target.profile.family == "o3"
    assert not target.profile.parallel_tools
    assert target.model == "gpt-4o-look-alike"


def test_a_deployment_in_the_url_is_the_model() -> None:
    target = at("azure/gpt-4o", base_url=f"{HOST}/openai/deployments/mine/chat/completions")
    assert (target.model, target.profile.family) == ("mine", "gpt-4o")


@pytest.mark.parametrize(
    ("version", "dialects"),
    [
        (None, ("responses", "chat")),
        ("v1", ("responses", "chat")),
        ("preview", ("responses", "chat")),
        ("2025-03-01-preview", ("responses", "chat")),
        ("2025-04-01-preview", ("responses", "chat")),
        ("2025-02-01-preview", ("chat", "responses")),
        ("2024-10-21", ("chat", "responses")),
    ],
)
def test_dialects_follow_the_version(version: str | None, dialects: tuple[str, ...]) -> None:
    assert at("azure/gpt-4o", api_version=version).dialects == dialects


def test_dialects_can_be_pinned() -> None:
    assert at("azure/gpt-4o", api="chat").dialects == ("chat",)
    assert at("azure/gpt-4o", api="responses", api_version="2024-10-21").dialects == ("responses",)
    with pytest.raises(ArgumentError, match="choose one") as caught:
        at("azure/responses/gpt-4o", api="chat")
    assert caught.value.param == "api"
    with pytest.raises(UnsupportedError, match="o1-pro"):
        at("azure/o1-pro", api="chat")


@pytest.mark.parametrize(
    ("env", "version"),
    [
        ({}, None),
        ({"AZURE_API_VERSION": ""}, None),
        ({"OPENAI_API_VERSION": "2024-10-21"}, "2024-10-21"),
        ({"AZURE_API_VERSION": "v1", "OPENAI_API_VERSION": "2024-10-21"}, "v1"),
    ],
)
def test_version_from_the_environment(env: dict[str, str], version: str | None) -> None:
    assert at("azure/x", {**KEY, **env}).api_version == version


def test_version_from_arguments() -> None:
    env = {**KEY, "AZURE_API_VERSION": "2024-10-21"}
    assert at("azure/x", env, api_version="preview").api_version == "preview"
    assert at("azure/x", env, default_query={"api-version": "v1"}).api_version == "v1"
    with pytest.raises(ArgumentError, match="api_version"):
        at("azure/x", env, api_version="soon")


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ({"AZURE_API_BASE": HOST, "AZURE_OPENAI_ENDPOINT": "https://other.example"}, HOST),
        ({"AZURE_API_BASE": "", "AZURE_OPENAI_ENDPOINT": HOST}, HOST),
    ],
)
def test_endpoint_from_the_environment(env: dict[str, str], url: str) -> None:
    assert at("azure/x", {**env, "AZURE_API_KEY": "k"}).base_url == url


def test_a_missing_endpoint_names_its_variables() -> None:
    with pytest.raises(CredentialError, match="AZURE_API_BASE or AZURE_OPENAI_ENDPOINT"):
        at("azure/x", {"AZURE_API_KEY": "k"})


ENVIRONMENTS: list[tuple[dict[str, str], str, dict[str, str]]] = [
    # Variables, which one wins, and the headers of a call (the token, where asked, is "t").
    ({"AZURE_API_KEY": "a", "AZURE_OPENAI_API_KEY": "b"}, "AZURE_API_KEY", {"api-key": "a"}),
    ({"AZURE_API_KEY": "", "AZURE_OPENAI_API_KEY": "b"}, "AZURE_OPENAI_API_KEY", {"api-key": "b"}),
    (
        {"AZURE_OPENAI_API_KEY": "b", "AZURE_AD_TOKEN": "c"},
        "AZURE_OPENAI_API_KEY",
        {"api-key": "b"},
    ),
    ({"AZURE_AD_TOKEN": "c", "AZURE_OPENAI_AD_TOKEN": "d"}, "AZURE_AD_TOKEN", {}),
    ({"AZURE_OPENAI_AD_TOKEN": "d"}, "AZURE_OPENAI_AD_TOKEN", {}),
    ({"AZURE_CREDENTIAL": "DefaultAzureCredential"}, "AZURE_CREDENTIAL", {}),
    ({"AZURE_API_TYPE": "azure", "AZURE_API_KEY": "a"}, "AZURE_API_KEY", {"api-key": "a"}),
    ({"AZURE_API_TYPE": "azure_ad", "AZURE_API_KEY": "a"}, "AZURE_API_KEY", {}),
    (
        {"AZURE_API_TYPE": "azure_ad", "AZURE_API_KEY": "a", "AZURE_AD_TOKEN": "c"},
        "AZURE_AD_TOKEN",
        {},
    ),
]


@pytest.mark.parametrize(("env", "winner", "headers"), ENVIRONMENTS)
def test_credentials_from_the_environment(
    env: dict[str, str], winner: str, headers: dict[str, str]
) -> None:
    auth = at("azure/x", {**env, "AZURE_API_BASE": HOST}).auth
    if isinstance(auth, TokenAuth):
        assert auth.source.origin == winner
        assert auth_headers(auth, "t") == {"authorization": "Bearer t"}
    else:
        assert isinstance(auth, KeyAuth)
        assert auth.origin == winner
        assert auth_headers(auth) == headers


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"azure_ad_token": Secret("t")}, "static"),
        ({"azure_ad_token_provider": provide}, "callable"),
        ({"api_key": provide}, "callable"),
        ({"credential": Credential()}, "credential"),
        ({"credential": "default"}, "default"),
        ({"credential": "DefaultAzureCredential"}, "default"),
    ],
)
def test_an_argument_wins_over_the_environment(arguments: dict[str, Any], kind: str) -> None:
    auth = at("azure/x", **arguments).auth
    assert isinstance(auth, TokenAuth)
    assert auth.source.kind == kind


def test_an_api_key_goes_into_its_header() -> None:
    auth = at("azure/x", api_key=Secret("mine")).auth
    assert auth_headers(auth) == {"api-key": "mine"}


@pytest.mark.parametrize(
    ("env", "error", "names"),
    [
        ({}, CredentialError, "AZURE_API_KEY or AZURE_OPENAI_API_KEY or AZURE_AD_TOKEN"),
        ({"AZURE_API_TYPE": "aad", "AZURE_API_KEY": "k"}, ConfigError, "AZURE_API_TYPE is 'aad'"),
        ({"AZURE_CREDENTIAL": "CertificateCredential"}, ConfigError, "AZURE_CREDENTIAL"),
        ({"AZURE_AD_TOKEN": "oidc/x"}, CredentialError, "AZURE_AD_TOKEN"),
        ({"AZURE_API_KEY": "kéy"}, CredentialError, "AZURE_API_KEY"),
        ({"AZURE_API_KEY": "k\n"}, CredentialError, "AZURE_API_KEY"),
    ],
)
def test_what_is_wrong_is_named(env: dict[str, str], error: type[Exception], names: str) -> None:
    with pytest.raises(error, match=names) as caught:
        at("azure/x", {**env, "AZURE_API_BASE": HOST})
    assert "kéy" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"api_key": Secret("k"), "azure_ad_token": Secret("t")}, "azure_ad_token"),
        ({"api_key": Secret("k"), "credential": Credential()}, "credential"),
        ({"azure_ad_token_provider": "a token"}, "azure_ad_token_provider"),
        ({"credential": object()}, "credential"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], param: str) -> None:
    with pytest.raises(ArgumentError, match=param) as caught:
        at("azure/x", **arguments)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("host", "scope"),
    [
        ("res.openai.azure.com", "https://cognitiveservices.azure.com/.default"),
        ("res.cognitiveservices.azure.com", "https://cognitiveservices.azure.com/.default"),
        ("res.services.ai.azure.com", "https://ai.azure.com/.default"),
        ("res.openai.azure.us", "https://cognitiveservices.azure.us/.default"),
        ("res.openai.azure.cn", "https://cognitiveservices.azure.cn/.default"),
        ("proxy.example", "https://cognitiveservices.azure.com/.default"),
    ],
)
def test_scopes(host: str, scope: str) -> None:
    def scopes(env: Mapping[str, str], **arguments: Any) -> tuple[str, ...]:
        auth = at("azure/x", env, base_url=f"https://{host}", credential=Credential(), **arguments)
        assert isinstance(auth.auth, TokenAuth)
        return auth.auth.source.scopes

    assert scopes({}) == (scope,)
    assert scopes({"AZURE_SCOPE": "api://mine/.default"}) == ("api://mine/.default",)
    assert scopes({"AZURE_SCOPE": "other"}, scopes=("a", "b")) == ("a", "b")


def test_a_header_of_the_callers_own_is_a_credential() -> None:
    target = at("azure/x", default_headers={"Ocp-Apim-Subscription-Key": "s"})
    assert isinstance(target.auth, NoAuth)
    assert target.headers == {"ocp-apim-subscription-key": "s"}


def test_clean_body() -> None:
    message = {"type": "message", "role": "assistant", "status": "completed", "content": []}
    reasoning = {"type": "reasoning", "id": "rs_1", "status": None, "encrypted_content": None}
    call = {"type": "function_call", "status": "completed", "call_id": "c", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c", "output": "", "id": None}
    easy = {"role": "user", "content": "x", "status": "completed"}
    body = {"input": [message, reasoning, call, output, easy, {"type": "new", "x": None}], "n": 1}
    before = repr(body)
    cleaned = clean_body(body)
    assert cleaned == {
        "input": [
            {"type": "message", "role": "assistant", "content": []},
            {"type": "reasoning", "id": "rs_1"},
            call,
            {"type": "function_call_output", "call_id": "c", "output": ""},
            {"role": "user", "content": "x"},
            {"type": "new"},
        ],
        "n": 1,
    }
    assert cleaned["input"][2] is call
    assert repr(body) == before


@pytest.mark.parametrize(
    "body", [{}, {"input": "text"}, {"input": [{"role": "user", "content": "x"}]}, {"input": ["x"]}]
)
def test_a_clean_body_stays_the_same_object(body: dict[str, Any]) -> None:
    assert clean_body(body) is body


def test_an_old_version_is_noted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    azure._warn.cache_clear()  # pyright: ignore[reportPrivateUsage]
    target = at("azure/x", api_version="2023-03-15-preview")
    provider = get("azure")
    with caplog.at_level(logging.WARNING, "resp_core"):
        for _ in range(3):
            losses = Losses("azure/x")
            provider.prepare(target, "responses", {"input": "x"}, losses)
            assert "2025-03-01-preview" in losses.notes[0]
        provider.prepare(target, "chat", {"messages": []}, Losses("azure/x"))
    assert len(caplog.records) == 1
    url = provider.endpoint(target, "responses").url
    assert url == f"{HOST}/openai/responses?api-version=2023-03-15-preview"
    advice = provider.advise(target, "responses", 404, url)
    assert advice is not None
    assert "2025-03-01-preview" in advice
    assert url in advice


def test_advice() -> None:
    provider = get("azure")
    target = at("azure/x", credential=Credential())
    url = provider.endpoint(target, "chat").url
    assert f"Tried {url}" in str(provider.advise(target, "chat", 404, url + "?x=1"))
    assert "hidden" not in str(provider.advise(target, "chat", 404, url + "?secret=hidden"))
    assert "AZURE_SCOPE" in str(provider.advise(target, "chat", 401, url))
    assert provider.advise(target, "chat", 429, url) is None


def test_a_date_on_the_v1_surface_is_noted() -> None:
    losses = Losses("azure/x")
    target = at("azure/x", base_url=f"{HOST}/openai/v1", api_version="2024-10-21")
    get("azure").prepare(target, "chat", {}, losses)
    assert "2024-10-21 was not sent" in losses.notes[0]


def test_extensions_speak_chat() -> None:
    base = f"{HOST}/openai/deployments/gpt-4-vision/extensions"
    target = at("azure/gpt-4-vision", base_url=base, api_version="2023-12-01-preview")
    losses = Losses("azure/x")
    body = {"messages": [], "dataSources": [{}]}
    assert target.dialects == ("chat",)
    assert get("azure").prepare(target, "chat", body, losses) is body
    assert "retired" in losses.notes[0]
