"""Recorded traffic of OpenAI and Azure, read through RespLLM: streamed equals plain."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ToolCallBlock

from llamaindex_resp import RespLLM
from llamaindex_resp.messages import to_items
from tests.recordings import reading
from tests.recordings.corpus import Exchange, available, groups
from tests.recordings.serving import Replay

HELLO = [ChatMessage(role="user", content="Hello")]
GROUPS = [(provider, api) for provider in ("openai", "azure") for api in ("responses", "chat")]

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
    # Ids that the server did not give are made anew for each reading.
    assert [b.model_dump() for b in last.message.blocks] == [
        b.model_dump() for b in plain.message.blocks
    ] or exchange.api == "chat"
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
        assert (usage["input_tokens"], usage["output_tokens"]) == told.usage[:2]
    check_replay(last)


def check_replay(answer: ChatResponse) -> None:
    """As history, an answer with more in it than text goes back byte for byte."""
    output = answer.raw["output"]
    kept = answer.message.additional_kwargs.get("response_items")
    items = to_items([*HELLO, answer.message, *HELLO])[1:-1]
    open_ends = ("call", "request", "reasoning")  # calls to answer, thoughts without an answer
    if kept is not None and not output[-1]["type"].endswith(open_ends) and not is_ours(output):
        assert items == output


def is_ours(output: list) -> bool:
    return any("_rk" in str(item.get("id")) for item in output)


@pytest.mark.parametrize(("provider", "api"), GROUPS)
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
    assert len(found) > 5, len(found)
