"""Bounded decompression: a small body cannot become a huge one."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from resp_core.errors import LimitError, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Inflater", "inflater"]

_PIECE = 1024 * 1024
#: Text compresses by 5 to 20; a bomb by 1,000. Checked once the output is worth checking.
_RATIO = 250
_RATIO_FROM = 4 * 1024 * 1024


class Inflater:
    """Decodes one gzip or deflate body. `feed` raises LimitError and ProtocolError."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._bits = zlib.MAX_WBITS | (16 if encoding == "gzip" else 0)
        self._stream = zlib.decompressobj(self._bits)
        # Some servers send deflate without its zlib header; its two bytes tell.
        self._header: bytes | None = b"" if encoding == "deflate" else None
        self._limit = limit
        self._in = 0
        self._out = 0

    def feed(self, data: bytes) -> bytes:
        """The decoded bytes of `data`."""
        self._in += len(data)
        if self._header is not None:
            data = self._header + data
            if len(data) < 2:
                self._header = data
                return b""
            self._header = None
            if data[0] & 15 != 8 or int.from_bytes(data[:2]) % 31:
                self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        pieces: list[bytes] = []
        while data:
            if self._stream.eof:  # gzip bodies may be several, one after another
                self._stream = zlib.decompressobj(self._bits)
            piece = self._decode(data)
            self._out += len(piece)
            self._check()
            pieces.append(piece)
            data = self._stream.unconsumed_tail or self._stream.unused_data
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """The end of the body: ProtocolError if the compressed data was cut."""
        if self._in and not self._stream.eof:
            raise ProtocolError("The compressed body ends before its data does.")

    def _decode(self, data: bytes) -> bytes:
        try:
            return self._stream.decompress(data, _PIECE)
        except zlib.error as error:
            raise ProtocolError(f"The compressed body is corrupt: {error}.") from error

    def _check(self) -> None:
        if self._out > self._limit:
            raise LimitError(f"The decoded body is larger than {self._limit} bytes.")
        if self._out > _RATIO_FROM and self._out > self._in * _RATIO:
            raise LimitError(
                f"The body unpacks to over {_RATIO} times its size: refused as a bomb."
            )


class _Plain:
    """Counts an uncompressed body."""

    def __init__(self, limit: int) -> None:
        self._left = self._limit = limit

    def feed(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise LimitError(f"The body is larger than {self._limit} bytes.")
        return data

    def close(self) -> None:
        return


def inflater(encoding: str, limit: int) -> Inflater | _Plain:
    """The decoder for a `content-encoding`; ProtocolError for one that we did not offer."""
    encoding = encoding.strip().lower()
    makers: dict[str, Callable[[], Inflater | _Plain]] = {
        "": lambda: _Plain(limit),
        "identity": lambda: _Plain(limit),
        "gzip": lambda: Inflater("gzip", limit),
        "x-gzip": lambda: Inflater("gzip", limit),
        "deflate": lambda: Inflater("deflate", limit),
    }
    if encoding not in makers:
        raise ProtocolError(f"The body is encoded as {encoding!r}, which was not asked for.")
    return makers[encoding]()
