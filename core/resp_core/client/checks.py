"""Values of parameters, held against the kinds that the parameter types in `params` name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from resp_core.errors import ArgumentError
from resp_core.wire.shape import items_of

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = ["checked"]

#: The head of an annotation -> what it is called in a message, and what fits it. A Literal is
#: any string: which words a server knows is the server's to say.
_KINDS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "str": ("a string", (str,)),
    "Literal": ("a string", (str,)),
    "int": ("an integer", (int,)),
    "float": ("a number", (int, float)),
    "bool": ("True or False", (bool,)),
    "Mapping": ("a dict", (Mapping,)),
    "Sequence": ("a list", (list, tuple)),
    "Iterable": ("a list of dicts", ()),
}


class _Kind(NamedTuple):
    """What a parameter takes: `words` for people, `types`, and whether a list of dicts."""

    words: str
    types: tuple[type, ...]
    objects: bool


def checked(body: JsonObject, params: type) -> JsonObject:
    """`body` with every value of a kind that `params`, a TypedDict, names for it.

    Objects of the OpenAI SDK and other pydantic ones become dicts, iterables of dicts lists.
    Raises ArgumentError naming the parameter, what it takes and what was given.
    """
    kinds = _kinds_of(params)
    return {name: _checked(name, value, kinds.get(name)) for name, value in body.items()}


def _checked(name: str, value: Any, kind: _Kind | None) -> Any:
    if kind is None or _fits(value, kind):
        return value
    if kind.objects and not isinstance(value, Mapping | str | bytes):
        return _list_of_objects(cast("object", value), name)
    if Mapping in kind.types and _is_model(cast("object", value)):
        return cast("Any", value).model_dump(exclude_unset=True)
    given = type(cast("object", value)).__name__
    raise ArgumentError(f"{name} must be {kind.words}, not {given}.", param=name)


def _fits(value: object, kind: _Kind) -> bool:
    return isinstance(value, kind.types) and (type(value) is not bool or bool in kind.types)


@cache
def _kinds_of(params: Any) -> dict[str, _Kind]:
    notes: dict[str, Any] = params.__annotations__
    found = {name: _kind_of(getattr(note, "__forward_arg__", note)) for name, note in notes.items()}
    return {name: kind for name, kind in found.items() if kind is not None}


def _kind_of(annotation: str) -> _Kind | None:
    """The kind that an annotation such as `str | Mapping[str, Any] | None` means."""
    heads = [part.partition("[")[0] for part in annotation.split(" | ")]
    known = [_KINDS[head] for head in dict.fromkeys(heads) if head in _KINDS]
    if len(known) < len(dict.fromkeys(heads)) - ("None" in heads):
        return None  # Any, or a type of ours that is checked where it is read
    words = " or ".join(word for word, _ in known)
    return _Kind(words, tuple(t for _, types in known for t in types), "Iterable" in heads)


def _list_of_objects(value: Any, name: str) -> list[Any]:
    """`value` as a list of dicts; results of earlier calls are dicts too."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        given = type(cast("object", value)).__name__
        raise ArgumentError(f"{name} must be a list of dicts, not {given}.", param=name)
    items: list[Any] = items_of(value) or list(cast("Iterable[Any]", value))
    if {*map(type, items)} != {dict}:
        items = [_an_object(item, f"{name}[{at}]", name) for at, item in enumerate(items)]
    return items


def _an_object(item: Any, place: str, name: str) -> Any:
    if isinstance(item, dict):
        return cast("JsonObject", item)
    if not _is_model(item):
        raise ArgumentError(f"{place} must be a dict, not {type(item).__name__}.", param=name)
    return item.model_dump(exclude_unset=True)


def _is_model(value: Any) -> bool:
    """Whether this is an object of the OpenAI SDK, or another pydantic one."""
    return hasattr(value, "model_dump") and not isinstance(value, type)
