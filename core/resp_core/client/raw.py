"""`with_raw_response`: the answer with its HTTP side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.client import plan
from resp_core.client.obj import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.client.async_client import AsyncClient
    from resp_core.client.sync_client import Client
    from resp_core.drive import Flow

__all__ = [
    "AsyncRawCompletions",
    "AsyncRawResponses",
    "RawAnswer",
    "RawCompletions",
    "RawResponses",
]


class RawAnswer:
    """`status_code`, `headers` (lower case), `request_id`, and `parse()` for the result."""

    def __init__(self, call: Flow) -> None:
        opened = call.opened
        self.status_code = 0 if opened is None else opened.status
        self.headers: Mapping[str, str] = {} if opened is None else opened.headers
        self.request_id = None if call.record is None else call.record.request_id
        self._call = call

    def parse(self) -> Result:
        """The result, as the plain method returns it."""
        return Result(self._call.result or {}, self._call.record)


class RawResponses:
    """`client.responses.with_raw_response`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, **params: Any) -> RawAnswer:
        """As `responses.create`, not streamed."""
        return self._finish(plan.response_turn(params, False, self._client.on_unsupported))

    def retrieve(self, response_id: str, *, model: str | None = None, **options: Any) -> RawAnswer:
        """As `responses.retrieve`."""
        return self._finish(_stored("responses.retrieve", response_id, model, options))

    def delete(self, response_id: str, *, model: str | None = None, **options: Any) -> RawAnswer:
        """As `responses.delete`."""
        return self._finish(_stored("responses.delete", response_id, model, options))

    def cancel(self, response_id: str, *, model: str | None = None, **options: Any) -> RawAnswer:
        """As `responses.cancel`."""
        return self._finish(_stored("responses.cancel", response_id, model, options))

    def _finish(self, planned: plan.Plan) -> RawAnswer:
        call = self._client.call_for(planned)
        self._client.finish(call)
        return RawAnswer(call)


class RawCompletions(RawResponses):
    """`client.chat.completions.with_raw_response`."""

    def create(self, **params: Any) -> RawAnswer:
        """As `chat.completions.create`, not streamed."""
        return self._finish(plan.chat_turn(params, False, self._client.on_unsupported))


class AsyncRawResponses:
    """`client.responses.with_raw_response`, awaited."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def create(self, **params: Any) -> RawAnswer:
        """As `responses.create`, not streamed."""
        return await self._finish(plan.response_turn(params, False, self._client.on_unsupported))

    async def retrieve(
        self, response_id: str, *, model: str | None = None, **options: Any
    ) -> RawAnswer:
        """As `responses.retrieve`."""
        return await self._finish(_stored("responses.retrieve", response_id, model, options))

    async def delete(
        self, response_id: str, *, model: str | None = None, **options: Any
    ) -> RawAnswer:
        """As `responses.delete`."""
        return await self._finish(_stored("responses.delete", response_id, model, options))

    async def cancel(
        self, response_id: str, *, model: str | None = None, **options: Any
    ) -> RawAnswer:
        """As `responses.cancel`."""
        return await self._finish(_stored("responses.cancel", response_id, model, options))

    async def _finish(self, planned: plan.Plan) -> RawAnswer:
        call = self._client.call_for(planned)
        await self._client.finish(call)
        return RawAnswer(call)


class AsyncRawCompletions(AsyncRawResponses):
    """`client.chat.completions.with_raw_response`, awaited."""

    async def create(self, **params: Any) -> RawAnswer:
        """As `chat.completions.create`, not streamed."""
        return await self._finish(plan.chat_turn(params, False, self._client.on_unsupported))


def _stored(name: Any, id: str, model: str | None, options: Mapping[str, Any]) -> plan.Plan:
    return plan.operation(name, options, ids=(id,), stored=True, model=model)
