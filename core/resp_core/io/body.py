"""Open answers, as the transports give them: status, headers, then raw bytes piece by piece."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

__all__ = ["AsyncBody", "Body", "Line"]


_BOTH_WAYS = 2  # socket.SHUT_RDWR, without importing socket for it


class Line:
    """The connection that a blocking call reads from now; another thread may cut it.

    `stream` is a network stream of httpcore's kind, or None while there is none.
    """

    __slots__ = ("is_cut", "stream")

    def __init__(self) -> None:
        self.stream: Any = None
        self.is_cut = False

    def cut(self) -> None:
        """End the connection under a read that waits, and let every later read fail."""
        self.is_cut = True
        stream = self.stream
        found = None if stream is None else stream.get_extra_info("socket")
        if found is not None:
            with contextlib.suppress(OSError):
                found.shutdown(_BOTH_WAYS)


class Body:
    """An open answer: status, headers, then raw bytes piece by piece.

    `hurry(seconds)` lets the rest of the body take no longer than that; None where that cannot
    be done, or where nothing is gained by reading to the end.
    """

    __slots__ = ("_close", "headers", "hurry", "pieces", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        pieces: Iterator[bytes],
        close: Callable[[], None],
        hurry: Callable[[float], None] | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.pieces = pieces
        self.hurry = hurry
        self._close = close

    def close(self) -> None:
        """Give the connection back, or end it if the body was not read to its end."""
        self._close()


class AsyncBody:
    """An open answer, awaited."""

    __slots__ = ("_close", "headers", "pieces", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        pieces: AsyncIterator[bytes],
        close: Callable[[], Any],
    ) -> None:
        self.status = status
        self.headers = headers
        self.pieces = pieces
        self._close = close

    async def close(self) -> None:
        """Give the connection back, or end it if the body was not read to its end."""
        await self._close()
