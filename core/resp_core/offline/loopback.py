"""The offline provider on a loopback address, for `resp serve --offline` and for tests."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from resp_core.errors import ArgumentError
from resp_core.offline.server import handle
from resp_core.offline.state import OfflineState
from resp_core.offline.types import OfflineRequest

if TYPE_CHECKING:
    from types import TracebackType

    from resp_core.offline.types import OfflineReply

__all__ = ["OfflineServer", "serve"]

_LARGEST = 64 * 2**20


def serve(
    host: str = "127.0.0.1", port: int = 0, state: OfflineState | None = None
) -> OfflineServer:
    """Start the offline server in threads of its own; port 0 takes a free one.

    ArgumentError for an address that is not loopback: the server asks for no key, so it must not
    be reachable from elsewhere. OSError if the port is taken.
    """
    if not _is_loopback(host):
        raise ArgumentError(
            f"the offline server listens on loopback only, not on {host!r}: use 127.0.0.1, ::1 or "
            "localhost",
            param="host",
        )
    return OfflineServer(host, port, state or OfflineState())


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class OfflineServer:
    """A running server. Use it as a context manager, or call `close()`."""

    def __init__(self, host: str, port: int, state: OfflineState) -> None:
        self.state = state
        self._closed = threading.Event()
        family = _SixServer if ":" in host else _Server
        self._server = family((host.strip("[]"), port), _Handler)
        self._server.state = state
        self._server.closed = self._closed
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL without a path, as `http://127.0.0.1:8080`. OpenAI's API is under /v1."""
        host, port = self._server.server_address[:2]
        shown = f"[{host}]" if ":" in str(host) else host
        return f"http://{shown}:{port}"

    def close(self) -> None:
        """Stop listening and break pauses off; requests that run end on their own."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Block until the server is closed."""
        self._closed.wait()

    def __enter__(self) -> OfflineServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    state: OfflineState
    closed: threading.Event

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; one that lingers for no time ends in a reset, without a goodbye."""
        lingers = struct.unpack("ii", request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        if lingers == (1, 0):
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; the reply's host saw it already."""


class _SixServer(_Server):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _host(self) -> _Server:
        return cast("_Server", self.server)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: requests may hold what nobody else should read."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self._read()
        if body is None:
            self.send_error(413)
            return
        if self._from_elsewhere():
            self.send_error(403)
            return
        split = urlsplit(self.path)
        request = OfflineRequest(
            method=self.command,
            path=unquote(split.path),
            query=dict(parse_qsl(split.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        self._send(handle(request, self._host.state))

    def _from_elsewhere(self) -> bool:
        """Whether a web page sent this, or a name that was made to point here.

        The server asks for no key and opens connections to MCP servers, so no site may use it.
        """
        for name in ("origin", "host"):
            host = urlsplit(f"//{(self.headers.get(name) or '').rpartition('//')[2]}").hostname
            if host is not None and not _is_loopback(host) and not host.endswith(".localhost"):
                return True
        return (self.headers.get("origin") or "") == "null"

    def _read(self) -> bytes | None:
        """The body, by length or in chunks; None if it is larger than the server takes."""
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._read_chunks()
        length = int(self.headers.get("content-length") or 0)
        return self.rfile.read(length) if length <= _LARGEST else None

    def _read_chunks(self) -> bytes | None:
        body = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0].strip() or b"0", 16):
            if len(body) + size > _LARGEST:
                return None
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return bytes(body)

    def _send(self, reply: OfflineReply) -> None:
        fault = reply.fault
        if fault and fault.first_pause and self._host.closed.wait(fault.first_pause):
            return self._abort()
        try:
            self._send_parts(reply)
        except (BrokenPipeError, ConnectionError):
            self.close_connection = True
            return None
        return self._abort(reset=fault.reset) if fault and fault.abort else None

    def _send_parts(self, reply: OfflineReply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        plain = isinstance(reply.chunks, list) and not reply.streamed and reply.fault is None
        if plain:
            whole = b"".join(reply.chunks)
            self.send_header("content-length", str(len(whole)))
            self.end_headers()
            self.wfile.write(whole)
            return
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self._send_chunks(reply)

    def _send_chunks(self, reply: OfflineReply) -> None:
        pause = reply.fault.pause if reply.fault else 0.0
        for chunk in reply.chunks:
            if pause and self._host.closed.wait(pause):
                return self._abort()
            if chunk:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        if not (reply.fault and reply.fault.abort):
            self.wfile.write(b"0\r\n\r\n")
        return None

    def _abort(self, *, reset: bool = False) -> None:
        """End the connection in the middle of an answer."""
        self.close_connection = True
        if reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
