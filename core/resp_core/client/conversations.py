"""`client.conversations`: stored conversations and their items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Unpack

from resp_core.client import plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from resp_core.client.async_client import AsyncClient
    from resp_core.client.obj import Result
    from resp_core.client.params import CallOptions
    from resp_core.client.sync_client import Client

__all__ = ["AsyncConversationItems", "AsyncConversations", "ConversationItems", "Conversations"]


class Conversations:
    """Conversations that the provider stores; pass an id as `conversation=` to a response."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def items(self) -> ConversationItems:
        """The items of a conversation."""
        return ConversationItems(self._client)

    def create(
        self,
        *,
        items: Iterable[Mapping[str, Any]] | None = None,
        metadata: Mapping[str, str] | None = None,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """A new conversation."""
        body = {"items": None if items is None else [*items], "metadata": metadata}
        return self._client.answer(
            plan.operation("conversations", options, body=plan.without_none(body), model=model)
        )

    def retrieve(
        self, conversation_id: str, *, model: str | None = None, **options: Unpack[CallOptions]
    ) -> Result:
        """A conversation, without its items."""
        return self._client.answer(
            plan.operation(
                "conversations.retrieve", options, ids=(conversation_id,), stored=True, model=model
            )
        )

    def update(
        self,
        conversation_id: str,
        *,
        metadata: Mapping[str, str],
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """Change the metadata."""
        return self._client.answer(
            plan.operation(
                "conversations.update",
                options,
                ids=(conversation_id,),
                stored=True,
                body={"metadata": metadata},
                model=model,
            )
        )

    def delete(
        self, conversation_id: str, *, model: str | None = None, **options: Unpack[CallOptions]
    ) -> Result:
        """Delete a conversation; its items stay."""
        return self._client.answer(
            plan.operation(
                "conversations.delete", options, ids=(conversation_id,), stored=True, model=model
            )
        )


class ConversationItems:
    """`client.conversations.items`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(
        self,
        conversation_id: str,
        *,
        items: Iterable[Mapping[str, Any]],
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """Add items at the end."""
        return self._client.answer(
            plan.operation(
                "conversations.items.create",
                options,
                ids=(conversation_id,),
                stored=True,
                body={"items": [*items]},
                model=model,
            )
        )

    def list(
        self,
        conversation_id: str,
        *,
        after: str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        include: Sequence[str] | None = None,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """One page of items."""
        query = {"after": after, "limit": limit, "order": order, "include": include}
        return self._client.answer(
            plan.operation(
                "conversations.items",
                options,
                ids=(conversation_id,),
                stored=True,
                query=query,
                model=model,
            )
        )

    def retrieve(
        self,
        item_id: str,
        *,
        conversation_id: str,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """One item."""
        return self._client.answer(
            plan.operation(
                "conversations.items.retrieve",
                options,
                ids=(conversation_id, item_id),
                stored=True,
                model=model,
            )
        )

    def delete(
        self,
        item_id: str,
        *,
        conversation_id: str,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """Take one item out."""
        return self._client.answer(
            plan.operation(
                "conversations.items.delete",
                options,
                ids=(conversation_id, item_id),
                stored=True,
                model=model,
            )
        )


class AsyncConversations:
    """AsyncConversations that the provider stores; pass an id as `conversation=` to a response."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @property
    def items(self) -> AsyncConversationItems:
        """The items of a conversation."""
        return AsyncConversationItems(self._client)

    async def create(
        self,
        *,
        items: Iterable[Mapping[str, Any]] | None = None,
        metadata: Mapping[str, str] | None = None,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """A new conversation."""
        body = {"items": None if items is None else [*items], "metadata": metadata}
        return await self._client.answer(
            plan.operation("conversations", options, body=plan.without_none(body), model=model)
        )

    async def retrieve(
        self, conversation_id: str, *, model: str | None = None, **options: Unpack[CallOptions]
    ) -> Result:
        """A conversation, without its items."""
        return await self._client.answer(
            plan.operation(
                "conversations.retrieve", options, ids=(conversation_id,), stored=True, model=model
            )
        )

    async def update(
        self,
        conversation_id: str,
        *,
        metadata: Mapping[str, str],
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """Change the metadata."""
        return await self._client.answer(
            plan.operation(
                "conversations.update",
                options,
                ids=(conversation_id,),
                stored=True,
                body={"metadata": metadata},
                model=model,
            )
        )

    async def delete(
        self, conversation_id: str, *, model: str | None = None, **options: Unpack[CallOptions]
    ) -> Result:
        """Delete a conversation; its items stay."""
        return await self._client.answer(
            plan.operation(
                "conversations.delete", options, ids=(conversation_id,), stored=True, model=model
            )
        )


class AsyncConversationItems:
    """`client.conversations.items`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def create(
        self,
        conversation_id: str,
        *,
        items: Iterable[Mapping[str, Any]],
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """Add items at the end."""
        return await self._client.answer(
            plan.operation(
                "conversations.items.create",
                options,
                ids=(conversation_id,),
                stored=True,
                body={"items": [*items]},
                model=model,
            )
        )

    async def list(
        self,
        conversation_id: str,
        *,
        after: str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        include: Sequence[str] | None = None,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """One page of items."""
        query = {"after": after, "limit": limit, "order": order, "include": include}
        return await self._client.answer(
            plan.operation(
                "conversations.items",
                options,
                ids=(conversation_id,),
                stored=True,
                query=query,
                model=model,
            )
        )

    async def retrieve(
        self,
        item_id: str,
        *,
        conversation_id: str,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """One item."""
        return await self._client.answer(
            plan.operation(
                "conversations.items.retrieve",
                options,
                ids=(conversation_id, item_id),
                stored=True,
                model=model,
            )
        )

    async def delete(
        self,
        item_id: str,
        *,
        conversation_id: str,
        model: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Result:
        """Take one item out."""
        return await self._client.answer(
            plan.operation(
                "conversations.items.delete",
                options,
                ids=(conversation_id, item_id),
                stored=True,
                model=model,
            )
        )
