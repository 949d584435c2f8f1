"""Streams of Responses events -> LlamaIndex chunks."""

from __future__ import annotations

import base64

from llama_index.core.base.llms.types import ImageBlock

from llamaindex_resp.answers import chat_response
from llamaindex_resp.chunks import ChatChunks
from llamaindex_resp.tools import selections
from tests.llamaindex.test_answers import call, incomplete, message, response


def text_delta(delta: str, index: int = 0) -> dict:
    return {"type": "response.output_text.delta", "output_index": index, "delta": delta}


def added(item: dict, index: int = 0) -> dict:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def arguments_delta(delta: str, index: int = 0) -> dict:
    return {
        "type": "response.function_call_arguments.delta",
        "output_index": index,
        "delta": delta,
    }


def terminal(body: dict) -> dict:
    return {"type": f"response.{body['status']}", "response": body}


def fold(events: list[dict]) -> list:
    """The chunks, and after a terminal event the whole answer, as an exchange gives it."""
    chunks = ChatChunks()
    found = [chunk for event in events if (chunk := chunks.add(event)) is not None]
    if "response" in events[-1]:
        found.append(chat_response(events[-1]["response"]))
        found[-1].delta = ""
    return found


def test_each_chunk_holds_the_text_so_far():
    events = [text_delta("Hel"), text_delta("lo"), terminal(response(message("Hello")))]
    chunks = fold(events)
    assert [c.message.content for c in chunks] == ["Hel", "Hello", "Hello"]
    assert [c.delta for c in chunks] == ["Hel", "lo", ""]
    assert chunks[-1] == chat_response(response(message("Hello"))).model_copy(update={"delta": ""})


def test_chunks_survive_pydantic():
    [chunk, _] = fold([text_delta("Hel"), terminal(response(message("Hel")))])
    copied = type(chunk).model_validate_json(chunk.model_dump_json())
    assert copied.message == chunk.message
    chunk.message.content = "changed"
    assert chunk.model_copy(deep=True).message.content == "changed"


def test_deltas_say_the_newline_between_messages():
    whole = response(message("a"), message("b"))
    chunks = fold([text_delta("a"), text_delta("b", 1), terminal(whole)])
    assert "".join(c.delta for c in chunks) == chunks[-1].message.content == "a\nb"
    assert chunks[1].message.content == "a\nb"


def test_thinking_deltas_then_text():
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [
            {"type": "summary_text", "text": "Hm. "},
            {"type": "summary_text", "text": "So."},
        ],
    }
    kind = "response.reasoning_summary_text.delta"
    chunks = fold(
        [
            {"type": kind, "output_index": 0, "summary_index": 0, "delta": "Hm. "},
            {
                "type": "response.reasoning_summary_part.added",
                "output_index": 0,
                "summary_index": 1,
            },
            {"type": kind, "output_index": 0, "summary_index": 1, "delta": "So."},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            text_delta("Yes", 1),
            terminal(response(item, message("Yes"))),
        ]
    )
    thoughts = [c.additional_kwargs.get("thinking_delta", "") for c in chunks]
    assert "".join(thoughts) == chunks[-1].message.blocks[0].content == "Hm. \n\nSo."
    assert chunks[-2].message.blocks[0].content == "Hm. \n\nSo."
    assert [c.delta for c in chunks if c.delta] == ["Yes"]


def test_a_call_under_way_is_shown_as_far_as_it_goes():
    chunks = fold(
        [
            added(call("")),
            arguments_delta('{"a": 1, "b'),
            arguments_delta('": "x"}'),
            terminal(response(call('{"a": 1, "b": "x"}'))),
        ]
    )
    shown = [selections(c.message, demanded=False) for c in chunks]
    whole = {"a": 1, "b": "x"}
    assert [s[0].tool_kwargs for s in shown] == [{}, {"a": 1}, whole, whole]
    assert chunks[1].message.additional_kwargs["tool_calls"][0].function.arguments == '{"a": 1, "b'


def test_interleaved_calls_are_told_apart():
    chunks = fold(
        [
            added(call(""), 0),
            added(call("", "call_2"), 1),
            arguments_delta('{"a": 1}', 0),
            arguments_delta('{"a": 2}', 1),
        ]
    )
    assert [s.tool_kwargs for s in selections(chunks[-1].message, demanded=False)] == [
        {"a": 1},
        {"a": 2},
    ]


def test_refusals_stream():
    delta = {"type": "response.refusal.delta", "output_index": 0, "delta": "No."}
    item = message("")
    item["content"] = [{"type": "refusal", "refusal": "No."}]
    chunks = fold([delta, terminal(response(item))])
    assert [c.delta for c in chunks] == ["No.", ""]
    assert chunks[-1].additional_kwargs["refusal"] == "No."


def test_a_stream_that_was_cut_short_says_so():
    chunks = fold([text_delta("half"), terminal(incomplete("max_output_tokens", message("half")))])
    assert chunks[-1].additional_kwargs["finish_reason"] == "length"


def test_unknown_events_show_nothing():
    assert fold([{"type": "response.hologram.delta", "delta": "x"}]) == []


def test_a_spoken_answer_streams_its_transcript():
    kind = "response.audio.transcript.delta"
    said = {"type": "output_audio", "data": "", "transcript": "Hi you"}
    whole = response({"type": "message", "role": "assistant", "content": [said]})
    events = [{"type": kind, "output_index": 0, "delta": d} for d in ("Hi ", "you")]
    chunks = fold([*events, {"type": "response.audio.delta", "delta": "AAAA"}, terminal(whole)])
    assert [c.delta for c in chunks] == ["Hi ", "you", ""]
    assert chunks[-1].message.content == "Hi you"


def test_a_partial_image_is_shown_once():
    data = base64.b64encode(b"\x89PNG").decode()
    kind = "response.image_generation_call.partial_image"
    event = {"type": kind, "output_index": 0, "partial_image_b64": data, "partial_image_index": 0}
    chunks = fold([event, text_delta("x", 1)])
    [image] = [b for b in chunks[0].message.blocks if isinstance(b, ImageBlock)]
    assert image.resolve_image().read() == b"\x89PNG"
    assert [type(b).__name__ for b in chunks[1].message.blocks] == ["TextBlock"]
