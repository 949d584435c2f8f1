"""Shows that the server is not the bottleneck: its rate and its CPU with the cheapest client."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.processes import Server

__all__ = ["check_server"]

_BODY = b'{"model":"gpt-5.4-mini","input":"Say something about the sea."}'
_STREAMED = b'{"model":"gpt-5.4-mini","input":"Say something about the sea.","stream":true}'


def _request(body: bytes) -> bytes:
    head = b"POST /n20000.d0.p0/v1/responses HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


def check_server(server: Server) -> dict[str, float]:
    """Calls/s pipelined and one by one, events/s, and the server's CPU µs for each."""
    figures: dict[str, float] = {}
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        length = _answer_length(connection)
        for label, batch, batches in (("pipelined", 50, 200), ("one by one", 1, 3000)):
            before, start = server.stats()["cpu"], time.perf_counter()
            for _ in range(batches):
                connection.sendall(_request(_BODY) * batch)
                _receive(connection, length * batch)
            took = time.perf_counter() - start
            calls = batch * batches
            figures[f"{label}, calls/s"] = calls / took
            figures[f"{label}, CPU µs/call"] = (server.stats()["cpu"] - before) / calls * 1e6
        before, start = server.stats()["cpu"], time.perf_counter()
        for _ in range(10):
            connection.sendall(_request(_STREAMED))
            _receive_until(connection, b"\r\n0\r\n\r\n")
        figures["streamed, events/s"] = 10 * 20000 / (time.perf_counter() - start)
        figures["streamed, CPU µs/event"] = (server.stats()["cpu"] - before) / 200000 * 1e6
    return figures


def _answer_length(connection: socket.socket) -> int:
    connection.sendall(_request(_BODY))
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, rest = data.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    _receive(connection, length - len(rest))
    return len(head) + 4 + length


def _receive(connection: socket.socket, length: int) -> None:
    while length > 0:
        length -= len(connection.recv(262144))


def _receive_until(connection: socket.socket, end: bytes) -> None:
    tail = b""
    while not tail.endswith(end):
        tail = tail[-len(end) :] + connection.recv(262144)
