"""OpenAI and the servers that speak like it: addresses, keys, URLs, bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from resp_core.auth.headers import auth_headers
from resp_core.auth.source import KeyAuth, NoAuth, Secret, TokenAuth
from resp_core.errors import ArgumentError, CredentialError, UnsupportedError
from resp_core.providers import get, names
from resp_core.route.deployment import Connection, Deployment
from resp_core.route.resolve import resolve
from resp_core.wire.losses import Losses

COMPATIBLE = [name for name in names() if name not in ("azure", "offline")]


def at(model: str, env: Mapping[str, str] | None = None, **arguments: Any) -> Deployment:
    return resolve(model, Connection(**arguments), env or {})


@pytest.mark.parametrize("name", COMPATIBLE)
def test_a_key_may_be_a_function(name: str) -> None:
    auth = at(f"{name}/m", api_key=lambda: "mine", base_url="https://a.test").auth
    assert isinstance(auth, TokenAuth)
    assert (auth.source.kind, auth.source.origin) == ("callable", "api_key")
    assert auth_headers(auth, Secret("mine")) == {"authorization": "Bearer mine"}
    with pytest.raises(CredentialError, match="plain http"):
        at(f"{name}/m", api_key=lambda: "mine", base_url="http://a.test")


def url(deployment: Deployment, operation: Any = "chat", *ids: str) -> str:
    return get(deployment.provider).endpoint(deployment, operation, ids).url


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("openai/m", "https://api.openai.com/v1/chat/completions"),
        ("groq/m", "https://api.groq.com/openai/v1/chat/completions"),
        ("mistral/m", "https://api.mistral.ai/v1/chat/completions"),
        ("deepseek/m", "https://api.deepseek.com/chat/completions"),
        ("xai/m", "https://api.x.ai/v1/chat/completions"),
        ("openrouter/openai/m", "https://openrouter.ai/api/v1/chat/completions"),
        ("together/m", "https://api.together.xyz/v1/chat/completions"),
        ("fireworks/m", "https://api.fireworks.ai/inference/v1/chat/completions"),
        ("perplexity/m", "https://api.perplexity.ai/chat/completions"),
        ("cerebras/m", "https://api.cerebras.ai/v1/chat/completions"),
        ("ollama/m", "http://localhost:11434/v1/chat/completions"),
        ("vllm/m", "http://localhost:8000/v1/chat/completions"),
        ("lmstudio/m", "http://localhost:1234/v1/chat/completions"),
        ("offline/m", "offline://local/v1/chat/completions"),
    ],
)
def test_addresses(model: str, expected: str) -> None:
    assert url(at(model, api_key=Secret("k"))) == expected


@pytest.mark.parametrize(
    ("operation", "ids", "expected"),
    [
        ("responses", (), "/responses"),
        ("responses.retrieve", ("resp_1",), "/responses/resp_1"),
        ("responses.delete", ("a/../b",), "/responses/a%2F..%2Fb"),
        ("responses.cancel", ("resp_1",), "/responses/resp_1/cancel"),
        ("responses.input_items", ("resp_1",), "/responses/resp_1/input_items"),
        ("responses.compact", (), "/responses/compact"),
        ("responses.count_tokens", (), "/responses/input_tokens"),
        ("embeddings", (), "/embeddings"),
        ("models", (), "/models"),
        ("conversations.items.retrieve", ("c", "m"), "/conversations/c/items/m"),
    ],
)
def test_operations(operation: str, ids: tuple[str, ...], expected: str) -> None:
    target = at("gpt-4o", {"OPENAI_API_KEY": "k"})
    assert url(target, operation, *ids) == "https://api.openai.com/v1" + expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://h.example/v1", "https://h.example/v1/chat/completions"),
        ("https://h.example/v1/", "https://h.example/v1/chat/completions"),
        ("https://h.example/v1/chat/completions", "https://h.example/v1/chat/completions"),
        ("https://h.example/v1/chat/completions/", "https://h.example/v1/chat/completions"),
        ("https://h.example/v1/responses", "https://h.example/v1/chat/completions"),
        ("https://h.example", "https://h.example/chat/completions"),
        ("https://h.example/v1?tenant=7", "https://h.example/v1/chat/completions?tenant=7"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1/chat/completions"),
    ],
)
def test_forms_of_base_url(base: str, expected: str) -> None:
    assert url(at("custom/m", base_url=base, api_key=Secret("k"))) == expected


def test_a_local_server_needs_no_path() -> None:
    assert url(at("ollama/m", {"OLLAMA_API_BASE": "http://10.0.0.7:11434"})).startswith(
        "http://10.0.0.7:11434/v1/"
    )


def test_default_query_and_headers() -> None:
    target = at(
        "custom/m",
        base_url="https://h.example/v1?a=1",
        default_query={"a": 2, "b": True, "c": None},
        default_headers={"X-Team": "blue"},
        organization="org",
    )
    assert url(target) == "https://h.example/v1/chat/completions?a=2&b=true"
    assert target.headers == {"x-team": "blue", "openai-organization": "org"}


def test_openai_reads_organisation_and_project() -> None:
    env = {
        "OPENAI_API_KEY": "k",
        "OPENAI_ORG_ID": "",
        "OPENAI_ORGANIZATION": "org_e",
        "OPENAI_PROJECT_ID": "proj_e",
    }
    assert at("gpt-4o", env, project="proj_a").headers == {
        "openai-organization": "org_e",
        "openai-project": "proj_a",
    }


@pytest.mark.parametrize(
    ("env", "base"),
    [
        ({}, "https://api.openai.com/v1"),
        ({"OPENAI_BASE_URL": ""}, "https://api.openai.com/v1"),
        ({"OPENAI_API_BASE": "https://b.example/v1"}, "https://b.example/v1"),
        (
            {"OPENAI_API_BASE": "https://b.example/v1", "OPENAI_BASE_URL": "https://a.example/v1/"},
            "https://a.example/v1",
        ),
    ],
)
def test_openai_base_from_the_environment(env: dict[str, str], base: str) -> None:
    assert at("gpt-4o", env, api_key=Secret("k")).base_url == base


@pytest.mark.parametrize("name", COMPATIBLE)
def test_a_key_from_each_variable(name: str) -> None:
    provider = get(name)
    base = None if provider.base_url else "https://h.example/v1"
    for variable in provider.key_env:
        auth = at(f"{name}/m", {variable: "k"}, base_url=base).auth
        assert isinstance(auth, KeyAuth)
        assert auth.origin == variable
        assert auth_headers(auth) == {"authorization": "Bearer k"}
    for env in ({}, dict.fromkeys(provider.key_env, "")):
        if provider.key_required:
            with pytest.raises(CredentialError, match=" or ".join(provider.key_env)) as caught:
                at(f"{name}/m", env)
            assert caught.value.param == "api_key"
        else:
            assert isinstance(at(f"{name}/m", env, base_url=base).auth, NoAuth)


def test_a_header_of_the_callers_own_keeps_the_variable_out() -> None:
    target = at("gpt-4o", {"OPENAI_API_KEY": "k"}, default_headers={"Authorization": "Bearer x"})
    assert isinstance(target.auth, NoAuth)
    assert target.headers == {"authorization": "Bearer x"}


def test_another_servers_key_is_never_openais() -> None:
    target = at("custom/m", {"OPENAI_API_KEY": "k"}, base_url="https://h.example/v1")
    assert isinstance(target.auth, NoAuth)


@pytest.mark.parametrize(
    ("base", "key", "refused"),
    [
        ("http://10.0.0.7/v1", "k", True),
        ("http://127.0.0.1.evil.example/v1", "k", True),
        ("http://localhost.evil.example/v1", "k", True),
        ("http://10.0.0.7/v1", "", False),
        ("http://127.8.9.10/v1", "k", False),
        ("http://localhost:1/v1", "k", False),
        ("http://me.localhost/v1", "k", False),
        ("http://[::1]/v1", "k", False),
        ("https://10.0.0.7/v1", "k", False),
    ],
)
def test_no_key_over_plain_http(base: str, key: str, refused: bool) -> None:
    if not refused:
        assert at("custom/m", base_url=base, api_key=Secret(key)).base_url == base
        return
    with pytest.raises(CredentialError, match="plain http"):
        at("custom/m", base_url=base, api_key=Secret(key))
    with pytest.raises(CredentialError, match="plain http"):
        at("custom/m", base_url=base, default_headers={"Authorization": "Bearer k"})


@pytest.mark.parametrize(
    "base",
    [
        "h.example/v1",
        "//h",
        "ftp://h",
        "https://",
        "https://h:x/",
        "https://h:99999/",
        "https://[::1",
        "https://u:p@h/",
        "https://h /",
        "https://h/#a",
        "\nhttps://h",
        "offline://local/v1",
    ],
)
def test_a_malformed_url_is_named(base: str) -> None:
    with pytest.raises(ArgumentError, match="base_url is not a usable URL") as caught:
        at("custom/m", base_url=base)
    assert caught.value.param == "base_url"
    assert "u:p" not in str(caught.value)
    with pytest.raises(ArgumentError, match="OPENAI_LIKE_API_BASE is not a usable URL"):
        at("custom/m", {"OPENAI_LIKE_API_BASE": base})


def test_custom_needs_an_address() -> None:
    with pytest.raises(CredentialError, match="OPENAI_LIKE_API_BASE"):
        at("custom/m")


@pytest.mark.parametrize(
    "arguments",
    [{"api_version": "v1"}, {"azure_ad_token": Secret("t")}, {"credential": "default"}],
)
def test_azures_arguments_are_azures(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="is for Azure"):
        at("groq/m", {"GROQ_API_KEY": "k"}, **arguments)


@pytest.mark.parametrize(
    ("model", "api", "dialects"),
    [
        ("openai/gpt-4o", None, ("responses", "chat")),
        ("openai/gpt-4o", "chat", ("chat",)),
        ("openai/o1-pro", None, ("responses",)),
        ("openai/gpt-audio", None, ("chat",)),
        ("openai/text-embedding-3-small", None, ("responses", "chat")),
        ("xai/grok-4", "auto", ("responses", "chat")),
        ("groq/m", "", ("chat",)),
        ("groq/m", "responses", ("responses",)),
        ("fireworks/m", None, ("chat", "responses")),
        ("mistral/m", None, ("chat",)),
    ],
)
def test_dialects(model: str, api: Any, dialects: tuple[str, ...]) -> None:
    assert at(model, api=api, api_key=Secret("k")).dialects == dialects


@pytest.mark.parametrize(
    ("model", "api"), [("mistral/m", "responses"), ("o1-pro", "chat"), ("gpt-audio", "responses")]
)
def test_an_impossible_pin_is_refused(model: str, api: Any) -> None:
    with pytest.raises(UnsupportedError, match=f"not served by the {api} API") as caught:
        at(model, api=api, api_key=Secret("k"))
    assert caught.value.param == "api"


def test_stored_objects_need_the_responses_api() -> None:
    with pytest.raises(UnsupportedError, match=r"responses\.retrieve"):
        url(at("mistral/m", api_key=Secret("k")), "responses.retrieve", "resp_1")


def test_perplexity_has_two_roots() -> None:
    for base in (None, "https://api.perplexity.ai/v1"):
        target = at("perplexity/m", api_key=Secret("k"), base_url=base)
        assert url(target) == "https://api.perplexity.ai/chat/completions"
        assert url(target, "responses") == "https://api.perplexity.ai/v1/responses"
        assert url(target, "embeddings") == "https://api.perplexity.ai/v1/embeddings"


def test_mistrals_names() -> None:
    losses = Losses("mistral/m")
    target = at("mistral/m", api_key=Secret("k"))
    body = {"seed": 1, "max_completion_tokens": 5, "tool_choice": "required", "n": 2}
    assert get("mistral").prepare(target, "chat", body, losses) == {
        "random_seed": 1,
        "max_tokens": 5,
        "tool_choice": "any",
        "n": 2,
    }
    assert len(losses.notes) == 3
    plain = {"messages": [], "tool_choice": "auto"}
    assert get("mistral").prepare(target, "chat", plain, losses) is plain


def test_what_xai_refuses() -> None:
    target = at("xai/m", api_key=Secret("k"))
    prepare = get("xai").prepare
    body = {"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}], "metadata": {}}
    losses = Losses("xai/m")
    assert prepare(target, "responses", body, losses) == {"tools": [{"type": "code_interpreter"}]}
    assert body["metadata"] == {}
    for refused in (
        {"metadata": {"a": "b"}},
        {"tools": [{"type": "web_search", "search_context_size": "low"}]},
    ):
        with pytest.raises(UnsupportedError, match="xAI"):
            prepare(target, "responses", refused, losses)
        assert prepare(target, "chat", refused, losses) is refused
    dropped = Losses("xai/m", "drop")
    assert prepare(target, "responses", {"metadata": {"a": "b"}}, dropped) == {}
    assert dropped.dropped == ["metadata"]


CALL = {"role": "assistant", "tool_calls": [{"id": "c"}]}


@pytest.mark.parametrize(
    ("body", "blank"),
    [
        ({"model": "deepseek-v4-flash", "messages": [CALL]}, True),
        ({"model": "deepseek-chat", "thinking": {"type": "enabled"}, "messages": [CALL]}, True),
        ({"model": "deepseek-chat", "messages": [CALL]}, False),
        ({"model": "deepseek-v4", "thinking": {"type": "disabled"}, "messages": [CALL]}, False),
        ({"model": "deepseek-v4", "messages": [{**CALL, "reasoning_content": "x"}]}, False),
        ({"model": "deepseek-v4", "messages": [{"role": "assistant", "content": "x"}]}, False),
        ({"model": "deepseek-v4"}, False),
    ],
)
def test_deepseek_wants_reasoning_with_tool_calls(body: dict[str, Any], blank: bool) -> None:
    target = at("deepseek/m", api_key=Secret("k"))
    losses = Losses("deepseek/m")
    fitted = get("deepseek").prepare(target, "chat", body, losses)
    assert (fitted is not body) is blank
    assert bool(losses.notes) is blank
    if blank:
        assert fitted["messages"] == [{**CALL, "reasoning_content": " "}]
    assert "reasoning_content" not in CALL
