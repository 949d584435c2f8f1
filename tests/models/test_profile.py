"""Which family a name belongs to, and what is known of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resp_core.models.profile import Profile, known_provider, profile_of

FAMILIES = {
    "gpt-4o": "gpt-4o",
    "gpt-4o-2024-08-06": "gpt-4o",
    "gpt-4o-mini": "gpt-4o",
    "GPT-4o": "gpt-4o",
    "chatgpt-4o-latest": "gpt-4o",
    "ft:gpt-4o-2024-08-06:org::abc": "gpt-4o",
    "gpt-4o-mini-2024-07-18.ft-1": "gpt-4o",
    "gpt-4o-audio-preview": "audio",
    "gpt-4o-search-preview": "gpt-4o-search",
    "gpt-4o-transcribe": "media",
    "gpt-4o-realtime-preview": "media",
    "gpt-4.1": "gpt-4.1",
    "gpt-4.1-nano-2025-04-14": "gpt-4.1",
    "gpt-4": "gpt-4",
    "gpt-4-0613": "gpt-4",
    "gpt-4-32k": "gpt-4-32k",
    "gpt-4-turbo-2024-04-09": "gpt-4-turbo",
    "gpt-4-0125-preview": "gpt-4-turbo",
    "gpt-3.5-turbo": "gpt-3.5",
    "gpt-35-turbo": "gpt-3.5",
    "gpt-3.5-turbo-instruct-0914": "instruct",
    "gpt-35-turbo-instruct": "instruct",
    "o1": "o1",
    "o1-2024-12-17": "o1",
    "o1-mini": "o1-mini",
    "o1-preview": "o1-mini",
    "o1-pro-2025-03-19": "o1-pro",
    "o3": "o3",
    "o3-mini": "o3-mini",
    "o3-pro": "o3-pro",
    "o3-deep-research": "deep-research",
    "o4-mini": "o4-mini",
    "o4-mini-deep-research": "deep-research",
    "codex-mini-latest": "codex-mini",
    "computer-use-preview": "computer-use",
    "gpt-5": "gpt-5",
    "gpt-5-2025-08-07": "gpt-5",
    "gpt-5-mini": "gpt-5",
    "gpt-5-nano": "gpt-5",
    "gpt-5-prod": "gpt-5",
    "gpt-5-chat-latest": "gpt-5-chat",
    "gpt-5-search-api": "gpt-5-search",
    "gpt-5-pro": "gpt-5-pro",
    "gpt-5-codex": "gpt-5-codex",
    "gpt-5.1-codex-max": "gpt-5-codex",
    "gpt-5.3-codex": "gpt-5-codex",
    "gpt-5.1": "gpt-5.1",
    "gpt-5.2-2025-12-11": "gpt-5.1",
    "gpt-5.2-chat-latest": "gpt-5-chat-fixed",
    "gpt-5.2-pro": "gpt-5-pro-line",
    "gpt-5.4": "gpt-5.4",
    "gpt-5.4-mini": "gpt-5.1",
    "gpt-5.4-pro": "gpt-5-pro-line",
    "gpt-5.5": "gpt-5.5",
    "gpt-5.6-sol": "gpt-5.6",
    "gpt-6-sol": "gpt-6",
    "gpt-6-luna": "gpt-6",
    "gpt-6-astra": "gpt-6-astra",
    "gpt-6.1-sol": "gpt-6.1-sol",
    "gpt-image-1": "media",
    "gpt-5-image": "media",
    "gpt-realtime": "media",
    "gpt-audio-mini": "audio",
    "gpt-oss-120b": "gpt-oss",
    "text-embedding-3-small": "text-embedding",
    "gpt-4.5-preview": "unknown",
    "gpt-7": "unknown",
    "o5": "unknown",
    "o10": "unknown",
    "llama-3": "unknown",
    "my-gpt-4o": "unknown",
    "": "unknown",
}


@pytest.mark.parametrize(("name", "family"), FAMILIES.items())
def test_families(name: str, family: str) -> None:
    profile = profile_of(name)
    assert (profile.name, profile.family) == (name, family)
    assert profile.known is (family != "unknown")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("o1-pro", {"chat": False, "responses": True}),
        ("o3", {"efforts": ("low", "medium", "high"), "sampling": "never", "streams": True}),
        ("gpt-5", {"efforts": ("minimal", "low", "medium", "high"), "context_window": 400_000}),
        ("gpt-5-pro", {"chat": False, "streams": False, "parallel_tools": False}),
        ("gpt-5-codex", {"chat": False, "streams": True}),
        ("gpt-5-chat-latest", {"reasoning": False, "max_tokens_param": "max_completion_tokens"}),
        ("gpt-5.1", {"default_effort": "none", "sampling": "when_effort_none"}),
        ("gpt-5.4", {"context_window": 1_050_000}),
        ("gpt-5.4-mini", {"context_window": 400_000}),
        ("gpt-5.5", {"default_effort": "medium", "sampling": "when_effort_none"}),
        (
            "gpt-6-astra",
            {"sampling": "never", "efforts": ("low", "medium", "high", "xhigh", "max")},
        ),
        ("gpt-5.2-pro", {"chat": False, "refused_efforts": ("none",)}),
        ("gpt-audio", {"responses": False}),
        ("gpt-3.5-turbo-instruct", {"chat": True, "responses": False, "completions": True}),
        ("gpt-4o-mini", {"completions": False, "idle_timeout": 120.0}),
        ("o3-mini", {"idle_timeout": 600.0}),
        ("gpt-9", {"idle_timeout": 120.0}),
        ("text-embedding-3-large", {"embeds": True, "chat": False, "tokenizer": "cl100k_base"}),
        ("gpt-4o", {"tokenizer": "o200k_base", "reasoning": False, "max_tokens_param": None}),
    ],
)
def test_facts(name: str, facts: dict[str, object]) -> None:
    profile = profile_of(name)
    assert facts == {field: getattr(profile, field) for field in facts}


@pytest.mark.parametrize(
    ("name", "streams", "parallel"),
    [
        ("o1", False, False),
        ("o3", True, False),
        ("o3-mini", True, False),
        ("o3-pro", False, False),
        ("o4-mini", True, False),
        ("gpt-5", True, True),
        ("gpt-4o", True, True),
    ],
)
def test_what_azure_does_otherwise(name: str, streams: bool, parallel: bool) -> None:
    on_azure = profile_of(name, provider="azure")
    assert (on_azure.streams, on_azure.parallel_tools) == (streams, parallel)
    assert profile_of(name).parallel_tools


@pytest.mark.parametrize(
    ("deployment", "family"),
    [
        ("team-o3-eu", "o3"),
        ("prod_o3_mini", "o3"),
        ("my-o3-mini", "o3-mini"),
        ("O4-MINI", "o4-mini"),
        ("chat-gpt-5.2-prod", "gpt-5.1"),
        ("gpt-5-live", "gpt-5"),
        ("video3", "unknown"),
        ("o3x", "unknown"),
        ("v1.o3", "unknown"),
        ("gpt-50", "unknown"),
    ],
)
def test_a_deployments_name_shows_its_family_as_a_word(deployment: str, family: str) -> None:
    assert profile_of(deployment, provider="azure").family == family


def test_other_providers_names_say_nothing() -> None:
    assert profile_of("gpt-4o", provider="groq") == Profile(name="gpt-4o")
    assert profile_of("x", "openai/gpt-4o", provider="groq").family == "gpt-4o"


def test_a_context_window_given_wins() -> None:
    assert profile_of("gpt-4o", context_window=1000).context_window == 1000
    assert profile_of("mine", context_window=1000).context_window == 1000


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("gpt-4o", "openai"),
        ("gpt-99-new", "openai"),
        ("o1", "openai"),
        ("o3-mini", "openai"),
        ("o5-next", "openai"),
        ("chatgpt-4o-latest", "openai"),
        ("computer-use-preview", "openai"),
        ("text-embedding-3-small", "openai"),
        ("codex-mini-latest", "openai"),
        ("ft:gpt-4o:org::x", "openai"),
        ("omni-moderation", None),
        ("o", None),
        ("o1x", None),
        ("llama-3", None),
        ("mygpt-4", None),
        ("demo", None),
    ],
)
def test_bare_names(name: str, provider: str | None) -> None:
    assert known_provider(name) == provider


@given(st.text(), st.sampled_from(["openai", "azure", "groq"]))
def test_no_name_is_refused(name: str, provider: str) -> None:
    assert profile_of(name, provider=provider).name == name
