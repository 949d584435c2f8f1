"""A server of raw bytes on loopback: each test scripts what goes over the wire, and when."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

#: Longest that a peer of a test waits for anything.
PATIENCE = 10.0


@dataclass
class Asked:
    """One request as it came: its line, headers in lower case, body."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Peer:
    """The server's side of one connection."""

    def __init__(self, sock: socket.socket, server: RawServer) -> None:
        self.sock = sock
        self.server = server
        self.number = server.connections
        self._buffer = b""

    def ask(self) -> Asked | None:
        """The next request, or None if the client has gone."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (each.partition(":") for each in lines)
        }
        length = int(headers.get("content-length", 0))
        while len(self._buffer) < length:
            if not self._more():
                return None
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        asked = Asked(line, headers, body)
        self.server.requests.append(asked)
        return asked

    def _more(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except OSError:
            return False
        self._buffer += data
        return bool(data)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes, every: float = 0.02) -> None:
        """One byte at a time, until the client has gone."""
        for at in range(len(data)):
            self.send(data[at : at + 1])
            if self.server.over.wait(every):
                return

    def reset(self) -> None:
        """End the connection with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def until_gone(self, within: float = PATIENCE) -> float:
        """Wait for the client to close; the seconds that took."""
        began = time.monotonic()
        self.sock.settimeout(within)
        with contextlib.suppress(ConnectionError):
            while self.sock.recv(65536):
                pass
        self.server.gone.set()
        return time.monotonic() - began


Script = Callable[[Peer], Any]


@dataclass
class RawServer:
    """`requests` in the order they came; `connections` counts what was accepted."""

    port: int
    requests: list[Asked] = field(default_factory=list)
    connections: int = 0
    errors: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    #: Set when a script saw the client close its connection.
    gone: threading.Event = field(default_factory=threading.Event)
    #: Set by scripts that tell the test where they are.
    there: threading.Event = field(default_factory=threading.Event)
    secure: bool = False

    @property
    def url(self) -> str:
        scheme = "https" if self.secure else "http"
        return f"{scheme}://{'localhost' if self.secure else '127.0.0.1'}:{self.port}/v1"


@contextmanager
def raw_server(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Run `script` for every connection, each in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(listener.getsockname()[1], secure=tls is not None)
    peers: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(sock: socket.socket) -> None:
        try:
            if tls is not None:
                sock = tls.wrap_socket(sock, server_side=True)
                peers.append(sock)
            script(Peer(sock, server))
        except (OSError, ValueError):
            pass  # the client went away, as many tests want it to
        except BaseException as error:
            server.errors.append(error)
        finally:
            with contextlib.suppress(OSError):
                sock.close()

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE)
            server.connections += 1
            peers.append(sock)
            thread = threading.Thread(target=serve, args=(sock,), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        server.over.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for sock in peers:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        acceptor.join(PATIENCE)
        for thread in threads:
            thread.join(PATIENCE)
        assert not server.errors, server.errors


# -- bytes of answers


def head(
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    kind: str | None = "application/json",
    length: int | None = None,
) -> bytes:
    """A status line and headers."""
    lines = [f"HTTP/1.1 {status} Said"]
    if kind is not None:
        lines.append(f"content-type: {kind}")
    if length is not None:
        lines.append(f"content-length: {length}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None, **more: Any
) -> bytes:
    """A whole plain answer; what is no bytes becomes JSON."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return head(status, headers, length=len(data), **more) + data


STREAM = head(kind="text/event-stream", headers={"transfer-encoding": "chunked"})
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(payload: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (str(payload["type"]).encode(), orjson.dumps(payload))


def streamed(*parts: bytes, end: bytes = END) -> bytes:
    """A whole event stream, one HTTP chunk for each part."""
    return STREAM + b"".join(map(chunk, parts)) + end


# -- small sound payloads

USAGE = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}


def response(text: str = "Hello", **more: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": "m",
        "output": [item | {"content": [part]}],
        "usage": USAGE,
    } | more


def events(*deltas: str) -> list[dict[str, Any]]:
    """The events of a response whose text comes in these deltas."""
    text = "".join(deltas)
    begun = response(status="in_progress", output=[], usage=None)
    item = {"id": "msg_1", "type": "message", "role": "assistant"}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": []}
    listed: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": item | {"status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", **at, "part": part},
        *({"type": "response.output_text.delta", **at, "delta": delta} for delta in deltas),
        {"type": "response.output_text.done", **at, "text": text},
        {"type": "response.content_part.done", **at, "part": part | {"text": text}},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": item | {"status": "completed", "content": [part | {"text": text}]},
        },
        {"type": "response.completed", "response": response(text)},
    ]
    return [each | {"sequence_number": number} for number, each in enumerate(listed)]


def frames(*deltas: str) -> list[bytes]:
    return [event(each) for each in events(*(deltas or ("Hel", "lo")))]


def completion(text: str = "Hello", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    } | more


def chat_chunk(delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": dict(delta), "finish_reason": finish}],
    } | more


DONE = b"data: [DONE]\n\n"


def chat_frames(*deltas: str) -> list[bytes]:
    """The frames of a completion, `[DONE]` included."""
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    chunks = [
        chat_chunk({"role": "assistant", "content": ""}),
        *(chat_chunk({"content": delta}) for delta in (deltas or ("Hel", "lo"))),
        chat_chunk({}, "stop"),
        chat_chunk({}) | {"choices": [], "usage": usage},
    ]
    return [*(b"data: %b\n\n" % orjson.dumps(each) for each in chunks), DONE]
