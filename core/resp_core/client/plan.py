"""From the parameters of a method to what is to be done: pure, shared by both clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from resp_core.client.checks import checked
from resp_core.client.params import (
    CHAT_FIELDS,
    CHAT_ONLY,
    OPTION_FIELDS,
    RESPONSE_FIELDS,
    ChatParams,
    CountParams,
    EmbeddingParams,
    ResponseParams,
    RetrieveParams,
    check_names,
    fields_of,
    sealed,
    without_none,
)
from resp_core.errors import ArgumentError
from resp_core.tasks import Operate, Turn
from resp_core.types.request import Request
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resp_core.client.obj import Result
    from resp_core.client.params import CallOptions
    from resp_core.flow import Task
    from resp_core.route.deployment import Operation
    from resp_core.types.json import JsonObject
    from resp_core.types.request import OnUnsupported

__all__ = [
    "Plan",
    "chat_turn",
    "count",
    "embeddings",
    "operation",
    "page",
    "response_stream",
    "response_turn",
    "retrieve",
]

#: Parameters of operations that go into the URL; the others go into the body.
_QUERY = frozenset(("after", "limit", "order", "include", "include_obfuscation", "starting_after"))


@dataclass(frozen=True, slots=True)
class Plan:
    """A task, the model it names, its options, and the stored id that it is about.

    `read` makes the answer into what the method returns; `after` is the plan for the page of a
    list that follows the id it is given.
    """

    task: Task
    model: str | None
    options: CallOptions
    stored_id: str | None = None
    read: Callable[[Result], Any] | None = None
    after: Callable[[str], Plan] | None = None


def response_turn(
    params: Mapping[str, Any],
    stream: bool,
    default: OnUnsupported = "raise",
    *,
    read: Callable[[Result], Any] | None = None,
) -> Plan:
    """`responses.create`. Raises ArgumentError."""
    sealed(params)
    check_names(params, RESPONSE_FIELDS, "The Responses API")
    options, body = _split(without_none(params))
    model = _model(body)
    _demand_input(body)
    body = _with_text(checked(body, ResponseParams))
    chat_only = {name: body.pop(name) for name in CHAT_ONLY & body.keys()}
    request = _request("responses", body, chat_only, options, stream, default)
    return Plan(Turn(request), model, options, read=read)


def response_stream(params: Mapping[str, Any], default: OnUnsupported = "raise") -> Plan:
    """`responses.stream`: of a new response or, with `response_id`, of one that is there."""
    from resp_core.client.parsed import response_reader

    given = without_none(params)
    response_id, wanted = given.pop("response_id", None), given.get("text_format")
    read = None if wanted is None else response_reader(wanted)
    if response_id is None:
        return response_turn(given, True, default, read=read)
    given.pop("text_format", None)
    new = given.keys() & (RESPONSE_FIELDS - fields_of(RetrieveParams))
    if new:
        name = min(new)
        raise ArgumentError(
            f"stream(response_id=...) reads a response that is there already: leave out {name}.",
            param=name,
        )
    return retrieve(response_id, given, stream=True, read=read)


def chat_turn(
    params: Mapping[str, Any],
    stream: bool,
    default: OnUnsupported = "raise",
    *,
    read: Callable[[Result], Any] | None = None,
) -> Plan:
    """`chat.completions.create`. Raises ArgumentError."""
    sealed(params)
    check_names(params, CHAT_FIELDS, "The Chat API")
    options, body = _split(without_none(params))
    model = _model(body)
    if "messages" not in body:
        raise ArgumentError("messages is missing: pass a list of messages.", param="messages")
    body = checked(body, ChatParams)
    if isinstance(body.get("response_format"), type):
        from resp_core.wire.schema import format_of

        wanted = format_of(body["response_format"], param="response_format")
        named = {name: value for name, value in wanted.items() if name != "type"}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    request = _request("chat", body, {}, options, stream, default)
    return Plan(Turn(request), model, options, read=read)


def embeddings(params: Mapping[str, Any]) -> Plan:
    """`embeddings.create`. Raises ArgumentError."""
    value = params.get("input")
    if value is None or value in ("", [], ()):
        raise ArgumentError(
            "input is empty: pass a string, or a list of strings or of token lists.",
            param="input",
        )
    return operation("embeddings", params, EmbeddingParams, with_model=True)


def count(params: Mapping[str, Any]) -> Plan:
    """`responses.count_tokens`. Raises ArgumentError."""
    return operation("responses.count_tokens", params, CountParams, with_model=True)


def retrieve(
    response_id: str,
    params: Mapping[str, Any],
    *,
    stream: bool,
    read: Callable[[Result], Any] | None = None,
) -> Plan:
    """`responses.retrieve`. Raises ArgumentError."""
    ids = (response_id,)
    return operation(
        "responses.retrieve", params, RetrieveParams, ids=ids, stream=stream, read=read
    )


def page(name: Operation, params: Mapping[str, Any], kind: Any, ids: tuple[str, ...] = ()) -> Plan:
    """One page of a list, and the plan of those after it. Raises ArgumentError."""

    def after(last: str) -> Plan:
        return page(name, {**params, "after": last}, kind, ids)

    return operation(name, params, kind, ids=ids, after=after)


def operation(
    name: Operation,
    params: Mapping[str, Any],
    kind: Any,
    *,
    ids: tuple[str, ...] = (),
    with_model: bool = False,
    stream: bool = False,
    read: Callable[[Result], Any] | None = None,
    after: Callable[[str], Plan] | None = None,
) -> Plan:
    """Any other operation; `kind` is the type of its parameters. Raises ArgumentError.

    What has ids goes to where the first of them was made.
    """
    sealed(params)
    fields = fields_of(kind)
    check_names(params, fields, f"The operation {name!r}")
    options, given = _split(without_none(params))
    model = _model(given)
    given = _with_text(checked(given, kind))
    task = Operate(
        name,
        ids=ids,
        body=_without(given, _QUERY) if fields - _QUERY - {"model"} else None,
        with_model=with_model,
        stream=stream,
        query={
            **{field: given[field] for field in given if field in _QUERY},
            **_mapping(options, "extra_query"),
        },
        headers=cast("Mapping[str, str]", _mapping(options, "extra_headers")),
        extra_body=_mapping(options, "extra_body"),
    )
    return Plan(task, model, options, ids[0] if ids else None, read, after)


def _request(
    wire: Any,
    body: JsonObject,
    chat_only: JsonObject,
    options: CallOptions,
    stream: bool,
    default: OnUnsupported,
) -> Request:
    chosen = options.get("on_unsupported") or default
    if chosen not in ("raise", "warn", "drop"):
        raise ArgumentError(
            f"on_unsupported is {chosen!r}; it may be raise, warn or drop.",
            param="on_unsupported",
        )
    return Request(
        wire=wire,
        body=body,
        stream=stream,
        called=wire,
        chat_only=chat_only,
        on_unsupported=chosen,
        extra_headers=_mapping(options, "extra_headers"),
        extra_query=_mapping(options, "extra_query"),
        extra_body=_mapping(options, "extra_body"),
    )


def _mapping(options: CallOptions, name: str) -> Mapping[str, Any]:
    value = options.get(name)
    if value is None:
        return {}
    if not hasattr(value, "keys"):
        raise ArgumentError(f"{name} must be a dict, not {type(value).__name__}.", param=name)
    return cast("Mapping[str, Any]", value)


def _split(given: JsonObject) -> tuple[CallOptions, JsonObject]:
    options = {name: value for name, value in given.items() if name in OPTION_FIELDS}
    return cast("CallOptions", options), _without(given, OPTION_FIELDS)


def _without(given: JsonObject, names: frozenset[str]) -> JsonObject:
    return {name: value for name, value in given.items() if name not in names}


def _model(body: JsonObject) -> str | None:
    model = body.pop("model", None)
    if model is not None and not isinstance(model, str):
        raise ArgumentError(
            f"model must be a string such as openai/gpt-5.4-mini, not {type(model).__name__}.",
            param="model",
        )
    return model


def _demand_input(body: JsonObject) -> None:
    if not {"input", "prompt", "previous_response_id", "conversation"} & body.keys():
        raise ArgumentError("input is missing: pass a string or a list of items.", param="input")


def _with_text(body: JsonObject) -> JsonObject:
    """`text_format` and `verbosity` in `text`, where the API has them."""
    given: JsonObject = {}
    if "text_format" in body:
        from resp_core.wire.schema import format_of

        given["format"] = format_of(body.pop("text_format"))
    if "verbosity" in body:
        given["verbosity"] = body.pop("verbosity")
    if not given:
        return body
    text = as_object(body.get("text"))
    for name in given.keys() & text.keys():
        other = "text_format" if name == "format" else name
        raise ArgumentError(f"{other} and text.{name} are two of a kind: give one.", param=other)
    return {**body, "text": {**text, **given}}
