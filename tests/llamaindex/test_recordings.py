"""Recorded traffic, read through RespLLM and RespEmbedding: streamed equals plain."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ToolCallBlock

from llamaindex_resp import RespEmbedding, RespLLM
from llamaindex_resp.messages import to_items
from tests.recordings import reading
from tests.recordings.corpus import Exchange, available, groups
from tests.recordings.serving import Replay

HELLO = [ChatMessage(role="user", content="Hello")]
GROUPS = sorted(key for key in groups() if key[1] in ("responses", "chat", "embeddings"))
#: Of these the recordings must hold many, or something is wrong with how they are found.
MANY = [(provider, api) for provider in ("openai", "azure") for api in ("responses", "chat")]

pytestmark = pytest.mark.skipif(not available(), reason="no recordings beside this checkout")


def finished(exchange: Exchange) -> bool:
    """A model's turn that ended, well or early."""
    if not exchange.creates or exchange.reports_error or exchange.cut:
        return False
    status = (exchange.answer or {}).get("status", "completed")
    return exchange.streamed or status in ("completed", "incomplete")


@pytest.fixture(scope="module")
def replay() -> Replay:
    return Replay()


@pytest.fixture(scope="module")
def guest(replay: Replay) -> Iterator[httpx2.Client]:
    with httpx2.Client(transport=replay) as client:
        yield client


def expected(exchange: Exchange) -> reading.Reading:
    """What the recording says, read by code that shares nothing with ours."""
    if exchange.api == "responses":
        whole = reading.terminal(exchange.payloads) if exchange.streamed else exchange.answer
        return reading.of_response(whole)
    if exchange.streamed:
        return reading.of_chunks(exchange.payloads)
    return reading.of_completion(exchange.answer)


def check(llm: RespLLM, replay: Replay, exchange: Exchange) -> None:
    replay.next(exchange)
    chunks = list(llm.stream_chat(HELLO))
    last = chunks[-1]
    replay.next(exchange)
    if exchange.streamed:
        plain = llm.model_copy(update={"streaming": True}).chat(HELLO)
    else:
        plain = llm.chat(HELLO)
    assert shown(last) == shown(plain)
    assert last.message.content == plain.message.content
    assert "".join(chunk.delta for chunk in chunks) == (last.message.content or "")

    told = expected(exchange)
    text = (last.message.content or "").replace("\n", "")
    assert text == (told.text + told.refusal).replace("\n", "")
    calls = [b for b in last.message.blocks if isinstance(b, ToolCallBlock)]
    broken = last.message.additional_kwargs.get("invalid_tool_calls", [])
    assert [b.tool_name for b in calls] + [c["name"] for c in broken] == [c[1] for c in told.calls]
    if told.usage is not None:
        usage = last.raw["usage"]
        assert usage["input_tokens"] == told.usage[0]
        # xAI counts reasoning beside the output on Chat; it is inside, as everywhere else.
        if exchange.provider != "xai" or exchange.api != "chat":
            assert usage["output_tokens"] == told.usage[1]
    check_replay(last)


def shown(answer: ChatResponse) -> list[dict[str, Any]]:
    """The blocks, without ids that we made: those are new at each reading."""
    blocks = [block.model_dump() for block in answer.message.blocks]
    for block in blocks:
        info = block.get("additional_information") or {}
        if "_rk" in str(info.get("id")):
            del info["id"]
        if "_rk" in str(block.get("tool_call_id")):
            del block["tool_call_id"]
    return blocks


def check_replay(answer: ChatResponse) -> None:
    """As history, an answer with more in it than text goes back byte for byte."""
    output = answer.raw["output"]
    kept = answer.message.additional_kwargs.get("response_items")
    items = to_items([*HELLO, answer.message, *HELLO])[1:-1]
    if kept is not None and not is_open(output) and not is_ours(output):
        assert items == output


def is_open(output: list) -> bool:
    """Whether something has to follow: calls to answer, thoughts without an answer."""
    calls = {item["type"] for item in output} & {"function_call", "custom_tool_call"}
    return (
        not output or bool(calls) or output[-1]["type"].endswith(("call", "request", "reasoning"))
    )


def is_ours(output: list) -> bool:
    return any("_rk" in str(item.get("id")) for item in output)


@pytest.mark.parametrize(("provider", "api"), [g for g in GROUPS if g[1] != "embeddings"])
def test_streamed_equals_plain_equals_the_recording(provider, api, replay, guest):
    llm = RespLLM("openai/model", api=api, api_key="k", http_client=guest, max_retries=0)
    found = [e for e in groups().get((provider, api), []) if finished(e)]
    failed = {}
    for exchange in found:
        try:
            check(llm, replay, exchange)
        except Exception as error:
            failed[exchange.name] = repr(error)[:300]
    assert not failed, f"{len(failed)} of {len(found)}: {failed}"
    assert len(found) > (15 if (provider, api) in MANY else 0), len(found)


def floats(value: Any, int8: bool) -> list[float]:
    if isinstance(value, str):
        raw = base64.b64decode(value)
        return list(struct.unpack(f"{len(raw)}b" if int8 else f"<{len(raw) // 4}f", raw))
    return list(value)


@pytest.mark.parametrize("provider", [provider for provider, api in GROUPS if api == "embeddings"])
def test_embeddings_are_those_of_the_recording(provider, replay, guest):
    embedding = RespEmbedding("openai/model", api_key="k", http_client=guest, max_retries=0)
    if provider == "perplexity":  # it knows 8-bit integers only
        embedding.encoding_format = "base64_int8"
    for exchange in [e for e in groups()[provider, "embeddings"] if not e.reports_error]:
        vectors = sorted(exchange.answer["data"], key=lambda entry: entry.get("index", 0))
        replay.next(exchange)
        made = embedding.get_text_embedding_batch([f"text {n}" for n in range(len(vectors))])
        assert made == [
            floats(entry["embedding"], provider == "perplexity") for entry in vectors
        ], exchange.name
