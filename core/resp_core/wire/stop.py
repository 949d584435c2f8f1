"""`stop` for servers of the Responses API, which has no such parameter: the text is cut here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.wire.shape import objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject
    from resp_core.wire.assemble import Assembler

__all__ = ["StopCut", "cut_response", "cut_text"]

_CUT = {"stop_sequence": True}


def cut_text(text: str, stops: tuple[str, ...]) -> str | None:
    """`text` up to the first stop string; None if it holds none."""
    found = [at for stop in stops if (at := text.find(stop)) >= 0]
    return text[: min(found)] if found else None


def cut_response(response: JsonObject, stops: tuple[str, ...]) -> JsonObject:
    """`response` with its text cut at the first stop string, and what came after it left out."""
    output: list[JsonObject] = []
    for item in objects(response.get("output")):
        parts = objects(item.get("content"))
        if item.get("type") == "message":
            for at, part in enumerate(parts):
                text = part.get("text")
                short = cut_text(text, stops) if isinstance(text, str) else None
                if short is not None:
                    kept = [*parts[:at], {**part, "text": short}]
                    output.append({**item, "content": kept})
                    return {**response, "status": "completed", "output": output}
        output.append(item)
    return response


class StopCut:
    """Goes before an assembler: holds text back as long as it may begin a stop string.

    At a stop string it ends the text, the part, the item and the response. The usage of such a
    response is unknown: the server would have told it at the end, which is not waited for.
    """

    __slots__ = ("_assembler", "_held", "_keep", "_stops", "_text")

    def __init__(self, stops: tuple[str, ...], assembler: Assembler) -> None:
        self._stops = stops
        self._assembler = assembler
        self._keep = max(map(len, stops)) - 1
        self._held: dict[Any, str] = {}  # text not shown yet, by part
        self._text: dict[Any, list[str]] = {}  # text shown, by part

    def add(self, event: JsonObject) -> list[JsonObject]:
        """Take one event; return those that may be given on."""
        kind = event.get("type")
        event.pop("sequence_number", None)  # fewer or more events go on: numbered anew
        key = (event.get("output_index"), event.get("content_index"))
        if kind == "response.output_text.delta":
            return self._delta(event, key)
        out: list[JsonObject] = []
        if kind == "response.output_text.done" and self._held.get(key):
            out = self._show(event, key, self._held.pop(key))
        return out + self._assembler.add(event)

    def _delta(self, event: JsonObject, key: Any) -> list[JsonObject]:
        text = self._held.get(key, "") + event["delta"]
        short = cut_text(text, self._stops)
        if short is not None:
            return self._end(event, key, short)
        shown = len(text) - self._keep
        self._held[key] = text[max(shown, 0) :]
        return self._show(event, key, text[:shown]) if shown > 0 else []

    def _show(self, event: JsonObject, key: Any, text: str) -> list[JsonObject]:
        if not text:
            return []
        self._text.setdefault(key, []).append(text)
        delta: JsonObject = {
            "type": "response.output_text.delta",
            "item_id": event.get("item_id"),
            "output_index": event.get("output_index"),
            "content_index": event.get("content_index"),
            "delta": text,
            "logprobs": [],
        }
        return self._assembler.add(delta)

    def _end(self, event: JsonObject, key: Any, short: str) -> list[JsonObject]:
        out = self._show(event, key, short)
        text = "".join(self._text.get(key, []))
        where = {
            "item_id": event.get("item_id"),
            "output_index": event.get("output_index"),
            "content_index": event.get("content_index"),
        }
        part: JsonObject = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        item: JsonObject = {
            "type": "message",
            "id": event.get("item_id"),
            "role": "assistant",
            "status": "completed",
            "content": [part],
        }
        partial = self._assembler.partial() or {}
        output = objects(partial.get("output"))
        index = event.get("output_index")
        if isinstance(index, int) and index < len(output):
            before = objects(output[index].get("content"))
            item["content"] = [*before[:-1], part]
            output = [*output[:index], item]
        else:
            output.append(item)
        final: JsonObject = {
            **partial,
            "status": "completed",
            "output": output,
            "provider_data": _CUT,
        }
        done: list[JsonObject] = [
            {**where, "type": "response.output_text.done", "text": text, "logprobs": []},
            {**where, "type": "response.content_part.done", "part": part},
            {"type": "response.output_item.done", "output_index": index, "item": item},
            {"type": "response.completed", "response": final},
        ]
        for ending in done:
            out += self._assembler.add(ending)
        return out
