"""Fewer and larger pieces on a connection: of the answers that are read, of the requests written.

`Rechunker` merges the chunks of a chunked HTTP/1.1 answer that have arrived together into one.

Streaming servers send one HTTP chunk for each event, and the HTTP layer above spends more on a
chunk than we do on the event in it. What has arrived with one read is therefore handed on as one
chunk: the same bytes, the same end, fewer frames. Nothing is held back but a frame's own broken
digits. What is not well formed is handed on as it came, for the HTTP layer to refuse.
"""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["Joiner", "Rechunker"]

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]*)?\r\n")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
_HEAD_BYTES = 64 * 1024
_LINE_BYTES = 1024


class Rechunker:
    """The bytes of one connection's answers, read after read."""

    __slots__ = ("_held", "_left", "_state")

    def __init__(self) -> None:
        self._held = b""
        self._left = 0
        self._state: Literal["head", "chunks", "as is"] = "head"

    def begin(self) -> None:
        """A request is being sent: what comes next is the head of its answer."""
        self._held = b""
        self._left = 0
        self._state = "head"

    def feed(self, data: bytes) -> bytes:
        """What to hand on for `data`; b"" when it was only part of a frame."""
        if self._state == "chunks":
            return self._merge(data)
        if self._state == "head":
            return self._head(data)
        return data

    def _head(self, data: bytes) -> bytes:
        """Hand the head on as it comes; find where it ends and what follows it."""
        head = self._held + data
        end = head.find(b"\r\n\r\n")
        while end >= 0 and head.startswith(b"HTTP/1.1 1") and not head.startswith(b"101", 9):
            head = head[end + 4 :]  # an interim answer: the real one follows
            end = head.find(b"\r\n\r\n")
        if end < 0:
            self._held = head
            if len(head) > _HEAD_BYTES:
                self._state = "as is"
            return data
        self._held = b""
        if not (head.startswith(b"HTTP/1.1 2") and _CHUNKED.search(head, 0, end + 2)):
            self._state = "as is"
            return data
        self._state = "chunks"
        body = head[end + 4 :]
        return data[: len(data) - len(body)] + self._merge(body)

    def _merge(self, data: bytes) -> bytes:
        if self._held:
            data = self._held + data
            self._held = b""
        pieces: list[bytes] = []
        at = self._open_chunk(data, pieces) if self._left else 0
        size = len(data)
        while 0 <= at < size:
            frame = _SIZE.match(data, at)
            if frame is None:
                if b"\r\n" not in data[at:] and size - at < _LINE_BYTES:
                    self._held = data[at:]  # the size itself was cut
                    return _framed(pieces)
                break
            start = frame.end()
            length = int(frame[1], 16)
            stop = start + length
            if length == 0 or (stop + 2 <= size and data[stop : stop + 2] != b"\r\n"):
                break  # the end, or damage: for the HTTP layer to see as it is
            if stop + 2 > size:
                self._left = length + 2
                at = self._open_chunk(data, pieces, start)
            else:
                pieces.append(data[start:stop])
                at = stop + 2
        if at >= size:
            return _framed(pieces)
        self._state = "as is"
        # What was handed on of a chunk has its line end already: an empty size refuses the rest.
        return _framed(pieces) + (b"\r\n" + data if at < 0 else data[at:])

    def _open_chunk(self, data: bytes, pieces: list[bytes], at: int = 0) -> int:
        """Take what `data` has, from `at`, of the chunk that is open; where that ends.

        `_left` counts the line end after the chunk too. -1 when that is something else.
        """
        payload = data[at : at + max(self._left - 2, 0)]
        if payload:
            pieces.append(payload)
            at += len(payload)
            self._left -= len(payload)
        if self._left > 2:
            return at
        end = data[at : at + 2]
        if end == b"\r\n":
            self._left = 0
            return at + 2
        if not b"\r\n".startswith(end):
            return -1
        self._held = end
        return len(data)


def _framed(pieces: list[bytes]) -> bytes:
    payload = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return b"%x\r\n%b\r\n" % (len(payload), payload) if payload else b""


class Joiner:
    """Joins the head of a request with the body after it, so that they leave with one write.

    The HTTP layer writes the head, then the body, and b"" where the request ends.
    """

    __slots__ = ("_head",)

    def __init__(self) -> None:
        self._head = b""

    def feed(self, data: bytes) -> bytes:
        """What to write now; b"" where that is nothing yet."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.endswith(b"\r\n\r\n") and b" HTTP/1.1\r\n" in data:
            self._head, data = data, b""
        return data
