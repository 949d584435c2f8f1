"""The official openai SDK, 2.x and 3.x, reads streams that our bridges make of real answers.

One stream of each kind that occurs: of those whose events, items and parts are of the same types
the first is taken.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from resp_core import Client
from resp_core.errors import RespError
from tests.rawserver import DONE, event
from tests.recordings import calls, corpus, reading
from tests.recordings.corpus import Exchange
from tests.recordings.serving import Replay

pytestmark = [pytest.mark.slow, pytest.mark.peer]

Events = list[dict[str, Any]]


@cache
def streams() -> tuple[dict[str, Any], ...]:
    """What our client gives on for the recordings, in both APIs, one of each kind."""
    if not corpus.available():
        pytest.skip(f"the recordings are not beside this checkout ({corpus.RECORDINGS})")
    chosen: dict[Any, dict[str, Any]] = {}
    replay = Replay()
    with httpx2.Client(transport=replay) as guest, Client(http_client=guest, max_retries=0) as ours:
        for exchange in corpus.exchanges():
            if not exchange.creates or exchange.status >= 300 or exchange.reports_error:
                continue
            for api, events, result in _made(ours, replay, exchange):
                kind = (api, exchange.streamed, _kinds(events))
                chosen.setdefault(kind, _stream(f"{exchange.name} as {api}", api, events, result))
    return tuple(chosen.values())


def _made(ours: Client, replay: Replay, exchange: Exchange) -> Iterator[tuple[str, Events, Any]]:
    where = {**calls.target(exchange), "model": exchange.model, "stream": True}
    messages = [{"role": "user", "content": "Hi"}]
    usage = {"include_usage": True}
    for api in ("responses", "chat"):
        if api == exchange.api and exchange.streamed:
            continue  # the server's own, given on as it came
        replay.next(exchange)
        try:
            if api == "responses":
                stream: Any = ours.responses.create(input="Hi", **where)
            else:
                stream = ours.chat.completions.create(
                    messages=messages, stream_options=usage, **where
                )
            events = list(stream)
        except RespError:  # background responses, and recordings that were cut
            continue
        ids = [item.get("id") for item in stream.result.get("output") or ()]
        if len(set(ids)) == len(ids):  # xAI was seen to give two items one id
            yield api, events, stream.result


def _kinds(events: Events) -> frozenset[Any]:
    found: set[Any] = set()
    for each in events:
        item = (each.get("item") or each.get("part") or {}).get("type")
        found.add((each.get("type"), item))
        for choice in each.get("choices") or ():
            found |= {("delta", name) for name, value in choice["delta"].items() if value}
            found.add(("finish", choice.get("finish_reason")))
    return frozenset(found)


def _stream(name: str, api: str, events: Events, result: Any) -> dict[str, Any]:
    if api == "responses":
        frames = [event(each) for each in events]
        said = reading.of_response(result)
        end = result["status"]
    else:
        frames = [*(b"data: %b\n\n" % orjson.dumps(each) for each in events), DONE]
        said = reading.of_completion(result)
        end = said.end
    functions = [call for call in said.calls if _is_function(call, result)]
    return {
        "name": name,
        "api": api,
        "sse": b"".join(frames).decode(),
        "expected": {"text": said.text, "calls": [list(call) for call in functions], "end": end},
    }


def _is_function(call: tuple[Any, str, Any], result: Any) -> bool:
    """Custom calls have no arguments to compare, and the old `function_call` is no tool call."""
    custom = [i["call_id"] for i in result.get("output") or () if i["type"] == "custom_tool_call"]
    for choice in result.get("choices") or ():
        made = choice["message"].get("tool_calls") or ()
        custom += [each["id"] for each in made if each.get("type") == "custom"]
    return call[0] is not None and call[0] not in custom


def test_each_kind_is_read(openai_python: str) -> None:
    given = streams()
    assert len(given) > 100
    done = subprocess.run(
        [openai_python, "-I", str(Path(__file__).parent / "replayer.py")],
        input="\n".join(json.dumps(each) for each in given),
        capture_output=True,
        text=True,
        timeout=55,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    wrong: list[str] = []
    for each, read in zip(given, found, strict=True):
        for way in ("plain", "put together"):
            if way in read and read[way] != each["expected"]:
                wrong.append(f"{each['name']}: {way}: {read[way]} is not {each['expected']}")
        if "error" in read:
            wrong.append(f"{each['name']}: {read['error']}")
    assert not wrong, f"{len(wrong)} of {len(given)} streams:\n" + "\n".join(wrong[:60])
