"""Every recorded OpenAI and Azure answer: the plain message equals the sum of the chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resp_core.errors import RespError
from resp_core.types.json import loads
from resp_core.wire.ids import counted_ids
from resp_core.wire.losses import Losses
from resp_core.wire.pipeline import reader_for
from resp_core.wire.sse import SseDecoder
from resp_core.wire.unfold import unfold
from tests.langchain.equal import facts, plain, summed

FOLDERS = ("openai/responses", "openai/chat", "azure/responses", "azure/chat")


def exchanges(folder: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.json")):
        case = json.loads(path.read_bytes())
        for number, exchange in enumerate(case["exchanges"]):
            if exchange["api"] in ("responses", "chat") and exchange["response"]["status"] == 200:
                yield f"{path.name}#{number}", exchange["api"], exchange


def read(api: str, exchange: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]] | None:
    """Events and the final response, in the Responses form; None where there is no answer."""
    answer = exchange["response"]
    reader = reader_for(
        "responses", api, {"input": []}, new_id=counted_ids(), losses=Losses("test", "drop")
    )
    if "sse" in answer:
        if answer.get("cut"):
            return None
        events: list[dict[str, Any]] = []
        sse = SseDecoder()
        frames = sse.feed("".join(answer["sse"]).encode()) + sse.close()
        for _, data in frames:
            if data != b"[DONE]":
                events += reader.add(loads(data))
        events += reader.close(True)
        return events, reader.result
    body = answer.get("body")
    if not isinstance(body, dict) or not ("output" in body or "choices" in body):
        return None
    response = reader.whole(body)
    return unfold(response), response


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_sum_of_a_stream_is_the_plain_message(folder: str, recordings: Path) -> None:
    compared = 0
    different: list[str] = []
    for name, api, exchange in exchanges(recordings / folder):
        try:
            found = read(api, exchange)
        except RespError:
            continue
        if (
            found is None
            or found[1] is None
            or found[1].get("status")
            not in (
                "completed",
                "incomplete",
                None,
            )
        ):
            continue
        events, response = found
        for blocks in (False, True):
            compared += 1
            if facts(plain(response, blocks=blocks)) != facts(
                summed(events, response, blocks=blocks)
            ):
                different.append(f"{name} blocks={blocks}")
    print(f"{folder}: {compared} compared, {len(different)} differ")
    assert compared >= 30
    assert different == []
