"""Decisions against what the state store knows: believed, used up once, or given back.

Keys of the store: `approval:<id>` is a request that waits, `approval-used:<id>` one that was
decided, `asked:<response id>` the requests of one response.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from resp_core.effects import Load, Save
from resp_core.errors import ApprovalError, ApprovalUnknown, ArgumentError
from resp_core.mcp.approval import (
    check_decision,
    duplicate_request,
    request_of,
    stored_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from resp_core.effects import Answer, Effect
    from resp_core.mcp.approval import ApprovalRequest
    from resp_core.mcp.server import McpServer
    from resp_core.mcp.settings import ApprovalSettings
    from resp_core.types.json import JsonObject

__all__ = ["Ledger"]


class Ledger:
    """The requests and decisions of one call. `wall` gives seconds since the epoch."""

    def __init__(
        self, settings: ApprovalSettings, wall: Callable[[], float], servers: list[McpServer]
    ) -> None:
        self._settings = settings
        self._wall = wall
        self._servers = {server.label: server.identity for server in servers}

    def believe(
        self,
        decisions: Mapping[str, JsonObject],
        items: list[JsonObject],
        continues: str | None,
        *,
        others_know: bool = False,
    ) -> Generator[Effect, Answer, dict[str, JsonObject]]:
        """What the store knows of each decided request; raises ApprovalError, changes nothing.

        `items` is the conversation as the caller sent it, `continues` the response that it
        continues. `others_know`: the provider knows its own requests, so one that this store
        does not know is left out, unless the settings are strict.
        """
        found: dict[str, JsonObject] = {}
        for id in decisions:
            stored: JsonObject | None = yield Load(f"approval:{id}")
            used = (yield Load(f"approval-used:{id}")) if stored is None else None
            if stored is None and used is None and others_know:
                self._allow_unknown(id)
                continue
            for shown in [item for item in items if item.get("id") == id] or [None]:
                self._check(id, stored, used is not None, shown, continues)
            if stored is not None:
                found[id] = stored
        return found

    def demand_all(
        self, decisions: Mapping[str, JsonObject], known: Mapping[str, JsonObject]
    ) -> Generator[Effect, Answer, None]:
        """The requests of a response are decided together: ArgumentError names what is left."""
        for response_id in {str(stored.get("response_id")) for stored in known.values()}:
            asked: JsonObject | None = yield Load(f"asked:{response_id}")
            missing = [id for id in (asked or {}).get("ids", ()) if id not in decisions]
            if missing:
                raise ArgumentError(
                    f"{', '.join(missing)}: not decided. The requests of a response are answered "
                    "together. Nothing was sent.",
                    param="input",
                )

    def take(self, known: Mapping[str, JsonObject]) -> Generator[Effect, Answer, None]:
        """Use decisions up: of two that race for one, the second is a replay."""
        taken: dict[str, JsonObject] = {}
        try:
            for id, stored in known.items():
                value: JsonObject | None = yield Load(f"approval:{id}", take=True)
                self._check(id, value, value is None, None, None)
                taken[id] = stored
                yield Save(f"approval-used:{id}", {"schema": 1})
        except ApprovalError:
            yield from self.give_back(taken)
            raise

    def give_back(self, known: Mapping[str, JsonObject]) -> Generator[Effect, Answer, None]:
        """Nobody acted on these decisions: they can be sent again."""
        for id, stored in known.items():
            yield Load(f"approval-used:{id}", take=True)
            yield Save(f"approval:{id}", stored)

    def ask(self, request: ApprovalRequest, response_id: str) -> Save:
        """Keep a request, with all that its decision is bound to."""
        kept = stored_request(
            request,
            response_id=response_id,
            server=self._servers.get(request.server_label),
            scope=self._settings.scope,
            expires=self._wall() + self._settings.ttl,
        )
        return Save(f"approval:{request.id}", kept)

    def ask_once(
        self, request: ApprovalRequest, response_id: str
    ) -> Generator[Effect, Answer, None]:
        """`ask`, of a provider's own request; McpIntegrityError where its id stands for another."""
        stored: JsonObject | None = yield Load(f"approval:{request.id}")
        if stored is not None:
            known = request_of({**stored, "id": request.id})
            if known != replace(request, read_only=False, definition=""):
                raise duplicate_request(known, request)
        yield self.ask(request, response_id)

    def asked(self, ids: list[str], response_id: str) -> Save:
        """Keep which requests a response makes."""
        return Save(f"asked:{response_id}", {"schema": 1, "ids": ids})

    def _allow_unknown(self, id: str) -> None:
        if self._settings.strict:
            raise ApprovalUnknown(
                f"The request {id!r} is not known here, and strict_approvals is set. If it came "
                "from another process, give both the same state_store=.",
                approval_request_id=id,
            )

    def _check(
        self,
        id: str,
        stored: JsonObject | None,
        used: bool,
        shown: Mapping[str, Any] | None,
        continues: str | None,
    ) -> None:
        check_decision(
            id,
            stored,
            used=used,
            scope=self._settings.scope,
            servers=self._servers,
            now=self._wall(),
            shown=shown,
            response_id=continues,
        )
