"""aiohttp and orjson, by hand: what the async path could cost at best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.endpoint import MODEL, PROMPT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "Aiohttp"]

DELTA = "response.output_text.delta"
HEADERS = {"authorization": "Bearer k", "content-type": "application/json"}
SEPARATOR = b"\n\n"
FIELD = b"\ndata: "


class Aiohttp:
    """The Responses API, by hand, async only."""

    name = "floor-aiohttp"
    group = "core"
    environment = "floor"
    targets = None
    imports = "import aiohttp, orjson"

    def __init__(self, endpoint: Endpoint) -> None:
        import aiohttp
        import orjson

        self._aiohttp: Any = aiohttp
        self._dumps = orjson.dumps
        self._loads = orjson.loads
        self._url = f"{endpoint.url}/responses"
        self._session: Any = None
        self._body = {"model": MODEL, "input": PROMPT}

    def _client(self) -> Any:
        if self._session is None:
            connector = self._aiohttp.TCPConnector(limit=0)
            self._session = self._aiohttp.ClientSession(headers=HEADERS, connector=connector)
        return self._session

    async def acall(self) -> Any:
        data = self._dumps(self._body)
        async with self._client().post(self._url, data=data) as answer:
            return self._loads(await answer.read())

    async def astream(self) -> AsyncIterator[str]:
        content = self._dumps({**self._body, "stream": True})
        async with self._client().post(self._url, data=content) as answer:
            rest = b""
            async for data in answer.content.iter_any():
                *events, rest = (rest + data).split(SEPARATOR)
                for event in events:
                    body = self._loads(event[event.index(FIELD) + 7 :])
                    if body["type"] == DELTA:
                        yield body["delta"]

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


SYSTEMS = (Aiohttp,)
