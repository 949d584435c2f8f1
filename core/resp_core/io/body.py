"""Open answers, as the transports give them: status, headers, then raw bytes piece by piece."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

__all__ = ["AsyncBody", "Body"]


_BOTH_WAYS = 2  # socket.SHUT_RDWR, without importing socket for it


class Body:
    """An open answer: status, headers, then raw bytes piece by piece."""

    __slots__ = ("_close", "_socket", "headers", "pieces", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        pieces: Iterator[bytes],
        close: Callable[[], None],
        find_socket: Callable[[], Any] | None = None,
    ) -> None:
        self._socket = find_socket
        self.status = status
        self.headers = headers
        self.pieces = pieces
        self._close = close

    def close(self) -> None:
        """Give the connection back, or end it if the body was not read to its end."""
        self._close()

    def interrupt(self) -> None:
        """End the connection under a read that another thread is waiting in."""
        found = None if self._socket is None else self._socket()
        if found is not None:
            with contextlib.suppress(OSError):
                found.shutdown(_BOTH_WAYS)


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
