"""From the parameters of a method to what is to be done: pure, shared by both clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from resp_core.client.params import (
    CHAT_FIELDS,
    CHAT_ONLY,
    OPTION_FIELDS,
    RESPONSE_FIELDS,
    EmbeddingParams,
    check_names,
    sealed,
    without_none,
)
from resp_core.errors import ArgumentError
from resp_core.tasks import Operate, Turn
from resp_core.types.request import Request
from resp_core.wire.shape import items_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resp_core.client.params import CallOptions
    from resp_core.flow import Task
    from resp_core.route.deployment import Operation
    from resp_core.types.json import JsonObject
    from resp_core.types.request import OnUnsupported

__all__ = [
    "Plan",
    "chat_turn",
    "counting",
    "embeddings",
    "operation",
    "response_turn",
    "without_none",
]

_EMBEDDING_FIELDS = frozenset(EmbeddingParams.__annotations__) - OPTION_FIELDS


@dataclass(frozen=True, slots=True)
class Plan:
    """A task, the model it names, its options, and the stored id that it is about."""

    task: Task
    model: str | None
    options: CallOptions
    stored_id: str | None = None


def response_turn(
    params: Mapping[str, Any], stream: bool, default: OnUnsupported = "raise"
) -> Plan:
    """`responses.create`. Raises ArgumentError."""
    sealed(params)
    check_names(params, RESPONSE_FIELDS, "The Responses API")
    given = without_none(params)
    options, body = _split(given)
    model = _model(body)
    chat_only = {name: body.pop(name) for name in CHAT_ONLY & body.keys()}
    _check_input(body)
    if "text_format" in body:
        from resp_core.wire.schema import format_of

        text = dict(body.get("text") or {})
        if "format" in text:
            raise ArgumentError(
                "text_format and text.format are two of a kind: give one.", param="text_format"
            )
        body["text"] = {**text, "format": format_of(body.pop("text_format"))}
    return Plan(
        Turn(_request("responses", body, chat_only, options, stream, default)), model, options
    )


def chat_turn(params: Mapping[str, Any], stream: bool, default: OnUnsupported = "raise") -> Plan:
    """`chat.completions.create`. Raises ArgumentError."""
    sealed(params)
    check_names(params, CHAT_FIELDS, "The Chat API")
    given = without_none(params)
    options, body = _split(given)
    model = _model(body)
    messages = body.get("messages")
    if messages is None:
        raise ArgumentError("messages is missing: pass a list of messages.", param="messages")
    body["messages"] = _objects(messages, "messages")
    if isinstance(body.get("response_format"), type):
        from resp_core.wire.schema import format_of

        wanted = format_of(body["response_format"])
        named = {name: value for name, value in wanted.items() if name != "type"}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return Plan(Turn(_request("chat", body, {}, options, stream, default)), model, options)


def embeddings(params: Mapping[str, Any]) -> Plan:
    """`embeddings.create`. Raises ArgumentError."""
    sealed(params)
    check_names(params, _EMBEDDING_FIELDS, "The Embeddings API")
    options, body = _split(without_none(params))
    model = _model(body)
    value = body.get("input")
    if value is None or value == "" or value == []:
        raise ArgumentError(
            "input is empty: pass a string, or a list of strings or of token lists.",
            param="input",
        )
    if not isinstance(value, str | list | tuple):
        raise ArgumentError(
            f"input must be a string or a list, not {type(value).__name__}.", param="input"
        )
    return operation("embeddings", options, body=body, model=model, with_model=True)


def operation(
    name: Operation,
    params: Mapping[str, Any],
    *,
    ids: tuple[str, ...] = (),
    stored: bool = False,
    body: JsonObject | None = None,
    query: Mapping[str, Any] | None = None,
    model: str | None = None,
    with_model: bool = False,
    stream: bool = False,
) -> Plan:
    """Any other operation. `stored`: goes to where the first id was made."""
    sealed(params)
    allowed = OPTION_FIELDS | {"model"}
    unknown = [key for key in params if key not in allowed]
    if unknown:
        check_names(unknown, frozenset(), f"The operation {name!r}")
    options = cast("CallOptions", {key: params[key] for key in params if key in OPTION_FIELDS})
    extra_query = options.get("extra_query") or {}
    task = Operate(
        name,
        ids=ids,
        body=body,
        with_model=with_model,
        stream=stream,
        query={**without_none(query or {}), **extra_query},
        headers=options.get("extra_headers") or {},
        extra_body=options.get("extra_body") or {},
    )
    return Plan(task, model or params.get("model"), options, ids[0] if stored else None)


def counting(params: Mapping[str, Any], value: Any) -> tuple[CallOptions, JsonObject]:
    """Options and body of `count_tokens`. Raises ArgumentError."""
    sealed(params)
    check_names(params, RESPONSE_FIELDS, "count_tokens")
    options, body = _split(without_none(params))
    if value is not None:
        body["input"] = value if isinstance(value, str) else _objects(value, "input")
    return options, body


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
    body = {name: value for name, value in given.items() if name not in OPTION_FIELDS}
    return cast("CallOptions", options), body


def _model(body: JsonObject) -> str | None:
    model = body.pop("model", None)
    if model is not None and not isinstance(model, str):
        raise ArgumentError(
            f"model must be a string such as openai/gpt-5.4-mini, not {type(model).__name__}.",
            param="model",
        )
    return model


def _check_input(body: JsonObject) -> None:
    value = body.get("input")
    if value is None:
        if not ({"prompt", "previous_response_id", "conversation"} & body.keys()):
            raise ArgumentError(
                "input is missing: pass a string or a list of items.", param="input"
            )
        return
    if not isinstance(value, str):
        body["input"] = _objects(value, "input")
    if "tools" in body and not isinstance(body["tools"], list):
        body["tools"] = _objects(body["tools"], "tools")


def _objects(value: Iterable[Any], name: str) -> list[Any]:
    """`value` as a list of dicts; results of earlier calls are dicts too."""
    if isinstance(value, str | bytes | dict) or not hasattr(value, "__iter__"):
        kind = _kind(cast("object", value))
        raise ArgumentError(f"{name} must be a list of dicts, not {kind}.", param=name)
    items: list[Any] = items_of(value) or list(value)
    for at, item in enumerate(items):
        if not isinstance(item, dict):
            if hasattr(item, "model_dump"):  # an object of the OpenAI SDK or another pydantic one
                items = [_dumped(each) for each in items]
                return items
            raise ArgumentError(
                f"{name}[{at}] must be a dict, not {type(item).__name__}.", param=name
            )
    return items


def _kind(value: object) -> str:
    return type(value).__name__


def _dumped(item: Any) -> Any:
    return item.model_dump(exclude_unset=True) if hasattr(item, "model_dump") else item
