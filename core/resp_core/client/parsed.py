"""Answers read as a pydantic class, another type, or the JSON of a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.client.obj import Obj, Result
from resp_core.errors import ArgumentError, ProtocolError, RefusalError
from resp_core.types.json import loads
from resp_core.wire.shape import as_object, as_text, objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from resp_core.types.json import JsonObject

__all__ = ["Parsed", "ParsedCompletion", "ParsedResponse", "completion_reader", "response_reader"]

_CUT = ("length", "content_filter")


class Parsed(Obj):
    """A message or part whose text was read: `parsed` stands beside the JSON, not in it, so that
    the object may be sent back as it is."""

    __slots__ = ("_parsed",)

    def __init__(self, value: JsonObject, parsed: Any) -> None:
        super().__init__(value)
        object.__setattr__(self, "_parsed", parsed)

    @property
    def parsed(self) -> Any:
        """The text as an object of what was asked for; None where there was no text."""
        return object.__getattribute__(self, "_parsed")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.model_dump(), self.parsed)


class _ParsedResult(Result):
    """Pickles and copies keep what was read, as they keep it inside."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


class ParsedResponse(_ParsedResult):
    """A response with `output_parsed`; its text parts have `parsed`."""

    __slots__ = ()

    @property
    def output_parsed(self) -> Any:
        """The text as an object of what was asked for; None where the answer has none."""
        parts = [part for item in objects(self.get("output")) for part in _parts(item)]
        return next((part.parsed for part in parts if isinstance(part, Parsed)), None)


class ParsedCompletion(_ParsedResult):
    """A completion whose messages have `parsed`."""

    __slots__ = ()

    @property
    def output_parsed(self) -> Any:
        """`choices[0].message.parsed`."""
        return self.choices[0].message.parsed


def response_reader(target: Any, param: str = "text_format") -> Callable[[Result], ParsedResponse]:
    """Reads the text of responses as `target`. Raises ArgumentError, naming `param`, where
    nothing can."""
    parse = _parser(target, param)

    def read(answer: Result) -> ParsedResponse:
        items = objects(answer.get("output"))
        _refuse([as_text(part.get("refusal")) for item in items for part in _parts(item)], answer)
        cut = as_object(answer.get("incomplete_details")).get("reason")
        for item in items:
            # Only a final answer is what was asked for; messages of older models have no phase.
            if item.get("type") == "message" and item.get("phase") in (None, "final_answer"):
                item["content"] = [_read_part(part, parse, answer, cut) for part in _parts(item)]
        found = ParsedResponse(answer, answer.record)
        if cut and target is not None and found.output_parsed is None:
            raise _misread(f"it was cut ({cut})", answer)
        return found

    return read


def completion_reader(target: Any) -> Callable[[Result], ParsedCompletion]:
    """Reads the messages of completions as `target`. Raises ArgumentError where nothing can."""
    parse = _parser(target, "response_format")

    def read(answer: Result) -> ParsedCompletion:
        for choice in objects(answer.get("choices")):
            message = as_object(choice.get("message"))
            _refuse([as_text(message.get("refusal"))], answer)
            reason = choice.get("finish_reason")
            text, cut = message.get("content"), reason if reason in _CUT else None
            if cut and target is not None and text is None:
                raise _misread(f"it was cut ({cut})", answer)
            parsed = _parse(text, parse, answer, cut) if isinstance(text, str) else None
            choice["message"] = Parsed(message, parsed)
        return ParsedCompletion(answer, answer.record)

    return read


def _parts(item: JsonObject) -> list[JsonObject]:
    return objects(item.get("content"))


def _read_part(
    part: JsonObject, parse: Callable[[str], Any], answer: Result, cut: str | None
) -> JsonObject:
    if part.get("type") != "output_text":
        return part
    return Parsed(part, _parse(as_text(part.get("text")), parse, answer, cut))


def _refuse(refusals: list[str], answer: Result) -> None:
    said = "".join(refusals)
    if said:
        raise RefusalError(f"The model declined: {said}", refusal=said, partial=answer)


def _parse(text: str, parse: Callable[[str], Any], answer: Result, cut: str | None) -> Any:
    try:
        return parse(text)
    except ValueError as error:  # pydantic's, too
        raise _misread(f"it was cut ({cut})" if cut else _misfit(error), answer) from error


def _misread(why: str, answer: Result) -> ProtocolError:
    return ProtocolError(f"The answer is not what was asked for: {why}.", partial=answer)


def _misfit(error: Any) -> str:
    count = getattr(error, "error_count", None)
    return "it is no JSON" if count is None else f"{count()} fields do not fit"


def _parser(target: Any, param: str) -> Callable[[str], Any]:
    """What reads a text as `target`: a pydantic class, another type, or a schema as a dict."""
    if target is None:
        return lambda text: None
    if isinstance(target, dict):
        return lambda text: loads(text.encode())
    if hasattr(target, "model_validate_json"):
        return target.model_validate_json
    from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(target).validate_json
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise ArgumentError(
            f"An answer cannot be read as {target!r}: pass a pydantic class or a schema.",
            param=param,
        ) from error
