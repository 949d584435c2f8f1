"""Answers read as a pydantic class."""

from __future__ import annotations

from typing import Any, cast

from resp_core.client.obj import Result
from resp_core.errors import ArgumentError, ProtocolError, RefusalError
from resp_core.wire.shape import as_object

__all__ = ["ParsedCompletion", "ParsedResponse", "parsed_completion", "parsed_response"]


class ParsedResponse(Result):
    """A response with `output_parsed`."""

    __slots__ = ("_parsed",)

    @property
    def output_parsed(self) -> Any:
        """The text as an object of the class that was asked for."""
        return object.__getattribute__(self, "_parsed")


class ParsedCompletion(ParsedResponse):
    """A completion with `choices[0].message.parsed`, also as `output_parsed`."""

    __slots__ = ()


def parsed_response(answer: Result, target: Any) -> ParsedResponse:
    """`answer` with its text read as `target`."""
    parts = [
        part
        for item in answer.get("output") or ()
        if item.get("type") == "message"
        for part in item.get("content") or ()
    ]
    refusals = [part["refusal"] for part in parts if part.get("type") == "refusal"]
    text = "".join(part["text"] for part in parts if part.get("type") == "output_text")
    reason = as_object(answer.get("incomplete_details")).get("reason")
    return _parsed(ParsedResponse, answer, target, text, refusals, reason)


def parsed_completion(answer: Result, target: Any) -> ParsedCompletion:
    """`answer` with the first choice's text read as `target`."""
    choice = answer["choices"][0]
    message = choice["message"]
    refusals = [message["refusal"]] if message.get("refusal") else []
    reason = choice.get("finish_reason")
    text = message.get("content") or ""
    cut = reason if reason in ("length", "content_filter") else None
    parsed = _parsed(ParsedCompletion, answer, target, text, refusals, cut)
    message["parsed"] = parsed.output_parsed
    return parsed


def _parsed(
    cls: Any, answer: Result, target: Any, text: str, refusals: list[str], cut: str | None
) -> Any:
    if not isinstance(target, type) or not hasattr(target, "model_validate_json"):
        raise ArgumentError(
            "parse() needs a pydantic class: text_format= on responses, response_format= on "
            f"chat, not {type(target).__name__}.",
            param="text_format",
        )
    if refusals:
        raise RefusalError(
            f"The model declined: {refusals[0]}", refusal=refusals[0], partial=answer
        )
    from pydantic import ValidationError

    result = cls(answer, answer.record)
    try:
        value: Any = cast("Any", target).model_validate_json(text)
    except ValidationError as error:
        why = f"it was cut ({cut})" if cut else f"{error.error_count()} fields do not fit"
        raise ProtocolError(
            f"The answer is no {target.__name__}: {why}.", partial=answer
        ) from error
    object.__setattr__(result, "_parsed", value)
    return result
