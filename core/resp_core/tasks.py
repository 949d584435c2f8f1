"""What a call can be asked to do: take a model's turn, or one plain operation of an API."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from resp_core.auth.headers import check_headers
from resp_core.errors import ArgumentError, UnsupportedError
from resp_core.flow import Prepared
from resp_core.mcp.server import mcp_secrets
from resp_core.models.rules import apply_rules
from resp_core.providers import get
from resp_core.route.deployment import choose_wire
from resp_core.types.frozen import frozen
from resp_core.types.functions import Functions
from resp_core.types.json import dumps, strict_dumps
from resp_core.wire import chat, chat_server, completions
from resp_core.wire.ids import is_ours
from resp_core.wire.pipeline import ObjectReader, reader_for
from resp_core.wire.responses_server import normalize_input
from resp_core.wire.shape import as_object, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.flow import Clock
    from resp_core.route.deployment import Deployment, Operation
    from resp_core.types.json import JsonObject
    from resp_core.types.request import OnUnsupported, Request, Wire
    from resp_core.wire.losses import Losses
    from resp_core.wire.pipeline import Reader

__all__ = ["Operate", "Turn", "uses_mcp", "with_items"]


@frozen
class Turn:
    """A model's turn: create a response or a chat completion."""

    request: Request

    @property
    def stream(self) -> bool:
        """Whether the caller reads events."""
        return self.request.stream

    @property
    def on_unsupported(self) -> OnUnsupported:
        """What happens to a parameter that the target cannot carry."""
        return self.request.on_unsupported

    def prepare(self, deployment: Deployment, losses: Losses) -> Prepared:
        """Encode for `deployment` in the wire that it is called by."""
        request = self.request
        provider = get(deployment.provider)
        wire = choose_wire(deployment, request.called)
        body = {**_encoded(request, wire, provider.chat, losses), **_model(deployment, request)}
        body = apply_rules(body, wire, deployment.profile, losses)
        seen = provider.reads_extra & request.extra_body.keys()
        if seen:
            body |= {name: request.extra_body[name] for name in seen}
        body = provider.prepare(deployment, wire, body, losses)
        operation: Operation = wire
        if wire == "chat" and deployment.profile.completions:
            body, operation = completions.encode_request(body, losses), "completions"
        _stops(request, wire)  # what is wrong with them is said here
        streams = request.stream and deployment.profile.streams
        if request.stream and not streams and body.get("background"):
            raise UnsupportedError(
                f"{deployment.requested} cannot stream, so its stream is made of the finished "
                "answer, which a background response does not give: leave out stream, and use "
                "responses.wait(id).",
                param="stream",
            )
        if streams:
            body = {**body, "stream": True}
            # Usage is in every Responses stream; a Chat server sends it only when asked.
            if wire == "chat" and request.wire == "responses" and provider.chat.stream_options:
                asked = as_object(body.get("stream_options"))
                body["stream_options"] = {"include_usage": True, **asked}
        elif "stream_options" in body:
            losses.note("stream_options were not sent, as the server is not asked for a stream")
            body = {name: value for name, value in body.items() if name != "stream_options"}
        functions = _functions(request)
        return Prepared(
            api=wire,
            operation=operation,
            query=request.extra_query,
            content=_content({**body, **request.extra_body}, functions),
            headers=lower_names(request.extra_headers),
            streams=streams,
            remember=wire == "responses" and body.get("store") is not False,
            secrets=mcp_secrets(body.get("tools")) if functions is None else (),
        )

    def reader(self, prepared: Prepared, clock: Clock, losses: Losses) -> Reader:
        """The pipeline from the server's wire to the caller's."""
        request = self.request
        reader = reader_for(
            request.wire,
            prepared.api,
            request.body,
            new_id=clock.new_id,
            losses=losses,
            stop=_stops(request, prepared.api),
        )
        return completions.TextReader(reader) if prepared.operation == "completions" else reader


@dataclass(frozen=True, slots=True)
class Operate:
    """One operation besides a model's turn: embeddings, a look-up, a deletion, a count.

    With `stream` the answer is read as a stream of Responses events (resuming one).
    """

    operation: Operation
    ids: tuple[str, ...] = ()
    body: JsonObject | None = None
    with_model: bool = False
    stream: bool = False
    query: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    extra_body: Mapping[str, object] = field(default_factory=dict[str, object])
    on_unsupported: OnUnsupported = "raise"

    def prepare(self, deployment: Deployment, losses: Losses) -> Prepared:
        """Encode for `deployment`; its model name goes into the body where the API has one."""
        query = dict(self.query)
        if self.stream:
            query["stream"] = True
        body = self.body
        if body is not None and self.with_model and deployment.model:
            body = {"model": deployment.model, **body}
        return Prepared(
            api="responses" if self.operation.startswith(("resp", "conv")) else "chat",
            operation=self.operation,
            ids=self.ids,
            query=query,
            content=b"" if body is None else encode_json({**body, **self.extra_body}),
            headers=lower_names(self.headers),
            streams=self.stream,
            remember=self.operation == "conversations",
        )

    def reader(self, prepared: Prepared, clock: Clock, losses: Losses) -> Reader:
        """The object as it is, or the events of a resumed stream."""
        if self.stream:
            return reader_for("responses", "responses", {}, new_id=clock.new_id, losses=losses)
        return ObjectReader()


_MCP_ITEMS = ("mcp_call", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response")


def uses_mcp(request: Request) -> bool:
    """Whether a request has MCP tools, MCP items in its history, or continues such a response."""
    if request.wire != "responses":
        return False
    if is_ours(str(request.body.get("previous_response_id"))):
        return True  # it may have calls that only we know of
    tools, items = request.body.get("tools"), request.body.get("input")
    if not isinstance(tools, Functions) and _holds(tools, "mcp"):
        return True
    return not request.plain and _holds(items, *_MCP_ITEMS)


def _holds(entries: Any, *kinds: str) -> bool:
    """Whether a list, which may be long, has an object of one of these types."""
    return any([entry.get("type") in kinds for entry in objects(entries)])


def _functions(request: Request) -> Functions | None:
    """The tools, where they hold no credential because they are functions all."""
    tools = request.body.get("tools")
    return tools if isinstance(tools, Functions) and "tools" not in request.extra_body else None


def _content(body: JsonObject, functions: Functions | None) -> bytes:
    if functions is None:
        return encode_json(body)
    data = encode_json(body, ("tools",) if functions.is_json else ())
    functions.is_json = True
    return data


def encode_json(body: JsonObject, known: tuple[str, ...] = ()) -> bytes:
    """The bytes of a request body; ArgumentError naming the parameter that is no JSON.

    `known` are parameters that were sent before: they hold nothing but JSON.
    """
    try:
        data = dumps(body)
        # Conversations are long, and hold no numbers.
        skipped = (*_CONVERSATIONS, *known)
        rest = {name: value for name, value in body.items() if name not in skipped}
        suspect = b"null" in dumps(rest)  # what no JSON can hold is written as null
    except (TypeError, ValueError, RecursionError) as error:
        raise _no_json(body, error) from None
    if suspect:
        for name, value in rest.items():
            if not _finite(value):
                raise ArgumentError(f"{name} has a number that JSON cannot hold.", param=name)
    return data


_CONVERSATIONS = ("messages", "input")


def _finite(value: Any) -> bool:
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, float):
            if not isfinite(one):
                return False
        elif isinstance(one, dict):
            waiting += cast("JsonObject", one).values()
        else:
            waiting += items_of(one)
    return True


def _no_json(body: JsonObject, error: Exception) -> ArgumentError:
    name, why = "extra_body", error
    for each, value in body.items():
        try:
            strict_dumps(value)
        except (TypeError, ValueError, RecursionError) as found:
            name, why = each, found
            break
    kind = "it nests too deeply" if isinstance(why, RecursionError) else str(why)
    return ArgumentError(
        f"{name} cannot be sent as JSON: {kind}. Pass plain dicts, lists, strings, numbers, "
        "booleans or None.",
        param=name,
    )


def lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names in lower case, so that a caller's header replaces ours."""
    check_headers(headers, "extra_headers")
    return {name.lower(): value for name, value in headers.items()}


def _model(deployment: Deployment, request: Request) -> JsonObject:
    """The model's name; a stored prompt brings its own."""
    if deployment.model:
        return {"model": deployment.model}
    if "prompt" in request.body or "model" in request.extra_body:
        return {}
    raise ArgumentError(f"No model is named: write {deployment.provider}/<model>.", param="model")


def _encoded(request: Request, wire: Wire, options: chat.ChatOptions, losses: Losses) -> JsonObject:
    """The caller's body in `wire`; the caller's own object where nothing has to change."""
    if wire == request.wire == "chat":
        return request.body
    if wire == "chat":
        body = normalize_input(request.body, losses, plain=request.plain)
        return chat.encode_request(body, request.chat_only, options=options, losses=losses)
    if request.wire == "responses":
        request = with_items(request, losses)
        body = normalize_input(request.body, losses, plain=request.plain)
        chat_only = dict(request.chat_only)
    else:
        body, chat_only = chat_server.decode_request(request.body, losses=losses)
    for name, value in chat_only.items():
        if value is None or value == chat_server.CHAT_ONLY.get(name):
            continue  # it asks for nothing
        if name != "stop":
            losses.lose(name, "the Responses API has no such parameter")
        elif value:
            losses.note("stop: the text is cut here, as the Responses API has no such parameter")
    return body


def with_items(request: Request, losses: Losses) -> Request:
    """A Responses request with its conversation as `input`, also where it came as `messages`."""
    if not (request.plain and "messages" in request.body):
        return request
    return replace(request, body=chat_server.with_input(request.body, losses=losses))


def _stops(request: Request, server: Wire) -> tuple[str, ...]:
    """The stop strings that the server does not look for, so that we do. Raises ArgumentError."""
    if server == "chat":
        return ()
    source: Mapping[str, Any] = request.body if request.wire == "chat" else request.chat_only
    stop: Any = source.get("stop") or []
    stops: list[Any] = [*stop] if isinstance(stop, list | tuple) else [stop]
    for each in stops:
        if not isinstance(each, str):
            raise ArgumentError(
                f"stop must be a string or a list of strings; one is {type(each).__name__}.",
                param="stop",
            )
    return tuple(filter(None, stops))
