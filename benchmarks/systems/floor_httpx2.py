"""The same by hand on httpx2, whose API is that of httpx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.systems.floor_httpx import HEADERS, Httpx

if TYPE_CHECKING:
    from benchmarks.endpoint import Endpoint

__all__ = ["SYSTEMS", "Httpx2"]


class Httpx2(Httpx):
    """The Responses API, by hand."""

    name = "floor-httpx2"
    imports = "import httpx2, orjson"

    def __init__(self, endpoint: Endpoint) -> None:
        import httpx2
        import orjson

        from benchmarks.endpoint import MODEL, PROMPT

        self._http: Any = httpx2
        self._dumps = orjson.dumps
        self._loads = orjson.loads
        self._url = f"{endpoint.url}/responses"
        self._limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=1000)
        self._sync: Any = httpx2.Client(headers=HEADERS, limits=self._limits, timeout=600)
        self._async: Any = None
        self._body = {"model": MODEL, "input": PROMPT}
        self._long: dict[str, Any] | None = None


SYSTEMS = (Httpx2,)
