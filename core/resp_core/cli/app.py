"""The commands and their options; what each does stands in its own file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from resp_core.cli.layout import console_of
from resp_core.errors import RespError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["app"]

_OFFLINE = "offline/demo"

app = typer.Typer(
    help="Any model provider through the Responses or Chat API.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_EnvFile = Annotated[
    bool, typer.Option("--env-file/--no-env-file", help="Read .env of this folder first.")
]
_Config = Annotated[
    str, typer.Option("--config", "-c", help="A configuration; else RESP_CONFIG, else none.")
]
_File = Annotated[str, typer.Argument(help="A configuration; else RESP_CONFIG.")]
_Plain = Annotated[bool, typer.Option("--plain", help="No colours and no boxes.")]

config = typer.Typer(help="Check a configuration, or show what it says.", no_args_is_help=True)
app.add_typer(config, name="config")


@app.command()
def demo(
    model: Annotated[
        str,
        typer.Option("--model", "-m", help="provider/name; else the configuration's, else offline"),
    ] = "",
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Approve or deny what an agent wants to delete.")
    ] = False,
    decision: Annotated[
        bool | None, typer.Option("--yes/--no", help="With --mcp: answer without asking.")
    ] = None,
    ledger: Annotated[
        bool, typer.Option("--ledger/--no-ledger", help="Keep the calls for resp spend.")
    ] = True,
    config: _Config = "",
    env_file: _EnvFile = True,
    plain: _Plain = False,
) -> None:
    """Watch a LangChain agent and a LlamaIndex query engine answer, token by token."""
    from resp_core.cli.start import begin

    console = console_of(plain)
    if decision is not None and not mcp:
        console.print("--yes and --no go with --mcp")
        raise typer.Exit(2)
    try:
        chosen, options = begin(env_file=env_file, config=config).client(model or None)
        options["ledger"] = (options.get("ledger") or _ledger()) if ledger else None
        options["tags"] = [*(options.get("tags") or ()), "demo"]
        if mcp:
            from resp_core.cli.demo_mcp import run_mcp_demo

            def decide(_: object) -> bool:
                return _asked() if decision is None else decision

            run_mcp_demo(chosen or _OFFLINE, options, console, decide)
        else:
            from resp_core.cli.demo import run_demo

            run_demo(chosen or _OFFLINE, options, console)
        if options["ledger"] is not None:
            from resp_core.io.ledger import open_ledger

            open_ledger(options["ledger"]).flush()  # what follows in this process may read it
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
    config: _Config = "",
    env_file: _EnvFile = True,
    plain: _Plain = False,
) -> None:
    """Show what is installed, what is set and by what (no values), and where calls go."""
    from resp_core.cli.doctor import run_doctor
    from resp_core.cli.start import begin

    console = console_of(plain)
    try:
        run_doctor(model, begin(env_file=env_file, config=config), console)
    except RespError as error:
        _fail(console, error)


@config.command("check")
def config_check(file: _File = "", env_file: _EnvFile = True, plain: _Plain = False) -> None:
    """Say whether a configuration is right, and every place where it is not."""
    from resp_core.cli.config import check
    from resp_core.cli.start import begin

    console = console_of(plain)
    try:
        check(begin(env_file=env_file, config=file), console)
    except RespError as error:
        _fail(console, error)


@config.command("show")
def config_show(file: _File = "", env_file: _EnvFile = True, plain: _Plain = False) -> None:
    """Show the settings of a configuration, credentials masked, and where each comes from."""
    from resp_core.cli.config import show
    from resp_core.cli.start import begin

    console = console_of(plain)
    try:
        show(begin(env_file=env_file, config=file), console)
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

    console = console_of(plain=True)
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
    ledger: Annotated[
        str, typer.Option(help="A file or a database URL; else the configuration's.")
    ] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    chart: Annotated[bool, typer.Option("--chart", help="Bars under the table.")] = False,
    html: Annotated[str, typer.Option(help="Write a page with plots to this file.")] = "",
    config: _Config = "",
    env_file: _EnvFile = True,
    plain: _Plain = False,
) -> None:
    """Show where the money went, from the ledger."""
    from resp_core.cli import spend as spending
    from resp_core.cli.start import begin

    console = console_of(plain)
    try:
        _, options = begin(env_file=env_file, config=config).client(None)
        rows = spending.rows_of(ledger or str(options.get("ledger") or ""), since)
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
    url: Annotated[str, typer.Option(help="For update: a mirror of the tables.")] = "",
    plain: _Plain = False,
) -> None:
    """Show what a model costs; `resp prices update` fetches the newest tables."""
    from resp_core.cli import prices as tables

    console = console_of(plain)
    try:
        if model == "update":
            tables.update(console, url)
        elif check or not model:
            if not tables.check(console):
                raise typer.Exit(1)
        else:
            tables.show(model, console)
    except RespError as error:
        _fail(console, error)


def _fail(console: Console, error: RespError) -> None:
    console.print(Text(f"{type(error).__name__}: {error}", style="red"))
    raise typer.Exit(1)
