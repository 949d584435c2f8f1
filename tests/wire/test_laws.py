"""Laws of the Chat codec: there and back again is where one was, and a stream is its fold."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from resp_core.wire.chat import ChatOptions, decode_response, encode_request
from resp_core.wire.chat_fold import ChatFold
from resp_core.wire.chat_server import ChatChunks, chunks_of, decode_request, encode_response
from resp_core.wire.chat_stream import ChatEvents
from resp_core.wire.ids import counted_ids
from resp_core.wire.losses import Losses
from resp_core.wire.unfold import unfold
from resp_core.wire.validate import validate

OPTIONS = ChatOptions(annotations=True)

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
maybe = st.one_of(st.none(), words)
arguments = st.dictionaries(words, st.one_of(st.integers(), words), max_size=2).map(json.dumps)
names = st.sampled_from(["f", "g", "get_weather"])


# --- requests ----------------------------------------------------------------------------------


@st.composite
def user_contents(draw: st.DrawFn) -> Any:
    text = words.map(lambda text: {"type": "text", "text": text})
    image = words.map(lambda url: {"type": "image_url", "image_url": {"url": url, "detail": "low"}})
    file = words.map(lambda key: {"type": "file", "file": {"file_id": key}})
    return draw(st.one_of(words, st.lists(st.one_of(text, image, file), min_size=1, max_size=3)))


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Chat messages in the form that the codec itself writes."""
    messages: list[dict[str, Any]] = []
    for turn in range(draw(st.integers(1, 4))):
        role = draw(st.sampled_from(["user", "system", "developer"]))
        content = draw(user_contents()) if role == "user" else draw(words)
        messages.append({"role": role, "content": content})
        message: dict[str, Any] = {"role": "assistant", "content": draw(maybe)}
        refusal = draw(maybe) if message["content"] is None else None
        if refusal is not None:
            message["refusal"] = refusal
        calls = [draw(tool_calls(f"call_{turn}_{n}")) for n in range(draw(st.integers(0, 2)))]
        if message["content"] is None and refusal is None and not calls:
            message["content"] = ""
        if calls:
            message["tool_calls"] = calls
        messages.append(message)
        for call in calls:
            answer = {"role": "tool", "tool_call_id": call["id"], "content": draw(words)}
            messages.append(answer)
    return messages


@st.composite
def tool_calls(draw: st.DrawFn, call_id: str) -> dict[str, Any]:
    if draw(st.booleans()):
        custom = {"name": draw(names), "input": draw(words)}
        return {"id": call_id, "type": "custom", "custom": custom}
    function = {"name": draw(names), "arguments": draw(arguments)}
    return {"id": call_id, "type": "function", "function": function}


@st.composite
def chat_requests(draw: st.DrawFn) -> dict[str, Any]:
    tool = {"name": "f", "parameters": {"type": "object"}, "strict": draw(st.booleans())}
    schema = {"name": "n", "schema": {"type": "object"}, "strict": draw(st.booleans())}
    optional: dict[str, Any] = {
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0, 1),
        "max_completion_tokens": st.integers(16, 1000),
        "reasoning_effort": st.sampled_from(["low", "high"]),
        "verbosity": st.sampled_from(["low", "high"]),
        "response_format": st.sampled_from(
            [{"type": "json_object"}, {"type": "json_schema", "json_schema": schema}]
        ),
        "metadata": st.dictionaries(words, words, max_size=2),
        "service_tier": st.sampled_from(["auto", "flex"]),
        "user": words,
        "prompt_cache_key": words,
        "stop": st.lists(words, min_size=1),
        "seed": st.integers(1),
    }
    request = {"model": "m", "messages": draw(conversations())}
    request.update(draw(st.fixed_dictionaries({}, optional=optional)))
    if draw(st.booleans()):
        request["tools"] = [{"type": "function", "function": tool}]
        choice = {"type": "function", "function": {"name": "f"}}
        request["tool_choice"] = draw(st.sampled_from(["auto", "none", "required", choice]))
        if draw(st.booleans()):
            request["parallel_tool_calls"] = False
    return request


@given(chat_requests())
@settings(max_examples=100)
def test_a_chat_request_comes_back(request: dict[str, Any]) -> None:
    losses = Losses("a server")
    there, chat_only = decode_request(request, losses=losses)
    assert encode_request(there, chat_only, options=OPTIONS, losses=losses) == request


@given(chat_requests())
@settings(max_examples=100)
def test_a_responses_request_comes_back(chat: dict[str, Any]) -> None:
    losses = Losses("a server")
    request, chat_only = decode_request(chat, losses=losses)
    there = encode_request(request, chat_only, options=OPTIONS, losses=losses)
    assert decode_request(there, losses=losses) == (request, chat_only)


# --- answers -----------------------------------------------------------------------------------


@st.composite
def usages(draw: st.DrawFn) -> dict[str, Any]:
    into, out = draw(st.integers(0, 99)), draw(st.integers(0, 99))
    cached, thought = draw(st.integers(0, into)), draw(st.integers(0, out))
    return {
        "prompt_tokens": into,
        "completion_tokens": out,
        "total_tokens": into + out,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": thought},
        "cost": 0.25,
    }


@st.composite
def completions(draw: st.DrawFn) -> dict[str, Any]:
    """Chat completions in the form that the codec itself writes."""
    message: dict[str, Any] = {"role": "assistant", "content": draw(maybe), "refusal": None}
    if message["content"] is not None and draw(st.booleans()):
        mark = {"url": "u", "start_index": 0, "end_index": 1, "title": "t"}
        message["annotations"] = [{"type": "url_citation", "url_citation": mark}]
    if draw(st.booleans()):
        message["refusal"] = draw(words)
    if draw(st.booleans()):
        message["reasoning_content"] = draw(words)
    calls = [draw(tool_calls(f"call_{n}")) for n in range(draw(st.integers(0, 3)))]
    if calls:
        message["tool_calls"] = calls
    finish = draw(st.sampled_from(["tool_calls" if calls else "stop", "length", "content_filter"]))
    completion: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 5,
        "model": "m",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "system_fingerprint": "fp",
    }
    if draw(st.booleans()):
        completion["usage"] = draw(usages())
    return completion


def decoded(completion: dict[str, Any]) -> dict[str, Any]:
    losses = Losses("a server")
    return decode_response(completion, request={}, new_id=counted_ids(), losses=losses)


def pieces(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    edges = [0, *cuts, len(text)]
    return [text[a:b] for a, b in pairwise(edges) if a < b]


@st.composite
def streams(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A completion, and chunks of it cut anywhere; the calls' fragments are interleaved."""
    completion = draw(completions())
    (choice,) = completion["choices"]
    message = choice["message"]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if message["content"] is None:
        deltas[0]["content"] = None
    for name in ("reasoning_content", "content"):
        deltas += [{name: piece} for piece in pieces(draw, message.get(name) or "")]
    if "annotations" in message:
        deltas.append({"annotations": message["annotations"]})
    deltas += [{"refusal": piece} for piece in pieces(draw, message["refusal"] or "")]
    deltas += draw(call_fragments(message.get("tool_calls", [])))
    frame = {k: v for k, v in completion.items() if k not in ("choices", "usage")}
    frame["object"] = "chat.completion.chunk"
    chunks = [{**frame, "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    end = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
    chunks.append({**frame, "choices": [end]})
    if "usage" in completion:
        chunks.append({**frame, "choices": [], "usage": completion["usage"]})
    return completion, chunks


@st.composite
def call_fragments(draw: st.DrawFn, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    queues: list[list[dict[str, Any]]] = []
    for index, call in enumerate(calls):
        kind = call["type"]
        field = "input" if kind == "custom" else "arguments"
        inner = call[kind]
        first = {"index": index, **call, kind: {"name": inner["name"], field: ""}}
        rest = [{"index": index, kind: {field: piece}} for piece in pieces(draw, inner[field])]
        queues.append([first, *rest])
    fragments = [queue.pop(0) for queue in queues]  # calls begin in order
    while any(queues):
        fragments.append(draw(st.sampled_from([queue for queue in queues if queue])).pop(0))
    return [{"tool_calls": [fragment]} for fragment in fragments]


def without_ids(response: dict[str, Any]) -> dict[str, Any]:
    output = [{k: v for k, v in item.items() if k != "id"} for item in response["output"]]
    return {**response, "id": "", "output": output}


@given(completions())
@settings(max_examples=100)
def test_a_completion_comes_back(completion: dict[str, Any]) -> None:
    assert encode_response(decoded(completion), completion_id="chatcmpl-1") == completion


@given(completions())
@settings(max_examples=100)
def test_a_response_comes_back(completion: dict[str, Any]) -> None:
    response = decoded(completion)
    there = encode_response(response, completion_id="chatcmpl-1")
    assert without_ids(decoded(there)) == without_ids(response)


@given(streams())
@settings(max_examples=150)
def test_a_stream_is_its_fold(pair: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    completion, chunks = pair
    events = ChatEvents({}, counted_ids())
    out = [event for chunk in chunks for event in events.add(chunk)]
    response = validate([*out, *events.close(done=True)])
    assert without_ids(response) == without_ids(decoded(completion))
    ids = [item["id"] for item in response["output"]]
    assert len(set(ids)) == len(ids)


@given(streams())
@settings(max_examples=100)
def test_chat_chunks_fold_to_the_completion(
    pair: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    completion, chunks = pair
    fold = ChatFold()
    for chunk in chunks:
        fold.add(chunk)
    fold.close(done=True)
    message = {**completion["choices"][0]["message"]}
    got = fold.result()
    if message["refusal"] is None:
        del message["refusal"]
    if message["content"] is None and got["choices"][0]["message"]["content"] == "":
        message["content"] = ""
    expected = {**completion, "choices": [{**completion["choices"][0], "message": message}]}
    assert got == expected


@given(streams(), st.data())
@settings(max_examples=100)
def test_a_stream_cut_anywhere_before_its_end_is_an_error(
    pair: tuple[dict[str, Any], list[dict[str, Any]]], data: st.DataObject
) -> None:
    import pytest

    from resp_core.errors import StreamIncomplete

    _, chunks = pair
    ends = next(n for n, c in enumerate(chunks) if c["choices"][0].get("finish_reason"))
    events = ChatEvents({}, counted_ids())
    for chunk in chunks[: data.draw(st.integers(0, ends))]:
        events.add(chunk)
    with pytest.raises(StreamIncomplete) as raised:
        events.close(done=False)
    partial = raised.value.partial
    calls = [item for item in (partial or {"output": []})["output"] if "call_id" in item]
    assert {item["status"] for item in calls} <= {"incomplete"}


@given(completions())
@settings(max_examples=100)
def test_an_unfolded_response_is_legal_and_folds_back(completion: dict[str, Any]) -> None:
    response = decoded(completion)
    events = unfold(response)
    assert validate(events) is response
    chunks, fold = ChatChunks("chatcmpl-1", include_usage=True), ChatFold()
    for event in events:
        for chunk in chunks.add(event):
            fold.add(chunk)
    fold.close(done=True)
    assert comparable(fold.result()) == comparable(completion)


@given(completions())
@settings(max_examples=50)
def test_a_completion_in_chunks_is_itself(completion: dict[str, Any]) -> None:
    fold = ChatFold()
    for chunk in chunks_of(completion, include_usage=True):
        fold.add(chunk)
    fold.close(done=True)
    assert fold.result() == completion


def comparable(completion: dict[str, Any]) -> dict[str, Any]:
    """Without what a stream of events says otherwise: an absent text, the server's own marks."""
    (choice,) = completion["choices"]
    message = {k: v for k, v in choice["message"].items() if v not in (None, "")}
    rest = {k: v for k, v in completion.items() if k != "system_fingerprint"}
    return {**rest, "choices": [{**choice, "message": message}]}
