"""Messages and settings -> one request of the core, in the Responses API's form. Pure."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from langchain_core.messages import AIMessage

from langchain_resp.assistant import assistant_items
from langchain_resp.blocks import asks_for_blocks
from langchain_resp.errors import ApprovalReplayed, ApprovalUnknown, ArgumentError
from langchain_resp.messages import answered_calls, to_chat, to_items
from langchain_resp.schemas import text_format
from langchain_resp.tools import request_tool_choice, request_tools
from resp_core.client.params import CHAT_ONLY, OPTION_FIELDS
from resp_core.errors import APIStatusError, BadRequestError, NotFoundError
from resp_core.mcp.approval import decisions_in
from resp_core.mcp.history import fresh_items
from resp_core.types.frozen import frozen
from resp_core.types.request import Request
from resp_core.wire.replay import NO_OUTPUT, OUTPUT_OF, plan_replay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from langchain_core.messages import BaseMessage

    from resp_core.types.json import JsonObject
    from resp_core.types.request import OnUnsupported

__all__ = ["Plan", "Target", "call_options", "make_plan"]

_LOGPROBS = "message.output_text.logprobs"
_ENCRYPTED = "reasoning.encrypted_content"
_NAMES = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "model_name": "model",
}
#: Settings that are told to the request beside its body.
_BESIDE = frozenset(
    {"model", "extra_headers", "extra_query", "extra_body", "stream", "on_unsupported"}
)
#: Options of one call, which are the client's to read and never part of a body.
_OPTIONS = OPTION_FIELDS - _BESIDE


@frozen
class Target:
    """What a request has to know of where it goes."""

    origin: str
    responses: bool
    reasoning: bool


@frozen
class Plan:
    """One call: the request, and what to try where the server lost or refuses old state."""

    request: Request
    model: str | None
    options: Mapping[str, Any]
    blocks: bool
    dropped: tuple[str, ...] = ()
    items: tuple[JsonObject, ...] = field(default=(), repr=False)
    stored: bool = True

    def again(self, error: APIStatusError) -> Plan | None:
        """The plan that replays without the state that `error` is about; None where none is."""
        if not isinstance(error, (BadRequestError, NotFoundError)):
            return None
        body = self.request.body
        if "previous_response_id" in body and self.items and _lost_response(error):
            body = {k: v for k, v in body.items() if k != "previous_response_id"}
            body["input"] = list(self.items)
        elif error.code == "invalid_encrypted_content":
            given: list[JsonObject] = body.get("input") or []
            readable = [item for item in given if item.get("type") != "reasoning"]
            if len(readable) == len(given):
                return None
            body = {**body, "input": plan_replay(readable, stored=False)}
        else:
            return None
        return replace(self, request=replace(self.request, body=body), items=())


def _lost_response(error: APIStatusError) -> bool:
    if error.code == "previous_response_not_found" or error.param == "previous_response_id":
        return True
    return isinstance(error, NotFoundError) and "previous response" in error.message.lower()


def make_plan(
    messages: Sequence[BaseMessage],
    settings: Mapping[str, Any],
    *,
    target: Target | None,
    stream: bool,
    on_unsupported: OnUnsupported,
    chain: bool = False,
) -> Plan:
    """The call for a history.

    `settings` are the model's options and the call's, under LangChain's or the API's names;
    None means "not said". `chain` sends only what is new since the last stored answer.
    `target` is where the call goes; it is asked for only where old state is in play.
    """
    body, chat_only = _body(settings)
    stored = body.get("store") is not False
    said = _conversation(messages, body, target, chain=chain and stored)
    body |= said.fields
    if not stored and target and target.reasoning and target.responses:
        _include(body, _ENCRYPTED)
    return Plan(
        request=Request(
            wire="responses",
            body=body,
            plain=said.plain,
            stream=stream,
            chat_only=chat_only,
            on_unsupported=settings.get("on_unsupported") or on_unsupported,
            extra_headers=settings.get("extra_headers") or {},
            extra_query=settings.get("extra_query") or {},
            extra_body=settings.get("extra_body") or {},
        ),
        model=settings.get("model"),
        options=call_options(settings),
        blocks=asks_for_blocks(body),
        dropped=tuple(said.dropped),
        items=said.earlier,
        stored=stored,
    )


class _Conversation(NamedTuple):
    """The fields of a body that hold a history, what of it has no place there, and all its items
    where only the last of them are sent."""

    fields: JsonObject
    plain: bool
    dropped: Sequence[str] = ()
    earlier: tuple[JsonObject, ...] = ()


def _conversation(
    messages: Sequence[BaseMessage], body: JsonObject, target: Target | None, *, chain: bool
) -> _Conversation:
    if target and not target.responses:
        ready = to_chat(messages, target.origin)
        if ready is not None:
            return _Conversation({"messages": ready}, plain=True)
    origin = target.origin if target else None
    items, dropped, plain = to_items(messages, origin)
    if not plain:
        _check_decisions(items, body)
    if chain and "previous_response_id" not in body and target and target.responses:
        chained = _chained(messages, target.origin)
        if chained is not None:
            response_id, new = chained
            fields: JsonObject = {"previous_response_id": response_id, "input": new}
            earlier = tuple(plan_replay(items, origin=origin))
            return _Conversation(fields, plain, dropped, earlier)
    if not plain:
        pending = _outputs(items) if "previous_response_id" in body else frozenset[str]()
        stored = body.get("store") is not False
        items = plan_replay(items, stored=stored, origin=origin, pending=pending)
    return _Conversation({"input": items}, plain, dropped)


def call_options(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a call says about its connection and limits."""
    return {
        name: value for name, value in settings.items() if name in _OPTIONS and value is not None
    }


def _check_decisions(items: list[JsonObject], body: JsonObject) -> None:
    """A new decision is about a request that this conversation shows, and the only one about it.

    A replay leaves out what does not pair, and nobody would learn that a decision was lost.
    """
    if not any(item.get("type") == "mcp_approval_response" for item in items):
        return
    new = fresh_items(items)
    decisions = decisions_in(new)
    asked = {item.get("id") for item in items if item.get("type") == "mcp_approval_request"}
    old = {item.get("approval_request_id") for item in items[: len(items) - len(new)]}
    for id in decisions:
        if id in old:
            raise ApprovalReplayed(
                f"The request {id!r} was decided before: a decision is used once. Nothing was "
                "sent.",
                approval_request_id=id,
            )
        if id not in asked and "previous_response_id" not in body:
            raise ApprovalUnknown(
                f"No message of this conversation holds the request {id!r}, so there is nothing "
                "to decide. Nothing was sent.",
                approval_request_id=id,
            )


# -- the chain of stored responses


def _chained(messages: Sequence[BaseMessage], origin: str) -> tuple[str, list[JsonObject]] | None:
    """The id of the last answer, if the target stores it, and the items after it."""
    position = _last_answer(messages)
    if position is None:
        return None
    message = cast("AIMessage", messages[position])
    metadata = message.response_metadata
    response_id = metadata.get("id")
    if (
        not isinstance(response_id, str)
        or metadata.get("origin") != origin
        or metadata.get("api") != "responses"
        or metadata.get("store") is False
    ):
        return None  # newer than anything stored: only a full replay has it
    answered = answered_calls(messages[position:])
    own = len(assistant_items(message, answered))
    new = to_items(messages[position:])[0][own:]
    if not new:
        return None
    open_calls = _open_calls(message)
    given = _outputs(new)
    lacking: list[JsonObject] = [
        {"type": answer, "call_id": call_id, "output": NO_OUTPUT}
        for call_id, answer in open_calls.items()
        if answer and call_id not in given
    ]
    return response_id, plan_replay([*lacking, *new], origin=origin, pending=open_calls)


def _last_answer(messages: Sequence[BaseMessage]) -> int | None:
    for position in range(len(messages) - 1, -1, -1):
        if isinstance(messages[position], AIMessage):
            return position
    return None


def _open_calls(message: AIMessage) -> dict[str, str]:
    """What the server waits for after an answer: call id -> type of the item that answers it.

    Approval requests stand among them with an empty type: only a person can answer those.
    """
    everything = [call["id"] or "" for call in message.invalid_tool_calls]
    found: dict[str, str] = {}
    for item in assistant_items(message, everything):
        if item.get("type") in OUTPUT_OF:
            found[item["call_id"]] = OUTPUT_OF[item["type"]]
        elif item.get("type") == "mcp_approval_request":
            found[str(item.get("id"))] = ""
    return found


def _outputs(items: Sequence[JsonObject]) -> frozenset[str]:
    """Ids of all calls and approvals that `items` answer."""
    return frozenset(
        str(item.get("call_id") or item.get("approval_request_id"))
        for item in items
        if str(item.get("type")).endswith("_output") or "approval_request_id" in item
    )


# -- the body


def _body(settings: Mapping[str, Any]) -> tuple[JsonObject, dict[str, object]]:
    body: JsonObject = {}
    chat_only: dict[str, object] = {}
    special: JsonObject = {}
    for name, value in settings.items():
        name = _NAMES.get(name, name)
        if value is None or name in _BESIDE or name in _OPTIONS:
            continue
        if name in CHAT_ONLY:
            _chat_only(chat_only, name, value)
        elif name in _SPECIAL:
            special[name] = value
        else:
            body[name] = value
    _reasoning(body, special)
    _text(body, special)
    _tools(body, special)
    if special.get("logprobs") or body.get("top_logprobs"):
        _include(body, _LOGPROBS)
    metadata = _metadata(special.get("metadata") or {})
    if metadata:
        body["metadata"] = metadata
    return body, chat_only


def _chat_only(chosen: dict[str, object], name: str, value: Any) -> None:
    if name == "logit_bias" and isinstance(value, dict):  # token ids are names in JSON
        given = cast("dict[Any, Any]", value)
        value = {str(token): bias for token, bias in given.items()}
    if value or name != "stop":
        chosen[name] = value


_SPECIAL = frozenset(
    {
        "reasoning",
        "reasoning_effort",
        "text",
        "verbosity",
        "response_format",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "strict",
        "logprobs",
        "metadata",
    }
)


def _include(body: JsonObject, name: str) -> None:
    included: list[str] = list(body.get("include") or [])
    if name not in included:
        body["include"] = [*included, name]


def _reasoning(body: JsonObject, special: JsonObject) -> None:
    reasoning = dict(special.get("reasoning") or {})
    if "reasoning_effort" in special:
        reasoning.setdefault("effort", special["reasoning_effort"])
    if reasoning:
        body["reasoning"] = reasoning


def _text(body: JsonObject, special: JsonObject) -> None:
    text = dict(special.get("text") or {})
    if "verbosity" in special:
        text["verbosity"] = special["verbosity"]
    if "response_format" in special:
        text["format"] = text_format(special["response_format"])
    if text:
        body["text"] = text


def _tools(body: JsonObject, special: JsonObject) -> None:
    tools = request_tools(special.get("tools") or [], special.get("strict"))
    if not tools:
        return
    body["tools"] = tools
    choice = request_tool_choice(special.get("tool_choice"), tools)
    if choice is not None:
        body["tool_choice"] = choice
    if "parallel_tool_calls" in special:
        body["parallel_tool_calls"] = special["parallel_tool_calls"]


def _metadata(given: Any) -> dict[str, str]:
    """Metadata as the API takes it: strings. Numbers and booleans are written out."""
    if not isinstance(given, dict):
        raise ArgumentError(
            f"metadata must be a dict, not {type(given).__name__}.", param="metadata"
        )
    made: dict[str, str] = {}
    for key, value in cast("dict[Any, Any]", given).items():
        if key == "lc_versions":  # LangChain's own, put on every model
            continue
        if not isinstance(value, (str, int, float, bool)):
            raise ArgumentError(
                f"metadata[{key!r}] must be a string, not {type(value).__name__}: it is sent to "
                "the provider as well as to traces. For traces only, use config={'metadata': …}.",
                param="metadata",
            )
        made[str(key)] = str(value)
    return made
