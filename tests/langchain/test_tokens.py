"""`on_llm_new_token` is given text, whatever the content is; blocks ride on the chunk."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.language_models.chat_models import BaseChatModel

from langchain_resp import ChatResp
from langchain_resp.callbacks import with_text_tokens
from tests.langchain.server import Server, called, refused, response, said, thought

WAYS = ["stream", "astream", "invoke", "ainvoke", "events"]
OUTPUTS: dict[str, list[dict[str, Any]]] = {
    "text": [said("hello there")],
    "reasoning": [thought("let me think"), said("hello there")],
    "call": [said("hello there"), called("f", "{}")],
    "hosted": [{"type": "web_search_call", "id": "ws_1"}, said("hello there")],
    "refusal": [said("hello there"), refused("no more")],
}


class Tokens(BaseCallbackHandler):
    def __init__(self) -> None:
        self.tokens: list[Any] = []
        self.chunks: list[Any] = []
        self.ended = 0

    def on_llm_new_token(self, token: Any, *, chunk: Any = None, **_: Any) -> None:
        self.tokens.append(token)
        self.chunks.append(chunk)

    def on_llm_end(self, *_: Any, **__: Any) -> None:
        self.ended += 1


class AsyncTokens(AsyncCallbackHandler):
    def __init__(self) -> None:
        self.tokens: list[Any] = []

    async def on_llm_new_token(self, token: Any, **_: Any) -> None:
        self.tokens.append(token)


async def run(model: ChatResp, way: str, callbacks: list[Any]) -> None:
    config: Any = {"callbacks": callbacks}
    if way == "stream":
        list(model.stream("hi", config))
    elif way == "astream":
        assert [chunk async for chunk in model.astream("hi", config)]
    elif way == "invoke":
        model.invoke("hi", config, stream=True)
    elif way == "ainvoke":
        await model.ainvoke("hi", config, stream=True)
    else:
        assert [event async for event in model.astream_events("hi", config, version="v2")]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("version", [None, "v1"])
@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
async def test_tokens_are_text(way: str, version: Any, output: list[dict[str, Any]]) -> None:
    watch = Tokens()
    model = Server(response(*output)).model(output_version=version)
    await run(model, way, [watch])
    assert {type(token) for token in watch.tokens} == {str}
    assert "".join(watch.tokens) == "hello there"
    whole = sum((c.message for c in watch.chunks[1:]), watch.chunks[0].message)
    plain = model.invoke("hi")
    assert whole.text == plain.text
    shown = [block["type"] for block in plain.content_blocks]
    assert [b["type"] for b in whole.content_blocks if b["type"] != "tool_call_chunk"][
        : len(shown)
    ] == shown
    assert watch.ended == 1


@pytest.mark.parametrize("way", ["astream", "ainvoke"])
async def test_awaited_handlers_too(way: str) -> None:
    watch = AsyncTokens()
    await run(Server(response(thought("hm"), said("hello there"))).model(), way, [watch])
    assert {type(token) for token in watch.tokens} == {str}
    assert "".join(watch.tokens) == "hello there"


def test_handlers_of_the_model_object() -> None:
    watch = Tokens()
    server = Server(response(thought("hm"), said("hello there")))
    list(server.model(callbacks=[watch]).stream("hi"))
    assert {type(token) for token in watch.tokens} == {str}


def test_a_broken_stream_tells_what_came() -> None:
    seen: list[Any] = []

    class Watch(BaseCallbackHandler):
        def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
            seen.append(kwargs["response"].generations[0][0].message)

    events = [
        {"type": "response.created", "response": response(status="in_progress")},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": said("", content=[], status="in_progress"),
        },
        {
            "type": "response.output_text.delta",
            "output_index": 0,
            "content_index": 0,
            "item_id": "msg_1",
            "delta": "hel",
        },
        {"type": "error", "code": "server_error", "message": "broken", "param": None},
    ]
    with pytest.raises(Exception, match="broken"):
        list(Server(events).model().stream("hi", {"callbacks": [Watch()]}))
    assert seen[0].text == "hel"


def test_other_models_are_left_alone() -> None:
    """The code is langchain-core's own, and only ours has other names in its sight."""
    assert ChatResp.stream.__code__ is BaseChatModel.stream.__code__
    assert ChatResp.astream.__code__ is BaseChatModel.astream.__code__
    assert ChatResp.stream is not BaseChatModel.stream
    assert "_TextManager" not in str(BaseChatModel.stream.__globals__["CallbackManager"])
    assert ChatResp.stream.__doc__ == BaseChatModel.stream.__doc__


def test_a_method_that_somebody_wrapped_stays_wrapped() -> None:
    class Wrapper:
        def __call__(self) -> None: ...

    wrapped = Wrapper()
    assert with_text_tokens(wrapped) is wrapped
