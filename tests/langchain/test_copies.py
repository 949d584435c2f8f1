"""Clients, event loops, copies, pickles and secrets."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.load import dumps
from langchain_core.messages import AIMessage

from langchain_resp import ChatResp, CostCallbackHandler
from langchain_resp import errors as ours
from resp_core import Budget
from tests.langchain.server import (
    Server,
    response,
    said,
)

SECRET = "sk-canary-0123456789"


def test_clients_are_made_once_and_lazily() -> None:
    model = ChatResp(model="offline/demo")
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(model.client)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(client) for client in found}) == 1


def test_many_event_loops() -> None:
    model = ChatResp(model="offline/demo")
    texts = {str(asyncio.run(model.ainvoke("Hello")).text) for _ in range(3)}
    assert len(texts) == 1


def test_the_client_reaches_stored_responses() -> None:
    model = ChatResp(model="offline/demo", api="responses")
    message = model.invoke("Hello")
    stored = model.client.responses.retrieve(message.response_metadata["id"])
    assert stored.output_text == message.text
    assert model.client.responses.delete(stored.id)["deleted"] is True


@pytest.mark.parametrize("version", [None, "v1"])
def test_a_background_response_is_resumed_as_a_message(version: Any) -> None:
    states = iter(["in_progress", "completed"])

    def script(body: dict[str, Any]) -> Any:
        if body:
            return response(status="queued", background=True, usage=None)
        status = next(states)
        return response(*([said("done")] if status == "completed" else []), status=status)

    model = Server(script).model(output_version=version)
    message = model.invoke("work", background=True)
    assert message.response_metadata["status"] == "queued"
    assert message.response_metadata["finish_reason"] is None
    resumed = model.resume(message, interval=0.001)
    assert resumed.text == "done"
    assert resumed.response_metadata["finish_reason"] == "stop"
    states = iter(["completed"])
    assert asyncio.run(model.aresume("resp_1", interval=0.001)).text == "done"
    with pytest.raises(ours.ArgumentError):
        model.resume(AIMessage("no id"))


def test_chat_answers_keep_their_own_id() -> None:
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-test",
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "a"},
            }
        ],
    }
    metadata = Server(completion).model(api="chat").invoke("hi").response_metadata
    assert (metadata["id"], metadata["system_fingerprint"], metadata["api"]) == (
        "chatcmpl-1",
        "fp_1",
        "chat",
    )


def secretive() -> ChatResp:
    return ChatResp(
        model="openai/gpt-test",
        api_key=SECRET,
        azure_ad_token=SECRET,
        default_headers={"authorization": SECRET, "x-y": SECRET},
        default_query={"sig": SECRET},
        proxy=f"http://u:{SECRET}@localhost:1",
        azure_ad_token_provider=lambda: SECRET,
    )


def test_secrets_stay_inside() -> None:
    model = secretive()
    shown = [
        repr(model),
        str(model),
        repr(model.model_dump()),
        model.model_dump_json(),
        dumps(model),
        repr(model._identifying_params),
        repr(model.asdict()),
        repr(model._get_invocation_params()),
        repr(model.bind_tools([{"type": "mcp", "server_label": "a"}])),
        pickle.dumps(model).decode("latin-1"),
        repr(vars(pickle.loads(pickle.dumps(model)))),
    ]
    assert [text for text in shown if SECRET in text] == []


class Watch(BaseCallbackHandler):
    """Keeps what a handler is told when a model starts."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        self.seen.append((args, kwargs))


MCP = {
    "type": "mcp",
    "server_label": "a",
    "server_url": "https://a.test",
    "authorization": SECRET,
    "headers": {"x": SECRET},
}
SOURCES = [{"type": "azure_search", "parameters": {"authentication": {"key": SECRET}}}]


def test_credentials_deep_inside_options_stay_inside() -> None:
    server = Server(response(said("a")))
    watch = Watch()
    model = server.model(tools=[MCP], extra_body={"data_sources": SOURCES}, callbacks=[watch])
    model.extra_body = {"data_sources": SOURCES, "more": {"password": SECRET}}
    model.invoke("hi")
    model.invoke("hi", data_sources=SOURCES)
    assert server.bodies[0]["tools"] == [MCP]
    assert server.bodies[0]["data_sources"] == SOURCES
    assert server.bodies[0]["more"] == {"password": SECRET}
    bound = model.bind_tools([MCP])
    shown = [
        *(f(thing) for thing in (model, bound) for f in (repr, str, dumps)),
        *(pickle.dumps(thing).decode("latin-1") for thing in (model, bound)),
        repr(model.model_dump()),
        model.model_dump_json(),
        repr(model.asdict()),
        repr(watch.seen),
    ]
    assert [text for text in shown if SECRET in text] == []
    other = server.model(tools=[{**MCP, "authorization": "another"}])
    assert dumps(server.model(tools=[MCP])) != dumps(other)  # a cache tells users apart


def test_credentials_of_mcp_servers_are_not_traced() -> None:
    watch = Watch()
    tool = MCP
    server = Server(response(said("a")))
    server.model().bind_tools([tool]).invoke("hi", config={"callbacks": [watch]})
    list(server.model().bind_tools([tool]).stream("hi", config={"callbacks": [watch]}))
    assert watch.seen
    assert SECRET not in repr(watch.seen)
    assert server.bodies[0]["tools"] == server.bodies[1]["tools"] == [tool]


@pytest.mark.parametrize("used", [False, True])
def test_copies_keep_keys_and_pickles_do_not(used: bool) -> None:
    model = Server(response(said("a"))).model(api_key=SECRET)
    if used:
        model.invoke("hi")
        asyncio.run(model.ainvoke("hi"))
    for twin in (copy.copy(model), copy.deepcopy(model), model.model_copy(deep=True)):
        assert twin.api_key is not None
        assert twin.api_key.get_secret_value() == SECRET
        assert twin.http_client is model.http_client
        assert twin.invoke("hi").content == "a"
    revived = pickle.loads(pickle.dumps(model))
    assert revived.api_key is None
    assert revived.model == model.model
    assert revived.http_client is None


def test_pickles_leave_behind_what_cannot_be_pickled() -> None:
    model = ChatResp(
        model="offline/demo",
        temperature=1,
        callbacks=[CostCallbackHandler()],
        custom_get_token_ids=lambda _: [1],
        budgets=[Budget(1)],
    )
    model.invoke("Hello")
    revived = pickle.loads(pickle.dumps(model))
    assert (revived.callbacks, revived.custom_get_token_ids) == (None, None)
    assert (revived.temperature, revived.budgets) == (1, [Budget(1)])
    assert revived.invoke("Hello").text


def test_a_changed_option_counts_for_the_next_call() -> None:
    one, two = Server(response(said("one"))), Server(response(said("two")))
    model, other = one.model(), two.model()
    assert model.invoke("hi").text == "one"
    model.http_client = other.http_client
    model.temperature = 1
    assert model.invoke("hi").text == "two"
    assert two.bodies[0]["temperature"] == 1
    assert other.model_copy(update={"model": "openai/gpt-other"}).invoke("hi").text == "two"
    assert two.bodies[-1]["model"] == "gpt-other"


def test_a_pickled_model_works_elsewhere() -> None:
    model = ChatResp(model="offline/demo")
    model.invoke("hi")
    assert pickle.loads(pickle.dumps(model)).invoke("Hello").text
