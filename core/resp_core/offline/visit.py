"""One request on its way through the offline server, and the plain ways to answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from resp_core.offline.ids import Ids
from resp_core.offline.model import plan
from resp_core.offline.problem import Problem
from resp_core.offline.types import OfflineReply

if TYPE_CHECKING:
    from resp_core.offline.state import OfflineState
    from resp_core.offline.transcript import Planner
    from resp_core.offline.types import OfflineRequest
    from resp_core.types.json import JsonObject

__all__ = ["Visit", "json_reply", "listing", "public_name", "sse_reply"]


@dataclass(slots=True)
class Visit:
    """A request, its body as JSON, and the state.

    A fault may replace `planner`, the model; `mcp_fault` is one of those of `mcp.MCP_FAULTS`.
    """

    request: OfflineRequest
    state: OfflineState
    body: JsonObject
    azure: bool = False
    planner: Planner = plan
    mcp_fault: str | None = None

    @property
    def created(self) -> int:
        """The time of this request in Unix seconds."""
        return int(self.state.clock())

    def ids(self) -> Ids:
        """Ids for this request."""
        return Ids(self.state.seed(self.request.path.encode() + b"\n" + self.request.body))


def public_name(model: str) -> str:
    """The model's name in answers: it always says that it is offline."""
    name = model.removeprefix("offline/")
    return name if name.startswith("offline-") else f"offline-{name}"


def json_reply(body: Any, status: int = 200) -> OfflineReply:
    """A JSON answer."""
    return OfflineReply(status, {"content-type": "application/json"}, [orjson.dumps(body)])


def sse_reply(frames: list[bytes]) -> OfflineReply:
    """A stream; each frame is one chunk."""
    headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
    return OfflineReply(200, headers, frames)


def listing(visit: Visit, items: list[JsonObject]) -> OfflineReply:
    """A page of items (oldest first), by the query's `after`, `limit` and `order`."""
    query = visit.request.query
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise Problem(
            f"Invalid value: '{order}'. Supported values are: 'asc' and 'desc'.",
            param="order",
            code="invalid_value",
        )
    limit = _limit(query.get("limit", "20"))
    ordered = items if order == "asc" else items[::-1]
    after = query.get("after")
    if after:
        at = next((at for at, item in enumerate(ordered) if item.get("id") == after), None)
        if at is None:
            raise Problem(f"Item with id '{after}' not found.", param="after", status=404)
        ordered = ordered[at + 1 :]
    page = ordered[:limit]
    return json_reply(
        {
            "object": "list",
            "data": page,
            "first_id": page[0].get("id") if page else None,
            "last_id": page[-1].get("id") if page else None,
            "has_more": len(ordered) > limit,
        }
    )


def _limit(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise Problem(
            "Invalid 'limit': expected an integer between 1 and 100.",
            param="limit",
            code="invalid_value",
        )
    return int(text)
