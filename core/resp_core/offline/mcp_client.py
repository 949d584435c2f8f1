"""A small blocking MCP client over streamable HTTP, as a provider's servers have one.

It shares no code with the client that `resp_core` uses where a provider has no MCP, so that each
can be tested against the other.
"""

from __future__ import annotations

import http.client
import itertools
import json
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

from resp_core.wire.shape import as_object, items_of, objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from resp_core.types.json import JsonObject

__all__ = ["McpConnect", "McpRemote", "McpTrouble", "connect"]

_VERSION = "2025-06-18"
_MODERN = "2026-07-28"
_NO_HANDSHAKE = (-32601, -32602, -32020, -32022)  # what a server without one says to it
_CLIENT = {"name": "offline-provider", "version": "1"}
_SECONDS = 30.0
_LARGEST = 32 * 2**20


class McpTrouble(Exception):
    """The server cannot be used. `error` is in the form of `mcp_call.error`."""

    def __init__(self, message: str, *, kind: str = "http_error", code: int = 0) -> None:
        super().__init__(message)
        self.error: JsonObject = {"type": kind, "code": code, "message": message}


class McpRemote(Protocol):
    """One session with a server."""

    def tools(self) -> list[JsonObject]:
        """All tools, as the server describes them. Raises McpTrouble."""
        ...

    def call(self, name: str, arguments: Mapping[str, Any]) -> JsonObject:
        """The result of one call. Raises McpTrouble."""
        ...

    def close(self) -> None:
        """End the session."""
        ...


class McpConnect(Protocol):
    """Opens a session; `headers` carry the caller's credentials. Raises McpTrouble."""

    def __call__(self, url: str, headers: Mapping[str, str]) -> McpRemote: ...


def connect(url: str, headers: Mapping[str, str]) -> McpRemote:
    """A session over HTTP; with a server that knows no handshake, one without."""
    session = _Session(url, headers)
    asked = {"protocolVersion": _VERSION, "capabilities": {}, "clientInfo": _CLIENT}
    try:
        answer = session.ask("initialize", asked)
    except McpTrouble as trouble:
        if trouble.error["code"] not in _NO_HANDSHAKE:
            raise
        session.version = _MODERN
        session.ask("server/discover", {})
        return session
    session.version = str(answer.get("protocolVersion") or _VERSION)
    session.tell("notifications/initialized")
    return session


class _Session:
    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = urlsplit(url)
        self._headers = dict(headers)
        self._id: str | None = None
        self._numbers = itertools.count(1)
        self.version: str | None = None

    def tools(self) -> list[JsonObject]:
        """All tools, page by page."""
        found: list[JsonObject] = []
        cursor: str | None = None
        for _ in range(50):
            page = self.ask("tools/list", {"cursor": cursor} if cursor else {})
            found += objects(page.get("tools"))
            cursor = page.get("nextCursor")
            if not cursor:
                return found
        raise McpTrouble("the list of tools does not end")

    def call(self, name: str, arguments: Mapping[str, Any]) -> JsonObject:
        """Call a tool."""
        return self.ask("tools/call", {"name": name, "arguments": dict(arguments)})

    def close(self) -> None:
        """End the session, if the server keeps one."""
        if self._id is not None:
            try:
                self._send("DELETE", None)
            except McpTrouble:
                return

    def ask(self, method: str, params: JsonObject) -> JsonObject:
        """A request and its result."""
        number = next(self._numbers)
        if self.version == _MODERN:
            meta = {"protocolVersion": _MODERN, "clientInfo": _CLIENT, "clientCapabilities": {}}
            about = {f"io.modelcontextprotocol/{name}": value for name, value in meta.items()}
            params = {**params, "_meta": about}
        sent = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        for message in self._send("POST", sent):
            if message.get("id") in (number, None) and "method" not in message:
                error = as_object(message.get("error"))
                if error:
                    code = error.get("code")
                    raise McpTrouble(
                        str(error.get("message")),
                        kind="mcp_protocol_error",
                        code=code if isinstance(code, int) else 0,
                    )
                return as_object(message.get("result"))
        raise McpTrouble(f"no answer to {method}")

    def tell(self, method: str) -> None:
        """A notification."""
        self._send("POST", {"jsonrpc": "2.0", "method": method})

    def _send(self, verb: str, message: JsonObject | None) -> list[JsonObject]:
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=_SECONDS)
        path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        try:
            body = None if message is None else json.dumps(message).encode()
            connection.request(verb, path, body, self._all_headers(message or {}))
            response = connection.getresponse()
            data = response.read(_LARGEST + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise McpTrouble(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if response.status >= 300:
            said = data[:200].decode("utf-8", "replace")
            if response.status == 400 and b'"error"' in data:
                return _messages(data, response.getheader("content-type") or "")
            raise McpTrouble(f"status {response.status}: {said}", code=response.status)
        if len(data) > _LARGEST:
            raise McpTrouble("the answer is too large")
        self._id = response.getheader("mcp-session-id") or self._id
        return _messages(data, response.getheader("content-type") or "")

    def _all_headers(self, message: JsonObject) -> dict[str, str]:
        headers = {
            **self._headers,
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
        }
        if self._id:
            headers["mcp-session-id"] = self._id
        if self.version:
            headers["mcp-protocol-version"] = self.version
        if self.version == _MODERN:
            headers["mcp-method"] = str(message["method"])
            name = as_object(message["params"]).get("name")
            if name is not None:
                headers["mcp-name"] = str(name)
        return headers


def _messages(data: bytes, kind: str) -> list[JsonObject]:
    """The JSON-RPC messages of a body. Raises McpTrouble for what is none."""
    text = data.decode("utf-8", "replace")
    try:
        if "event-stream" in kind:
            return [each for event in _events(text) for each in _objects(json.loads(event))]
        return _objects(json.loads(text)) if text.strip() else []
    except (ValueError, RecursionError):
        raise McpTrouble("the answer is no JSON-RPC message") from None


def _events(text: str) -> Iterator[str]:
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line[5:].removeprefix(" ") for line in block.split("\n") if line[:5] == "data:"]
        if any(lines):
            yield "\n".join(lines)


def _objects(value: Any) -> list[JsonObject]:
    return objects(items_of(value) or [cast("JsonObject", value)])
