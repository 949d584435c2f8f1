"""Chat chunks -> Responses events.

Servers differ: ids may be missing, repeated or new with every fragment, arguments may come as
objects, usage in any chunk, content as a list, deltas as null. All of that ends here, in one
legal sequence of events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import StreamIncomplete
from resp_core.types.json import dumps
from resp_core.wire.chat_fold import merge, plain_choice
from resp_core.wire.chat_items import CallItem, MessageItem, ReasoningItem
from resp_core.wire.chat_output import (
    decode_usage,
    flat_annotation,
    logprob_entries,
    outcome,
    skeleton,
)
from resp_core.wire.chat_tools import call_key, call_kind, tool_names
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject
    from resp_core.wire.chat_tools import ToolNames
    from resp_core.wire.ids import NewId

__all__ = ["ChatEvents", "usual_response"]

Events = list[dict[str, Any]]

_CHUNK = frozenset(
    ("object", "created", "model", "choices", "usage", "service_tier", "obfuscation", "p")
)
_CHOICE = frozenset(("index", "delta", "message", "finish_reason", "logprobs", "usage"))
_DELTA = frozenset(
    (
        "role",
        "content",
        "refusal",
        "reasoning_content",
        "reasoning",
        "reasoning_details",
        "tool_calls",
        "function_call",
        "annotations",
        "audio",
    )
)
_CALL = frozenset(("index", "id", "type", "function", "custom"))


class ChatEvents:
    """The Responses events of one Chat stream. `request` is the Responses request.

    Events carry no `sequence_number`: whoever emits them numbers them. What a chunk holds
    beyond the standard is kept in `provider_data.chat` of the response.
    """

    def __init__(self, request: JsonObject, new_id: NewId) -> None:
        self._request = request
        self._new_id = new_id
        self._names: ToolNames | None = None
        self._response: JsonObject | None = None
        self._named = False
        self._items: list[MessageItem | ReasoningItem | CallItem] = []
        self._done: dict[int, JsonObject] = {}
        self._message: MessageItem | None = None
        self._reasoning: ReasoningItem | None = None
        self._calls: list[CallItem] = []
        self._by_key: dict[Any, CallItem] = {}
        self._finish: str | None = None
        self._usage: Any = None
        self._service_tier: Any = None
        self._extras: JsonObject = {}
        self._has_text = False
        self._has_content = False  # content came as a string, if only as an empty one

    # --- chunks ------------------------------------------------------------------------------

    def add(self, chunk: JsonObject) -> list[JsonObject]:
        """The events for one chunk."""
        message = self._message
        if message is not None and message.part == "output_text":
            # The hot path: a chunk that holds nothing but more text.
            choice = None if chunk.get("usage") else plain_choice(chunk.get("choices"))
            if choice is not None and not choice.get("index"):
                text: str = choice["delta"]["content"]
                if text:
                    message.text.write(text)
                    return [
                        {
                            "type": "response.output_text.delta",
                            "item_id": message.id,
                            "output_index": message.index,
                            "content_index": message.place,
                            "delta": text,
                            "logprobs": [],
                        }
                    ]
        out: Events = []
        self._chunk(chunk, out)
        return out

    def _chunk(self, chunk: JsonObject, out: Events) -> None:
        if self._response is None:
            self._start(chunk, out)
        elif not self._named and chunk.get("model"):
            self._named = True  # Azure's first chunk is about the prompt, and names no model
            named = {"model": as_text(chunk["model"]), "created_at": _time(chunk.get("created"))}
            self._response = {**self._response, **named}
        if chunk.get("usage"):
            self._usage = chunk["usage"]
        elif as_object(chunk.get("x_groq")).get("usage"):
            self._usage = chunk["x_groq"]["usage"]
        if chunk.get("service_tier"):
            self._service_tier = chunk["service_tier"]
        for key, value in chunk.items():
            if key not in _CHUNK and value is not None:
                self._extras[key] = value
        for choice in objects(chunk.get("choices")):
            if not choice.get("index"):
                self._choice(choice, out)

    def _start(self, chunk: JsonObject, out: Events) -> None:
        response = skeleton(
            self._request,
            response_id=self._new_id("resp_"),
            created_at=_time(chunk.get("created")),
            model=as_text(chunk.get("model")),
        )
        self._response = response
        self._named = bool(chunk.get("model"))
        out.append({"type": "response.created", "response": response})
        out.append({"type": "response.in_progress", "response": response})

    def _choice(self, choice: JsonObject, out: Events) -> None:
        delta = choice.get("delta")
        if delta is None:
            delta = _as_delta(as_object(choice.get("message")))
        self._delta(as_object(delta), choice.get("logprobs"), out)
        if choice.get("finish_reason"):
            self._finish = str(choice["finish_reason"])
            self._extra("choice", {"finish_reason": self._finish})
        if choice.get("usage") and not self._usage:
            self._usage = choice["usage"]
        self._extra("choice", choice, without=_CHOICE)

    def _extra(self, name: str, fields: JsonObject, without: frozenset[str] = frozenset()) -> None:
        if fields.keys() <= without:
            return
        kept = {k: v for k, v in fields.items() if k not in without and v is not None}
        if kept:
            merge(self._extras.setdefault(name, {}), kept)

    def _delta(self, delta: JsonObject, logprobs: Any, out: Events) -> None:
        reasoning = as_text(delta.get("reasoning_content")) or as_text(delta.get("reasoning"))
        details = delta.get("reasoning_details")
        if reasoning or objects(details):
            self._reason(reasoning, objects(details), out)
        self._content(delta.get("content"), logprob_entries(logprobs) if logprobs else [], out)
        if isinstance(logprobs, dict) and not isinstance(as_object(logprobs).get("content"), list):
            self._extra("choice", {"logprobs": logprobs})
        if delta.get("annotations"):
            for annotation in objects(delta["annotations"]):
                self._annotation(annotation, out)
        if as_text(delta.get("refusal")):
            self._open_message(out).add_refusal(delta["refusal"], out)
        if delta.get("audio") and any(as_object(delta["audio"]).values()):
            self._open_message(out).add_audio(delta["audio"], out)
        if delta.get("tool_calls"):
            for call in objects(delta["tool_calls"]):
                self._call(call, out)
        if delta.get("function_call") and any(as_object(delta["function_call"]).values()):
            self._call({"index": "function_call", "function": delta["function_call"]}, out)
        self._extra("message", delta, without=_DELTA)

    # --- content -----------------------------------------------------------------------------

    def _content(self, content: Any, logprobs: list[JsonObject], out: Events) -> None:
        if isinstance(content, str):
            self._has_content = True
            if content or logprobs:
                self._has_text = True
                self._open_message(out).add_text(content, logprobs, out)
            return
        for part in objects(content):
            if part.get("type") == "text":
                self._content(as_text(part.get("text")), logprobs, out)
            elif part.get("type") == "thinking":
                self._reason(_thought(part.get("thinking")), [], out)
            else:
                self._open_message(out).add_part(part, out)

    def _annotation(self, annotation: JsonObject, out: Events) -> None:
        """A mark belongs to the open text; one that comes after its text is kept aside."""
        message = self._message
        late = self._has_text and (message is None or message.part != "output_text")
        if late:
            self._extra("message", {"annotations": [annotation]})
        else:
            self._open_message(out).add_annotation(flat_annotation(annotation), out)

    def _reason(self, text: str, details: list[JsonObject], out: Events) -> None:
        if self._reasoning is None:
            self._close_message(out)
            self._reasoning = ReasoningItem(self._new_id("rs_"), len(self._items), out)
            self._items.append(self._reasoning)
        text = text or "".join(
            as_text(detail.get("text") or detail.get("summary")) for detail in details
        )
        if text:
            self._reasoning.add_text(text, out)
        self._reasoning.add_details(details)

    def _open_message(self, out: Events) -> MessageItem:
        if self._message is None:
            self._close_reasoning(out)
            self._message = MessageItem(self._new_id("msg_"), len(self._items), out)
            self._items.append(self._message)
        return self._message

    def _close_message(self, out: Events, cut: bool = False) -> None:
        if self._message is not None:
            self._done[self._message.index] = self._message.close(cut, out)
            self._message = None

    def _close_reasoning(self, out: Events, cut: bool = False) -> None:
        if self._reasoning is not None:
            self._done[self._reasoning.index] = self._reasoning.close(cut, out)
            self._reasoning = None

    # --- calls -------------------------------------------------------------------------------

    def _call(self, fragment: JsonObject, out: Events) -> None:
        kind = call_kind(fragment)
        inner = as_object(fragment.get(kind))
        name, text = as_text(inner.get("name")), _arguments(inner)
        call = self._known_call(fragment, name, text)
        if call is None:
            call = self._new_call(fragment, custom=kind == "custom")
        merge(call.extras, {k: v for k, v in fragment.items() if k not in _CALL and v is not None})
        if text:
            call.add(text, out)
        if name and not call.is_open:
            self._open_call(call, name, out)

    def _known_call(self, fragment: JsonObject, name: str, text: str) -> CallItem | None:
        """The call that this fragment continues, if it continues one.

        A new id means a new call only where a name comes with it: some servers make a new id
        for each fragment. A name without an id repeats itself, or begins a call: it begins one
        when the call before it was whole.
        """
        upstream_id = as_text(fragment.get("id"))
        known = self._by_key.get(call_key(fragment))
        if known is None:
            nameless = fragment.get("index") is None and not name and not upstream_id
            return self._calls[-1] if nameless and self._calls else None
        if not name or not known.is_open:
            return known
        if upstream_id:
            return known if upstream_id == known.upstream_id else None
        return None if known.has_whole_arguments() and text else known

    def _new_call(self, fragment: JsonObject, *, custom: bool) -> CallItem:
        upstream_id = as_text(fragment.get("id"))
        taken = any(call.call_id == upstream_id for call in self._calls)
        call_id = self._new_id("call_") if taken or not upstream_id else upstream_id
        item_id = self._new_id("ctc_" if custom else "fc_")
        names = self._names = self._names or tool_names(self._request.get("tools"))
        call = CallItem(item_id, call_id, custom=custom, names=names)
        call.upstream_id = upstream_id
        self._by_key[call_key(fragment)] = call
        self._calls.append(call)
        return call

    def _open_call(self, call: CallItem, name: str, out: Events) -> None:
        self._close_reasoning(out)
        self._close_message(out)
        call.open(name, len(self._items), out)
        self._items.append(call)

    # --- the end -----------------------------------------------------------------------------

    def close(self, done: bool) -> list[JsonObject]:
        """The last events. `done`: whether the server sent `[DONE]`.

        Raises StreamIncomplete, with the partial response, when the stream had no end: neither
        a finish reason nor `[DONE]`, or `[DONE]` after nothing at all.
        """
        empty = not self._items and not self._calls
        nothing = empty and not self._has_content
        if self._response is None or (self._finish is None and (nothing or not done)):
            raise StreamIncomplete(
                "the stream ended without a finish_reason.", partial=self.partial()
            )
        out: Events = []
        status, details, error = outcome(self._finish)
        cut = status != "completed" or self._finish is None
        if empty and self._has_content:
            self._open_message(out).open("output_text", out)
        self._close_items(cut and self._finish is not None, cut, out)
        output = [self._done[n] for n in range(len(self._items))]
        if self._finish is None and any(_is_cut(item) for item in output):
            status = "incomplete"
        told = as_object(as_object(self._extras.get("choice")).get("error"))
        if error is not None and told.get("message"):
            error = {"code": str(told.get("code", "server_error")), "message": told["message"]}
        response = {
            **self._response,
            "status": status,
            "error": error,
            "incomplete_details": details,
            "output": output,
            **self._totals(),
        }
        out.append({"type": f"response.{status}", "response": response})
        return out

    def _close_items(self, text_cut: bool, calls_cut: bool, out: Events) -> None:
        for call in self._calls:
            if not call.is_open:  # its name never came
                self._open_call(call, "", out)
        for item in self._items:
            if item is self._reasoning:
                self._close_reasoning(out, text_cut)
            elif item is self._message:
                self._close_message(out, text_cut)
            elif isinstance(item, CallItem):
                self._done[item.index] = item.close(calls_cut, out)

    def _totals(self) -> JsonObject:
        fields: JsonObject = {
            "usage": decode_usage(self._usage),
            "service_tier": self._service_tier,
        }
        if self._extras:
            fields["provider_data"] = {"chat": self._extras}
        return fields

    def partial(self) -> JsonObject | None:
        """The response as far as it came, marked incomplete; None before the first chunk."""
        if self._response is None:
            return None
        output = [self._done.get(n) or item.partial() for n, item in enumerate(self._items)]
        return {
            **self._response,
            "status": "incomplete",
            "output": output,
            **self._totals(),
        }


def usual_response(
    completion: JsonObject, choice: JsonObject, request: JsonObject, new_id: NewId
) -> JsonObject | None:
    """The response for an answer that is one text, ended by itself; None for any other.

    It is what `ChatEvents` makes of the same, without its events: most plain answers are so.
    """
    message = choice.get("message")
    if (
        choice.get("finish_reason") != "stop"
        or not isinstance(message, dict)
        or _says_more(choice, _USUAL_CHOICE)
        or choice.get("index")
    ):
        return None
    said = as_object(message)
    text = said.get("content")
    if not text or type(text) is not str or _says_more(said, _USUAL_MESSAGE):
        return None
    if said.get("refusal") or said.get("annotations"):
        return None
    response = skeleton(
        request,
        response_id=new_id("resp_"),
        created_at=_time(completion.get("created")),
        model=as_text(completion.get("model")),
    )
    part: JsonObject = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    response["output"] = [
        {
            "id": new_id("msg_"),
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [part],
        }
    ]
    extras = {k: v for k, v in completion.items() if k not in _CHUNK and v is not None}
    extras["choice"] = {"finish_reason": "stop"}
    usage = completion.get("usage") or as_object(completion.get("x_groq")).get("usage")
    response["status"] = "completed"
    response["usage"] = decode_usage(usage)
    response["service_tier"] = completion.get("service_tier") or None
    response["provider_data"] = {"chat": extras}
    return response


def _says_more(given: JsonObject, known: frozenset[str]) -> bool:
    """Whether anything beside `known` is said; many servers write null for what they lack."""
    return not given.keys() <= known and any(
        value is not None for name, value in given.items() if name not in known
    )


_USUAL_CHOICE = frozenset(("index", "message", "finish_reason"))
_USUAL_MESSAGE = frozenset(("role", "content", "refusal", "annotations"))


def _time(value: Any) -> int | float:
    return value if isinstance(value, (int, float)) else 0


def _as_delta(message: JsonObject) -> JsonObject:
    """A whole message (a plain answer, or all of it in one chunk): each call is one of its own."""
    calls = objects(message.get("tool_calls"))
    if not calls:
        return message
    return {**message, "tool_calls": [{**call, "index": n} for n, call in enumerate(calls)]}


def _arguments(inner: JsonObject) -> str:
    """The arguments or input of a call fragment; a server may send arguments as an object."""
    given = inner.get("arguments", inner.get("input"))
    if given is None or isinstance(given, str):
        return given or ""
    return dumps(given).decode()


def _thought(thinking: Any) -> str:
    if isinstance(thinking, str):
        return thinking
    return "".join(as_text(part.get("text")) for part in objects(thinking))


def _is_cut(item: JsonObject) -> bool:
    return item.get("status") == "incomplete"
