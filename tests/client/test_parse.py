"""Answers read as a class, another type or the JSON of a schema; and what is no such answer."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from pydantic import BaseModel

from resp_core import Client
from resp_core.errors import ArgumentError, ProtocolError, RefusalError
from tests.callers import OWN, Caller
from tests.rawserver import (
    Peer,
    answer,
    completion,
    event,
    raw_server,
    response,
    streamed,
)


class Person(BaseModel):
    name: str
    age: int


@dataclass
class Place:
    city: str


ADA = '{"name":"Ada","age":36}'
SCHEMA = {
    "name": "person",
    "schema": {"type": "object", "properties": {"name": {"type": "string"}}},
}


def said(text: str, **more: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "role": "assistant", "status": "completed", "content": [part]} | more


def ask(body: dict[str, Any], act: Callable[[Client], Any]) -> Any:
    """What `act` makes of a server that answers with `body`."""

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(body))

    with raw_server(serve) as server, Client("openai/m", api_key="k", base_url=server.url) as ours:
        return act(ours)


def parse(body: dict[str, Any], **params: Any) -> Any:
    return ask(body, lambda client: client.responses.parse(input="Hi", **params))


def parse_chat(body: dict[str, Any], **params: Any) -> Any:
    messages = [{"role": "user", "content": "Hi"}]
    return ask(body, lambda client: client.chat.completions.parse(messages=messages, **params))


@pytest.mark.parametrize("kind", OWN)
def test_a_class_offline(kind: str) -> None:
    caller = Caller(kind, model="offline/demo", api_key=None)
    question = "A person named Ada, 36 years old"
    made = caller.call(lambda c: c.responses.parse(input=question, text_format=Person))
    assert isinstance(made.output_parsed, Person)
    assert made.output_parsed == Person.model_validate_json(made.output_text)
    assert made.output[-1].content[0].parsed == made.output_parsed
    messages = [{"role": "user", "content": question}]
    chat = caller.call(
        lambda c: c.chat.completions.parse(messages=messages, response_format=Person)
    )
    assert chat.choices[0].message.parsed == chat.output_parsed == made.output_parsed


def test_a_stream_of_a_class() -> None:
    with Client("offline/demo") as client:
        with client.responses.stream(input="A person", text_format=Person) as stream:
            kinds = [each.type for each in stream]
            assert isinstance(stream.get_final_response().output_parsed, Person)
        assert kinds[-1] == "response.completed"
        messages = [{"role": "user", "content": "A person"}]
        chunks = client.chat.completions.stream(messages=messages, response_format=Person)
        message = chunks.get_final_completion().choices[0].message
        assert isinstance(message.parsed, Person)


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        (Person, ADA, Person(name="Ada", age=36)),
        (Place, '{"city":"Rome"}', Place("Rome")),
        (SCHEMA, '{"name":"Ada"}', {"name": "Ada"}),
        (SCHEMA["schema"], '{"name":"Ada"}', {"name": "Ada"}),
        (None, "just text", None),
    ],
)
def test_what_text_is_read_as(target: Any, text: str, expected: Any) -> None:
    made = parse(response(output=[said(text)]), text_format=target)
    assert made.output_parsed == expected
    assert made.output_text == text


def test_read_as_a_class_that_is_not_sent() -> None:
    def act(client: Client) -> Any:
        return client.responses.parse(input="Hi", parse_as=Person)

    assert ask(response(output=[said(ADA)]), act).output_parsed.name == "Ada"


def test_only_the_final_answer_is_read() -> None:
    thinking = said("Let me think.", phase="commentary")
    made = parse(response(output=[thinking, said(ADA, phase="final_answer")]), text_format=Person)
    assert made.output_parsed.name == "Ada"


def test_calls_instead_of_an_answer_are_no_error() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    made = parse(response(output=[call]), text_format=Person)
    assert made.output_parsed is None
    tool_call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [tool_call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    chat = parse_chat(completion(choices=[choice]), response_format=Person)
    assert chat.choices[0].message.parsed is None
    assert chat.choices[0].message.tool_calls[0].function.arguments == "{}"


def test_every_choice_is_read() -> None:
    choices = [
        {"index": n, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for n, text in enumerate((ADA, ADA.replace("Ada", "Bob")))
    ]
    made = parse_chat(completion(choices=choices), response_format=Person, n=2)
    assert [choice.message.parsed.name for choice in made.choices] == ["Ada", "Bob"]


REFUSED = response(output=[{**said(""), "content": [{"type": "refusal", "refusal": "I won't."}]}])
CUT = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (REFUSED, RefusalError, "I won't."),
        (response(output=[said('{"name":"Ad')], **CUT), ProtocolError, "max_output_tokens"),
        (response(output=[], **CUT), ProtocolError, "max_output_tokens"),
        (response(output=[said('{"name":"Ada"}')]), ProtocolError, "1 fields"),
        (response(output=[said("Ada")]), ProtocolError, "fit"),
    ],
)
def test_what_is_no_such_answer(body: dict[str, Any], error: Any, words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        parse(body, text_format=Person)
    assert caught.value.partial["id"] == "resp_1"
    assert getattr(caught.value, "refusal", "I won't.") == "I won't."


@pytest.mark.parametrize(
    ("message", "finish", "error"),
    [
        ({"content": None, "refusal": "I won't."}, "stop", RefusalError),
        ({"content": '{"name"'}, "length", ProtocolError),
        ({"content": None}, "length", ProtocolError),
        ({"content": None}, "content_filter", ProtocolError),
        ({"content": "Ada"}, "stop", ProtocolError),
    ],
)
def test_nor_is_this_on_chat(message: dict[str, Any], finish: str, error: Any) -> None:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    with pytest.raises(error):
        parse_chat(completion(choices=[choice]), response_format=Person)


def test_a_schema_says_when_it_is_no_json() -> None:
    with pytest.raises(ProtocolError, match="no JSON"):
        parse(response(output=[said("Ada")]), text_format=SCHEMA)


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"text_format": 7}, "text_format"),
        ({"text_format": Person, "text": {"format": {"type": "text"}}}, "text_format"),
        ({"verbosity": "low", "text": {"verbosity": "low"}}, "verbosity"),
        ({"stream": True}, "stream"),
        ({"parse_as": object()}, "parse_as"),
    ],
)
def test_nothing_is_sent_for_what_cannot_be_read(params: dict[str, Any], param: str) -> None:
    def serve(peer: Peer) -> None:
        assert not peer.ask(), "it was sent all the same"

    with (
        raw_server(serve) as server,
        Client("openai/m", api_key="k", base_url=server.url) as ours,
        pytest.raises(ArgumentError) as caught,
    ):
        ours.responses.parse(input="Hi", **params)
    assert caught.value.param == param


def test_what_was_read_stands_beside_the_json() -> None:
    """So the answer goes back as it came, is dumped as it came, and keeps what was read."""
    body = response(output=[said(ADA)])
    made = parse(body, text_format=Person)
    assert orjson.dumps(made) == orjson.dumps(body)
    assert json.loads(made.model_dump_json()) == made.model_dump() == body
    for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert again.output_parsed == Person(name="Ada", age=36)
        assert again == made

    sent: list[Any] = []

    def serve(peer: Peer) -> None:
        while asked := peer.ask():
            sent.append(asked.json["input"])
            peer.send(answer(response()))

    with raw_server(serve) as server, Client("openai/m", api_key="k", base_url=server.url) as ours:
        ours.responses.create(input=made.output)
    assert sent == [body["output"]]


def test_a_stream_that_was_cut_is_not_read() -> None:
    begun = {"type": "response.created", "response": response(status="in_progress", output=[])}
    ended = {
        "type": "response.incomplete",
        "response": response(output=[said('{"name":')], **CUT),
    }

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(streamed(event(begun), event(ended)))

    with raw_server(serve) as server, Client("openai/m", api_key="k", base_url=server.url) as ours:
        stream = ours.responses.stream(input="Hi", text_format=Person)
        with pytest.raises(ProtocolError, match="max_output_tokens"):
            stream.get_final_response()
