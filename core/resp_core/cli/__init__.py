"""The `resp` command. Without the `cli` extra it says how to install it."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the `resp` script."""
    try:
        from resp_core.cli.app import app
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("typer", "rich"):
            raise
        print('resp needs typer and rich: pip install "respkit[cli]"', file=sys.stderr)
        raise SystemExit(1) from None
    app()
