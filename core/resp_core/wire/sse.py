"""Server-sent events: bytes in at any split, (event name, data) pairs out.

Parsing follows the WHATWG rules: lines end in LF, CRLF or CR; a byte-order mark is skipped;
comments are ignored; several `data` lines join with a line feed; an event
without data is not dispatched; what the last blank line does not close is not dispatched.
"""

from __future__ import annotations

from resp_core.errors import LimitError

__all__ = ["SseDecoder"]

_BOM = b"\xef\xbb\xbf"


class SseDecoder:
    """Incremental decoder. `limit` caps one event in bytes (LimitError)."""

    __slots__ = ("_buffer", "_carry", "_limit", "_started", "last_id", "retry")

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._buffer = bytearray()
        self._carry = False  # the last byte was a CR: a LF right after it belongs to it
        self._limit = limit
        self._started = False
        self.last_id = b""  # of the last event that had one, to resume after it
        self.retry: int | None = None  # milliseconds to wait before that, if the server says so

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Take the next bytes; return the events that they complete."""
        if self._carry or b"\r" in data:
            data = self._line_feeds(data)
        buffer = self._buffer
        # Only the new bytes, and the one before them, can hold a new blank line.
        start = max(len(buffer) - 1, 0)
        buffer += data
        end = buffer.rfind(b"\n\n", start)
        if end < 0:
            if len(buffer) > self._limit:
                raise LimitError(f"One event of the stream is larger than {self._limit} bytes.")
            return []
        whole = bytes(buffer[:end])
        del buffer[: end + 2]
        if not self._started:
            self._started = True
            whole = whole.removeprefix(_BOM)
        events: list[tuple[bytes, bytes]] = []
        for block in whole.split(b"\n\n"):
            event = self._parse(block)
            if event is not None:
                events.append(event)
        return events

    def pending(self) -> bool:
        """Whether bytes are left that no blank line has closed."""
        return bool(self._buffer.strip())

    def _line_feeds(self, data: bytes) -> bytes:
        if self._carry and data[:1] == b"\n":
            data = data[1:]
        if data:
            self._carry = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def close(self) -> list[tuple[bytes, bytes]]:
        """The end of the bytes: what no blank line closed is not an event."""
        return []

    def _parse(self, block: bytes) -> tuple[bytes, bytes] | None:
        if block[:6] == b"data: " and b"\n" not in block:
            return b"", block[6:]
        if block[:7] == b"event: ":
            name, _, rest = block[7:].partition(b"\n")
            if rest[:6] == b"data: " and b"\n" not in rest:
                return name, rest[6:]
        return self._parse_lines(block)

    def _parse_lines(self, block: bytes) -> tuple[bytes, bytes] | None:
        name = b""
        data: list[bytes] = []
        for line in block.split(b"\n"):
            field, _, value = line.partition(b":")
            value = value[1:] if value[:1] == b" " else value
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value
            elif field == b"id" and b"\0" not in value:
                self.last_id = value
            elif field == b"retry" and value.isdigit():
                self.retry = int(value[:9])
        return (name, b"\n".join(data)) if data and any(data) else None
