"""`with_structured_output`: from the message of a call to an instance of the schema."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.output_parsers import BaseCumulativeTransformOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, GenerationChunk
from langchain_core.runnables import RunnableMap, RunnablePassthrough
from langchain_core.utils.json import parse_partial_json
from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_resp.errors import ArgumentError, refusal_error
from langchain_resp.schemas import describes_a_function, response_format
from langchain_resp.tools import bound_tools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from langchain_core.language_models import BaseChatModel
    from langchain_core.language_models.base import LanguageModelInput
    from langchain_core.outputs import Generation
    from langchain_core.runnables import Runnable

__all__ = ["Method", "StructuredParser", "refusal_text", "with_schema"]

Method: TypeAlias = Literal["json_schema", "function_calling", "json_mode"]


def with_schema(
    model: BaseChatModel,
    schema: Any,
    *,
    method: Method,
    include_raw: bool,
    strict: bool | None,
    tools: Sequence[Any] | None,
    bound: Mapping[str, Any],
) -> Runnable[LanguageModelInput, Any]:
    """`model` bound to `schema`, with the parser behind it."""
    if schema is None and method != "json_mode":
        raise ArgumentError("schema is missing: pass a class or a JSON schema.", param="schema")
    traced = {"kwargs": {"method": method, "strict": strict}, "schema": schema}
    kwargs = {**bound, "ls_structured_output_format": traced} if schema is not None else {**bound}
    tool: str | None = None
    if method == "function_calling":
        function = _as_function(schema)
        tool = function["function"]["name"]
        kwargs.setdefault("parallel_tool_calls", False)
        made = _bind(model, [function, *(tools or ())], strict, {**kwargs, "tool_choice": tool})
    elif method == "json_schema":
        kwargs["response_format"] = response_format(schema, strict)
        made = _bind(model, tools, strict, kwargs)
    elif method == "json_mode":
        if strict:
            raise ArgumentError(
                "strict needs a schema that the server enforces; json_mode sends none. Use "
                'method="json_schema".',
                param="strict",
            )
        made = _bind(model, tools, None, {**kwargs, "response_format": {"type": "json_object"}})
    else:
        raise ArgumentError(
            f"method is {method!r}; it may be json_schema, function_calling or json_mode.",
            param="method",
        )
    parser = StructuredParser(target=schema, tool=tool)
    if not include_raw:
        return made | parser
    parsed = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parser, parsing_error=lambda _: None
    )
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=made) | parsed.with_fallbacks([failed], exception_key="parsing_error")


def _bind(
    model: BaseChatModel, tools: Sequence[Any] | None, strict: bool | None, kwargs: dict[str, Any]
) -> Runnable[LanguageModelInput, AIMessage]:
    return model.bind_tools(tools, strict=strict, **kwargs) if tools else model.bind(**kwargs)


def _as_function(schema: Any) -> dict[str, Any]:
    """A function in Chat's form whose arguments are the data."""
    if not isinstance(schema, dict) or describes_a_function(cast("dict[str, Any]", schema)):
        return bound_tools([cast("Any", schema)], None)[0]
    form = response_format(schema, False)
    if form["type"] != "json_schema":
        raise ArgumentError(
            f"A format of type {form['type']!r} has no schema for function_calling: use "
            'method="json_mode".',
            param="schema",
        )
    inner: dict[str, Any] = form.get("schema") or {}
    function = {"name": form["name"], "parameters": {k: inner[k] for k in inner if k not in _TOLD}}
    description = form.get("description") or inner.get("description")
    if description:
        function["description"] = description
    return {"type": "function", "function": function}


#: What a function says of itself and not in its parameters.
_TOLD = ("title", "description")


def refusal_text(message: AIMessage) -> str:
    """What the model said in refusing, "" if it did not refuse."""
    for told in (message.additional_kwargs, message.response_metadata):
        said = told.get("refusal")
        if isinstance(said, str) and said:
            return said
    if isinstance(message.content, str):
        return ""
    texts: list[str] = []
    for block in message.content:
        if not isinstance(block, dict):
            continue
        if block.get("type") == "non_standard" and isinstance(block.get("value"), dict):
            block = cast("dict[str, Any]", block["value"])
        if block.get("type") == "refusal":
            texts.append(str(block.get("refusal") or ""))
    return "".join(texts)


class StructuredParser(BaseCumulativeTransformOutputParser[Any]):
    """Parses an answer into `schema`: a pydantic class (an instance) or anything else (a dict).

    `tool` is the function whose arguments hold the data, None where the text holds it. Raises
    RefusalError where the model declined and OutputParserException where there is no data.
    While streaming, dicts come as they grow and instances once they validate.
    """

    target: Any
    tool: str | None = None

    @property
    def _type(self) -> str:
        return "resp_structured"

    def parse(self, text: str) -> Any:
        """The data in a text."""
        return self._validated(self._loads(text, partial=False))

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """The data in an answer; None, while streaming, for what is not there yet."""
        generation = result[0]
        message = generation.message if isinstance(generation, ChatGeneration) else None
        if isinstance(message, AIMessage):
            refusal = refusal_text(message)
            if refusal and not partial:
                raise refusal_error(refusal, message)
            data = self._data(message, partial)
        else:
            data = self._loads(generation.text, partial)
        if partial:
            return self._partly(data)
        return self._validated(data)

    def _transform(self, input: Iterator[str | BaseMessage]) -> Iterator[Any]:
        growing = _Growing(self)
        for chunk in input:
            yield from growing.add(chunk)
        yield from growing.end()

    async def _atransform(self, input: AsyncIterator[str | BaseMessage]) -> AsyncIterator[Any]:
        growing = _Growing(self)
        async for chunk in input:
            for parsed in growing.add(chunk):
                yield parsed
        for parsed in growing.end():
            yield parsed

    def _data(self, message: AIMessage, partial: bool) -> Any:
        if self.tool is None:
            return self._loads(message.text, partial, message)
        for call in message.tool_calls:
            if call["name"] == self.tool:
                return call["args"]
        if partial:
            return None
        broken = [c for c in message.invalid_tool_calls if c["name"] == self.tool]
        said = broken[0]["args"] if broken else str(message.text)
        raise OutputParserException(
            f"The model did not give valid arguments for {self.tool!r} (finish reason: "
            f"{message.response_metadata.get('finish_reason')}).",
            llm_output=said or "",
        )

    def _loads(self, text: str, partial: bool, message: AIMessage | None = None) -> Any:
        import json

        text = _unfenced(text)
        try:
            return parse_partial_json(text) if partial else json.loads(text, strict=False)
        except ValueError as error:
            if partial:
                return None
            reason = message.response_metadata.get("finish_reason") if message else None
            raise OutputParserException(
                f"The answer is not valid JSON (finish reason: {reason}): {error}",
                llm_output=text,
            ) from error

    def _partly(self, data: Any) -> Any:
        if not isinstance(data, dict):
            return None
        if not self._is_class():
            return cast("dict[str, Any]", data)
        try:
            return self._validated(data)
        except OutputParserException:
            return None

    def _is_class(self) -> bool:
        schema = self.target
        return isinstance(schema, type) and is_basemodel_subclass(schema)

    def _validated(self, data: Any) -> Any:
        if not self._is_class():
            return data
        schema = self.target
        validate = getattr(schema, "model_validate", None) or schema.parse_obj
        try:
            return validate(data)
        except ValueError as error:
            raise OutputParserException(
                f"The answer does not fit {schema.__name__}: {error}", llm_output=str(data)
            ) from error


class _Growing:
    """An answer while it streams: each new state once, and at the end the strict reading."""

    def __init__(self, parser: StructuredParser) -> None:
        self._parser = parser
        self._whole: Any = None
        self._last: Any = None

    def add(self, chunk: str | BaseMessage) -> list[Any]:
        if isinstance(chunk, AIMessageChunk):
            piece: Any = ChatGenerationChunk(message=chunk)
        elif isinstance(chunk, BaseMessage):  # a model that did not stream
            self._whole = ChatGeneration(message=chunk)
            return []
        else:
            piece = GenerationChunk(text=chunk)
        self._whole = piece if self._whole is None else self._whole + piece
        return self._new(self._parser.parse_result([self._whole], partial=True))

    def end(self) -> list[Any]:
        if self._whole is None:
            return []
        return self._new(self._parser.parse_result([self._whole]))

    def _new(self, parsed: Any) -> list[Any]:
        if parsed is None or parsed == self._last:
            return []
        self._last = parsed
        return [parsed]


def _unfenced(text: str) -> str:
    """Text without the Markdown fence that models put around JSON."""
    stripped = text.strip()
    if not stripped.startswith("```"):
        return stripped
    body = stripped.removeprefix("```").removesuffix("```").strip()
    return body.removeprefix("json").strip()
