"""Run by the interpreter of a peer: opened client sessions of the `mcp` package as servers.

`opened.py <log file>`: prints a JSON object of what happened, case by case.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from resp_core import (
    ArgumentError,
    AsyncClient,
    Client,
    approve,
    mcp_tool,
    pending_approvals,
)

try:
    from mcp import Client as Client2  # of mcp 2.x
except ImportError:
    Client2 = None

LOG = Path(sys.argv[1])
PEER = [str(Path(__file__).parent / "peer.py"), "stdio", str(LOG)]
SERVER = StdioServerParameters(command=sys.executable, args=PEER)
PAGES = StdioServerParameters(command=sys.executable, args=[*PEER, "pages"])


def kinds(response: Any) -> list[str]:
    return [item["type"] for item in response["output"]]


async def asynchronous(tool: dict[str, Any]) -> Any:
    async with AsyncClient("offline/demo") as client:
        first = await client.responses.create(input="delete the path 'a.txt'", tools=[tool])
        (request,) = pending_approvals(first)
        second = await client.responses.create(
            input=[approve(request)], previous_response_id=first.id, tools=[tool]
        )
    return [kinds(first), kinds(second), second.output[0].output]


def synchronous(tool: dict[str, Any]) -> Any:
    with Client("offline/demo") as client:
        first = client.responses.create(input="delete the path 'b.txt'", tools=[tool])
        (request,) = pending_approvals(first)
        second = client.responses.create(
            input=[approve(request)], previous_response_id=first.id, tools=[tool]
        )
    return [kinds(first), kinds(second), second.output[0].output]


def refused(tools: list[dict[str, Any]]) -> Any:
    try:
        with Client("offline/demo") as client:
            client.responses.create(input="look at the path 'c.txt'", tools=tools)
    except ArgumentError as error:
        return [error.param, str(error)]
    return "not refused"


async def late(tool: dict[str, Any]) -> Any:
    async with AsyncClient("offline/demo", mcp_timeout=0.5) as client:
        response = await client.responses.create(
            input="ponder the path 'd.txt'", tools=[{**tool, "require_approval": "never"}]
        )
    return response.output[1].error["message"]


async def main() -> None:
    found: dict[str, Any] = {}
    async with stdio_client(SERVER) as streams, ClientSession(*streams) as session:
        await session.initialize()
        tool = mcp_tool(session, server_label="files")
        twin = mcp_tool(session, server_label="twin")
        found["async"] = await asynchronous(tool)
        found["from a thread"] = await asyncio.to_thread(synchronous, tool)
        found["from its own loop"] = refused([tool])
        found["two from its own loop"] = refused([tool, twin])
        found["another loop"] = await asyncio.to_thread(asyncio.run, asynchronous(tool))
        found["late"] = await late(tool)
        found["repr"] = repr(tool)
    if Client2 is not None:
        async with Client2(stdio_client(PAGES)) as opened:
            tool2 = mcp_tool(opened, server_label="files")
            found["a client"] = await asynchronous(tool2)
            found["a client from a thread"] = await asyncio.to_thread(synchronous, tool2)
    found["closed"] = await asyncio.to_thread(_of_a_closed_session, tool)
    print(json.dumps(found))


def _of_a_closed_session(tool: dict[str, Any]) -> Any:
    try:
        synchronous(tool)
    except Exception as error:
        return [type(error).__name__, str(error)]
    return "it worked"


def outside() -> Any:
    """After its loop has ended a session is of no use, and nothing hangs."""
    kept: list[Any] = []

    async def open_one() -> None:
        async with stdio_client(SERVER) as streams, ClientSession(*streams) as session:
            await session.initialize()
            kept.append(mcp_tool(session, server_label="files"))

    asyncio.run(open_one())
    return refused(kept)


asyncio.run(main())
print(json.dumps(outside()))
try:
    mcp_tool(object(), server_label="files")
except ArgumentError as error:
    print(json.dumps(str(error)))
