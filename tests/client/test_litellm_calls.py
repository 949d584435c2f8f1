"""The calls of LiteLLM's documentation, with only the import changed, against a real server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

import resp_core as litellm
from resp_core.offline.loopback import serve
from tests.client.litellm_snippets import SNIPPETS
from tests.rawserver import Peer, answer, raw_server, response

MESSAGES = [{"content": "Hello, how are you?", "role": "user"}]
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A resource reached by arguments; the module's default client begins anew."""
    litellm.configure()
    with serve() as server:
        yield {"api_key": "k", "api_base": server.url + "/", "api_version": "preview"}
    litellm.configure()


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it stands in the documentation; only the import is another."""
    code = SNIPPETS[name].replace("import litellm", "import resp_core as litellm")
    code = code.replace("from litellm import", "from resp_core import")
    litellm.configure()
    with serve() as server:
        for variable in ("AZURE_API_KEY", "OPENAI_API_KEY"):
            monkeypatch.setenv(variable, "k")
        monkeypatch.setenv("AZURE_API_BASE", server.url)
        monkeypatch.setenv("AZURE_API_VERSION", "2024-10-21")
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        exec(compile(code, name, "exec", dont_inherit=True), {"os": os, "BASE": server.url})
    litellm.configure()
    assert capsys.readouterr().out.strip()


def test_a_variable_that_is_set_between_two_calls_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notebooks do this: another key, or another server, for the same model."""

    def script(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response()))

    litellm.configure()
    with raw_server(script) as first, raw_server(script) as second:
        for server, key in ((first, "one"), (first, "two"), (second, "three")):
            monkeypatch.setenv("OPENAI_API_KEY", key)
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            assert litellm.responses("Hi", "openai/gpt-4o").output_text == "Hello"
    litellm.configure()
    keys = [[asked.headers["authorization"] for asked in s.requests] for s in (first, second)]
    assert keys == [["Bearer one", "Bearer two"], ["Bearer three"]]


def test_responses_are_made_found_and_deleted(azure: dict[str, Any]) -> None:
    made = litellm.responses(
        model="azure/o1-pro",
        input="Tell me a three sentence bedtime story about a unicorn.",
        max_output_tokens=100,
        **azure,
    )
    assert made.output_text
    # The server that holds the id, and the key for it, are remembered in this process.
    assert litellm.get_responses(response_id=made.id).id == made.id
    gone = litellm.delete_responses(response_id=made.id)
    assert (gone.id, gone.deleted) == (made.id, True)
    with pytest.raises(litellm.NotFoundError):
        litellm.get_responses(response_id=made.id)


def test_responses_stream(azure: dict[str, Any]) -> None:
    events = [
        event.type
        for event in litellm.responses(
            model="azure/codex-mini", input="Tell me a story.", stream=True, **azure
        )
    ]
    assert events[0] == "response.created"
    assert events[-1] == "response.completed"


def test_a_background_response_is_cancelled(azure: dict[str, Any]) -> None:
    made = litellm.responses(model="azure/x", input="Think.", background=True, **azure)
    assert litellm.cancel_responses(response_id=made.id).status == "cancelled"


@pytest.mark.parametrize("version", ["preview", "latest", "v1", "2024-10-21"])
@pytest.mark.parametrize("model", ["azure/dep", "azure/o_series/dep", "azure/gpt5_series/dep"])
def test_completion(azure: dict[str, Any], model: str, version: str) -> None:
    answer = litellm.completion(model, MESSAGES, **{**azure, "api_version": version})
    assert answer.choices[0].message.content == answer["choices"][0]["message"]["content"] != ""
    assert answer.choices[0].message.tool_calls is None


def test_completion_by_the_environment(
    azure: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_API_KEY", azure["api_key"])
    monkeypatch.setenv("AZURE_API_BASE", azure["api_base"])
    monkeypatch.setenv("AZURE_API_VERSION", "2024-10-21")
    assert litellm.completion(model="azure/dep", messages=MESSAGES).choices[0].finish_reason


def test_chat_parts_in_a_responses_input_are_converted(azure: dict[str, Any]) -> None:
    content = [{"type": "text", "text": "What is on this page?"}, PICTURE]
    answer = litellm.responses(
        model="azure/responses/dep", input=[{"role": "user", "content": content}], **azure
    )
    assert answer.output_text
    assert any("converted" in note for note in answer.record.notes)


def test_old_vision_extensions_are_sent_as_they_are(azure: dict[str, Any]) -> None:
    """The service is retired: the fields go to the address that was given, and it says 404."""
    base = azure["api_base"] + "openai/deployments/gpt-4-vision/extensions"
    with pytest.raises(litellm.NotFoundError, match="/extensions/chat/completions"):
        litellm.completion(
            model="azure/gpt-4-vision",
            timeout=5,
            messages=MESSAGES,
            base_url=base,
            api_key="k",
            enhancements={"ocr": {"enabled": True}},
            dataSources=[{"type": "AzureComputerVision"}],
        )


async def test_async_calls(azure: dict[str, Any]) -> None:
    stream = await litellm.aresponses(model="azure/d", input="Hello", stream=True, **azure)
    assert [event.type async for event in stream][-1] == "response.completed"
    made = await litellm.aresponses(model="azure/d", input="Hello", **azure)
    assert (await litellm.aget_responses(response_id=made.id)).id == made.id
    assert (await litellm.adelete_responses(response_id=made.id)).deleted
    chat = await litellm.acompletion(model="azure/d", messages=MESSAGES, **azure)
    assert chat.choices[0].finish_reason == "stop"
    vectors = await litellm.aembedding(model="azure/embed", input=["one", "two"], **azure)
    assert [entry.index for entry in vectors.data] == [0, 1]


@pytest.mark.parametrize("called", [litellm.completion, litellm.responses])
def test_its_names_of_our_options(called: Any) -> None:
    said = {"messages": MESSAGES} if called is litellm.completion else {"input": "Hi."}
    with pytest.raises(litellm.UnsupportedError, match="seed"):
        called(model="offline/demo", api="responses", seed=7, drop_params=False, **said)
    answer = called(model="offline/demo", api="responses", seed=7, drop_params=True, **said)
    assert "seed" in str(answer.record.dropped)
    with pytest.raises(litellm.ArgumentError, match="given twice"):
        called(model="offline/demo", num_retries=1, max_retries=2, **said)


def test_num_retries_is_obeyed() -> None:
    with pytest.raises(litellm.OverloadedError) as caught:
        litellm.completion("offline/fault-503", MESSAGES, num_retries=1)
    assert caught.value.attempts == 2
