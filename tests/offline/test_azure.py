"""Azure's spellings of the same operations."""

from __future__ import annotations

from typing import Any

import pytest

USER = [{"role": "user", "content": "hi"}]
DATED = {"api-version": "2025-04-01-preview"}


@pytest.mark.parametrize(
    ("path", "query", "body"),
    [
        ("/openai/v1/responses", {}, {"model": "d", "input": "hi"}),
        ("/openai/v1/responses", {"api-version": "preview"}, {"model": "d", "input": "hi"}),
        ("/openai/responses", DATED, {"model": "d", "input": "hi"}),
        ("/openai/v1/chat/completions", {}, {"model": "d", "messages": USER}),
        ("/openai/deployments/d/chat/completions", DATED, {"messages": USER}),
        ("/openai/deployments/d/embeddings", DATED, {"input": "hi"}),
        ("/openai/v1/embeddings", {}, {"model": "d", "input": "hi"}),
    ],
)
def test_paths(offline: Any, path: str, query: Any, body: Any) -> None:
    status, answer = offline.call("POST", path, body, query=query, headers={"api-key": "k"})
    assert status == 200
    assert answer["model"] == "offline-d"


@pytest.mark.parametrize(
    ("path", "query", "status", "code", "words"),
    [
        ("/openai/responses", {}, 404, "404", "Resource not found"),
        ("/openai/chat/completions", DATED, 404, "404", "Resource not found"),
        ("/openai/deployments/d/responses", DATED, 404, "404", "Resource not found"),
        ("/openai/v1/responses", DATED, 400, "BadRequest", "API version not supported"),
        (
            "/openai/responses",
            {"api-version": "2023-03-15-preview"},
            400,
            "BadRequest",
            "2025-03-01",
        ),
    ],
)
def test_versions(offline: Any, path: str, query: Any, status: int, code: str, words: str) -> None:
    given, answer = offline.call("POST", path, {"model": "d", "input": "hi"}, query=query)
    assert (given, answer["error"]["code"]) == (status, code)
    assert words in answer["error"]["message"]


def test_chat_carries_filter_results_and_streams_begin_without_choices(offline: Any) -> None:
    path = "/openai/v1/chat/completions"
    _, completion = offline.call("POST", path, {"model": "d", "messages": USER})
    assert completion["prompt_filter_results"][0]["prompt_index"] == 0
    assert completion["choices"][0]["content_filter_results"]["hate"]["filtered"] is False
    first, *_ = offline.stream(path, {"messages": USER})
    assert (first["choices"], first["id"]) == ([], "")


def test_the_fault_of_a_deployment(offline: Any) -> None:
    path = "/openai/deployments/fault-503/chat/completions"
    assert offline.call("POST", path, {"messages": USER}, query=DATED)[0] == 503
