"""Results that read both ways: `response["output"]` and `response.output`.

An `Obj` is the wire JSON itself, a dict; nothing is validated or built until it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from resp_core.client.optional import OPTIONAL
from resp_core.types.json import JsonObject, dumps
from resp_core.wire.shape import items_of, objects

if TYPE_CHECKING:
    from resp_core.cost.bill import Cost
    from resp_core.observe.record import CallRecord

__all__ = ["Obj", "Result", "plain"]


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
        if name in OPTIONAL:
            # Fields that are words of Python have an underscore in the OpenAI SDK.
            return _wrapped(self, name[:-1]) if name.endswith("_") else None
        raise AttributeError(f"{type(self).__name__} has no field {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def model_dump(
        self,
        *,
        mode: str = "python",
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
        by_alias: bool | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> JsonObject:
        """A deep copy as plain dicts and lists; `include` and `exclude` name fields of this object.

        `mode`, `by_alias` and `exclude_unset` change nothing here: the values are JSON under the
        API's own names, and what was not sent is not there. The default of every optional field
        is None, so `exclude_defaults` is `exclude_none`.
        """
        fields = {
            name: value
            for name, value in _items(self)
            if (include is None or name in include) and (exclude is None or name not in exclude)
        }
        without = exclude_none or exclude_defaults
        return cast("JsonObject", plain(fields, exclude_none=without))

    def model_dump_json(self, *, indent: int | None = None, **options: Any) -> str:
        """The object as JSON text; the options are those of `model_dump`."""
        value = self.model_dump(**options)
        if indent is None:
            return dumps(value).decode()
        import json

        return json.dumps(value, indent=indent, ensure_ascii=False)

    def to_dict(self, **options: Any) -> JsonObject:
        """`model_dump`, under the OpenAI SDK's other name for it."""
        return self.model_dump(**options)

    def to_json(self, *, indent: int | None = 2, **options: Any) -> str:
        """`model_dump_json`, likewise."""
        return self.model_dump_json(indent=indent, **options)


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
