"""`resp demo --mcp`: an agent wants to delete a file, and a person is asked."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from resp_core import approve, deny, pending_approvals
from resp_core.cli.demo_server import FolderServer
from resp_core.client import Client
from resp_core.client.wiring import connection_of
from resp_core.credentials import environ
from resp_core.mcp.display import display
from resp_core.providers import get
from resp_core.route.deployment import Connection
from resp_core.route.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from resp_core import ApprovalRequest
    from resp_core.client.obj import Result
    from resp_core.client.options import ClientOptions
    from resp_core.types.json import JsonObject

    Ask = Callable[[ApprovalRequest], bool]

__all__ = ["run_mcp_demo"]

_FILES = {
    "draft.txt": "A first draft, long overtaken.",
    "invoice.txt": "Do pay this one.",
    "notes.txt": "Call back on Monday.",
}
_TASK = "Call list_files, then use delete_file to delete the file 'draft.txt'."
_MOST_ROUNDS = 5


def run_mcp_demo(model: str, options: ClientOptions, console: Console, ask: Ask) -> None:
    """Run the agent with these options of a client; `ask` answers each request for approval.

    Raises ArgumentError for a model or key that will not do, APIError for what a provider says.
    """
    deployment = resolve(model, connection_of(options) or Connection(), environ())
    elsewhere = get(deployment.provider).hosted_mcp and deployment.provider != "offline"
    with tempfile.TemporaryDirectory(prefix="respkit-demo-") as name:
        folder = Path(name)
        for file, content in _FILES.items():
            (folder / file).write_text(content, encoding="utf-8")
        with FolderServer(folder) as server:
            console.print(Text(f"respkit MCP demo on {model}", style="bold"))
            console.print(Text(f"MCP server {server.url} over {folder}", style="dim"))
            # A provider's own MCP cannot reach this machine: over its Chat API, we run it.
            if elsewhere:
                options["api"] = "chat"
            with Client(model, **options) as client:
                _converse(client, server, console, ask)
            _outcome(server, console)


def _converse(client: Client, server: FolderServer, console: Console, ask: Ask) -> None:
    tool: JsonObject = {
        "type": "mcp",
        "server_label": "folder",
        "server_url": server.url,
        "require_approval": {"never": {"read_only": True}},
    }
    console.print(Text(f"> {_TASK}", style="dim"))
    response = client.responses.create(input=_TASK, tools=[tool])
    earlier: list[JsonObject] = []
    for _ in range(_MOST_ROUNDS):
        _show(response, console)
        requests = pending_approvals(response, earlier)
        earlier += response["output"]
        if not requests:
            return
        decisions: list[JsonObject] = []
        for request in requests:
            console.print(_panel(request))
            if ask(request):
                decisions.append(approve(request))
                console.print(Text("approved", style="bold green"))
            else:
                decisions.append(deny(request, "The user wants to keep it."))
                console.print(Text("denied", style="bold red"))
        response = client.responses.create(
            input=decisions, previous_response_id=response.id, tools=[tool]
        )


def _show(response: Result, console: Console) -> None:
    for item in response["output"]:
        if item["type"] == "mcp_call":
            said = display(str(item.get("output") or item.get("error") or ""), 300)
            said = ", ".join(said.splitlines())
            console.print(Text(f"  {item['name']} {item['arguments']} -> {said}", style="green"))
    if response.output_text:
        console.print(Text(display(response.output_text)))


def _panel(request: ApprovalRequest) -> Panel:
    """All that a person has to know: where it runs, what it is, and every argument."""
    table = Table.grid(padding=(0, 2))
    table.add_row("server", Text(display(request.server_label, lines=False)))
    table.add_row("tool", Text(display(request.name, lines=False), style="bold"))
    said = str((request.tool or {}).get("description") or "")
    if said:
        table.add_row("it says", Text(display(said)))
    table.add_row("arguments", Text(display(request.arguments, 100_000)))
    if request.changed:
        table.add_row("", Text("Its definition has changed since it was listed.", style="bold"))
    return Panel(table, title="Approve this call?", title_align="left", expand=False)


def _outcome(server: FolderServer, console: Console) -> None:
    console.print()
    console.print(Text("What the server ran:", style="bold"))
    for line in server.log:
        console.print(Text(f"  {display(line)}"))
    left = sorted(path.name for path in server.folder.iterdir())
    console.print(Text(f"Files left: {', '.join(left)}"))
