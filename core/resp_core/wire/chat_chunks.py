"""Responses answers for a caller who speaks Chat: completions, and chunks for streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.wire.chat_messages import nested_annotation
from resp_core.wire.chat_output import encode_usage
from resp_core.wire.chat_tools import chat_name
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from resp_core.types.json import JsonObject

__all__ = ["ChatChunks", "chunks_of", "encode_response"]

_CALLS = {"function_call": ("function", "arguments"), "custom_tool_call": ("custom", "input")}
_BREAK = "\n\n"  # between two thoughts
_COMMENTARY = "commentary"


def encode_response(response: JsonObject, *, completion_id: str) -> JsonObject:
    """The Chat completion for a response.

    Reasoning and commentary stand in `reasoning_content`. Items that Chat has no form for
    (hosted tools, MCP, encrypted reasoning) are kept in `provider_data.responses.output`.
    A failed or cancelled response has the finish reason None: it did not finish.
    """
    own = as_object(as_object(response.get("provider_data")).get("chat"))
    answer = _Answer()
    for item in objects(response.get("output")):
        answer.add(item)
    message = {**answer.message(), **as_object(own.get("message"))}
    extras = {k: v for k, v in as_object(own.get("choice")).items() if k != "finish_reason"}
    choice: JsonObject = {
        "index": 0,
        "message": message,
        "logprobs": {"content": answer.logprobs, "refusal": None} if answer.logprobs else None,
        "finish_reason": finish_reason(response),
        **extras,
    }
    completion: JsonObject = {
        "id": completion_id,
        "object": "chat.completion",
        "created": int(response.get("created_at") or 0),
        "model": response.get("model"),
        "choices": [choice],
    }
    if response.get("usage") is not None:
        completion["usage"] = encode_usage(response["usage"])
    if response.get("service_tier") is not None:
        completion["service_tier"] = response["service_tier"]
    kept = ("id", "choice", "message")
    completion.update((k, v) for k, v in own.items() if k not in kept)
    if answer.others:
        told = {"id": response.get("id"), "output": answer.others}
        completion["provider_data"] = {"responses": told}
    return completion


def finish_reason(response: JsonObject) -> str | None:
    """The Chat finish reason; None where the response failed or was cancelled."""
    status = response.get("status")
    if status in ("failed", "cancelled"):
        return None
    if status == "incomplete":
        reason = as_object(response.get("incomplete_details")).get("reason")
        return {"max_output_tokens": "length", "content_filter": "content_filter"}.get(
            as_text(reason), "stop"
        )
    called = any(item.get("type") in _CALLS for item in objects(response.get("output")))
    return "tool_calls" if called else "stop"


class _Answer:
    """The one message of a completion, gathered from output items."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.refusals: list[str] = []
        self.thoughts: list[str] = []
        self.details: list[JsonObject] = []
        self.calls: list[JsonObject] = []
        self.annotations: list[JsonObject] = []
        self.logprobs: list[JsonObject] = []
        self.audio: JsonObject | None = None
        self.others: list[JsonObject] = []

    def add(self, item: JsonObject) -> None:
        kind = item.get("type")
        if kind == "message":
            for part in objects(item.get("content")):
                self._part(part, item)
        elif kind == "reasoning":
            self.thoughts.extend(thoughts_of(item))
            own = as_object(as_object(item.get("provider_data")).get("openrouter"))
            self.details.extend(objects(own.get("reasoning_details")))
            if item.get("encrypted_content"):
                self.others.append(item)
        elif kind in _CALLS:
            self.calls.append(chat_call(item))
        else:
            self.others.append(item)

    def _part(self, part: JsonObject, item: JsonObject) -> None:
        kind = part.get("type")
        if kind == "refusal":
            self.refusals.append(as_text(part.get("refusal")))
        elif kind == "output_audio":
            self.audio = {k: v for k, v in part.items() if k != "type"}
        elif kind != "output_text":
            self.others.append({**item, "content": [part]})
        elif item.get("phase") == _COMMENTARY:
            self.thoughts.append(as_text(part.get("text")))
        else:
            self.texts.append(as_text(part.get("text")))
            self.annotations += map(nested_annotation, objects(part.get("annotations")))
            self.logprobs += objects(part.get("logprobs"))

    def message(self) -> JsonObject:
        message: JsonObject = {
            "role": "assistant",
            "content": "".join(self.texts) if self.texts else None,
            "refusal": "".join(self.refusals) if self.refusals else None,
        }
        thoughts = _BREAK.join(filter(None, self.thoughts))
        optional: JsonObject = {
            "annotations": self.annotations,
            "reasoning_content": thoughts,
            "reasoning_details": self.details,
            "audio": self.audio,
            "tool_calls": self.calls,
        }
        message.update((name, value) for name, value in optional.items() if value)
        return message


def thoughts_of(item: JsonObject) -> list[str]:
    """The visible texts of a reasoning item: its content, else its summary."""
    texts = [as_text(part.get("text")) for part in objects(item.get("content"))]
    return texts or [as_text(part.get("text")) for part in objects(item.get("summary"))]


def chat_call(item: JsonObject) -> JsonObject:
    """A call item as an entry of `tool_calls`."""
    kind, field = _CALLS[item["type"]]
    name = chat_name(as_text(item.get("name")), item.get("namespace"))
    own = as_object(as_object(item.get("provider_data")).get("chat"))
    inner = {"name": name, field: as_text(item.get(field))}
    return {"id": item.get("call_id"), "type": kind, kind: inner, **own}


class ChatChunks:
    """The Chat chunks of one stream of Responses events.

    `include_usage`: whether the caller asked for the usage chunk at the end. `id` and `created`
    are the same on every chunk. `response.failed` and `error` give nothing here: whoever reads
    the stream raises them.
    """

    def __init__(self, completion_id: str, include_usage: bool) -> None:
        self._frame: JsonObject = {
            "id": completion_id,
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "",
        }
        self._include_usage = include_usage
        self._begun = False
        self._commentary: set[Any] = set()  # output indices of messages that are no answer
        self._calls: dict[Any, int] = {}  # output index -> index among the calls
        self._sent: set[tuple[Any, ...]] = set()  # what came as deltas: not to be sent again
        self._marks: dict[tuple[Any, Any], list[JsonObject]] = {}  # annotations, by part
        self._thought: tuple[Any, ...] | None = None
        self._finished: set[Any] = set()

    def add(self, event: JsonObject) -> list[JsonObject]:
        """The chunks for one event; most events give one or none."""
        kind: str = event["type"]
        if kind == "response.output_text.delta":
            return self._text(event)
        handler = _HANDLERS.get(kind)
        return handler(self, event) if handler is not None else []

    def _chunk(
        self, delta: JsonObject, *, finish: str | None = None, logprobs: Any = None
    ) -> JsonObject:
        choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        chunk = {**self._frame, "choices": [choice]}
        if self._include_usage:
            chunk["usage"] = None
        return chunk

    def created(self, event: JsonObject) -> list[JsonObject]:
        if self._begun:
            return []
        self._begun = True
        response = as_object(event.get("response"))
        self._frame["created"] = int(response.get("created_at") or 0)
        self._frame["model"] = response.get("model")
        return [self._chunk({"role": "assistant", "content": ""})]

    # --- text --------------------------------------------------------------------------------

    def _text(self, event: JsonObject) -> list[JsonObject]:
        index = event.get("output_index")
        if index in self._commentary:
            return self.thinking(event)
        self._sent.add((index, "text", event.get("content_index")))
        logprobs = event.get("logprobs")
        if logprobs:
            logprobs = {"content": logprobs, "refusal": None}
        return [self._chunk({"content": event.get("delta", "")}, logprobs=logprobs or None)]

    def refusal(self, event: JsonObject) -> list[JsonObject]:
        self._sent.add((event.get("output_index"), "refusal", event.get("content_index")))
        return [self._chunk({"refusal": event.get("delta", "")})]

    def annotation(self, event: JsonObject) -> list[JsonObject]:
        """Kept for the end: clients cannot put lists together that come in several chunks."""
        place = event.get("output_index"), event.get("content_index")
        self._marks.setdefault(place, []).append(as_object(event.get("annotation")))
        return []

    def thinking(self, event: JsonObject) -> list[JsonObject]:
        """Reasoning text or, where an item has none, its summary; and commentary."""
        index = event.get("output_index")
        raw = event["type"] == "response.reasoning_text.delta"
        summary = event["type"] == "response.reasoning_summary_text.delta"
        if (index, "summary" if raw else "raw") in self._sent and (raw or summary):
            return []
        self._sent.add((index, "raw" if raw else "summary"))
        place = event.get("summary_index") if summary else event.get("content_index")
        return self._think((index, place), as_text(event.get("delta")))

    def _think(self, place: tuple[Any, ...], text: str) -> list[JsonObject]:
        if not text:
            return []
        if self._thought not in (None, place):
            text = _BREAK + text
        self._thought = place
        return [self._chunk({"reasoning_content": text})]

    def audio(self, event: JsonObject) -> list[JsonObject]:
        self._sent.add((event.get("output_index"), "audio"))
        field = "transcript" if "transcript" in event["type"] else "data"
        return [self._chunk({"audio": {field: event.get("delta", "")}})]

    # --- calls -------------------------------------------------------------------------------

    def item_added(self, event: JsonObject) -> list[JsonObject]:
        item, index = as_object(event.get("item")), event.get("output_index")
        if item.get("phase") == _COMMENTARY:
            self._commentary.add(index)
        if item.get("type") not in _CALLS or index in self._calls:
            return []
        number = self._calls[index] = len(self._calls)
        _, field = _CALLS[item["type"]]
        call = chat_call({**item, field: ""})
        return [self._chunk({"tool_calls": [{"index": number, **call}]})]

    def arguments(self, event: JsonObject) -> list[JsonObject]:
        kind = "function" if "function" in event["type"] else "custom"
        return self._argument(event.get("output_index"), kind, as_text(event.get("delta")))

    def _argument(self, index: Any, kind: str, text: str) -> list[JsonObject]:
        if index not in self._calls or not text:
            return []
        self._sent.add((index, "arguments"))
        field = "arguments" if kind == "function" else "input"
        call = {"index": self._calls[index], kind: {field: text}}
        return [self._chunk({"tool_calls": [call]})]

    # --- the end -----------------------------------------------------------------------------

    def item_done(self, event: JsonObject) -> list[JsonObject]:
        """What the finished item holds beyond the deltas that came for it."""
        item, index = as_object(event.get("item")), event.get("output_index")
        if index in self._finished:
            return []
        self._finished.add(index)
        kind = item.get("type")
        if kind in _CALLS:
            chunks = self.item_added(event)
            if (index, "arguments") not in self._sent:
                name, field = _CALLS[kind]
                chunks += self._argument(index, name, as_text(item.get(field)))
            return chunks
        if kind == "reasoning":
            return self._reasoning_done(item, index)
        if kind != "message":
            return []
        if item.get("phase") == _COMMENTARY:
            self._commentary.add(index)
        parts, chunks = objects(item.get("content")), list[Any]()
        for what in self._misplaced(index, len(parts)):
            self._sent.update((index, what, place) for place in range(len(parts)))
        for place, part in enumerate(parts):
            chunks += self._part_done(part, index, place)
        return chunks

    def _misplaced(self, index: Any, count: int) -> set[str]:
        """What came as deltas under a content_index that the finished item does not have.

        Some servers count parts otherwise in their events, or not at all.
        """
        told = [key for key in self._sent if key[0] == index and len(key) == 3]
        return {what for _, what, place in told if type(place) is not int or place >= count}

    def _reasoning_done(self, item: JsonObject, index: Any) -> list[JsonObject]:
        if (index, "raw") in self._sent or (index, "summary") in self._sent:
            chunks: list[JsonObject] = []
        else:
            texts = enumerate(thoughts_of(item))
            chunks = [c for place, text in texts for c in self._think((index, place), text)]
        own = as_object(as_object(item.get("provider_data")).get("openrouter"))
        if own.get("reasoning_details"):
            chunks.append(self._chunk({"reasoning_details": own["reasoning_details"]}))
        return chunks

    def _part_done(self, part: JsonObject, index: Any, place: int) -> list[JsonObject]:
        kind, chunks = part.get("type"), list[Any]()
        at: JsonObject = {"output_index": index, "content_index": place}
        if kind == "refusal" and (index, "refusal", place) not in self._sent:
            chunks += self.refusal({**at, "delta": as_text(part.get("refusal"))})
        elif kind == "output_audio":
            if (index, "audio") in self._sent:
                part = {k: v for k, v in part.items() if k not in ("data", "transcript")}
            chunks.append(self._chunk({"audio": {k: v for k, v in part.items() if k != "type"}}))
        elif kind == "output_text":
            sent = (index, "text", place) in self._sent or (index, "summary") in self._sent
            if not sent and part.get("text"):
                told = {"type": "", "delta": part["text"], "logprobs": part.get("logprobs")}
                chunks += self._text({**at, **told})
            if part.get("annotations"):
                self._marks[index, place] = objects(part["annotations"])
        return chunks

    def terminal(self, event: JsonObject) -> list[JsonObject]:
        response = as_object(event.get("response"))
        chunks = self.created(event)
        for index, item in enumerate(objects(response.get("output"))):
            chunks += self.item_done({"output_index": index, "item": item})
        marks = [mark for marks in self._marks.values() for mark in marks]
        if marks:
            chunks.append(self._chunk({"annotations": list(map(nested_annotation, marks))}))
        if response.get("service_tier") is not None:
            self._frame["service_tier"] = response["service_tier"]
        finish = finish_reason(response) or "stop"
        if finish == "stop" and self._calls and not response.get("output"):
            finish = "tool_calls"
        chunks.append(self._chunk({}, finish=finish))
        if self._include_usage and response.get("usage") is not None:
            usage = encode_usage(response["usage"])
            chunks.append({**self._frame, "choices": [], "usage": usage})
        return chunks


def chunks_of(completion: JsonObject, *, include_usage: bool) -> list[JsonObject]:
    """A finished Chat completion as the chunks of a stream, for servers that cannot stream."""
    frame = {k: v for k, v in completion.items() if k not in ("choices", "usage")}
    frame["object"] = "chat.completion.chunk"
    if include_usage:
        frame["usage"] = None
    chunks: list[JsonObject] = []
    for choice in objects(completion.get("choices")):
        index = choice.get("index", 0)
        delta = dict(as_object(choice.get("message")))
        calls = objects(delta.pop("tool_calls", None))
        if calls:
            delta["tool_calls"] = [{"index": n, **call} for n, call in enumerate(calls)]
        rest = {k: v for k, v in choice.items() if k not in ("index", "message", "finish_reason")}
        content = {**rest, "index": index, "delta": delta, "finish_reason": None}
        reason = choice.get("finish_reason")
        finish: JsonObject = {"index": index, "delta": {}, "finish_reason": reason}
        chunks += [{**frame, "choices": [content]}, {**frame, "choices": [finish]}]
    if include_usage and completion.get("usage") is not None:
        chunks.append({**frame, "choices": [], "usage": completion["usage"]})
    return chunks


_HANDLERS: dict[str, Callable[[ChatChunks, JsonObject], list[JsonObject]]] = {
    "response.created": ChatChunks.created,
    "response.output_item.added": ChatChunks.item_added,
    "response.output_text.annotation.added": ChatChunks.annotation,
    "response.refusal.delta": ChatChunks.refusal,
    "response.reasoning_text.delta": ChatChunks.thinking,
    "response.reasoning_summary_text.delta": ChatChunks.thinking,
    "response.function_call_arguments.delta": ChatChunks.arguments,
    "response.custom_tool_call_input.delta": ChatChunks.arguments,
    "response.audio.delta": ChatChunks.audio,
    "response.audio.transcript.delta": ChatChunks.audio,
    "response.output_item.done": ChatChunks.item_done,
    "response.completed": ChatChunks.terminal,
    "response.incomplete": ChatChunks.terminal,
}
