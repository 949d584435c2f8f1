"""Every recorded OpenAI and Azure answer over HTTP: the plain message is the sum of the chunks.

The server gives the recorded bytes, cut anywhere, to a call that streams, and to a plain call the
recorded body, or what the stream adds up to.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from langchain_resp import ChatResp
from resp_core.errors import RespError
from resp_core.types.json import loads
from resp_core.wire.chat_fold import ChatFold
from resp_core.wire.chat_server import chunks_of
from resp_core.wire.ids import counted_ids
from resp_core.wire.losses import Losses
from resp_core.wire.pipeline import reader_for
from resp_core.wire.sse import SseDecoder
from tests.langchain.equal import facts
from tests.langchain.server import sse, stream_of

FOLDERS = ("openai/responses", "openai/chat", "azure/responses", "azure/chat")
#: Options that decide about the form of the content: a string where it can be, blocks, standard.
FORMS: tuple[dict[str, Any], ...] = (
    {},
    {"tools": [{"type": "web_search"}]},
    {"output_version": "v1"},
)
MADE_HERE = re.compile(r"\b[a-z]+_rk[0-9a-f]{32}\b")


def exchanges(folder: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.json")):
        case = json.loads(path.read_bytes())
        for number, exchange in enumerate(case["exchanges"]):
            answer = exchange["response"]
            told = exchange["api"] in ("responses", "chat") and answer["status"] == 200
            if told and not answer.get("cut"):
                yield f"{path.name}#{number}", exchange["api"], answer


def both(api: str, answer: dict[str, Any]) -> tuple[bytes, dict[str, Any]] | None:
    """The bytes of the stream and the body of the plain answer; None where there is none."""
    if "sse" in answer:
        raw = "".join(answer["sse"]).encode()
        return raw, summed_up(api, raw)
    body = answer.get("body")
    if not isinstance(body, dict) or not ("output" in body or "choices" in body):
        return None
    if api == "responses":
        return sse(stream_of(body)), body
    chunks = [json.dumps(chunk) for chunk in chunks_of(body, include_usage=True)]
    return "".join(f"data: {data}\n\n" for data in [*chunks, "[DONE]"]).encode(), body


def summed_up(api: str, raw: bytes) -> dict[str, Any]:
    decoder = SseDecoder()
    payloads = [data for _, data in (*decoder.feed(raw), *decoder.close())]
    reader: Any = ChatFold()
    if api == "responses":
        losses = Losses("test", "drop")
        reader = reader_for(
            "responses", "responses", {"input": []}, new_id=counted_ids(), losses=losses
        )
    for data in payloads:
        if data != b"[DONE]":
            reader.add(loads(data))
    reader.close(b"[DONE]" in payloads)
    return reader.result if api == "responses" else reader.result()


class Pieces(httpx2.SyncByteStream):
    """Bytes, cut anywhere; the same cuts for the same name."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._random = random.Random(name)

    def __iter__(self) -> Iterator[bytes]:
        start = 0
        while start < len(self._data):
            end = start + self._random.choice((1, 7, 64, 300, 5000))
            yield self._data[start:end]
            start = end


def outcomes(name: str, api: str, raw: bytes, body: dict[str, Any], form: Any) -> list[Any]:
    """What comes of a plain call and of a stream: the facts of a message, or the error's class."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if not json.loads(request.content).get("stream"):
            return httpx2.Response(200, json=body)
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, stream=Pieces(raw, name))

    found: list[Any] = []
    for stream in (False, True):
        model = ChatResp(
            model="openai/gpt-test",
            api=api,
            api_key="key-of-the-test",
            max_retries=0,
            on_unsupported="drop",
            http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
            **form,
        )
        try:
            if stream:
                first, *others = model.stream("hi")
                message: Any = first + others if others else first
            else:
                message = model.invoke("hi")
        except RespError as error:
            found.append(type(error))
        else:
            told = json.dumps(facts(message), sort_keys=True)
            found.append(json.loads(MADE_HERE.sub("made here", told)))
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*nothing here decides them")
@pytest.mark.parametrize("form", FORMS, ids=["text", "blocks", "v1"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_sum_of_a_stream_is_the_plain_message(folder: str, form: Any, recordings: Path) -> None:
    compared = 0
    different: list[str] = []
    for name, api, answer in exchanges(recordings / folder):
        try:
            given = both(api, answer)
        except RespError:  # no answer of this API: an error in a stream, another kind of body
            continue
        if given is None:
            continue
        compared += 1
        plain, summed = outcomes(name, api, *given, form)
        if plain != summed:
            different.append(name)
    print(f"{folder}: {compared} compared, {len(different)} differ")
    assert compared >= 15
    assert different == []
