"""Output items that grow while Chat chunks arrive, each with its Responses events.

An item hands out the events for what it is given and, once closed, the finished item.
Text is gathered in a `StringIO`: appending to a string would copy it for each of 20,000 deltas.
"""

from __future__ import annotations

import base64
import binascii
from io import StringIO
from typing import TYPE_CHECKING, Any

from resp_core.wire.chat_tools import emulated_input
from resp_core.wire.shape import as_text, is_json_object

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject
    from resp_core.wire.chat_tools import ToolNames

__all__ = ["CallItem", "MessageItem", "ReasoningItem"]

Events = list[dict[str, Any]]


def _added(index: int, item: JsonObject) -> JsonObject:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def _done(index: int, item: JsonObject) -> JsonObject:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


class MessageItem:
    """An assistant message: parts of text, refusal, audio, or of a kind unknown here."""

    def __init__(self, item_id: str, index: int, out: Events) -> None:
        self.id = item_id
        self.index = index
        self.part = ""  # the type of the open part, or "" where none is open
        self.text = StringIO()
        self._parts: list[JsonObject] = []
        self._annotations: list[JsonObject] = []
        self._logprobs: list[JsonObject] = []
        self._audio: JsonObject = {}
        self._data: list[str] = []
        out.append(_added(index, self._item([], "in_progress")))

    def _item(self, content: list[JsonObject], status: str) -> JsonObject:
        return {
            "id": self.id,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }

    @property
    def place(self) -> int:
        """The content index of the open part."""
        return len(self._parts)

    def _event(self, kind: str, **fields: Any) -> JsonObject:
        return {
            "type": f"response.{kind}",
            "item_id": self.id,
            "output_index": self.index,
            "content_index": self.place,
            **fields,
        }

    def open(self, kind: str, out: Events) -> None:
        """Make sure that a part of this type is open."""
        if self.part == kind:
            return
        self._close_part(out)
        self.part = kind
        empty: JsonObject = {"type": kind}
        if kind == "output_text":
            empty |= {"text": "", "annotations": [], "logprobs": []}
        elif kind == "refusal":
            empty["refusal"] = ""
        else:
            empty |= {"data": "", "transcript": ""}
        out.append(self._event("content_part.added", part=empty))

    def add_text(self, text: str, logprobs: list[JsonObject], out: Events) -> None:
        self.open("output_text", out)
        self.text.write(text)
        self._logprobs.extend(logprobs)
        if text or logprobs:
            out.append(self._event("output_text.delta", delta=text, logprobs=logprobs))

    def add_annotation(self, annotation: JsonObject, out: Events) -> None:
        self.open("output_text", out)
        number = len(self._annotations)
        self._annotations.append(annotation)
        fields = {"annotation_index": number, "annotation": annotation}
        out.append(self._event("output_text.annotation.added", **fields))

    def add_refusal(self, text: str, out: Events) -> None:
        self.open("refusal", out)
        self.text.write(text)
        out.append(self._event("refusal.delta", delta=text))

    def add_audio(self, audio: JsonObject, out: Events) -> None:
        self.open("output_audio", out)
        data, spoken = as_text(audio.get("data")), as_text(audio.get("transcript"))
        rest = {k: v for k, v in audio.items() if k not in ("data", "transcript")}
        self._audio.update((k, v) for k, v in rest.items() if v is not None)
        if data:
            self._data.append(data)
            out.append(self._event("audio.delta", delta=data))
        if spoken:
            self.text.write(spoken)
            out.append(self._event("audio.transcript.delta", delta=spoken))

    def add_part(self, part: JsonObject, out: Events) -> None:
        """A whole part of a type that only the server knows: kept as it is."""
        self._close_part(out)
        out.append(self._event("content_part.added", part=part))
        out.append(self._event("content_part.done", part=part))
        self._parts.append(part)

    def _part(self) -> JsonObject:
        text = self.text.getvalue()
        if self.part == "refusal":
            return {"type": "refusal", "refusal": text}
        if self.part == "output_audio":
            data = _joined_base64(self._data)
            return {"type": "output_audio", **self._audio, "data": data, "transcript": text}
        return {
            "type": "output_text",
            "text": text,
            "annotations": self._annotations,
            "logprobs": self._logprobs,
        }

    def _close_part(self, out: Events) -> None:
        if not self.part:
            return
        part = self._part()
        if self.part == "output_text":
            fields = {"text": part["text"], "logprobs": part["logprobs"]}
            out.append(self._event("output_text.done", **fields))
        elif self.part == "refusal":
            out.append(self._event("refusal.done", refusal=part["refusal"]))
        else:
            if part["transcript"]:
                out.append(self._event("audio.transcript.done", transcript=part["transcript"]))
            out.append(self._event("audio.done"))
        out.append(self._event("content_part.done", part=part))
        self._parts.append(part)
        self.part, self.text = "", StringIO()
        self._annotations, self._logprobs, self._audio, self._data = [], [], {}, []

    def close(self, cut: bool, out: Events) -> JsonObject:
        self._close_part(out)
        item = self._item(self._parts, "incomplete" if cut else "completed")
        out.append(_done(self.index, item))
        return item

    def partial(self) -> JsonObject:
        parts = [*self._parts, self._part()] if self.part else list(self._parts)
        return self._item(parts, "incomplete")


def _joined_base64(fragments: list[str]) -> str:
    """One base64 text for several, each of which may carry padding of its own."""
    if not any(fragment.endswith("=") for fragment in fragments[:-1]):
        return "".join(fragments)
    try:
        return base64.b64encode(b"".join(map(base64.b64decode, fragments))).decode()
    except binascii.Error:
        return "".join(fragments)


class ReasoningItem:
    """Visible reasoning of an open model: `reasoning_text`, with what its server signs."""

    def __init__(self, item_id: str, index: int, out: Events) -> None:
        self.id = item_id
        self.index = index
        self.details: list[JsonObject] = []
        self._text = StringIO()
        self._opened = False
        out.append(_added(index, self._item([], "in_progress")))

    def _item(self, content: list[JsonObject], status: str) -> JsonObject:
        item: JsonObject = {
            "id": self.id,
            "type": "reasoning",
            "status": status,
            "summary": [],
            "content": content,
        }
        if self.details:
            item["provider_data"] = {"openrouter": {"reasoning_details": self.details}}
        return item

    def _event(self, kind: str, **fields: Any) -> JsonObject:
        return {
            "type": f"response.{kind}",
            "item_id": self.id,
            "output_index": self.index,
            "content_index": 0,
            **fields,
        }

    def add_text(self, text: str, out: Events) -> None:
        if not self._opened:
            self._opened = True
            empty = {"type": "reasoning_text", "text": ""}
            out.append(self._event("content_part.added", part=empty))
        self._text.write(text)
        out.append(self._event("reasoning_text.delta", delta=text))

    def add_details(self, details: list[JsonObject]) -> None:
        for detail in details:
            _merge_detail(self.details, detail)

    def _content(self) -> list[JsonObject]:
        text = self._text.getvalue()
        return [{"type": "reasoning_text", "text": text}] if self._opened else []

    def close(self, cut: bool, out: Events) -> JsonObject:
        content = self._content()
        for part in content:
            out.append(self._event("reasoning_text.done", text=part["text"]))
            out.append(self._event("content_part.done", part=part))
        item = self._item(content, "incomplete" if cut else "completed")
        out.append(_done(self.index, item))
        return item

    def partial(self) -> JsonObject:
        return self._item(self._content(), "incomplete")


def _merge_detail(details: list[JsonObject], detail: JsonObject) -> None:
    """Join a fragment to the last detail if it continues it (same type and index)."""
    last = details[-1] if details else None
    same = last is not None and all(last.get(k) == detail.get(k) for k in ("type", "index"))
    if last is None or not same or "index" not in detail:
        details.append(dict(detail))
        return
    for key, value in detail.items():
        if key in ("text", "summary", "data") and isinstance(value, str):
            last[key] = as_text(last.get(key)) + value
        elif value is not None:
            last[key] = value


class CallItem:
    """A call of a function or custom tool. Its name opens it; arguments may come before."""

    def __init__(self, item_id: str, call_id: str, *, custom: bool, names: ToolNames) -> None:
        self.id = item_id
        self.call_id = call_id
        self.upstream_id = ""
        self.name = ""
        self.index = -1  # the output index, once opened
        self.extras: JsonObject = {}
        self._custom = custom
        self._names = names
        self._text = StringIO()
        self._held = False  # a custom tool emulated as a function: its arguments are wrapped

    @property
    def is_open(self) -> bool:
        return self.index >= 0

    def has_whole_arguments(self) -> bool:
        """Whether the arguments so far are a whole JSON object."""
        return is_json_object(self._text.getvalue())

    def open(self, name: str, index: int, out: Events) -> None:
        """Announce the call, and what arrived of it before its name."""
        self.name, self.index = name, index
        self._held = not self._custom and name in self._names.custom
        if self._held:
            self.id = self.id.replace("fc_", "ctc_", 1)
        out.append(_added(index, self._item("", "in_progress")))
        early = self._text.getvalue()
        if early and not self._held:
            out.append(self._delta(early))

    def add(self, fragment: str, out: Events) -> None:
        self._text.write(fragment)
        if self.is_open and not self._held:
            out.append(self._delta(fragment))

    def _kind(self) -> str:
        return "custom_tool_call_input" if self._custom or self._held else "function_call_arguments"

    def _delta(self, text: str) -> JsonObject:
        return {
            "type": f"response.{self._kind()}.delta",
            "item_id": self.id,
            "output_index": self.index,
            "delta": text,
        }

    def _item(self, text: str, status: str) -> JsonObject:
        custom = self._custom or self._held
        item: JsonObject = {
            "id": self.id,
            "type": "custom_tool_call" if custom else "function_call",
            "status": status,
            "input" if custom else "arguments": text,
            "call_id": self.call_id,
            **self._names.fields(self.name),
        }
        if self.extras:
            item["provider_data"] = {"chat": self.extras}
        return item

    def _finished(self, cut: bool) -> tuple[str, str]:
        """The text of the call and its status; a cut call keeps what came, as it came."""
        raw = self._text.getvalue()
        if self._held:
            text = emulated_input(raw)
            whole = text is not None
            raw = raw if text is None else text
        elif self._custom:
            whole = not cut
        else:
            whole = not cut or is_json_object(raw)
        return raw, "completed" if whole and self.name else "incomplete"

    def close(self, cut: bool, out: Events) -> JsonObject:
        text, status = self._finished(cut)
        if self._held and text:
            out.append(self._delta(text))
        done = self._delta(text)
        done["type"] = f"response.{self._kind()}.done"
        done["input" if self._custom or self._held else "arguments"] = done.pop("delta")
        item = self._item(text, status)
        out.append(done)
        out.append(_done(self.index, item))
        return item

    def partial(self) -> JsonObject:
        return self._item(self._text.getvalue(), "incomplete")
