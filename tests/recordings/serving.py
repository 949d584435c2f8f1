"""Recorded answers served again: from inside a client, and by a server on loopback."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tests.recordings.corpus import Exchange

#: Names the exchange, and how its bytes are cut, to the loopback server.
RECORDING = "x-recording"
CUTS = "x-cuts"


def split(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """`data` cut at the given places."""
    places = [0, *sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)]
    return [data[start:end] for start, end in pairwise(places) if start < end]


def random_cuts(data: bytes, seed: str) -> list[int]:
    """Three places to cut at, the same for the same seed."""
    draw = random.Random(seed)
    return [draw.randrange(len(data)) for _ in range(3)] if data else []


def headers_of(exchange: Exchange) -> dict[str, str]:
    """The recorded headers; a content type where the recorder left it out."""
    kind = "text/event-stream" if exchange.streamed else "application/json"
    return {"content-type": kind, **exchange.headers}


class _Pieces(httpx2.SyncByteStream):
    def __init__(self, pieces: Sequence[bytes], error: Exception | None) -> None:
        self._pieces = pieces
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        if self._error is not None:
            raise self._error


class Replay(httpx2.BaseTransport):
    """Answers the next request with `exchange`, in `pieces`; `sent` is what was asked.

    `error` is raised after the pieces, as a connection that breaks off.
    """

    def __init__(self) -> None:
        self.sent: httpx2.Request | None = None
        self._exchange: Exchange | None = None
        self._pieces: Sequence[bytes] = ()
        self._error: Exception | None = None

    def next(
        self,
        exchange: Exchange,
        pieces: Sequence[bytes] | None = None,
        error: Exception | None = None,
    ) -> None:
        """Set the next answer; without `pieces`, event by event."""
        whole = exchange.pieces if exchange.streamed else (exchange.content,)
        self._exchange, self._pieces = exchange, whole if pieces is None else pieces
        self._error = error
        self.sent = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert self._exchange is not None
        assert self.sent is None, "the client asked twice"
        request.read()
        self.sent = request
        return httpx2.Response(
            self._exchange.status,
            headers=headers_of(self._exchange),
            stream=_Pieces(self._pieces, self._error),
        )


class Loopback:
    """A server of recorded answers: `base_url` of a recording with this server's address."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._by_name = {exchange.name: exchange for exchange in exchanges}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.served = 0

    def base_url(self, exchange: Exchange) -> str:
        parts = urlsplit(exchange.base_url)
        return f"{self.address}{parts.path}{'?' + parts.query if parts.query else ''}"

    def start(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(connection)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        buffer = b""
        try:
            while True:
                while b"\r\n\r\n" not in buffer:
                    data = connection.recv(1 << 16)
                    if not data:
                        return
                    buffer += data
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                asked = dict(_header(line) for line in head.decode("latin-1").split("\r\n")[1:])
                length = int(asked.get("content-length", 0))
                while len(buffer) < length:
                    buffer += connection.recv(1 << 16)
                buffer = buffer[length:]
                self._answer(connection, asked)
        except OSError:
            return
        finally:
            connection.close()

    def _answer(self, connection: socket.socket, asked: dict[str, str]) -> None:
        exchange = self._by_name[asked[RECORDING]]
        self.served += 1
        headers = {**headers_of(exchange), "transfer-encoding": "chunked"}
        head = f"HTTP/1.1 {exchange.status} Recorded\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        connection.sendall(head.encode("latin-1", "replace") + b"\r\n")
        cuts = [int(place) for place in asked.get(CUTS, "").split(",") if place]
        frames = [b"%x\r\n%b\r\n" % (len(p), p) for p in split(exchange.body, cuts)]
        if cuts:  # one segment each, so that they arrive apart
            for frame in frames:
                connection.sendall(frame)
            frames = []
        connection.sendall(b"".join(frames) + b"0\r\n\r\n")


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


@contextmanager
def loopback(exchanges: Sequence[Exchange]) -> Iterator[Loopback]:
    """A running server."""
    server = Loopback(exchanges)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def sent_json(request: Any) -> Any:
    """The JSON that was sent."""
    import orjson

    content = request.content
    return orjson.loads(content) if content else None
