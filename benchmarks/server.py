"""The loopback server: prebuilt bytes over a minimal asyncio HTTP/1.1 protocol.

`python -m benchmarks.server` prints its port and serves until its standard input closes.
Nothing is encoded while a client is measured: a request costs a search for the end of its head,
a look at its length and one write.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from functools import lru_cache
from typing import Any, NamedTuple

from benchmarks import payloads

__all__ = ["main"]

_LENGTH = re.compile(rb"\r\ncontent-length:[ ]*(\d+)", re.IGNORECASE)
_SHAPE = re.compile(rb"/n(\d+)\.d(\d+)\.p(\d+)/")
_STREAM = re.compile(rb'"stream":\s*true')
_HEADERS = b"x-request-id: req_bench\r\nopenai-processing-ms: 10\r\n"
_JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + _HEADERS
_SSE_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    + _HEADERS
    + b"transfer-encoding: chunked\r\n\r\n"
)


class Shape(NamedTuple):
    """What a URL asks for: text deltas, milliseconds of delay, microseconds between events."""

    events: int
    delay: int
    pace: int


class Counts:
    """What the server has seen since it started."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests = 0
        self.events = 0


@lru_cache(maxsize=256)
def _shape(path: bytes) -> Shape:
    match = _SHAPE.search(path)
    return Shape(*map(int, match.groups())) if match else Shape(2000, 0, 0)


@lru_cache(maxsize=8)
def _template(chat: bool) -> tuple[bytes, bytes]:
    """A plain answer, without the end of its id."""
    body = payloads.chat_body() if chat else payloads.responses_body()
    whole = _JSON_HEAD + b"content-length: %d\r\n\r\n" % len(body) + body
    end = whole.index(b'",', whole.index(b'"id": "'))
    return whole[: end - 12], whole[end:]


def _plain(chat: bool, number: int) -> bytes:
    """A plain answer with an id of its own, so that a client that keeps ids is seen to grow."""
    start, end = _template(chat)
    return b"%b%012x%b" % (start, number, end)


@lru_cache(maxsize=16)
def _chunks(chat: bool, count: int) -> list[bytes]:
    """One HTTP chunk per event, as real servers send them; the last one ends the body."""
    events = payloads.chat_events(count) if chat else payloads.responses_events(count)
    return [b"%x\r\n" % len(event) + event + b"\r\n" for event in events] + [b"0\r\n\r\n"]


@lru_cache(maxsize=16)
def _streamed(chat: bool, count: int) -> bytes:
    return _SSE_HEAD + b"".join(_chunks(chat, count))


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._counts.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        while (end := buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(buffer, 0, end)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(buffer) < total:
                break
            self._answer(buffer[: buffer.find(b"\r\n")], buffer, end, total)
            buffer = buffer[total:]
        self._buffer = buffer

    def _answer(self, line: bytes, buffer: bytes, start: int, end: int) -> None:
        if line.startswith(b"GET /stats"):
            self._write(_stats(self._counts))
            return
        self._counts.requests += 1
        chat = b"/chat/" in line
        shape = _shape(line)
        if not _STREAM.search(buffer, start, end):
            self._after(shape.delay, _plain(chat, self._counts.requests))
        elif shape.pace:
            self._loop.create_task(self._paced(chat, shape))
        else:
            self._counts.events += shape.events
            self._after(shape.delay, _streamed(chat, shape.events))

    def _after(self, milliseconds: int, data: bytes) -> None:
        if milliseconds:
            self._loop.call_later(milliseconds / 1000, self._write, data)
        else:
            self._write(data)

    async def _paced(self, chat: bool, shape: Shape) -> None:
        self._write(_SSE_HEAD)
        start = time.perf_counter()
        for number, chunk in enumerate(_chunks(chat, shape.events), 1):
            self._write(chunk)
            wait = start + number * shape.pace / 1e6 - time.perf_counter()
            await asyncio.sleep(max(wait, 0))

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def _stats(counts: Counts) -> bytes:
    stats: dict[str, Any] = {**vars(counts), "cpu": time.process_time()}
    body = json.dumps(stats).encode()
    return _JSON_HEAD + b"content-length: %d\r\n\r\n" % len(body) + body


async def _serve() -> None:
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(counts), "127.0.0.1", 0, backlog=1024)
    for chat in (False, True):
        _template(chat)
        for count in (2000, 20000):
            _streamed(chat, count)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serve until standard input is closed."""
    asyncio.run(_serve())


if __name__ == "__main__":
    main()
