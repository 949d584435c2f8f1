"""MCP's messages: JSON-RPC, as values. Pure.

Source: the Model Context Protocol, revisions 2024-11-05 to 2025-11-25 (those with a handshake)
and 2026-07-28 (without: each request carries what the handshake settled).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson

from resp_core.types.json import dumps, loads
from resp_core.wire.shape import as_object, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.types.json import JsonObject

__all__ = [
    "HANDSHAKES",
    "MODERN",
    "PROTOCOL",
    "answer_to",
    "cancelled",
    "encode",
    "initialize",
    "may_be_modern",
    "message",
    "messages_of",
    "modern",
]

#: The revisions reached by a handshake; a server answers with the one that it wants.
HANDSHAKES = frozenset({"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"})
#: The newest of them, which is asked for.
PROTOCOL = max(HANDSHAKES)
#: The revision without a handshake; spoken to servers that refuse one.
MODERN = "2026-07-28"
_NO_SUCH_METHOD = -32601
#: What servers without a handshake say to one; the specification leaves the code open. Unsupported
#: version, header mismatch, invalid request, no such method, invalid params.
_REFUSALS = frozenset({-32022, -32020, -32600, _NO_SUCH_METHOD, -32602})
_CLIENT_INFO = {"name": "respkit", "version": "0.1"}


def message(method: str, params: JsonObject | None = None, *, id: int | None = None) -> JsonObject:
    """A request, or a notification where it has no `id`."""
    made: JsonObject = {"jsonrpc": "2.0", "method": method}
    if id is not None:
        made["id"] = id
    if params is not None:
        made["params"] = params
    return made


def initialize(id: int) -> JsonObject:
    """The first message of a session."""
    params = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": _CLIENT_INFO}
    return message("initialize", params, id=id)


def cancelled(id: int) -> JsonObject:
    """Nobody waits for the answer to request `id` any more."""
    return message("notifications/cancelled", {"requestId": id, "reason": "it took too long"})


def encode(value: JsonObject) -> bytes:
    """The bytes of one message."""
    return dumps(value)


def modern(sent: JsonObject) -> JsonObject:
    """A request of the revision without a handshake: it says itself who asks, and how."""
    about = "io.modelcontextprotocol/"
    meta = {
        f"{about}protocolVersion": MODERN,
        f"{about}clientInfo": _CLIENT_INFO,
        f"{about}clientCapabilities": {},
    }
    return {**sent, "params": {**as_object(sent.get("params")), "_meta": meta}}


def may_be_modern(error: Mapping[str, Any]) -> bool:
    """Whether the error of a refused handshake may be that of a server that knows none."""
    supported = items_of(as_object(error.get("data")).get("supported"))
    return MODERN in supported if supported else error.get("code") in _REFUSALS


def answer_to(request: Mapping[str, Any]) -> JsonObject:
    """What a server's own request gets: a ping its answer, anything else a refusal."""
    made: JsonObject = {"jsonrpc": "2.0", "id": request.get("id")}
    if request.get("method") == "ping":
        return {**made, "result": {}}
    said = "this client answers pings only"
    return {**made, "error": {"code": _NO_SUCH_METHOD, "message": said}}


def messages_of(data: bytes) -> list[JsonObject]:
    """The messages in a JSON body or in the data of one event. Raises ValueError."""
    try:
        value = _mended(loads(data))
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    if isinstance(value, list):
        return objects(value)
    if isinstance(value, dict):
        return [cast("JsonObject", value)]
    raise ValueError("it is no JSON-RPC message")


def _mended(value: Any) -> Any:
    """`value` as it can be written again. RecursionError where it nests too deeply."""
    try:
        orjson.dumps(value)
    except TypeError:  # it nests deeply, or has half characters or very large numbers
        return _whole(value)
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in cast("JsonObject", value).items()}
    return value
