"""Lists in pages: one page is an answer like any other, and leads to those after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from resp_core.client.obj import Obj, Result
from resp_core.errors import ArgumentError, ProtocolError
from resp_core.wire.shape import objects

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
    from typing import Self

    from resp_core.client.carrier import AsyncCarrier
    from resp_core.client.plan import Plan
    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["AsyncPage", "AsyncPages", "Page"]


class _Paged(Result):
    """`data` and, where there is more, the way on."""

    __slots__ = ("_turn",)

    def __init__(
        self, value: JsonObject, record: CallRecord | None, turn: Callable[[str], Any]
    ) -> None:
        super().__init__(value, record)
        object.__setattr__(self, "_turn", turn)

    def has_next_page(self) -> bool:
        """Whether the server says that there is more."""
        return _last_id(self) is not None

    def __reduce__(self) -> tuple[Any, ...]:
        return Result, (self.model_dump(),)


class Page(_Paged):
    """One page of a list: `data`, `has_more`, `last_id`. Iterating gives the entries of this
    page and of all after it, which are fetched as they are needed.
    """

    __slots__ = ()

    def __iter__(self) -> Iterator[Obj]:  # type: ignore[override]
        for page in self.iter_pages():
            yield from page.data or ()

    def iter_pages(self) -> Iterator[Self]:
        """This page and those after it."""
        page = self
        while True:
            yield page
            if not page.has_next_page():
                return
            page = page.get_next_page()

    def get_next_page(self) -> Self:
        """The page after this one. Raises ArgumentError where there is none."""
        last, turn = _way_on(self)
        return cast("Self", _moved_on(turn(last), last))


class AsyncPage(_Paged):
    """The same, read with `async for`."""

    __slots__ = ()

    async def __aiter__(self) -> AsyncIterator[Obj]:
        async for page in self.iter_pages():
            for entry in page.data or ():
                yield entry

    async def iter_pages(self) -> AsyncIterator[Self]:
        """This page and those after it."""
        page = self
        while True:
            yield page
            if not page.has_next_page():
                return
            page = await page.get_next_page()

    async def get_next_page(self) -> Self:
        """The page after this one. Raises ArgumentError where there is none."""
        last, turn = _way_on(self)
        return cast("Self", _moved_on(await turn(last), last))


class AsyncPages:
    """A list that has been asked for: `await` gives its first page, `async for` all entries."""

    def __init__(self, client: AsyncCarrier, plan: Plan) -> None:
        self._client = client
        self._plan = plan

    def __await__(self) -> Generator[Any, None, AsyncPage]:
        first: Awaitable[AsyncPage] = self._client.answer(self._plan)
        return first.__await__()

    async def __aiter__(self) -> AsyncIterator[Obj]:
        async for entry in await self:
            yield entry


def _last_id(page: JsonObject) -> str | None:
    """The id after which the next page begins; None where this one is the last."""
    if not page.get("has_more"):
        return None
    entries = objects(page.get("data"))
    last = page.get("last_id") or (entries[-1].get("id") if entries else None)
    return last if isinstance(last, str) else None


def _way_on(page: _Paged) -> tuple[str, Callable[[str], Any]]:
    last = _last_id(page)
    if last is None:
        raise ArgumentError("This is the last page: has_next_page() says so.", param="after")
    return last, object.__getattribute__(page, "_turn")


def _moved_on(page: JsonObject, last: str) -> JsonObject:
    """`page`, if it is another than the one that ended with `last`."""
    if _last_id(page) == last:
        raise ProtocolError(f"The server gave the page that ends with {last!r} twice.")
    return page
