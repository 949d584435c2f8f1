"""A call leaves nothing behind that only the garbage collector could free.

Collections grow with what a program holds, so a cycle for each call makes every program slower
that calls often; it keeps the answers alive as well.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from langchain_resp import ChatResp
from llamaindex_resp import RespLLM
from resp_core import Client

OURS = ("resp_core.", "langchain_resp.", "llamaindex_resp.")
PROMPT = "call echo with text='hi'"


def echo(text: str) -> str:
    """Give the text back."""
    return text


TOOL = {
    "type": "function",
    "name": "echo",
    "parameters": {"type": "object", "properties": {"text": {"type": "string"}}},
}


def core(api: str) -> list[Callable[[], Any]]:
    client = Client("offline/demo", api=api)
    responses, chat = client.responses, client.chat.completions
    said: list[Any] = [{"role": "user", "content": PROMPT}]
    return [
        lambda: responses.create(input=PROMPT, tools=[TOOL]),
        lambda: list(responses.create(input=PROMPT, tools=[TOOL], stream=True)),
        lambda: chat.create(messages=said),
        lambda: list(chat.create(messages=said, stream=True)),
    ]


def langchain(api: str) -> list[Callable[[], Any]]:
    model = ChatResp(model="offline/demo", api=api)
    bound = model.bind_tools([echo])
    return [
        lambda: model.invoke(PROMPT),
        lambda: list(model.stream(PROMPT)),
        lambda: bound.invoke(PROMPT),
        lambda: list(bound.stream(PROMPT)),
    ]


def llamaindex(api: str) -> list[Callable[[], Any]]:
    llm = RespLLM(model="offline/demo", api=api)
    return [lambda: llm.complete(PROMPT), lambda: list(llm.stream_complete(PROMPT))]


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("surface", [core, langchain, llamaindex])
def test_a_call_leaves_no_cycle(surface: Callable[[str], list[Any]], api: str) -> None:
    calls = surface(api)
    for call in calls:
        call()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for call in calls:
            call()
        gc.collect()
        kinds = [type(found) for found in gc.garbage]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in kinds}
    left = {name for name in names if name.startswith(OURS) and ".offline." not in name}
    assert left == set()
