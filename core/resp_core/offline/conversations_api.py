"""The operations on /conversations and their items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resp_core.offline.check import Param, check_metadata, check_params
from resp_core.offline.items import read_items
from resp_core.offline.problem import Problem, missing, not_found
from resp_core.offline.responses_api import identified
from resp_core.offline.visit import Visit, json_reply, listing
from resp_core.wire.shape import items_of

if TYPE_CHECKING:
    from resp_core.offline.state import Conversation
    from resp_core.offline.types import OfflineReply
    from resp_core.types.json import JsonObject

__all__ = [
    "add_items",
    "create",
    "delete",
    "delete_item",
    "item",
    "items",
    "retrieve",
    "update",
]

_MOST_ITEMS = 20


def _found(visit: Visit, id: str) -> Conversation:
    found = visit.state.conversation(id)
    if found is None:
        raise not_found("Conversation", id)
    return found


def _given(visit: Visit) -> list[JsonObject]:
    given = items_of(visit.body.get("items"))
    if len(given) > _MOST_ITEMS:
        raise Problem(
            f"Invalid 'items': array too long. Expected an array with maximum length {_MOST_ITEMS},"
            f" but got an array with length {len(given)} instead.",
            param="items",
            code="array_above_max_length",
        )
    return identified(read_items(given, visit.state.item), visit.ids())


def create(visit: Visit) -> OfflineReply:
    """A new conversation, with up to 20 items."""
    check_params(visit.body, {"items": Param("array"), "metadata": Param("object")})
    check_metadata(visit.body.get("metadata"))
    head: JsonObject = {
        "id": visit.ids().new("conv"),
        "object": "conversation",
        "created_at": visit.created,
        "metadata": visit.body.get("metadata") or {},
    }
    visit.state.open_conversation(head, _given(visit))
    return json_reply(head)


def retrieve(visit: Visit, id: str) -> OfflineReply:
    """A conversation without its items."""
    return json_reply(_found(visit, id).head)


def update(visit: Visit, id: str) -> OfflineReply:
    """Replace the metadata."""
    check_params(visit.body, {"metadata": Param("object")})
    if visit.body.get("metadata") is None:
        raise missing("metadata")
    check_metadata(visit.body["metadata"])
    head = visit.state.relabel(id, visit.body["metadata"])
    if head is None:
        raise not_found("Conversation", id)
    return json_reply(head)


def delete(visit: Visit, id: str) -> OfflineReply:
    """Forget a conversation."""
    if not visit.state.close_conversation(id):
        raise not_found("Conversation", id)
    return json_reply({"id": id, "object": "conversation.deleted", "deleted": True})


def items(visit: Visit, id: str) -> OfflineReply:
    """A page of items."""
    return listing(visit, _found(visit, id).items)


def add_items(visit: Visit, id: str) -> OfflineReply:
    """Append items; the answer lists them."""
    check_params(visit.body, {"items": Param("array")})
    if not visit.body.get("items"):
        raise missing("items")
    _found(visit, id)
    added = _given(visit)
    visit.state.extend(id, added)
    return json_reply(
        {
            "object": "list",
            "data": added,
            "first_id": added[0]["id"],
            "last_id": added[-1]["id"],
            "has_more": False,
        }
    )


def item(visit: Visit, id: str, item_id: str) -> OfflineReply:
    """One item."""
    found = next((each for each in _found(visit, id).items if each["id"] == item_id), None)
    if found is None:
        raise not_found("Item", item_id)
    return json_reply(found)


def delete_item(visit: Visit, id: str, item_id: str) -> OfflineReply:
    """Take one item out; the answer is the conversation."""
    head = _found(visit, id).head
    if not visit.state.drop_item(id, item_id):
        raise not_found("Item", item_id)
    return json_reply(head)
