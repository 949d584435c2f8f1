"""A small MCP server over one folder: what `resp demo --mcp` lets an agent loose on.

Streamable HTTP with JSON answers, on loopback, standard library only. It writes down every
call, so that one can see afterwards what really happened.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from resp_core.types.json import dumps, loads
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from types import TracebackType

    from resp_core.types.json import JsonObject

__all__ = ["FolderServer"]

_VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26")
_LARGEST = 1024 * 1024
_TOOLS: list[JsonObject] = [
    {
        "name": "list_files",
        "description": "List the files of the folder.",
        "inputSchema": {"type": "object", "properties": {}},
        "annotations": {"readOnlyHint": True},
    },
    {
        "name": "delete_file",
        "description": "Delete a file of the folder for good.",
        "inputSchema": {
            "type": "object",
            "properties": {"name": {"type": "string", "description": "The file to delete."}},
            "required": ["name"],
        },
        "annotations": {"readOnlyHint": False, "destructiveHint": True},
    },
]


class FolderServer:
    """A running server over `folder`; `log` holds a line for each call. A context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[str] = []
        handler = type("_Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/mcp"

    def call(self, name: str, arguments: JsonObject) -> str:
        """Run a tool; raises ValueError with what the caller is told."""
        self.log.append(f"{name} {dumps(arguments).decode()}")
        if name == "list_files":
            return "\n".join(sorted(path.name for path in self.folder.iterdir()))
        wanted = str(arguments.get("name") or "")
        path = self.folder / wanted
        if name != "delete_file" or Path(wanted).name != wanted or not path.is_file():
            raise ValueError(f"there is no {wanted or name!r} here")
        path.unlink()
        return f"{wanted} was deleted"

    def __enter__(self) -> FolderServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> FolderServer:
        """Listen; `stop` ends it."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it, and give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: FolderServer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed: the owner keeps the log."""

    def do_POST(self) -> None:
        """One JSON-RPC message."""
        length = int(self.headers.get("content-length") or 0)
        origin = urlsplit(self.headers.get("origin") or "http://127.0.0.1").hostname
        if length > _LARGEST or origin not in ("127.0.0.1", "localhost"):
            self._send(403, b"")
            return
        try:
            message = as_object(loads(self.rfile.read(length)))
        except ValueError:
            self._send(400, b"")
            return
        if "id" not in message:
            self._send(202, b"")
            return
        body: JsonObject = {"jsonrpc": "2.0", "id": message["id"], **self._answer(message)}
        self._send(200, dumps(body))

    def do_GET(self) -> None:
        """There is no stream to listen to."""
        self._send(405, b"")

    def _answer(self, message: JsonObject) -> JsonObject:
        params = as_object(message.get("params"))
        match message.get("method"):
            case "initialize":
                asked = params.get("protocolVersion")
                return {
                    "result": {
                        "protocolVersion": asked if asked in _VERSIONS else _VERSIONS[0],
                        "capabilities": {"tools": {}},
                        "serverInfo": {"name": "folder", "version": "1"},
                    }
                }
            case "tools/list":
                return {"result": {"tools": _TOOLS}}
            case "tools/call":
                return {"result": self._called(params)}
            case "ping":
                return {"result": {}}
            case method:
                return {"error": {"code": -32601, "message": f"no method {method}"}}

    def _called(self, params: JsonObject) -> JsonObject:
        try:
            said = self.owner.call(str(params.get("name")), as_object(params.get("arguments")))
        except ValueError as error:
            return {"content": [{"type": "text", "text": str(error)}], "isError": True}
        return {"content": [{"type": "text", "text": said}], "isError": False}

    def _send(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        cast("Any", self.wfile).write(body)
