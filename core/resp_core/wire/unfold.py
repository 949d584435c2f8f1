"""A finished response as the stream of events that would have made it.

For models and servers that cannot stream: whoever asked for a stream gets a legal one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import StreamIncomplete
from resp_core.wire.shape import as_text, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resp_core.types.json import JsonObject

__all__ = ["unfold", "unfold_item"]

_TERMINAL = ("completed", "incomplete", "failed")


def unfold(response: JsonObject) -> list[JsonObject]:
    """The events of a finished response, without `sequence_number`.

    Items of unknown types are added and done. A response without a status counts as
    completed. Raises StreamIncomplete, with the response as `partial`, for one that is not
    finished, or was cancelled: no event ends such a stream.
    """
    status = response.get("status") or "completed"
    if status not in _TERMINAL:
        raise StreamIncomplete(
            f"The server answered a request for a stream with a response that is {status}, which "
            "has none: look at it by its id.",
            partial=response,
        )
    begun: JsonObject = {**response, "status": "in_progress", "output": [], "usage": None}
    begun |= {"error": None, "incomplete_details": None, "completed_at": None}
    if "output_text" in begun:
        del begun["output_text"]
    events: list[JsonObject] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(objects(response.get("output"))):
        events += _Unfolding(item, index).events()
    events.append({"type": f"response.{status}", "response": response})
    return events


def unfold_item(item: JsonObject, index: int) -> list[JsonObject]:
    """The events of one finished item at `index` of the output."""
    return list(_Unfolding(item, index).events())


class _Unfolding:
    """One item being unfolded."""

    def __init__(self, item: JsonObject, index: int) -> None:
        self.item = item
        self.index = index

    def events(self) -> Iterator[JsonObject]:
        kind = as_text(self.item.get("type"))
        skeleton, inside = _KINDS.get(kind, (_as_it_is, _nothing))
        yield self._item("added", skeleton(self.item))
        yield from inside(self)
        yield self._item("done", self.item)

    def _item(self, what: str, item: JsonObject) -> JsonObject:
        return {"type": f"response.output_item.{what}", "output_index": self.index, "item": item}

    def _event(self, kind: str, **fields: Any) -> JsonObject:
        return {
            "type": f"response.{kind}",
            "item_id": self.item.get("id"),
            "output_index": self.index,
            **fields,
        }

    def message(self) -> Iterator[JsonObject]:
        for place, part in enumerate(objects(self.item.get("content"))):
            yield from self._part(part, place)

    def _part(self, part: JsonObject, place: int) -> Iterator[JsonObject]:
        at = {"content_index": place}
        kind = part.get("type")
        if kind == "output_text":
            empty: JsonObject = {**part, "text": "", "annotations": []}
            if "logprobs" in part:
                empty["logprobs"] = []
            yield self._event("content_part.added", **at, part=empty)
            yield from self._text(part, at)
        elif kind == "refusal":
            text = as_text(part.get("refusal"))
            yield self._event("content_part.added", **at, part={**part, "refusal": ""})
            if text:
                yield self._event("refusal.delta", **at, delta=text)
            yield self._event("refusal.done", **at, refusal=text)
        else:
            yield self._event("content_part.added", **at, part=part)
        yield self._event("content_part.done", **at, part=part)

    def _text(self, part: JsonObject, at: JsonObject) -> Iterator[JsonObject]:
        text, logprobs = as_text(part.get("text")), objects(part.get("logprobs"))
        if text or logprobs:
            yield self._event("output_text.delta", **at, delta=text, logprobs=logprobs)
        for number, annotation in enumerate(objects(part.get("annotations"))):
            fields = {"annotation_index": number, "annotation": annotation}
            yield self._event("output_text.annotation.added", **at, **fields)
        yield self._event("output_text.done", **at, text=text, logprobs=logprobs)

    def reasoning(self) -> Iterator[JsonObject]:
        for place, part in enumerate(objects(self.item.get("summary"))):
            at, text = {"summary_index": place}, as_text(part.get("text"))
            yield self._event("reasoning_summary_part.added", **at, part={**part, "text": ""})
            if text:
                yield self._event("reasoning_summary_text.delta", **at, delta=text)
            yield self._event("reasoning_summary_text.done", **at, text=text)
            yield self._event("reasoning_summary_part.done", **at, part=part)
        for place, part in enumerate(objects(self.item.get("content"))):
            at, text = {"content_index": place}, as_text(part.get("text"))
            yield self._event("content_part.added", **at, part={**part, "text": ""})
            if text:
                yield self._event("reasoning_text.delta", **at, delta=text)
            yield self._event("reasoning_text.done", **at, text=text)
            yield self._event("content_part.done", **at, part=part)

    def _field(self, event: str, field: str) -> Iterator[JsonObject]:
        text = as_text(self.item.get(field))
        if text:
            yield self._event(f"{event}.delta", delta=text)
        yield self._event(f"{event}.done", **{field: text})

    def function_call(self) -> Iterator[JsonObject]:
        yield from self._field("function_call_arguments", "arguments")

    def custom_tool_call(self) -> Iterator[JsonObject]:
        yield from self._field("custom_tool_call_input", "input")

    def mcp_call(self) -> Iterator[JsonObject]:
        yield self._event("mcp_call.in_progress")
        yield from self._field("mcp_call_arguments", "arguments")
        yield self._event(f"mcp_call.{self._ending()}")

    def mcp_list_tools(self) -> Iterator[JsonObject]:
        yield self._event("mcp_list_tools.in_progress")
        yield self._event(f"mcp_list_tools.{self._ending()}")

    def _ending(self) -> str:
        failed = self.item.get("error") is not None or self.item.get("status") == "failed"
        return "failed" if failed else "completed"

    def search(self) -> Iterator[JsonObject]:
        kind = self.item["type"]
        yield self._event(f"{kind}.in_progress")
        yield self._event(f"{kind}.searching")
        yield self._event(f"{kind}.completed")

    def code_interpreter_call(self) -> Iterator[JsonObject]:
        yield self._event("code_interpreter_call.in_progress")
        yield from self._field("code_interpreter_call_code", "code")
        yield self._event("code_interpreter_call.interpreting")
        yield self._event("code_interpreter_call.completed")

    def image_generation_call(self) -> Iterator[JsonObject]:
        yield self._event("image_generation_call.in_progress")
        yield self._event("image_generation_call.generating")
        yield self._event("image_generation_call.completed")


def _as_it_is(item: JsonObject) -> JsonObject:
    return item


def _nothing(unfolding: _Unfolding) -> Iterator[JsonObject]:
    return iter(())


def _begun(**empty: Any) -> Callable[[JsonObject], JsonObject]:
    """How an item looks when it is added: in progress, and the fields that grow still empty."""

    def skeleton(item: JsonObject) -> JsonObject:
        begun = {**item, **{field: value for field, value in empty.items() if field in item}}
        if "status" in item:
            begun["status"] = "in_progress"
        return begun

    return skeleton


_KINDS: dict[
    str,
    tuple[Callable[[JsonObject], JsonObject], Callable[[_Unfolding], Iterator[JsonObject]]],
] = {
    "message": (_begun(content=[]), _Unfolding.message),
    "reasoning": (_begun(summary=[], content=[]), _Unfolding.reasoning),
    "function_call": (_begun(arguments=""), _Unfolding.function_call),
    "custom_tool_call": (_begun(input=""), _Unfolding.custom_tool_call),
    "mcp_call": (_begun(arguments="", output=None, error=None), _Unfolding.mcp_call),
    "mcp_list_tools": (_begun(tools=[], error=None), _Unfolding.mcp_list_tools),
    "web_search_call": (_begun(), _Unfolding.search),
    "file_search_call": (_begun(results=None), _Unfolding.search),
    "code_interpreter_call": (_begun(code="", outputs=None), _Unfolding.code_interpreter_call),
    "image_generation_call": (_begun(result=None), _Unfolding.image_generation_call),
}
