"""`resp serve --offline`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resp_core.errors import ArgumentError
from resp_core.offline.loopback import serve

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["run_offline"]


def run_offline(host: str, port: int, console: Console) -> None:
    """Serve until interrupted. ArgumentError for an address that is not ours to take."""
    try:
        server = serve(host, port)
    except OSError as error:
        raise ArgumentError(
            f"Port {port} cannot be used: {error.strerror}. Choose another with --port.",
            param="port",
        ) from error
    with server:
        console.print(f"The offline provider listens on {server.url}")
        console.print("OpenAI clients: base_url as above, any api_key, model demo. Ctrl-C ends it.")
        try:
            server.wait()
        except KeyboardInterrupt:
            console.print("Bye.")
