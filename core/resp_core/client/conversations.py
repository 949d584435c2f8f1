"""`client.conversations`: stored conversations and their items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from resp_core.client import plan
from resp_core.client.pages import AsyncPages, Page
from resp_core.client.params import (
    ConversationParams,
    ItemParams,
    ListParams,
    ModelOptions,
    NewItemParams,
)
from resp_core.client.raw import AsyncRawView, RawConversationItems, RawConversations, RawView

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from resp_core.client.carrier import AsyncCarrier, Carrier
    from resp_core.client.obj import Result
    from resp_core.client.raw import RawAnswer
    from resp_core.route.deployment import Operation

__all__ = ["AsyncConversationItems", "AsyncConversations", "ConversationItems", "Conversations"]


class Conversations:
    """Conversations that the provider stores; pass an id as `conversation=` to a response."""

    def __init__(self, client: Carrier) -> None:
        self._client = client

    @property
    def items(self) -> ConversationItems:
        """The items of a conversation."""
        return ConversationItems(self._client)

    @property
    def with_raw_response(self) -> RawConversations[RawAnswer]:
        """The same methods, answering with status, headers and the parsed result."""
        return RawConversations(Conversations(RawView(self._client)))

    def create(self, **params: Unpack[ConversationParams]) -> Result:
        """A new conversation."""
        return self._client.answer(plan.operation("conversations", params, ConversationParams))

    def retrieve(self, conversation_id: str, **params: Unpack[ModelOptions]) -> Result:
        """A conversation, without its items."""
        return self._client.answer(_plan("conversations.retrieve", params, conversation_id))

    def update(
        self, conversation_id: str, *, metadata: Mapping[str, str], **params: Unpack[ModelOptions]
    ) -> Result:
        """Change the metadata."""
        given = {**params, "metadata": metadata}
        return self._client.answer(_plan("conversations.update", given, conversation_id))

    def delete(self, conversation_id: str, **params: Unpack[ModelOptions]) -> Result:
        """Delete a conversation; its items stay."""
        return self._client.answer(_plan("conversations.delete", params, conversation_id))


class ConversationItems:
    """`client.conversations.items`."""

    def __init__(self, client: Carrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawConversationItems[RawAnswer]:
        """The same methods, answering with status, headers and the parsed result."""
        return RawConversationItems(ConversationItems(RawView(self._client)))

    def create(
        self,
        conversation_id: str,
        *,
        items: Iterable[Mapping[str, Any]],
        **params: Unpack[ItemParams],
    ) -> Result:
        """Add items at the end."""
        given = {**params, "items": items}
        return self._client.answer(_plan("conversations.items.create", given, conversation_id))

    def list(self, conversation_id: str, **params: Unpack[ListParams]) -> Page:
        """The items of a conversation, newest first by default, a page at a time."""
        return self._client.answer(_page(params, conversation_id))

    def retrieve(
        self, item_id: str, *, conversation_id: str, **params: Unpack[ItemParams]
    ) -> Result:
        """One item."""
        ids = conversation_id, item_id
        return self._client.answer(_plan("conversations.items.retrieve", params, *ids))

    def delete(
        self, item_id: str, *, conversation_id: str, **params: Unpack[ModelOptions]
    ) -> Result:
        """Take one item out."""
        ids = conversation_id, item_id
        return self._client.answer(_plan("conversations.items.delete", params, *ids))


class AsyncConversations:
    """Conversations that the provider stores; pass an id as `conversation=` to a response."""

    def __init__(self, client: AsyncCarrier) -> None:
        self._client = client

    @property
    def items(self) -> AsyncConversationItems:
        """The items of a conversation."""
        return AsyncConversationItems(self._client)

    @property
    def with_raw_response(self) -> RawConversations[Awaitable[RawAnswer]]:
        """The same methods, answering with status, headers and the parsed result."""
        return RawConversations(AsyncConversations(AsyncRawView(self._client)))

    async def create(self, **params: Unpack[ConversationParams]) -> Result:
        """A new conversation."""
        return await self._client.answer(
            plan.operation("conversations", params, ConversationParams)
        )

    async def retrieve(self, conversation_id: str, **params: Unpack[ModelOptions]) -> Result:
        """A conversation, without its items."""
        return await self._client.answer(_plan("conversations.retrieve", params, conversation_id))

    async def update(
        self, conversation_id: str, *, metadata: Mapping[str, str], **params: Unpack[ModelOptions]
    ) -> Result:
        """Change the metadata."""
        given = {**params, "metadata": metadata}
        return await self._client.answer(_plan("conversations.update", given, conversation_id))

    async def delete(self, conversation_id: str, **params: Unpack[ModelOptions]) -> Result:
        """Delete a conversation; its items stay."""
        return await self._client.answer(_plan("conversations.delete", params, conversation_id))


class AsyncConversationItems:
    """`client.conversations.items`."""

    def __init__(self, client: AsyncCarrier) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawConversationItems[Awaitable[RawAnswer]]:
        """The same methods, answering with status, headers and the parsed result."""
        return RawConversationItems(AsyncConversationItems(AsyncRawView(self._client)))

    async def create(
        self,
        conversation_id: str,
        *,
        items: Iterable[Mapping[str, Any]],
        **params: Unpack[ItemParams],
    ) -> Result:
        """Add items at the end."""
        given = {**params, "items": items}
        return await self._client.answer(
            _plan("conversations.items.create", given, conversation_id)
        )

    def list(self, conversation_id: str, **params: Unpack[ListParams]) -> AsyncPages:
        """The items of a conversation, newest first by default: `await` gives the first page,
        `async for` all of them."""
        return AsyncPages(self._client, _page(params, conversation_id))

    async def retrieve(
        self, item_id: str, *, conversation_id: str, **params: Unpack[ItemParams]
    ) -> Result:
        """One item."""
        ids = conversation_id, item_id
        return await self._client.answer(_plan("conversations.items.retrieve", params, *ids))

    async def delete(
        self, item_id: str, *, conversation_id: str, **params: Unpack[ModelOptions]
    ) -> Result:
        """Take one item out."""
        ids = conversation_id, item_id
        return await self._client.answer(_plan("conversations.items.delete", params, *ids))


#: The parameters of each operation that differ from `ModelOptions`.
_KINDS: Mapping[Operation, Any] = {
    "conversations.update": ConversationParams,
    "conversations.items.create": NewItemParams,
    "conversations.items.retrieve": ItemParams,
}


def _plan(name: Operation, params: Mapping[str, Any], *ids: str) -> plan.Plan:
    return plan.operation(name, params, _KINDS.get(name, ModelOptions), ids=ids)


def _page(params: Mapping[str, Any], conversation_id: str) -> plan.Plan:
    return plan.page("conversations.items", params, ListParams, (conversation_id,))
