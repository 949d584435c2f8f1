"""Results that read both ways: `response["output"]` and `response.output`.

An `Obj` is the wire JSON itself, a dict; nothing is validated or built until it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from resp_core.types.json import JsonObject, dumps
from resp_core.wire.shape import items_of, objects

if TYPE_CHECKING:
    from resp_core.cost.bill import Cost
    from resp_core.observe.record import CallRecord

__all__ = ["Obj", "Result", "plain"]

#: Optional fields of the APIs: absent on the wire, they read as None, as users expect.
_OPTIONAL = frozenset(
    """annotations arguments audio background call_id code completed_at content conversation
    created_by delta encrypted_content error file_id filename finish_reason function
    function_call id image_url incomplete_details input_tokens_details instructions item item_id
    logprobs max_output_tokens max_tool_calls metadata model name object obfuscation output
    output_tokens_details parallel_tool_calls param part phase previous_response_id prompt
    prompt_tokens_details completion_tokens_details reasoning reasoning_content refusal response
    result role safety_identifier sequence_number service_tier status store summary
    system_fingerprint temperature text tool_calls tool_choice tool_usage tools top_logprobs top_p
    truncation usage user""".split()
)


class Obj(dict[str, Any]):
    """A JSON object with attribute access; its fields win over dict's own methods.

    Nested objects are wrapped when they are first read. An optional field of the API that is
    absent reads as None; any other absent name raises AttributeError.
    """

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        if _has(self, name):
            return _wrapped(self, name)
        return object.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        if name in _OPTIONAL:
            return None
        raise AttributeError(f"{type(self).__name__} has no field {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def model_dump(
        self, *, mode: str = "python", exclude_none: bool = False, exclude_unset: bool = False
    ) -> JsonObject:
        """A deep copy as plain dicts and lists. `mode` and `exclude_unset` change nothing here:
        the values are JSON already, and what was not sent is not there."""
        return cast("JsonObject", plain(self, exclude_none=exclude_none))

    def model_dump_json(self, *, indent: int | None = None, exclude_none: bool = False) -> str:
        """The object as JSON text."""
        value = plain(self, exclude_none=exclude_none)
        if indent is None:
            return dumps(value).decode()
        import json

        return json.dumps(value, indent=indent, ensure_ascii=False)

    def to_dict(self) -> JsonObject:
        """The same as `model_dump()`."""
        return cast("JsonObject", plain(self))

    def to_json(self, *, indent: int | None = 2) -> str:
        """The same as `model_dump_json()`."""
        return object.__getattribute__(self, "model_dump_json")(indent=indent)


class Result(Obj):
    """An answer of the API: its JSON, and beside it the record of the call."""

    __slots__ = ("_record",)

    _record: CallRecord | None

    def __init__(self, value: Mapping[str, Any], record: CallRecord | None = None) -> None:
        super().__init__(value)
        object.__setattr__(self, "_record", record)

    @property
    def record(self) -> CallRecord | None:
        """Attempts, timings, usage, what was dropped: `resp_core.CallRecord`."""
        return object.__getattribute__(self, "_record")

    @property
    def cost(self) -> Cost | None:
        """What the call cost (see `resp_core.Cost`); None where the record was left behind."""
        record = object.__getattribute__(self, "_record")
        return None if record is None else record.cost

    @property
    def _request_id(self) -> str | None:
        record = object.__getattribute__(self, "_record")
        return None if record is None else record.request_id

    @property
    def output_text(self) -> str:
        """The text of all `output_text` parts, joined; "" where there is none."""
        return "".join(
            part["text"]
            for item in objects(_field(self, "output"))
            if item["type"] == "message"
            for part in objects(item["content"])
            if part["type"] == "output_text"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (plain(self),)


def plain(value: Any, *, exclude_none: bool = False) -> Any:
    """`value` with every Obj and list copied to plain dicts and lists."""
    if isinstance(value, dict):
        items = cast("JsonObject", value)
        return {
            key: plain(item, exclude_none=exclude_none)
            for key, item in _items(items)
            if not (exclude_none and item is None)
        }
    if isinstance(value, list):
        return [plain(item, exclude_none=exclude_none) for item in cast("list[Any]", value)]
    return value


# dict's own methods, which an Obj's fields may hide.
_dict: Any = dict
_has: Callable[[JsonObject, str], bool] = _dict.__contains__
_field: Callable[[JsonObject, str], Any] = _dict.get
_items: Callable[[JsonObject], Iterable[tuple[str, Any]]] = _dict.items
_set: Callable[[JsonObject, str, Any], None] = _dict.__setitem__


def _wrapped(obj: Obj, name: str) -> Any:
    value: Any = _field(obj, name)
    wrapped = _as_obj(value)
    if wrapped is value and type(value) is list:
        entries = items_of(value)
        if any(_as_obj(entry) is not entry for entry in entries):
            wrapped = [_as_obj(entry) for entry in entries]
    if wrapped is not value:
        _set(obj, name, wrapped)  # wrapped once; still equal to the plain value
    return wrapped


def _as_obj(value: Any) -> Any:
    """A plain dict as an Obj; anything else as it is."""
    return Obj(cast("JsonObject", value)) if type(value) is dict else value
