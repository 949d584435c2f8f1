"""A small MCP server of the tests' own, in a thread: it writes down what it is asked.

`Host.answer` can be replaced to misbehave; everything else is by the book.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOOLS = [
    {
        "name": "look",
        "description": "look at a file",
        "inputSchema": {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        },
        "annotations": {"readOnlyHint": True},
    },
    {
        "name": "delete",
        "description": "delete a file",
        "inputSchema": {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        },
    },
    {
        "name": "archive",
        "description": "archive a file",
        "inputSchema": {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        },
    },
]


class Host:
    """One server. `calls` are the tool calls that ran, `asked` all methods, `headers` of each."""

    def __init__(self) -> None:
        self.tools: list[dict[str, Any]] = [dict(tool) for tool in TOOLS]
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.sse = False
        self.answer: Callable[[Handler, dict[str, Any]], bool] = lambda handler, message: False
        self.results: dict[str, Any] = {}
        self.revision: str | None = None
        self.session_id: str | None = "session-1"
        self.goodbye: Callable[[Handler], None] = lambda handler: handler.send_raw(
            200, b"", "application/json"
        )
        self.pause = 0.0
        self.together = 0
        self.most_together = 0
        self.port = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def tool(self, label: str = "files", **fields: Any) -> dict[str, Any]:
        """The tool of a request that speaks to this server."""
        return {"type": "mcp", "server_label": label, "server_url": self.url, **fields}

    def result_of(self, message: dict[str, Any]) -> Any:
        method, params = message["method"], message.get("params") or {}
        if method == "initialize":
            return {
                "protocolVersion": self.revision or params["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "host", "version": "1"},
            }
        if method == "tools/list":
            return {"tools": self.tools}
        if method == "tools/call":
            return self.run(params["name"], params.get("arguments") or {})
        return {}

    def run(self, name: str, arguments: dict[str, Any]) -> Any:
        with self._lock:
            self.calls.append((name, arguments))
            self.together += 1
            self.most_together = max(self.most_together, self.together)
        if self.pause:
            time.sleep(self.pause)
        with self._lock:
            self.together -= 1
        made = self.results.get(name)
        if made is not None:
            return made(arguments) if callable(made) else made
        said = f"{name} did {arguments.get('path', '')}"
        return {"content": [{"type": "text", "text": said}], "isError": False}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    host: Host
    session_id: str | None = None

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        host = self.host
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        message = json.loads(body)
        host.asked.append(message.get("method", "answer"))
        host.headers.append({k.lower(): v for k, v in self.headers.items()})
        if host.answer(self, message):
            return
        if "id" not in message or "method" not in message:
            self.send_raw(202, b"", "application/json")
            return
        self.reply(message["id"], host.result_of(message))

    def do_DELETE(self) -> None:
        self.host.asked.append("DELETE")
        self.host.headers.append({k.lower(): v for k, v in self.headers.items()})
        self.host.goodbye(self)

    def do_GET(self) -> None:
        self.host.asked.append("GET")
        self.host.headers.append({k.lower(): v for k, v in self.headers.items()})
        if not self.host.answer(self, {"method": "GET"}):
            self.send_raw(405, b"", "application/json")

    def reply(self, id: Any, result: Any) -> None:
        data = json.dumps({"jsonrpc": "2.0", "id": id, "result": result}).encode()
        if self.host.sse:
            self.send_raw(200, b"event: message\ndata: " + data + b"\n\n", "text/event-stream")
        else:
            self.send_raw(200, data, "application/json")

    def fail(self, id: Any, code: int, message: str, data: Any = None, status: int = 200) -> None:
        error = {"code": code, "message": message, "data": data}
        body = json.dumps({"jsonrpc": "2.0", "id": id, "error": error}).encode()
        self.send_raw(status, body, "application/json")

    def send_raw(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        try:
            self.send_response_only(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            session_id = self.session_id or self.host.session_id
            if session_id is not None:
                self.send_header("mcp-session-id", session_id)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def hosting(host: Host | None = None) -> Iterator[Host]:
    """A running server."""
    host = host or Host()
    handler = type("_Handler", (Handler,), {"host": host})
    server = _Server(("127.0.0.1", 0), handler)
    host.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
