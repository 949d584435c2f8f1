"""Constructor names: those of OpenAI, OpenAIResponses, AzureOpenAI, OpenAILike and LiteLLM."""

from __future__ import annotations

import pytest

from llamaindex_resp import RespEmbedding, RespLLM
from llamaindex_resp.connection import ModelConnection
from resp_core.client.options import ClientOptions
from resp_core.errors import ArgumentError

#: Client options that are other names of one, that go with a call, or are facts of the LLM.
NO_FIELDS = {
    *("custom_llm_provider", "api_base", "openai_api_base", "azure_endpoint"),
    *("extra_headers", "extra_query", "extra_body", "track", "context_window"),
}


def test_the_connection_has_what_the_cores_clients_take():
    assert set(ModelConnection.model_fields) == set(ClientOptions.__annotations__) - NO_FIELDS | {
        "model"
    }


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"api_base": "http://a"}, "base_url", "http://a"),
        ({"openai_api_base": "http://a"}, "base_url", "http://a"),
        ({"azure_endpoint": "http://a", "model": "azure/d"}, "base_url", "http://a"),
        ({"custom_llm_provider": "openai"}, "provider", "openai"),
        ({"max_output_tokens": 9}, "max_tokens", 9),
        ({"max_completion_tokens": 9}, "max_tokens", 9),
        ({"max_new_tokens": 9}, "max_tokens", 9),
        ({"reasoning_options": {"effort": "low"}}, "reasoning", {"effort": "low"}),
        ({"metadata": {"a": "b"}}, "request_metadata", {"a": "b"}),
        ({"call_metadata": {"a": "b"}}, "request_metadata", {"a": "b"}),
        ({"additional_kwargs": {"seed": 1}}, "model_kwargs", {"seed": 1}),
        ({"additional_kwargs": None, "seed": 1}, "model_kwargs", {"seed": 1}),
        ({"instructions": "x"}, "model_kwargs", {"instructions": "x"}),
        ({"audio_config": {"voice": "a"}}, "model_kwargs", {"audio": {"voice": "a"}}),
        ({"extra_headers": {"a": "b"}}, "default_headers", {"a": "b"}),
        ({"extra_query": {"a": "b"}}, "default_query", {"a": "b"}),
        ({"model": None, "model_name": "openai/gpt-5"}, "model", "openai/gpt-5"),
        ({"request_timeout": 3.0}, "timeout", 3.0),
        ({"async_http_client": 5}, "http_async_client", 5),
        ({"default_headers": None, "built_in_tools": None}, "built_in_tools", []),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_other_names(given, field, value):
    assert vars(RespLLM(**{"model": "openai/gpt-5", **given}))[field] == value


@pytest.mark.parametrize(
    ("given", "model", "base_model"),
    [
        ({"azure_deployment": "dep"}, "azure/dep", None),
        ({"model": "gpt-5", "engine": "dep"}, "azure/dep", "gpt-5"),
        ({"model": "openai/gpt-5", "deployment_name": "dep"}, "azure/dep", "gpt-5"),
        ({"model": "gpt-5", "deployment_id": "d", "base_model": "o3"}, "azure/d", "o3"),
        ({"engine": "dep", "azure_deployment": "dep"}, "azure/dep", None),
    ],
)
def test_an_azure_deployment_by_any_of_its_names(given, model, base_model):
    llm = RespLLM(azure_endpoint="http://a", **given)
    assert (llm.model, llm.base_model) == (model, base_model)


def test_a_bare_name_beside_an_azure_endpoint_is_a_deployment():
    llm = RespLLM("gpt-4o", azure_endpoint="https://a.openai.azure.com", api_key="k")
    assert llm.client.deployment(llm.model).provider == "azure"


def test_entra_credentials_as_azure_openai_asks_for_them():
    assert RespLLM(engine="d", use_azure_ad=True).credential == "default"
    provider = lambda: "token"  # noqa: E731
    llm = RespLLM(engine="d", use_azure_ad=True, azure_ad_token_provider=provider)
    assert (llm.credential, llm.azure_ad_token_provider) == (None, provider)
    assert RespLLM(engine="d", use_azure_ad=False).credential is None


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("track_previous_responses", True, "previous_response_id="),
        ("reuse_client", False, "leave it out"),
        ("openai_client", object(), "client="),
        ("async_openai_client", object(), "client="),
        ("is_chat_model", False, "leave it out"),
        ("tokenizer", str.split, "Settings.tokenizer"),
        ("should_use_structured_outputs", True, "pydantic_program_mode"),
        ("api_type", "azure", "provider="),
        ("temprature", 1, "temperature"),
        ("azure_deploymnt", "d", "azure_deployment"),
        ("instruction", "x", "instructions"),
        ("no_such_thing", 1, "extra_body"),
    ],
)
def test_what_has_no_meaning_here_is_refused_with_the_remedy(name, value, remedy):
    with pytest.raises(ArgumentError, match=remedy) as caught:
        RespLLM("openai/gpt-5", **{name: value})
    assert caught.value.param == name


@pytest.mark.parametrize(
    ("name", "value"),
    [("track_previous_responses", False), ("reuse_client", True), ("is_chat_model", True)],
)
def test_their_harmless_values_are_taken(name, value):
    assert RespLLM("openai/gpt-5", **{name: value}).to_dict() == RespLLM("openai/gpt-5").to_dict()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"base_url": "http://a", "api_base": "http://a"}, "base_url and api_base"),
        ({"max_tokens": 5, "max_output_tokens": 6}, "max_tokens and max_output_tokens"),
        ({"model_kwargs": {"seed": 1}, "seed": 2}, "seed"),
        ({"engine": "a", "azure_deployment": "b"}, "azure_deployment and engine"),
    ],
)
def test_two_names_of_one_thing_are_refused(given, words):
    with pytest.raises(ArgumentError, match=words):
        RespLLM("openai/gpt-5", **given)


@pytest.mark.parametrize("model", [None, ""])
def test_a_model_must_be_named(model):
    with pytest.raises(ArgumentError, match="offline/demo"):
        RespLLM(model)


def test_names_of_llama_indexs_embeddings():
    made = RespEmbedding(
        model_name="openai/text-embedding-3-small",
        api_base="http://a",
        additional_kwargs={"truncate": "END"},
        reuse_client=True,
    )
    assert made.model == made.model_name == "openai/text-embedding-3-small"
    assert (made.base_url, made.extra_body) == ("http://a", {"truncate": "END"})
    azure = RespEmbedding(
        "text-embedding-ada-002", deployment_name="mine", azure_endpoint="http://a"
    )
    assert (azure.model, azure.base_model) == ("azure/mine", "text-embedding-ada-002")
    with pytest.raises(ArgumentError, match="mode"):
        RespEmbedding("offline/embed", mode="similarity")
