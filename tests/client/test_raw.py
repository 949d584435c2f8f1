"""`with_raw_response`: every method of every resource, with the HTTP side of its answer."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from resp_core import Client
from resp_core.client.pages import Page
from resp_core.client.raw import RawAnswer
from resp_core.errors import NotFoundError
from tests.callers import OWN, Caller

MESSAGES = [{"role": "user", "content": "Hi"}]


class Word(BaseModel):
    word: str


#: resource -> method -> arguments; "ID" stands for a stored object's id.
CALLS: dict[str, dict[str, dict[str, Any]]] = {
    "responses": {
        "create": {"input": "Hi"},
        "parse": {"input": "One word", "text_format": Word},
        "retrieve": {"response_id": "ID"},
        "compact": {"input": "Hi"},
        "count_tokens": {"input": "Hi"},
        "cancel": {"response_id": "BACKGROUND"},
        "delete": {"response_id": "ID"},
    },
    "responses.input_items": {"list": {"response_id": "ID"}},
    "responses.input_tokens": {"count": {"input": "Hi"}},
    "chat.completions": {
        "create": {"messages": MESSAGES},
        "parse": {"messages": MESSAGES, "response_format": Word},
    },
    "embeddings": {"create": {"input": "Hi"}},
    "models": {"list": {}, "retrieve": {"model": "demo"}},
    "conversations": {
        "create": {},
        "retrieve": {"conversation_id": "CONVERSATION"},
        "update": {"conversation_id": "CONVERSATION", "metadata": {"a": "b"}},
        "delete": {"conversation_id": "CONVERSATION"},
    },
    "conversations.items": {
        "create": {"conversation_id": "CONVERSATION", "items": MESSAGES},
        "list": {"conversation_id": "CONVERSATION"},
        "retrieve": {"conversation_id": "CONVERSATION", "item_id": "ITEM"},
        "delete": {"conversation_id": "CONVERSATION", "item_id": "ITEM"},
    },
}


@pytest.fixture
def stored() -> dict[str, str]:
    """Objects in the offline server of this process."""
    with Client("offline/demo") as client:
        conversation = client.conversations.create(items=MESSAGES)
        return {
            "ID": client.responses.create(input="Hi").id,
            "BACKGROUND": client.responses.create(input="Hi", background=True).id,
            "CONVERSATION": conversation.id,
            "ITEM": client.conversations.items.list(conversation.id).data[0].id,
        }


def resource(client: Any, name: str) -> Any:
    for part in name.split("."):
        client = getattr(client, part)
    return client


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize(
    ("name", "method"), [(name, method) for name, methods in CALLS.items() for method in methods]
)
def test_every_method(name: str, method: str, kind: str, stored: dict[str, str]) -> None:
    caller = Caller(kind, model="offline/demo", api_key=None)
    given = {
        key: stored.get(value, value) if isinstance(value, str) else value
        for key, value in CALLS[name][method].items()
    }
    raw = caller.call(lambda c: getattr(resource(c, name).with_raw_response, method)(**given))
    assert isinstance(raw, RawAnswer)
    assert raw.status_code == 200
    assert raw.headers["content-type"].startswith("application/json")
    assert raw.request_id == raw.headers["x-request-id"]
    result = raw.parse()
    assert "object" in result or result.type == "message"
    if method == "parse":
        assert isinstance(result.output_parsed, Word)


def test_it_has_every_method() -> None:
    """But those that give a stream lazily, or wait."""
    with Client("offline/demo") as client:
        for name, calls in CALLS.items():
            own = resource(client, name)
            methods = {m for m in vars(type(own)) if not m.startswith("_")}
            nested = {m for m in methods if isinstance(vars(type(own))[m], property)}
            assert methods - nested - {"stream", "wait"} == set(calls), name
            raw = own.with_raw_response
            assert {m for m in vars(raw) if not m.startswith("_")} == set(calls), name


def test_a_page_leads_on() -> None:
    with Client("offline/demo") as client:
        items = [{"role": "user", "content": str(n)} for n in range(3)]
        id = client.conversations.create(items=items).id
        raw = client.conversations.items.with_raw_response.list(id, limit=2)
        page = raw.parse()
        assert isinstance(page, Page)
        assert len(list(page)) == 3


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_a_stream_has_begun(api: str) -> None:
    with Client("offline/demo") as client:
        if api == "responses":
            raw = client.responses.with_raw_response.create(input="Hi", stream=True)
        else:
            raw = client.chat.completions.with_raw_response.create(messages=MESSAGES, stream=True)
        assert raw.status_code == 200
        assert raw.headers["content-type"].startswith("text/event-stream")
        assert raw.request_id
        with raw.parse() as stream:
            assert list(stream)
        assert stream.record.request_id == raw.request_id


def test_errors_are_raised_as_ever() -> None:
    with Client("offline/demo") as client, pytest.raises(NotFoundError):
        client.responses.with_raw_response.retrieve("resp_none")
