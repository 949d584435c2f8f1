"""An instance of a JSON schema, drawn from the words of a text where they fit.

Covers what structured output and tool schemas use: `$ref` and `$defs`, `anyOf`, `oneOf`, `allOf`,
`enum`, `const`, nullable types, numeric bounds, lengths, patterns, formats, item counts, nesting
and recursion. The same schema and text give the same instance.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from resp_core.offline import words
from resp_core.offline.hints import Hints
from resp_core.offline.pattern import example
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resp_core.types.json import JsonObject

__all__ = ["NoInstance", "fill"]

_DEEP = 4  # below this many levels of nesting everything optional is left out
_TOO_DEEP = 24

_FORMATS = {
    "date-time": "2026-01-01T12:00:00Z",
    "date": "2026-01-01",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uri-reference": "https://example.com/",
    "iri": "https://example.com/",
    "uuid": "3f2b1c4d-0000-4000-8000-000000000001",
    "uuid4": "3f2b1c4d-0000-4000-8000-000000000001",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "binary": "AA==",
    "byte": "AA==",
    "json-pointer": "/a",
}


class NoInstance(ValueError):
    """No instance of this schema could be made; the text says where and why."""


def fill(schema: JsonObject, hints: Hints, *, fixed: Mapping[str, Any] | None = None) -> Any:
    """An instance of `schema`; `fixed` gives the values of properties by name, if they fit."""
    try:
        return _Filler(schema, hints, fixed or {}).value(schema, "", 0)
    except (AttributeError, OverflowError, TypeError) as error:  # as in `"properties": 5`
        raise NoInstance(f"it is not a JSON schema ({error})") from error


class _Filler:
    def __init__(self, root: JsonObject, hints: Hints, fixed: Mapping[str, Any]) -> None:
        self.root = root
        self.hints = hints
        self.fixed = fixed

    # -- which schema

    def resolve(self, schema: Any) -> JsonObject:
        """Follow `$ref` and merge `allOf`. `true` and `{}` allow anything."""
        for _ in range(_TOO_DEEP):
            if not isinstance(schema, dict):
                return {}
            plain = cast("JsonObject", schema)
            if "$ref" in plain:
                beside = {key: value for key, value in plain.items() if key != "$ref"}
                schema = {**self._pointed(plain["$ref"]), **beside}
            elif plain.get("allOf"):
                schema = self._merged(plain)
            else:
                return plain
        raise NoInstance("a $ref leads to itself")

    def _pointed(self, ref: Any) -> JsonObject:
        target: Any = self.root
        if not isinstance(ref, str) or not ref.startswith("#"):
            raise NoInstance(f"the $ref {ref!r} leads outside the schema")
        for step in filter(None, ref[1:].split("/")):
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, dict) or step not in target:
                raise NoInstance(f"the $ref {ref!r} leads nowhere")
            target = cast("JsonObject", target)[step]
        return cast("JsonObject", target) if isinstance(target, dict) else {}

    def _merged(self, schema: JsonObject) -> JsonObject:
        merged: JsonObject = {key: value for key, value in schema.items() if key != "allOf"}
        for part in cast("list[Any]", schema["allOf"]):
            for key, value in self.resolve(part).items():
                if key == "properties":
                    merged[key] = {**merged.get(key, {}), **value}
                elif key == "required":
                    merged[key] = [*merged.get(key, []), *value]
                else:
                    merged.setdefault(key, value)
        return merged

    # -- which value

    def value(self, schema: Any, name: str, depth: int) -> Any:
        """An instance of one subschema; `name` is that of the property it stands under."""
        if depth > _TOO_DEEP:
            raise NoInstance("the schema nests without an end")
        schema = self.resolve(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._chosen(schema["enum"], name)
        branches = schema.get("anyOf") or schema.get("oneOf")
        if branches:
            return self._branch(schema, cast("list[Any]", branches), name, depth)
        kind = self._kind(schema, name, depth)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        return self._scalar(kind, schema, name)

    def _scalar(self, kind: str, schema: JsonObject, name: str) -> Any:
        if kind in ("integer", "number"):
            return self._number(schema, name, whole=kind == "integer")
        if kind == "boolean":
            return self.hints.says(name)
        if kind == "null":
            return None
        if kind == "string":
            return self._string(schema, name)
        raise NoInstance(f"'{kind}' is no JSON type")

    def _kind(self, schema: JsonObject, name: str, depth: int) -> str:
        kind: Any = schema.get("type")
        if isinstance(kind, list):
            kinds = [str(each) for each in cast("list[Any]", kind)]
            solid = [each for each in kinds if each != "null"]
            if not solid or ("null" in kinds and not self._known(schema, name, depth, solid[0])):
                return "null"
            return solid[0]
        if isinstance(kind, str):
            return kind
        if "properties" in schema or "required" in schema or "additionalProperties" in schema:
            return "object"
        if "items" in schema or "prefixItems" in schema or "minItems" in schema:
            return "array"
        return "number" if "minimum" in schema or "maximum" in schema else "string"

    def _known(self, schema: JsonObject, name: str, depth: int, kind: str) -> bool:
        """Whether the text has something for a value that may be absent or null."""
        if name in self.fixed:
            return True
        if kind in ("object", "array"):
            return depth < _DEEP and (kind == "object" or self.hints.mentions(name))
        if schema.get("enum"):
            return self.hints.among(cast("list[Any]", schema["enum"])) is not None
        return self.hints.knows(name, kind)

    def _may(self, schema: Any, name: str, depth: int) -> bool:
        """Whether an optional property should be there."""
        schema = self.resolve(schema)
        branches = [self.resolve(each) for each in schema.get("anyOf") or schema.get("oneOf") or ()]
        solid = [each for each in branches if each.get("type") != "null"] or [schema]
        kind = solid[0].get("type", "string")
        if isinstance(kind, list):
            kind = next((each for each in cast("list[str]", kind) if each != "null"), "null")
        if kind == "object":
            return self.hints.mentions(name) and depth < _DEEP
        return self._known(solid[0], name, depth, str(kind))

    def _chosen(self, enum: list[Any], name: str) -> Any:
        fixed = self.fixed.get(name)
        if fixed is not None and fixed in enum:
            return fixed
        found = self.hints.among(enum)
        if found is not None:
            return found
        if None in enum and not self.hints.mentions(name):
            return None
        return next((each for each in enum if each is not None), None)

    def _branch(self, schema: JsonObject, branches: list[Any], name: str, depth: int) -> Any:
        beside = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
        options = [self.resolve(branch) for branch in branches]
        solid = [option for option in options if option.get("type") != "null"]
        nullable = len(solid) < len(options)
        if not solid or (nullable and not self._may({"anyOf": solid}, name, depth)):
            return None
        ranked = sorted(solid, key=lambda option: -self.hints.overlap(_described(option)))
        failure: NoInstance | None = None
        for option in ranked if depth < _DEEP else sorted(solid, key=_weight):
            try:
                merged = {**beside, **option}
                if "properties" in beside and "properties" in option:
                    merged["properties"] = {**beside["properties"], **option["properties"]}
                return self.value(merged, name, depth + 1)
            except NoInstance as error:
                failure = error
        raise failure or NoInstance("no branch of anyOf can be filled")

    def _object(self, schema: JsonObject, depth: int) -> JsonObject:
        properties: JsonObject = schema.get("properties") or {}
        required = [str(name) for name in cast("list[Any]", schema.get("required") or [])]
        made: JsonObject = {}
        for name, part in properties.items():
            if name in required or self._may(part, name, depth):
                made[name] = self.value(part, name, depth + 1)
        extra: Any = schema.get("additionalProperties", {})
        for name in required:
            if name not in made:
                made[name] = self.value(as_object(extra), name, depth + 1)
        for number in range(int(schema.get("minProperties", 0)) - len(made)):
            part = as_object(extra)
            made[f"{self.hints.word()}_{number + 1}"] = self.value(part, "", depth + 1)
        return made

    def _array(self, schema: JsonObject, name: str, depth: int) -> list[Any]:
        made = [
            self.value(part, name, depth + 1)
            for part in cast("list[Any]", schema.get("prefixItems") or [])
        ]
        least = int(schema.get("minItems", 0))
        most = int(schema.get("maxItems", max(least, 5)))
        items: Any = schema.get("items", {})
        if items is False:
            return made
        wanted = max(least, min(most, self._length(items, name, depth)))
        unique = bool(schema.get("uniqueItems"))
        for _ in range(wanted * 3):
            if len(made) >= wanted:
                break
            one = self.value(items, name, depth + 1)
            if not unique or one not in made:
                made.append(one)
        while unique and len(made) < wanted:
            made.append(self._distinct(self.resolve(items), made))
        return made

    def _length(self, items: Any, name: str, depth: int) -> int:
        if depth >= _DEEP:
            return 0
        kind = self.resolve(items).get("type", "string")
        if kind == "string" and not self.resolve(items).get("enum"):
            return self.hints.listed(name)
        if kind in ("integer", "number"):
            return max(1, self.hints.numbers_left())
        return 1

    def _distinct(self, items: JsonObject, made: list[Any]) -> Any:
        """One more member of an array whose members must differ."""
        options: list[Any] = list(items.get("enum") or ())
        if items.get("type") == "boolean":
            options = [False, True]
        if items.get("type") in ("integer", "number"):
            step = items.get("multipleOf", 1)
            options = [self._bounded(items, at * step, True) for at in range(len(made) + 2)]
        if items.get("type") == "string" and not options:
            options = [f"{number}" * int(items.get("minLength", 1)) for number in range(10)]
        for option in options:
            if option not in made:
                return option
        raise NoInstance("there are not enough different items for uniqueItems")

    # -- scalars

    def _number(self, schema: JsonObject, name: str, *, whole: bool) -> float | int:
        fixed = self.fixed.get(name)
        wanted = fixed if isinstance(fixed, (int, float)) else self.hints.number(name, whole=whole)
        if wanted is None:
            wanted = schema.get("default")
        return self._bounded(schema, wanted if isinstance(wanted, (int, float)) else 1, whole)

    def _bounded(self, schema: JsonObject, value: float | int, whole: bool) -> float | int:
        """The value nearest to `value` that the bounds and the step of the schema allow."""
        step = float(schema.get("multipleOf") or (1 if whole else 0))
        low, open_low = _bound(schema, "minimum", "exclusiveMinimum", max, -math.inf)
        high, open_high = _bound(schema, "maximum", "exclusiveMaximum", min, math.inf)
        if step:
            low = low if math.isinf(low) else step * _steps(low / step, open_low)
            high = high if math.isinf(high) else -step * _steps(-high / step, open_high)
            value = round(value / step) * step
        else:
            margin = min(1e-3, (high - low) / 4)
            low, high = low + margin * open_low, high - margin * open_high
        value = min(max(value, low), high)
        if low > high:
            raise NoInstance("the numeric bounds leave no value")
        return int(value) if value == int(value) else value

    def _string(self, schema: JsonObject, name: str) -> str:
        fixed = self.fixed.get(name)
        kind = str(schema.get("format", ""))
        text = fixed if isinstance(fixed, str) else self.hints.formatted(kind)
        if text is None and kind in _FORMATS:
            text = _FORMATS[kind]
        if text is None:
            text = self.hints.string(name, str(schema.get("description", "")))
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            text = self._matching(pattern, text, name)
        return _sized(text, schema)

    def _matching(self, pattern: str, text: str, name: str) -> str:
        found = self.hints.matching(pattern, text)
        if found is not None:
            return found
        try:
            return example(pattern)
        except ValueError as error:
            raise NoInstance(f"no text for the pattern of '{name}': {error}") from error


def _described(schema: JsonObject) -> str:
    """The words that tell what a branch of anyOf is for."""
    names = " ".join(
        f"{name} {as_object(part).get('const', '')}"
        for name, part in as_object(schema.get("properties")).items()
    )
    return f"{schema.get('title', '')} {schema.get('description', '')} {names} {schema.get('type')}"


def _weight(schema: JsonObject) -> int:
    return 2 if schema.get("type") == "object" or "properties" in schema else 0


def _steps(least: float, beyond: bool) -> int:
    """The lowest whole number that is not below `least`, or above it."""
    return math.floor(least) + 1 if beyond else math.ceil(least)


def _bound(
    schema: JsonObject,
    name: str,
    exclusive: str,
    stricter: Callable[[float, float], float],
    default: float,
) -> tuple[float, bool]:
    """One bound and whether it is open; JSON schema of draft 4 writes that as a boolean."""
    closed, open_ = schema.get(name, default), schema.get(exclusive)
    if open_ is None or open_ is False:
        return closed, False
    if open_ is True:
        return closed, True
    return stricter(closed, open_), stricter(closed, open_) == open_


def _sized(text: str, schema: JsonObject) -> str:
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    if len(text) < least:
        filler = (" ".join(words.keywords(text)) or "x") + " "
        text = (text + " " + filler * least)[:least]
        text = text if text == text.strip() else text.strip().ljust(least, "x")
    return text[: int(most)] if most is not None else text
