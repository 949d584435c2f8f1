"""`client.responses` and `client.conversations`, method by method, against the offline server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from resp_core import AsyncClient, Client
from resp_core.client.obj import Obj, Result
from resp_core.errors import ArgumentError, NotFoundError, ProtocolError, StreamInterrupted
from tests.callers import OWN, Caller
from tests.rawserver import STREAM, Peer, answer, chunk, frames, raw_server, response

CALL = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}


@pytest.fixture(params=OWN)
def caller(request: pytest.FixtureRequest) -> Caller:
    """Calls the offline model; `call` awaits where that is needed."""
    return Caller(request.param, model="offline/demo", api_key=None)


def test_a_response_is_found_and_deleted(caller: Caller) -> None:
    made = caller.respond(input="Say hello.", metadata={"a": "b"})
    again = caller.call(lambda client: client.responses.retrieve(made.id, model="offline/demo"))
    assert again == made
    gone = caller.call(lambda client: client.responses.delete(made.id))
    assert gone == {"id": made.id, "object": "response", "deleted": True}
    assert (gone.id, gone.object, gone.deleted) == (made.id, "response", True)
    with pytest.raises(NotFoundError):
        caller.call(lambda client: client.responses.retrieve(made.id))


def test_a_background_response_is_cancelled(caller: Caller) -> None:
    made = caller.respond(input="Think long.", background=True)
    assert made.status == "queued"
    for _ in range(2):  # it may be called again
        ended = caller.call(lambda client: client.responses.cancel(made.id))
        assert (ended.id, ended.status) == (made.id, "cancelled")


def test_a_window_is_compacted_and_goes_on(caller: Caller) -> None:
    shorter = caller.call(
        lambda client: client.responses.compact(
            input=[{"role": "user", "content": "My name is Ada."}],
            instructions="Be brief.",
            prompt_cache_key="k",
            prompt_cache_retention="24h",
            service_tier="default",
        )
    )
    assert shorter.object == "response.compaction"
    assert [item.type for item in shorter.output][-1] == "compaction"
    question = {"role": "user", "content": "What is my name?"}
    answer = caller.respond(input=[*shorter.output, question])
    assert "Ada" in answer.output_text


def test_tokens_are_counted(caller: Caller) -> None:
    few = caller.call(lambda client: client.responses.count_tokens(input="Hi"))
    more = caller.call(
        lambda client: client.responses.count_tokens(
            input="Hi", instructions="Be very brief.", tools=[CALL], verbosity="low"
        )
    )
    assert 0 < few.input_tokens < more.input_tokens
    same = caller.call(lambda client: client.responses.input_tokens.count(input="Hi"))
    assert same == few == {"object": "response.input_tokens", "input_tokens": few.input_tokens}


@pytest.mark.parametrize("method", ["count_tokens", "compact"])
def test_what_does_not_bear_on_it_is_refused(method: str, caller: Caller) -> None:
    with pytest.raises(ArgumentError, match="temperature") as caught:
        caller.call(lambda client: getattr(client.responses, method)(input="Hi", temperature=1))
    assert caught.value.param == "temperature"
    assert caller.records == []


def test_models_are_listed_and_looked_up(caller: Caller) -> None:
    listed = caller.call(lambda client: client.models.list())
    assert "demo" in [model.id for model in listed.data]
    assert caller.call(lambda client: client.models.retrieve("demo")).id == "demo"


def test_embeddings(caller: Caller) -> None:
    made = caller.call(
        lambda client: client.embeddings.create(
            model="offline/embed", input=["one", "two"], dimensions=8, encoding_format="float"
        )
    )
    assert [(entry.index, len(entry.embedding)) for entry in made.data] == [(0, 8), (1, 8)]
    assert made.usage.total_tokens > 0


# -- conversations


def test_a_conversation_lives_and_ends(caller: Caller) -> None:
    def call(act: Any) -> Any:
        return caller.call(lambda client: act(client.conversations))

    made = call(lambda them: them.create(metadata={"topic": "bees"}))
    found = call(lambda them: them.retrieve(made.id))
    assert found.metadata == {"topic": "bees"}
    changed = call(lambda them: them.update(made.id, metadata={"topic": "wasps"}))
    assert changed.metadata.topic == "wasps"

    item = {"role": "user", "content": "My name is Ada."}
    include = ["message.input_image.image_url"]
    added = call(lambda them: them.items.create(made.id, items=[item], include=include))
    one = added.data[0]
    same = call(lambda them: them.items.retrieve(one.id, conversation_id=made.id, include=include))
    assert same == one
    answer = caller.respond(input="What is my name?", conversation=made.id)
    assert "Ada" in answer.output_text
    assert len(call(lambda them: them.items.list(made.id)).data) == 3
    call(lambda them: them.items.delete(one.id, conversation_id=made.id))
    assert len(call(lambda them: them.items.list(made.id)).data) == 2
    assert call(lambda them: them.delete(made.id)).deleted
    with pytest.raises(NotFoundError):
        call(lambda them: them.retrieve(made.id))


@pytest.mark.parametrize("named", [{"model": "openai/m"}, {"provider": "openai"}])
def test_where_a_conversation_lives_is_remembered(
    named: dict[str, Any], offline_server: Any, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/ids.db"
    where = {"base_url": f"{offline_server.url}/v1", "api_key": "k"}
    with Client(state_store=store) as client:
        made = client.conversations.create(**named, **where)
        assert client.conversations.retrieve(made.id).id == made.id
    with Client(state_store=store) as another:  # which has the memory, and no key
        assert another.conversations.delete(made.id, api_key="k").deleted


# -- pages


def conversation_of(client: Client, count: int) -> str:
    items = [{"role": "user", "content": f"number {number}"} for number in range(count)]
    return client.conversations.create(items=items).id


def texts(items: Any) -> list[str]:
    return [item.content[0].text for item in items]


ALL = [f"number {number}" for number in range(7)]


def test_a_list_reads_as_one_whatever_its_pages() -> None:
    with Client("offline/demo") as client:
        id = conversation_of(client, 7)
        page = client.conversations.items.list(id, limit=3, order="asc")
        assert texts(page.data) == ALL[:3]
        assert page.has_more is True
        assert texts(page) == ALL
        assert texts(page) == ALL, "it can be read again"
        assert [len(each.data) for each in page.iter_pages()] == [3, 3, 1]
        second = page.get_next_page()
        assert texts(second.data) == ALL[3:6]
        last = second.get_next_page()
        assert not last.has_next_page()
        with pytest.raises(ArgumentError, match="last page"):
            last.get_next_page()
        assert dict(page) == {**page} == page.model_dump()
        assert page["data"] == page.data


def test_a_list_is_awaited_or_looped_over() -> None:
    with Client("offline/demo") as sync:
        id = conversation_of(sync, 7)

    async def main() -> None:
        async with AsyncClient("offline/demo") as client:
            listed = client.conversations.items.list(id, limit=3, order="asc")
            assert texts([item async for item in listed]) == ALL
            page = await client.conversations.items.list(id, limit=3, order="asc")
            assert texts(page.data) == ALL[:3]
            assert texts([item async for item in page]) == ALL
            assert [len(each.data) async for each in page.iter_pages()] == [3, 3, 1]
            with pytest.raises(ArgumentError, match="last page"):
                await (await (await page.get_next_page()).get_next_page()).get_next_page()
            models = [model.id async for model in client.models.list()]
            assert "demo" in models

    asyncio.run(main())


def test_a_server_that_turns_no_page_is_no_endless_list() -> None:
    page = {"object": "list", "data": [{"id": "msg_1"}], "last_id": "msg_1", "has_more": True}

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(page))

    with raw_server(serve) as server, Client("openai/m", api_key="k", base_url=server.url) as ours:
        with pytest.raises(ProtocolError, match="msg_1"):
            list(ours.responses.input_items.list("resp_1"))
        assert len(server.requests) == 2


def test_input_items_and_models_are_lists_too() -> None:
    with Client("offline/demo") as client:
        made = client.responses.create(input=[{"role": "user", "content": text} for text in ALL])
        listed = client.responses.input_items.list(made.id, limit=2, order="asc")
        assert texts(listed) == ALL
        assert texts(client.responses.input_items(made.id).data) == ALL[::-1]  # newest first
        assert "demo" in [model.id for model in client.models.list()]


# -- streams


@pytest.mark.parametrize("resource", ["responses", "chat"])
def test_create_with_stream_is_stream(resource: str, caller: Caller) -> None:
    question = {"input": "Tell me about bees"}
    if resource == "chat":
        question = {"messages": [{"role": "user", "content": "Tell me about bees"}]}  # type: ignore[dict-item]

    def of(client: Any) -> Any:
        return client.responses if resource == "responses" else client.chat.completions

    def bare(events: list[Any]) -> list[Any]:
        """Without ids, which are new in each answer."""
        ids = ("id", "item_id", "response", "item", "created")
        return [{k: v for k, v in event.items() if k not in ids} for event in events]

    lazily = caller._read(lambda client: of(client).stream(**question))
    at_once: list[Any] = []

    def begun(client: Any) -> Any:
        return of(client).create(stream=True, **question)

    if caller.kind == "sync":
        at_once += caller._read(begun)
    else:

        async def main() -> None:
            async with AsyncClient("offline/demo") as client:
                at_once.extend([event async for event in await begun(client)])

        asyncio.run(main())
    assert bare(lazily) == bare(at_once)
    assert all(type(event) is Obj for event in lazily)


def test_a_stream_in_the_openai_users_hands() -> None:
    with Client("offline/demo") as client:
        said = ""
        with client.responses.stream(input="Tell me about bees") as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    said += event.delta
            final = stream.get_final_response()
        assert type(final) is Result
        assert final.output_text == said
        assert final.usage == stream.record.usage
        with client.responses.stream(input="Tell me about bees") as stream:
            assert stream.until_done() is stream
            assert stream.get_final_response().output_text == said

        messages = [{"role": "user", "content": "Tell me about bees"}]
        with client.chat.completions.stream(messages=messages) as chunks:
            pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
            completion = chunks.get_final_completion()
        assert completion.choices[0].message.content == "".join(pieces)


async def test_an_awaited_stream_in_the_openai_users_hands() -> None:
    async with AsyncClient("offline/demo") as client:
        said = ""
        async with client.responses.stream(input="Tell me about bees") as stream:
            async for event in stream:
                if event.type == "response.output_text.delta":
                    said += event.delta
            final = await stream.get_final_response()
        assert type(final) is Result
        assert final.output_text == said
        assert final.usage == stream.record.usage
        async with client.responses.stream(input="Tell me about bees") as stream:
            assert await stream.until_done() is stream
            assert (await stream.get_final_response()).output_text == said

        messages = [{"role": "user", "content": "Tell me about bees"}]
        chunks = await client.chat.completions.create(messages=messages, stream=True)
        pieces = [chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices]
        completion = await chunks.get_final_completion()
        assert completion.choices[0].message.content == "".join(pieces)


def test_a_stream_is_resumed() -> None:
    with Client("offline/demo") as client:
        made = client.responses.create(input="Bees?", background=True, stream=True)
        events = list(made)
        id, whole = events[0].response.id, [event.sequence_number for event in events]
        for rest in (
            client.responses.retrieve(id, stream=True, starting_after=4),
            client.responses.stream(response_id=id, starting_after=4),
        ):
            assert [event.sequence_number for event in rest] == whole[5:]
            assert rest.get_final_response() == made.get_final_response()
        with pytest.raises(ArgumentError, match="response_id") as caught:
            client.responses.stream(response_id=id, input="Hi", temperature=1)
        assert caught.value.param == "input"


@pytest.mark.parametrize("left", ["broken off", "walked away from"])
def test_a_stream_that_was_left_is_found_again(left: str) -> None:
    """It goes on at the server that it began at, which nobody has to name again."""

    def serve(peer: Peer) -> None:
        while asked := peer.ask():
            if asked.line.startswith("POST"):
                peer.send(STREAM + b"".join(map(chunk, frames()[:5])))
                if left == "broken off":
                    peer.reset()
                    return
            else:
                peer.send(answer(response()))

    with raw_server(serve) as server, Client() as client:
        stream = client.responses.create(
            model="openai/m",
            input="Hi",
            background=True,
            stream=True,
            base_url=server.url,
            api_key="k",
        )
        if left == "broken off":
            with pytest.raises(StreamInterrupted):
                list(stream)
        else:
            next(stream)
            stream.close()
        assert client.responses.retrieve("resp_1").status == "completed"


def test_options_of_a_copy_and_of_a_call() -> None:
    with Client("offline/demo", tags=["a"]) as client:
        assert client.responses.create(input="Hi").record.tags == ("a",)
        copy = client.with_options(tags=["b"])
        assert copy.responses.create(input="Hi").record.tags == ("b",)
        assert copy.responses.create(input="Hi", tags=["c"]).record.tags == ("b", "c")
        assert client.responses.create(input="Hi").record.tags == ("a",)
