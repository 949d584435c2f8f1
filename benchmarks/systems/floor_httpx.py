"""The floor: httpx 0.28 and orjson, every event parsed, no models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import MODEL, PROMPT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "Httpx"]

DELTA = "response.output_text.delta"
HEADERS = {"authorization": "Bearer k", "content-type": "application/json"}
SEPARATOR = b"\n\n"
FIELD = b"\ndata: "


class Httpx:
    """The Responses API, by hand."""

    name = "floor-httpx"
    group = "core"
    environment = "floor"
    targets = None
    imports = "import httpx, orjson"

    def __init__(self, endpoint: Endpoint) -> None:
        import httpx
        import orjson

        self._http: Any = httpx
        self._dumps = orjson.dumps
        self._loads = orjson.loads
        self._url = f"{endpoint.url}/responses"
        self._limits = httpx.Limits(max_connections=1000, max_keepalive_connections=1000)
        self._sync = httpx.Client(headers=HEADERS, limits=self._limits, timeout=600)
        self._async: Any = None
        self._body = {"model": MODEL, "input": PROMPT}
        self._long: dict[str, Any] | None = None

    def call(self) -> Any:
        answer = self._sync.post(self._url, content=self._dumps(self._body))
        return self._loads(answer.content)

    def _client(self) -> Any:
        if self._async is None:
            self._async = self._http.AsyncClient(headers=HEADERS, limits=self._limits, timeout=600)
        return self._async

    async def acall(self) -> Any:
        answer = await self._client().post(self._url, content=self._dumps(self._body))
        return self._loads(answer.content)

    def stream(self) -> Iterator[str]:
        content = self._dumps({**self._body, "stream": True})
        with self._sync.stream("POST", self._url, content=content) as answer:
            rest = b""
            for data in answer.iter_bytes():
                *events, rest = (rest + data).split(SEPARATOR)
                for event in events:
                    body = self._loads(event[event.index(FIELD) + 7 :])
                    if body["type"] == DELTA:
                        yield body["delta"]

    async def astream(self) -> AsyncIterator[str]:
        content = self._dumps({**self._body, "stream": True})
        async with self._client().stream("POST", self._url, content=content) as answer:
            rest = b""
            async for data in answer.aiter_bytes():
                *events, rest = (rest + data).split(SEPARATOR)
                for event in events:
                    body = self._loads(event[event.index(FIELD) + 7 :])
                    if body["type"] == DELTA:
                        yield body["delta"]

    def long(self) -> Any:
        if self._long is None:
            from benchmarks.conversation import responses_items, responses_tools

            self._long = {
                "model": MODEL,
                "input": responses_items(),
                "tools": responses_tools(),
            }
        answer = self._sync.post(self._url, content=self._dumps(self._long))
        return self._loads(answer.content)

    async def aclose(self) -> None:
        if self._async is not None:
            await self._async.aclose()


SYSTEMS = (Httpx,)
