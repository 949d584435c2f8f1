"""Chat chunks -> one Chat completion, for callers who speak Chat to a Chat server."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any, cast

from resp_core.errors import StreamIncomplete
from resp_core.wire.chat_tools import call_key, call_kind
from resp_core.wire.shape import as_object, as_text, is_json_object, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["ChatFold", "merge", "plain_choice"]

# Strings that name something and are repeated; every other string is a fragment of a text.
_NAMES = frozenset(
    (
        "id",
        "role",
        "type",
        "name",
        "channel",
        "format",
        "signature",
        "finish_reason",
        "native_finish_reason",
        "stop_reason",
        "expires_at",
    )
)
_CHUNK = frozenset(("choices", "object", "obfuscation", "p"))
_CHOICE = frozenset(("index", "delta", "message", "finish_reason", "logprobs"))
_FIRST = frozenset(("id", "created", "model"))


def merge(into: JsonObject, fields: JsonObject) -> None:
    """Merge the fields of a later chunk into those of earlier ones.

    Texts are joined, lists extended (entries with an `index` merged), objects merged, and
    anything else is replaced. A null never replaces a value.
    """
    for key, value in fields.items():
        old = into.get(key)
        if value is None:
            into.setdefault(key, None)
        elif old is None:
            into[key] = _copied(value)
        elif isinstance(old, str) and isinstance(value, str) and key not in _NAMES:
            into[key] = old + value
        elif isinstance(old, dict) and isinstance(value, dict):
            merge(cast("JsonObject", old), cast("JsonObject", value))
        elif isinstance(old, list) and isinstance(value, list):
            _extend(cast("list[Any]", old), cast("list[Any]", value))
        else:
            into[key] = value


def _copied(value: Any) -> Any:
    """Containers are copied before they grow: chunks belong to whoever sent them."""
    if isinstance(value, dict):
        return {k: _copied(v) for k, v in cast("JsonObject", value).items()}
    if isinstance(value, list):
        return [_copied(entry) for entry in cast("list[Any]", value)]
    return value


def _extend(old: list[Any], new: list[Any]) -> None:
    for entry in new:
        at = as_object(entry).get("index")
        same = (e for e in old if at is not None and _continues(as_object(e), entry))
        known = next(same, None)
        if known is None:
            old.append(_copied(entry))
        else:
            merge(known, entry)


def _continues(old: JsonObject, new: JsonObject) -> bool:
    return all(old.get(key) == new.get(key) for key in ("index", "type"))


def plain_choice(choices: Any) -> JsonObject | None:
    """The one choice of a chunk if its delta is text alone; None where there may be more."""
    if choices.__class__ is not list or len(choices) != 1:
        return None
    choice = choices[0]
    if choice.__class__ is not dict or choice.get("finish_reason") or choice.get("logprobs"):
        return None
    delta = choice.get("delta")
    if delta.__class__ is not dict or len(delta) != 1:
        return None
    return choice if delta.get("content").__class__ is str else None


class _Choice:
    """One choice in the making."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.text = StringIO()
        self.has_content = False
        self.parts: list[Any] = []
        self.finish: str | None = None
        self.message: JsonObject = {}
        self.calls: list[JsonObject] = []
        self.by_index: dict[Any, JsonObject] = {}
        self.logprobs: JsonObject | None = None
        self.extras: JsonObject = {}

    def add(self, choice: JsonObject) -> None:
        delta = choice.get("delta")
        delta = as_object(choice.get("message") if delta is None else delta)
        for key, value in delta.items():
            if key == "content":
                self._content(value)
            elif key == "tool_calls":
                for fragment in objects(value):
                    self._call(fragment)
            elif key != "role" or value:
                merge(self.message, {key: value})
        if choice.get("finish_reason"):
            self.finish = choice["finish_reason"]
        if choice.get("logprobs") is not None:
            self.logprobs = self.logprobs or {}
            merge(self.logprobs, as_object(choice["logprobs"]))
        merge(self.extras, {k: v for k, v in choice.items() if k not in _CHOICE})

    def add_text(self, text: str) -> None:
        self.has_content = True
        self.text.write(text)

    def _content(self, content: Any) -> None:
        if isinstance(content, str):
            self.add_text(content)
        elif isinstance(content, list):
            for part in cast("list[Any]", content):
                self._part(part)

    def _part(self, part: Any) -> None:
        """List content comes in fragments too: a part continues the last one of its type."""
        last = as_object(self.parts[-1] if self.parts else None)
        if last and last.get("type") == as_object(part).get("type"):
            merge(last, {k: v for k, v in as_object(part).items() if k != "type"})
        else:
            self.parts.append(_copied(part))

    def _call(self, fragment: JsonObject) -> None:
        call = self._known_call(fragment)
        if call is None:
            call = self.by_index[call_key(fragment)] = dict[str, Any]()
            self.calls.append(call)
        kept = {k: v for k, v in fragment.items() if k != "index" and v is not None}
        if call.get("id"):
            kept.pop("id", None)
        merge(call, kept)

    def _known_call(self, fragment: JsonObject) -> JsonObject | None:
        """The call that this fragment continues, by the rules of `ChatEvents`."""
        kind = call_kind(fragment)
        name, call_id = as_text(as_object(fragment.get(kind)).get("name")), fragment.get("id")
        known = self.by_index.get(call_key(fragment))
        if known is None:
            nameless = fragment.get("index") is None and not name and not call_id
            return self.calls[-1] if nameless and self.calls else None
        inner = as_object(known.get(kind))
        if not name or not inner.get("name"):
            return known
        if call_id:
            return known if call_id == known.get("id") else None
        return None if is_json_object(as_text(inner.get("arguments"))) else known

    def result(self) -> JsonObject:
        message: JsonObject = {"role": "assistant", "content": self._whole_content()}
        message.update(self.message)
        for call in self.calls:  # null arguments are no JSON text, which clients expect
            if "function" in call and call["function"].get("arguments") is None:
                call["function"]["arguments"] = ""
        if self.calls:
            message["tool_calls"] = self.calls
        return {
            "index": self.index,
            "message": message,
            "logprobs": self.logprobs,
            "finish_reason": self.finish,
            **self.extras,
        }

    def _whole_content(self) -> Any:
        if not self.parts:
            return self.text.getvalue() if self.has_content else None
        text = self.text.getvalue()
        return [*self.parts, {"type": "text", "text": text}] if text else self.parts


class ChatFold:
    """Folds the chunks of a Chat stream to the completion that a plain call would have given.

    All choices are kept, and every field that a chunk, choice or delta has beyond the standard.
    """

    def __init__(self) -> None:
        self._top: JsonObject = {}
        self._choices: dict[int, _Choice] = {}

    def add(self, chunk: JsonObject) -> None:
        """Take in one chunk."""
        choices = chunk.get("choices")
        if not chunk.get("usage"):
            choice = plain_choice(choices)
            known = self._choices.get(choice.get("index") or 0) if choice else None
            if choice and known:  # the hot path: nothing but more text
                known.add_text(choice["delta"]["content"])
                return
        for key, value in chunk.items():
            if key in _CHUNK or (key in _FIRST and self._top.get(key)):
                continue
            if value is not None or key not in self._top:
                self._top[key] = value
        for choice in objects(choices):
            index = choice.get("index") or 0
            if index not in self._choices:
                self._choices[index] = _Choice(index)
            self._choices[index].add(choice)

    def close(self, done: bool) -> None:
        """Check that the stream had an end; `done`: whether the server sent `[DONE]`.

        Raises StreamIncomplete, with the completion so far, where it had none.
        """
        if not self._choices or (not done and any(not c.finish for c in self._choices.values())):
            raise StreamIncomplete(
                "the stream ended without a finish_reason.", partial=self.partial()
            )

    def partial(self) -> JsonObject | None:
        """The completion as far as it came; None before the first chunk."""
        return self.result() if self._top or self._choices else None

    def result(self) -> JsonObject:
        """The completion."""
        choices = [self._choices[index].result() for index in sorted(self._choices)]
        completion = {**self._top, "object": "chat.completion", "choices": choices}
        if completion.get("usage") is None:  # null until the last chunk, and there was none
            completion.pop("usage", None)
        return completion
