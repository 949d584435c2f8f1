"""What a server remembers: responses, chains, background work, conversations, pages."""

from __future__ import annotations

from typing import Any

import pytest

from resp_core.offline import OfflineState
from resp_core.wire.validate import validate


def text(response: Any) -> str:
    return response["output"][0]["content"][0]["text"]


def test_retrieve_and_delete(offline: Any) -> None:
    made = offline.respond("Hello")
    path = f"/v1/responses/{made['id']}"
    assert offline.call("GET", path) == (200, made)
    deleted = {"id": made["id"], "object": "response", "deleted": True}
    assert offline.call("DELETE", path) == (200, deleted)
    assert offline.call("GET", path)[0] == 404
    body = {"model": "demo", "input": "x", "previous_response_id": made["id"]}
    assert offline.call("POST", "/v1/responses", body)[1]["error"]["code"] == (
        "previous_response_not_found"
    )


def test_what_is_not_stored_is_not_found(offline: Any) -> None:
    made = offline.respond("Hello", store=False)
    assert made["store"] is False
    assert offline.call("GET", f"/v1/responses/{made['id']}")[0] == 404


def test_chains_carry_items_but_no_instructions(offline: Any) -> None:
    first = offline.respond("My dog is Rex.", instructions="My cat is Tom.")
    second = offline.respond("What is my dog?", previous_response_id=first["id"])
    assert second["previous_response_id"] == first["id"]
    assert text(second) == "Your dog is Rex."
    fork = offline.respond("What is my cat?", previous_response_id=first["id"])
    assert text(fork) == "You have not told me your cat."
    assert second["usage"]["input_tokens"] > first["usage"]["output_tokens"]


def test_an_output_of_a_chain_needs_its_tool_outputs(offline: Any) -> None:
    tool = {"type": "function", "name": "ping", "parameters": {"type": "object", "properties": {}}}
    first = offline.respond("ping", tools=[tool])
    body = {"model": "demo", "input": "and now?", "previous_response_id": first["id"]}
    status, answer = offline.call("POST", "/v1/responses", body)
    assert status == 400
    assert "No tool output found for function call call_" in answer["error"]["message"]


def test_item_references(offline: Any) -> None:
    made = offline.respond("Hello")
    reference = {"type": "item_reference", "id": made["output"][0]["id"]}
    again = offline.respond([reference, {"role": "user", "content": "thanks"}])
    path = f"/v1/responses/{again['id']}/input_items"
    page = offline.call("GET", path, query={"order": "asc"})[1]
    assert page["data"][0] == made["output"][0]


def test_reasoning_goes_with_what_it_led_to(offline: Any) -> None:
    reasoning, message = offline.respond("Bees?", reasoning={"effort": "low"})["output"]
    thanks = {"role": "user", "content": "thanks"}
    offline.respond([reasoning, message, thanks])
    bare = {key: value for key, value in message.items() if key != "id"}
    offline.respond([bare, thanks])
    body = {"model": "demo", "input": [message, thanks]}
    status, answer = offline.call("POST", "/v1/responses", body)
    assert status == 400
    assert f"required 'reasoning' item: '{reasoning['id']}'" in answer["error"]["message"]


def test_input_items_come_in_pages(offline: Any) -> None:
    said = [{"role": "user", "content": f"number {n}"} for n in range(5)]
    path = f"/v1/responses/{offline.respond(said)['id']}/input_items"
    newest = offline.call("GET", path, query={"limit": "2"})[1]
    texts = [item["content"][0]["text"] for item in newest["data"]]
    assert (texts, newest["has_more"]) == (["number 4", "number 3"], True)
    rest = offline.call("GET", path, query={"after": newest["last_id"]})[1]
    assert (len(rest["data"]), rest["has_more"], rest["object"]) == (3, False, "list")
    oldest = offline.call("GET", path, query={"order": "asc", "limit": "1"})[1]
    assert oldest["data"][0]["content"] == [{"type": "input_text", "text": "number 0"}]
    for query in ({"limit": "0"}, {"limit": "x"}, {"order": "up"}):
        assert offline.call("GET", path, query=query)[0] == 400


def test_background_is_queued_then_in_progress_then_done(offline: Any) -> None:
    made = offline.respond("Hello", background=True)
    path = f"/v1/responses/{made['id']}"
    states = [made, *(offline.call("GET", path)[1] for _ in range(3))]
    assert [each["status"] for each in states] == [
        "queued",
        "in_progress",
        "completed",
        "completed",
    ]
    assert [bool(each["output"]) for each in states] == [False, False, True, True]


def test_cancelling(offline: Any) -> None:
    made = offline.respond("Hello", background=True)
    path = f"/v1/responses/{made['id']}"
    for _ in range(2):
        assert offline.call("POST", f"{path}/cancel")[1]["status"] == "cancelled"
    assert offline.call("GET", path)[1]["status"] == "cancelled"
    done = offline.respond("Bye", background=True)
    for _ in range(2):
        offline.call("GET", f"/v1/responses/{done['id']}")
    assert offline.call("POST", f"/v1/responses/{done['id']}/cancel")[1]["status"] == "completed"
    plain = offline.respond("Hi")
    assert offline.call("POST", f"/v1/responses/{plain['id']}/cancel")[0] == 400


@pytest.mark.parametrize("after", [None, "-1", "0", "7"])
def test_a_stream_can_be_resumed(offline: Any, after: str | None) -> None:
    whole = offline.stream("/v1/responses", {"input": "Hello", "background": True})
    assert [event["type"] for event in whole[:3]] == [
        "response.created",
        "response.queued",
        "response.in_progress",
    ]
    id = validate(whole)["id"]
    query = {"stream": "true"} | ({"starting_after": after} if after else {})
    reply = offline.send("GET", f"/v1/responses/{id}", query=query)
    rest = b"".join(reply.chunks)
    first = int(after or -1) + 1
    assert rest.count(b"\n\n") == len(whole) - first
    assert f'"sequence_number":{first}'.encode() in rest.split(b"\n\n")[0]


def test_what_cannot_be_resumed(offline: Any) -> None:
    for params in ({}, {"background": True}):
        made = offline.respond("Hello", **params)
        path = f"/v1/responses/{made['id']}"
        assert offline.call("GET", path, query={"stream": "true"})[0] == 400
        assert offline.call("GET", path, query={"starting_after": "1"})[0] == 400


def test_conversations(offline: Any) -> None:
    items = [{"type": "message", "role": "user", "content": "My dog is Rex."}]
    body = {"metadata": {"a": "b"}, "items": items}
    head = offline.call("POST", "/v1/conversations", body)[1]
    assert (head["object"], head["metadata"]) == ("conversation", {"a": "b"})
    path = f"/v1/conversations/{head['id']}"
    assert offline.call("GET", path) == (200, head)
    answer = offline.respond("What is my dog?", conversation=head["id"])
    assert text(answer) == "Your dog is Rex."
    assert answer["conversation"] == {"id": head["id"]}
    again = offline.respond("And what is my cat?", conversation={"id": head["id"]})
    listed = offline.call("GET", f"{path}/items", query={"order": "asc"})[1]["data"]
    assert [item["role"] for item in listed] == ["user", "user", "assistant", "user", "assistant"]
    assert listed[-1]["id"] == again["output"][0]["id"]
    added = offline.call("POST", f"{path}/items", {"items": items})[1]
    assert added["data"][0]["id"] == added["first_id"] == added["last_id"]
    one = f"{path}/items/{added['first_id']}"
    assert offline.call("GET", one)[1] == added["data"][0]
    assert offline.call("DELETE", one)[1]["id"] == head["id"]
    assert offline.call("GET", one)[0] == 404
    changed = offline.call("POST", path, {"metadata": {"c": "d"}})[1]
    assert changed["metadata"] == {"c": "d"}
    gone = {"id": head["id"], "object": "conversation.deleted", "deleted": True}
    assert offline.call("DELETE", path) == (200, gone)
    assert offline.call("GET", path)[0] == 404


@pytest.mark.parametrize(
    ("method", "tail", "body", "status"),
    [
        ("POST", "", {"items": [{"role": "user"}]}, 400),
        ("POST", "", {"nonsense": 1}, 400),
        ("POST", "", {"metadata": {"a": 1}}, 400),
        ("POST", "", {"items": [{"role": "user", "content": "x"}] * 21}, 400),
        ("POST", "/conv_no", {"metadata": {}}, 404),
        ("POST", "/conv_no/items", {"items": [{"role": "user", "content": "x"}]}, 404),
        ("DELETE", "/conv_no/items/item_no", None, 404),
    ],
)
def test_bad_requests_on_conversations(
    offline: Any, method: str, tail: str, body: Any, status: int
) -> None:
    assert offline.call(method, f"/v1/conversations{tail}", body)[0] == status


def test_a_conversation_that_does_not_exist(offline: Any) -> None:
    body = {"model": "demo", "input": "x", "conversation": "conv_no"}
    assert offline.call("POST", "/v1/responses", body)[0] == 404


def test_compaction_keeps_what_was_said(offline: Any) -> None:
    said = [
        {"role": "user", "content": "My dog is Rex."},
        {"role": "assistant", "content": "Noted."},
    ]
    status, compacted = offline.call("POST", "/v1/responses/compact", {"model": "m", "input": said})
    assert (status, compacted["object"]) == (200, "response.compaction")
    assert [item["type"] for item in compacted["output"]] == ["message", "compaction"]
    question = {"role": "user", "content": "What is my dog?"}
    assert text(offline.respond([*compacted["output"], question])) == "Your dog is Rex."
    bent = compacted["output"][1] | {"encrypted_content": "gOFFbroken"}
    body = {"model": "m", "input": [bent, question]}
    assert offline.call("POST", "/v1/responses", body)[0] == 400


def test_tokens_are_counted_as_they_are_billed(offline: Any) -> None:
    tool = {"type": "function", "name": "ping", "parameters": {"type": "object", "properties": {}}}
    body = {"model": "demo", "input": "How long is this?", "tools": [tool]}
    counted = offline.call("POST", "/v1/responses/input_tokens", body)[1]
    assert counted["object"] == "response.input_tokens"
    assert counted["input_tokens"] == offline.respond(**body)["usage"]["input_tokens"]


def test_models(offline: Any) -> None:
    listed = offline.call("GET", "/v1/models")[1]
    assert listed["object"] == "list"
    assert {model["id"] for model in listed["data"]} >= {"demo"}
    assert offline.call("GET", "/v1/models/demo")[1]["object"] == "model"


def test_the_oldest_are_forgotten() -> None:
    from resp_core.offline.state import Stored

    state = OfflineState(capacity=3)
    for number in range(5):
        state.save(Stored({"id": f"resp_{number}", "output": []}, []))
    known = [number for number in range(5) if state.response(f"resp_{number}")]
    assert known == [2, 3, 4]
