"""The old Completions API, as instruct models speak it, reached by our Chat and our Responses."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from resp_core.errors import APIError
from resp_core.wire.validate import validate
from tests.recordings import calls, reading
from tests.recordings.corpus import Exchange
from tests.recordings.serving import random_cuts, sent_json, split
from tests.recordings.sweeps import groups, same

SEVERAL = "several prompts in one request: Chat has no such thing, so they go by extra_body"
#: Says what models and deployments of any name really are.
INSTRUCT = {"base_model": "gpt-3.5-turbo-instruct"}
#: Recorded parameters that Chat has under another name, or not.
_OTHERS = frozenset(("model", "prompt", "stream", "logprobs"))


def arguments(exchange: Exchange) -> dict[str, Any]:
    """A call of `chat.completions.create` that says what the recorded request said."""
    asked = exchange.asked or {}
    params = {**calls.target(exchange), **INSTRUCT, "model": exchange.model}
    known = {k: v for k, v in asked.items() if k in calls.CHAT_FIELDS - _OTHERS and v is not None}
    extra = {k: v for k, v in asked.items() if k not in known and k not in ("model", "logprobs")}
    if asked.get("logprobs") is not None:
        known |= {"logprobs": True, "top_logprobs": asked["logprobs"]}
    elif "logprobs" in asked:
        extra["logprobs"] = None
    if exchange.asks_stream or asked.get("stream"):
        extra.pop("stream", None)
        known["stream"] = True
    if isinstance(asked.get("prompt"), str):
        known["messages"] = [{"role": "user", "content": extra.pop("prompt")}]
    else:
        known["messages"] = [{"role": "user", "content": "in extra_body"}]
    return params | known | {"extra_body": extra}


@pytest.mark.parametrize("group", groups(text=True))
def test_the_request_is_the_recorded_one(group, client, replay, sweep):
    def check(exchange: Exchange) -> str | None:
        replay.next(exchange)
        with suppress(APIError):
            answer = client.chat.completions.create(**arguments(exchange))
            if hasattr(answer, "close") and not isinstance(answer, dict):
                answer.close()
        assert replay.sent is not None, "nothing was sent"
        ours, recorded = urlsplit(str(replay.sent.url)), urlsplit(exchange.url)
        same((ours.netloc, ours.query), (recorded.netloc, recorded.query), "address")
        same(ours.path, recorded.path.replace("//", "/"), "path")
        sent, asked = sent_json(replay.sent), exchange.asked or {}
        deployment = {"model": exchange.model.partition("/")[2]}  # in the URL, and in the body
        same(sent, asked | (deployment if exchange.provider == "azure" else {}), "body")
        return None if isinstance(asked.get("prompt"), str) else SEVERAL

    sweep(group, "request", check)


def _plain(exchange: Exchange) -> bool:
    return exchange.status < 300 and exchange.is_json and not exchange.streamed


@pytest.mark.parametrize("group", groups(_plain, text=True))
def test_a_plain_answer_reads_as_chat_and_as_responses(group, client, replay, sweep):
    def check(exchange: Exchange) -> None:
        if exchange.answer.get("choices") is None:
            return
        replay.next(exchange)
        made = client.chat.completions.create(**arguments(exchange))
        said = exchange.answer
        same((made.id, made.model, made.usage), tuple(map(said.get, ("id", "model", "usage"))), "")
        for choice, recorded in zip(made.choices, said["choices"], strict=True):
            same(choice.message.content, recorded["text"], "text")
            same(choice.finish_reason, recorded.get("finish_reason"), "finish_reason")
            _check_logprobs(choice.logprobs, recorded.get("logprobs"))
            for name in recorded.keys() - {"text", "logprobs"}:
                same(choice[name], recorded[name], name)
        for name in said.keys() - {"choices", "object"}:
            same(made[name], said[name], name)
        _check_response(client, replay, exchange, said["choices"][0])

    sweep(group, "answer", check)


def _check_logprobs(ours: Any, recorded: Any) -> None:
    if not recorded or not recorded.get("tokens"):
        assert ours is None
        return
    same([entry.token for entry in ours.content], recorded["tokens"], "tokens")
    same([entry.logprob for entry in ours.content], recorded["token_logprobs"], "logprobs")


def _check_response(client: Any, replay: Any, exchange: Exchange, choice: Any) -> None:
    where = calls.target(exchange) | INSTRUCT
    replay.next(exchange)
    made = client.responses.create(**where, model=exchange.model, input="hello")
    same(made.output_text, choice["text"], "output_text")
    ended = reading.end_of_chat(choice.get("finish_reason") or "stop")
    same(reading.of_response(made).end, ended, "end")
    replay.next(exchange)  # asked for a stream, the server answers at once
    stream = client.responses.stream(**where, model=exchange.model, input="hello")
    same(reading.of_response(validate(list(stream))).text, choice["text"], "the answer streamed")


def _ends(exchange: Exchange) -> bool:
    """Whether it is a stream of OpenAI's kind: Writer's own says neither how nor that it ended."""
    choices = [choice for each in exchange.payloads for choice in each.get("choices") or []]
    return exchange.streamed and any(choice.get("finish_reason") for choice in choices)


@pytest.mark.parametrize("group", groups(_ends, text=True))
def test_a_stream_reads_as_chat_and_as_responses(group, client, replay, sweep):
    def check(exchange: Exchange) -> None:
        chunks = [payload for payload in exchange.payloads if payload.get("choices")]
        text = "".join(choice["text"] for c in chunks for choice in c["choices"])
        ends = [choice.get("finish_reason") for c in chunks for choice in c["choices"]]
        pieces = split(exchange.body, random_cuts(exchange.body, exchange.name))
        for given in (None, pieces):
            replay.next(exchange, given)
            stream = client.chat.completions.create(**arguments(exchange) | {"stream": True})
            said = reading.of_chunks(stream)
            same((said.text, said.end), (text, next(filter(None, ends), "")), "chunks")
            same(stream.result["choices"][0]["message"]["content"], text, "result")
            replay.next(exchange, given)
            where = calls.target(exchange) | INSTRUCT
            events = client.responses.stream(**where, model=exchange.model, input="hello")
            same(reading.of_response(validate(list(events))).text, text, "events")

    sweep(group, "stream", check)
