"""The commands and their options; what each does stands in its own file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from resp_core.errors import RespError

__all__ = ["app"]

app = typer.Typer(
    help="Any model provider through the Responses or Chat API.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_Model = Annotated[str, typer.Option("--model", "-m", help="provider/name")]
_EnvFile = Annotated[
    bool, typer.Option("--env-file/--no-env-file", help="Read .env of this folder first.")
]
_Plain = Annotated[bool, typer.Option("--plain", help="No colours and no boxes.")]


def _read_env(wanted: bool) -> tuple[str, ...]:
    from resp_core.credentials import load_env

    return load_env(".env") if wanted and Path(".env").is_file() else ()


def _console(plain: bool) -> Console:
    return Console(no_color=plain, highlight=False, force_terminal=False if plain else None)


@app.command()
def demo(
    model: _Model = "offline/demo",
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Approve or deny what an agent wants to delete.")
    ] = False,
    decision: Annotated[
        bool | None, typer.Option("--yes/--no", help="With --mcp: answer without asking.")
    ] = None,
    ledger: Annotated[
        bool, typer.Option("--ledger/--no-ledger", help="Keep the calls for resp spend.")
    ] = True,
    env_file: _EnvFile = True,
    plain: _Plain = False,
) -> None:
    """Watch a LangChain agent and a LlamaIndex query engine answer, token by token."""
    console = _console(plain)
    if decision is not None and not mcp:
        console.print("--yes and --no go with --mcp")
        raise typer.Exit(2)
    try:
        _read_env(env_file)
        kept = _ledger() if ledger else None
        if mcp:
            from resp_core.cli.demo_mcp import run_mcp_demo

            def decide(_: object) -> bool:
                return _asked() if decision is None else decision

            run_mcp_demo(model, console, decide, kept)
        else:
            from resp_core.cli.demo import run_demo

            run_demo(model, console, kept)
    except RespError as error:
        _fail(console, error)


def _ledger() -> str:
    """Where `resp spend` looks."""
    from resp_core.cli import spend as spending

    return str(spending.LEDGER)


def _asked() -> bool:
    """What the person at the terminal says; nobody there means no."""
    try:
        return typer.confirm("Approve?", default=False)
    except typer.Abort:
        return False


@app.command()
def doctor(
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Show where this model's calls go.")
    ] = None,
    env_file: _EnvFile = True,
    plain: _Plain = False,
) -> None:
    """Show what is installed, which credentials were found (names only) and where calls go."""
    from resp_core.cli.doctor import run_doctor

    console = _console(plain)
    try:
        run_doctor(model, _read_env(env_file), console)
    except RespError as error:
        _fail(console, error)


@app.command()
def serve(
    offline: Annotated[
        bool, typer.Option("--offline", help="Serve the offline provider on loopback.")
    ] = False,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8765,
) -> None:
    """Serve the offline provider for any OpenAI client, on this machine only."""
    from resp_core.cli.serve import run_offline

    console = _console(plain=True)
    if not offline:
        console.print("Only the offline provider can be served: resp serve --offline")
        raise typer.Exit(2)
    try:
        run_offline(host, port, console)
    except RespError as error:
        _fail(console, error)


@app.command()
def providers() -> None:
    """List the providers, their variables and addresses, as a Markdown table."""
    from resp_core.providers import providers_table

    typer.echo(providers_table())


@app.command()
def spend(
    by: Annotated[
        str, typer.Option(help="user, model, tag, day, deployment or provider")
    ] = "model",
    since: Annotated[str, typer.Option(help="24h, 7d, or a date; everything by default")] = "",
    ledger: Annotated[str, typer.Option(help="A file or a database URL.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    chart: Annotated[bool, typer.Option("--chart", help="Bars under the table.")] = False,
    html: Annotated[str, typer.Option(help="Write a page with plots to this file.")] = "",
    plain: _Plain = False,
) -> None:
    """Show where the money went, from the ledger."""
    from resp_core.cli import spend as spending

    console = _console(plain)
    try:
        rows = spending.rows_of(ledger, since)
        groups = spending.grouped(rows, by)
        if html:
            Path(html).write_text(spending.page(rows), encoding="utf-8")
            console.print(f"{len(rows):,} calls in {html}", markup=False)
        elif as_csv:
            spending.write_csv(groups)
        elif as_json:
            spending.write_json(groups, by)
        else:
            spending.show(groups, by, console, chart=chart)
    except RespError as error:
        _fail(console, error)


@app.command()
def prices(
    model: Annotated[
        str, typer.Argument(help="provider/name to show, or: update (fetch the newest tables)")
    ] = "",
    check: Annotated[bool, typer.Option("--check", help="Show how old the tables are.")] = False,
    plain: _Plain = False,
) -> None:
    """Show what a model costs; `resp prices update` fetches the newest tables."""
    from resp_core.cli import prices as tables

    console = _console(plain)
    try:
        if model == "update":
            tables.update(console)
        elif check or not model:
            if not tables.check(console):
                raise typer.Exit(1)
        else:
            tables.show(model, console)
    except RespError as error:
        _fail(console, error)


def _fail(console: Console, error: RespError) -> None:
    console.print(f"{type(error).__name__}: {error}", style="red", markup=False)
    raise typer.Exit(1)
