"""The operations on /responses: create, retrieve, resume, cancel, delete, list, compact, count."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import orjson

from resp_core.offline import mcp, sealed
from resp_core.offline.check import check_params
from resp_core.offline.items import check_order, read_items
from resp_core.offline.limits import Usage, at_most, usage_of
from resp_core.offline.problem import Problem, missing, not_found
from resp_core.offline.responses_in import CREATE, check_create, read_transcript
from resp_core.offline.responses_out import (
    Frame,
    completed,
    events,
    respond,
    skeleton,
    sse,
    unfinished,
)
from resp_core.offline.state import OfflineState, Stored
from resp_core.offline.transcript import Plan
from resp_core.offline.visit import Visit, json_reply, listing, public_name, sse_reply
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from resp_core.offline.ids import Ids
    from resp_core.offline.types import OfflineReply
    from resp_core.types.json import JsonObject

__all__ = [
    "cancel",
    "compact",
    "create",
    "delete",
    "identified",
    "input_items",
    "input_tokens",
    "retrieve",
]


def create(visit: Visit) -> OfflineReply:
    """A response, its stream, or a queued one in background mode."""
    body = visit.body
    check_create(body)
    earlier, conversation = _earlier(visit)
    ids = visit.ids()
    given = identified(read_items(body.get("input"), visit.state.item), ids)
    context = [*earlier, *given]
    check_order(context, visit.state.thought)
    frame = Frame(
        body,
        public_name(str(body["model"])),
        visit.created,
        ids,
        previous=body.get("previous_response_id"),
        conversation=conversation,
    )
    if mcp.concerns(body, context):
        response = _with_mcp(visit, frame, earlier, given)
    else:
        transcript = read_transcript(body, context)
        planned = at_most(visit.planner(transcript), body.get("max_output_tokens"))
        response = respond(planned, frame, usage_of(transcript, planned))
    background = bool(body.get("background"))
    sequence = events(response, background=background) if body.get("stream") else []
    if body.get("store") is not False:
        visit.state.save(Stored(response, context, sequence, background))
    if conversation:
        visit.state.extend(conversation, [*given, *response["output"]])
    if sequence:
        return sse_reply([sse(event) for event in sequence])
    return json_reply(unfinished(response, "queued") if background else response)


def _with_mcp(
    visit: Visit, frame: Frame, earlier: list[JsonObject], given: list[JsonObject]
) -> JsonObject:
    """A response in which MCP servers take part."""
    begun = skeleton(frame)
    hosting = mcp.Hosting(visit, frame, earlier, given)
    planned = hosting.run()
    return completed(begun, hosting.output, planned.finish, frame, hosting.usage)


def _earlier(visit: Visit) -> tuple[list[JsonObject], str | None]:
    """The items before this request's own, and the conversation they come from."""
    previous = visit.body.get("previous_response_id")
    if previous:
        return _chain(visit.state, str(previous)), None
    conversation = visit.body.get("conversation")
    if not conversation:
        return [], None
    id = str(as_object(conversation).get("id", conversation))
    found = visit.state.conversation(id)
    if found is None:
        raise not_found("Conversation", id, param="conversation")
    return found.items, id


def _chain(state: OfflineState, id: str) -> list[JsonObject]:
    """What a stored response was answered from, and its output."""
    stored = state.response(id)
    if stored is None:
        raise Problem(
            f"Previous response with id '{id}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    return [*stored.context, *cast("list[JsonObject]", stored.response["output"])]


_PREFIXES = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "reasoning": "rs",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "compaction": "cmp",
    "mcp_approval_response": "mcpa",
}


def identified(items: list[JsonObject], ids: Ids) -> list[JsonObject]:
    """Items as they are stored: with an id each, and their content as parts."""
    return [_stored_form(item, ids) for item in items]


def _stored_form(item: JsonObject, ids: Ids) -> JsonObject:
    kind = str(item["type"])
    stored = dict(item)
    if not stored.get("id"):
        stored["id"] = ids.new(_PREFIXES.get(kind, "item"))
    if kind == "message":
        stored.setdefault("status", "completed")
        if isinstance(stored.get("content"), str):
            said = "output_text" if stored["role"] == "assistant" else "input_text"
            part: JsonObject = {"type": said, "text": stored["content"]}
            stored["content"] = [part | ({"annotations": []} if said == "output_text" else {})]
    return stored


# -- stored responses


def _stored(visit: Visit, id: str) -> Stored:
    stored = visit.state.response(id)
    if stored is None:
        raise not_found("Response", id)
    return stored


def retrieve(visit: Visit, id: str) -> OfflineReply:
    """A stored response, or what is left of its stream after `starting_after`.

    A background response is queued when it is made, in progress at the first GET and done from
    the second on.
    """
    stored = _stored(visit, id)
    query = visit.request.query
    if query.get("stream", "false").lower() in ("true", "1"):
        return _resumed(stored, query.get("starting_after"))
    if query.get("starting_after") is not None:
        raise Problem("'starting_after' requires 'stream' to be true.", param="starting_after")
    if stored.cancelled:
        return json_reply(unfinished(stored.response, "cancelled"))
    if stored.background and not stored.events and visit.state.poll(stored) == 0:
        return json_reply(unfinished(stored.response, "in_progress"))
    return json_reply(stored.response)


def _resumed(stored: Stored, after: str | None) -> OfflineReply:
    if not stored.events or not stored.background:
        raise Problem(
            "This response cannot be streamed: it was not created with 'background' and 'stream' "
            "set to true.",
            param="stream",
        )
    if after is not None and not after.lstrip("-").isdigit():
        raise Problem(
            "Invalid type for 'starting_after': expected an integer.",
            param="starting_after",
            code="invalid_type",
        )
    first = -1 if after is None else int(after)
    left = [event for event in stored.events if event["sequence_number"] > first]
    return sse_reply([sse(event) for event in left])


def delete(visit: Visit, id: str) -> OfflineReply:
    """Forget a response."""
    if not visit.state.delete(id):
        raise not_found("Response", id)
    return json_reply({"id": id, "object": "response", "deleted": True})


def cancel(visit: Visit, id: str) -> OfflineReply:
    """Cancel a background response that is not done; a done or cancelled one comes as it is."""
    stored = _stored(visit, id)
    if not stored.background:
        raise Problem("Cannot cancel a synchronous response.")
    done = bool(stored.events) or stored.polls > 1
    if done and not stored.cancelled:
        return json_reply(stored.response)
    stored.cancelled = True
    return json_reply(unfinished(stored.response, "cancelled"))


def input_items(visit: Visit, id: str) -> OfflineReply:
    """The items a response was answered from, those of earlier responses included."""
    return listing(visit, _stored(visit, id).context)


# -- without an answer


_COMPACT = """model input previous_response_id instructions prompt_cache_key image
    prompt_cache_options prompt_cache_retention service_tier""".split()
_COUNTED = """conversation input instructions model parallel_tool_calls previous_response_id
    reasoning text tool_choice tools truncation""".split()


def compact(visit: Visit) -> OfflineReply:
    """The user's messages, and one item that holds everything, sealed."""
    body = visit.body
    check_params(body, {name: CREATE[name] for name in _COMPACT})
    context, ids = _context(visit)
    sealed_item: JsonObject = {
        "id": ids.new("cmp"),
        "type": "compaction",
        "encrypted_content": sealed.seal(orjson.dumps(context).decode()),
    }
    asked = [item for item in context if item.get("role") == "user"]
    counted = usage_of(read_transcript({}, context), Plan(()))
    usage = Usage(counted.input, 16, 0)
    return json_reply(
        {
            "id": ids.new("resp"),
            "object": "response.compaction",
            "created_at": visit.created,
            "output": [*asked, sealed_item],
            "usage": {
                "input_tokens": usage.input,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": usage.output,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": usage.input + usage.output,
            },
        }
    )


def input_tokens(visit: Visit) -> OfflineReply:
    """How many tokens a request would read."""
    table = {name: CREATE[name] for name in _COUNTED}
    check_params({key: value for key, value in visit.body.items() if key != "personality"}, table)
    context, _ = _context(visit)
    counted = usage_of(read_transcript(visit.body, context), Plan(()))
    return json_reply({"object": "response.input_tokens", "input_tokens": counted.input})


def _context(visit: Visit) -> tuple[list[JsonObject], Ids]:
    if not visit.body.get("model"):
        raise missing("model")
    earlier, _ = _earlier(visit)
    ids = visit.ids()
    given = identified(read_items(visit.body.get("input"), visit.state.item), ids)
    return [*earlier, *given], ids
