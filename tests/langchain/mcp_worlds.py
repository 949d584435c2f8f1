"""Two worlds in which an agent meets MCP: tools that the provider runs, tools that we run.

Each has a log of the calls that really ran.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain_resp import ChatResp
from tests.langchain.server import Server, called, error, response, said
from tests.mcp.host import TOOLS, Host, hosting

CANARY = "sk-canary-mcp-9876543210"


class World:
    """`ran` is what the tools' server did: (tool, arguments) in order."""

    name = ""

    def __init__(self) -> None:
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self.url = "https://mcp.example.com/mcp"

    def tool(self, **fields: Any) -> dict[str, Any]:
        return {
            "type": "mcp",
            "server_label": "files",
            "server_url": self.url,
            "authorization": CANARY,
            "headers": {"x-canary": CANARY},
            **fields,
        }

    def model(self, **options: Any) -> ChatResp:
        raise NotImplementedError

    @property
    def asked(self) -> int:
        """How many requests reached a model."""
        raise NotImplementedError


class Hosted(World):
    """A provider that runs MCP itself, as the Responses API documents it."""

    name = "hosted"

    def __init__(self) -> None:
        super().__init__()
        self.server = Server(self.answer)
        self.open: dict[str, tuple[str, str]] = {}  # request id -> tool and arguments
        self.decisions: list[dict[str, Any]] = []
        self.runs_instead: str | None = None  # arguments that a faulty provider uses
        self._number = 0

    def model(self, **options: Any) -> ChatResp:
        return self.server.model(**options)

    @property
    def asked(self) -> int:
        return len(self.server.bodies)

    def answer(self, body: dict[str, Any]) -> Any:
        self._number += 1
        items = body["input"]
        new = [i for i in items if i.get("type") == "mcp_approval_response"]
        new = [i for i in new if i["approval_request_id"] not in self._decided()]
        fields: dict[str, Any] = {"id": f"resp_{self._number}"}
        if not new:
            return response(*self._asks(body), **fields)
        if problem := self._problem(body, items, new):
            return problem
        self.decisions += new
        return response(*self._runs(new), said("All done."), **fields)

    def _decided(self) -> set[str]:
        return {decision["approval_request_id"] for decision in self.decisions}

    def _asks(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        spoken = json.dumps([i for i in body["input"] if i.get("role") == "user"][-1:])
        names = [tool["name"] for tool in TOOLS if tool["name"] in spoken]
        listed = [
            {**{k: v for k, v in tool.items() if k != "inputSchema"}, "input_schema": {}}
            for tool in TOOLS
        ]
        output: list[dict[str, Any]] = [
            {
                "type": "mcp_list_tools",
                "id": f"mcpl_{self._number}",
                "server_label": "files",
                "tools": listed,
            }
        ]
        if any(tool.get("type") == "function" for tool in body["tools"]):
            output.append(called("get_weather", '{"city":"Paris"}', f"call_{self._number}"))
        for place, name in enumerate(names):
            id = f"mcpr_{self._number}_{place}"
            self.open[id] = (name, json.dumps({"path": "x.txt"}))
            output.append(
                {
                    "type": "mcp_approval_request",
                    "id": id,
                    "server_label": "files",
                    "name": name,
                    "arguments": self.open[id][1],
                }
            )
        return output

    def _problem(self, body: dict[str, Any], items: list[Any], new: list[Any]) -> Any:
        """What the API says to a follow-up that does not fit."""
        answers = {item["approval_request_id"] for item in new}
        if answers != set(self.open) - self._decided():
            return error(400, message="the approvals do not match the requests")
        shown = {item.get("id") for item in items}
        if not body.get("previous_response_id") and not answers <= shown:
            return error(400, message="the approval request is not in the input")
        waiting = {i["call_id"] for i in items if i.get("type") == "function_call"}
        given = {i["call_id"] for i in items if i.get("type") == "function_call_output"}
        if waiting - given:
            return error(400, message="No tool output found for function call")
        return None

    def _runs(self, new: list[dict[str, Any]]) -> list[dict[str, Any]]:
        output: list[dict[str, Any]] = []
        for decision in new:
            if not decision["approve"]:
                continue
            id = decision["approval_request_id"]
            name, arguments = self.open[id]
            arguments = self.runs_instead or arguments
            self.ran.append((name, json.loads(arguments)))
            output.append(
                {
                    "type": "mcp_call",
                    "id": id.replace("mcpr", "mcp"),
                    "approval_request_id": id,
                    "server_label": "files",
                    "name": name,
                    "arguments": arguments,
                    "output": "deleted",
                    "error": None,
                    "status": "completed",
                }
            )
        return output


class Offline(World):
    """The offline model, and an MCP server on loopback.

    On the Responses API the provider calls the server, on the Chat API we do.
    """

    def __init__(self, host: Host, api: str) -> None:
        super().__init__()
        self.name = api
        self.host = host
        self.url = host.url
        self.ran = host.calls
        self._records: list[Any] = []

    def model(self, **options: Any) -> ChatResp:
        hooks = [self._records.append]
        return ChatResp(**{"model": "offline/demo", "api": self.name, "hooks": hooks, **options})

    @property
    def asked(self) -> int:
        return sum(len(record.attempts) for record in self._records)


@contextmanager
def world_of(name: str) -> Iterator[World]:
    """ "hosted" is a scripted provider, "responses" and "chat" are the offline one's APIs."""
    if name == "hosted":
        yield Hosted()
        return
    with hosting() as host:
        yield Offline(host, name)
