"""POST /completions: a prompt in, text out, as strictly as the rest."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core import Client
from resp_core.offline.loopback import serve

PATH = "/v1/completions"


def write(offline: Any, **params: Any) -> Any:
    status, answer = offline.call("POST", PATH, {"model": "demo", "prompt": "Hello", **params})
    assert status == 200, answer
    return answer


def test_an_answer(offline: Any) -> None:
    answer = write(offline, max_tokens=100)
    (choice,) = answer["choices"]
    assert (answer["object"], answer["model"]) == ("text_completion", "offline-demo")
    assert choice["text"].startswith("Hello!")
    assert choice["finish_reason"] == "stop"
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_it_stops_after_sixteen_tokens_unless_told(offline: Any) -> None:
    prompt = "Tell me all that you know about bees and flowers"
    assert write(offline, prompt=prompt)["choices"][0]["finish_reason"] == "length"
    assert write(offline, prompt=prompt, max_tokens=500)["choices"][0]["finish_reason"] == "stop"


def test_prompts_choices_and_logprobs(offline: Any) -> None:
    answer = write(offline, prompt=["Hello", "Bees?"], n=2, logprobs=2, echo=True)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    first = answer["choices"][0]
    told = first["logprobs"]
    assert first["text"] == "Hello" + "".join(told["tokens"])
    assert len(told["tokens"]) == len(told["token_logprobs"]) == len(told["text_offset"])
    assert all(len(top) == 2 for top in told["top_logprobs"])


def test_a_stream_is_the_answer(offline: Any) -> None:
    body = {"prompt": "Hello", "max_tokens": 100, "stream_options": {"include_usage": True}}
    *chunks, last, done = offline.stream(PATH, body)
    assert done == b"[DONE]"
    whole = write(offline, max_tokens=100)
    text = "".join(choice["text"] for chunk in chunks for choice in chunk["choices"])
    assert text == whole["choices"][0]["text"]
    assert last["usage"] == whole["usage"]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"messages": []}, "messages"),
        ({"logprobs": True}, "logprobs"),
    ],
)
def test_what_is_refused(given: dict[str, Any], param: str, offline: Any) -> None:
    status, answer = offline.call("POST", PATH, {"model": "demo", "prompt": "Hi", **given})
    assert (status, answer["error"]["param"]) == (400, param)


@pytest.mark.parametrize("version", ["2024-10-21", "v1"])
def test_litellms_azure_text(version: str) -> None:
    with (
        serve() as server,
        Client("azure_text/dep", api_key="k", api_base=server.url, api_version=version) as client,
    ):
        messages = [{"role": "user", "content": "Hello"}]
        made = client.chat.completions.create(messages=messages, max_tokens=50)
        assert made.model == "offline-dep"
        pieces = [
            choice.delta.content or ""
            for chunk in client.chat.completions.stream(messages=messages, max_tokens=50)
            for choice in chunk.choices
        ]
        assert made.choices[0].message.content == "".join(pieces)
        answer = client.responses.create(input="Hello", max_output_tokens=50)
        assert answer.output_text == "".join(pieces)
