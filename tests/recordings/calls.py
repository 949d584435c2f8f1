"""A recorded request as a call of our client.

What the client's method has a parameter for is passed as one; the rest of the recorded body
(nulls, fields of one provider, `stream: false`) goes through `extra_body`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from resp_core.client.params import (
    CHAT_FIELDS,
    CHAT_ONLY,
    RESPONSE_FIELDS,
    CompactParams,
    CountParams,
    EmbeddingParams,
    fields_of,
)
from tests.recordings.corpus import Exchange

Body = dict[str, Any]

_FIELDS: dict[str, frozenset[str]] = {
    "responses": RESPONSE_FIELDS - CHAT_ONLY - {"text_format", "verbosity"},
    "chat": CHAT_FIELDS,
    "embeddings": frozenset(EmbeddingParams.__annotations__),
    "responses.compact": fields_of(CompactParams),
    "responses.count_tokens": fields_of(CountParams) - {"text_format", "verbosity"},
    "conversations": frozenset(("items", "metadata")),
    "conversations.update": frozenset(("metadata",)),
    "conversations.items.create": frozenset(("items",)),
}
#: Stands in where the request was not recorded.
_UNKNOWN: dict[str, Body] = {
    "responses": {"input": "hello"},
    "chat": {"messages": [{"role": "user", "content": "hello"}]},
    "embeddings": {"input": "hello"},
    "conversations.update": {"metadata": {}},
    "conversations.items.create": {"items": []},
}
_NAMED_MODEL = frozenset(
    ("responses", "chat", "embeddings", "responses.compact", "responses.count_tokens")
)
_QUERY = frozenset(("after", "limit", "order", "include", "starting_after", "stream"))


def target(exchange: Exchange, base_url: str | None = None) -> Body:
    """The arguments that say where a call goes: those of a user of that server."""
    options: Body = {"base_url": base_url or exchange.base_url, "api_key": "a-key"}
    version = dict(parse_qsl(urlsplit(exchange.url).query)).get("api-version")
    if exchange.provider == "azure" and version:
        options["api_version"] = version
    if not exchange.creates:
        options["provider"] = exchange.provider
    else:
        options["api"] = exchange.api
    return options


def asks(exchange: Exchange) -> Body:
    """The recorded body as arguments: parameters, and `extra_body` for the rest."""
    body = exchange.asked
    if body is None:
        body = _UNKNOWN.get(exchange.operation, {})
    known = _FIELDS.get(exchange.operation, frozenset())
    streams = exchange.creates and exchange.asks_stream
    params: Body = {}
    extra: Body = {}
    for name, value in body.items():
        if name == "model" or (name == "stream" and streams):
            continue
        (params if name in known and value is not None else extra)[name] = value
    if streams:
        params["stream"] = True
    if extra:
        params["extra_body"] = extra
    if exchange.operation in _NAMED_MODEL:
        if exchange.names_model:
            params["model"] = exchange.model
        else:
            params["provider"] = exchange.provider
    return params | _query(exchange)


def call(client: Any, exchange: Exchange, **options: Any) -> Any:
    """Call `client` (sync or async) as recorded; `options` go over `target` and `asks`."""
    arguments = {**target(exchange), **asks(exchange), **options}
    return method(client, exchange.operation)(*_ids(exchange, arguments), **arguments)


def method(client: Any, operation: str) -> Callable[..., Any]:
    """The client's method for an operation."""
    at: Any = client
    for name in _METHODS.get(operation, operation).split("."):
        at = getattr(at, name)
    return at


_METHODS = {
    "responses": "responses.create",
    "chat": "chat.completions.create",
    "embeddings": "embeddings.create",
    "models": "models.list",
    "responses.input_items": "responses.input_items.list",
    "conversations": "conversations.create",
    "conversations.items": "conversations.items.list",
}


def _ids(exchange: Exchange, arguments: Body) -> tuple[str, ...]:
    if exchange.operation.startswith("conversations.items.") and len(exchange.ids) == 2:
        arguments["conversation_id"] = exchange.ids[0]
        return exchange.ids[1:]
    return exchange.ids


def _query(exchange: Exchange) -> Body:
    """The recorded query as arguments, except the version of an Azure API."""
    said = dict(parse_qsl(urlsplit(exchange.url).query))
    said.pop("api-version", None)
    params: Body = {}
    if said.get("stream") == "true":
        params["stream"] = said.pop("stream") == "true"
    if "starting_after" in said:
        params["starting_after"] = int(said.pop("starting_after"))
    params |= {name: said.pop(name) for name in list(said) if name in _QUERY - {"stream"}}
    if said:
        params["extra_query"] = said
    return params
